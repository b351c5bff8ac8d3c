"""Graders of chapter 13: looking inside."""

from collections.abc import Callable

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases

HELICAL = 3  # H, G and I come first


def shares(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - np.max(logits))
    return powers / powers.sum()


def eight_logits() -> Cases:
    draw = np.random.default_rng(0).normal
    return {
        "all classes alike": (np.zeros(8),),
        "a sure helix": (np.array([4.0, 1.0, 0.0, -1.0, -2.0, 0.0, 0.0, 1.0]),),
        "the same with 10 added to each logit": (np.array([14.0, 11.0, 10.0, 9.0, 8.0, 10.0, 10.0, 11.0]),),
        "random logits": (draw(size=8),),
    }


@by_cases(
    "13.1",
    cases=eight_logits,
    mistakes={
        "That is the logit of H. It changes when a constant is added to all logits; the log-odds don't.": (
            lambda logits: logits[0]
        ),
        "You add the logits of H, G and I. Add their probabilities: take the softmax first.": (
            lambda logits: logits[:HELICAL].sum()
        ),
        "That is the probability of a helix. Take ln p / (1 - p) of it.": lambda logits: shares(logits)[:HELICAL].sum(),
        "That is ln p. Divide p by the probability of all the rest first.": (
            lambda logits: np.log(shares(logits)[:HELICAL].sum())
        ),
        "You left G and I out: they count as helix too.": (
            lambda logits: np.log(shares(logits)[0] / (1 - shares(logits)[0]))
        ),
    },
    hint="Softmax, then the sum p over H, G and I, then ln p / (1 - p).",
)
def exercise_13_1(logits: np.ndarray) -> float:
    """``helix_log_odds(logits)``: the log-odds of a helix from the logits of H, G, I, E, B, T, S and C, float64[8]."""
    p = shares(logits)[:HELICAL].sum()
    return float(np.log(p / (1 - p)))


def path(gradient: Callable, x: np.ndarray, baseline: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return np.mean([gradient(baseline + share * (x - baseline)) for share in shares], axis=0)


def integrals() -> Cases:
    x, baseline = np.array([1.0, 2.0, 3.0]), np.array([0.5, 0.0, 1.0])
    return {
        "a straight line, f(x) = 2 x1 + x2": (lambda x: np.array([2.0, 1.0, 0.0]), x, np.zeros(3), 4),
        "f(x) = x1^3 + x2^3 + x3^3": (lambda x: 3 * x**2, x, baseline, 5),
        "f(x) = x1 x2": (lambda x: np.array([x[1], x[0], 0.0]), x, baseline, 3),
    }


@by_cases(
    "13.2",
    cases=integrals,
    mistakes={
        "You take the gradient at x only. Take the mean over points of the path from the baseline to x.": (
            lambda gradient, x, baseline, steps: (x - baseline) * gradient(x)
        ),
        "That is the mean gradient. Multiply it by x - baseline.": (
            lambda gradient, x, baseline, steps: path(gradient, x, baseline, (np.arange(steps) + 0.5) / steps)
        ),
        "You multiply by x. Only what differs from the baseline is shared out: multiply by x - baseline.": (
            lambda gradient, x, baseline, steps: x * path(gradient, x, baseline, (np.arange(steps) + 0.5) / steps)
        ),
        "You take the left end of each piece. Take its middle, (k + 1/2) / steps.": (
            lambda gradient, x, baseline, steps: (x - baseline) * path(gradient, x, baseline, np.arange(steps) / steps)
        ),
        "You add the gradients up. An integral is their mean here: divide by steps.": (
            lambda gradient, x, baseline, steps: (
                steps * (x - baseline) * path(gradient, x, baseline, (np.arange(steps) + 0.5) / steps)
            )
        ),
    },
    hint="The mean of gradient(baseline + share * (x - baseline)) over the middles, times x - baseline.",
)
def exercise_13_2(gradient: Callable, x: np.ndarray, baseline: np.ndarray, steps: int) -> np.ndarray:
    """``integrated(gradient, x, baseline, steps)``: integrated gradients, float64[channel].

    ``gradient(x)`` gives the gradient of the explained output at a point; the integral is a mean over the middles of
    ``steps`` pieces of the path.
    """
    return (x - baseline) * path(gradient, x, baseline, (np.arange(steps) + 0.5) / steps)


def sizes(changes: np.ndarray) -> np.ndarray:
    return np.abs(changes[..., 0]).mean(axis=0)


def felt_changes() -> Cases:
    draw = np.random.default_rng(1).normal
    return {
        "in the middle": (draw(size=(20, 30, 3)), 15, 4),
        "at the first residue": (draw(size=(20, 30, 3)), 0, 4),
        "the residue alone": (draw(size=(20, 12, 3)), 6, 0),
    }


def near(changes: np.ndarray, position: int, distance: int) -> slice:
    return slice(max(position - distance, 0), position + distance + 1)


@by_cases(
    "13.3",
    cases=felt_changes,
    mistakes={
        "Plus and minus cancel in your sum. Take the size of each change before you add.": (
            lambda changes, position, distance: float(
                changes[:, near(changes, position, distance), 0].sum() / changes[..., 0].sum()
            )
        ),
        "You look to one side only. A bidirectional model feels a change on both.": (
            lambda changes, position, distance: (
                sizes(changes)[position : position + distance + 1].sum() / sizes(changes).sum()
            )
        ),
        "At the start of the chain your slice begins below 0, which Python counts from the end: stop at 0.": (
            lambda changes, position, distance: (
                sizes(changes)[position - distance : position + distance + 1].sum() / sizes(changes).sum()
            )
        ),
        "You compare means. A share is the sum over the near residues divided by the sum over all.": (
            lambda changes, position, distance: (
                sizes(changes)[near(changes, position, distance)].mean() / sizes(changes).mean()
            )
        ),
        "You count all three states. The question is about the helix: take the first of the last axis.": (
            lambda changes, position, distance: (
                np.abs(changes[:, near(changes, position, distance)]).sum() / np.abs(changes).sum()
            )
        ),
    },
    hint="Sizes of the helix's changes, summed over the near residues, divided by the sum over all residues.",
)
def exercise_13_3(changes: np.ndarray, position: int, distance: int) -> float:
    """``share_near(changes, position, distance)``: the share of a mutation's effect on helix that lies near it.

    ``changes`` [20, length, 3] is what ``pssp.substitutions`` gives; near are the residues at most ``distance`` away,
    the mutated one included.
    """
    return float(sizes(changes)[near(changes, position, distance)].sum() / sizes(changes).sum())
