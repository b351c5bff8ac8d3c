"""The intervals of Part IV's table draw what is independent, and nothing smaller."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from application_parts.common import draws_of_units, summarise


def mean(rows: np.ndarray, one: np.ndarray) -> float:
    return float(one[rows].mean())


def test_whole_units_are_drawn() -> None:
    """Rows of one person drawn apart would make every interval too narrow."""
    units = np.array(["a", "b", "a", "c", "b", "a"])
    for rows in draws_of_units(units)[:50]:
        times = np.bincount(rows, minlength=6)
        assert times[0] == times[2] == times[5]
        assert times[1] == times[4]
        assert times[0] + times[1] + times[3] == 3


def test_intervals_are_as_wide_as_the_standard_error_of_the_units_says() -> None:
    """Twenty copies of each of 400 values are 400 observations; and a method less its like, on the same draws, is 0."""
    values = np.repeat(np.random.default_rng(0).normal(size=400), 20)
    found = summarise({"one": [values], "same": [values]}, mean, np.repeat(np.arange(400), 20))
    low, high = found["methods"]["one"]["interval"]
    assert (high - low) / 2 == pytest.approx(1.96 * values.std() / 400**0.5, rel=0.1)
    assert found["differences"] == {"same less one": [0, 0, 0]}
    assert found["units"] == 400


def test_seeds_are_averaged_within_each_draw() -> None:
    """The mean of three seeds is what is reported, so its interval is that of the mean."""
    values = np.random.default_rng(0).normal(size=(3, 500))
    found = summarise({"seeds": list(values)}, mean, np.arange(500))
    assert found["methods"]["seeds"]["mean"] == pytest.approx(values.mean())
    low, high = found["methods"]["seeds"]["interval"]
    assert (high - low) / 2 == pytest.approx(1.96 * values.mean(axis=0).std() / 500**0.5, rel=0.15)
