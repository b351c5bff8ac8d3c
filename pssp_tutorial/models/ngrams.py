"""n-grams: how often a residue follows the one, two or three before it, smoothed (chapter 12).

Source of the smoothing: MacKay and Peto 1995, A hierarchical Dirichlet language model.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pssp_tutorial.models.contract import ModelError, checked_sizes
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, RESIDUES, residue_codes
from pssp_tutorial.proteins.cleaning import clean_sequence

KNOWN, LETTERS = len(AMINO_ACIDS), len(RESIDUES)
LARGEST_ORDER = 4  # beyond which a table has millions of rows


class NGram:
    """Predicts a residue from the ``order - 1`` before it, by counts.

    What a context says is mixed with what the context without its first residue says, as if the latter had been seen
    `strength` times more; without any context stands the even guess, 1/20.

    Parameters: `sequences` to count in; `order` 1 to 4; `strength` of the smoothing, more than 0.
    Raises ModelError for a setting outside these.

    >>> model = NGram(["ACACACAC"], order=2, strength=1.0)
    >>> model.losses("AC").round(2)
    array([0.8 , 0.12])
    """

    def __init__(self, sequences: Iterable[str], order: int, strength: float) -> None:
        checked_sizes(order=order)
        if order > LARGEST_ORDER or not strength > 0:
            raise ModelError(
                f"order is {order} and strength {strength}; expected an order to {LARGEST_ORDER}, a strength above 0"
            )
        self.order, self.strength = order, strength
        codes = [residue_codes(clean_sequence(sequence, on_warning=None)) for sequence in sequences]
        self.tables = [np.full(KNOWN, 1 / KNOWN)]
        for size in range(1, order + 1):
            counts = counted(codes, size)
            seen = counts.sum(axis=-1, keepdims=True)
            self.tables.append((counts + strength * self.tables[-1]) / (seen + strength))  # eq. (smoothing)

    def losses(self, sequence: str) -> np.ndarray:
        """The surprise, -log p, at each residue, float[length]; nan at X."""
        codes = residue_codes(clean_sequence(sequence, on_warning=None))
        losses = np.full(len(codes), np.nan)
        for size in range(1, min(self.order, len(codes)) + 1):  # each longer context replaces the shorter one
            words = np.lib.stride_tricks.sliding_window_view(codes, size)  # [word, residue]
            known = np.flatnonzero(words[:, -1] < KNOWN)
            losses[known + size - 1] = -np.log(self.tables[size][tuple(words[known].T)])
        return losses


def counted(codes: list[np.ndarray], size: int) -> np.ndarray:
    """How often each known residue ended each word of `size` residues, float[21, …, 21, 20]."""
    counts = np.zeros((LETTERS,) * (size - 1) + (KNOWN,))
    for chain in codes:
        if len(chain) >= size:
            words = np.lib.stride_tricks.sliding_window_view(chain, size)  # [word, residue]
            np.add.at(counts, tuple(words[words[:, -1] < KNOWN].T), 1)
    return counts
