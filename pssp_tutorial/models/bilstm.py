"""The book's model: a bidirectional LSTM that labels every position (chapter 5)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from pssp_tutorial.models.contract import ModelError, check_batch, checked_sizes

CACHED_RESIDUES = 4_000  # whose values stay in a processor's cache


class BidirectionalLSTM(nn.Module):
    """One LSTM layer that reads every chain both ways and never reads padding.

    Its parameters are those of `nn.LSTM(bidirectional=True)`, held in `lstm`. There are two exact ways to run them:
    packed, as PyTorch's own layer does, and a fast form on the CPU, which calls PyTorch's quicker kernel for padded
    input once for each direction.

    Parameters: `input_size` channels in; `hidden_size` channels out for each direction; `packed` the way to run,
    chosen by the device when None.

    >>> layer = BidirectionalLSTM(21, 16)
    >>> layer(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 32])
    """

    def __init__(self, input_size: int, hidden_size: int, *, packed: bool | None = None) -> None:
        super().__init__()
        checked_sizes(input_size=input_size, hidden_size=hidden_size)
        self.packed = packed
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs [batch, length, 2 hidden] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        check_batch(inputs, lengths, self.lstm.input_size)
        packed = inputs.is_cuda if self.packed is None else self.packed
        if packed:
            chains = pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
            return pad_packed_sequence(self.lstm(chains)[0], batch_first=True, total_length=inputs.shape[1])[0]
        if torch.is_grad_enabled():
            return self._both_ways(inputs, lengths)
        size = max(1, CACHED_RESIDUES // inputs.shape[1])  # chains at a time: in prediction a larger part is slower
        parts = zip(inputs.split(size), lengths.split(size), strict=True)
        return torch.cat([self._both_ways(*part) for part in parts])

    def _both_ways(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Run each direction on its own; backwards, every chain is reversed within its own length."""
        forwards, backwards = self.lstm.all_weights
        mirror = mirrored_rows(lengths.to(inputs.device), inputs.shape[1])
        ahead = self._run(inputs, forwards)
        back = self._run(take_rows(inputs, mirror), backwards)
        return torch.cat([ahead, take_rows(back, mirror)], dim=-1)

    def _run(self, inputs: Tensor, weights: list[nn.Parameter]) -> Tensor:
        """Run one direction: what `nn.LSTM` calls for padded input."""
        zeros = inputs.new_zeros(1, len(inputs), self.lstm.hidden_size)
        return torch.lstm(inputs, (zeros, zeros), tuple(weights), True, 1, 0.0, self.training, False, True)[0]


class BiLSTM(nn.Module):
    """The book's model: embedding, layers of `BidirectionalLSTM`, dropout after each, and a linear classifier.

    Parameters: `hidden_size` channels of each direction; `num_layers`; `num_classes` 3 or 8 for secondary structure;
    `input_size` channels in; `embedding_size` channels that a residue becomes, or None to feed the one-hot input
    straight to the first layer; `dropout` the share of values dropped in training, from 0 to below 1.
    Raises ModelError for a setting outside these.

    >>> model = BiLSTM(hidden_size=64, num_classes=8)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self,
        hidden_size: int = 64,
        num_layers: int = 2,
        num_classes: int = 3,
        *,
        input_size: int = 21,
        embedding_size: int | None = 32,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ModelError(f"dropout is {dropout!r}; expected a share from 0 to below 1")
        sizes = checked_sizes(
            hidden_size=hidden_size, num_layers=num_layers, num_classes=num_classes, input_size=input_size
        )
        self.config: dict[str, Any] = {**sizes, "embedding_size": embedding_size, "dropout": dropout}
        self.input_size, self.num_classes = input_size, num_classes
        self.embedding: nn.Module = nn.Identity()
        if embedding_size is not None:
            checked_sizes(embedding_size=embedding_size)
            self.embedding = nn.Linear(input_size, embedding_size, bias=False)  # on one-hot input, a table look-up
        widths = [embedding_size or input_size, *[2 * hidden_size] * num_layers]
        self.layers = nn.ModuleList(BidirectionalLSTM(width, hidden_size) for width in widths[:-1])
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(widths[-1], num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        return self.classifier(self.features(inputs, lengths))

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the classifier reads, [batch, length, 2 hidden]: other tasks can read it too."""
        check_batch(inputs, lengths, self.input_size)
        values = self.embed(inputs, lengths)  # [batch, length, embedding]
        for layer in self.layers:
            values = self.dropout(layer(values, lengths))  # [batch, length, 2 hidden]
        return values

    def embed(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the first layer reads, [batch, length, embedding]."""
        return self.embedding(inputs)


def mirrored_rows(lengths: Tensor, length: int) -> Tensor:
    """Rows of a batch, one chain after another, when each is reversed in place and padding stays: [batch x length]."""
    position = torch.arange(length, device=lengths.device)
    mirrored = torch.where(position < lengths[:, None], lengths[:, None] - 1 - position, position)
    return (mirrored + length * torch.arange(len(lengths), device=lengths.device)[:, None]).flatten()


def take_rows(values: Tensor, rows: Tensor) -> Tensor:
    """The values [batch, length, channel] in another order of rows: whole rows are copied, so that it costs little."""
    return values.flatten(0, 1).index_select(0, rows).view_as(values)
