"""Message passing between residues that a graph joins (chapter 11).

Source of message passing: Gilmer et al. 2017, arXiv 1704.01212.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pssp_tutorial.models.architectures import SequenceLabeller
from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.models.contract import check_batch, checked_sizes

FARTHEST = 16  # residues along the chain; beyond this, all distances are one kind


class MessagePassing(nn.Module):
    """Every residue adds up what its neighbours in the graph send; a message knows how far along the chain it came.

    Parameters: `width` channels in and out.

    >>> layer = MessagePassing(8)
    >>> layer(torch.zeros(2, 50, 8), torch.zeros(2, 50, 6, dtype=torch.int64)).shape
    torch.Size([2, 50, 8])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        checked_sizes(width=width)
        self.own, self.sent, self.out = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.kinds = nn.Embedding(2 * FARTHEST + 1, width)  # one vector for each distance along the chain

    def forward(self, values: Tensor, offsets: Tensor) -> Tensor:
        """Return the outputs [batch, length, width] of `values` of that shape.

        Parameters: `offsets` [batch, length, neighbour], whole numbers: how far along the chain each neighbour stands
        from the residue, such as 4 or -57; 0 for no neighbour.
        """
        position = torch.arange(values.shape[1], device=values.device)[:, None]
        chain = torch.arange(len(values), device=values.device)[:, None, None]
        messages = self.sent(values)[chain, position + offsets]  # [batch, length, neighbour, width]
        messages = messages + self.kinds(offsets.clamp(-FARTHEST, FARTHEST) + FARTHEST)
        received = messages.relu().where(offsets[..., None] != 0, 0).sum(dim=2)
        return self.out((self.own(values) + received).relu())  # eq. (message-passing)


class PairScores(nn.Module):
    """Scores every pair of residues, from the letters alone, for being in contact in space.

    Each residue becomes a vector; the score of a pair is the product of its two vectors, and a bias for their distance
    along the chain.

    Parameters: `hidden_size` of the LSTM in each direction; `input_size` channels of the letters.

    >>> PairScores(8)(torch.zeros(2, 50, 21), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 50])
    """

    def __init__(self, hidden_size: int = 32, *, input_size: int = 21) -> None:
        super().__init__()
        checked_sizes(hidden_size=hidden_size, input_size=input_size)
        self.input_size = input_size
        self.lstm = BidirectionalLSTM(input_size, hidden_size)
        self.vectors = nn.Linear(2 * hidden_size, hidden_size)
        self.kinds = nn.Embedding(FARTHEST + 1, 1)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits of contact [batch, length, length] of `inputs` [batch, length, channel]."""
        check_batch(inputs, lengths, self.input_size)
        vectors = self.vectors(self.lstm(inputs, lengths))
        place = torch.arange(inputs.shape[1], device=inputs.device)
        apart = (place[:, None] - place).abs().clamp(max=FARTHEST)
        return vectors @ vectors.transpose(1, 2) / vectors.shape[-1] ** 0.5 + self.kinds(apart).squeeze(-1)


class GraphLabeller(SequenceLabeller):
    """Labels every residue from its letter and from a graph, which comes with the letters.

    Parameters: `neighbours` the most that a residue has; `width` channels; `num_layers` rounds of messages;
    `num_classes`; `input_size` channels of the letters; `dropout` as in `SequenceLabeller`. The inputs have
    `input_size` channels and then `neighbours` more, the offsets of `MessagePassing`.

    >>> model = GraphLabeller(neighbours=6, width=16)
    >>> model(torch.zeros(2, 50, 27), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(
        self,
        neighbours: int,
        width: int = 64,
        num_layers: int = 3,
        num_classes: int = 3,
        *,
        input_size: int = 21,
        dropout: float = 0.1,
    ) -> None:
        checked_sizes(neighbours=neighbours, num_layers=num_layers)
        layers = (MessagePassing(width) for _ in range(num_layers))
        super().__init__(layers, width, num_classes, input_size=input_size, dropout=dropout)
        self.letters, self.input_size = input_size, input_size + neighbours

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        check_batch(inputs, lengths, self.input_size)
        return self.labelled(inputs[..., : self.letters], inputs[..., self.letters :].long())
