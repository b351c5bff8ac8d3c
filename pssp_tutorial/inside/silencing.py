"""Holding units of an LSTM still, to see what the model does without them (chapter 13)."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from pssp_tutorial.inside.log_odds import InsideError
from pssp_tutorial.models.bilstm import BidirectionalLSTM, BiLSTM


@torch.no_grad()
def silenced(model: BiLSTM, units: Sequence[int], values: Tensor) -> BiLSTM:
    """A copy of the model in which units of the last layer always say the same, whatever they read.

    Whoever listens to such a unit, its own direction at the next step and the classifier, gets the constant: it moves
    into their biases, and the weights that read the unit become 0.

    Parameters: ``units`` are channels of the model's features, from 0: first those that read forwards, then those that
    read backwards; ``values``, one for each of them, for example its mean. Raises InsideError for a unit that is not
    there, and for another number of values.

    >>> model = BiLSTM(hidden_size=8)
    >>> still = silenced(model, [3], torch.zeros(1))
    >>> still.classifier.weight[:, 3].any(), model.classifier.weight[:, 3].any()
    (tensor(False), tensor(True))
    """
    still = copy.deepcopy(model)
    layer = still.layers[-1]
    assert isinstance(layer, BidirectionalLSTM)
    hidden = layer.lstm.hidden_size
    if len(values) != len(units):
        raise InsideError(f"{len(values)} values for {len(units)} units; expected one for each")
    for unit, value in zip(units, values, strict=True):
        if not 0 <= unit < 2 * hidden:
            raise InsideError(f"unit is {unit}; expected 0 to {2 * hidden - 1}")
        way = "_reverse" if unit >= hidden else ""
        weight, bias = (getattr(layer.lstm, f"{name}_hh_l0{way}") for name in ("weight", "bias"))
        _hold(weight, bias, unit % hidden, value)
        _hold(still.classifier.weight, still.classifier.bias, unit, value)
    return still


def _hold(weight: Tensor, bias: Tensor, column: int, value: Tensor) -> None:
    """Put what the weights make of a constant input into the bias, in place."""
    bias += value * weight[:, column]
    weight[:, column] = 0
