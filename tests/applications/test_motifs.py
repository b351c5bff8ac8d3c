"""Motifs of methylation, found among the windows to learn from."""

import pandas as pd
import pytest

import pssp_tutorial as pssp
from pssp_tutorial.applications.motifs import enriched_words

KNOWN = {("GATC", 1), ("ACCCA", 4), ("CCAAAT", 4)}
"""What the nanomotif package lists for these plasmids, apart from a motif with wildcards."""


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    return pssp.methylation_splits(pssp.load_methylation()).train


@pytest.mark.parametrize("length", [4, 5, 6])
def test_counts_are_those_of_a_loop_over_windows(train: pd.DataFrame, length: int) -> None:
    """Window by window, with slices of text."""
    table = enriched_words(train, length)
    middle = len(train["sequence"][0]) // 2
    for _, row in table.head(5).iterrows():
        start = middle - row["place"]
        has = train["sequence"].str[start : start + length] == row["word"]
        assert (has.sum(), (has & train["methylated"]).sum()) == (row["windows"], row["methylated"])


def test_known_motifs_stand_out_on_the_training_plasmid_alone(train: pd.DataFrame) -> None:
    """The chapter's baseline may use them only because they can be found without a look at the test plasmid."""
    rows = pd.concat([enriched_words(train, length) for length in (4, 5, 6)])
    strong = {(row["word"], row["place"]) for _, row in rows[rows["share"] > 0.7].iterrows()}
    assert strong >= KNOWN


def test_a_word_longer_than_half_a_window_is_refused(train: pd.DataFrame) -> None:
    """It could not cover the middle at each of its places."""
    with pytest.raises(pssp.PSSPError, match="length is 22; expected 1 to 21"):
        enriched_words(train, 22)
