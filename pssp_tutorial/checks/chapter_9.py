"""Graders of chapter 9: tuning."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases

Scores = Sequence[Sequence[float]]


@by_cases(
    "9.1",
    cases={
        "the lower end": (1e-4, 1e-1, 0.0),
        "the upper end": (1e-4, 1e-1, 1.0),
        "halfway": (1e-4, 1e-1, 0.5),
        "a tenth of the way, another range": (16.0, 64.0, 0.1),
    },
    mistakes={
        "That is evenly spread on a linear scale: nine tenths of the draws get the largest factor of ten.": (
            lambda low, high, share: low + share * (high - low)
        ),
        "That is the logarithm of the setting. Take the exponential of it.": (
            lambda low, high, share: math.log(low) + share * (math.log(high) - math.log(low))
        ),
        "You mix the natural logarithm with powers of ten. Use one base for both.": (
            lambda low, high, share: 10 ** (math.log(low) + share * (math.log(high) - math.log(low)))
        ),
        "The ends are the wrong way round: a share of 0 has to give the lower one.": (
            lambda low, high, share: high * (low / high) ** share
        ),
    },
    hint="Go the share of the way from log(low) to log(high), and take the exponential.",
)
def exercise_9_1(low: float, high: float, share: float) -> float:
    """``on_log_scale(low, high, share)``: the setting that lies this share of the way up a logarithmic scale.

    >>> exercise_9_1(lambda low, high, share: low + share * (high - low)).passed
    False
    """
    return low * (high / low) ** share


def chosen_score(
    steering: Scores,
    other: Scores,
    *,
    summary: Callable = np.mean,
    by: Callable | None = None,
    on: Scores | None = None,
    told: Scores | None = None,
) -> float:
    """The score of the chosen setting; the rest says where an answer goes astray."""
    best = int(np.argmax([(by or summary)(row) for row in (steering if on is None else on)]))
    return float(summary((other if told is None else told)[best]))


def search_tables() -> Cases:
    steering = [[0.640, 0.655, 0.601], [0.644, 0.642, 0.647], [0.620, 0.631, 0.625], [0.630, 0.634, 0.626]]
    other = [[0.605, 0.622, 0.590], [0.610, 0.618, 0.613], [0.602, 0.600, 0.604], [0.619, 0.628, 0.624]]
    return {
        "four settings, three seeds": (steering, other),
        "the same, in another order": (steering[::-1], other[::-1]),
        "one seed each": ([row[1:2] for row in steering], [row[1:2] for row in other]),
    }


@by_cases(
    "9.2",
    cases=search_tables,
    mistakes={
        "You give the score on the chains that chose it. It is flattered: give that on the other chains.": (
            lambda steering, other: chosen_score(steering, other, told=steering)
        ),
        "You choose by the other chains. Then nothing is left that had no say.": (
            lambda steering, other: chosen_score(steering, other, on=other)
        ),
        "You choose by the luckiest seed. Compare settings by their means.": (
            lambda steering, other: chosen_score(steering, other, by=max)
        ),
        "The choice is right. But then you give its luckiest seed, not its mean.": (
            lambda steering, other: float(max(other[int(np.argmax([np.mean(row) for row in steering]))]))
        ),
        "That is the mean of all settings. Choose one first.": lambda steering, other: float(np.mean(other)),
    },
    hint="Take the row of `steering` with the largest mean, and give the mean of the same row of `other`.",
)
def exercise_9_2(steering: Scores, other: Scores) -> float:
    """``honest_score(steering, other)``: what the chosen setting is worth.

    Both are scores [setting, seed]: on the chains that choose, and on those that have no say.
    """
    return chosen_score(steering, other)


def expected(scores: Sequence[float], budget: int, *, power: int | None = None) -> float:
    """Mean of the best of ``budget`` draws with replacement."""
    ranks = np.arange(len(scores) + 1) / len(scores)
    return float(np.diff(ranks ** (budget if power is None else power)) @ np.sort(scores))


@by_cases(
    "9.3",
    cases={
        "two trials, a budget of two": ([0.5, 0.7], 2),
        "a budget of one": ([0.61, 0.58, 0.66, 0.64], 1),
        "four trials, a budget of three": ([0.61, 0.58, 0.66, 0.64], 3),
        "a budget beyond the trials": ([0.61, 0.58, 0.66, 0.64], 20),
    },
    mistakes={
        "That is the best of all trials. With a smaller budget one would not always have met it.": (
            lambda scores, budget: max(scores)
        ),
        "That is the mean of the trials: what a budget of one gives.": lambda scores, budget: float(np.mean(scores)),
        "You take the first trials of the list. Average over all trials that the budget could have drawn.": (
            lambda scores, budget: max(scores[:budget])
        ),
        "Sort the scores first: the k-th smallest is the best draw if none of the draws lies above it.": (
            lambda scores, budget: float(np.diff((np.arange(len(scores) + 1) / len(scores)) ** budget) @ scores)
        ),
        "That is the worst of the draws that you expect. Turn the order round.": (
            lambda scores, budget: -expected([-score for score in scores], budget)
        ),
    },
    hint="P(best of n draws is at most the k-th smallest) = (k/N)^n. Take differences over k, and weigh with them.",
)
def exercise_9_3(scores: Sequence[float], budget: int) -> float:
    """``expected_best(scores, budget)``: the best score that so many trials find on average.

    The trials of the smaller search are drawn from those given, each from all of them: with replacement.
    """
    return expected(scores, budget)


def halving(
    curves: Scores,
    *,
    worst: bool = False,
    last: bool = False,
    all_paid: bool = False,
    restart: bool = False,
) -> tuple[int, int]:
    """Successive halving: the winner and the epochs paid; the switches are typical mistakes."""
    alive, paid, epoch, before = list(range(len(curves))), 0, 1, 0
    while True:
        paid += len(alive) * (epoch if restart else epoch - before)
        if len(alive) == 1 or epoch >= len(curves[0]):
            break
        alive = sorted(alive, key=lambda trial: curves[trial][epoch - 1], reverse=not worst)[: (len(alive) + 1) // 2]
        before, epoch = epoch, min(2 * epoch, len(curves[0]))
    score = [row[-1] if last else row[epoch - 1] for row in curves]
    winner = max(range(len(curves)) if last else alive, key=score.__getitem__)
    return winner, len(curves) * len(curves[0]) if all_paid else paid


def learning_curves() -> Cases:
    return {
        "four trials, four epochs": (
            [[0.50, 0.55, 0.58, 0.60], [0.48, 0.57, 0.60, 0.62], [0.52, 0.56, 0.59, 0.61], [0.40, 0.58, 0.62, 0.66]],
        ),
        "two trials": ([[0.50, 0.60], [0.45, 0.65]],),
        "eight trials": ([[0.40 + 0.01 * ((3 * n) % 8) + 0.02 * e for e in range(8)] for n in range(8)],),
    }


@by_cases(
    "9.4",
    cases=learning_curves,
    mistakes={
        "You keep the worse half. Keep the trials with the larger scores.": lambda curves: halving(curves, worst=True),
        "You name the trial that is best at the end. Halving may have stopped it long before: it can't know.": (
            lambda curves: halving(curves, last=True)
        ),
        "You count all epochs of all trials. A stopped trial costs no more.": (
            lambda curves: halving(curves, all_paid=True)
        ),
        "You pay for each rung from the start. A trial that goes on has its first epochs already.": (
            lambda curves: halving(curves, restart=True)
        ),
    },
    hint="All to epoch 1; the better half on to 2; the better half of these to 4. Add up the epochs that are new.",
)
def exercise_9_4(curves: Scores) -> tuple[int, int]:
    """``successive_halving(curves)``: the winner's number, and the epochs that were trained in all.

    ``curves``: scores [trial, epoch]. After epochs 1, 2, 4 and so on the better half goes on, until one is left.
    """
    return halving(curves)
