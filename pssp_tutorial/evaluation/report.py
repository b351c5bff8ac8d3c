"""How good a prediction is: per residue, per class, per protein and per segment (chapter 7).

Every score is a fraction from 0 to 1, the Matthews correlation from -1 to 1. Residues whose true label is
``IGNORE_INDEX`` count nowhere, and a segment ends where they begin. The formulas live in
:mod:`~pssp_tutorial.evaluation.scores` and :mod:`~pssp_tutorial.evaluation.segments`; this module gathers them for a
set of proteins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.evaluation.scores import (
    MetricsError,
    accuracy,
    confusion_matrix,
    f1,
    gather_labels,
    macro,
    mcc,
    precision,
    ratio,
    recall,
    weighted,
)
from pssp_tutorial.evaluation.segments import allowance99, pair_scores, pair_segments, sov99, sov_refine
from pssp_tutorial.proteins.alphabet import states_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MetricsError",
    "Report",
    "accuracy",
    "confusion_matrix",
    "f1",
    "macro",
    "mcc",
    "precision",
    "recall",
    "sov99",
    "sov_refine",
    "weighted",
]


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """The scores of a set of proteins; made by :meth:`from_labels`.

    Parameters
    ----------
    states : str
        One letter a class.
    ids : tuple of str
        Names of the proteins.
    confusions : int64[protein, class, class]
        One confusion matrix a protein; every score but the segment overlap follows from them.
    overlaps : float64[protein, class]
        Segment overlap (SOV'99) of each protein and class; nan where the protein has no such segment.
    overlap : float64[protein]
        Segment overlap (SOV'99) of each protein; nan where nothing is scored.
    """

    states: str
    ids: tuple[str, ...]
    confusions: np.ndarray
    overlaps: np.ndarray
    overlap: np.ndarray

    @classmethod
    def from_labels(
        cls,
        true: Sequence[np.ndarray],
        predicted: Sequence[np.ndarray],
        classes: int = 3,
        ids: Sequence[str] | None = None,
    ) -> "Report":
        """Score predicted against true class numbers, one array a protein.

        Parameters
        ----------
        true, predicted : sequences of int[length]
            Class numbers; where ``true`` is ``IGNORE_INDEX`` the residue counts nowhere.
        classes : int
            3 or 8.
        ids : sequence of str, optional
            Names for the errors and the table; ``protein 1``, ``protein 2`` and so on if left out.

        Raises
        ------
        MetricsError
            If counts or lengths differ, a label is out of range, or no residue is scored; it names the protein.

        >>> report = Report.from_labels([[0, 0, 1, -100], [2, 2]], [[0, 0, 2, 2], [2, 2]])
        >>> report
        Report of 2 proteins, 5 residues: Q3 0.800, SOV 0.833, macro F1 0.600
        >>> report.recall
        {'H': 1.0, 'E': 0.0, 'C': 1.0}
        """
        states = states_of(classes)
        names, rows, columns, place, protein = gather_labels(true, predicted, classes, ids)
        cell = (protein * classes + rows) * classes + columns
        confusions = np.bincount(cell, minlength=len(names) * classes**2).reshape(-1, classes, classes)

        pairs = pair_segments(rows, columns, place, protein)
        column = pairs.protein * classes + pairs.state
        scores, residues = (
            np.bincount(column, weights, minlength=len(names) * classes).reshape(-1, classes)  # [protein, class]
            for weights in (pair_scores(pairs, allowance99(pairs)), pairs.observed)
        )
        overlaps = ratio(scores, residues, empty=np.nan)
        overlap = ratio(scores.sum(axis=1), residues.sum(axis=1), empty=np.nan)
        return cls(states, names, confusions, overlaps, overlap)

    def __repr__(self) -> str:
        return (
            f"Report of {self.proteins} proteins, {self.residues} residues: Q{len(self.states)} {self.q:.3f}, "
            f"SOV {self.sov:.3f}, macro F1 {self.macro_f1:.3f}"
        )

    @cached_property
    def confusion(self) -> np.ndarray:
        """Residues by true (row) and predicted class, ``int64[class, class]``."""
        return self.confusions.sum(axis=0)

    @property
    def proteins(self) -> int:
        """Number of proteins."""
        return len(self.ids)

    @property
    def residues(self) -> int:
        """Number of scored residues."""
        return int(self.confusion.sum())

    @property
    def q(self) -> float:
        """Accuracy over all residues: long proteins weigh more."""
        return accuracy(self.confusion)

    @property
    def q3(self) -> float:
        """``q``, if there are three classes."""
        return self._q_of(3)

    @property
    def q8(self) -> float:
        """``q``, if there are eight classes."""
        return self._q_of(8)

    def _q_of(self, classes: int) -> float:
        if len(self.states) != classes:
            raise AttributeError(f"no q{classes}: this report has {len(self.states)} classes; use q")
        return self.q

    @property
    def q_per_protein(self) -> float:
        """Mean over the proteins of their accuracy: each weighs the same."""
        return float(np.nanmean(self._protein_accuracy))

    @property
    def _protein_accuracy(self) -> np.ndarray:
        return ratio(np.trace(self.confusions, axis1=1, axis2=2), self.confusions.sum(axis=(1, 2)), empty=np.nan)

    @property
    def sov(self) -> float:
        """Mean over the proteins of their segment overlap, SOV'99."""
        return float(np.nanmean(self.overlap))

    @property
    def precision(self) -> dict[str, float]:
        """Precision of each class."""
        return self._by_state(precision(self.confusion))

    @property
    def recall(self) -> dict[str, float]:
        """Recall of each class."""
        return self._by_state(recall(self.confusion))

    @property
    def f1(self) -> dict[str, float]:
        """F1 of each class."""
        return self._by_state(f1(self.confusion))

    @property
    def mcc(self) -> dict[str, float]:
        """Matthews correlation of each class against the rest."""
        return self._by_state(mcc(self.confusion))

    def _by_state(self, scores: np.ndarray) -> dict[str, float]:
        return dict(zip(self.states, scores.tolist(), strict=True))

    @property
    def support(self) -> np.ndarray:
        """Scored residues of each true class, ``int64[class]``."""
        return self.confusion.sum(axis=1)

    @property
    def macro_precision(self) -> float:
        """Mean precision, each class weighing the same."""
        return macro(precision(self.confusion))

    @property
    def macro_recall(self) -> float:
        """Mean recall, each class weighing the same."""
        return macro(recall(self.confusion))

    @property
    def macro_f1(self) -> float:
        """Mean F1, each class weighing the same."""
        return macro(f1(self.confusion))

    @property
    def weighted_precision(self) -> float:
        """Mean precision, each class weighted by its residues."""
        return weighted(precision(self.confusion), self.support)

    @property
    def weighted_recall(self) -> float:
        """Mean recall, each class weighted by its residues: equal to ``q``."""
        return weighted(recall(self.confusion), self.support)

    @property
    def weighted_f1(self) -> float:
        """Mean F1, each class weighted by its residues."""
        return weighted(f1(self.confusion), self.support)

    @property
    def table(self) -> "pd.DataFrame":
        """One row a state: precision, recall, f1, mcc, sov (mean over the proteins that have it) and support."""
        import pandas as pd

        scores = {score.__name__: score(self.confusion) for score in (precision, recall, f1, mcc)}
        sov = pd.DataFrame(self.overlaps).mean().to_numpy()
        return pd.DataFrame(
            scores | {"sov": sov, "support": self.support}, index=pd.Index(list(self.states), name="state")
        )

    @property
    def per_protein(self) -> "pd.DataFrame":
        """One row a protein: id, length (scored residues), accuracy and sov; nan where nothing is scored."""
        import pandas as pd

        lengths = self.confusions.sum(axis=(1, 2))
        columns = {"id": self.ids, "length": lengths, "accuracy": self._protein_accuracy, "sov": self.overlap}
        return pd.DataFrame(columns)
