"""Graders of chapter 10: relatives and fused inputs."""

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases
from pssp_tutorial.proteins.alignment import alignment_profile
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS

COLUMNS = {
    "two kinds, one of them twice": ("HHK",),
    "all alike": ("GGGG",),
    "with gaps": ("A-AC-",),
    "all different": ("WYF",),
}


def parts(column: str, *, kinds: bool = True, copies: bool = True, gaps: bool = False) -> list[float]:
    residues = column if gaps else column.replace("-", "")
    share = len(set(residues)) if kinds else 1
    return [
        0.0 if letter == "-" and not gaps else 1 / (share * (column.count(letter) if copies else 1))
        for letter in column
    ]


@by_cases(
    "10.1",
    cases=COLUMNS,
    mistakes={
        "Every row gets the same. Rows with a common residue must share the part of this residue.": (
            lambda column: parts(column, copies=False)
        ),
        "The column must hand out 1 in all. Divide by the number of different residues as well.": (
            lambda column: parts(column, kinds=False)
        ),
        "A gap is not a residue: it gets 0, and it does not count as a kind.": lambda column: parts(column, gaps=True),
        "That is each row's frequency. A frequent residue must give each of its rows less, not more.": (
            lambda column: [
                0.0 if letter == "-" else column.count(letter) / len(column.replace("-", "")) for letter in column
            ]
        ),
    },
    hint="How many different residues has the column, and how many rows have the residue of this row?",
)
def exercise_10_1(column: str) -> list[float]:
    """``column_weights(column)``: what one column of an alignment gives to each row, a list; the sum is 1.

    >>> exercise_10_1(lambda column: [1 / len(set(column))] * len(column)).passed
    False
    """
    return parts(column)


def alignments() -> Cases:
    return {
        "one residue, seen once": ("K", 1.0),
        "four of a kind": ("GGGG", 1.0),
        "with gaps": ("LL-V-", 2.0),
        "many pseudocounts": ("HHK", 20.0),
    }


def frequencies(column: str, pseudocount: float) -> np.ndarray:
    rows = len(column)
    return alignment_profile(list(column), weights=np.full(rows, 1 / rows), pseudocount=pseudocount)[0]


def counted(column: str) -> np.ndarray:
    return np.array([column.count(letter) for letter in AMINO_ACIDS], dtype=float)


@by_cases(
    "10.2",
    cases=alignments,
    mistakes={
        "These are the observed frequencies. What was never seen has probability 0: add the pseudocounts.": (
            lambda column, pseudocount: counted(column) / counted(column).sum()
        ),
        "Each amino acid gets the whole pseudocount. All twenty together get it: a twentieth each.": (
            lambda column, pseudocount: (
                (counted(column) + pseudocount) / (counted(column).sum() + len(AMINO_ACIDS) * pseudocount)
            )
        ),
        "You divide by all rows. A row with a gap has no residue here: divide by those that have one.": (
            lambda column, pseudocount: (counted(column) + pseudocount / 20) / (len(column) + pseudocount)
        ),
        "The sum is not 1: what is added above the line must be added below it too.": (
            lambda column, pseudocount: (counted(column) + pseudocount / 20) / counted(column).sum()
        ),
    },
    hint="Above the line: the count, and a twentieth of the pseudocount. Below it: the sum of what is above it.",
)
def exercise_10_2(column: str, pseudocount: float) -> np.ndarray:
    """``column_profile(column, pseudocount)``: frequencies of the 20 amino acids in a column, float[20], rows alike.

    The amino acids stand in the order of ``pssp.AMINO_ACIDS``, and all are expected alike where nothing is seen.

    >>> exercise_10_2(frequencies).passed
    True
    """
    return frequencies(column, pseudocount)


def batches() -> Cases:
    draw = np.random.default_rng(0)

    def inputs(chains: int, length: int) -> np.ndarray:
        residues = np.eye(21)[draw.integers(20, size=(chains, length))]
        return np.concatenate([residues, draw.dirichlet(np.ones(20), (chains, length))], axis=-1).round(3)

    return {
        "one chain of two": (inputs(2, 4), np.array([True, False])),
        "no chain": (inputs(2, 3), np.array([False, False])),
        "two of three": (inputs(3, 2), np.array([True, False, True])),
    }


def dropped(inputs: np.ndarray, alone: np.ndarray) -> np.ndarray:
    return np.where(np.asarray(alone)[:, None, None], np.concatenate([inputs, inputs[..., :20]], -1)[..., KEPT], inputs)


KEPT = [*range(21), *range(41, 61)]  # the residues, and in place of the profile the first 20 of them once more


def with_values(inputs: np.ndarray, alone: np.ndarray, value: float) -> np.ndarray:
    changed = inputs.copy()
    changed[np.asarray(alone), :, 21:] = value
    return changed


@by_cases(
    "10.3",
    cases=batches,
    mistakes={
        "Zeros never come in use: a chain without relatives has a profile all the same, its own residues.": (
            lambda inputs, alone: with_values(inputs, alone, 0.0)
        ),
        "Twenty equal frequencies say that anything may stand there. The chain itself is known: use its residues.": (
            lambda inputs, alone: with_values(inputs, alone, 1 / 20)
        ),
        "You drop the profile of every chain. Only those that `alone` marks lose it.": (
            lambda inputs, alone: dropped(inputs, np.ones(len(inputs), dtype=bool))
        ),
        "The other way round: the chains that `alone` marks lose their profile.": (
            lambda inputs, alone: dropped(inputs, ~np.asarray(alone))
        ),
        "Nothing has changed. Put the first 20 channels in place of the last 20, where `alone` is True.": (
            lambda inputs, alone: inputs
        ),
    },
    hint="Channels 0 to 20 are the residues, 21 to 40 the profile. Compare the shapes.",
)
def exercise_10_3(inputs: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """``without_relatives(inputs, alone)``: the batch with profiles of the chain itself where ``alone`` is True.

    ``inputs`` is float[batch, length, 41], one-hot residues and then the profile; ``alone`` bool[batch].

    >>> exercise_10_3(lambda inputs, alone: inputs).hint[:20]
    'Nothing has changed.'
    """
    return dropped(inputs, alone)
