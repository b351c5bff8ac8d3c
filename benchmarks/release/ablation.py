"""What each idea of the release adds to a sequence-only model that has converged, one at a time, three seeds each.

    PSSP_RESULTS=benchmarks/results python benchmarks/release/ablation.py build/data/profiles.npz

The baseline is a BiLSTM of 64 units per direction on the three states of chapter 6's 1,500 chains, with chapter 6's
rate. Every training goes on until the loss on half of the validation chains stops falling; the other half is scored.
Every other row changes one thing, but for the teacher, whose states are eight, and the last. Gains are means over the
seeds, with 95% intervals that draw families, and Holm's correction over all rows. One thread, about an hour; a run
that was made is kept in build/ablation.
"""

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, dropout1d

import pssp_tutorial as pssp
from pssp_tutorial.batches.profiles import ProfileLoader, read_profiles
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.training.distillation import MultiTask, teach

sys.path.append(str(Path(__file__).parents[1]))
from honesty_parts.recipe import BATCH_RESIDUES, SEEDS, chapter_records, over_seeds
from honesty_parts.seeds import holm, p_value

HIDDEN, DRAWS = 64, 10_000
RUNS = Path(__file__).parents[2] / "build" / "ablation"
SETTINGS: dict[str, Any] = {"schedule": "plateau", "patience": 3, "max_epochs": 40, "warmup_epochs": 0.5}


class LockedDropout(pssp.BiLSTM):
    """Drops the same channels at every residue of a chain (Gal and Ghahramani 2016, arXiv 1512.05287)."""

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        values = self.embedding(inputs)
        for layer in self.layers:
            values = layer(values, lengths).transpose(1, 2)  # [batch, channel, length]
            values = dropout1d(values, self.dropout.p, self.training).transpose(1, 2)
        return values


class WeightDropout(pssp.BiLSTM):
    """Drops recurrent weights, the same at every residue (Merity, Keskar and Socher 2018, arXiv 1708.02182)."""

    class Layer(BidirectionalLSTM):
        def _run(self, inputs: Tensor, weights: list[nn.Parameter]) -> Tensor:
            weights = [weights[0], dropout(weights[1], 0.3, self.training), *weights[2:]]
            return super()._run(inputs, weights)

    def __init__(self, *sizes: int, **settings: object) -> None:
        super().__init__(*sizes, **settings)
        for layer in self.layers:
            layer.__class__ = self.Layer


# name: what differs from the baseline
VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "eight states, read out as three": {"classes": 8},
    "locked dropout": {"model": LockedDropout},
    "weight dropout": {"model": WeightDropout},
    "convolutional stem": {"model": pssp.ConvBiLSTM},
    "third layer": {"layers": 3},
    "twice the units": {"hidden": 2 * HIDDEN},
    "mean of the weights": {"average": 0.99},
    "accessibility as a second task": {"tasks": {"accessibility_weight": 0.25}},
    "profile as a second task": {"tasks": {"profile_weight": 0.25}},
    "relatives drawn from the profile": {"relatives": 0.6},
    "relatives that fade": {"relatives": 0.6, "fading": 15},
    "a teacher that sees the profile": {"classes": 8, "taught": True, "tasks": {"teacher_weight": 0.5}},
    "all of the release": {
        "model": pssp.ConvBiLSTM, "classes": 8, "taught": True, "average": 0.99, "relatives": 0.6, "fading": 15,
        "tasks": {"teacher_weight": 0.5, "profile_weight": 0.25, "accessibility_weight": 0.25},
    },
}  # fmt: skip


class Bench:
    """The chains, their profiles, and trainings on them."""

    def __init__(self, profiles: dict[str, np.ndarray]) -> None:
        val = pssp.load_chains().val
        self.profiles, self.train = profiles, chapter_records()
        self.stopping, self.scored = val[::2], val[1::2]
        self.rate = pssp.read_results("settings")["chosen"]["rate"]

    def fit(self, model: nn.Module, train: pssp.Loader, stopping: pssp.Loader, seed: int, **changes: Any) -> int:
        """Train until the loss stops falling; the number of epochs."""
        settings = SETTINGS | {"learning_rate": self.rate, "bfloat16": True, "seed": seed} | changes
        return len(pssp.fit(model, train, stopping, **settings).rows)

    def loader(self, records: list[pssp.ProteinRecord], **settings: Any) -> ProfileLoader:
        """Chains with their profiles, in batches of chapter 6's size."""
        return ProfileLoader(tuple(records), BATCH_RESIDUES, profiles=self.profiles, **settings)

    @cache  # noqa: B019  (one object, for as long as the script runs)
    def teacher(self, seed: int) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """What a network that sees the profile says of the training chains, and how it scores."""
        torch.manual_seed(seed)
        model = pssp.BiLSTM(HIDDEN, num_classes=8, input_size=41, embedding_size=64)
        train, stopping, scored = (
            self.loader(records, classes=8, as_input=True, seed=seed)
            for records in (self.train, self.stopping, self.scored)
        )
        epochs = self.fit(model, train, stopping, seed)
        scored = self.loader(self.scored, as_input=True)
        return teach([model], train), scores(pssp.evaluate(model, scored), epochs)

    def run(
        self, seed: int, *, model: Callable = pssp.BiLSTM, classes: int = 3, layers: int = 2, hidden: int = HIDDEN,
        average: float = 0.0, relatives: float = 0.0, fading: int = 0, taught: bool = False, tasks: dict | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Train one variant and score it."""
        teacher = self.teacher(seed)[0] if taught else None
        train = self.loader(self.train, classes=classes, relatives=relatives, fading=fading, teacher=teacher, seed=seed)
        torch.manual_seed(seed)
        weights = {"teacher_weight": 0.0, "profile_weight": 0.0, "accessibility_weight": 0.0} | (tasks or {})
        trained = MultiTask(model(hidden, layers, classes, embedding_size=64), **weights)
        stopping = pssp.make_loader(self.stopping, 16_000, classes=classes)
        epochs = self.fit(trained, train, stopping, seed, objective=MultiTask.loss, average=average)
        return scores(pssp.evaluate(trained.model, pssp.make_loader(self.scored, 16_000)), epochs)


def scores(report: pssp.Report, epochs: int) -> dict[str, Any]:
    """Right residues of each protein, and the number of epochs."""
    return {"hits": report.confusions.trace(axis1=1, axis2=2).tolist(), "epochs": epochs}


def kept(name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A run made once, then read."""
    path = RUNS / f"{name}.json"
    if not path.exists():
        RUNS.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make()), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def row(runs: list[dict], base: list[dict], lengths: np.ndarray) -> tuple[dict[str, Any], float]:
    """Q3 over the seeds, the gain over the baseline's runs with its interval, and its p-value."""
    hits, reference = (np.array([each["hits"] for each in those]) for those in (runs, base))
    gain = (hits - reference).mean(axis=0)
    drawn = np.random.default_rng(0).integers(len(lengths), size=(DRAWS, len(lengths)))
    gains = 100 * gain[drawn].sum(axis=1) / lengths[drawn].sum(axis=1)
    low, high = np.quantile(gains, [0.025, 0.975]).tolist()
    by_seed = 100 * (hits - reference).sum(axis=1) / lengths.sum()
    values = {"points": 100 * float(gain.sum() / lengths.sum()), "low_points": low, "high_points": high}
    q3 = over_seeds((hits.sum(axis=1) / lengths.sum()).tolist())
    return q3 | values | {"points_by_seed": by_seed.tolist(), "epochs": [each["epochs"] for each in runs]}, p_value(
        gains
    )


def main(profiles_path: str) -> None:
    torch.set_num_threads(1)
    bench = Bench(read_profiles(profiles_path))
    lengths = np.array([len(record) for record in bench.scored])
    runs: dict[str, list[dict]] = {}
    for name, settings in VARIANTS.items():
        runs[name] = [kept(f"{name} {seed}", lambda: bench.run(seed, **settings)) for seed in SEEDS]  # noqa: B023
        print(name, [sum(each["hits"]) / lengths.sum() for each in runs[name]], flush=True)
    teachers = [kept(f"teacher {seed}", lambda: bench.teacher(seed)[1]) for seed in SEEDS]  # noqa: B023
    rows, chances = {}, {}
    for name in VARIANTS:
        rows[name], chances[name] = row(runs[name], runs["baseline"], lengths)
    del chances["baseline"]
    standing = sorted(chances, key=chances.__getitem__)[: holm(list(chances.values()))]
    values = rows | {
        "teacher": over_seeds([sum(each["hits"]) / lengths.sum() for each in teachers]),
        "p_values": chances,
        "stand_after_holm": standing,
        "comparisons": len(chances),
        "chains": len(bench.train),
        "units": HIDDEN,
    }
    command = "python benchmarks/release/ablation.py PROFILES"
    context = {"threads": 1, "split": "half of val", "learning_rate": bench.rate, **SETTINGS}
    pssp.save_results("ablation", values, seeds=list(SEEDS), **context, command=command)


if __name__ == "__main__":
    main(*sys.argv[1:])
