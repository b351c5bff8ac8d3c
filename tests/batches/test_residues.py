"""The labels of a language model's batches are the residues."""

import pytest

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.residues import ResidueLoader
from pssp_tutorial.models.language import LanguageModel
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.training.fit import fit
from pssp_tutorial.training.stopping import TrainingError

RECORDS = [ProteinRecord("one", "MKXV"), ProteinRecord("two", "GA")]


def test_each_known_residue_is_asked_for_twice():
    """A shift by one place would be a language model that copies; padding and X count nowhere."""
    loader = ResidueLoader(RECORDS, 100)
    (batch,) = loader
    for row, name in enumerate(batch.ids):
        sequence = {record.id: record.sequence for record in RECORDS}[name]
        expected = [AMINO_ACIDS.index(letter) if letter in AMINO_ACIDS else -100 for letter in sequence]
        expected += [-100] * (batch.labels.shape[1] - len(expected))
        assert batch.labels[row].tolist() == [[label, label] for label in expected]
    assert loader.scored == int(batch.mask.sum()) == 10


def test_fit_trains_a_language_model_and_refuses_a_leak():
    """The one fit needs nothing new; a sequence that is to be scored must not be among those pretrained on."""
    train = ResidueLoader([ProteinRecord(f"train {number}", "ACDEFGHIKL" * 3) for number in range(8)], 100)
    val = ResidueLoader([ProteinRecord("val", "ACDEFGHIKL" * 2)])
    frame = fit(LanguageModel(16, dropout=0.0), train, val, max_epochs=12, learning_rate=0.05).frame
    assert frame["val_loss"].iloc[-1] < 0.5 * frame["val_loss"].iloc[0]
    copied = ResidueLoader([ProteinRecord("other name", "ACDEFGHIKL" * 2)])
    with pytest.raises(TrainingError, match="its sequence is in train and in val"):
        fit(LanguageModel(4), copied, val)
    with pytest.raises(BatchingError, match="no records"):
        ResidueLoader([])
