"""Several inputs, each read by a network of its own, whose answers meet at the end (chapter 10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import check_batch


class LateFusion(nn.Module):
    """One `BiLSTM` for each kind of input; one linear classifier reads the features of all of them.

    Early fusion needs no class: a `BiLSTM` whose ``input_size`` is the sum of the channels.

    Parameters: `channels` of each kind, in the order in which they stand side by side in the input; `hidden_size`,
    `num_layers` and `dropout` of each network; `num_classes`.

    >>> model = LateFusion((21, 20), hidden_size=16)
    >>> model(torch.zeros(2, 50, 41), torch.tensor([50, 30])).shape
    torch.Size([2, 50, 3])
    """

    def __init__(
        self,
        channels: Sequence[int] = (21, 20),
        hidden_size: int = 44,
        num_layers: int = 2,
        num_classes: int = 3,
        *,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.channels, self.num_classes = list(channels), num_classes
        sizes: dict[str, Any] = {"hidden_size": hidden_size, "num_layers": num_layers, "num_classes": num_classes}
        sizes["dropout"] = dropout
        self.config: dict[str, Any] = {"channels": self.channels, **sizes}
        self.readers = nn.ModuleList(BiLSTM(input_size=each, **sizes) for each in channels)
        for reader in self.readers:
            reader.classifier = nn.Identity()  # the common one takes its place
        self.classifier = nn.Linear(2 * hidden_size * len(self.channels), num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        check_batch(inputs, lengths, sum(self.channels))
        kinds = inputs.split(self.channels, dim=-1)
        readers: list[Any] = list(self.readers)
        features = [reader.features(kind, lengths) for reader, kind in zip(readers, kinds, strict=True)]
        return self.classifier(torch.cat(features, dim=-1))  # they meet here
