"""The LSTM of the equations against PyTorch's own, and the gate recorder against the layer's outputs."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from pssp_tutorial.models.contract import ModelError
from pssp_tutorial.models.lstm import LSTM, lstm_step, record_gates

TOLERANCE = {"rtol": 0.0, "atol": 1e-10}


def copies(**sizes):
    """Our LSTM and PyTorch's with the same weights, in float64."""
    theirs = nn.LSTM(**sizes, batch_first=True, dtype=torch.float64)
    ours = LSTM(**sizes).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def run(lstm, inputs, state, weights):
    """Outputs, last states, and the gradients of a weighted sum of them all."""
    inputs, state = inputs.clone().requires_grad_(), tuple(values.clone().requires_grad_() for values in state)
    outputs, (h_n, c_n) = lstm(inputs, state)
    results = (outputs, h_n, c_n)
    sum((weight * result).sum() for weight, result in zip(weights, results, strict=True)).backward()
    gradients = {name: parameter.grad for name, parameter in lstm.named_parameters()}
    return results, (inputs.grad, *(values.grad for values in state)), gradients


@settings(max_examples=40)
@given(
    input_size=st.integers(1, 6),
    hidden_size=st.integers(1, 6),
    num_layers=st.integers(1, 3),
    bias=st.booleans(),
    bidirectional=st.booleans(),
    batch=st.integers(1, 4),
    length=st.integers(1, 12),
    seed=st.integers(0, 2**31),
)
def test_outputs_and_gradients_equal_pytorchs(batch, length, seed, **sizes):
    """A wrong sign or gate order changes outputs; a wrong step through time changes gradients: both must agree."""
    torch.manual_seed(seed)
    ours, theirs = copies(**sizes)
    directions = 1 + sizes["bidirectional"]
    inputs = torch.randn(batch, length, sizes["input_size"], dtype=torch.float64)
    state = tuple(torch.randn(2, sizes["num_layers"] * directions, batch, sizes["hidden_size"], dtype=torch.float64))
    weights = [torch.randn(batch, length, directions * sizes["hidden_size"], dtype=torch.float64)]
    weights += [torch.randn_like(values) for values in state]
    for mine, reference in zip(run(ours, inputs, state, weights), run(theirs, inputs, state, weights), strict=True):
        torch.testing.assert_close(mine, reference, **TOLERANCE)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_whole_protein_from_zero_states(bidirectional):
    """Errors of rounding must not grow along a long chain, and the states start at zero when left out."""
    torch.manual_seed(0)
    ours, theirs = copies(input_size=21, hidden_size=16, num_layers=2, bidirectional=bidirectional)
    inputs = torch.randn(2, 700, 21, dtype=torch.float64)
    torch.testing.assert_close(ours(inputs), theirs(inputs), **TOLERANCE)


@pytest.mark.parametrize("bias", [True, False])
def test_one_step_equals_pytorchs_cell(bias):
    torch.manual_seed(1)
    theirs = nn.LSTMCell(5, 3, bias=bias, dtype=torch.float64)
    weights = theirs.weight_ih, theirs.weight_hh, *((theirs.bias_ih, theirs.bias_hh) if bias else (None, None))
    x, h, c = (torch.randn(4, size, dtype=torch.float64, requires_grad=True) for size in (5, 3, 3))
    step = lstm_step(x, h, c, *weights)
    mine, reference = (step.h, step.c), theirs(x, (h, c))
    torch.testing.assert_close(mine, reference, **TOLERANCE)
    for k in range(2):
        variables = x, h, c, *theirs.parameters()
        gradients = [
            torch.autograd.grad(out[k].square().sum(), variables, retain_graph=True, allow_unused=True)
            for out in (mine, reference)
        ]
        torch.testing.assert_close(*gradients, **TOLERANCE)


def test_one_step_by_hand():
    """Independent of PyTorch: with zero weights the biases alone set the gates, worked out with a pocket calculator."""
    biases = torch.tensor([1.0, 2.0, 0.5, -1.0], dtype=torch.float64)  # i, f, g, o
    x, c = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    zero = torch.zeros(4, 1, dtype=torch.float64)
    step = lstm_step(x, x, c, zero, zero, biases, torch.zeros(4, dtype=torch.float64))
    expected = {"i": 0.731059, "f": 0.880797, "g": 0.462117, "o": 0.268941, "c": 1.218632, "h": 0.225709}
    assert {name: getattr(step, name).item() for name in expected} == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_the_same_seed_draws_the_same_weights(bias, bidirectional):
    """A reader who swaps one layer for the other starts from the same place."""
    sizes = {"input_size": 5, "hidden_size": 3, "num_layers": 2, "bias": bias, "bidirectional": bidirectional}
    torch.manual_seed(2)
    ours = LSTM(**sizes).state_dict()
    torch.manual_seed(2)
    theirs = nn.LSTM(**sizes).state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_recorded_gates_fit_the_layer(ours, bidirectional, bias):
    """h of the last layer is what the layer puts out, and c and h follow from the recorded gates."""
    torch.manual_seed(3)
    lstm = copies(input_size=5, hidden_size=4, num_layers=3, bias=bias, bidirectional=bidirectional)[0 if ours else 1]
    protein = torch.randn(9, 5, dtype=torch.float64)
    outputs, (h_n, c_n) = lstm(protein.unsqueeze(0))
    for reverse in [False, True][: 1 + bidirectional]:
        top = record_gates(lstm, protein, layer=2, reverse=reverse)
        torch.testing.assert_close(top.h, outputs[0, :, 4 * reverse : 4 * reverse + 4], **TOLERANCE)
        for layer in range(3):
            gates = record_gates(lstm, protein, layer=layer, reverse=reverse)
            row = layer * (1 + bidirectional) + reverse
            torch.testing.assert_close((gates.h, gates.c), (gates.o * gates.c.tanh(), gates.c), **TOLERANCE)
            end = 0 if reverse else -1  # where this direction stops
            torch.testing.assert_close((gates.h[end], gates.c[end]), (h_n[row, 0], c_n[row, 0]), **TOLERANCE)
            before = torch.zeros_like(gates.c)
            if reverse:
                before[:-1] = gates.c[1:]
            else:
                before[1:] = gates.c[:-1]
            torch.testing.assert_close(gates.c, gates.f * before + gates.i * gates.g, **TOLERANCE)
    assert not gates.h.requires_grad


def test_recording_leaves_dropout_and_mode_alone():
    lstm = nn.LSTM(5, 4, num_layers=2, dropout=0.5, batch_first=True)
    protein = torch.randn(6, 5)
    first, second = record_gates(lstm, protein, layer=1), record_gates(lstm, protein, layer=1)
    assert torch.equal(first.h, second.h)
    assert lstm.training


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: LSTM(5, 4)(torch.zeros(2, 7, 6)), r"\[2, 7, 6\].*5 channels"),
        (lambda: LSTM(5, 4)(torch.zeros(7, 5)), r"\[7, 5\].*batch, length, channel"),
        (lambda: LSTM(5, 4)(torch.zeros(2, 0, 5)), "length 1 or more"),
        (lambda: LSTM(5, 4)(torch.zeros(2, 3, 5), (torch.zeros(2, 4),) * 2), r"\[2, 4\].*expected \[1, 2, 4\]"),
        (lambda: record_gates(LSTM(5, 4), torch.zeros(2, 7, 5)), r"expected \[length, channel\]"),
        (lambda: record_gates(LSTM(5, 4), torch.zeros(7, 5), layer=1), "layer is 1; expected 0 to 0"),
        (lambda: record_gates(LSTM(5, 4), torch.zeros(7, 5), reverse=True), "one direction"),
        (lambda: record_gates(nn.LSTM(5, 4, proj_size=2), torch.zeros(7, 5)), "proj_size is 2"),
    ],
)
def test_errors_say_what_was_passed_and_what_was_expected(call, words):
    with pytest.raises(ModelError, match=words):
        call()
