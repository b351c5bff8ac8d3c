"""Attention with rotary positions, and the layer between two of them (chapter 11).

Sources: Vaswani et al. 2017, arXiv 1706.03762; rotary positions, Su et al. 2021, arXiv 2104.09864.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from pssp_tutorial.models.contract import ModelError, checked_sizes, real_positions

SLOWEST = 10_000  # residues, divided by 2 pi, after which the slowest pair has turned once


class AttentionLayer(nn.Module):
    """Every residue reads every other one of its chain: a layer of a `SequenceLabeller`.

    Parameters: `width` channels in and out; `heads` parts of it that look on their own, each of an even width.
    Raises ModelError where the width can't be divided so.

    >>> layer = AttentionLayer(16, heads=4)
    >>> layer(torch.zeros(2, 50, 16), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        checked_sizes(width=width, heads=heads)
        if width % (2 * heads):
            raise ModelError(f"width is {width} and heads is {heads}; expected a width that twice the heads divide")
        self.heads = heads
        self.from_input = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return what each residue reads, [batch, length, width], of `values` of that shape; `lengths` [batch]."""
        q, k, v = self.from_input(values).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        real = real_positions(lengths.to(values.device), values.shape[1])
        read = scaled_dot_product_attention(rotated(q), rotated(k), v, real[:, None, None])  # eq. (attention)
        return self.out(read.transpose(1, 2).flatten(2))


def rotated(vectors: Tensor) -> Tensor:
    """Turn each pair of channels by an angle that grows with the position: eq. (rotary).

    The product of two turned vectors depends on how far apart their positions are, and not on where they are.

    Parameters: `vectors` [..., length, channel], with an even number of channels.

    >>> rotated(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))[1]  # position 1: turned by one radian
    tensor([0.5403, 0.8415])
    """
    length, channels = vectors.shape[-2:]
    speeds = SLOWEST ** -(torch.arange(0, channels, 2, device=vectors.device, dtype=vectors.dtype) / channels)
    angles = torch.arange(length, device=vectors.device, dtype=vectors.dtype)[:, None] * speeds
    x, y = vectors.chunk(2, dim=-1)  # a pair is a channel of the first half and its fellow in the second
    return torch.cat([x * angles.cos() - y * angles.sin(), x * angles.sin() + y * angles.cos()], dim=-1)


class FeedForward(nn.Module):
    """Two linear maps for each residue by itself, with a wider layer between them; it follows attention.

    >>> FeedForward(16)(torch.zeros(2, 50, 16), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 16])
    """

    def __init__(self, width: int, factor: int = 2) -> None:
        super().__init__()
        checked_sizes(width=width, factor=factor)
        self.wide, self.out = nn.Linear(width, factor * width), nn.Linear(factor * width, width)

    def forward(self, values: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs, of the shape of `values` [batch, length, width]; `lengths` are not needed."""
        return self.out(self.wide(values).relu())
