"""A language model of proteins: one LSTM predicts each residue from its left, one from its right (chapter 12).

The idea is ELMo's (Peters 2018, doi 10.18653/v1/N18-1202), for proteins SeqVec's (Heinzinger 2019,
doi 10.1186/s12859-019-3220-8).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from pssp_tutorial.models.bilstm import BidirectionalLSTM
from pssp_tutorial.models.contract import ModelError, check_batch, checked_sizes, real_positions

DIRECTIONS = ("from the left", "from the right")


class LanguageModel(nn.Module):
    """Predicts every residue twice: from the residues before it, and from those behind it.

    It answers with logits [batch, length, direction, residue], for the 20 amino acids in the order of ``AMINO_ACIDS``;
    a :class:`~pssp_tutorial.ResidueLoader` has the labels. Neither direction sees the residue that it predicts.

    Parameters: `hidden_size` channels of each direction; `embedding_size` channels that a residue becomes; `dropout`
    the share of values dropped in training, from 0 to below 1; `input_size` channels in; `num_classes` residues to
    predict. One layer: a second one on top of both directions would see the residue (chapter 12).
    Raises ModelError for a setting outside these.

    >>> model = LanguageModel(hidden_size=16)
    >>> inputs, lengths = torch.zeros(2, 50, 21), torch.tensor([50, 30])
    >>> model(inputs, lengths).shape, model.features(inputs, lengths).shape
    (torch.Size([2, 50, 2, 20]), torch.Size([2, 50, 32]))
    """

    def __init__(
        self,
        hidden_size: int = 128,
        *,
        embedding_size: int = 32,
        dropout: float = 0.1,
        input_size: int = 21,
        num_classes: int = 20,
    ) -> None:
        super().__init__()
        if not 0 <= dropout < 1:
            raise ModelError(f"dropout is {dropout!r}; expected a share from 0 to below 1")
        sizes = checked_sizes(
            hidden_size=hidden_size, embedding_size=embedding_size, input_size=input_size, num_classes=num_classes
        )
        self.config: dict[str, Any] = {**sizes, "dropout": dropout}
        self.input_size, self.num_classes = input_size, num_classes
        self.embedding = nn.Linear(input_size, embedding_size, bias=False)  # on one-hot input, a table look-up
        self.layer = BidirectionalLSTM(embedding_size, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleList(nn.Linear(hidden_size, num_classes) for _ in DIRECTIONS)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [batch, length, direction, residue] of `inputs` [batch, length, channel]."""
        contexts = contexts_of(self.features(inputs, lengths), lengths)
        logits = [head(self.dropout(context)) for head, context in zip(self.heads, contexts, strict=True)]
        return torch.stack(logits, dim=2)

    def features(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what both have read up to each residue, itself included, [batch, length, 2 hidden]."""
        check_batch(inputs, lengths, self.input_size)
        return self.layer(self.embedding(inputs), lengths)


def contexts_of(features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """What each direction had read before it came to a residue, two of [batch, length, hidden].

    The left half of the `features` [batch, length, 2 hidden] moves one place to the right, the right half one to the
    left. Where a chain begins or ends, nothing has been read: zeros.

    >>> ahead, back = contexts_of(torch.tensor([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]]), torch.tensor([3]))
    >>> ahead.flatten().tolist(), back.flatten().tolist()
    ([0.0, 1.0, 2.0], [20.0, 30.0, 0.0])
    """
    real = real_positions(lengths.to(features.device), features.shape[1])
    ahead, back = features.where(real[..., None], 0).chunk(2, dim=-1)
    from_left = pad(ahead[:, :-1], (0, 0, 1, 0))  # eq. (left-context): h of the residue before
    from_right = pad(back[:, 1:], (0, 0, 0, 1))  # eq. (right-context): h of the residue behind
    return from_left, from_right
