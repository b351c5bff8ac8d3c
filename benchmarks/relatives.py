"""What the relatives of a chain add, and what else can be put beside its residues (chapter 10).

    PSSP_RESULTS=benchmarks/results python benchmarks/relatives.py

BiLSTMs of chapter 6's size on the 1,200 training chains whose profiles travel with the book, three seeds each, by one
recipe. The 60 validation chains of `mini` choose the epoch; the other 210, each the only one of its family here, are
scored. One thread, about twenty minutes. A training that was made is kept in build/relatives.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from honesty_parts.recipe import BATCH_RESIDUES, SEEDS, as_numbers, over_families, over_seeds
from parts import kept_arrays
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.batches.fusion import FusedLoader
from pssp_tutorial.batches.profiles import ProfileLoader
from pssp_tutorial.models.contract import evaluation_twin
from pssp_tutorial.models.fusion import LateFusion
from pssp_tutorial.training.distillation import MultiTask

kept = partial(kept_arrays, Path(__file__).parents[1] / "build" / "relatives")
EPOCHS = 8
RECIPE: dict[str, Any] = {"max_epochs": EPOCHS, "patience": EPOCHS, "schedule": "cosine", "warmup_epochs": 0.5}
HIDDEN = 64
MISSING = 0.5  # of the chains in training, where the profile is dropped
RATE = pssp.read_results("settings")["chosen"]["rate"]

Records = list[pssp.ProteinRecord]
Table = dict[str, np.ndarray]


def sets() -> tuple[Records, Records, Records]:
    """The chains to train on, to choose the epoch by, and to score."""
    profiles, chains = pssp.load_profiles(), pssp.load_chains()
    choosing = list(pssp.load_chains("mini").val)
    ids = {record.id for record in choosing}
    scored = [record for record in chains.val if record.id in profiles and record.id not in ids]
    return [record for record in chains.train if record.id in profiles], choosing, scored


class Bench:
    """The chains, what stands beside their residues, and trainings on them."""

    def __init__(self) -> None:
        self.train, self.choosing, self.scored = sets()
        self.profiles = pssp.load_profiles()
        self.measured = {r.id: r.accessibility for r in (*self.train, *self.choosing, *self.scored)}
        self.predicted = kept("accessibility", self.predict_accessibility)

    def loader(self, records: Records, seed: int = 0, **more: Any) -> FusedLoader:
        return FusedLoader(tuple(records), BATCH_RESIDUES, seed=seed, profiles=self.profiles, **more)

    def predict_accessibility(self) -> Table:
        """From residues and profile, by networks that were not trained on the chain: two, each on half of the chains.

        Predictions for chains that were learnt from are too good; a model that got them would trust them too much.
        """
        halves = self.train[0::2], self.train[1::2]
        one, other = (self.accessibility_network(half) for half in halves)
        guessed = exposure([other], self.with_profile(halves[0])) | exposure([one], self.with_profile(halves[1]))
        return guessed | exposure([one, other], self.with_profile([*self.choosing, *self.scored]))

    def with_profile(self, records: Records) -> ProfileLoader:
        return ProfileLoader(tuple(records), BATCH_RESIDUES, profiles=self.profiles, as_input=True)

    def accessibility_network(self, records: Records) -> MultiTask:
        torch.manual_seed(0)
        weights = {"teacher_weight": 0.0, "profile_weight": 0.0, "accessibility_weight": 1.0}
        network = MultiTask(pssp.BiLSTM(HIDDEN, input_size=41), **weights)
        loaders = self.with_profile(records), self.with_profile(self.choosing)
        pssp.fit(network, *loaders, objective=MultiTask.loss, learning_rate=RATE, bfloat16=True, **RECIPE)
        return network

    def run(self, seed: int, model: Callable[[], nn.Module], scored: dict[str, dict], **more: Any) -> Table:
        """Train once; the right residues of each scored chain, for each way to score."""
        torch.manual_seed(seed)
        network = model()
        aside = {name: value for name, value in more.items() if name != "missing"}  # the epoch is chosen with profiles
        loaders = self.loader(self.train, seed, **more), self.loader(self.choosing, **aside)
        pssp.fit(network, *loaders, learning_rate=RATE, bfloat16=True, seed=seed, **RECIPE)
        ways = {name: self.loader(self.scored, **aside | way) for name, way in scored.items()}
        return {name: pssp.evaluate(network, way).confusions.trace(axis1=1, axis2=2) for name, way in ways.items()}


def exposure(networks: list[MultiTask], loader: ProfileLoader) -> Table:
    """Predicted accessibility, float32[length] by the record's id, a mean over networks."""
    found: Table = {}
    twins = [evaluation_twin(network) for network in networks]
    for bucket in loader.buckets(shuffle=False):
        batch = loader.batch(bucket)
        with torch.inference_mode():
            each = [twin.accessibility(twin.model.features(batch.inputs, batch.lengths)).sigmoid() for twin in twins]
        rows = torch.stack(each).mean(dim=0).squeeze(-1).numpy()
        for chain, row, length in zip(batch.ids, rows, batch.lengths.tolist(), strict=True):
            found[chain] = row[:length].astype(np.float32)
    return found


class Residues(pssp.BiLSTM):
    """Reads the first 21 channels and nothing of the profile beside them."""

    def features(self, inputs: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return super().features(inputs[..., :21], lengths)


def variants(bench: Bench) -> dict[str, dict[str, Any]]:
    """Each variant's model, of about equally many numbers, and what stands beside the profile."""
    guessed, both = {"accessibility": bench.predicted}, {"with_profiles": {}, "without": {"missing": 1.0}}
    alone = {"with_profiles": {}}
    return {
        "residues": {"model": lambda: Residues(HIDDEN), "scored": alone},
        "early": {"model": lambda: pssp.BiLSTM(HIDDEN, input_size=41), "scored": both},
        "late": {"model": lambda: LateFusion((21, 20), 44), "scored": both},
        "dropped": {"model": lambda: pssp.BiLSTM(HIDDEN, input_size=41), "scored": both, "missing": MISSING},
        "early_predicted": {
            "model": lambda: pssp.BiLSTM(HIDDEN, input_size=42), "scored": alone, **guessed
        },
        "late_predicted": {
            "model": lambda: LateFusion((21, 20, 1), 35), "scored": alone, **guessed
        },
        "early_true": {
            "model": lambda: pssp.BiLSTM(HIDDEN, input_size=42), "scored": alone, "accessibility": bench.measured,
        },
    }  # fmt: skip


PAIRS = {
    "profile": (("early", "with_profiles"), ("residues", "with_profiles")),
    "late": (("late", "with_profiles"), ("early", "with_profiles")),
    "missing": (("early", "without"), ("residues", "with_profiles")),
    "missing_late": (("late", "without"), ("residues", "with_profiles")),
    "missing_dropped": (("dropped", "without"), ("residues", "with_profiles")),
    "cost_of_dropping": (("dropped", "with_profiles"), ("early", "with_profiles")),
    "gain_of_dropping": (("dropped", "without"), ("early", "without")),
    "predicted": (("early_predicted", "with_profiles"), ("early", "with_profiles")),
    "predicted_late": (("late_predicted", "with_profiles"), ("late", "with_profiles")),
    "true": (("early_true", "with_profiles"), ("early", "with_profiles")),
}


def main() -> None:
    torch.set_num_threads(1)
    bench = Bench()
    residues = np.array([len(record) for record in bench.scored])
    families = [record.id for record in bench.scored]
    hits: dict[tuple[str, str], np.ndarray] = {}
    values: dict[str, Any] = {"numbers": {}}
    for name, settings in variants(bench).items():
        runs = [kept(f"{name} {seed}", lambda: bench.run(seed, **settings)) for seed in SEEDS]  # noqa: B023
        values["numbers"][name] = pssp.count_parameters(settings["model"]())
        values[name] = {}
        for way in settings["scored"]:
            hits[name, way] = np.array([run[way] for run in runs])  # [seed, chain]
            q3 = over_seeds((hits[name, way].sum(axis=1) / residues.sum()).tolist())
            values[name][way] = q3 | as_numbers(over_families(hits[name, way].mean(axis=0), residues, families))
            print(name, way, q3, flush=True)
    for name, (one, other) in PAIRS.items():
        gain = over_families((hits[one] - hits[other]).mean(axis=0), residues, families)
        by_seed = (hits[one] - hits[other]).sum(axis=1) / residues.sum()
        values.setdefault("differences", {})[name] = {
            **{key: 100 * value for key, value in as_numbers(gain).items()}, "by_seed": (100 * by_seed).tolist()
        }  # fmt: skip
    truth = np.concatenate([bench.measured[chain] for chain in families])
    guess = np.concatenate([bench.predicted[chain] for chain in families])
    values |= {
        "accessibility_correlation": float(np.corrcoef(truth, guess)[0, 1]),
        "chains": {"train": len(bench.train), "choosing": len(bench.choosing), "scored": len(bench.scored)},
        "residues_in_all": {"train": sum(map(len, bench.train)), "scored": int(residues.sum())},
        "missing": MISSING,
    }
    context = {"threads": 1, "split": "val", "learning_rate": RATE, "hidden_size": HIDDEN, **RECIPE}
    context["command"] = "python benchmarks/relatives.py"
    pssp.save_results("relatives", json.loads(json.dumps(values)), seeds=list(SEEDS), **context)


if __name__ == "__main__":
    main()
