"""Graders of chapter 2: the LSTM, equation by equation."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor, nn
from torch.nn.functional import pad

from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation


@by_cases(
    "2.1",
    cases={f"{d} channels, {h} hidden": (d, h) for d, h in ((21, 16), (1, 1), (32, 64))},
    mistakes={
        "PyTorch keeps two biases for each gate, one beside W and one beside U.": lambda d, h: 4 * h * (d + h + 1),
        "That is one gate. An LSTM has four: input, forget, candidate and output.": lambda d, h: h * (d + h + 2),
        "The biases are missing.": lambda d, h: 4 * h * (d + h),
        "U is missing: the hidden state is read as well, with `hidden` numbers for each unit.": (
            lambda d, h: 4 * h * (d + 2)
        ),
        "An LSTM has four gates, not three: the candidate has weights of its own.": lambda d, h: 3 * h * (d + h + 2),
    },
    hint="Four gates; in each, a unit has a row of W, a row of U and two biases.",
)
def exercise_2_1(channels: int, hidden: int) -> int:
    """``count(channels, hidden)``: the numbers that training can change in ``nn.LSTM(channels, hidden)``.

    >>> exercise_2_1(lambda channels, hidden: 4 * hidden * (channels + hidden + 1)).hint
    'PyTorch keeps two biases for each gate, one beside W and one beside U.'
    """
    return 4 * hidden * (channels + hidden + 2)


ALL_GATES = "You set the biases of all four gates. Choose the rows of one."
OTHER_GATE = (
    "That is another gate. PyTorch's order is i, f, g, o: with H units the forget gate has the rows H to 2H - 1."
)
ADDED_UP = "The two biases are added. Set both and the sum is twice the value: make one of them zero."
ONE_LEFT = "You set one of the two biases. The other still holds its random start: make it zero."
UNTOUCHED = "Nothing has changed. Write into `lstm.bias_ih_l0.data`: a copy does not reach the layer."


def set_gates(gates: int | slice, *, other_bias: float | None = 0) -> Callable[[nn.LSTM, float], None]:
    """What sets the biases of some gates; the bias beside U becomes so many times the value."""

    def set_biases(lstm: nn.LSTM, value: float) -> None:
        weights = {name: weight.data for name, weight in lstm.named_parameters()}
        weights["bias_ih_l0"].view(4, -1)[gates] = value
        if other_bias is not None:
            weights["bias_hh_l0"].view(4, -1)[gates] = other_bias * value

    return set_biases


@by_observation(
    "2.2",
    mistakes={
        ALL_GATES: set_gates(slice(None)),
        OTHER_GATE: set_gates(2),
        ADDED_UP: set_gates(1, other_bias=1),
        ONE_LEFT: set_gates(1, other_bias=None),
        UNTOUCHED: lambda lstm, value: None,
    },
)
def exercise_2_2(open_forget_gate: Callable[[nn.LSTM, float], None]) -> Observations:
    """``open_forget_gate(lstm, value)`` sets the forget gate's bias of a one-layer ``nn.LSTM``, and nothing else.

    The two biases are added: their sum must be ``value``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        lstm = nn.LSTM(5, 4, batch_first=True)
    before = {name: weight.detach().clone() for name, weight in lstm.named_parameters()}
    open_forget_gate(lstm, 3.0)
    after = {name: weight.detach() for name, weight in lstm.named_parameters()}
    changed = {name: after[name] != before[name] for name in before}
    touched = (changed["bias_ih_l0"] | changed["bias_hh_l0"]).view(4, 4).any(dim=1)  # [gate]
    bias = (after["bias_ih_l0"] + after["bias_hh_l0"]).view(4, 4)[1]
    if not touched.any():
        hint = UNTOUCHED
    elif touched.all():
        hint = ALL_GATES
    elif not touched[1]:
        hint = OTHER_GATE
    else:
        hint = ADDED_UP if torch.allclose(bias, torch.full((4,), 6.0), atol=1e-5) else ONE_LEFT
    exact = torch.allclose(bias, torch.full((4,), 3.0), atol=1e-5)
    yield exact, f"the forget gate's bias is {bias.mean():.3g}, expected 3", hint
    others = touched[[0, 2, 3]].any() or changed["weight_ih_l0"].any() or changed["weight_hh_l0"].any()
    yield not others, "the other gates keep their weights", ALL_GATES if touched.all() else OTHER_GATE


def sigmoid(z: ndarray) -> ndarray:
    return 1 / (1 + np.exp(-z))


def lstm_step(
    *states: ndarray, order: str = "ifgo", candidate: Callable = np.tanh, squash: Callable = np.tanh
) -> tuple[ndarray, ndarray]:
    x, h, c, W, U, b = states
    gate = dict(zip(order, np.split(W @ x + U @ h + b, 4), strict=True))
    c = sigmoid(gate["f"]) * c + sigmoid(gate["i"]) * candidate(gate["g"])
    return sigmoid(gate["o"]) * squash(c), c


def lstm_states() -> Cases:
    generator = np.random.default_rng(0)
    cases = {}
    for channels, hidden in ((3, 2), (21, 8)):
        shapes = (channels,), (hidden,), (hidden,), (4 * hidden, channels), (4 * hidden, hidden), (4 * hidden,)
        cases[f"{channels} channels, {hidden} hidden"] = [generator.normal(size=shape) for shape in shapes]
    return cases


@by_cases(
    "2.3",
    cases=lstm_states,
    mistakes={
        "The gate order is i, f, g, o. You took the forget gate's rows first.": partial(lstm_step, order="figo"),
        "The gate order is i, f, g, o: the candidate comes third, the output gate last.": (
            partial(lstm_step, order="ifog")
        ),
        "The candidate goes through tanh, not through a sigmoid: it must be able to lower the cell state.": (
            partial(lstm_step, candidate=sigmoid)
        ),
        "The cell state goes through tanh before the output gate lets it out.": partial(lstm_step, squash=np.asarray),
        "The output gate uses the input gate's bias. Each gate has its own.": (
            lambda x, h, c, W, U, b: lstm_step(x, h, c, W, U, np.concatenate([b[: -len(h)], b[: len(h)]]))
        ),
        "The results stand in the order h, c.": lambda *states: lstm_step(*states)[::-1],
    },
    hint="Compute z = W x + U h + b, cut it into four, and write the six equations one line each.",
)
def exercise_2_3(x: ndarray, h: ndarray, c: ndarray, W: ndarray, U: ndarray, b: ndarray) -> tuple[ndarray, ndarray]:
    """``lstm_step(x, h, c, W, U, b)``: one step of an LSTM in NumPy; gives ``h`` and ``c``, each ``[hidden]``.

    ``W`` is ``[4 hidden, channel]``, ``U`` ``[4 hidden, hidden]`` and ``b`` ``[4 hidden]``, in PyTorch's gate order.
    """
    return lstm_step(x, h, c, W, U, b)


def at(outputs: Tensor, places: Tensor) -> Tensor:
    return outputs[torch.arange(len(outputs)), places]


def padded_outputs() -> Cases:
    generator = torch.Generator().manual_seed(0)
    return {
        "proteins of 7, 4 and 2 residues": (torch.randn(3, 7, 5, generator=generator), torch.tensor([7, 4, 2])),
        "proteins of 3 and 6 residues": (torch.randn(2, 9, 4, generator=generator), torch.tensor([3, 6])),
    }


@by_cases(
    "2.4",
    cases=padded_outputs,
    mistakes={
        "You read the last position of the batch. For a shorter protein it is padding: its last residue is at length"
        " - 1.": lambda outputs, lengths: outputs[:, -1],
        "Off by one: counting begins at 0, so the last of n residues is at n - 1.": at,
        "Off by one, to the left: the last of n residues is at n - 1, not at n - 2.": (
            lambda outputs, lengths: at(outputs, lengths - 2)
        ),
        "That is the first residue, where the LSTM has seen nothing of the protein yet.": (
            lambda outputs, lengths: outputs[:, 0]
        ),
        "The axes are swapped: you took one position of all proteins, `outputs[lengths - 1]` picks proteins.": (
            lambda outputs, lengths: outputs[lengths - 1]
        ),
    },
    hint="Index two axes at once: `outputs[rows, places]`, with a row number and a place for each protein.",
)
def exercise_2_4(outputs: Tensor, lengths: Tensor) -> Tensor:
    """``last_states(outputs, lengths)``: the output at each protein's last residue, ``[batch, hidden]``.

    ``outputs`` is ``[batch, length, hidden]``, padded on the right; ``lengths`` is ``[batch]``.

    >>> exercise_2_4(lambda outputs, lengths: outputs[:, -1]).hint
    'You read the last position of the batch. For a shorter protein it is padding: its last residue is at length - 1.'
    """
    return at(outputs, lengths - 1)


def gru_step(*states: Tensor, order: str = "rzn", keep_new: bool = False, reset_first: bool = False) -> Tensor:
    x, h, W, U, b, d = states
    rows = {gate: slice(place * len(h), (place + 1) * len(h)) for place, gate in enumerate(order)}
    r, z = (torch.sigmoid(W[rows[gate]] @ x + U[rows[gate]] @ h + b[rows[gate]] + d[rows[gate]]) for gate in "rz")
    W, U, b, d = (weight[rows["n"]] for weight in (W, U, b, d))
    n = torch.tanh(W @ x + b + (U @ (r * h) + d if reset_first else r * (U @ h + d)))
    return z * n + (1 - z) * h if keep_new else (1 - z) * n + z * h


def biases_added(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, d: Tensor) -> Tensor:
    of_candidate = torch.arange(len(d)) >= 2 * len(h)
    return gru_step(x, h, W, U, b + d * of_candidate, d * ~of_candidate)


def gru_states() -> Cases:
    generator = torch.Generator().manual_seed(0)
    cases = {}
    for channels, hidden in ((3, 2), (21, 6)):
        shapes = (channels,), (hidden,), (3 * hidden, channels), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,)
        cases[f"{channels} channels, {hidden} hidden"] = [
            torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
        ]
    return cases


@by_cases(
    "2.5",
    cases=gru_states,
    mistakes={
        "The gate order is r, z, n: the reset gate comes first.": partial(gru_step, order="zrn"),
        "z says how much of the old h is kept: h becomes (1 - z) n + z h.": partial(gru_step, keep_new=True),
        "PyTorch's reset gate multiplies U h and its bias, not h before the product.": (
            partial(gru_step, reset_first=True)
        ),
        "The reset gate multiplies the second bias of n too, so the two biases of n can't be added beforehand.": (
            biases_added
        ),
    },
    hint="Write r, z and n one line each from the documentation of `nn.GRU`, then mix n and the old h by z.",
)
def exercise_2_5(x: Tensor, h: Tensor, W: Tensor, U: Tensor, b: Tensor, d: Tensor) -> Tensor:
    """``gru_step(x, h, W, U, b, d)``: one step of ``nn.GRU``; gives the new ``h``, ``[hidden]``.

    ``W`` is ``[3 hidden, channel]``, ``U`` ``[3 hidden, hidden]``; ``b`` and ``d`` ``[3 hidden]`` are the biases beside
    them. PyTorch's order is r, z, n.
    """
    gru = nn.GRU(len(x), len(h)).double()
    gru.load_state_dict(dict(weight_ih_l0=W, weight_hh_l0=U, bias_ih_l0=b, bias_hh_l0=d))
    return gru(x[None], h[None])[0][0]


def before(c: Tensor) -> Tensor:
    return pad(c, (0, 0, 1, -1))  # a row of zeros comes first, the last one goes


def forget_gradient(
    *values: Tensor, partner: Callable = lambda c, g: before(c) - g, slope: Callable = lambda f: f * (1 - f)
) -> Tensor:
    inputs, dc, f, g, c = values
    return (dc * partner(c, g) * slope(f)).T @ inputs


def coupled_runs() -> Cases:
    generator = torch.Generator().manual_seed(0)
    cases = {}
    for length, channels, hidden in ((4, 3, 2), (9, 21, 5)):
        shapes = (length, channels), *[(length, hidden)] * 4
        inputs, dc, f, g, c = (torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes)
        cases[f"{length} residues, {hidden} hidden"] = (inputs, dc, f.sigmoid(), g.tanh(), c)
    return cases


@by_cases(
    "2.6",
    cases=coupled_runs,
    mistakes={
        "f stands in two places. When it grows, (1 - f) g shrinks: its partner is c before the step, minus g.": (
            partial(forget_gradient, partner=lambda c, g: before(c))
        ),
        "Mind the sign: the derivative of (1 - f) g by f is -g.": (
            partial(forget_gradient, partner=lambda c, g: before(c) + g)
        ),
        "The forget gate multiplies the cell state of the step before, with zeros before the first residue.": (
            partial(forget_gradient, partner=torch.sub)
        ),
        "That is the derivative by f itself. W acts inside the sigmoid: its slope f (1 - f) is missing.": (
            partial(forget_gradient, slope=torch.ones_like)
        ),
        "1 - f squared is the slope of tanh. That of the sigmoid is f (1 - f).": (
            partial(forget_gradient, slope=lambda f: 1 - f**2)
        ),
        "That is the last residue only. W acts at every residue: add them all up.": (
            lambda inputs, dc, *gates: forget_gradient(inputs, pad(dc[-1:], (0, 0, len(dc) - 1, 0)), *gates)
        ),
        "The derivative is the sum over the residues, not their mean.": (
            lambda inputs, *states: forget_gradient(inputs / len(inputs), *states)
        ),
        "The axes are swapped: W_f is [hidden, channel], and so is the derivative by it.": (
            lambda *values: forget_gradient(*values).T
        ),
    },
    hint="First the derivative by the sum inside the sigmoid, [length, hidden]; then a sum over time with the inputs.",
)
def exercise_2_6(inputs: Tensor, dc: Tensor, f: Tensor, g: Tensor, c: Tensor) -> Tensor:
    """``forget_gradient(inputs, dc, f, g, c)``: the gradient of W_f with coupled gates, ``[hidden, channel]``.

    ``inputs`` is ``[length, channel]``; ``dc`` the derivatives by the cell states, ``f``, ``g`` and ``c`` are
    ``[length, hidden]``. The cell state before the first residue is zero, and the input gate is 1 - f.
    """
    W = torch.zeros(f.shape[1], inputs.shape[1], dtype=f.dtype, requires_grad=True)  # what is added to the true W_f
    opened = torch.sigmoid(torch.logit(f) + inputs @ W.T)
    (derivative,) = torch.autograd.grad((dc * (opened * before(c) + (1 - opened) * g)).sum(), W)
    return derivative
