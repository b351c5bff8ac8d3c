"""ONNX Runtime computes what PyTorch computes; with 8 bits nearly, and the same for a protein in any company."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import pssp_tutorial as pssp
from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.prediction.onnx_graph import onnx_graph
from pssp_tutorial.prediction.onnx_model import OnnxModel, onnx_twin
from pssp_tutorial.prediction.prediction import InferenceError

pytest.importorskip("onnxruntime")

MODELS = {
    "two layers": lambda: pssp.BiLSTM(6, 2),
    "one-hot": lambda: pssp.BiLSTM(5, 1, embedding_size=None),
    "eight classes": lambda: pssp.BiLSTM(4, 3, 8, embedding_size=5),
    "convolution": lambda: pssp.ConvBiLSTM(4, 2, 8, kernel_size=5),
    "convolution, one-hot": lambda: pssp.ConvBiLSTM(6, 1, embedding_size=None, kernel_size=3),
}


def made(kind: str, seed: int = 0) -> pssp.BiLSTM:
    torch.manual_seed(seed)
    return MODELS[kind]().eval()


def one_hot(lengths: list[int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    letters = torch.randint(21, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(seed))
    real = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.nn.functional.one_hot(letters, 21).float() * real[..., None], torch.tensor(lengths)


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=15)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4), seed=st.integers(0, 5))
def test_the_graph_is_the_model(kind: str, lengths: list[int], seed: int) -> None:
    """Gates in another order would still have the right shapes; only the numbers tell."""
    model, (inputs, lengths) = made(kind, seed), one_hot(lengths, seed)
    with torch.no_grad():
        wanted, found = model(inputs, lengths), OnnxModel(model, int8=False)(inputs, lengths)
    real = torch.arange(inputs.shape[1]) < lengths[:, None]
    assert torch.allclose(wanted[real], found[real], atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
@settings(max_examples=15)
@given(lengths=st.lists(st.integers(1, 40), min_size=2, max_size=4), padding=st.integers(0, 9), seed=st.integers(0, 5))
def test_a_protein_has_the_same_bits_alone_and_in_a_batch(
    kind: str, lengths: list[int], padding: int, seed: int
) -> None:
    """With 8 bits a step is rounded by its largest value: among others, a protein would get other numbers."""
    twin, (inputs, lengths) = onnx_twin(made(kind, seed)), one_hot(lengths, seed)
    garbage = torch.full((len(lengths), padding, 21), 7.0)
    together = twin(torch.cat([inputs, garbage], dim=1), lengths)
    assert together.isfinite().all()
    for row, length in enumerate(lengths.tolist()):
        assert torch.equal(together[row, :length], twin(inputs[row : row + 1, :length], lengths[row : row + 1])[0])


def test_eight_bits_keep_nearly_all_states_of_the_release() -> None:
    """Rounded wrongly, say by one scale for all four gates of the wrong axis, states would differ by the hundred."""
    records = pssp.load_chains("mini").val[:12]
    exact, rounded = (pssp.predict(records, backend=backend) for backend in ("torch", "onnx"))
    differ = sum(
        a != b for one, two in zip(exact, rounded, strict=True) for a, b in zip(one.states, two.states, strict=True)
    )
    assert 0 < differ < 0.02 * sum(map(len, records))
    assert max(np.abs(a.probabilities - b.probabilities).max() for a, b in zip(exact, rounded, strict=True)) < 0.1


def test_a_graph_of_eight_bits_is_a_third_as_large() -> None:
    model = pssp.load_pretrained()
    assert len(onnx_graph(model, int8=True)) < 0.33 * len(onnx_graph(model))


def test_changed_weights_make_a_new_twin() -> None:
    """Predicting from the weights of an hour ago is a bug that nobody sees."""
    model = made("two layers")
    first = onnx_twin(model)
    assert onnx_twin(model) is first
    with torch.no_grad():
        model.classifier.bias += 1
    assert onnx_twin(model) is not first


def test_threads_and_batches_change_nothing() -> None:
    records = pssp.load_chains("mini").val[:8]
    model = made("convolution")
    alone = [pssp.predict(model, [record], backend="onnx")[0].probabilities for record in records]
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        together = pssp.predict(model, records, backend="onnx", batch_residues=500)
    finally:
        torch.set_num_threads(threads)
    assert all(np.array_equal(one, two.probabilities) for one, two in zip(alone, together, strict=True))


def test_what_it_refuses() -> None:
    class Own(pssp.BiLSTM):
        """Computes something else, perhaps."""

    with pytest.raises(ModelError, match="the model is a Own; expected a BiLSTM or a ConvBiLSTM"):
        pssp.predict(Own(4), "MKT", backend="onnx")
    with pytest.raises(InferenceError, match="device is 'cuda'; expected 'cpu'"):
        pssp.predict(made("one-hot"), "MKT", backend="onnx", device="cuda")
    with pytest.raises(InferenceError, match="backend is 'openvino'; expected one of torch, onnx"):
        pssp.predict(made("one-hot"), "MKT", backend="openvino")


def test_without_onnx_runtime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelError, match=r'onnxruntime is not installed; .*"pip install onnx onnxruntime"'):
        pssp.predict(made("one-hot"), "MKT", backend="onnx")


def test_the_command(tmp_path) -> None:
    """The same states as in Python, and the name of the model says what computed them."""
    record = pssp.load_chains("mini").val[0]
    pssp.write_fasta([record], tmp_path / "one.fasta")
    command = [sys.executable, "-m", "pssp_tutorial.cli", "predict", str(tmp_path / "one.fasta"), "--backend", "onnx"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f'"states": "{pssp.predict([record], backend="onnx")[0].states}"' in told.stdout
    assert '(onnx)"}' in told.stdout
