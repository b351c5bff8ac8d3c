"""Graders of chapter 15: many machines."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray

from pssp_tutorial.checks.grading import Cases, by_cases


def shared_out(lengths: Sequence[int], parts: int) -> list[int]:
    shares = [0] * parts
    for length in lengths:
        shares[shares.index(min(shares))] += length
    return shares


@by_cases(
    "15.1",
    cases={
        "seven proteins, two shares": ([300, 100, 250, 90, 80, 400, 120], 2),
        "a giant among dwarfs": ([50, 60, 5_000, 40, 70, 30], 3),
        "four alike": ([100, 100, 100, 100], 2),
    },
    mistakes={
        "Take the proteins from the longest to the shortest: a long one at the end upsets everything.": shared_out,
        "That is from the shortest to the longest. The long ones must come first.": (
            lambda lengths, parts: shared_out(sorted(lengths), parts)
        ),
        "You dealt them out in turn. Give each to the share that has the fewest residues so far.": (
            lambda lengths, parts: [sum(sorted(lengths, reverse=True)[part::parts]) for part in range(parts)]
        ),
        "Those are numbers of proteins. A share is fair if its residues are.": (
            lambda lengths, parts: [len(lengths[part::parts]) for part in range(parts)]
        ),
    },
    hint="Keep a list of the residues of each share, and add each protein to the smallest.",
)
def exercise_15_1(lengths: Sequence[int], parts: int) -> list[int]:
    """``fair_shares(lengths, parts)``: the residues of each share, the longest proteins given out first.

    >>> exercise_15_1(lambda lengths, parts: shared_out(sorted(lengths), parts)).hint
    'That is from the shortest to the longest. The long ones must come first.'
    """
    return shared_out(sorted(lengths, reverse=True), parts)


@by_cases(
    "15.2",
    cases={
        "two uneven shares": ([(700, 1_000), (30, 100)],),
        "three": ([(10, 20), (300, 400), (1, 2)],),
        "one": ([(5, 8)],),
    },
    mistakes={
        "That is the mean of the scores: a small share counts as much as a large one. Divide once, at the end.": (
            lambda reports: float(np.mean([right / scored for right, scored in reports]))
        ),
        "That is the largest share alone.": lambda reports: (
            max(reports, key=lambda pair: pair[1])[0] / max(scored for _, scored in reports)
        ),
        "Those are the right residues. Divide by all that were scored.": (
            lambda reports: sum(right for right, _ in reports)
        ),
    },
    hint="Add up the right residues, add up the scored ones, and divide.",
)
def exercise_15_2(reports: Sequence[tuple[int, int]]) -> float:
    """``joint_q3(reports)``: Q3 over all processes, from the pairs (right, scored) of each.

    >>> exercise_15_2(lambda reports: sum(right for right, _ in reports)).passed
    False
    """
    return sum(right for right, _ in reports) / sum(scored for _, scored in reports)


def gradients() -> Cases:
    generator = np.random.default_rng(0)
    return {
        "two processes": (list(generator.normal(size=(2, 3))), [100, 900]),
        "three processes": (list(generator.normal(size=(3, 2))), [10, 20, 300]),
    }


@by_cases(
    "15.3",
    cases=gradients,
    mistakes={
        "That is what DDP does: equal weights. A process with few residues then counts as much as one with many.": (
            lambda gradients, counts: np.mean(gradients, axis=0)
        ),
        "Those weights are the wrong way round: more residues, more weight.": (
            lambda gradients, counts: (
                sum(g / n for g, n in zip(gradients, counts, strict=True)) / sum(1 / n for n in counts)
            )
        ),
        "That is the gradient of the sum over all residues. The mean divides by their number.": (
            lambda gradients, counts: sum(n * g for g, n in zip(gradients, counts, strict=True))
        ),
        "You divided by the number of processes. Divide by the residues of all of them.": (
            lambda gradients, counts: sum(n * g for g, n in zip(gradients, counts, strict=True)) / len(counts)
        ),
    },
    hint="Multiply each gradient by its residues, add up, and divide by all residues.",
)
def exercise_15_3(gradients: Sequence[ndarray], counts: Sequence[int]) -> ndarray:
    """``joint_gradient(gradients, counts)``: the gradient of the mean loss over the residues of all processes.

    >>> exercise_15_3(lambda gradients, counts: np.mean(gradients, axis=0)).passed
    False
    """
    total: ndarray = sum((n * g for g, n in zip(gradients, counts, strict=True)), np.zeros_like(gradients[0]))
    return total / sum(counts)
