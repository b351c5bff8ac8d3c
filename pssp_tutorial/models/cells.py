"""Other recurrent cells: GRU, coupled gates, minGRU, and mLSTM in its parallel form (chapter 11).

Each cell reads forwards, [batch, length, channel] to [batch, length, hidden]; `BothWays` runs two of them.

Sources: GRU, Cho et al. 2014, arXiv 1406.1078; coupled gates, Greff et al. 2017, doi 10.1109/TNNLS.2016.2582924;
minGRU, Feng et al. 2024, arXiv 2410.01201; mLSTM, Beck et al. 2024, arXiv 2405.04517.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn

from pssp_tutorial.models.bilstm import mirrored_rows, take_rows
from pssp_tutorial.models.contract import checked_sizes


class BothWays(nn.Module):
    """Two cells of a kind, one of which reads every chain from its last residue on; neither reads padding.

    Parameters: `cell` what makes a cell from its input size and its hidden size; the two sizes.

    >>> layer = BothWays(MinGRU, 21, 16)
    >>> layer(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 32])
    """

    def __init__(self, cell: Callable[[int, int], nn.Module], input_size: int, hidden_size: int) -> None:
        super().__init__()
        checked_sizes(input_size=input_size, hidden_size=hidden_size)
        self.ahead, self.back = cell(input_size, hidden_size), cell(input_size, hidden_size)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs [batch, length, 2 hidden] of `values` [batch, length, channel]; `lengths` [batch]."""
        mirror = mirrored_rows(lengths.to(values.device), values.shape[1])
        back = take_rows(self.back(take_rows(values, mirror)), mirror)
        return torch.cat([self.ahead(values), back], dim=-1)


class StepwiseCell(nn.Module, ABC):
    """A cell that reads one residue after another; each of its units has three parts of the input and of the state."""

    def __init__(self, input_size: int, hidden_size: int, *, bias: bool = True) -> None:
        super().__init__()
        self.from_input = nn.Linear(input_size, 3 * hidden_size)
        self.from_state = nn.Linear(hidden_size, 3 * hidden_size, bias=bias)
        self.hidden_size = hidden_size

    def forward(self, values: Tensor) -> Tensor:
        h = c = values.new_zeros(len(values), self.hidden_size)
        outputs = []
        for x in self.from_input(values).unbind(dim=1):
            h, c = self.step(x, h, c)
            outputs.append(h)
        return torch.stack(outputs, dim=1)

    @abstractmethod
    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states (h, c) [batch, hidden] after a residue, whose input gives `x` [batch, 3 hidden]."""


class GRU(StepwiseCell):
    """Two gates and no cell state: the update gate keeps what the candidate does not replace.

    >>> GRU(21, 16)(torch.zeros(2, 50, 21)).shape
    torch.Size([2, 50, 16])
    """

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        (x_r, x_z, x_n), (h_r, h_z, h_n) = x.chunk(3, dim=-1), self.from_state(h).chunk(3, dim=-1)
        r = torch.sigmoid(x_r + h_r)  # eq. (gru-reset)
        z = torch.sigmoid(x_z + h_z)  # eq. (gru-update)
        n = torch.tanh(x_n + r * h_n)  # eq. (gru-candidate)
        return z * h + (1 - z) * n, c  # eq. (gru-state)


class CoupledLSTM(StepwiseCell):
    """An LSTM whose input gate is what the forget gate leaves: it writes only where it forgets.

    >>> CoupledLSTM(21, 16)(torch.zeros(2, 50, 21)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size, bias=False)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        f, g, o = (x + self.from_state(h)).chunk(3, dim=-1)
        c = f.sigmoid() * c + (1 - f.sigmoid()) * g.tanh()  # eq. (coupled-gates)
        return o.sigmoid() * c.tanh(), c


class MinGRU(nn.Module):
    """A GRU whose gate and candidate read the residue alone, so that all steps are computed at once.

    >>> MinGRU(21, 16)(torch.zeros(2, 50, 21)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.from_input = nn.Linear(input_size, 2 * hidden_size)

    def forward(self, values: Tensor) -> Tensor:
        z, n = self.from_input(values).chunk(2, dim=-1)
        z = z.sigmoid()
        return scan(1 - z, z * n)  # eq. (mingru)


def scan(a: Tensor, b: Tensor) -> Tensor:
    """Every h of h[t] = a[t] h[t-1] + b[t], from h = 0 on, in as many steps as the length has binary digits.

    Parameters: `a` and `b` [batch, length, channel]. Each step joins stretches of twice the length.

    >>> scan(torch.full((1, 4, 1), 0.5), torch.ones(1, 4, 1)).flatten().tolist()
    [1.0, 1.5, 1.75, 1.875]
    """
    step = 1
    while step < a.shape[1]:
        b = torch.cat([b[:, :step], b[:, step:] + a[:, step:] * b[:, :-step]], dim=1)  # eq. (scan)
        a = torch.cat([a[:, :step], a[:, step:] * a[:, :-step]], dim=1)
        step *= 2
    return b


class MLSTM(nn.Module):
    """An LSTM with a matrix as its cell state, written as attention with gates: every pair of residues at once.

    Parameters: `input_size` channels in; `hidden_size` channels out; `heads` parts of it, each with gates of its own.

    >>> MLSTM(21, 16)(torch.zeros(2, 50, 21)).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, input_size: int, hidden_size: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.from_input = nn.Linear(input_size, 4 * hidden_size)  # query, key, value, output gate
        self.gates = nn.Linear(input_size, 2 * heads)  # input and forget gate of each head
        self.norm = nn.LayerNorm(hidden_size // heads)
        with torch.no_grad():
            self.gates.bias[heads:] = torch.linspace(3, 6, heads)  # the forget gates begin open

    def forward(self, values: Tensor) -> Tensor:
        q, k, v, o = self.from_input(values).unflatten(-1, (4, self.heads, -1)).permute(2, 0, 3, 1, 4)
        i, f = self.gates(values).unflatten(-1, (2, self.heads)).permute(2, 0, 3, 1)  # [batch, head, length]
        kept = nn.functional.logsigmoid(f).cumsum(dim=-1)
        decay = kept[..., :, None] - kept[..., None, :] + i[..., None, :]  # eq. (mlstm-decay), its logarithm
        decay = decay.masked_fill(torch.ones_like(decay[0, 0], dtype=torch.bool).triu(1), -torch.inf)
        largest = decay.amax(dim=-1, keepdim=True).detach()  # so that no exponential overflows
        pairs = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5 * (decay - largest).exp()
        size = pairs.sum(dim=-1, keepdim=True).abs().maximum((-largest).exp())
        h = self.norm(pairs @ v / size) * o.sigmoid()  # eq. (mlstm)
        return h.transpose(1, 2).flatten(2)
