"""The LSTM, written from its six equations, and a recorder of its gates.

Chapter 2 derives the equations; their labels there stand here at the end of the line that computes each.

Sources: Hochreiter and Schmidhuber 1997, doi 10.1162/neco.1997.9.8.1735; the forget gate: Gers, Schmidhuber
and Cummins 2000, doi 10.1162/089976600300015015.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from pssp_tutorial.models.contract import ModelError

Weights = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


@dataclass(frozen=True, eq=False)
class GateRecord:
    """The six values of an LSTM: for one time step [batch, hidden], or for a whole protein [length, hidden].

    >>> record_gates(LSTM(input_size=21, hidden_size=4), torch.zeros(7, 21)).f.shape
    torch.Size([7, 4])
    """

    f: Tensor  # forget gate, 0 (drop the cell state) to 1 (keep it)
    i: Tensor  # input gate, 0 to 1
    g: Tensor  # candidate, -1 to 1
    o: Tensor  # output gate, 0 to 1
    c: Tensor  # cell state, unbounded
    h: Tensor  # hidden state, -1 to 1: what the layer puts out


def lstm_step(x: Tensor, h: Tensor, c: Tensor, W: Tensor, U: Tensor, b: Tensor | None, d: Tensor | None) -> GateRecord:
    """Take one time step: the six equations of the LSTM (chapter 2).

    Parameters: `x` [batch, channel] the residue; `h`, `c` [batch, hidden] the states before it; `W` [4 hidden, channel]
    and `U` [4 hidden, hidden] the weights of the four gates on top of one another, in PyTorch's order i, f, g, o;
    `b` and `d` [4 hidden] their biases, which PyTorch keeps apart, or None.

    >>> zero = torch.zeros(1, 1)
    >>> lstm_step(zero, zero, torch.ones(1, 1), torch.zeros(4, 1), torch.zeros(4, 1), None, None).c  # f = 1/2
    tensor([[0.5000]])
    """
    z_i, z_f, z_g, z_o = (linear(x, W, b) + linear(h, U, d)).chunk(4, dim=-1)  # PyTorch's gate order
    f = torch.sigmoid(z_f)  # eq. (forget-gate)
    i = torch.sigmoid(z_i)  # eq. (input-gate)
    g = torch.tanh(z_g)  # eq. (candidate)
    c = f * c + i * g  # eq. (cell-state)
    o = torch.sigmoid(z_o)  # eq. (output-gate)
    h = o * torch.tanh(c)  # eq. (hidden-state)
    return GateRecord(f, i, g, o, c, h)


class LSTM(nn.Module):
    """Layers of LSTM cells run along sequences, batch first; `nn.LSTM`'s state_dict loads into it.

    Parameters: `input_size` channels in; `hidden_size` channels out for each direction; `num_layers`; `bias` whether
    the gates have biases; `bidirectional` whether a second LSTM reads every layer's input from the last residue on.

    >>> lstm = LSTM(input_size=21, hidden_size=4, bidirectional=True)
    >>> outputs, (h_n, c_n) = lstm(torch.zeros(2, 7, 21))
    >>> outputs.shape, h_n.shape
    (torch.Size([2, 7, 8]), torch.Size([2, 2, 4]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True, bidirectional: bool = False
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.bidirectional = bias, bidirectional
        for layer in range(num_layers):
            for direction in ("", "_reverse")[: 1 + bidirectional]:
                _add_weights(self, input_size, hidden_size, bias, suffix=f"_l{layer}{direction}")
            input_size = hidden_size * (1 + bidirectional)  # what the next layer reads

    def forward(
        self, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Return the outputs [batch, length, hidden x directions] and the last states (h_n, c_n).

        Parameters: `inputs` [batch, length, channel]; `state` the first (h, c), each
        [layers x directions, batch, hidden], zeros when left out.
        Raises ModelError for inputs or states of another shape.
        """
        directions = 1 + self.bidirectional
        records = _unroll(self, inputs, state)
        outputs = torch.cat([record.h for record in records[-directions:]], dim=-1)
        last = [0 if k % directions else -1 for k in range(len(records))]  # a reverse LSTM ends at the first residue
        h_n = torch.stack([record.h[:, t] for record, t in zip(records, last, strict=True)])
        c_n = torch.stack([record.c[:, t] for record, t in zip(records, last, strict=True)])
        return outputs, (h_n, c_n)


@torch.no_grad()
def record_gates(lstm: LSTM | nn.LSTM, inputs: Tensor, *, layer: int = 0, reverse: bool = False) -> GateRecord:
    """Record f, i, g, o, c and h at every residue of one protein, each [length, hidden] (chapter 2).

    Parameters: `lstm` ours or PyTorch's; `inputs` [length, channel]; `layer` counted from 0; `reverse` the LSTM that
    reads from the last residue on. Row t belongs to residue t, in both directions. Dropout is not applied.
    Raises ModelError for a layer or direction that `lstm` has not, and for inputs of another shape.

    >>> lstm = nn.LSTM(21, 4, num_layers=2, batch_first=True)
    >>> protein = torch.eye(21)[:7]
    >>> gates = record_gates(lstm, protein, layer=1)
    >>> torch.allclose(gates.h, lstm(protein)[0], atol=1e-6)
    True
    """
    if not 0 <= layer < lstm.num_layers:
        raise ModelError(f"layer is {layer!r}; expected 0 to {lstm.num_layers - 1}: the LSTM has {lstm.num_layers}")
    if reverse and not lstm.bidirectional:
        raise ModelError("reverse is True; expected False: the LSTM has one direction")
    if getattr(lstm, "proj_size", 0):
        raise ModelError(f"the LSTM's proj_size is {lstm.proj_size}; expected 0: the six equations have no projection")
    if inputs.dim() != 2:
        raise ModelError(f"inputs have the shape {list(inputs.shape)}; expected [length, channel], one protein")
    record = _unroll(lstm, inputs.unsqueeze(0))[layer * (1 + lstm.bidirectional) + reverse]
    return GateRecord(**{name: getattr(record, name).squeeze(0) for name in "figoch"})


def _unroll(lstm: LSTM | nn.LSTM, inputs: Tensor, state: tuple[Tensor, Tensor] | None = None) -> list[GateRecord]:
    """Run `lstm` over `inputs` [batch, length, channel]: a record [batch, length, hidden] per layer and direction."""
    if inputs.dim() != 3 or inputs.shape[1] == 0 or inputs.shape[2] != lstm.input_size:
        raise ModelError(
            f"inputs have the shape {list(inputs.shape)}; expected [batch, length, channel] "
            f"with length 1 or more and {lstm.input_size} channels"
        )
    directions = 1 + lstm.bidirectional
    shape = [lstm.num_layers * directions, len(inputs), lstm.hidden_size]
    state = state or (inputs.new_zeros(shape), inputs.new_zeros(shape))
    if [list(values.shape) for values in state] != [shape, shape]:
        shapes = [list(values.shape) for values in state]
        raise ModelError(f"the states have the shapes {shapes}; expected {shape} each")
    records: list[GateRecord] = []
    for layer in range(lstm.num_layers):
        for direction in ("", "_reverse")[:directions]:
            h, c = (values[len(records)] for values in state)
            weights = _weights(lstm, f"_l{layer}{direction}")
            records.append(_run(inputs, h, c, weights, reverse=bool(direction)))
        inputs = torch.cat([record.h for record in records[-directions:]], dim=-1)  # the next layer reads this
    return records


def _run(inputs: Tensor, h: Tensor, c: Tensor, weights: Weights, reverse: bool) -> GateRecord:
    """Run one cell along `inputs`, or back from the last residue; the record is in the order of the residues."""
    order = slice(None, None, -1 if reverse else 1)
    steps: list[GateRecord] = []
    for x in inputs.unbind(dim=1)[order]:  # x is [batch, channel]
        steps.append(lstm_step(x, h, c, *weights))
        h, c = steps[-1].h, steps[-1].c
    return GateRecord(**{name: torch.stack([getattr(step, name) for step in steps[order]], dim=1) for name in "figoch"})


def _add_weights(module: nn.Module, input_size: int, hidden_size: int, bias: bool, suffix: str) -> None:
    """Give `module` the parameters of one cell, drawn as PyTorch draws them: the same seed, the same weights."""
    rows = 4 * hidden_size  # the four gates on top of one another
    shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, input_size), "weight_hh": (rows, hidden_size)}
    if bias:
        shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
    for name, shape in shapes.items():
        values = torch.empty(shape).uniform_(-(hidden_size**-0.5), hidden_size**-0.5)
        module.register_parameter(name + suffix, nn.Parameter(values))


def _weights(module: nn.Module, suffix: str = "") -> Weights:
    """The parameters of one cell in `lstm_step`'s order, None for a bias that is not there."""
    W, U = getattr(module, f"weight_ih{suffix}"), getattr(module, f"weight_hh{suffix}")
    return W, U, getattr(module, f"bias_ih{suffix}", None), getattr(module, f"bias_hh{suffix}", None)
