"""How sure a score is: the bootstrap over proteins, for one model and for the difference of two (chapter 7).

Residues of one protein tend to be right or wrong together, so what is drawn with replacement are proteins. Two models
are compared on the same draws: what makes a protein hard for both cancels.

Source: Efron 1979, doi 10.1214/aos/1176344552.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.evaluation.scores import EvaluationError

DRAWS = 2_000
COLUMNS = {"q": "accuracy", "q_per_protein": "accuracy", "sov": "sov"}  # of per_sequence
Score = str | Callable[[np.ndarray], float]


class Interval(NamedTuple):
    """A score, and the ends of the middle part of the scores of drawn sets of proteins."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the ends: what stands behind ±.

        >>> Interval(0.70, 0.68, 0.71).half_width.__round__(3)
        0.015
        """
        return (self.high - self.low) / 2


def score_interval(
    report: Report, score: Score = "q", *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> Interval:
    """Score a report, with an interval over its proteins.

    The score is ``"q"`` (accuracy over residues), ``"q_per_protein"`` or ``"sov"`` (means over proteins), or a function
    of the confusion matrix int64[class, class]; of other sequences ``"q"`` or a function. As many
    sets of proteins are drawn as ``draws`` says, each of as many as are scored; ``level`` is the share of them inside
    the interval.

    Raises EvaluationError for a score, number of draws or level outside these.

    >>> report = Report.from_labels([[0, 0, 1, 1], [2, 2]], [[0, 0, 2, 2], [2, 2]])
    >>> score_interval(report)
    Interval(value=0.6666666666666666, low=0.5, high=1.0)
    """
    return middle_part(draw_scores(report, score, draws=draws, seed=seed), _of_report(report, score), level)


def score_difference(
    report: Report, other: Report, score: Score = "q", *, draws: int = DRAWS, level: float = 0.95, seed: int = 0
) -> Interval:
    """Score ``report`` minus ``other`` on the same draws of the same proteins; parameters as in :func:`score_interval`.

    An interval that holds 0 shows no difference. Raises EvaluationError also if the two reports are not of the same
    residues of the same proteins, in the same order.

    >>> true = [[0, 0, 1, 1], [2, 2]]
    >>> first, second = (Report.from_labels(true, guess) for guess in ([[0, 0, 1, 1], [2, 2]], [[0, 0, 2, 2], [2, 2]]))
    >>> score_difference(first, second).low
    0.0
    """
    if report.ids != other.ids or not np.array_equal(report.confusions.sum(axis=2), other.confusions.sum(axis=2)):
        raise EvaluationError("the reports are of different proteins or residues; expected the same, in the same order")
    first, second = (draw_scores(each, score, draws=draws, seed=seed) for each in (report, other))
    return middle_part(first - second, _of_report(report, score) - _of_report(other, score), level)


def draw_scores(report: Report, score: Score = "q", *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Scores of sets of proteins drawn with replacement, ``float64[draw]``; parameters as in :func:`score_interval`.

    The same seed draws the same proteins for every report of as many.

    >>> draw_scores(Report.from_labels([[0, 1], [2, 2]], [[0, 1], [2, 2]]), draws=3)
    array([1., 1., 1.])
    """
    if draws < 1:
        raise EvaluationError(f"draws is {draws}; expected 1 or more")
    scored = report.confusions.any(axis=(1, 2))
    proteins = int(scored.sum())
    drawn = np.random.default_rng(seed).integers(proteins, size=(draws, proteins))
    if callable(score):
        cells = report.confusions[scored].reshape(proteins, -1)
        summed = np.stack([cell[drawn].sum(axis=1) for cell in cells.T], axis=1)  # [draw, class²]
        return np.array([score(matrix) for matrix in summed.reshape(draws, *report.confusions.shape[1:])])
    values, weights = (each[scored] for each in _parts(report, score))
    return (values * weights)[drawn].sum(axis=1) / weights[drawn].sum(axis=1)


def _parts(report: Report, score: str) -> tuple[np.ndarray, np.ndarray]:
    """The score of each sequence and its weight in the mean."""
    if score not in COLUMNS or not hasattr(report, score):
        raise EvaluationError(
            f"score is {score!r}; expected q, q_per_protein, sov or a function of the confusion matrix, "
            "and where there are no proteins q or a function"
        )
    table = report.per_sequence
    lengths = table["length"].to_numpy()
    return table[COLUMNS[score]].to_numpy(), lengths if score == "q" else np.ones_like(lengths)


def _of_report(report: Report, score: Score) -> float:
    return float(score(report.confusion)) if callable(score) else float(getattr(report, score))


def middle_part(scores: np.ndarray, value: float, level: float) -> Interval:
    """A value, and the ends of the middle part of the drawn scores."""
    if not 0 < level < 1:
        raise EvaluationError(f"level is {level}; expected a share between 0 and 1")
    tails = (1 - level) / 2
    return Interval(value, *np.quantile(scores, [tails, 1 - tails]).tolist())
