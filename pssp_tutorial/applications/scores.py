"""Scores of Part IV: ranking where positives are rare, errors of numbers, and weights for those who were lost."""

from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.models.contract import evaluation_twin

Weights: TypeAlias = ArrayLike | None


class ScoringError(PSSPError):
    """Labels and scores that don't belong together, or that have no such score."""


def average_precision(labels: ArrayLike, scores: ArrayLike, weights: Weights = None) -> float:
    """The area under precision against recall, as a sum over thresholds: the share of positives for a blind guess.

    Labels, bool[case], scores, float[case], of which the higher is the likelier and equal ones share a threshold, and,
    if not all cases count alike, weights, float[case].

    Raises ScoringError if the shapes differ, or there is no positive case.

    >>> round(average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]), 3)
    0.833
    """
    positive, negative = _cumulated(labels, scores, weights)
    precision = positive / (positive + negative)
    return float((np.diff(positive, prepend=0) * precision).sum() / positive[-1])


def area_under_roc(labels: ArrayLike, scores: ArrayLike, weights: Weights = None) -> float:
    """The chance that a positive case scores higher than a negative one, equal scores counting half.

    Parameters and errors as in :func:`average_precision`; there must be a negative case too.

    >>> area_under_roc([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    0.75
    """
    positive, negative = _cumulated(labels, scores, weights)
    if not negative[-1]:
        raise ScoringError("every case is positive; expected negative ones too")
    gained = np.diff(negative, prepend=0)
    return float((gained * (positive - np.diff(positive, prepend=0) / 2)).sum() / (positive[-1] * negative[-1]))


def best_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """The score from which on a case is called positive for the largest F1; find it on ``val``.

    >>> best_threshold([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    0.7
    """
    positive, negative = _cumulated(labels, scores, None)
    thresholds = np.unique(np.asarray(scores, dtype=np.float64))[::-1]
    return float(thresholds[np.argmax(2 * positive / (positive + negative + positive[-1]))])


def rmse(expected: ArrayLike, predicted: ArrayLike) -> float:
    """Root of the mean squared error, over what is expected and not nan.

    >>> rmse([1.0, np.nan, 3.0], [1.0, 7.0, 5.0])
    1.4142135623730951
    """
    expected, predicted = np.asarray(expected, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if expected.shape != predicted.shape:
        raise ScoringError(f"expected has the shape {expected.shape}, predicted {predicted.shape}; expected the same")
    known = ~np.isnan(expected)
    if not known.any():
        raise ScoringError("nothing is expected; expected at least one number")
    return float(np.sqrt(np.mean((expected - predicted)[known] ** 2)))


@torch.inference_mode()
def outputs_in_order(model: nn.Module, loader: BatchLoader, batch_size: int = 256) -> list[Tensor]:
    """The model's outputs for each sequence of a loader, in their order, without padding.

    Of a model that answers at each position they are [length, …], of one that answers once [class] or a number.

    >>> from pssp_tutorial import BiLSTM, SequenceLoader
    >>> loader = SequenceLoader([torch.zeros(7, 4), torch.zeros(2, 4)], [[0] * 7, [1] * 2])
    >>> [len(outputs) for outputs in outputs_in_order(BiLSTM(8, 1, 2, input_size=4, embedding_size=None), loader)]
    [7, 2]
    """
    twin, device = evaluation_twin(model), next(model.parameters()).device
    found: list[Tensor] = []
    for start in range(0, len(loader.lengths), batch_size):
        batch = loader.batch(range(start, min(start + batch_size, len(loader.lengths)))).to(device)
        outputs = twin(batch.inputs, batch.lengths).cpu()
        once = batch.labels.dim() == 1
        found.extend(one if once else one[:length] for one, length in zip(outputs, batch.lengths.tolist(), strict=True))
    return found


def _cumulated(labels: ArrayLike, scores: ArrayLike, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the positive and of the negative cases at or above each different score, from the highest on."""
    labels, scores = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    weights = np.ones(labels.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if labels.ndim != 1 or not labels.shape == scores.shape == weights.shape:
        shapes = f"{labels.shape}, {scores.shape} and {weights.shape}"
        raise ScoringError(f"labels, scores and weights have the shapes {shapes}; expected one dimension, the same")
    if not np.isfinite(scores).all():
        raise ScoringError("a score is not finite")
    if not (labels & (weights > 0)).any():
        raise ScoringError("no case is positive; expected at least one")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    return np.cumsum((weights * labels)[order])[last], np.cumsum((weights * ~labels)[order])[last]
