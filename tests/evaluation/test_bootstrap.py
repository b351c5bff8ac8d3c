"""Intervals against closed formulas and a slow bootstrap; a difference is paired, or it is too wide."""

import numpy as np
import pytest

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation.bootstrap import draw_scores, score_difference, score_interval
from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.evaluation.scores import EvaluationError, f1
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


def report_of(accuracies, length=50, seed=0):
    """Proteins of a length, each with its own chance of a right residue."""
    rng = np.random.default_rng(seed)
    true = [rng.integers(0, 3, length) for _ in accuracies]
    wrong = [(labels + 1) % 3 for labels in true]
    hits = [rng.random(length) < accuracy for accuracy in accuracies]
    return Report.from_labels(true, [np.where(h, t, w) for h, t, w in zip(hits, true, wrong, strict=True)])


def test_width_is_that_of_the_normal_distribution():
    """For many proteins of one length the mean's standard error is known: the bootstrap must find it."""
    report = report_of(np.random.default_rng(1).uniform(0.5, 0.9, 400))
    accuracies = report.per_protein["accuracy"].to_numpy()
    expected = 1.96 * accuracies.std() / np.sqrt(400)
    interval = score_interval(report, draws=4_000)
    assert interval.value == report.q
    assert interval.half_width == pytest.approx(expected, rel=0.06)
    assert interval.low < interval.value < interval.high


@pytest.mark.parametrize("score", ["q", "q_per_protein", "sov", lambda confusion: f1(confusion).mean()])
def test_draws_are_reports_of_the_drawn_proteins(score):
    """The vectorised form is the plain one: build the report of each drawn set, and score it."""
    rng = np.random.default_rng(2)
    true = [rng.integers(0, 3, length) for length in (5, 9, 14, 30)]
    guess = [np.where(rng.random(labels.size) < 0.6, labels, 2) for labels in true]
    scores = draw_scores(Report.from_labels(true, guess), score, draws=20, seed=3)
    for drawn, value in zip(np.random.default_rng(3).integers(4, size=(20, 4)), scores, strict=True):
        plain = Report.from_labels([true[index] for index in drawn], [guess[index] for index in drawn])
        assert value == pytest.approx(score(plain.confusion) if callable(score) else getattr(plain, score), abs=1e-12)


def test_proteins_without_a_known_state_are_never_drawn():
    """A protein that nobody can score must neither move a score nor widen its interval."""
    true, guess = [[0, 1], [2, 2], [0, 0]], [[0, 2], [2, 2], [1, 1]]
    plain = Report.from_labels(true, guess)
    masked = Report.from_labels([*true, [IGNORE_INDEX] * 3], [*guess, [0] * 3])
    for score in ("q", "q_per_protein", "sov"):
        assert score_interval(masked, score) == score_interval(plain, score)


def test_a_difference_is_paired():
    """Two models that fail on the same proteins differ by less than their own intervals suggest."""
    rng = np.random.default_rng(4)
    true = [rng.integers(0, 3, 100) for _ in range(200)]
    hard = rng.uniform(0.3, 1.0, 200)  # what makes a protein hard, makes it hard for both
    right = [rng.random(100) < ease for ease in hard]
    extra = [hits | (rng.random(100) < 0.03) for hits in right]
    first, second = (
        Report.from_labels(true, [np.where(h, t, (t + 1) % 3) for h, t in zip(hits, true, strict=True)])
        for hits in (extra, right)
    )
    difference = score_difference(first, second)
    assert difference.value == pytest.approx(first.q - second.q)
    assert 0 < difference.low < difference.high
    assert difference.half_width < score_interval(first).half_width / 4
    assert score_difference(first, first) == (0, 0, 0)
    reverse = score_difference(second, first)
    assert (reverse.low, reverse.high) == pytest.approx((-difference.high, -difference.low))


def test_residues_alone_make_it_too_narrow():
    """Why proteins are drawn: with proteins of unequal difficulty, residues are no independent trials."""
    report = report_of([0.4, 0.95] * 100, length=100)
    naive = 1.96 * np.sqrt(report.q * (1 - report.q) / report.residues)
    assert score_interval(report).half_width > 3 * naive


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"score": "q9"}, "score is 'q9'; expected q, q_per_protein, sov or a function"),
        ({"draws": 0}, "draws is 0; expected 1 or more"),
        ({"level": 95}, "level is 95; expected a share between 0 and 1"),
    ],
)
def test_wrong_settings_are_named(arguments, message):
    with pytest.raises(EvaluationError, match=message):
        score_interval(report_of([0.5, 0.7]), **arguments)
    assert issubclass(EvaluationError, PSSPError)


def test_reports_of_other_proteins_are_not_compared():
    """A paired difference of unpaired proteins would be a number without a meaning."""
    with pytest.raises(EvaluationError, match="different proteins or residues"):
        score_difference(report_of([0.5, 0.7]), report_of([0.5, 0.7, 0.9]))
    with pytest.raises(EvaluationError, match="different proteins or residues"):
        score_difference(Report.from_labels([[0, 1]], [[0, 1]]), Report.from_labels([[0, 2]], [[0, 1]]))
