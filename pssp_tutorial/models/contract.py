"""The contract of every model, and what keeps it (chapter 5).

``forward(inputs [batch, length, channel], lengths [batch])`` gives the logits [batch, length, class], and padding never
changes a real position's logits. The values at padding must be finite; the logits there mean nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from pssp_tutorial.core.errors import PSSPError

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class ModelError(PSSPError):
    """A model was given a setting, a batch or a device that it can't work with."""


def evaluation_twin(model: AnyModule) -> AnyModule:
    """The same model in evaluation mode: it shares the weights, buffers and hooks, and has modes of its own.

    What predicts or scores takes one and leaves the model alone, which another thread may be using.

    >>> layer = nn.Sequential(nn.Linear(21, 3), nn.Dropout())
    >>> twin = evaluation_twin(layer)
    >>> twin.training, layer.training, twin[0].weight is layer[0].weight
    (False, True, True)
    """
    shared: dict[int, Any] = {}
    for module in model.modules():
        for name, part in vars(module).items():
            tensors = part.values() if name in ("_parameters", "_buffers") else [part]
            shared |= {id(tensor): tensor for tensor in tensors if isinstance(tensor, Tensor)}
            if name.endswith(("_hooks", "_hooks_with_kwargs")):
                shared[id(part)] = part
    return copy.deepcopy(model, shared).eval()


@contextmanager
def restoring_modes(model: AnyModule) -> Iterator[AnyModule]:
    """Put each part of a model back in the mode that it was in, training or evaluation, when the `with` ends."""
    modes = [(module, module.training) for module in model.modules()]
    try:
        yield model
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def evaluating(model: AnyModule) -> Iterator[AnyModule]:
    """Put a model in evaluation mode inside a `with`, and each of its parts back in the mode it was in.

    The mode belongs to the model, so it is for a model that nobody else uses at that time; threads that share a model
    each take an `evaluation_twin`, as `predict`, `evaluate` and `validate` do.

    >>> from pssp_tutorial import BiLSTM
    >>> model = BiLSTM(hidden_size=8)
    >>> with evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    with restoring_modes(model):
        yield model.eval()


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training can change.

    >>> count_parameters(nn.Linear(21, 3))
    66
    """
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def check_batch(inputs: Tensor, lengths: Tensor, input_size: int) -> None:
    if inputs.dim() != 3 or 0 in inputs.shape or inputs.shape[2] != input_size:
        raise ModelError(
            f"inputs have the shape {list(inputs.shape)}; expected [batch, length, channel] with {input_size} channels"
        )
    batch, length = inputs.shape[:2]
    if lengths.shape != (batch,) or lengths.is_floating_point():
        raise ModelError(
            f"lengths are {lengths.dtype} of shape {list(lengths.shape)}; expected whole numbers of shape [{batch}]"
        )
    shortest, longest = lengths.min().item(), lengths.max().item()
    if shortest < 1 or longest > length:
        raise ModelError(f"lengths run from {shortest} to {longest}; expected 1 to {length}, the inputs' length")


def real_positions(lengths: Tensor, length: int) -> Tensor:
    """Where a batch holds a residue and no padding, bool[batch, length].

    >>> real_positions(torch.tensor([3, 1]), 3)
    tensor([[ True,  True,  True],
            [ True, False, False]])
    """
    return torch.arange(length, device=lengths.device) < lengths[:, None]


def checked_sizes(**sizes: int) -> dict[str, int]:
    for name, size in sizes.items():
        if type(size) is not int or size < 1:
            raise ModelError(f"{name} is {size!r}; expected a whole number, 1 or more")
    return sizes
