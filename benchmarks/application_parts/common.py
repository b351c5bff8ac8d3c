"""What the tasks share: seeds, intervals over what is independent, and the clock."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.batches.sequences import SequenceLoader

SEEDS = (0, 1, 2)
DRAWS = 1_000
Score: TypeAlias = Callable[[np.ndarray, np.ndarray], float]
"""From the rows that are scored, and a prediction for every row, a number."""


def draws_of_units(units: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Rows of units drawn with replacement, as many as there are: the same for every method that is compared."""
    _, member = np.unique(units, return_inverse=True)
    rows = np.split(np.argsort(member, kind="stable"), np.cumsum(np.bincount(member))[:-1])
    drawn = np.random.default_rng(seed).integers(len(rows), size=(DRAWS, len(rows)))
    return [np.concatenate([rows[unit] for unit in one]) for one in drawn]


def summarise(predictions: Mapping[str, Sequence[np.ndarray]], score: Score, units: np.ndarray) -> dict[str, Any]:
    """For each method the score of each seed, and their mean with an interval; and the last method less each other.

    Parameters
    ----------
    predictions : dict of sequences of arrays
        By method, one array for each seed; what has no seed has one.
    units : array[row]
        Which rows belong together: a stretch of DNA, a gene, a run, a person. They are drawn for the intervals.
    """
    drawn, everything = draws_of_units(units), np.arange(len(units))
    spread = {
        name: np.array([np.mean([score(rows, one) for one in found]) for rows in drawn])
        for name, found in predictions.items()
    }
    values = {name: [score(everything, one) for one in found] for name, found in predictions.items()}
    last = list(predictions)[-1]
    return {
        "methods": {
            name: {"seeds": each, "mean": np.mean(each), "interval": middle(spread[name])}
            for name, each in values.items()
        },
        "differences": {
            f"{last} less {name}": [np.mean(values[last]) - np.mean(each), *middle(spread[last] - spread[name])]
            for name, each in values.items()
            if name != last
        },
        "units": len(np.unique(units)),
    }


def middle(drawn: np.ndarray) -> list[float]:
    """The ends of the middle 95% of the draws."""
    return np.quantile(drawn, [0.025, 0.975]).tolist()


def trained(
    make: Callable[[], nn.Module],
    train: Callable[[int], SequenceLoader],
    val: SequenceLoader,
    seed: int,
    **options: Any,
) -> tuple[nn.Module, float]:
    """A model trained from one seed, which also draws the training batches; and the processor's seconds."""
    torch.manual_seed(seed)
    model, started = make(), time.process_time()
    pssp.fit(model, train(seed), val, seed=seed, progress=False, **options)
    return model, time.process_time() - started


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """What a function gives, and the seconds of the processor that it took: other programs don't count."""
    started = time.process_time()
    return function(), time.process_time() - started


def save(name: str, values: dict[str, Any]) -> None:
    command = f"python benchmarks/applications.py {name}"
    pssp.save_results(f"applications_{name}", values, seeds=list(SEEDS), threads=1, command=command)
