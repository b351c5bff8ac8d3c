"""From an alignment to a profile: weights, counts and pseudocounts (chapter 10)."""

from collections.abc import Sequence

import numpy as np

from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.record import RecordError

GAP = "-"


def sequence_weights(alignment: Sequence[str]) -> np.ndarray:
    """The weight of each row, float64[row]; the sum is 1, and rows that are alike share theirs.

    Each column hands out the same amount: equal parts to its different letters, and each part evenly to the rows that
    have the letter. Columns in which a row has a gap give it nothing.

    Parameters: `alignment` rows of equal length, of residues and ``-``.
    Raises RecordError if there is no row, or one is of another length.

    Source: Henikoff and Henikoff 1994, Journal of Molecular Biology 243, 574-578.

    >>> sequence_weights(["GYVGS", "GFDGF", "GYDGF", "GYQGG"]).round(3)
    array([0.267, 0.267, 0.2  , 0.267])
    """
    letters = _letters(alignment)
    weights = np.zeros(len(letters))
    for column in letters.T:
        kinds, kind, rows = np.unique(column, return_inverse=True, return_counts=True)
        share = np.where(kinds == GAP, 0.0, 1 / (max(1, (kinds != GAP).sum()) * rows))  # eq. (position-weights)
        weights += share[kind]
    if not weights.any():
        raise RecordError("nothing but gaps; expected residues")
    return weights / weights.sum()


def alignment_profile(
    alignment: Sequence[str],
    *,
    weights: np.ndarray | None = None,
    pseudocount: float = 1.0,
    background: np.ndarray | None = None,
) -> np.ndarray:
    """How often each amino acid stands in each column, float64[length, 20]; each column has the sum 1.

    The rows are of equal length; letters other than the 20 amino acids, and gaps, are not counted. The weights, with
    the sum 1, are those of :func:`sequence_weights` if left out. To each column so many rows of ``background``,
    float[20], are added as ``pseudocount`` says: what is expected where nothing is seen, all amino acids alike if left
    out.

    Raises RecordError for rows of other lengths, and for a column of nothing without a pseudocount.

    >>> alignment_profile(["AC", "AD", "A-"], pseudocount=0)[1].round(2)[:3]
    array([0.  , 0.5, 0.5])
    """
    letters = _letters(alignment)
    weights = sequence_weights(alignment) if weights is None else np.asarray(weights)
    background = np.full(len(AMINO_ACIDS), 1 / len(AMINO_ACIDS)) if background is None else background
    counts = np.stack([len(letters) * weights @ (letters == letter) for letter in AMINO_ACIDS], axis=1)
    seen = counts.sum(axis=1, keepdims=True)  # rows with a residue there, by weight
    if not pseudocount and not seen.all():
        raise RecordError(f"column {int(seen.argmin()) + 1} has no residue; expected one, or a pseudocount")
    return (counts + pseudocount * background) / (seen + pseudocount)  # eq. (pseudocounts)


def _letters(alignment: Sequence[str]) -> np.ndarray:
    """The letters [row, column]."""
    lengths = {len(row) for row in alignment}
    if len(lengths) != 1 or lengths == {0}:
        raise RecordError(f"rows of {sorted(lengths)} columns; expected rows, all of one length")
    return np.array([list(row) for row in alignment])
