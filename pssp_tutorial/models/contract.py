"""The contract of every model, and what keeps it (chapter 5).

``forward(inputs [batch, length, channel], lengths [batch])`` gives the logits [batch, length, class], and padding never
changes a real position's logits. The values at padding must be finite; the logits there mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from torch import Tensor, nn

from pssp_tutorial.core.errors import PSSPError

AnyModule = TypeVar("AnyModule", bound=nn.Module)


class ModelError(PSSPError):
    """A model was given a setting, a batch or a device that it can't work with."""


@contextmanager
def evaluating(model: AnyModule) -> Iterator[AnyModule]:
    """Put a model in evaluation mode inside a `with`, and each of its parts back in the mode it was in.

    >>> from pssp_tutorial import BiLSTM
    >>> model = BiLSTM(hidden_size=8)
    >>> with evaluating(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, mode in modes:
            module.training = mode


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


def checked_sizes(**sizes: int) -> dict[str, int]:
    for name, size in sizes.items():
        if type(size) is not int or size < 1:
            raise ModelError(f"{name} is {size!r}; expected a whole number, 1 or more")
    return sizes
