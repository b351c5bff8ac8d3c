"""Windows of one course on both sides of the split: what is claimed, and what new parameters say (chapter 20)."""

from typing import Any

import numpy as np

import pssp_tutorial as pssp
from application_parts.common import DRAWS, SEEDS, middle, save, trained
from pssp_tutorial.applications.trajectories import (
    INSIDE,
    Trajectories,
    TrajectoryScale,
    cut_windows,
    draw_trajectories,
)

SETS, NEW, SEEN = 60, 200, 10
"""Parameter sets to learn from, new ones for the truth, and the looks of a window that are seen."""


def systems_leak() -> None:
    """Writes applications_systems_leak.json."""
    model = pssp.load_repressilator()
    courses, new = (
        draw_trajectories(model, INSIDE, count, np.random.default_rng([20, count])) for count in (SETS, NEW)
    )
    scale = TrajectoryScale.of(courses)
    kinds = {"by_window": windows_apart, "by_set": sets_apart}
    runs = {name: [one_run(courses, new, scale, split, seed) for seed in SEEDS] for name, split in kinds.items()}
    save("systems_leak", {name: gap(found) for name, found in runs.items()} | {"sets": SETS, "new_sets": NEW})


def windows_apart(owners: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    """The planted leak: windows are drawn, whichever course they are of."""
    order = generator.permutation(len(owners))
    return np.split(order, [len(order) * 4 // 6, len(order) * 5 // 6])


def sets_apart(owners: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    order = generator.permutation(SETS)
    parts = np.split(order, [SETS * 4 // 6, SETS * 5 // 6])
    return [np.flatnonzero(np.isin(owners, part)) for part in parts]


def one_run(
    courses: Trajectories, new: Trajectories, scale: TrajectoryScale, split: Any, seed: int
) -> dict[str, dict[int, float]]:
    """Mean squared errors of each parameter set: in the test part of the split, and of the new ones."""
    inputs, labels, owners = cut_windows(courses, scale)
    train, val, test = split(owners, np.random.default_rng(seed))
    batch = 64 * inputs.shape[1]

    def loader(rows: np.ndarray) -> pssp.SequenceLoader:
        return pssp.SequenceLoader(list(inputs[rows]), list(labels[rows]), batch_positions=batch, seed=seed)

    model, _ = trained(
        lambda: pssp.Forecaster(3, 48, seen=SEEN),
        lambda _: loader(train),
        loader(val),
        seed,
        max_epochs=60,
        patience=15,
        learning_rate=5e-3,
    )
    new_inputs, new_labels, new_owners = cut_windows(new, scale, seed=1)
    fresh = pssp.SequenceLoader(list(new_inputs), list(new_labels))
    return {
        "claimed": by_owner(model, loader(test), labels[test], owners[test]),
        "new": by_owner(model, fresh, new_labels, new_owners),
    }


def by_owner(model: Any, loader: pssp.SequenceLoader, labels: np.ndarray, owners: np.ndarray) -> dict[int, float]:
    ahead = np.stack(pssp.outputs_in_order(model, loader))[:, SEEN - 1 :]
    errors = ((ahead - labels[:, SEEN - 1 :]) ** 2).mean(axis=(1, 2))
    return {int(owner): float(errors[owners == owner].mean()) for owner in np.unique(owners)}


def gap(runs: list[dict[str, dict[int, float]]]) -> dict[str, Any]:
    """Roots of the mean squared errors over parameter sets, averaged over seeds, with intervals over these sets."""
    generator = np.random.default_rng(0)
    drawn = {
        side: np.array([[root(one[side], generator) for one in runs] for _ in range(DRAWS)]).mean(axis=1)
        for side in ("claimed", "new")
    }
    values = {side: [float(np.sqrt(np.mean(list(one[side].values())))) for one in runs] for side in drawn}
    found = {
        side: {"seeds": each, "mean": np.mean(each), "interval": middle(drawn[side])} for side, each in values.items()
    }
    flattery = np.mean(values["new"]) - np.mean(values["claimed"])
    return found | {"flattery": [float(flattery), *middle(drawn["new"] - drawn["claimed"])]}


def root(errors: dict[int, float], generator: np.random.Generator) -> float:
    each = np.array(list(errors.values()))
    return float(np.sqrt(generator.choice(each, len(each)).mean()))
