"""Graders of chapter 18: gene expression over time."""

from collections.abc import Callable

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases, present

NAN = np.nan


def forward(course: np.ndarray, first: float = 0.0) -> np.ndarray:
    values, last = [], first
    for value in course:
        last = last if np.isnan(value) else float(value)
        values.append(last)
    return np.array(values)


def interpolated(course: np.ndarray) -> np.ndarray:
    known = ~np.isnan(course)
    return np.interp(np.arange(len(course)), np.flatnonzero(known), course[known])


@by_cases(
    "18.1",
    cases={
        "one gap": (np.array([0.5, NAN, 1.5, 1.0]),),
        "a long gap": (np.array([0.4, -0.6, NAN, NAN, NAN, 0.9]),),
        "missing at the beginning and at the end": (np.array([NAN, NAN, 0.8, -0.3, NAN]),),
        "no gap": (np.array([0.1, 0.2, -0.7]),),
    },
    mistakes={
        "That interpolates: half of a filled value comes from the future. Take the last value before the gap.": (
            interpolated
        ),
        "You fill from behind: that is the future itself. Take the last value before the gap.": (
            lambda course: forward(course[::-1])[::-1]
        ),
        "Every gap became 0. Only one that has nothing before it does.": (
            lambda course: np.where(np.isnan(course), 0.0, course)
        ),
        "That is the mean of the whole course, the future included. Take the last value before the gap.": (
            lambda course: np.where(np.isnan(course), np.nanmean(course), course)
        ),
        "The gap at the beginning: there is no value before it, so it becomes 0, not the first one measured.": (
            lambda course: forward(course, float(course[~np.isnan(course)][0]))
        ),
    },
    hint="Go through the times in order, and remember the last value that was measured.",
)
def exercise_18_1(course: np.ndarray) -> np.ndarray:
    """``filled(course)``: a course [time] in which each missing value is the last one before it, or 0.

    >>> import numpy as np
    >>> exercise_18_1(lambda course: np.nan_to_num(course)).hint
    'Every gap became 0. Only one that has nothing before it does.'
    """
    return forward(course)


def slope(values: np.ndarray) -> float:
    return float(values[-1] + 0.8 * (values[-1] - values[-2]))


def fading(values: np.ndarray) -> float:
    return float(0.5 * values[-1] - 0.25 * values.mean())


def courses() -> Cases:
    wave = np.sin(np.arange(12.0)) + 0.1 * np.arange(12.0)
    return {
        "a forecaster that goes on as before": (slope, wave, 5, 4),
        "one that returns to the mean of what it has read": (fading, wave, 6, 5),
        "one step": (slope, wave, 3, 1),
    }


def rolled(step: Callable, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    known = list(course[:seen])
    for _ in range(ahead):
        known.append(present(step(np.array(known))))
    return np.array(known[seen:])


@by_cases(
    "18.2",
    cases=courses,
    mistakes={
        "You read the true values behind `seen`. When the forecast is made, they have not been measured.": (
            lambda step, course, seen, ahead: np.array([step(course[: seen + at]) for at in range(ahead)])
        ),
        "Every forecast reads the same values. Append each one before the next is made.": (
            lambda step, course, seen, ahead: np.full(ahead, step(course[:seen]))
        ),
        "The values that were read are in your answer. Give only those behind them.": (
            lambda step, course, seen, ahead: np.concatenate([course[:seen], rolled(step, course, seen, ahead)])
        ),
        "You start one value too early: all of `course[:seen]` may be read.": (
            lambda step, course, seen, ahead: rolled(step, course, seen - 1, ahead)
        ),
        "The oldest value drops out of what you hand over, so the forecaster reads a window. Hand over all so far.": (
            lambda step, course, seen, ahead: windowed(step, course, seen, ahead)
        ),
    },
    hint="Begin with `course[:seen]`; `ahead` times: forecast from all values so far, and append the forecast.",
)
def exercise_18_2(step: Callable, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    """``roll_out(step, course, seen, ahead)``: the next values, of which each forecast reads those before it.

    ``step(values)`` gives the value that follows an array.
    """
    return rolled(step, course, seen, ahead)


def windowed(step: Callable, course: np.ndarray, seen: int, ahead: int) -> np.ndarray:
    known = list(course[:seen])
    for _ in range(ahead):
        known.append(step(np.array(known[-seen:])))
    return np.array(known[seen:])


def tables() -> Cases:
    draw = np.random.default_rng(0).normal
    expected = draw(size=(4, 6))
    gaps = expected.copy()
    gaps[0, 2:4] = gaps[3, 5] = NAN
    return {
        "everything measured": (expected, 0.7 * expected + 0.1),
        "some values missing": (gaps, 0.5 * expected + draw(scale=0.3, size=(4, 6))),
        "a forecast worse than 0": (gaps, -expected),
    }


def share_taken(expected: np.ndarray, predicted: np.ndarray) -> float:
    known = ~np.isnan(expected)
    return float(1 - ((expected - predicted)[known] ** 2).sum() / (expected[known] ** 2).sum())


@by_cases(
    "18.3",
    cases=tables,
    mistakes={
        "The missing values count as 0 in your sums. Leave them out.": (
            lambda expected, predicted: share_taken(np.nan_to_num(expected), predicted)
        ),
        "You take the root before you divide. The skill compares the squared errors themselves.": (
            lambda expected, predicted: 1 - np.sqrt(1 - share_taken(expected, predicted))
        ),
        "That is the share of the error that is left. The skill is what is gone: 1 minus it.": (
            lambda expected, predicted: 1 - share_taken(expected, predicted)
        ),
        "You add up sizes of errors, not squares.": (
            lambda expected, predicted: 1 - np.nansum(np.abs(expected - predicted)) / np.nansum(np.abs(expected))
        ),
        "That divides by the spread around the mean. Here the rival is 0, so nothing is subtracted from `expected`.": (
            lambda expected, predicted: (
                1 - np.nansum((expected - predicted) ** 2) / np.nansum((expected - np.nanmean(expected)) ** 2)
            )
        ),
    },
    hint="One minus squared errors over squared values, each summed over what is not nan.",
)
def exercise_18_3(expected: np.ndarray, predicted: np.ndarray) -> float:
    """``skill(expected, predicted)``: the share of the squared error of 0 that a forecast takes away."""
    return share_taken(expected, predicted)
