"""Models of Part IV: the layers of chapters 2 and 5 with other heads."""

from typing import Literal

import torch
from torch import Tensor, nn

from pssp_tutorial.models.bilstm import BiLSTM
from pssp_tutorial.models.contract import ModelError, check_batch, checked_sizes


def with_hidden_head(model: BiLSTM, hidden_size: int = 64) -> BiLSTM:
    """Give a model a classifier with a layer in between, which can say "left and right" where a linear one only adds.

    The model itself is changed and returned. Chapter 17 shows what it is good for.

    >>> model = with_hidden_head(BiLSTM(8, 1, 2, input_size=4, embedding_size=None), 16)
    >>> model(torch.zeros(1, 5, 4), torch.tensor([5])).shape
    torch.Size([1, 5, 2])
    """
    checked_sizes(hidden_size=hidden_size)
    width = model.config["hidden_size"] * 2
    layers = nn.Linear(width, hidden_size), nn.ReLU(), nn.Linear(hidden_size, model.num_classes)
    model.add_module("classifier", nn.Sequential(*layers))
    return model


class Forecaster(nn.Module):
    """The next values of a series, from those so far; it predicts the change (chapters 18 and 20).

    Parameters: `channels` values at each position, in and out; `hidden_size`; `dropout` the share of values dropped in
    training; `seen` how many positions are read. From there on the model reads its own predictions, the rest of the
    input does not matter, and the last prediction lies as far ahead as there are positions left. None: all are read.

    >>> model = Forecaster(channels=3, hidden_size=8, seen=20)
    >>> model(torch.zeros(2, 59, 3), torch.tensor([59, 59])).shape
    torch.Size([2, 59, 3])
    """

    def __init__(self, channels: int, hidden_size: int = 32, *, dropout: float = 0.0, seen: int | None = None) -> None:
        super().__init__()
        checked_sizes(channels=channels, hidden_size=hidden_size, **({} if seen is None else {"seen": seen}))
        self.channels, self.seen = channels, seen
        self.lstm = nn.LSTM(channels, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.change = nn.Linear(hidden_size, channels)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return for each position what comes next, [batch, length, channel]; `inputs` as large; `lengths` [batch]."""
        check_batch(inputs, lengths, self.channels)
        outputs, state = self._step(inputs[:, : self.seen], None)
        predictions = [outputs]
        for _ in range(inputs.shape[1] - outputs.shape[1]):
            outputs, state = self._step(outputs[:, -1:], state)
            predictions.append(outputs)
        return torch.cat(predictions, dim=1)

    def _step(self, inputs: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        outputs, state = self.lstm(inputs, state)
        return inputs + self.change(self.dropout(outputs)), state


class SequenceClassifier(nn.Module):
    """One answer for a whole sequence (chapters 19 and 21).

    Parameters: `input_size` channels in; `num_classes`; `hidden_size`; `projection` channels to which each position is
    brought first, or None; `pooling` what the classifier reads, the outputs' mean or the last one; `dropout` the share
    of values dropped in training, before the projection and before the classifier.

    >>> SequenceClassifier(530, 8, projection=24)(torch.zeros(2, 9, 530), torch.tensor([9, 9])).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        input_size: int,
        num_classes: int,
        hidden_size: int = 32,
        *,
        projection: int | None = None,
        pooling: Literal["mean", "last"] = "mean",
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        checked_sizes(input_size=input_size, num_classes=num_classes, hidden_size=hidden_size)
        if pooling not in ("mean", "last"):
            raise ModelError(f"pooling is {pooling!r}; expected 'mean' or 'last'")
        self.input_size, self.pooling = input_size, pooling
        self.projection: nn.Module = nn.Identity()
        if projection is not None:
            self.projection = nn.Sequential(nn.Dropout(dropout), nn.Linear(input_size, projection), nn.Tanh())
        self.lstm = nn.LSTM(projection or input_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(hidden_size, num_classes)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the logits [batch, class] of `inputs` [batch, length, channel]; `lengths` [batch]."""
        check_batch(inputs, lengths, self.input_size)
        outputs, _ = self.lstm(self.projection(inputs))
        positions = torch.arange(inputs.shape[1], device=inputs.device)
        ends = lengths.to(inputs.device)[:, None]
        chosen = positions < ends if self.pooling == "mean" else positions == ends - 1
        share = chosen / chosen.sum(dim=1, keepdim=True)  # [batch, length]
        return self.classifier(self.dropout((outputs * share[:, :, None]).sum(dim=1)))
