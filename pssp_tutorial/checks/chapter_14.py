"""Graders of chapter 14: fast and small."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from pssp_tutorial.checks.grading import Cases, by_cases


@by_cases(
    "14.1",
    cases={
        "21 channels, 16 units, one direction": (21, 16, 1),
        "128 channels, 256 units, both": (128, 256, 2),
        "3 channels, 5 units, both": (3, 5, 2),
    },
    mistakes={
        "Those are the weights. Each is used in a multiplication and an addition: two operations.": (
            lambda channels, hidden, directions: directions * 4 * hidden * (channels + hidden)
        ),
        "That is one gate. Each direction has four: i, f, g and o.": (
            lambda channels, hidden, directions: 2 * directions * hidden * (channels + hidden)
        ),
        "That is what is read from the input. The hidden state is multiplied as well.": (
            lambda channels, hidden, directions: 2 * directions * 4 * hidden * channels
        ),
        "The second direction is missing: it has matrices of its own.": (
            lambda channels, hidden, directions: 2 * 4 * hidden * (channels + hidden)
        ),
        "The biases are only added, and each layer has few of them: count the matrices.": (
            lambda channels, hidden, directions: 2 * directions * 4 * hidden * (channels + hidden + 2)
        ),
    },
    hint="Two matrices for each gate and direction: [hidden, channels] and [hidden, hidden].",
)
def exercise_14_1(channels: int, hidden: int, directions: int) -> int:
    """``lstm_operations(channels, hidden, directions)``: operations per residue of the matrices of an LSTM layer.

    >>> exercise_14_1(lambda channels, hidden, directions: 2 * directions * hidden * (channels + hidden)).hint
    'That is one gate. Each direction has four: i, f, g and o.'
    """
    return 2 * directions * 4 * hidden * (channels + hidden)


def rounded(weights: ndarray, scales: ndarray) -> tuple[ndarray, ndarray]:
    scales = np.where(scales == 0, 1.0, scales)
    return np.round(weights / scales[:, None]).astype(np.int8), scales


def largest(weights: ndarray) -> ndarray:
    return np.abs(weights).max(axis=1)


def cut_off(weights: ndarray) -> tuple[ndarray, ndarray]:
    scales = np.where(largest(weights) == 0, 127.0, largest(weights)) / 127
    return np.trunc(weights / scales[:, None]).astype(np.int8), scales


def matrices() -> Cases:
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(4, 6))
    return {
        "four rows": (weights * [[1.0], [10.0], [0.1], [1.0]],),
        "a row that is all negative, and one of zeros": (np.stack([-np.abs(weights[0]) - 1, np.zeros(6), weights[1]]),),
    }


@by_cases(
    "14.2",
    cases=matrices,
    mistakes={
        "One scale serves the whole matrix here. Give each row its own.": (
            lambda weights: rounded(weights, np.full(len(weights), np.abs(weights).max() / 127))
        ),
        "The largest weight may be negative: take the largest absolute value of the row.": (
            lambda weights: rounded(weights, np.abs(weights.max(axis=1)) / 127)
        ),
        "The scale is the step: the largest weight divided by 127, which becomes 127 steps.": (
            lambda weights: (
                rounded(weights, largest(weights) / 127)[0],
                np.where(largest(weights), largest(weights), 1),
            )
        ),
        "A conversion to whole numbers cuts off what is behind the point. Round first.": cut_off,
        "Those are columns: the scales belong to the rows.": (
            lambda weights: rounded(weights.T, largest(weights.T) / 127)
        ),
    },
    hint="The scales are np.abs(weights).max(axis=1) / 127; the whole numbers np.round(weights / scales[:, None]).",
)
def exercise_14_2(weights: ndarray) -> tuple[ndarray, ndarray]:
    """``to_int8(weights)``: whole numbers ``int8[row, column]`` and the scale of each row, 1 for a row of zeros.

    >>> exercise_14_2(lambda weights: rounded(weights.T, largest(weights.T) / 127)).passed
    False
    """
    return rounded(weights, largest(weights) / 127)


@by_cases(
    "14.3",
    cases={
        "half of it, twice as fast": ([0.5, 0.5], [2, 1]),
        "the LSTM, four times as fast": ([0.9, 0.08, 0.02], [4, 1, 1]),
        "two parts": ([0.7, 0.2, 0.1], [3, 10, 1]),
    },
    mistakes={
        "That is the new time, as a share of the old. How many times as fast is it?": (
            lambda shares, factors: sum(share / factor for share, factor in zip(shares, factors, strict=True))
        ),
        "The mean of the factors counts what is made fast by its old time. Add up the new times instead.": (
            lambda shares, factors: sum(share * factor for share, factor in zip(shares, factors, strict=True))
        ),
        "Only the first part is made faster here. Each has its own factor.": (
            lambda shares, factors: 1 / (1 - shares[0] + shares[0] / factors[0])
        ),
        "The factors do not multiply: each holds for its own share only.": (
            lambda shares, factors: float(np.prod(factors))
        ),
    },
    hint="New time: each share divided by its factor, added up. The whole is 1 divided by that.",
)
def exercise_14_3(shares: Sequence[float], factors: Sequence[float]) -> float:
    """``speed_up(shares, factors)``: how many times as fast a program becomes.

    >>> exercise_14_3(lambda shares, factors: sum(s / f for s, f in zip(shares, factors))).hint
    'That is the new time, as a share of the old. How many times as fast is it?'
    """
    return 1 / sum(share / factor for share, factor in zip(shares, factors, strict=True))
