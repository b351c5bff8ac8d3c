"""Graders of chapter 2: the LSTM, equation by equation."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from pssp_tutorial.checks.grading import Verdict, grade, observe


def exercise_2_1(count: Callable[[int, int], int]) -> Verdict:
    """``count(channels, hidden)``: the numbers that training can change in ``nn.LSTM(channels, hidden)``.

    >>> exercise_2_1(lambda channels, hidden: 4 * hidden * (channels + hidden + 1)).hint
    'PyTorch keeps two biases for each gate, one beside W and one beside U.'
    """
    cases = {f"{d} channels, {h} hidden": (d, h) for d, h in ((21, 16), (1, 1), (32, 64))}
    mistakes = [
        (
            lambda d, h: 4 * h * (d + h + 1),
            "PyTorch keeps two biases for each gate, one beside W and one beside U.",
        ),
        (
            lambda d, h: h * (d + h + 2),
            "That is one gate. An LSTM has four: input, forget, candidate and output.",
        ),
        (
            lambda d, h: 4 * h * (d + h),
            "The biases are missing.",
        ),
        (
            lambda d, h: 4 * h * (d + 2),
            "U is missing: the hidden state is read as well, with `hidden` numbers for each unit.",
        ),
        (
            lambda d, h: 3 * h * (d + h + 2),
            "An LSTM has four gates, not three: the candidate has weights of its own.",
        ),
    ]
    hint = "Four gates; in each, a unit has a row of W, a row of U and two biases."
    return grade("2.1", count, lambda d, h: 4 * h * (d + h + 2), cases, mistakes, hint)


def exercise_2_2(open_forget_gate: Callable[[nn.LSTM, float], None]) -> Verdict:
    """``open_forget_gate(lstm, value)`` sets the forget gate's bias of a one-layer ``nn.LSTM``, and nothing else.

    The two biases are added: their sum must be ``value``.

    >>> exercise_2_2(lambda lstm, value: None).passed
    False
    """

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            lstm = nn.LSTM(5, 4, batch_first=True)
        before = {name: weight.detach().clone() for name, weight in lstm.named_parameters()}
        answer(lstm, 3.0)
        changed = {name: (weight != before[name]) for name, weight in lstm.named_parameters()}
        biases = (lstm.bias_ih_l0 + lstm.bias_hh_l0).detach().view(4, 4)
        touched = (changed["bias_ih_l0"] | changed["bias_hh_l0"]).view(4, 4).any(dim=1)
        others = touched[[0, 2, 3]].any() or changed["weight_ih_l0"].any() or changed["weight_hh_l0"].any()
        all_gates = "You set the biases of all four gates. Choose the rows of one."
        order = (
            "That is another gate. PyTorch's order is i, f, g, o: with H units the forget gate has the rows H"
            " to 2H - 1."
        )
        sums = "The two biases are added. Set both and the sum is twice the value: make one of them zero."
        one = "You set one of the two biases. The other still holds its random start: make it zero."
        nothing = "Nothing has changed. Write into `lstm.bias_ih_l0.data`: a copy does not reach the layer."
        exact = torch.allclose(biases[1], torch.full((4,), 3.0), atol=1e-5)
        advice = nothing if not touched.any() else all_gates if touched.all() else order if not touched[1] else ""
        total = sums if torch.allclose(biases[1], torch.full((4,), 6.0), atol=1e-5) else one
        yield exact, f"the forget gate's bias is {biases[1].mean():.3g}, expected 3", advice or total
        yield not others, "the other gates keep their weights", all_gates if touched.all() else order

    return observe("2.2", open_forget_gate, observations)


def exercise_2_3(lstm_step: Callable[..., tuple[np.ndarray, np.ndarray]]) -> Verdict:
    """``lstm_step(x, h, c, W, U, b)``: one step of an LSTM in NumPy; gives ``h`` and ``c``, each ``[hidden]``.

    ``W`` is ``[4 hidden, channel]``, ``U`` ``[4 hidden, hidden]`` and ``b`` ``[4 hidden]``, in PyTorch's gate order.

    >>> exercise_2_3(lambda x, h, c, W, U, b: (h, c)).passed
    False
    """

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-z))

    def step(x, h, c, W, U, b, order="ifgo", candidate=np.tanh, squash=np.tanh, reuse=False):
        z = W @ x + U @ h + b
        if reuse:  # the output gate with the bias of the input gate
            z = z + np.concatenate([np.zeros(3 * len(h)), b[: len(h)] - b[3 * len(h) :]])
        gate = dict(zip(order, np.split(z, 4), strict=True))
        c = sigmoid(gate["f"]) * c + sigmoid(gate["i"]) * candidate(gate["g"])
        return sigmoid(gate["o"]) * squash(c), c

    generator = np.random.default_rng(0)
    cases = {}
    for channels, hidden in ((3, 2), (21, 8)):
        shapes = (channels,), (hidden,), (hidden,), (4 * hidden, channels), (4 * hidden, hidden), (4 * hidden,)
        cases[f"{channels} channels, {hidden} hidden"] = [generator.normal(size=shape) for shape in shapes]
    mistakes = [
        (
            lambda *a: step(*a, order="figo"),
            "The gate order is i, f, g, o. You took the forget gate's rows first.",
        ),
        (
            lambda *a: step(*a, order="ifog"),
            "The gate order is i, f, g, o: the candidate comes third, the output gate last.",
        ),
        (
            lambda *a: step(*a, candidate=sigmoid),
            "The candidate goes through tanh, not through a sigmoid: it must be able to lower the cell state.",
        ),
        (
            lambda *a: step(*a, squash=lambda c: c),
            "The cell state goes through tanh before the output gate lets it out.",
        ),
        (
            lambda *a: step(*a, reuse=True),
            "The output gate uses the input gate's bias. Each gate has its own.",
        ),
        (
            lambda *a: step(*a)[::-1],
            "The results stand in the order h, c.",
        ),
    ]
    hint = "Compute z = W x + U h + b, cut it into four, and write the six equations one line each."
    return grade("2.3", lstm_step, step, cases, mistakes, hint)


def exercise_2_4(last_states: Callable[[Tensor, Tensor], Tensor]) -> Verdict:
    """``last_states(outputs, lengths)``: the output at each protein's last residue, ``[batch, hidden]``.

    ``outputs`` is ``[batch, length, hidden]``, padded on the right; ``lengths`` is ``[batch]``.

    >>> exercise_2_4(lambda outputs, lengths: outputs[:, -1]).hint
    'You read the last position of the batch. For a shorter protein it is padding: its last residue is at length - 1.'
    """

    def at(outputs: Tensor, places: Tensor) -> Tensor:
        return outputs[torch.arange(len(outputs)), places]

    generator = torch.Generator().manual_seed(0)
    cases = {
        "proteins of 7, 4 and 2 residues": (torch.randn(3, 7, 5, generator=generator), torch.tensor([7, 4, 2])),
        "proteins of 3 and 6 residues": (torch.randn(2, 9, 4, generator=generator), torch.tensor([3, 6])),
    }
    mistakes = [
        (
            lambda o, n: o[:, -1],
            "You read the last position of the batch. For a shorter protein it is padding: its last residue is at"
            " length - 1.",
        ),
        (
            lambda o, n: at(o, n),
            "Off by one: counting begins at 0, so the last of n residues is at n - 1.",
        ),
        (
            lambda o, n: at(o, n - 2),
            "Off by one, to the left: the last of n residues is at n - 1, not at n - 2.",
        ),
        (
            lambda o, n: o[:, 0],
            "That is the first residue, where the LSTM has seen nothing of the protein yet.",
        ),
        (
            lambda o, n: o[n - 1],
            "The axes are swapped: you took one position of all proteins, `outputs[lengths - 1]` picks proteins.",
        ),
    ]
    hint = "Index two axes at once: `outputs[rows, places]`, with a row number and a place for each protein."
    return grade("2.4", last_states, lambda o, n: at(o, n - 1), cases, mistakes, hint)


def exercise_2_5(gru_step: Callable[..., Tensor]) -> Verdict:
    """``gru_step(x, h, W, U, b, d)``: one step of ``nn.GRU``; gives the new ``h``, ``[hidden]``.

    ``W`` is ``[3 hidden, channel]``, ``U`` ``[3 hidden, hidden]``; ``b`` and ``d`` ``[3 hidden]`` are the biases beside
    them. PyTorch's order is r, z, n.

    >>> exercise_2_5(lambda x, h, W, U, b, d: h).passed
    False
    """

    def step(x, h, W, U, b, d, order=(0, 1, 2), swapped=False, reset_first=False):
        size = len(h)
        ours, theirs = (W @ x + b).split(size), U.split(size)
        r, z, n = order
        reset = torch.sigmoid(ours[r] + theirs[r] @ h + d.split(size)[r])
        update = torch.sigmoid(ours[z] + theirs[z] @ h + d.split(size)[z])
        bias = d.split(size)[n]
        new = torch.tanh(ours[n] + (theirs[n] @ (reset * h) + bias if reset_first else reset * (theirs[n] @ h + bias)))
        return update * new + (1 - update) * h if swapped else (1 - update) * new + update * h

    def outside(x, h, W, U, b, d):
        size = len(h)
        b, zero = b.clone(), d.clone()
        b[2 * size :] += d[2 * size :]
        zero[2 * size :] = 0
        return step(x, h, W, U, b, zero)

    generator = torch.Generator().manual_seed(0)
    cases = {}
    for channels, hidden in ((3, 2), (21, 6)):
        shapes = (channels,), (hidden,), (3 * hidden, channels), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,)
        cases[f"{channels} channels, {hidden} hidden"] = [
            torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes
        ]

    def truth(x, h, W, U, b, d):
        gru = nn.GRU(len(x), len(h)).double()
        gru.load_state_dict(dict(weight_ih_l0=W, weight_hh_l0=U, bias_ih_l0=b, bias_hh_l0=d))
        return gru(x[None], h[None])[0][0]

    mistakes = [
        (
            lambda *a: step(*a, order=(1, 0, 2)),
            "The gate order is r, z, n: the reset gate comes first.",
        ),
        (
            lambda *a: step(*a, swapped=True),
            "z says how much of the old h is kept: h becomes (1 - z) n + z h.",
        ),
        (
            lambda *a: step(*a, reset_first=True),
            "PyTorch's reset gate multiplies U h and its bias, not h before the product.",
        ),
        (
            outside,
            "The reset gate multiplies the second bias of n too, so the two biases of n can't be added beforehand.",
        ),
    ]
    hint = "Write r, z and n one line each from the documentation of `nn.GRU`, then mix n and the old h by z."
    return grade("2.5", gru_step, truth, cases, mistakes, hint)
