"""The architectures of chapter 11: each cell computes its equations."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pssp_tutorial.models.architectures import ARCHITECTURES, SequenceLabeller
from pssp_tutorial.models.attention import AttentionLayer, rotated
from pssp_tutorial.models.cells import GRU, MLSTM, CoupledLSTM, scan
from pssp_tutorial.models.contract import ModelError, count_parameters
from pssp_tutorial.models.convolution import ConvolutionLayer
from pssp_tutorial.models.graph import GraphLabeller, MessagePassing, PairScores


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_architectures_of_the_table_have_one_size(name):
    """A fair table: no architecture has half the weights of another."""
    model = ARCHITECTURES[name]()
    assert 150_000 <= count_parameters(model) <= 175_000
    assert model(torch.zeros(1, 3, 21), torch.tensor([3])).shape == (1, 3, 3)


def test_the_gru_is_pytorchs():
    """An independent truth: the same weights in `nn.GRU`, whose gates stand in the order reset, update, candidate."""
    torch.manual_seed(0)
    ours, theirs = GRU(5, 4), nn.GRU(5, 4, batch_first=True)
    pairs = {"weight_ih_l0": "from_input.weight", "bias_ih_l0": "from_input.bias"}
    pairs |= {"weight_hh_l0": "from_state.weight", "bias_hh_l0": "from_state.bias"}
    theirs.load_state_dict({name: ours.state_dict()[own] for name, own in pairs.items()})
    values = torch.randn(3, 9, 5)
    torch.testing.assert_close(ours(values), theirs(values)[0])


def test_coupled_gates_are_an_lstm_whose_input_gate_is_tied():
    """An independent truth: in `nn.LSTM`, the forget gate's weights negated give 1 minus that gate."""
    torch.manual_seed(0)
    ours, theirs = CoupledLSTM(5, 4), nn.LSTM(5, 4, batch_first=True)

    def four(rows):
        f, g, o = rows.chunk(3)
        return torch.cat([-f, f, g, o])

    state = {"weight_ih_l0": four(ours.from_input.weight), "weight_hh_l0": four(ours.from_state.weight)}
    theirs.load_state_dict(state | {"bias_ih_l0": four(ours.from_input.bias), "bias_hh_l0": torch.zeros(16)})
    values = torch.randn(3, 9, 5)
    torch.testing.assert_close(ours(values), theirs(values)[0])


@settings(max_examples=25)
@given(length=st.integers(1, 40), seed=st.integers(0, 2**31))
def test_the_scan_is_the_loop(length, seed):
    """All steps at once must be the steps one after another, at every length and not only at powers of two."""
    torch.manual_seed(seed)
    a, b = torch.rand(2, 2, length, 3, dtype=torch.float64)
    h, steps = torch.zeros(2, 3, dtype=torch.float64), []
    for t in range(length):
        h = a[:, t] * h + b[:, t]
        steps.append(h)
    torch.testing.assert_close(scan(a, b), torch.stack(steps, dim=1))


def test_the_mlstm_in_parallel_is_its_recurrence():
    """An independent truth: the matrix cell state of the paper, updated residue by residue, one head."""
    torch.manual_seed(0)
    cell = MLSTM(5, 6, heads=1).double()
    values = torch.randn(1, 12, 5, dtype=torch.float64)
    q, k, v, o = cell.from_input(values)[0].chunk(4, dim=-1)
    i, f = cell.gates(values)[0].unbind(dim=-1)
    C, n, outputs = torch.zeros(6, 6, dtype=torch.float64), torch.zeros(6, dtype=torch.float64), []
    for t in range(12):
        key = k[t] / math.sqrt(6)
        C = f[t].sigmoid() * C + i[t].exp() * torch.outer(v[t], key)
        n = f[t].sigmoid() * n + i[t].exp() * key
        outputs.append(cell.norm(C @ q[t] / (n @ q[t]).abs().clamp(min=1)) * o[t].sigmoid())
    torch.testing.assert_close(cell(values)[0], torch.stack(outputs))


def test_rotary_products_depend_on_the_distance_alone():
    """What rotary positions promise: shift both residues, and the score of the pair stays."""
    torch.manual_seed(0)
    query, key = torch.randn(2, 1, 8, dtype=torch.float64).expand(-1, 20, -1)
    scores = rotated(query) @ rotated(key).T  # of one vector at every position
    for shift in range(-5, 6):
        diagonal = scores.diagonal(shift)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    assert scores.std() > 0.1


def test_attention_is_the_softmax_of_its_scores():
    """An independent truth: every pair by hand, turned as complex numbers."""
    torch.manual_seed(0)
    layer = AttentionLayer(8, heads=1).double()
    values = torch.randn(1, 6, 8, dtype=torch.float64)
    q, k, v = layer.from_input(values)[0].chunk(3, dim=-1)

    def turned(vectors):
        pairs = torch.complex(vectors[:, :4], vectors[:, 4:])
        speeds = torch.tensor([10_000 ** (-channel / 8) for channel in (0, 2, 4, 6)], dtype=torch.float64)
        return pairs * torch.exp(1j * torch.arange(6)[:, None] * speeds)

    scores = (turned(q) @ turned(k).conj().T).real / math.sqrt(8)
    expected = (scores.softmax(dim=-1) @ v) @ layer.out.weight.T
    torch.testing.assert_close(layer(values, torch.tensor([6]))[0], expected)


@pytest.mark.parametrize(("dilations", "field"), [([1, 1], 9), ([1, 4], 21), ([1, 2, 4], 29)])
def test_the_receptive_field_is_the_sum_of_the_reaches(dilations, field):
    """By hand: each layer of five residues adds four times its dilation."""
    torch.manual_seed(0)
    model = SequenceLabeller([ConvolutionLayer(8, 5, dilation) for dilation in dilations], 8)
    inputs = torch.randn(1, 99, 21, requires_grad=True)
    model(inputs, torch.tensor([99]))[0, 49].sum().backward()
    assert int(inputs.grad.abs().sum(dim=-1).ne(0).sum()) <= field
    assert inputs.grad[0, :, :].abs().sum(dim=-1).nonzero().flatten().tolist()[:: field - 1] == [
        49 - field // 2,
        49 + field // 2,
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ConvolutionLayer(8, 4), "kernel_size is 4; expected an odd number"),
        (lambda: ConvolutionLayer(8, 3, 0), "dilation is 0; expected a whole number"),
        (lambda: AttentionLayer(12, 4), "width is 12 and heads is 4; expected a width that twice the heads divide"),
        (lambda: SequenceLabeller([], 0), "width is 0"),
    ],
)
def test_a_bad_setting_is_refused(make, words):
    """A wrong size is named before anything is computed."""
    with pytest.raises(ModelError, match=words):
        make()


@settings(max_examples=20)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4), padding=st.integers(0, 20), seed=st.integers(0, 99)
)
def test_padding_never_changes_what_a_graph_says(lengths, padding, seed):
    """The contract holds for graphs too: a neighbour is always a residue of the same chain."""
    torch.manual_seed(seed)
    model = GraphLabeller(neighbours=3, width=8).double().eval()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 24, dtype=torch.float64)
    for row, length in zip(inputs, lengths, strict=True):
        row[:, 21:] = 0
        row[:length, 21:] = torch.randint(0, length, (length, 3)) - torch.arange(length)[:, None]
    together = model(inputs, torch.tensor(lengths))
    for row, length, logits in zip(inputs, lengths, together, strict=True):
        torch.testing.assert_close(logits[:length], model(row[None, :length], torch.tensor([length]))[0])


def test_messages_are_the_sum_over_the_neighbours():
    """By hand: three residues in a row, of which the middle one has two neighbours and the others one each."""
    torch.manual_seed(0)
    layer = MessagePassing(4).double()
    values = torch.randn(1, 3, 4, dtype=torch.float64)
    found = layer(values, torch.tensor([[[1, 0], [-1, 1], [0, -1]]]))[0]
    for residue, neighbours in enumerate([[1], [0, 2], [1]]):
        messages = [(layer.sent(values[0, j]) + layer.kinds(torch.tensor(16 + j - residue))).relu() for j in neighbours]
        torch.testing.assert_close(found[residue], layer.out((layer.own(values[0, residue]) + sum(messages)).relu()))


@settings(max_examples=20)
@given(lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4), padding=st.integers(0, 9), seed=st.integers(0, 99))
def test_a_pair_has_the_same_score_in_any_batch(lengths, padding, seed):
    """The contract, for pairs: neither padding nor company moves a score; and a pair has one score, read either way."""
    torch.manual_seed(seed)
    model = PairScores(4).double().eval()
    inputs = torch.randn(len(lengths), max(lengths) + padding, 21, dtype=torch.float64)
    together = model(inputs, torch.tensor(lengths))
    assert torch.allclose(together, together.transpose(1, 2))
    for row, length in enumerate(lengths):
        alone = model(inputs[row : row + 1, :length], torch.tensor([length]))[0]
        assert torch.allclose(together[row, :length, :length], alone, atol=1e-10)
