"""A padded batch of any sequences, and which of its labels count (chapter 4)."""

from dataclasses import dataclass, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


class BatchingError(PSSPError):
    """Sequences or records that no batch can be made of, or no training."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Several sequences, padded on the right to the longest.

    ``inputs`` are float32[batch, length, channel], zeros at padding; ``lengths``, int64[batch], count each sequence's
    positions; ``ids`` are names, or none. ``labels`` are int64 or float32, [batch, length] or [batch], one for each
    position or one for each sequence: whole numbers are classes, and ``IGNORE_INDEX`` is unknown; other numbers are
    values to predict, and nan is unknown. Padding is unknown. ``scored``, bool of the labels' shape, tells which of the
    known labels count; left out, all of them.

    Raises BatchingError if the shapes don't belong together.

    >>> batch = Batch(torch.zeros(2, 3, 4), torch.tensor([3, 1]), torch.tensor([[1, 0, -100], [1, -100, -100]]))
    >>> batch.positions, batch.mask.tolist()
    (4, [[True, True, False], [True, False, False]])
    """

    inputs: Tensor
    lengths: Tensor
    labels: Tensor
    ids: tuple[str, ...] = ()
    scored: Tensor | None = None

    def __post_init__(self) -> None:
        size = self.lengths.shape[:1]
        if not self.lengths.dim() == 1 or not self.inputs.shape[:1] == self.labels.shape[:1] == size:
            raise BatchingError(
                f"inputs, lengths and labels have the shapes {list(self.inputs.shape)}, {list(self.lengths.shape)} and "
                f"{list(self.labels.shape)}; expected [batch, length, channel], [batch], and [batch, length] or [batch]"
            )
        if self.scored is not None and self.scored.shape != self.labels.shape:
            raise BatchingError(
                f"scored has the shape {list(self.scored.shape)}; expected {list(self.labels.shape)}, the labels' shape"
            )

    @property
    def mask(self) -> Tensor:
        """True at the labels that count, ``bool`` of their shape."""
        return is_known(self.labels) if self.scored is None else is_known(self.labels) & self.scored

    @property
    def positions(self) -> int:
        """Number of real positions, scored or not."""
        return int(self.lengths.sum())

    def to(self, device: torch.device | str) -> Self:
        """The same batch on a device."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        moved: dict[str, Any] = {name: value.to(device) for name, value in values.items() if torch.is_tensor(value)}
        return replace(self, **moved)


def is_known(labels: Tensor) -> Tensor:
    """Where a label is known: of classes, all but ``IGNORE_INDEX``; of numbers, all but nan.

    >>> is_known(torch.tensor([0, -100])), is_known(torch.tensor([0.5, torch.nan]))
    (tensor([ True, False]), tensor([ True, False]))
    """
    return ~labels.isnan() if labels.is_floating_point() else labels != IGNORE_INDEX
