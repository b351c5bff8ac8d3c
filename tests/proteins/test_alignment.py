"""From an alignment to a profile: published weights, counts by hand, and what is refused."""

from collections import Counter

import numpy as np
import pytest

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alignment import alignment_profile, sequence_weights
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS

ROWS = ["GYVGS", "GFDGF", "GYDGF", "GYQGG"]  # the example of Henikoff and Henikoff 1994


def test_the_weights_are_those_of_the_article() -> None:
    """There the four rows get 12/45, 12/45, 9/45 and 12/45."""
    np.testing.assert_allclose(sequence_weights(ROWS), np.array([12, 12, 9, 12]) / 45)


def test_copies_share_their_weight() -> None:
    """A search finds some relatives a hundred times; they must not outvote the others."""
    once, often = sequence_weights(["MK", "AC"]), sequence_weights(["MK", *["AC"] * 9])
    np.testing.assert_allclose(once, [0.5, 0.5])
    np.testing.assert_allclose(often, [0.5, *[0.5 / 9] * 9])


def test_a_gap_earns_nothing() -> None:
    np.testing.assert_allclose(sequence_weights(["MK", "M-"]), [0.75, 0.25])


@pytest.mark.parametrize("pseudocount", [0.0, 1.0, 5.0])
def test_a_profile_is_what_counting_by_hand_gives(pseudocount: float) -> None:
    """Letter by letter, with a plain loop: weights, gaps and the background each in their place."""
    rows, background = ["MKV", "M-A", "AKV"], np.arange(1, 21) / 210
    weights = np.array([0.5, 0.2, 0.3])
    found = alignment_profile(rows, weights=weights, pseudocount=pseudocount, background=background)
    for place in range(3):
        counts: Counter[str] = Counter()
        for row, weight in zip(rows, weights, strict=True):
            counts[row[place]] += len(rows) * weight
        del counts["-"]
        for number, letter in enumerate(AMINO_ACIDS):
            expected = (counts[letter] + pseudocount * background[number]) / (sum(counts.values()) + pseudocount)
            assert found[place, number] == pytest.approx(expected)
    np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["MK", "M"], r"rows of \[1, 2\] columns"),
        ([], r"rows of \[\] columns"),
        (["--"], "nothing but gaps"),
        (["M-", "A-"], "column 2 has no residue"),
    ],
)
def test_what_is_no_alignment_is_refused(rows: list[str], message: str) -> None:
    with pytest.raises(PSSPError, match=message):
        alignment_profile(rows, pseudocount=0)
