"""Words of DNA around methylated adenines: where the motifs come from that a model is measured against (chapter 17)."""

from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.applications.methylation import NUCLEOTIDES, encode_dna
from pssp_tutorial.applications.tables import ApplicationDataError

if TYPE_CHECKING:
    import pandas as pd


LEAST = 20  # methylated windows that have a word


def enriched_words(windows: "pd.DataFrame", length: int = 4) -> "pd.DataFrame":
    """How often the adenine in the middle is methylated, for each word of a length that covers it.

    Look for motifs among the windows to learn from, never among those to test on.

    The windows are those of :func:`methylation_windows`; words that fewer than twenty methylated ones have are left
    out. The columns: ``word``, ``place`` (0-based, of the adenine in the word), ``windows`` and ``methylated`` (how
    many have it) and ``share``; the largest share first.

    >>> from pssp_tutorial import load_methylation, methylation_splits
    >>> enriched_words(methylation_splits(load_methylation()).train)["word"][0]
    'GATC'
    """
    import pandas as pd

    codes = encode_dna(windows["sequence"]).astype(np.int64)
    width, middle = codes.shape[1], codes.shape[1] // 2
    if not 1 <= length <= middle + 1:
        raise ApplicationDataError(f"length is {length}; expected 1 to {middle + 1}, in windows of {width}")
    methylated = windows["methylated"].to_numpy()
    powers = len(NUCLEOTIDES) ** np.arange(length)[::-1]
    parts = []
    for place in range(length):
        numbers = codes[:, middle - place : middle - place + length] @ powers
        counts = np.bincount(numbers, minlength=len(NUCLEOTIDES) ** length)
        hits = np.bincount(numbers[methylated], minlength=len(NUCLEOTIDES) ** length)
        common = np.flatnonzero(hits >= LEAST)
        words = ["".join(NUCLEOTIDES[number // power % 4] for power in powers) for number in common]
        parts.append(
            pd.DataFrame({"word": words, "place": place, "windows": counts[common], "methylated": hits[common]})
        )
    table = pd.concat(parts, ignore_index=True)
    table["share"] = table["methylated"] / table["windows"]
    return table.sort_values(["share", "word"], ascending=[False, True], ignore_index=True)
