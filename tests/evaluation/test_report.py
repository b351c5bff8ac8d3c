"""Scores against scikit-learn, published segment overlaps and their own laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation import scores, segments
from pssp_tutorial.evaluation.bootstrap import score_interval
from pssp_tutorial.evaluation.boundaries import observed_segments
from pssp_tutorial.evaluation.report import ProteinReport, Report
from pssp_tutorial.evaluation.scores import EvaluationError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX, STATES3, decode_states, states_of

REFERENCE = "CHHHHHHHHHHC"


@st.composite
def labelled_proteins(draw, choices=(3, 8)):
    """Class numbers of a few proteins, true (masked in places) and predicted; at least one residue counts."""
    classes = draw(st.sampled_from(choices))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    used = draw(st.integers(1, classes))  # fewer than all: classes that never occur
    given_too = draw(st.integers(1, classes))  # and classes that are never predicted
    true = [np.repeat(rng.integers(0, used, 12), 1 + rng.integers(0, 4, 12)) for _ in range(draw(st.integers(1, 5)))]
    noise = draw(st.sampled_from([0.0, 0.2, 1.0]))
    predicted = [np.where(rng.random(t.size) < noise, rng.integers(0, given_too, t.size), t) for t in true]
    for labels in true:
        labels[rng.random(labels.size) < draw(st.sampled_from([0.0, 0.3]))] = IGNORE_INDEX
    true[0][0] = predicted[0][0] = 0
    return classes, true, predicted


def flat(true, predicted):
    true, predicted = np.concatenate(true), np.concatenate(predicted)
    return true[true != IGNORE_INDEX], predicted[true != IGNORE_INDEX]


@given(labelled_proteins())
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_equals_scikit_learn(proteins):
    """Every per-class score and average is scikit-learn's, also for classes that never occur or are never given."""
    classes, true, predicted = proteins
    report = Report.from_labels(true, predicted, classes)
    pair = flat(true, predicted)
    options = {"labels": range(classes), "zero_division": 0}
    scores = metrics.precision_recall_fscore_support(*pair, **options)
    np.testing.assert_array_equal(report.confusion, metrics.confusion_matrix(*pair, labels=range(classes)))
    for name, expected in zip(("precision", "recall", "f1", "support"), scores, strict=True):
        np.testing.assert_allclose(report.table[name], expected, rtol=0, atol=1e-12)
    for average in ("macro", "weighted"):
        expected = metrics.f1_score(*pair, average=average, **options)
        assert getattr(report, f"{average}_f1") == pytest.approx(expected, rel=0, abs=1e-12)
    assert report.q == pytest.approx(metrics.accuracy_score(*pair), rel=0, abs=1e-12)
    for number, state in enumerate(states_of(classes)):
        expected = metrics.matthews_corrcoef(*(labels == number for labels in pair))
        assert report.mcc[state] == pytest.approx(expected, rel=0, abs=1e-12)


@given(labelled_proteins())
def test_scores_are_bounded_and_perfect_only_for_a_perfect_prediction(proteins):
    """A score outside its range, or full marks with an error left, would mislead every reader."""
    classes, true, predicted = proteins
    report = Report.from_labels(true, predicted, classes)
    perfect = bool(np.all(np.equal(*flat(true, predicted))))
    assert (report.q == 1) == (report.q_per_protein == 1) == perfect
    assert not perfect or report.sov == 1
    scores = report.table.drop(columns=["support", "sov"]).to_numpy()
    assert (scores >= -1).all()
    assert (scores <= 1).all()
    assert np.all((report.overlaps >= 0) & (report.overlaps <= 1 + 1e-12) | np.isnan(report.overlaps))
    assert report.residues == flat(true, predicted)[0].size
    assert report.proteins == len(true) == len(report.per_protein)


@given(labelled_proteins(), st.integers(0, 9), st.integers(0, 9))
def test_padding_changes_nothing(proteins, before, after):
    """Padding counted as residues is the commonest error of the field."""
    classes, true, predicted = proteins
    padded = [np.pad(labels, (before, after), constant_values=IGNORE_INDEX) for labels in true]
    anything = [np.pad(labels, (before, after), constant_values=77) for labels in predicted]
    plain = Report.from_labels(true, predicted, classes)
    other = Report.from_labels(padded, anything, classes)
    np.testing.assert_array_equal(other.confusions, plain.confusions)
    np.testing.assert_array_equal(other.overlaps, plain.overlaps)
    np.testing.assert_array_equal(other.overlap, plain.overlap)


def test_the_confusion_matrix_of_labels_of_any_shape():
    """``IGNORE_INDEX`` hides a residue, and whatever was predicted there."""
    true, predicted = np.array([[0, 1, IGNORE_INDEX], [IGNORE_INDEX, 1, 1]]), np.array([[0, 2, 2], [9, 1, 1]])
    matrix = scores.confusion_matrix(true, predicted, 3)
    np.testing.assert_array_equal(matrix, [[1, 0, 0], [0, 2, 1], [0, 0, 0]])
    assert matrix.dtype == np.int64


def test_mean_over_proteins_is_not_the_mean_over_residues():
    """Two residues of 10 right and one of one right: 3/11 over residues, 0.6 over proteins."""
    report = Report.from_labels([[0] * 10, [1]], [[0] * 2 + [1] * 8, [1]], ids=["long", "short"])
    assert report.q == report.q3 == pytest.approx(3 / 11)
    assert report.q_per_protein == pytest.approx(0.6)
    assert report.per_protein["id"].tolist() == ["long", "short"]
    assert report.per_protein["accuracy"].tolist() == [0.2, 1.0]
    assert report.per_protein["length"].tolist() == [10, 1]
    with pytest.raises(AttributeError, match="no q8: this report has 3 classes"):
        _ = report.q8


def test_a_protein_without_known_states_is_left_out_of_the_means():
    """It has no accuracy: counting it as 0 would punish the model for the experiment."""
    report = Report.from_labels([[0, 1], [IGNORE_INDEX] * 2], [[0, 1], [2, 2]])
    assert report.q_per_protein == report.sov == 1
    assert np.isnan(report.per_protein["accuracy"][1])
    assert report.per_protein["length"].tolist() == [2, 0]


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([[0], [0, 1]], [[0], [0, 1, 2]], r"two: true labels have the shape \(2,\), predicted \(3,\)"),
        ([[0], [0, 3]], [[0], [0, 1]], "two: true label 2 is 3; expected 0 to 2"),
        ([[0], [0, 1]], [[0], [0, -1]], "two: predicted label 2 is -1; expected 0 to 2"),
        ([[0], [0, 1]], [[0], [0, 0.5]], "two: predicted labels are of type float64"),
        ([[0], [[0, 1]]], [[0], [[0, 1]]], r"two: labels have the shape \(1, 2\)"),
        ([[0], [0]], [[0]], "2 proteins with true labels, 1 with predicted ones and 2 ids"),
        ([[IGNORE_INDEX], [IGNORE_INDEX]], [[0], [0]], "2 proteins without one label to score"),
    ],
)
def test_wrong_labels_are_named(true, predicted, message):
    """The error says which protein, where, what was found and what was expected."""
    with pytest.raises(scores.EvaluationError, match=message):
        Report.from_labels(true, predicted, ids=["one", "two"])
    assert issubclass(scores.EvaluationError, PSSPError)


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
    assert scores.accuracy(scores.confusion_matrix(*map(np.int64, letters), 2)) == pytest.approx(q3, **digits)
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


# Other classes than states


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_a_report_of_any_classes_equals_scikit_learn(classes):
    """The same scores for sites of DNA or kinds of cells: two classes, five, and three that are no states."""
    rng = np.random.default_rng(classes)
    true = [rng.integers(0, classes, length) for length in (5, 9, 1)]
    predicted = [np.where(rng.random(labels.size) < 0.3, 0, labels) for labels in true]
    true[1][2] = IGNORE_INDEX
    names = [f"kind {number}" for number in range(classes)]
    report = Report.from_labels(true, predicted, names, ids=["a", "b", "c"])
    pair = flat(true, predicted)
    expected = metrics.precision_recall_fscore_support(*pair, labels=range(classes), zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        assert getattr(report, name) == pytest.approx(dict(zip(names, values, strict=True)))
    assert report.table["support"].tolist() == expected[3].tolist()
    assert report.table.index.tolist() == names
    assert report.q == pytest.approx(metrics.accuracy_score(*pair))
    assert report.per_sequence["length"].tolist() == [5, 8, 1]
    assert not isinstance(report, ProteinReport)
    assert repr(report).startswith("Report of 3 sequences, 14 positions: accuracy 0.")


def test_one_label_for_a_whole_sequence():
    """Of patients, each is one position, and the interval draws patients."""
    report = Report.from_labels(np.array([0, 1, 1, IGNORE_INDEX]), np.array([0, 1, 0, 1]), ["healthy", "ill"])
    np.testing.assert_array_equal(report.confusion, [[1, 0], [1, 1]])
    assert report.per_sequence["id"].tolist() == [f"sequence {number}" for number in range(1, 5)]
    assert report.q == report.q_per_sequence == pytest.approx(2 / 3)
    assert score_interval(report, "q_per_sequence").value == report.q
    assert score_interval(report, lambda confusion: scores.f1(confusion)[1]).value == report.f1["ill"]


def test_other_classes_have_no_segments():
    """A segment overlap of patients would be a number without a meaning."""
    report = Report.from_labels([0, 1], [0, 1], ["healthy", "ill"])
    assert not {"sov", "q3", "q8", "per_protein", "residues"} & set(dir(report))
    assert "sov" not in report.table
    with pytest.raises(EvaluationError, match="score is 'sov'; expected q, "):
        score_interval(report, "sov")
    with pytest.raises(scores.EvaluationError, match="sequence 2: true label 1 is 2; expected 0 to 1"):
        Report.from_labels([0, 2], [0, 1], ["healthy", "ill"])
    with pytest.raises(scores.EvaluationError, match="2 sequences with true labels, 1 with predicted ones"):
        Report.from_labels([0, 1], [0], ["healthy", "ill"])


def test_a_table_holds_any_name() -> None:
    """The name of a file may hold a letter that no text has; with pyarrow installed, pandas refuses it by default."""
    odd = "caf\udce9"
    assert Report.from_labels([[0, 1, 2]], [[0, 1, 1]], ids=[odd]).per_sequence["id"].tolist() == [odd]
    assert observed_segments([[0, 0, 2]], [[0, 0, 2]], ids=[odd])["id"].tolist() == [odd, odd]
