"""What each idea adds to a sequence-only model, one at a time, at a size that two cores can afford.

    python benchmarks/release/ablation.py build/data/profiles.npz build/release/teacher.safetensors

The baseline is a BiLSTM of 128 units a direction, trained on the three states of 1,500 training chains for 5 epochs.
Every other row changes one thing, but the teacher's, whose states are eight, and the last. Scored on the validation set
with 95% intervals, paired over proteins against the first baseline. Each run is kept in build/ablation, so that the
script goes on where it stopped.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, dropout1d

import pssp_tutorial as pssp
from pssp_tutorial.batches.profiles import ProfileLoader, read_profiles
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.training.distillation import MultiTask, teach

CHAINS, LONGEST, EPOCHS, HIDDEN, DRAWS = 1_500, 300, 5, 128, 2_000
FOLDER = Path("build/ablation")


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


# name: (model class, model settings, loader settings, weights of the tasks, fit settings)
VARIANTS: dict[str, dict] = {
    "baseline": {},
    "baseline, seed 1": {"seed": 1},
    "baseline, seed 2": {"seed": 2},
    "eight states, read out as three": {"classes": 8},
    "locked dropout": {"model": LockedDropout},
    "weight dropout": {"model": WeightDropout},
    "convolutional stem": {"model": pssp.ConvBiLSTM},
    "third layer": {"layers": 3},
    "twice the units": {"hidden": 2 * HIDDEN},
    "twice the epochs": {"epochs": 2 * EPOCHS},
    "mean of the weights": {"average": 0.99},
    "accessibility as a second task": {"tasks": {"accessibility_weight": 0.25}},
    "profile as a second task": {"tasks": {"profile_weight": 0.25}},
    "relatives drawn from the profile": {"relatives": 1.0},
    "relatives that fade": {"relatives": 0.6, "fading": EPOCHS},
    "a teacher that sees the profile": {"classes": 8, "taught": True, "tasks": {"teacher_weight": 0.5}},
    "all of the release": {
        "model": pssp.ConvBiLSTM, "classes": 8, "taught": True, "average": 0.99, "relatives": 0.6, "fading": EPOCHS,
        "tasks": {"teacher_weight": 0.5, "profile_weight": 0.25, "accessibility_weight": 0.25},
    },
}  # fmt: skip


def run(
    profiles: dict, taught: dict | None, *, model: Callable = pssp.BiLSTM, seed: int = 0, classes: int = 3,
    layers: int = 2, hidden: int = HIDDEN, epochs: int = EPOCHS, average: float = 0.0, relatives: float = 0.0,
    fading: int = 0, tasks: dict | None = None,
) -> dict:  # fmt: skip
    """Train one variant and score it."""
    chains = pssp.load_chains()
    short = [record for record in chains.train if len(record) <= LONGEST]
    picked = torch.randperm(len(short), generator=torch.Generator().manual_seed(0))[:CHAINS].tolist()
    train = ProfileLoader(
        tuple(short[index] for index in picked), 4_000, seed=seed, classes=classes, profiles=profiles,
        relatives=relatives, fading=fading, teacher=taught,
    )  # fmt: skip
    val = pssp.make_loader(chains.val, 16_000, classes=classes)
    torch.manual_seed(seed)
    weights = {"teacher_weight": 0.0, "profile_weight": 0.0, "accessibility_weight": 0.0} | (tasks or {})
    trained = MultiTask(model(hidden, layers, classes, embedding_size=64), **weights)
    started = time.perf_counter()
    history = pssp.fit(
        trained, train, val, max_epochs=epochs, patience=epochs, learning_rate=4e-3, schedule="cosine",
        warmup_epochs=0.3, objective=MultiTask.loss, average=average, bfloat16=True, seed=seed,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    report = pssp.evaluate(trained.model, pssp.make_loader(chains.val, 16_000))
    hits = np.trace(report.confusions, axis1=1, axis2=2).tolist()  # of each protein
    return {"hits": hits, "seconds": seconds, "best_epoch": history.best_epoch}


def main(profiles_path: str, teacher_path: str) -> None:
    torch.set_num_threads(1)
    FOLDER.mkdir(parents=True, exist_ok=True)
    chains, profiles, taught = pssp.load_chains(), read_profiles(profiles_path), None
    lengths = np.array([len(record) for record in chains.val])
    drawn = np.random.default_rng(0).integers(len(lengths), size=(DRAWS, len(lengths)))
    rows: dict[str, dict] = {}
    base = np.zeros(len(lengths))
    for name, settings in VARIANTS.items():
        kept = FOLDER / f"{name}.json"
        if not kept.exists():
            settings = dict(settings)
            if settings.pop("taught", False) and taught is None:
                loader = ProfileLoader(chains.train, 16_000, classes=8, profiles=profiles, as_input=True)
                taught = teach([pssp.load_pretrained(teacher_path)], loader)
            needs = taught if "teacher_weight" in settings.get("tasks", {}) else None
            kept.write_text(json.dumps(run(profiles, needs, **settings)), encoding="utf-8")
        found = json.loads(kept.read_text(encoding="utf-8"))
        hits = np.array(found["hits"])
        base = hits if name == "baseline" else base
        gains = (hits - base)[drawn].sum(axis=1) / lengths[drawn].sum(axis=1)
        low, high = np.quantile(gains, [0.025, 0.975]).tolist()
        gain = float((hits - base).sum() / lengths.sum())
        rows[name] = {"q3": float(hits.sum() / lengths.sum()), "gain": gain, "low": low, "high": high}
        rows[name] |= {
            "points": 100 * gain,
            "low_points": 100 * low,
            "high_points": 100 * high,
            "seconds": found["seconds"],
            "best_epoch": found["best_epoch"],
        }
        print(f"{name:34} {rows[name]['q3']:.4f} {gain:+.4f} ({low:+.4f} to {high:+.4f})", flush=True)
    seeds = [rows[name]["q3"] for name in rows if name.startswith("baseline")]
    reading = ProfileLoader(chains.val, 16_000, profiles=profiles, as_input=True)
    values = rows | {
        "seed_spread": max(seeds) - min(seeds),
        "teacher": {"q3": pssp.evaluate(pssp.load_pretrained(teacher_path), reading).q3},
        "chains": CHAINS,
        "epochs": EPOCHS,
        "units": HIDDEN,
    }
    command = "python benchmarks/release/ablation.py PROFILES TEACHER"
    pssp.save_results("ablation", values, command=command, threads=1, seed=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
