"""Whether a probability can be believed: reliability, calibration error and temperature scaling (chapter 7).

A prediction is calibrated if, of all residues with a confidence of 0.8, a share of 0.8 is right. Residues whose true
label is ``IGNORE_INDEX`` count nowhere.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pssp_tutorial.evaluation.scores import EvaluationError, ratio
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX

BINS = 15
COLDEST, HOTTEST = 0.01, 100.0  # temperatures beyond these say that there is nothing to calibrate
TINY = 1e-12  # float32 can round a probability to 0, which has no logarithm


class Reliability(NamedTuple):
    """Residues grouped by their confidence, in bins of equal width from 0 to 1; an empty bin has nan."""

    confidence: np.ndarray  # mean of the bin, float64[bin]
    accuracy: np.ndarray  # share of right residues, float64[bin]
    residues: np.ndarray  # int64[bin]

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of confidence and accuracy, weighted by residues.

        Source: Naeini et al. 2015, doi 10.1609/aaai.v29i1.9602.
        """
        distance = np.abs(self.confidence - self.accuracy)
        return float(np.nansum(distance * self.residues) / self.residues.sum())


def reliability(
    probabilities: np.ndarray | Sequence[np.ndarray], labels: np.ndarray | Sequence[np.ndarray], bins: int = BINS
) -> Reliability:
    """Compare confidence and accuracy.

    The probabilities, float[length, class], and the true classes, int[length], are of one protein, or sequences of
    these of many. A confidence on the edge of two ``bins`` from 0 to 1 belongs to the one below it.

    Raises EvaluationError if shapes differ, a row is no distribution, a label is out of range, or nothing is scored.

    >>> curve = reliability([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]], [0, 1, -100], bins=10)
    >>> int(curve.residues[8]), float(curve.accuracy[8]), round(curve.error, 3)
    (2, 0.5, 0.4)
    """
    probabilities, labels = _scored(probabilities, labels)
    if bins < 1:
        raise EvaluationError(f"bins is {bins}; expected 1 or more")
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    residues = np.bincount(place, minlength=bins)
    confidences, accuracies = (
        ratio(np.bincount(place, weights, minlength=bins), residues, empty=np.nan) for weights in (confidence, right)
    )
    return Reliability(confidences, accuracies, residues)


def fit_temperature(
    probabilities: np.ndarray | Sequence[np.ndarray], labels: np.ndarray | Sequence[np.ndarray]
) -> float:
    """The temperature with the smallest cross-entropy: above 1 for a model that is too sure. Fit it on ``val``.

    Parameters and errors as in :func:`reliability`. Cross-entropy is convex in 1 / temperature: Newton's method finds
    its only minimum.

    Source: Guo et al. 2017, Proceedings of Machine Learning Research 70, 1321-1330.

    >>> round(fit_temperature([[0.9, 0.1]] * 10, [0] * 7 + [1] * 3), 2)
    2.59
    """
    probabilities, labels = _scored(probabilities, labels)
    logits = np.log(np.maximum(probabilities, TINY))
    logits -= logits.max(axis=1, keepdims=True)  # no power overflows
    true = np.take_along_axis(logits, labels[:, None], axis=1).mean()
    low, high = 1 / HOTTEST, 1 / COLDEST
    sharpness = 1.0
    for _ in range(50):
        powers = np.exp(sharpness * logits)
        weighted = powers * logits
        total = powers.sum(axis=1)
        mean = weighted.sum(axis=1) / total
        slope = mean.mean() - true
        curvature = (np.einsum("rc,rc->r", weighted, logits) / total - np.square(mean)).mean()
        low, high = (low, sharpness) if slope > 0 else (sharpness, high)
        step = slope / curvature if curvature > 0 else np.inf
        following = sharpness - step
        if not low < following < high:  # Newton's step leaves what is left: halve it
            following = (low + high) / 2
        if abs(following - sharpness) < 1e-10:
            break
        sharpness = following
    return float(1 / sharpness)


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities at a temperature, of the given shape; the predicted state stays the same.

    >>> apply_temperature(np.array([[0.9, 0.1]]), temperature=2.0).round(2)
    array([[0.75, 0.25]])
    """
    if not temperature > 0:
        raise EvaluationError(f"temperature is {temperature}; expected more than 0")
    logits = np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), TINY)) / temperature
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _scored(probabilities: np.ndarray | Sequence, labels: np.ndarray | Sequence) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities float64[residue, class] and labels of the scored residues, after checking them."""
    if len(labels) and np.ndim(labels[0]) == 1:  # many proteins
        for number, pair in enumerate(zip(probabilities, labels, strict=False), start=1):
            if len(pair[0]) != len(pair[1]):
                raise EvaluationError(
                    f"protein {number} has {len(pair[0])} rows of probabilities and {len(pair[1])} labels"
                )
        if len(probabilities) != len(labels):
            raise EvaluationError(f"probabilities of {len(probabilities)} proteins and labels of {len(labels)}")
        probabilities, labels = np.concatenate(probabilities), np.concatenate(labels)
    rows, states = np.asarray(probabilities, dtype=np.float64), np.asarray(labels)
    if rows.ndim != 2 or states.shape != rows.shape[:1]:
        raise EvaluationError(f"the shapes are {rows.shape} and {states.shape}; expected [length, class] and [length]")
    rows, states = rows[states != IGNORE_INDEX], states[states != IGNORE_INDEX]
    if not states.size:
        raise EvaluationError("no residue with a known state; expected at least one")
    if not ((rows >= 0).all() and np.allclose(rows.sum(axis=1), 1, atol=1e-3)):
        raise EvaluationError("a row of probabilities does not sum to 1; expected probabilities, not logits")
    if states.min() < 0 or states.max() >= rows.shape[1]:
        raise EvaluationError(f"labels from {states.min()} to {states.max()}; expected 0 to {rows.shape[1] - 1}")
    return rows, states
