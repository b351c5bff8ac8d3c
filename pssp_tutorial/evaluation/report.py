"""How good a prediction is: per position, per class and per sequence; of proteins, per segment too (chapter 7).

Every score is a fraction from 0 to 1, the Matthews correlation from -1 to 1. Positions whose true label is
``IGNORE_INDEX`` count nowhere, and a segment ends where they begin. The formulas live in
:mod:`~pssp_tutorial.evaluation.scores` and :mod:`~pssp_tutorial.evaluation.segments`; this module gathers them for a
set of sequences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, overload

import numpy as np

from pssp_tutorial.evaluation.scores import Labels, accuracy, f1, gather_labels, mcc, precision, ratio, recall
from pssp_tutorial.evaluation.segments import allowance99, pair_scores, pair_segments
from pssp_tutorial.proteins.alphabet import states_of

if TYPE_CHECKING:
    import pandas as pd

SequenceLabels = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The scores of a set of sequences, of whatever classes; made by :meth:`from_labels`.

    ``confusions``, int64[sequence, class, class], has one matrix for each sequence; every score follows from them.
    """

    classes: tuple[str, ...]  # names, in the order of the class numbers
    ids: tuple[str, ...]
    confusions: np.ndarray

    @overload
    @staticmethod
    def from_labels(
        true: SequenceLabels, predicted: SequenceLabels, classes: int = 3, ids: Sequence[str] | None = None
    ) -> "ProteinReport": ...
    @overload
    @staticmethod
    def from_labels(
        true: SequenceLabels, predicted: SequenceLabels, classes: Sequence[str], ids: Sequence[str] | None = None
    ) -> "Report": ...
    @staticmethod
    def from_labels(
        true: SequenceLabels,
        predicted: SequenceLabels,
        classes: int | Sequence[str] = 3,
        ids: Sequence[str] | None = None,
    ) -> "Report":
        """Score predicted against true class numbers: for each sequence int[length], or one number for all of it.

        Where ``true`` is ``IGNORE_INDEX`` a position counts nowhere. With 3 or 8 ``classes``, the states of proteins,
        this gives a :class:`ProteinReport`; otherwise they are the names of other classes. The ids are names for the
        errors and the table; ``protein 1``, ``protein 2`` and so on if left out.

        Raises EvaluationError if counts or lengths differ, a label is out of range, or nothing is scored.

        >>> Report.from_labels([[0, 0, 1, -100], [2, 2]], [[0, 0, 2, 2], [2, 2]])
        Report of 2 proteins, 5 residues: Q3 0.800, SOV 0.833, macro F1 0.600
        >>> report = Report.from_labels([1, 0, 1], [1, 0, 0], ["healthy", "ill"])
        >>> report, report.recall
        (Report of 3 sequences, 3 positions: accuracy 0.667, macro F1 0.667, {'healthy': 1.0, 'ill': 0.5})
        """
        if isinstance(classes, int):
            states = tuple(states_of(classes))
            return _protein_report(states, gather_labels(true, predicted, len(states), ids))
        rows, columns = ([np.atleast_1d(labels) for labels in each] for each in (true, predicted))
        labels = gather_labels(rows, columns, len(classes), ids, kind="sequence")
        return Report(tuple(classes), labels.names, _confusions(labels, len(classes)))

    def __repr__(self) -> str:
        return (
            f"Report of {len(self.ids)} sequences, {self.confusion.sum()} positions: accuracy {self.q:.3f}, "
            f"macro F1 {self.macro_f1:.3f}"
        )

    @cached_property
    def confusion(self) -> np.ndarray:
        """Positions by true (row) and predicted class, ``int64[class, class]``."""
        return self.confusions.sum(axis=0)

    @property
    def support(self) -> np.ndarray:
        """Scored positions of each true class, ``int64[class]``."""
        return self.confusion.sum(axis=1)

    @property
    def q(self) -> float:
        """Accuracy over all positions: long sequences weigh more."""
        return accuracy(self.confusion)

    @property
    def _accuracies(self) -> np.ndarray:
        return ratio(np.trace(self.confusions, axis1=1, axis2=2), self.confusions.sum(axis=(1, 2)), empty=np.nan)

    @property
    def precision(self) -> dict[str, float]:
        """Precision of each class."""
        return self._by_class(precision(self.confusion))

    @property
    def recall(self) -> dict[str, float]:
        """Recall of each class."""
        return self._by_class(recall(self.confusion))

    @property
    def f1(self) -> dict[str, float]:
        """F1 of each class."""
        return self._by_class(f1(self.confusion))

    @property
    def mcc(self) -> dict[str, float]:
        """Matthews correlation of each class against the rest."""
        return self._by_class(mcc(self.confusion))

    def _by_class(self, scores: np.ndarray) -> dict[str, float]:
        return dict(zip(self.classes, scores.tolist(), strict=True))

    @property
    def macro_f1(self) -> float:
        """Mean F1, each class weighing the same."""
        return float(f1(self.confusion).mean())

    @property
    def weighted_f1(self) -> float:
        """Mean F1, each class weighted by its positions."""
        return float(np.dot(f1(self.confusion), self.support) / self.support.sum())

    @property
    def table(self) -> "pd.DataFrame":
        """One row for each class: precision, recall, f1, mcc and support."""
        import pandas as pd

        scores = {score.__name__: score(self.confusion) for score in (precision, recall, f1, mcc)}
        return pd.DataFrame(scores | {"support": self.support}, index=pd.Index(self.classes, name="class"))

    @property
    def per_sequence(self) -> "pd.DataFrame":
        """One row for each sequence: id, length (scored positions) and accuracy; nan where nothing is scored."""
        import pandas as pd

        lengths = self.confusions.sum(axis=(1, 2))
        ids = pd.Series(self.ids, dtype=object)  # a file's name may hold what pyarrow's strings, if there, refuse
        return pd.DataFrame({"id": ids, "length": lengths, "accuracy": self._accuracies})


@dataclass(frozen=True, eq=False, repr=False)
class ProteinReport(Report):
    """The scores of a set of proteins, whose states also form segments; made by :meth:`Report.from_labels`.

    ``overlaps``, float64[protein, class], and ``overlap``, float64[protein], are segment overlaps (SOV'99) by state and
    of all states; nan where there is no such segment.
    """

    overlaps: np.ndarray
    overlap: np.ndarray

    def __repr__(self) -> str:
        return (
            f"Report of {self.proteins} proteins, {self.residues} residues: Q{len(self.states)} {self.q:.3f}, "
            f"SOV {self.sov:.3f}, macro F1 {self.macro_f1:.3f}"
        )

    @property
    def states(self) -> str:
        """The letters of the states, in the order of their numbers."""
        return "".join(self.classes)

    @property
    def proteins(self) -> int:
        """Number of proteins."""
        return len(self.ids)

    @property
    def residues(self) -> int:
        """Number of scored residues."""
        return int(self.confusion.sum())

    @property
    def q3(self) -> float:
        """``q``, if there are three states."""
        return self._q_of(3)

    @property
    def q8(self) -> float:
        """``q``, if there are eight states."""
        return self._q_of(8)

    def _q_of(self, classes: int) -> float:
        if len(self.classes) != classes:
            raise AttributeError(f"no q{classes}: this report has {len(self.classes)} classes; use q")
        return self.q

    @property
    def q_per_protein(self) -> float:
        """Mean over the proteins of their accuracy: each weighs the same."""
        return float(np.nanmean(self._accuracies))

    @property
    def sov(self) -> float:
        """Mean over the proteins of their segment overlap, SOV'99."""
        return float(np.nanmean(self.overlap))

    @property
    def table(self) -> "pd.DataFrame":
        """One row for each state: precision, recall, f1, mcc, sov (mean over the proteins that have it) and support."""
        import pandas as pd

        table = super().table.rename_axis("state")
        table.insert(len(table.columns) - 1, "sov", pd.DataFrame(self.overlaps).mean().to_numpy())
        return table

    @property
    def per_sequence(self) -> "pd.DataFrame":
        """As :attr:`per_protein`."""
        return super().per_sequence.assign(sov=self.overlap)

    @property
    def per_protein(self) -> "pd.DataFrame":
        """One row for each protein: id, length (scored residues), accuracy and sov; nan where nothing is scored."""
        return self.per_sequence


def _confusions(labels: Labels, classes: int) -> np.ndarray:
    """One confusion matrix for each sequence, int64[sequence, class, class]."""
    cell = (labels.sequence * classes + labels.true) * classes + labels.predicted
    return np.bincount(cell, minlength=len(labels.names) * classes**2).reshape(-1, classes, classes)


def _protein_report(states: tuple[str, ...], labels: Labels) -> ProteinReport:
    pairs = pair_segments(labels.true, labels.predicted, labels.place, labels.sequence)
    column = pairs.protein * len(states) + pairs.state
    scores, residues = (
        np.bincount(column, weights, minlength=len(labels.names) * len(states)).reshape(-1, len(states))
        for weights in (pair_scores(pairs, allowance99(pairs)), pairs.observed)
    )  # [protein, class] both
    overlaps = ratio(scores, residues, empty=np.nan)
    overlap = ratio(scores.sum(axis=1), residues.sum(axis=1), empty=np.nan)
    return ProteinReport(states, labels.names, _confusions(labels, len(states)), overlaps, overlap)
