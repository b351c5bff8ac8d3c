"""A threshold against those that scikit-learn lists, errors of numbers, and outputs in order."""

import numpy as np
import pytest
import torch
from sklearn.metrics import precision_recall_curve

import pssp_tutorial as pssp
from pssp_tutorial.applications.scores import best_threshold, outputs_in_order, rmse


@pytest.mark.parametrize("seed", range(5))
def test_threshold_has_the_largest_f1(seed: int) -> None:
    """Over all thresholds that scikit-learn lists."""
    generator = np.random.default_rng(seed)
    labels = generator.random(100) < 0.2
    labels[0] = True
    scores = np.round(generator.normal(labels, 1), 1)
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    with np.errstate(invalid="ignore"):
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
    assert best_threshold(labels, scores) in thresholds[np.isclose(f1, f1.max())]


def test_what_cannot_be_scored_is_told() -> None:
    """A score of nothing is no number."""
    with pytest.raises(pssp.PSSPError, match="no case is positive"):
        best_threshold([0, 0], [0.1, 0.2])
    with pytest.raises(pssp.PSSPError, match=r"shapes \(2,\) and \(3,\)"):
        best_threshold([0, 1], [0.1, 0.2, 0.3])
    with pytest.raises(pssp.PSSPError, match="a score is not finite"):
        best_threshold([0, 1], [0.1, np.nan])
    with pytest.raises(pssp.PSSPError, match="nothing is expected"):
        rmse([np.nan], [1.0])
    with pytest.raises(pssp.PSSPError, match="expected the same"):
        rmse([1.0, 2.0], [1.0])


def test_outputs_come_in_the_order_of_the_sequences() -> None:
    """A loader sorts by length; what belongs to one sequence must not be scored against another's label."""
    sequences = [torch.randn(length, 4) for length in (3, 9, 1, 5)]
    loader = pssp.SequenceLoader(sequences, [0, 1, 0, 1])
    torch.manual_seed(0)
    model = pssp.SequenceClassifier(4, 2, 8)
    found = outputs_in_order(model, loader, batch_size=2)
    assert model.training
    for sequence, outputs in zip(sequences, found, strict=True):
        alone = pssp.evaluation_twin(model)(sequence[None], torch.tensor([len(sequence)]))[0]
        torch.testing.assert_close(outputs, alone, atol=1e-6, rtol=1e-5)
