"""Ends and lengths of segments, against a slow reading of the definition and hand-worked cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.evaluation.boundaries import observed_segments, segment_statistics
from pssp_tutorial.proteins.alphabet import encode_states


def segments_of(text):
    """(state, start, end) of each run; a masked residue ends one."""
    starts = [k for k in range(len(text)) if k == 0 or text[k] != text[k - 1] or text[k] == "?"]
    ends = [*starts[1:], len(text)]
    return [(text[a], a, b) for a, b in zip(starts, ends, strict=True) if text[a] != "?"]


def slow_rows(observed, predicted):
    hidden = "".join("?" if true == "?" else guess for true, guess in zip(observed, predicted, strict=True))
    for state, start, end in segments_of(observed):
        best = (0, None, None)
        for other, begin, stop in segments_of(hidden):
            overlap = min(end, stop) - max(start, begin)
            if other == state and overlap > best[0]:
                best = (overlap, begin, stop)
        overlap, begin, stop = best
        errors = (begin - start, stop - end) if overlap else (float("nan"), float("nan"))
        yield (state, end - start, stop - begin if overlap else 0, overlap, *errors)


@given(st.lists(st.tuples(st.text("HEC?", min_size=1, max_size=30), st.randoms()), min_size=1, max_size=4))
def test_equals_the_definition(proteins):
    """Over several proteins at once, with masked residues: a segment must never reach into the next protein."""
    observed = [text for text, _ in proteins]
    predicted = ["".join(rng.choice("HEC") for _ in text) for text, rng in proteins]
    if not set("".join(observed)) - {"?"}:
        return
    table = observed_segments(*([encode_states(text) for text in texts] for texts in (observed, predicted)))
    expected = [row for pair in zip(observed, predicted, strict=True) for row in slow_rows(*pair)]
    columns = ["state", "length", "partner", "overlap", "start_error", "end_error"]
    assert len(table) == len(expected)
    for row, wanted in zip(table[columns].itertuples(index=False), expected, strict=True):
        assert row[0] == wanted[0]
        np.testing.assert_array_equal(np.array(row[1:], dtype=float), np.array(wanted[1:], dtype=float))


def test_signs_and_averages():
    """A helix found too early at its start and too early at its end; and one that is not found at all."""
    true, guess = encode_states("CCHHHHCCEECCHHHC"), encode_states("CHHHHCCCEECCCCCC")
    helices = observed_segments([true], [guess], ids=["one"]).query("state == 'H'")
    assert helices["start_error"].tolist()[0] == helices["end_error"].tolist()[0] == -1
    assert np.isnan(helices["start_error"].tolist()[1])
    assert set(helices["id"]) == {"one"}
    table = segment_statistics([true], [guess])
    assert table.loc["H"].tolist() == [2, 1, 3.5, 4, 0.5, 1, 1, 0]
    assert table.loc["E", ["found", "start_error", "end_error", "exact"]].tolist() == [1, 0, 0, 1]


def test_states_that_only_one_side_has():
    """A state that is never predicted has segments and no partners; one that is never observed is no crash."""
    table = segment_statistics([encode_states("HHH")], [encode_states("EEE")])
    assert table.index.tolist() == ["H", "E"]
    assert table["observed"].tolist() == [1, 0]
    assert table["predicted"].tolist() == [0, 1]
    assert table.loc["H", "found"] == 0


def test_eight_states():
    """The letters are those of the classes."""
    assert observed_segments([[0, 1, 1]], [[0, 1, 2]], classes=8)["state"].tolist() == ["H", "G"]


def test_masked_residues_split_a_segment():
    """What lies between is unknown, so nobody may claim that it was one helix."""
    table = observed_segments([encode_states("HHH??HH")], [encode_states("HHHHHHH")])
    assert table["length"].tolist() == table["partner"].tolist() == [3, 2]
    assert table["start_error"].tolist() == [0, 0]


def test_perfect_prediction_is_exact():
    true = [encode_states("CHHHCEEC"), encode_states("HHC")]
    table = segment_statistics(true, true)
    assert (table["exact"] == 1).all()
    assert table["start_error"].tolist() == pytest.approx([0, 0, 0])
