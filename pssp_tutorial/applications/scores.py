"""Scores of Part IV that scikit-learn has not: a threshold, errors of numbers, and outputs in order."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from pssp_tutorial.batches.loader import BatchLoader
from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.models.contract import evaluation_twin


class ScoringError(PSSPError):
    """Labels and scores that don't belong together, or that have no such score."""


def best_threshold(labels: ArrayLike, scores: ArrayLike) -> float:
    """The score from which on a case is called positive for the largest F1; find it on ``val``.

    Labels are bool[case], and scores, float[case], higher where a positive case is likelier; of several such
    thresholds it is the highest.

    Raises ScoringError if the shapes differ, a score is not finite, or no case is positive.

    >>> best_threshold([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])
    0.7
    """
    labels, scores = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ScoringError(f"labels and scores have the shapes {labels.shape} and {scores.shape}; expected one, [case]")
    if not np.isfinite(scores).all():
        raise ScoringError("a score is not finite")
    if not labels.any():
        raise ScoringError("no case is positive; expected at least one")
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)  # of equal scores
    called, found = last + 1, np.cumsum(labels[order])[last]
    return float(scores[order][last][np.argmax(2 * found / (called + labels.sum()))])


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
