"""Reliability and calibration error against scikit-learn and plain loops; temperatures against a search."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.evaluation.calibration import apply_temperature, fit_temperature, reliability
from pssp_tutorial.evaluation.scores import EvaluationError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


def predicted(seed, residues=500, classes=3, temperature=1.0):
    """Probabilities, and labels drawn from them: at temperature 1 they are calibrated."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (residues, classes))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) > rng.random((residues, 1))).argmax(axis=1)
    return apply_temperature(shares, 1 / temperature), labels


def slow_error(probabilities, labels, bins):
    """The definition, residue by residue."""
    groups = {}
    for row, label in zip(probabilities, labels, strict=True):
        if label != IGNORE_INDEX:
            groups.setdefault(int(np.ceil(row.max() * bins)), []).append((row.max(), row.argmax() == label))
    residues = sum(map(len, groups.values()))
    return sum(abs(np.sum([conf - hit for conf, hit in group])) for group in groups.values()) / residues


@given(st.integers(0, 10_000), st.integers(1, 30), st.sampled_from([3, 8]))
@settings(max_examples=50)
def test_error_is_the_definition_and_masked(seed, bins, classes):
    """Also with masked residues, whose probabilities may be anything."""
    probabilities, labels = predicted(seed, 60, classes)
    labels[np.random.default_rng(seed).random(60) < 0.2] = IGNORE_INDEX
    labels[0] = 0
    curve = reliability(probabilities, labels, bins)
    assert curve.error == pytest.approx(slow_error(probabilities, labels, bins), abs=1e-12)
    assert curve.residues.sum() == (labels != IGNORE_INDEX).sum()
    assert 0 <= curve.error <= 1


def test_curve_is_scikit_learn_s():
    """Its curve is that of two classes: confidence against being right."""
    probabilities, labels = predicted(1, 5_000)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    accuracy, mean = calibration_curve(right, confidence, n_bins=15)
    curve = reliability(probabilities, labels)
    filled = curve.residues > 0
    np.testing.assert_allclose(curve.accuracy[filled], accuracy, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve.confidence[filled], mean, rtol=0, atol=1e-12)


def test_proteins_and_padding_change_nothing():
    """One protein after another, padded or not: the same residues, the same curve."""
    probabilities, labels = predicted(2, 90)
    whole = reliability(probabilities, labels)
    split = reliability(np.split(probabilities, [20, 50]), np.split(labels, [20, 50]))
    padding = np.full((7, 3), 1 / 3)
    padded = reliability(np.vstack([probabilities, padding]), np.append(labels, [IGNORE_INDEX] * 7))
    for other in (split, padded):
        for ours, theirs in zip(whole, other, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_temperature_is_found_again(temperature):
    """Probabilities that were sharpened or blurred on purpose come back; a search finds no smaller cross-entropy."""
    probabilities, labels = predicted(3, 20_000, temperature=temperature)
    found = fit_temperature(probabilities, labels)

    def loss(value):
        logits = torch.from_numpy(np.log(probabilities) / value)
        return torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)).item()

    assert found == pytest.approx(temperature, rel=0.05)
    assert loss(found) <= min(map(loss, np.linspace(0.2, 4, 200))) + 1e-9
    repaired = apply_temperature(probabilities, found)
    assert reliability(repaired, labels).error < 0.02
    np.testing.assert_array_equal(repaired.argmax(axis=1), probabilities.argmax(axis=1))


@pytest.mark.parametrize(("labels", "warm"), [([0] * 20, False), ([1] * 20, True)])
def test_temperature_stays_finite(labels, warm):
    """Always right, or always wrong: the best temperature is none, and the search must still end."""
    found = fit_temperature([[0.8, 0.2]] * 20, labels)
    assert 0.01 <= found <= 100
    assert (found > 1) == warm


def test_probabilities_of_zero_are_no_trouble():
    """float32 rounds a small probability to 0."""
    assert np.isfinite(fit_temperature(np.float32([[1, 0], [1, 0], [0.7, 0.3]]), [0, 1, 0]))
    assert np.isfinite(apply_temperature(np.float32([[1, 0]]), 3.0)).all()


@pytest.mark.parametrize(
    ("probabilities", "labels", "message"),
    [
        ([[0.5, 0.5]], [0, 1], r"the shapes are \(1, 2\) and \(2,\)"),
        ([[2.0, -1.0]], [0], "does not sum to 1; expected probabilities, not logits"),
        ([[0.5, 0.5]], [2], "labels from 2 to 2; expected 0 to 1"),
        ([[0.5, 0.5]], [IGNORE_INDEX], "no residue with a known state"),
        ([[[0.5, 0.5]], [[0.5, 0.5]]], [[0], [0, 1]], "protein 2 has 1 rows of probabilities and 2 labels"),
        ([[[0.5, 0.5]]], [[0], [0]], "probabilities of 1 proteins and labels of 2"),
    ],
)
def test_wrong_input_is_named(probabilities, labels, message):
    with pytest.raises(EvaluationError, match=message):
        reliability(probabilities, labels)
    assert issubclass(EvaluationError, PSSPError)


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_temperature_must_be_positive(temperature):
    with pytest.raises(EvaluationError, match="expected more than 0"):
        apply_temperature(np.array([[0.5, 0.5]]), temperature)
