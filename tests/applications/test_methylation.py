"""Windows of DNA: the strand, the label and the split are what the chapter says they are."""

import numpy as np
import pytest
from Bio.Seq import reverse_complement

import pssp_tutorial as pssp
from pssp_tutorial.applications.cpgs import EDGE, REGIONS, cpg_sequences, load_cpgs
from pssp_tutorial.applications.methylation import (
    Methylation,
    encode_dna,
    load_methylation,
    methylation_splits,
    methylation_windows,
)


@pytest.fixture(scope="module")
def methylation() -> Methylation:
    return load_methylation()


def test_the_reference_base_is_an_adenine_of_its_strand(methylation: Methylation) -> None:
    """The source has rows at mismatches too; one strand taken for the other would show thymines."""
    for contig, sites in methylation.adenines.groupby("contig"):
        letters = np.frombuffer(methylation.sequences[contig].encode(), dtype="S1")[sites["position"] - 1]
        np.testing.assert_array_equal(letters, np.where(sites["strand"] == "+", b"A", b"T"))


def test_gatc_is_methylated_on_both_strands_and_other_adenines_hardly_ever(methylation: Methylation) -> None:
    """The Dam motif is known biology, and a palindrome: a shift by one or a strand read backwards would lose it."""
    for contig in methylation.sequences:
        windows = methylation_windows(methylation, contig, width=7)
        gatc = windows["sequence"].str[2:6] == "GATC"
        for strand in "+-":
            chosen = windows["strand"] == strand
            assert windows["methylated"][gatc & chosen].mean() > 0.9
            assert windows["methylated"][~gatc & chosen].mean() < 0.01


def test_windows_are_cut_from_their_strand(methylation: Methylation) -> None:
    """Against the plain definition, letter by letter, for a hundred windows of either strand."""
    forward = methylation.sequences["contig_2"]
    windows = methylation_windows(methylation, "contig_2", width=9)
    for strand in "+-":
        for _, window in windows[windows["strand"] == strand].head(100).iterrows():
            around = forward[window["position"] - 5 : window["position"] + 4]
            assert window["sequence"] == (around if strand == "+" else reverse_complement(around))
    assert windows["sequence"].str[4].eq("A").all()


def test_no_test_window_shares_a_21_mer_with_the_training_plasmid(methylation: Methylation) -> None:
    """The leak is stopped if and only if no stretch of 21 occurs on both sides; plain search looks for it."""
    splits = methylation_splits(methylation)
    plasmid = methylation.sequences["contig_3"]
    both = f"{plasmid} {reverse_complement(plasmid)}"
    for text in splits.test["sequence"].sample(200, random_state=0):
        assert not any(text[at : at + 21] in both for at in range(21))
    for text in splits.shared["sequence"].sample(50, random_state=0):
        assert any(text[at : at + 21] in both for at in range(21))


def test_validation_windows_do_not_overlap_training_windows(methylation: Methylation) -> None:
    """Windows at the border would share their letters."""
    splits = methylation_splits(methylation)
    assert splits.val["position"].min() - splits.train["position"].max() >= 40


def test_what_is_not_dna_and_what_is_not_there_is_refused(methylation: Methylation) -> None:
    """A letter that maps to nothing silently would be learnt from."""
    with pytest.raises(pssp.PSSPError, match="position 3 is 'N'; expected one of ACGT"):
        encode_dna(["ACGT", "ACNT"])
    with pytest.raises(pssp.PSSPError, match="lengths"):
        encode_dna(["ACGT", "AC"])
    with pytest.raises(pssp.PSSPError, match="contig 'contig_9'; expected one of contig_3, contig_2"):
        methylation_windows(methylation, "contig_9")
    with pytest.raises(pssp.PSSPError, match="width is 40"):
        methylation_windows(methylation, "contig_2", width=40)
    with pytest.raises(pssp.PSSPError, match="shared is 50"):
        methylation_splits(methylation, shared=50)


def test_cpgs_are_in_order_and_their_level_is_a_share_of_reads() -> None:
    """The file holds distances, and of reads two kinds; most of a body's CpGs are methylated."""
    cpgs = load_cpgs()
    assert cpgs["position"].is_monotonic_increasing
    assert cpgs["position"].iloc[[0, -1]].tolist() == [14430632, 49591050]
    assert cpgs["reads"].min() == 10
    np.testing.assert_allclose(
        cpgs["level"], cpgs["methylated"] / (cpgs["methylated"] + cpgs["unmethylated"]), rtol=1e-6
    )
    assert (cpgs["level"] >= 0.5).mean() == pytest.approx(0.85, abs=0.01)


def test_rows_of_cpgs_stay_in_their_region_and_hide_none_at_the_ends() -> None:
    """Neighbours are alike: rows of two splits must lie far apart, and what is hidden must have neighbours."""
    parts = cpg_sequences(load_cpgs())
    for name, (first, last) in REGIONS.items():
        middle = parts[name].positions.mean(axis=1)
        assert first <= middle.min()
        assert middle.max() < last
        assert not parts[name].hidden[:, [*range(EDGE), *range(-EDGE, 0)]].any()
        assert parts[name].hidden[:, EDGE:-EDGE].mean() == pytest.approx(0.15, abs=0.01)
    assert parts["train"].positions.max() < parts["val"].positions.min()
    assert parts["val"].positions.max() < parts["test"].positions.min()
    with pytest.raises(pssp.PSSPError, match="length is 16"):
        cpg_sequences(load_cpgs(), 16)
