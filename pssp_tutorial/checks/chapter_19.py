"""Graders of chapter 19: image series."""

import math

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases


def within(volumes: np.ndarray, runs: np.ndarray, ddof: int = 0) -> np.ndarray:
    result = np.empty(volumes.shape)
    for run in np.unique(runs):
        values = volumes[runs == run]
        result[runs == run] = (values - values.mean(axis=0)) / values.std(axis=0, ddof=ddof)
    return result


def centred(volumes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    return within(volumes, runs) * spreads(volumes, runs)


def spreads(volumes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    return np.stack([volumes[runs == run].std(axis=0) for run in runs])


def over_all_voxels(volumes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    parts = {run: volumes[runs == run] for run in np.unique(runs)}
    levels = np.array([[parts[run].mean(), parts[run].std()] for run in runs])
    return (volumes - levels[:, :1]) / levels[:, 1:]


def scans() -> Cases:
    draw = np.random.default_rng(0)
    volumes = 500 + 20 * draw.normal(size=(12, 4)) + 50 * np.arange(4)
    apart = np.repeat([0, 1, 2], 4)
    return {
        "three runs, each at a level of its own": (volumes + 30 * apart[:, None], apart),
        "runs of different lengths": (volumes, np.repeat([0, 1], [5, 7])),
        "runs that are not numbered from 0, in turns": (volumes, np.tile([7, 3], 6)),
    }


@by_cases(
    "19.1",
    cases=scans,
    mistakes={
        "You standardise over all runs at once: the level of a run stays in, and tells which run it is.": (
            lambda volumes, runs: (volumes - volumes.mean(axis=0)) / volumes.std(axis=0)
        ),
        "One mean for all voxels of a run. Each voxel has its own: take it along `axis=0`.": over_all_voxels,
        "The mean is gone, the spread is not: divide by the standard deviation.": centred,
        "That divides by n - 1. Take the plain standard deviation, `ddof=0`.": (
            lambda volumes, runs: within(volumes, runs, ddof=1)
        ),
        "You divide by the spread and keep the mean. Subtract it first.": (
            lambda volumes, runs: volumes / spreads(volumes, runs)
        ),
    },
    hint="For each run: its volumes less their mean along the first axis, divided by their standard deviation.",
)
def exercise_19_1(volumes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """``standardised(volumes, runs)``: every voxel with mean 0 and standard deviation 1 within each run.

    ``volumes`` [volume, voxel]; ``runs`` [volume].
    """
    return within(volumes, runs)


def commonest(labels: np.ndarray) -> np.ndarray:
    return np.array([np.bincount(column).argmax() for column in labels.T])


def clock(labels: np.ndarray) -> float:
    return float(np.mean([commonest(np.delete(labels, run, axis=0)) == row for run, row in enumerate(labels)]))


def majority(labels: np.ndarray) -> float:
    return float(np.mean(labels == np.bincount(labels.ravel()).argmax()))


def timetables() -> Cases:
    draw = np.random.default_rng(0)
    table = np.repeat([0, 1, 0, 2, 0, 1, 0], [2, 3, 2, 3, 1, 3, 2])
    noisy = np.tile(table, (5, 1))
    places = draw.random(noisy.shape) < 0.3
    noisy[places] = draw.integers(3, size=places.sum())
    return {
        "one timetable for all runs": (np.tile(table, (4, 1)),),
        "a timetable that is kept loosely": (noisy,),
        "labels without a timetable": (draw.integers(3, size=(4, 12)),),
        "two runs": (np.array([[0, 1, 1, 0, 2], [0, 1, 0, 1, 2]]),),
    }


@by_cases(
    "19.2",
    cases=timetables,
    mistakes={
        "The run that is guessed is among those that you count. Leave it out: it must not vote for itself.": (
            lambda labels: float(np.mean(commonest(labels) == labels))
        ),
        "That is the most frequent class of all times. Count for each time by itself.": majority,
        "You compare with the first run alone. Let all other runs vote.": (
            lambda labels: float(np.mean(labels[1:] == labels[0]))
        ),
        "You give the number of right guesses. Divide by the number of labels.": (
            lambda labels: round(clock(labels) * labels.size)
        ),
    },
    hint="For each run: the most frequent class of the other runs at each time; then the mean over all runs and times.",
)
def exercise_19_2(labels: np.ndarray) -> float:
    """``told_by_clock(labels)``: the share of labels [run, time] that the other runs tell at the same time.

    >>> import numpy as np
    >>> exercise_19_2(lambda labels: np.mean(labels[1:] == labels[0])).hint
    'You compare with the first run alone. Let all other runs vote.'
    """
    return clock(labels)


@by_cases(
    "19.3",
    cases={
        "accuracy 0.8, within 0.05": (0.8, 0.05),
        "accuracy 0.9, within 0.02": (0.9, 0.02),
        "a coin, within 0.1": (0.5, 0.1),
    },
    mistakes={
        "That is for one standard error to either side. The interval of 95% reaches 1.96.": (
            lambda accuracy, half_width: math.ceil(accuracy * (1 - accuracy) / half_width**2)
        ),
        "You did not square: the error shrinks with the root of the number.": (
            lambda accuracy, half_width: math.ceil(1.96 * math.sqrt(accuracy * (1 - accuracy)) / half_width)
        ),
        "Rounded down, the interval is a little too wide: round up.": (
            lambda accuracy, half_width: math.floor(1.96**2 * accuracy * (1 - accuracy) / half_width**2)
        ),
        "You took ± for the whole width. The interval is twice that wide.": (
            lambda accuracy, half_width: math.ceil(1.96**2 * accuracy * (1 - accuracy) / (half_width / 2) ** 2)
        ),
    },
    hint="Set 1.96 standard errors equal to the half width, and solve for n.",
)
def exercise_19_3(accuracy: float, half_width: float) -> int:
    """``patients_needed(accuracy, half_width)``: patients in the test set for a 95% interval of that half width."""
    return math.ceil(1.96**2 * accuracy * (1 - accuracy) / half_width**2)
