"""One frame for every architecture, and the architectures that chapter 11 compares in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import Tensor, nn

from pssp_tutorial.models.attention import AttentionLayer, FeedForward
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.models.cells import GRU, MLSTM, BothWays, CoupledLSTM, MinGRU
from pssp_tutorial.models.contract import check_batch, checked_sizes
from pssp_tutorial.models.convolution import ConvolutionLayer


class SequenceLabeller(nn.Module):
    """A frame that labels every position; only the layers in it differ from one architecture to the next.

    Each layer reads normalised values and its outputs are added to them, `values + layer(norm(values), lengths)`.

    Parameters: `layers`, modules that map [batch, length, width] and the lengths to the same shape, and never let
    padding change a real position; `width` channels between them; `num_classes`; `input_size` channels in;
    `dropout` the share of each layer's outputs that is dropped in training.

    >>> import torch
    >>> model = SequenceLabeller([ConvolutionLayer(16), AttentionLayer(16)], width=16)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(
        self,
        layers: Iterable[nn.Module],
        width: int,
        num_classes: int = 3,
        *,
        input_size: int = 21,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        checked_sizes(width=width, num_classes=num_classes, input_size=input_size)
        self.input_size, self.num_classes = input_size, num_classes
        self.embedding = nn.Linear(input_size, width, bias=False)
        self.layers = nn.ModuleList(layers)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.layers)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, num_classes))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        check_batch(inputs, lengths, self.input_size)
        return self.labelled(inputs, lengths)

    def labelled(self, inputs: Tensor, beside: Tensor) -> Tensor:
        """Return the logits of `inputs`; what stands `beside` them, such as the lengths, every layer gets too."""
        values = self.embedding(inputs)  # [batch, length, width]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            values = values + self.dropout(layer(norm(values), beside))  # eq. (frame)
        return self.classifier(values)


def _recurrent(cell: Callable[[int, int], nn.Module], width: int, layers: int) -> SequenceLabeller:
    return SequenceLabeller([BothWays(cell, width, width // 2) for _ in range(layers)], width)


def _convolutions(dilations: Sequence[int]) -> SequenceLabeller:
    return SequenceLabeller([ConvolutionLayer(64, 7, dilation) for dilation in dilations], 64)


ARCHITECTURES: dict[str, Callable[[], nn.Module]] = {
    "window": lambda: SequenceLabeller([ConvolutionLayer(100, 15)], 100),
    "convolution": lambda: _convolutions([1] * 6),
    "dilated": lambda: _convolutions([1, 2, 4, 8, 16, 32]),
    "LSTM": lambda: SequenceLabeller([BidirectionalLSTM(112, 56) for _ in range(2)], 112),
    "GRU": lambda: _recurrent(GRU, 128, 2),
    "coupled LSTM": lambda: _recurrent(CoupledLSTM, 128, 2),
    "minGRU": lambda: _recurrent(MinGRU, 144, 4),
    "mLSTM": lambda: _recurrent(MLSTM, 136, 2),
    "attention": lambda: SequenceLabeller([layer(80) for _ in range(3) for layer in (AttentionLayer, FeedForward)], 80),
    "conv + LSTM": lambda: SequenceLabeller([ConvolutionLayer(88), *(BidirectionalLSTM(88, 44) for _ in range(2))], 88),
    "conv + LSTM + attention": lambda: SequenceLabeller(
        [ConvolutionLayer(96), BidirectionalLSTM(96, 48), AttentionLayer(96)], 96
    ),
}
"""Makers of the architectures of chapter 11, each of about 150,000 weights."""
