"""Scores of labelled residues: the confusion matrix and what follows from it (chapter 7).

Every score is a fraction from 0 to 1, the Matthews correlation from -1 to 1. Residues whose true label is
``IGNORE_INDEX`` count nowhere.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


class EvaluationError(PSSPError):
    """Labels, states or probabilities that do not belong together, or scores that cannot be had from them."""


class Labels(NamedTuple):
    """The scored positions of many sequences, one after another; every field but ``names`` is an array over them."""

    names: tuple[str, ...]
    true: np.ndarray
    predicted: np.ndarray
    place: np.ndarray  # where a position stands among all, scored or not
    sequence: np.ndarray  # number of its sequence


def gather_labels(
    true: Sequence[np.ndarray],
    predicted: Sequence[np.ndarray],
    classes: int,
    ids: Sequence[str] | None = None,
    *,
    kind: str = "protein",
) -> Labels:
    """Check and join class numbers, one array int[length] for each sequence; masked positions are left out.

    ``kind`` says in errors what a sequence is, and names it where ``ids`` are left out.
    Raises EvaluationError if counts or lengths differ, a label is out of range, or nothing is scored.

    >>> gather_labels([[0, -100, 1], [2]], [[0, 7, 2], [2]], classes=3).predicted
    array([0, 2, 2])
    """
    names = tuple(f"{kind} {number}" for number in range(1, len(true) + 1)) if ids is None else tuple(ids)
    if not len(true) == len(predicted) == len(names):
        raise EvaluationError(
            f"{len(true)} {kind}s with true labels, {len(predicted)} with predicted ones and "
            f"{len(names)} ids; expected as many of each"
        )
    counted = [
        _counted(rows, columns, classes, name) for rows, columns, name in zip(true, predicted, names, strict=True)
    ]
    for positions, name in zip(counted, names, strict=True):
        if positions.ndim != 1:
            raise EvaluationError(f"{name}: labels have the shape {positions.shape}; expected one dimension, [length]")
    if not any(map(np.any, counted)):
        raise EvaluationError(f"{len(names)} {kind}s without one label to score; expected at least one that is known")
    place = np.flatnonzero(np.concatenate(counted))
    rows, columns = (np.concatenate(labels)[place].astype(np.int64) for labels in (true, predicted))
    sequence = np.repeat(np.arange(len(names)), [labels.size for labels in counted])[place]
    return Labels(names, rows, columns, place, sequence)


def accuracy(confusion: np.ndarray) -> float:
    """Fraction of residues on the diagonal: Q3 with three classes, Q8 with eight.

    >>> accuracy([[8, 2], [1, 9]])
    0.85
    """
    return float(ratio(np.trace(confusion), np.sum(confusion)))


def precision(confusion: np.ndarray) -> np.ndarray:
    """Of the residues given a class, the fraction that has it, ``float64[class]``; 0 for a class never given.

    >>> precision([[8, 2, 0], [0, 6, 0], [0, 0, 0]])
    array([1.  , 0.75, 0.  ])
    """
    return ratio(np.diag(confusion), np.sum(confusion, axis=0))


def recall(confusion: np.ndarray) -> np.ndarray:
    """Of the residues that have a class, the fraction that was given it; 0 for a class that never occurs.

    >>> recall([[8, 2, 0], [0, 6, 0], [0, 0, 0]])
    array([0.8, 1. , 0. ])
    """
    return ratio(np.diag(confusion), np.sum(confusion, axis=1))


def f1(confusion: np.ndarray) -> np.ndarray:
    """Harmonic mean of precision and recall, ``float64[class]``; 0 where neither has anything to count.

    >>> f1([[6, 2], [2, 2]])
    array([0.75, 0.5 ])
    """
    return ratio(2 * np.diag(confusion), np.sum(confusion, axis=0) + np.sum(confusion, axis=1))


def mcc(confusion: np.ndarray) -> np.ndarray:
    """Matthews correlation of each class against the rest, ``float64[class]``; 0 where it is undefined.

    Source: Matthews 1975, doi 10.1016/0005-2795(75)90109-9.

    >>> mcc([[5, 0], [0, 5]]), mcc([[5, 5], [5, 5]]), mcc([[10, 0], [0, 0]])
    (array([1., 1.]), array([0., 0.]), array([0., 0.]))
    """
    confusion = np.asarray(confusion, dtype=np.float64)  # four counts multiplied overflow int64
    hits, given, having = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    total = confusion.sum()
    spread = np.sqrt((given * (total - given)) * (having * (total - having)))
    return ratio(hits * total - given * having, spread)


def ratio(numerator: np.ndarray, denominator: np.ndarray, empty: float = 0.0) -> np.ndarray:
    """``numerator / denominator``, and ``empty`` where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    return np.divide(numerator, denominator, out=np.full_like(numerator, empty), where=denominator != 0)


def _counted(true: np.ndarray, predicted: np.ndarray, classes: int, name: str = "labels") -> np.ndarray:
    """Where a residue counts, after checking the labels."""
    true, predicted = np.asarray(true), np.asarray(predicted)
    if true.shape != predicted.shape:
        shapes = f"{true.shape}, predicted {predicted.shape}"
        raise EvaluationError(f"{name}: true labels have the shape {shapes}; expected one shape")
    counted = true != IGNORE_INDEX
    for kind, labels in (("true", true), ("predicted", predicted)):
        if labels.size and labels.dtype.kind not in "iu":
            raise EvaluationError(f"{name}: {kind} labels are of type {labels.dtype}; expected whole numbers")
        wrong = np.flatnonzero(counted & ((labels < 0) | (labels >= classes)))
        if wrong.size:
            raise EvaluationError(
                f"{name}: {kind} label {wrong[0] + 1} is {labels.flat[wrong[0]]}; expected 0 to {classes - 1}"
            )
    return counted
