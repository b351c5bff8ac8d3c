"""What the parts share: an untrained network, and intervals that draw chains."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from honesty_parts.recipe import as_numbers

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import Interval

Records = Sequence[pssp.ProteinRecord]

SEEDS = (0, 1, 2)
EXPOSED = 0.25  # relative accessibility from which a residue counts as exposed


def untrained(seed: int) -> pssp.BiLSTM:
    """The small model's shape with the weights of the start."""
    torch.manual_seed(seed)
    return pssp.BiLSTM(hidden_size=64).eval()


def interval(statistic: Callable[[np.ndarray], float], count: int, draws: int = 2_000) -> dict[str, float]:
    """A statistic of the rows 0 to count - 1 with a 95% interval that draws rows with replacement."""
    rng = np.random.default_rng(0)
    drawn = [statistic(rng.integers(count, size=count)) for _ in range(draws)]
    return as_numbers(Interval(statistic(np.arange(count)), *np.quantile(drawn, [0.025, 0.975]).tolist()))


def mean_of(values: Sequence[float]) -> dict[str, float]:
    """A mean over chains, with its interval."""
    return interval(lambda rows: float(np.array(values)[rows].mean()), len(values))
