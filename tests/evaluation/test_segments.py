"""Overlaps of segments: published values, the definition read aloud, and their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_proteins import labelled_proteins
from sklearn import metrics

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation import scores, segments
from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.proteins.alphabet import STATES3, decode_states

REFERENCE = "CHHHHHHHHHHC"


@pytest.mark.parametrize(
    ("predicted", "q3", "sov", "strict", "refined"),
    [
        ("CHCHCHCHCHCC", 0.583, 0.125, 0.125, 0.149),
        ("CCCHHHHHCCCC", 0.583, 0.632, 0.465, 0.567),
        ("CHHHCHHHCHHC", 0.833, 0.406, 0.313, 0.371),
        ("CHHCCHHHHHCC", 0.750, 0.523, 0.386, 0.464),
        ("CCCHHHHHHCCC", 0.667, 0.806, 0.556, 0.678),
        ("CCCHHHHCCCCC", 0.500, 0.544, None, 0.459),
        ("CCCHHHHHHHCC", 0.750, 0.903, None, 0.797),
        ("CCCHHHHHHHHC", 0.833, 0.944, None, 0.937),
    ],
)
def test_published_segment_overlaps(predicted, q3, sov, strict, refined):
    """Printed values of Zemla 1999 and Liu and Wang 2018, to their three digits; Q3 ranks them differently."""
    digits = {"rel": 0, "abs": 0.0005 + 1e-12}
    letters = (np.array(list(text)) == "H" for text in (REFERENCE, predicted))
    assert scores.accuracy(metrics.confusion_matrix(*letters)) == pytest.approx(q3, **digits)
    assert segments.sov99(REFERENCE, predicted) == pytest.approx(sov, **digits)
    assert segments.sov_refine(REFERENCE, predicted) == pytest.approx(refined, **digits)
    if strict is not None:
        assert segments.sov99(REFERENCE, predicted, allowance=False) == pytest.approx(strict, **digits)


def test_published_segment_overlaps_of_other_states():
    """One state alone, four states, and the three scales of the refined measure."""
    assert segments.sov99("CCEEECCCCCCEEEEEECCC", "CCCCCCCEEEEECCCEECCC", only="E") == pytest.approx(0.28, abs=1e-12)
    reference = "AABBBBBBCCCCCCDD"
    for predicted, sov, refined in (
        ("AAAAABBBCCCDDDDD", 0.650, (0.807, 0.641, 0.508)),
        ("AAAABBBBCCCCDDDD", 0.938, (0.925, 0.850, 0.670)),
    ):
        assert segments.sov99(reference, predicted, "ABCD") == pytest.approx(sov, abs=0.0005 + 1e-12)
        for scale, value in zip((1, 0.5, 0.1), refined, strict=True):
            score = segments.sov_refine(reference, predicted, "ABCD", scale=scale)
            assert score == pytest.approx(value, abs=0.0005 + 1e-12)


def slow_sov99(observed, predicted):
    """The definition read aloud, with sets and loops."""

    def segments_of(text):
        starts = [k for k in range(len(text)) if k == 0 or text[k] != text[k - 1] or text[k] == "?"]
        ends = [*starts[1:], len(text)]
        return [(text[a], set(range(a, b))) for a, b in zip(starts, ends, strict=True) if text[a] != "?"]

    hidden = "".join("?" if true == "?" else guess for true, guess in zip(observed, predicted, strict=True))
    score = residues = 0
    for state, ours in segments_of(observed):
        partners = [theirs for other, theirs in segments_of(hidden) if other == state and ours & theirs]
        for theirs in partners:
            overlap, extent = len(ours & theirs), len(ours | theirs)
            allowed = min(extent - overlap, overlap, len(ours) // 2, len(theirs) // 2)
            score += (overlap + allowed) / extent * len(ours)
        residues += len(ours) * max(1, len(partners))
    return score / residues if residues else float("nan")


@given(labelled_proteins(choices=(3,)))
def test_segment_overlap_without_loops_equals_the_definition(proteins):
    """The one-pass pairing of many proteins is the definition, applied to each protein, with masked residues."""
    _, true, predicted = proteins
    report = Report.from_labels(true, predicted)
    for number, pair in enumerate(zip(true, predicted, strict=True)):
        observed, guess = map(decode_states, pair)
        expected = slow_sov99(observed, guess)
        assert segments.sov99(observed, guess) == pytest.approx(expected, abs=1e-12, nan_ok=True)
        assert report.overlap[number] == pytest.approx(expected, abs=1e-12, nan_ok=True)
        for column, state in enumerate(STATES3):
            alone = segments.sov99(observed, guess, only=state)
            assert report.overlaps[number, column] == pytest.approx(alone, abs=1e-12, nan_ok=True)


STRUCTURES = st.text(STATES3 + "?", min_size=1, max_size=40)


@given(STRUCTURES, st.data())
def test_laws_of_segment_overlap(observed, data):
    """Bounded; 1 for the truth itself; the allowance only adds; without it only the truth scores 1."""
    predicted = data.draw(st.text(STATES3, min_size=len(observed), max_size=len(observed)))
    strict = segments.sov99(observed, predicted, allowance=False)
    scores = [strict, segments.sov99(observed, predicted), segments.sov_refine(observed, predicted)]
    if set(observed) == {"?"}:
        assert np.isnan(scores).all()
        return
    assert all(strict - 1e-12 <= score <= 1 + 1e-12 for score in scores)
    assert segments.sov_refine(observed, predicted, scale=0) == pytest.approx(strict)
    perfect = all(true in ("?", guess) for true, guess in zip(observed, predicted, strict=True))
    assert (strict == 1) == perfect
    assert segments.sov99(observed, observed) == segments.sov_refine(observed, observed) == 1
    padded = "??" + observed + "???", "HE" + predicted + "CCH"
    assert segments.sov99(*padded) == scores[1]
    assert segments.sov_refine(*padded) == scores[2]


def test_full_marks_with_an_error_left():
    """Both measures forgive a residue at the border of two segments of five: 1 does not prove a perfect prediction."""
    assert segments.sov99("HHHHHEEEEE", "HHHHEEEEEE") == segments.sov_refine("HHHHHEEEEE", "HHHHEEEEEE") == 1
    assert segments.sov99("HHHHHEEEEE", "HHHHEEEEEE", allowance=False) < 1


def test_masked_residues_split_a_segment():
    """What lies between is unknown, so nobody may claim that it was one helix."""
    whole, split = segments.sov99("HHHHHH", "HHHHCC"), segments.sov99("HHH??HHH", "HHHHHHCC")
    assert whole == pytest.approx((4 + 2) / 6)
    assert split == pytest.approx((3 * 1 + 3 * 1 / 3) / 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("HHC", "HH"), "predicted has 2 states; expected 3"),
        (("HhC", "HHC"), "observed: state 2 is 'h'; expected one of HEC"),
        (("HHC", "HTC"), "predicted: state 2 is 'T'; expected one of HEC"),
    ],
)
def test_structures_that_cannot_be_compared(arguments, message):
    """A letter outside the states never counts as an error of the prediction."""
    with pytest.raises(segments.EvaluationError, match=message):
        segments.sov99(*arguments)
    with pytest.raises(PSSPError, match="only: state 1 is 'G'"):
        segments.sov_refine("HHC", "HHC", only="G")
