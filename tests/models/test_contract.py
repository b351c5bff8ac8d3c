"""Every model keeps the contract: padding never matters, and bad batches and settings are refused."""

import pytest
import torch
from example_models import MODELS, OTHERS, every_model, lengths_of_a_batch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pssp_tutorial.models import storage as models
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM
from pssp_tutorial.models.contract import ModelError, count_parameters, evaluating
from pssp_tutorial.models.convolution import ConvBiLSTM
from pssp_tutorial.models.device import resolve_device
from pssp_tutorial.models.storage import load_pretrained, save_pretrained


@pytest.mark.parametrize(
    ("make", "tolerance"),
    [(make, 1e-5) for make in MODELS.values()] + [(make, 1e-4) for make in OTHERS.values()],
    ids=[*MODELS, *(f"other {name}" for name in OTHERS)],
)
@settings(max_examples=15)
@given(
    lengths=lengths_of_a_batch,
    padding=st.integers(0, 40),
    garbage=st.sampled_from([0.0, -1.0, 1e3, -1e9]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 2**31),
)
def test_padding_never_changes_logits_and_gradients_are_finite(make, tolerance, lengths, padding, garbage, dtype, seed):
    """The contract: alone, in a batch, or behind any padding, a protein gets the same logits, and can be learned."""
    tolerance = tolerance if dtype == torch.float32 else 1e-10
    torch.manual_seed(seed)
    model = make().to(dtype).eval()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 21, dtype=dtype)
    for row, length in zip(inputs, lengths, strict=True):
        row[length:] = garbage * torch.randn(1, dtype=dtype)
    inputs.requires_grad_()
    together = model(inputs, torch.tensor(lengths))
    for row, length, logits in zip(inputs, lengths, together, strict=True):
        alone = model(row[None, :length], torch.tensor([length]))[0]
        torch.testing.assert_close(logits[:length], alone, rtol=tolerance, atol=tolerance)
    real = torch.arange(inputs.shape[1]) < torch.tensor(lengths)[:, None]
    together[real].square().sum().backward()
    assert inputs.grad[~real].eq(0).all()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


def test_no_model_escapes_the_tests_of_the_contract():
    """A model that is added to the package and not to the list above would go untested."""
    assert {model.__name__ for model in models.MODELS.values()} <= {type(make()).__name__ for make in MODELS.values()}


@every_model
def test_a_batch_has_the_gradients_of_its_proteins(make):
    """Training in batches must equal training on the proteins' sum, and padding must get no gradient at all."""
    torch.manual_seed(0)
    model = make().double().eval()
    lengths = torch.tensor([4, 9, 1])
    inputs = torch.randn(3, 12, 21, dtype=torch.float64, requires_grad=True)
    mask = torch.arange(12) < lengths[:, None]
    model(inputs, lengths)[mask].square().sum().backward()
    assert inputs.grad[~mask].eq(0).all()
    assert inputs.grad[mask].ne(0).any(dim=1).all()
    together = [parameter.grad for parameter in model.parameters()]
    model.zero_grad()
    for row, length in zip(inputs.detach(), lengths.tolist(), strict=True):
        model(row[None, :length], torch.tensor([length])).square().sum().backward()
    torch.testing.assert_close([p.grad for p in model.parameters()], together, rtol=1e-10, atol=1e-10)


def test_dropout_works_in_training_only():
    torch.manual_seed(0)
    model, inputs, lengths = BiLSTM(8, dropout=0.5), torch.randn(2, 9, 21), torch.tensor([9, 4])
    assert not torch.equal(model(inputs, lengths), model(inputs, lengths))
    with evaluating(model):
        assert torch.equal(model(inputs, lengths), model(inputs, lengths))


@pytest.mark.parametrize(
    ("make", "parameters"),
    [
        # the sums by hand: an LSTM has 4 x hidden x (input + hidden + 2) numbers a direction and layer
        (lambda: ProteinSecondaryStructurePrediction(21, 64, 2, 3), 4 * 64 * (87 + 130) + 65 * 3),
        (lambda: BiLSTM(), 21 * 32 + 2 * 4 * 64 * (98 + 194) + 129 * 3),
        (lambda: BiLSTM(10, 1, 8, embedding_size=None), 2 * 4 * 10 * 33 + 21 * 8),
    ],
)
def test_parameter_counts(make, parameters):
    assert count_parameters(make()) == parameters


def test_frozen_parameters_are_not_counted():
    model = BiLSTM()
    model.embedding.requires_grad_(False)
    assert count_parameters(BiLSTM()) - count_parameters(model) == 21 * 32


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: model(torch.zeros(2, 7, 20), torch.tensor([7, 7])), r"\[2, 7, 20\].*21 channels"),
        (lambda model: model(torch.zeros(7, 21), torch.tensor([7])), r"\[7, 21\].*batch, length, channel"),
        (lambda model: model(torch.zeros(0, 7, 21), torch.zeros(0).long()), r"\[0, 7, 21\]"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([7])), r"of shape \[1\].*of shape \[2\]"),
        (lambda model: model(torch.zeros(1, 7, 21), torch.tensor([7.0])), "torch.float32.*whole numbers"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([7, 0])), "from 0 to 7; expected 1 to 7"),
        (lambda model: model(torch.zeros(2, 7, 21), torch.tensor([8, 7])), "from 7 to 8; expected 1 to 7"),
    ],
)
@every_model
def test_a_bad_batch_is_refused(make, call, words):
    with pytest.raises(ModelError, match=words):
        call(make())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BiLSTM(dropout=1.0), "dropout is 1.0; expected a share from 0 to below 1"),
        (lambda: BiLSTM(dropout=-0.1), "dropout is -0.1"),
        (lambda: BiLSTM(hidden_size=0), "hidden_size is 0; expected a whole number"),
        (lambda: BiLSTM(num_layers=1.5), "num_layers is 1.5"),
        (lambda: BiLSTM(embedding_size=0), "embedding_size is 0"),
        (lambda: BidirectionalLSTM(21, -1), "hidden_size is -1"),
        (lambda: ConvBiLSTM(kernel_size=4), "kernel_size is 4; expected an odd number"),
        (lambda: ConvBiLSTM(kernel_size=0), "kernel_size is 0; expected a whole number"),
        (lambda: ProteinSecondaryStructurePrediction(21, 64, 0, 3), "num_layers is 0"),
        (lambda: resolve_device("gpu"), "device is 'gpu'; expected 'auto'"),
        (
            lambda: save_pretrained(nn.Linear(2, 2), "unused.safetensors"),
            "a Linear; expected one of ProteinSecondary.*BiLSTM",
        ),
    ],
)
def test_a_bad_setting_is_refused(make, words):
    with pytest.raises(ModelError, match=words):
        make()


@pytest.mark.parametrize("name", [name for name in MODELS if name != "layer"])
def test_a_saved_model_comes_back(tmp_path, name):
    """The same settings and logits, and it can be trained on."""
    model, inputs, lengths = MODELS[name]().eval(), torch.randn(2, 9, 21), torch.tensor([9, 9])
    save_pretrained(model, tmp_path / "models" / "model.safetensors", precision="float32")
    loaded = load_pretrained(tmp_path / "models" / "model.safetensors")
    assert (type(loaded), loaded.config, loaded.training) == (type(model), model.config, False)
    torch.testing.assert_close(loaded(inputs, lengths), model(inputs, lengths))
    loaded.train()(inputs, lengths).sum().backward()
    assert all(parameter.grad is not None for parameter in loaded.parameters())
