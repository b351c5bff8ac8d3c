"""Words of DNA around methylated adenines: where the motifs come from that a model is measured against (chapter 17)."""

from typing import TYPE_CHECKING

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

    sequences, methylated = windows["sequence"], windows["methylated"]
    width, middle = len(sequences.iloc[0]), len(sequences.iloc[0]) // 2
    if not 1 <= length <= middle + 1:
        raise ApplicationDataError(f"length is {length}; expected 1 to {middle + 1}, in windows of {width}")
    parts = [
        pd.DataFrame({"word": sequences.str[start : start + length], "place": middle - start, "methylated": methylated})
        for start in range(middle, middle - length, -1)
    ]
    words = pd.concat(parts).groupby(["word", "place"])["methylated"]
    table = words.agg(windows="size", methylated="sum").query(f"methylated >= {LEAST}").reset_index()
    table["share"] = table["methylated"] / table["windows"]
    return table.sort_values(["share", "word"], ascending=[False, True], ignore_index=True)
