"""Graders of chapter 21: patients over time."""

from functools import partial

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases

IGNORED = -100


def encoded(
    values: np.ndarray, mean: np.ndarray, spread: np.ndarray, *, early: bool = False, turned: bool = False
) -> np.ndarray:
    measured = ~np.isnan(values)
    if early:
        standardised = (np.where(measured, values, 0) - mean) / spread
    else:
        standardised = np.where(measured, (values - mean) / spread, 0)
    return np.concatenate([standardised, ~measured if turned else measured], axis=1)


def some_visits() -> Cases:
    mean, spread = np.array([48.0, 136.0]), np.array([15.0, 20.0])
    return {
        "all measured": (np.array([[63.0, 116.0], [48.0, 156.0]]), mean, spread),
        "some missing": (np.array([[np.nan, 146.0], [33.0, np.nan], [np.nan, np.nan]]), mean, spread),
    }


@by_cases(
    "21.1",
    cases=some_visits,
    mistakes={
        "You fill with 0 before standardising: a missing blood pressure becomes one of 0 mmHg, far below any living.": (
            partial(encoded, early=True)
        ),
        "The masks are the other way round: 1 is for what was measured.": partial(encoded, turned=True),
        "The masks are missing. Without them the network can't tell a missing value from a mean one.": (
            lambda values, mean, spread: encoded(values, mean, spread)[:, : values.shape[1]]
        ),
        "NaN is still there, and one NaN makes the whole loss NaN. Put 0 in its place.": (
            lambda values, mean, spread: np.concatenate([(values - mean) / spread, ~np.isnan(values)], axis=1)
        ),
        "Values and masks are there, but not standardised: subtract the mean and divide by the spread.": (
            lambda values, mean, spread: np.concatenate([np.nan_to_num(values), ~np.isnan(values)], axis=1)
        ),
    },
    hint="Standardise, put 0 where the value is NaN, and join the masks behind, along the second axis.",
)
def exercise_21_1(values: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """``encode_visits(values, mean, spread)``: standardised values and masks, float[visit, 2 * test].

    >>> exercise_21_1(partial(encoded, turned=True)).hint
    'The masks are the other way round: 1 is for what was measured.'
    """
    return encoded(values, mean, spread)


def outcomes(days: np.ndarray, ended: np.ndarray, horizon: float) -> np.ndarray:
    found = np.full(len(days), IGNORED)
    found[days >= horizon] = 0
    found[ended & (days <= horizon)] = 1
    return found


@by_cases(
    "21.2",
    cases={
        "events": (np.array([100.0, 1_900.0, 1_000.0]), np.array([True, True, True]), 1_826.25),
        "lost from sight": (np.array([100.0, 1_900.0, 3_000.0]), np.array([False, False, False]), 1_826.25),
        "some of each": (np.array([5.0, 6.0, 7.0, 8.0]), np.array([False, True, True, False]), 6.5),
        "nobody": (np.array([]), np.array([], dtype=bool), 10.0),
    },
    mistakes={
        "Who was lost before the horizon is not healthy: nobody knows, so -100.": (
            lambda days, ended, horizon: (ended & (days <= horizon)).astype(int)
        ),
        "An event after the horizon did not come within it: that person is a 0.": (
            lambda days, ended, horizon: np.where(ended, 1, np.where(days >= horizon, 0, IGNORED))
        ),
        "Who was lost after the horizon was watched for all of it: that is a 0, not unknown.": (
            lambda days, ended, horizon: np.where(ended, (days <= horizon).astype(int), IGNORED)
        ),
        "An event after the horizon is known as well: the person was watched until then. That is a 0, not unknown.": (
            lambda days, ended, horizon: np.where(ended & (days > horizon), IGNORED, outcomes(days, ended, horizon))
        ),
    },
    hint="Unknown are only those who were lost before the horizon.",
)
def exercise_21_2(days: np.ndarray, ended: np.ndarray, horizon: float) -> np.ndarray:
    """``known_outcomes(days, ended, horizon)``: 1, 0 or -100 for each person.

    ``days`` until an event, where ``ended``, or until the person was lost from sight.
    """
    return outcomes(days, ended, horizon)


def mean_before(series: np.ndarray) -> np.ndarray:
    return np.cumsum(series)[:-1] / np.arange(1, len(series))


@by_cases(
    "21.3",
    cases={
        "four tests": (np.array([20.0, 26.0, 23.0, 31.0]),),
        "the same again": (np.full(3, 25.0),),
        "two tests": (np.array([30.0, 10.0]),),
    },
    mistakes={
        "You look ahead: the mean for a test holds the test itself. Take only those before it.": (
            lambda series: (np.cumsum(series) / np.arange(1, len(series) + 1))[1:]
        ),
        "That is the last value. Take the mean of all values so far.": lambda series: series[:-1],
        "That is the mean of all tests, those to come among them.": lambda series: np.full(
            len(series) - 1, series.mean()
        ),
        "Those are sums. Divide each by the number of tests in it.": lambda series: np.cumsum(series)[:-1],
        "One too many: nothing comes before the first test, and what the last mean predicts is not in the series.": (
            lambda series: np.cumsum(series) / np.arange(1, len(series) + 1)
        ),
    },
    hint="The cumulated sum up to a test, divided by the number of tests so far, predicts the next one.",
)
def exercise_21_3(series: np.ndarray) -> np.ndarray:
    """``mean_so_far(series)``: for each test but the first the mean of those before it, float[test - 1]."""
    return mean_before(series)
