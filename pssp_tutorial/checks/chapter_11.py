"""Graders of chapter 11: other architectures."""

from collections.abc import Callable, Sequence

import numpy as np

from pssp_tutorial.checks.grading import by_cases

Pair = tuple[float, float]


@by_cases(
    "11.1",
    cases={
        "one layer of neighbours": (15, [1]),
        "six layers of neighbours": (7, [1] * 6),
        "six layers, ever farther apart": (7, [1, 2, 4, 8, 16, 32]),
        "three layers of three residues": (3, [1, 3, 9]),
    },
    mistakes={
        "You left out the residue itself: the layers add to a field of 1.": (
            lambda kernel_size, dilations: (kernel_size - 1) * sum(dilations)
        ),
        "You ignored the dilations: a layer whose residues stand d apart adds d times as much.": (
            lambda kernel_size, dilations: 1 + (kernel_size - 1) * len(dilations)
        ),
        "That is how far it sees to one side. The field has two sides, and the residue itself.": (
            lambda kernel_size, dilations: kernel_size // 2 * sum(dilations)
        ),
        "A kernel of m residues spans m - 1 steps: each layer adds those, times its dilation.": (
            lambda kernel_size, dilations: kernel_size * sum(dilations)
        ),
    },
    hint="Begin with 1. Each layer looks (m - 1) / 2 steps of its dilation to either side.",
)
def exercise_11_1(kernel_size: int, dilations: Sequence[int]) -> int:
    """``receptive_field(kernel_size, dilations)``: how many residues a stack of convolutions sees from one place.

    >>> exercise_11_1(lambda kernel_size, dilations: 1 + (kernel_size - 1) * sum(dilations)).passed
    True
    """
    return 1 + (kernel_size - 1) * sum(dilations)


@by_cases(
    "11.2",
    cases={
        "two single steps": ((0.5, 1.0), (0.25, 2.0)),
        "the second forgets all": ((0.9, 3.0), (0.0, 1.5)),
        "the second keeps all": ((0.5, 1.0), (1.0, 0.5)),
    },
    mistakes={
        "The first stretch comes first: its b has to pass through the second one's a, not the other way round.": (
            lambda first, second: (first[0] * second[0], first[0] * second[1] + first[1])
        ),
        "What the first stretch wrote passes through the second: it is multiplied by the second one's a.": (
            lambda first, second: (first[0] * second[0], first[1] + second[1])
        ),
        "The decays of two stretches multiply.": (
            lambda first, second: (first[0] + second[0], second[0] * first[1] + second[1])
        ),
        "The joined stretch forgets what either of the two forgets: multiply both decays.": (
            lambda first, second: (second[0], second[0] * first[1] + second[1])
        ),
    },
    hint="Put h' = a1 h + b1 into h'' = a2 h' + b2, and read off what multiplies h and what is left.",
)
def exercise_11_2(first: Pair, second: Pair) -> Pair:
    """``joined(first, second)``: the stretch that two stretches (a, b) make, where a stretch turns h into a h + b."""
    return second[0] * first[0], second[0] * first[1] + second[1]


@by_cases(
    "11.3",
    cases={"a short chain": (80, 100), "a long chain": (80, 1_000), "a wide layer": (256, 150)},
    mistakes={
        "You count each product and its sum as one. A multiplication and an addition are two operations.": (
            lambda width, length: 4 * width**2 + 2 * length * width
        ),
        "The weights are counted, the pairs are not: each residue meets `length` others, twice.": (
            lambda width, length: 8 * width**2
        ),
        "The pairs are counted, the four maps by weights are not.": lambda width, length: 4 * length * width,
        "Each pair costs twice: once for its score, once to add the value up.": (
            lambda width, length: 8 * width**2 + 2 * length * width
        ),
        "That is for the whole chain. Per residue it is `length` times less.": (
            lambda width, length: length * (8 * width**2 + 4 * length * width)
        ),
    },
    hint="Four maps of width x width; then, for each of `length` residues, a product of width channels and a sum.",
)
def exercise_11_3(width: int, length: int) -> int:
    """``operations(width, length)``: multiplications and additions per residue of an attention layer.

    The maps of queries, keys, values and outputs have no biases; the softmax is left out.
    """
    return 8 * width**2 + 4 * length * width


def sequence_offsets(
    length: int, reach: int, *, inside: Callable[[np.ndarray, int], np.ndarray] = lambda j, n: (j >= 0) & (j < n)
) -> np.ndarray:
    offsets = np.array([step for step in range(-reach, reach + 1) if step])
    return np.where(inside(np.arange(length)[:, None] + offsets, length), offsets, 0)


@by_cases(
    "11.4",
    cases={"six residues": (6, 2), "shorter than its reach": (2, 3), "one residue": (1, 1)},
    mistakes={
        "Before the first residue and after the last there is nobody: put 0 there.": (
            lambda length, reach: sequence_offsets(length, reach, inside=lambda j, n: np.ones_like(j, dtype=bool))
        ),
        "You look past the end of the chain: position `length` is already outside.": (
            lambda length, reach: sequence_offsets(length, reach, inside=lambda j, n: (j >= 0) & (j <= n))
        ),
        "A residue is no neighbour of its own: leave out the column of the offset 0.": (
            lambda length, reach: np.insert(sequence_offsets(length, reach), reach, 0, axis=1)
        ),
        "These are positions. An offset is the neighbour's position minus the residue's.": (
            lambda length, reach: np.where(
                sequence_offsets(length, reach) != 0,
                np.arange(length)[:, None] + sequence_offsets(length, reach),
                0,
            )
        ),
    },
    hint="Row t holds -reach to reach without 0, in that order; where t plus the offset leaves the chain stands 0.",
)
def exercise_11_4(length: int, reach: int) -> np.ndarray:
    """``neighbours(length, reach)``: the offsets of the residues before and after each one, int[length, 2 reach]."""
    return sequence_offsets(length, reach)
