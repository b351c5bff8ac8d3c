"""Scoring a model equals scoring its predictions."""

import numpy as np
import pytest
from random_proteins import random_sequence

from pssp_tutorial.batches.proteins import make_loader
from pssp_tutorial.evaluation.report import Report
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.prediction.evaluate import evaluate
from pssp_tutorial.prediction.predict import predict
from pssp_tutorial.prediction.prediction import InferenceError
from pssp_tutorial.proteins.alphabet import encode_states, reduce_states
from pssp_tutorial.proteins.record import ProteinRecord


@pytest.mark.parametrize("classes", [3, 8])
def test_evaluate_equals_scoring_predictions(classes):
    generator = np.random.default_rng(1)
    model = BiLSTM(hidden_size=4, num_classes=classes)
    records = [
        ProteinRecord(
            f"p{number}",
            random_sequence(length, seed=number),
            "".join(generator.choice(list("HGIEBTSC?"), length)),
            resolved=generator.random(length) < 0.9,
        )
        for number, length in enumerate(generator.integers(1, 80, 20))
    ]
    true = [
        np.where(
            record.mask,
            encode_states(reduce_states(record.structure) if classes == 3 else record.structure, classes),
            -100,
        )
        for record in records
    ]
    predicted = [prediction.probabilities.argmax(axis=1) for prediction in predict(model, records, states=classes)]
    expected = Report.from_labels(true, predicted, classes, [record.id for record in records])
    loader = make_loader(records, 100, shuffle=True, classes=classes)
    for found in (evaluate(model, records), evaluate(model, loader), evaluate(model, iter(records))):
        assert np.array_equal(found.confusion, expected.confusion)
        assert found.per_protein.equals(expected.per_protein)
        assert found.sov == expected.sov
        assert found.residues == sum(int(record.mask.sum()) for record in records)


def test_evaluate_uses_the_loader_s_reduction(model):
    """G is a helix by default and coil by the strict reduction, so the two differ wherever it stands."""
    records = [ProteinRecord("one", random_sequence(40), "G" * 40)]
    default, strict = (evaluate(model, make_loader(records, reduction=name)) for name in ("default", "strict"))
    assert default.confusion[0].sum() == strict.confusion[2].sum() == 40


@pytest.mark.parametrize("reduction", ["default", "strict"])
def test_evaluate_sums_eight_classes_into_the_loader_s_three(reduction):
    model = BiLSTM(hidden_size=4, num_classes=8)
    records = [ProteinRecord(f"p{n}", random_sequence(60, seed=n), "HGIEBTSC??" * 6) for n in range(5)]
    groups = {"default": ([0, 1, 2], [3, 4], [5, 6, 7]), "strict": ([0], [3], [1, 2, 4, 5, 6, 7])}[reduction]
    rows = [prediction.probabilities for prediction in predict(model, records, states=8)]
    predicted = [np.stack([row[:, places].sum(axis=1) for places in groups], axis=1).argmax(axis=1) for row in rows]
    true = [encode_states(reduce_states(record.structure, reduction)) for record in records]
    found = evaluate(model, make_loader(records, reduction=reduction))
    assert np.array_equal(found.confusion, Report.from_labels(true, predicted).confusion)


def test_evaluate_refuses(model):
    records = [ProteinRecord("one", "MKT", "HHH")]
    with pytest.raises(InferenceError, match="the model has 3 classes; expected 8"):
        evaluate(model, make_loader(records, classes=8))
    with pytest.raises(ValueError, match="two: no structure"):
        evaluate(model, [*records, ProteinRecord("two", "MKT")])
    with pytest.raises(ValueError, match="no records"):
        evaluate(model, [])
