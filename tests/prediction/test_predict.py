"""Prediction: order kept, batches without influence, every length and every letter accounted for."""

import gzip
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
import torch
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord
from hypothesis import given
from hypothesis import strategies as st
from random_proteins import random_sequence
from torch import nn

from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.prediction import predict as inference
from pssp_tutorial.prediction.evaluate import evaluate
from pssp_tutorial.prediction.predict import iter_predict, predict
from pssp_tutorial.prediction.prediction import InferenceError, Prediction
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, AlphabetError
from pssp_tutorial.proteins.fasta import write_fasta
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

SEQUENCES = st.lists(st.text(AMINO_ACIDS + "XUOBZJ" + AMINO_ACIDS.lower(), min_size=1, max_size=50), max_size=12)


@given(SEQUENCES, st.integers(1, 200), st.integers(1, 3))
def test_batches_and_windows_do_not_matter(sequences, batch_residues, window):
    """A prediction that depended on its neighbours in a batch would change from run to run."""
    model = ProteinSecondaryStructurePrediction(21, 5, 1, 3) if window == 3 else BiLSTM(hidden_size=5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "WINDOW", window)
        together = predict(model, sequences, batch_residues=batch_residues)
    assert [prediction.sequence for prediction in together] == sequences
    assert [prediction.id for prediction in together] == [f"sequence_{number + 1}" for number in range(len(sequences))]
    for sequence, prediction in zip(sequences, together, strict=True):
        alone = predict(model, sequence)
        assert prediction.probabilities == pytest.approx(alone.probabilities, abs=1e-5)
        assert prediction.probabilities.shape == (len(sequence), 3)
        assert prediction.probabilities.dtype == np.float32
        assert prediction.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
        assert prediction.states == "".join("HEC"[row.argmax()] for row in prediction.probabilities)
        assert np.array_equal(prediction.confidence, prediction.probabilities.max(axis=1))


@pytest.mark.parametrize("length", [1, 2, 16_001, 40_000])
def test_any_length(model, length):
    """From a single residue to titin, the longest human protein (about 34,000 residues)."""
    prediction = predict(model, random_sequence(length))
    assert len(prediction.states) == len(prediction.probabilities) == length


def test_probabilities_are_the_softmax_of_the_logits(model):
    sequence = random_sequence(30)
    codes = torch.tensor([AMINO_ACIDS.index(letter) for letter in sequence])
    with torch.no_grad():
        logits = model.eval()(nn.functional.one_hot(codes, 21).float()[None], torch.tensor([30]))
    expected = torch.softmax(logits[0], dim=-1).numpy()
    assert predict(model, sequence).probabilities == pytest.approx(expected, abs=1e-6)


def test_eight_states_and_their_sums():
    """Three states of a model of eight are read off summed probabilities, not off the most probable of eight."""
    model = BiLSTM(hidden_size=4, num_classes=8)
    eight, three = (predict(model, random_sequence(50), states=states) for states in (8, 3))
    assert eight.probabilities.shape == (50, 8)
    assert set(eight.states) <= set("HGIEBTSC")
    summed = [eight.probabilities[:, places].sum(axis=1) for places in ([0, 1, 2], [3, 4], [5, 6, 7])]
    assert three.probabilities == pytest.approx(np.stack(summed, axis=1), abs=1e-6)
    assert three.states == "".join("HEC"[place] for place in np.argmax(summed, axis=0))
    assert three.probabilities.dtype == np.float32
    assert predict(model, random_sequence(50)).states == three.states


@pytest.mark.parametrize(("classes", "states"), [(3, 8), (5, 3), (5, 8)])
def test_states_that_the_model_has_not(classes, states):
    with pytest.raises(InferenceError, match=f"the model has {classes} classes; expected {states}, the number of"):
        predict(BiLSTM(hidden_size=4, num_classes=classes), "MKT", states=states)


def test_no_such_number_of_states(model):
    with pytest.raises(AlphabetError, match="4 classes; expected 3 or 8"):
        predict(model, "MKT", states=4)


def test_without_a_model_the_one_of_the_package_predicts(model, monkeypatch):
    """It is read once."""
    read = []
    monkeypatch.setattr(inference, "load_pretrained", lambda: read.append(1) or model)
    inference._release.cache_clear()
    try:
        assert predict("MKTV").states == predict(model, "MKTV").states
        assert [one.id for one in predict(["MKTV", "GA"])] == ["sequence_1", "sequence_2"]
        assert next(iter_predict("MKTV")).id == "sequence"
        assert read == [1]
    finally:
        inference._release.cache_clear()
    with pytest.raises(InferenceError, match="model is a str; expected a torch Module, or the proteins alone"):
        predict("MKTV", model)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(model, threads):
    """Each batch is computed by one thread, so the bits are those of one thread, and PyTorch's setting stays."""
    sequences = [random_sequence(length, seed=length) for length in range(1, 120, 7)]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        expected = predict(model, sequences, batch_residues=200)
        torch.set_num_threads(threads)
        for one, other in zip(predict(model, sequences, batch_residues=200), expected, strict=True):
            assert np.array_equal(one.probabilities, other.probabilities)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_every_form_of_input_gives_the_same(model, tmp_path):
    sequences = [random_sequence(length, seed=length) for length in (30, 3, 12)]
    names = ["one", "two", "three"]
    records = [ProteinRecord(name, sequence) for name, sequence in zip(names, sequences, strict=True)]
    paths = [tmp_path / name for name in ("a.fasta", "b.FAA", "c.fas.gz", "other.txt")]
    for path in paths:
        write_fasta(records, path)
    assert gzip.decompress(paths[2].read_bytes()) == paths[0].read_bytes()
    forms = [
        records,
        iter(records),
        [SeqRecord(Seq(sequence), name) for name, sequence in zip(names, sequences, strict=True)],
        *paths,
        *map(str, paths),
    ]
    expected = [predict(model, record) for record in records]
    for form in forms:
        found = predict(model, form)
        assert [prediction.id for prediction in found] == names
        assert [prediction.states for prediction in found] == [prediction.states for prediction in expected]
    single = predict(model, SeqRecord(Seq(sequences[0]), "one"))
    assert (single.id, single.states) == ("one", expected[0].states)
    unnamed = predict(model, Seq(sequences[0]))
    assert (unnamed.id, unnamed.sequence, unnamed.states) == ("sequence", sequences[0], expected[0].states)
    assert [each.states for each in predict(model, [Seq(sequences[0])])] == [expected[0].states]
    pasted = predict(model, f"{sequences[0][:20]} \n{sequences[0][20:]}*\n")
    assert (pasted.sequence, pasted.states) == (sequences[0], expected[0].states)
    named = predict(model, sequences[0])
    assert (named.id, named.states) == ("sequence", expected[0].states)
    assert predict(model, []) == []


def test_a_teacher_that_reads_profiles_cannot_predict():
    with pytest.raises(InferenceError, match="the model reads 41 channels; expected 21: the sequence alone"):
        predict(BiLSTM(hidden_size=4, input_size=41), "MKTV")


def test_a_relative_path_without_a_folder(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_fasta([ProteinRecord("one", "MKTV")], "proteins.fasta")
    assert [prediction.id for prediction in predict(model, "proteins.fasta")] == ["one"]


def test_unusual_letters(model):
    """Lower case counts as upper case; U, O, B, Z, J follow the alphabet's policy; the sequence stays as given."""
    given_form, read_as = "mkUOBZJX", "MKCKXXXX"
    prediction = predict(model, given_form)
    assert prediction.sequence == given_form
    assert prediction.probabilities == pytest.approx(predict(model, read_as).probabilities)
    with pytest.raises(AlphabetError, match="seleno: residue 3 is 'U'"):
        predict(model, ProteinRecord("seleno", "MKU"), unusual="error")


def test_proteins_that_cannot_be_predicted_are_handed_over(model, tmp_path):
    path = tmp_path / "mixed.fasta"
    path.write_text(">a\nMKT\n>b\nM-T\n>c\nGA\n")
    errors = []
    assert [one.id for one in iter_predict(model, path, on_error=errors.append)] == ["a", "c"]
    assert "line 3: record 2 (b): residue 2 is '-'" in str(errors.pop())
    records = [ProteinRecord("a", "MKU"), ProteinRecord("b", "MKT"), ProteinRecord("c", "")]
    assert [one.id for one in iter_predict(model, records, unusual="error", on_error=errors.append)] == ["b"]
    assert [str(error)[:20] for error in errors] == ["a: residue 3 is 'U';", "c: no residues; expe"]


@pytest.mark.parametrize(
    ("proteins", "error", "message"),
    [
        ("MK*V", AlphabetError, r"sequence: residue 3 is '\*'"),
        ("MK.V", InferenceError, r"MK\.V: no such file.*; expected a FASTA file, or a sequence of letters only"),
        ("MK-V", AlphabetError, "sequence: residue 3 is '-'"),
        ({"one": "MKV"}, InferenceError, "proteins is a dict; expected a sequence, a record, several or a path"),
        (">one\nMKT", AlphabetError, "sequence: residue 1 is '>'"),
        ([ProteinRecord("good", "MKT"), ProteinRecord("bad", "MK-")], AlphabetError, "bad: residue 3 is '-'"),
        ("", RecordError, "sequence: no residues"),
        (["MKT", ""], RecordError, "sequence_2: no residues"),
        (ProteinRecord("void", ""), RecordError, "void: no residues; expected at least one"),
        ("missing.fasta", InferenceError, r"missing.fasta: no such file.*; expected a FASTA file, or a sequence"),
        ("folder/missing", InferenceError, r"folder[/\\]missing: no such file"),
        ("missing.fa.gz", InferenceError, "no such file"),
        (Path("missing"), InferenceError, "missing: no such file"),
        (Path(__file__).parent, RecordError, "prediction: no FASTA file in this folder"),
        (None, InferenceError, "proteins is a NoneType; expected"),
        (7, InferenceError, "proteins is a int; expected"),
        (["MKT", 7], InferenceError, "protein 2 is a int; expected"),
    ],
)
def test_errors_name_record_and_place(model, proteins, error, message):
    with pytest.raises(error, match=message):
        predict(model, proteins)


def test_a_file_that_is_not_fasta(model, tmp_path):
    path = tmp_path / "table.fasta"
    path.write_text("id,sequence\none,MKT\n")
    with pytest.raises(RecordError, match=r"table.fasta"):
        predict(model, path)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_a_file_without_proteins(model, tmp_path, text):
    """An empty list would look like a success; the wrong file was named, or writing it has failed."""
    path = tmp_path / "empty.fasta"
    path.write_text(text)
    with pytest.raises(InferenceError, match=r"empty.fasta: nothing to predict; expected FASTA with at least one"):
        predict(model, path)
    assert predict(model, []) == []


def test_a_broken_model_is_found_out():
    model = BiLSTM(hidden_size=4)
    nn.init.constant_(model.classifier.bias, float("nan"))
    with pytest.raises(InferenceError, match="one: the model gives nan"):
        predict(model, ProteinRecord("one", "MKT"))


def test_streaming_reads_a_window_ahead_and_no_more(model, monkeypatch):
    """An endless source must not be read to its end."""
    monkeypatch.setattr(inference, "WINDOW", 4)
    read = []

    def endless():
        for number in count():
            read.append(number)
            yield ProteinRecord(f"p{number}", "MKTVRQERLK")

    predictions = iter_predict(model, endless(), batch_residues=50)
    assert [prediction.id for prediction in islice(predictions, 45)] == [f"p{number}" for number in range(45)]
    assert len(read) == 60  # windows of 4 x 50 residues, 10 per protein


def test_modes_and_gradients_stay_as_they_were(model):
    """Also between two predictions of a stream, where the caller's own code runs."""
    model.train()
    model.dropout.eval()
    for _ in iter_predict(model, ["MKT", "GA"]):
        assert model.training
        assert not model.dropout.training
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    evaluate(model, [ProteinRecord("one", "MKT", "HHH")])
    assert model.training
    assert not model.dropout.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_prediction_holds_no_more_than_its_own_protein(model):
    """A view would keep the whole padded batch in memory."""
    short, _ = predict(model, ["MKT", random_sequence(500)])
    assert short.probabilities.base is None
    assert isinstance(short, Prediction)
    assert "probabilities" not in repr(short)
