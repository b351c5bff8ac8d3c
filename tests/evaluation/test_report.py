"""Reports: every score is scikit-learn's, padding counts nothing, and wrong labels are named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_proteins import flat, labelled_proteins
from sklearn import metrics

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation import scores
from pssp_tutorial.evaluation.bootstrap import score_interval
from pssp_tutorial.evaluation.boundaries import observed_segments
from pssp_tutorial.evaluation.report import ProteinReport, Report
from pssp_tutorial.evaluation.scores import EvaluationError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX, states_of


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
    assert report.q == score_interval(report).value == pytest.approx(2 / 3)
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
