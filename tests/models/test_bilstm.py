"""The bidirectional layers: the fast pass is exact, and each residue sees what it should."""

import pytest
import torch
from example_models import lengths_of_a_batch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.functional import embedding, one_hot
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pssp_tutorial.models import bilstm
from pssp_tutorial.models.article import ProteinSecondaryStructurePrediction
from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM
from pssp_tutorial.models.contract import evaluating
from pssp_tutorial.models.convolution import ConvBiLSTM


@settings(max_examples=25)
@given(lengths=lengths_of_a_batch, padding=st.integers(0, 10), hidden=st.integers(1, 9), seed=st.integers(0, 2**31))
def test_the_fast_pass_equals_the_packed_one(lengths, padding, hidden, seed):
    """The fast form is only fast: outputs and gradients are those of PyTorch's packed bidirectional layer."""
    torch.manual_seed(seed)
    layer = BidirectionalLSTM(5, hidden).double()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 5, dtype=torch.float64, requires_grad=True)
    lengths = torch.tensor(lengths)
    mask = torch.arange(inputs.shape[1]) < lengths[:, None]
    results = []
    for layer.packed in (False, True):
        outputs = layer(inputs, lengths)[mask]
        results.append([outputs, *torch.autograd.grad(outputs.square().sum(), [inputs, *layer.parameters()])])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)


@settings(max_examples=25)
@given(lengths=lengths_of_a_batch, part=st.integers(1, 100), seed=st.integers(0, 2**31))
def test_prediction_in_parts_equals_the_packed_pass(lengths, part, seed):
    """A batch that would leave the processor's cache runs a few chains at a time: no chain may be lost or moved."""
    torch.manual_seed(seed)
    layer = BidirectionalLSTM(5, 4).double()
    inputs, lengths = torch.randn(len(lengths), max(lengths), 5, dtype=torch.float64), torch.tensor(lengths)
    mask = torch.arange(inputs.shape[1]) < lengths[:, None]
    results = []
    with pytest.MonkeyPatch.context() as patch, torch.inference_mode():
        patch.setattr(bilstm, "CACHED_RESIDUES", part)
        for layer.packed in (False, True):
            results.append(layer(inputs, lengths)[mask])
    torch.testing.assert_close(*results, rtol=1e-10, atol=1e-10)


def test_the_route_is_chosen_by_the_device():
    """On the CPU the fast form runs: it is many times faster in training there."""
    layer, inputs, lengths = BidirectionalLSTM(5, 3), torch.randn(2, 8, 5), torch.tensor([8, 3])
    chosen = layer(inputs, lengths)
    layer.packed = False
    assert torch.equal(chosen, layer(inputs, lengths))


def test_the_convolution_sees_as_far_as_its_kernel():
    """An independent truth: with the LSTM's part taken away, a change reaches half a kernel to either side."""
    torch.manual_seed(0)
    model = ConvBiLSTM(4, 1, kernel_size=5).eval()
    inputs, lengths = one_hot(torch.randint(0, 21, (1, 20)), 21).float(), torch.tensor([20])
    other = inputs.roll(1, dims=2).where(torch.arange(20)[:, None] == 9, inputs)
    changed = (model.embed(inputs, lengths) != model.embed(other, lengths)).any(dim=-1)[0]
    assert changed.nonzero().flatten().tolist() == [7, 8, 9, 10, 11]


@pytest.mark.parametrize("num_layers", [1, 2, 3])
def test_bilstm_equals_pytorchs_layers(num_layers):
    """An independent truth: a look-up table, `nn.LSTM` with as many layers, packed, and a linear layer."""
    torch.manual_seed(0)
    model = BiLSTM(6, num_layers, embedding_size=4).double().eval()
    plain = nn.LSTM(4, 6, num_layers, batch_first=True, bidirectional=True, dtype=torch.float64)
    plain.load_state_dict(
        {
            name.replace("_l0", f"_l{number}"): weight
            for number, layer in enumerate(model.layers)
            for name, weight in layer.lstm.state_dict().items()
        }
    )
    codes, lengths = torch.randint(0, 21, (4, 20)), torch.tensor([20, 3, 11, 1])
    chains = pack_padded_sequence(embedding(codes, model.embedding.weight.T), lengths, True, enforce_sorted=False)
    expected = model.classifier(pad_packed_sequence(plain(chains)[0], batch_first=True)[0])
    mask = torch.arange(20) < lengths[:, None]
    logits = model(one_hot(codes, 21).double(), lengths)
    torch.testing.assert_close(logits[mask], expected[mask], rtol=1e-10, atol=1e-10)


def test_what_a_residue_sees():
    """The article's model reads from the first residue only; BiLSTM reads both ways."""
    torch.manual_seed(0)
    inputs, lengths = torch.randn(1, 20, 21), torch.tensor([20])
    changed = inputs.clone()
    changed[0, 12] += 1
    for model, earlier_changes in ((ProteinSecondaryStructurePrediction(21, 8, 2, 3), False), (BiLSTM(8), True)):
        with evaluating(model):
            difference = (model(inputs, lengths) - model(changed, lengths)).abs().sum(dim=-1)[0]
        assert difference[12:].gt(0).all()
        assert bool(difference[:12].gt(0).any()) is earlier_changes
