"""Graders of chapter 17: DNA methylation."""

from functools import partial

import numpy as np
from Bio.Seq import complement, reverse_complement

from pssp_tutorial.checks.grading import Cases, by_cases

IGNORED = -100


def labels(
    modified: np.ndarray,
    coverage: np.ndarray,
    *,
    between: int = IGNORED,
    reads: int = 20,
    beyond: bool = False,
    few: int = IGNORED,
) -> np.ndarray:
    level = modified / np.maximum(coverage, 1)
    found = np.full(len(level), between)
    found[level < 0.3] = 0
    found[level > 0.7 if beyond else level >= 0.7] = 1
    found[coverage < reads] = few
    return found


@by_cases(
    "17.1",
    cases={
        "clear ones": (np.array([0, 57, 3]), np.array([40, 60, 130])),
        "one in between": (np.array([50, 1, 99]), np.array([100, 100, 100])),
        "at the borders": (np.array([30, 70, 29, 69]), np.array([100, 100, 100, 100])),
        "few reads, or none": (np.array([19, 0, 20, 0, 0]), np.array([19, 19, 20, 20, 0])),
    },
    mistakes={
        "An adenine in between is not unmethylated: nobody knows what it is, so it gets -100.": partial(
            labels, between=0
        ),
        "A handful of reads says little about an adenine. With fewer than 20 reads it gets -100.": partial(
            labels, reads=0
        ),
        "Fewer than 20 reads do not make an adenine unmethylated: it gets -100.": partial(labels, few=0),
        "Look at the borders: 70% is methylated already, and 20 reads are enough.": partial(
            labels, beyond=True, reads=21
        ),
        "Divide by the reads: a count of modified reads means nothing without the coverage.": (
            lambda modified, coverage: labels(100 * modified, np.full(len(modified), 100))
        ),
    },
    hint="Begin with -100 everywhere. Then say what is clear, and last take back what has too few reads.",
)
def exercise_17_1(modified: np.ndarray, coverage: np.ndarray) -> np.ndarray:
    """``labels_of(modified, coverage)``: 1, 0 or -100 for each adenine, from counts of reads.

    >>> exercise_17_1(partial(labels, between=0)).hint
    'An adenine in between is not unmethylated: nobody knows what it is, so it gets -100.'
    """
    return labels(modified, coverage)


def window(sequence: str, position: int, strand: str, width: int, *, first: int = 1) -> str:
    start = position - first - width // 2
    cut = sequence[start : start + width]
    return reverse_complement(cut) if strand == "-" else cut


def only(sequence: str, position: int, strand: str, width: int, *, step: str) -> str:
    cut = window(sequence, position, "+", width)
    if strand == "+":
        return cut
    return {"reverse": cut[::-1], "complement": complement(cut), "nothing": cut}[step]


def from_the_end(sequence: str, position: int, strand: str, width: int) -> str:
    return window(reverse_complement(sequence) if strand == "-" else sequence, position, "+", width)


PLASMID = "CGGATCTTAACCCATGGCAAATTTGC"


@by_cases(
    "17.2",
    cases={
        "plus": (PLASMID, 13, "+", 5),
        "minus": (PLASMID, 5, "-", 5),
        "wider, minus": (PLASMID, 15, "-", 11),
        "one letter, minus": (PLASMID, 8, "-", 1),
    },
    mistakes={
        "Positions count from 1, Python from 0: your window lies one letter too far to the right.": partial(
            window, first=0
        ),
        "On the minus strand you reverse the window and leave its letters. A stands opposite T, C opposite G.": partial(
            only, step="reverse"
        ),
        "On the minus strand you complement the letters and keep their order. That strand is read the other way.": (
            partial(only, step="complement")
        ),
        "You give the forward strand for both. What does the minus strand hold there, read in its own direction?": (
            partial(only, step="nothing")
        ),
        "You count from the end on the minus strand. Positions run along the forward strand on both.": from_the_end,
    },
    hint="The window begins width // 2 letters before the adenine. On the minus strand it is its reverse complement.",
)
def exercise_17_2(sequence: str, position: int, strand: str, width: int) -> str:
    """``window_at(sequence, position, strand, width)``: the window around a position, along its own strand.

    ``position`` counts from 1 along the forward strand, ``width`` is odd.
    """
    return window(sequence, position, strand, width)


def beyond(scores: np.ndarray, *, rows: bool = True, columns: bool = True, mean: bool = True) -> np.ndarray:
    left = scores.copy()
    if rows:
        left = left - scores.mean(axis=1, keepdims=True)
    if columns:
        left = left - scores.mean(axis=0, keepdims=True)
    return left + scores.mean() if mean else left


def tables() -> Cases:
    draw = np.random.default_rng(17).normal
    return {
        "two motifs": (np.array([[0.0, 1.0], [1.0, 0.0]]),),
        "a sum": (np.add.outer(np.arange(3.0), np.array([1.0, 5.0])),),
        "any scores": (draw(size=(3, 4)),),
    }


@by_cases(
    "17.3",
    cases=tables,
    mistakes={
        "You take the rows' means away and not the columns'. The right half may have a say of its own.": partial(
            beyond, columns=False, mean=False
        ),
        "You take the columns' means away and not the rows'. The left half may have a say of its own.": partial(
            beyond, rows=False, mean=False
        ),
        "Rows' means and columns' means both hold the mean of all: you take it away twice. Add it once.": partial(
            beyond, mean=False
        ),
        "That takes only the mean of all away. A sum can say more: one term for each row, one for each column.": (
            lambda scores: scores - scores.mean()
        ),
        "That is the best sum itself. Asked for is what it leaves.": lambda scores: scores - beyond(scores),
    },
    hint="Take away the mean of each row and the mean of each column, and add the mean of all.",
)
def exercise_17_3(scores: np.ndarray) -> np.ndarray:
    """``beyond_a_sum(scores)``: what no sum of a left and a right term gives, float[left, right].

    >>> exercise_17_3(lambda scores: scores - scores.mean()).passed
    False
    """
    return beyond(scores)
