"""A bidirectional LSTM that looks at a residue's neighbours first (chapter 5), and convolutions alone (chapter 11)."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError, checked_sizes, real_positions


class ConvBiLSTM(BiLSTM):
    """A `BiLSTM` whose first layer reads each residue together with its neighbours, through a convolution.

    Parameters: as `BiLSTM`, and `kernel_size`, the residues that the convolution sees: an odd number. What it finds
    is added to the embedding.
    Raises ModelError for a setting outside these.

    >>> import torch
    >>> model = ConvBiLSTM(hidden_size=64, num_classes=8, kernel_size=7)
    >>> model(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 8])
    """

    def __init__(
        self, hidden_size: int = 64, num_layers: int = 2, num_classes: int = 3, *, kernel_size: int = 7, **settings: Any
    ) -> None:
        super().__init__(hidden_size, num_layers, num_classes, **settings)
        self.config["kernel_size"] = kernel_size
        self.convolution = _convolution(self.config["embedding_size"] or self.input_size, kernel_size)

    def embed(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the embedding and what the convolution finds in it, [batch, length, embedding]."""
        real = real_positions(lengths.to(inputs.device), inputs.shape[1])
        values = super().embed(inputs, lengths).where(real[..., None], 0)  # the convolution must not see padding
        return values + self.convolution(values.transpose(1, 2)).transpose(1, 2).relu()


class ConvolutionLayer(nn.Module):
    """A convolution that sees `kernel_size` residues, `dilation` apart: a layer of a `SequenceLabeller`.

    Parameters: `width` channels in and out; `kernel_size` an odd number; `dilation` 1 for neighbours, 2 for every
    second residue, and so on.
    Source of dilated convolutions: Yu and Koltun 2016, arXiv 1511.07122.

    >>> import torch
    >>> layer = ConvolutionLayer(8, kernel_size=7, dilation=4)
    >>> layer(torch.zeros(2, 50, 8), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 8])
    """

    def __init__(self, width: int, kernel_size: int = 7, dilation: int = 1) -> None:
        super().__init__()
        self.convolution = _convolution(width, kernel_size, dilation)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return what the convolution finds in `values` [batch, length, width]; `lengths` [batch]."""
        real = real_positions(lengths.to(values.device), values.shape[1])
        seen = values.where(real[..., None], 0)  # the convolution must not see padding
        return self.convolution(seen.transpose(1, 2)).transpose(1, 2).relu()  # eq. (convolution)


def _convolution(width: int, kernel_size: int, dilation: int = 1) -> nn.Conv1d:
    """A convolution whose output is as long as its input."""
    checked_sizes(width=width, kernel_size=kernel_size, dilation=dilation)
    if not kernel_size % 2:
        raise ModelError(f"kernel_size is {kernel_size}; expected an odd number: as many residues on either side")
    return nn.Conv1d(width, width, kernel_size, padding=dilation * (kernel_size // 2), dilation=dilation)
