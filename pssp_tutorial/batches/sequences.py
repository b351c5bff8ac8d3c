"""Batches of sequences that are no proteins: bases, visits, measurements, series of images (part IV)."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence

from pssp_tutorial.batches.batch import Batch, BatchingError, is_known
from pssp_tutorial.batches.loader import BatchLoader, digest
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX


@dataclass(eq=False)
class SequenceLoader(BatchLoader):
    """Batches of arrays, one for each sequence.

    Parameters
    ----------
    inputs : sequence of float[length, channel]
        Arrays or tensors; more dimensions may follow, such as the height and width of images.
    labels : sequence of arrays or numbers
        For each sequence an array ``[length]``, or one label. Whole numbers are classes, from 0, and ``IGNORE_INDEX``
        is unknown; other numbers are values to predict, and nan is unknown.
    ids : sequence of str, optional
        A name for each sequence, or for what must not be in two splits: the patient, the chromosome. Names may repeat.
    batch_positions : int
        Largest number of positions in a batch, padding included.
    shuffle, seed
        Draw the batches anew for each value of the attribute ``epoch``, from ``seed``.
    classes : int, optional
        Left out: one more than the largest label.

    Raises BatchingError without sequences, and for inputs, labels or names that don't belong together.

    >>> windows = [torch.eye(4)[[0, 2, 1]], torch.eye(4)[[3, 3]]]
    >>> tagged = SequenceLoader(windows, labels=[[0, 1, 1], [0, 0]])
    >>> next(iter(tagged)).labels
    tensor([[   0,    0, -100],
            [   0,    1,    1]])
    >>> next(iter(SequenceLoader(windows, labels=[0.5, 2.0]))).labels
    tensor([2.0000, 0.5000])
    """

    inputs: Sequence[Any] = field(repr=False)
    labels: Sequence[Any] = field(repr=False)
    _: KW_ONLY
    ids: Sequence[str] = field(default=(), repr=False)
    batch_positions: int = 8_000
    shuffle: bool = False
    seed: int = 0
    classes: int | None = None
    epoch: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not len(self.inputs):
            raise BatchingError("no sequences; expected at least one")
        if len(self.labels) != len(self.inputs) or len(self.ids) not in (0, len(self.inputs)):
            raise BatchingError(
                f"{len(self.inputs)} sequences, {len(self.labels)} with labels and {len(self.ids)} ids; "
                "expected as many of each, or no ids"
            )
        self.inputs = [torch.as_tensor(values, dtype=torch.float32) for values in self.inputs]
        found = [torch.as_tensor(values) for values in self.labels]
        numbers = any(values.is_floating_point() for values in found)
        self.labels = [values.to(torch.float32 if numbers else torch.int64) for values in found]
        for number in range(len(self.inputs)):
            self._check_sequence(number)
        self.lengths = np.array([len(values) for values in self.inputs])
        if numbers and self.classes is not None:
            raise BatchingError(f"classes is {self.classes}, and the labels are numbers; expected one of the two")
        if not numbers:
            self._check_classes()

    def _name(self, number: int) -> str:
        return self.ids[number] if self.ids else f"sequence {number + 1}"

    def _check_sequence(self, number: int) -> None:
        inputs, labels = self.inputs[number], self.labels[number]
        if inputs.dim() < 2 or 0 in inputs.shape or inputs.shape[1:] != self.inputs[0].shape[1:]:
            channels = self.inputs[0].shape[1:] or ["channel"]
            raise BatchingError(
                f"{self._name(number)}: its inputs have the shape {list(inputs.shape)}; "
                f"expected [length, {', '.join(map(str, channels))}], each 1 or more"
            )
        if not inputs.isfinite().all():
            position = int((~inputs.flatten(1).isfinite().all(dim=1)).nonzero()[0]) + 1
            raise BatchingError(f"{self._name(number)}: an input of position {position} is not finite")
        if labels.dim() != self.labels[0].dim() or (labels.dim() and len(labels) != len(inputs)):
            expected = f"[{len(inputs)}], one for each position" if self.labels[0].dim() else "one number"
            raise BatchingError(
                f"{self._name(number)}: its labels have the shape {list(labels.shape)}; expected {expected}"
            )

    def _check_classes(self) -> None:
        if self.classes is None:
            self.classes = max(0, *(int(values.max()) + 1 for values in self.labels))
        for number, values in enumerate(self.labels):
            wrong = values[(values != IGNORE_INDEX) & ((values < 0) | (values >= self.classes))]
            if len(wrong):
                raise BatchingError(
                    f"{self._name(number)}: a label is {int(wrong[0])}; expected 0 to {self.classes - 1}, "
                    f"or {IGNORE_INDEX} where it is unknown"
                )

    @cached_property
    def scored(self) -> int:
        return sum(int(is_known(values).sum()) for values in self.labels)

    @cached_property
    def fingerprint(self) -> Mapping[str, str | int | float | None]:
        arrays = self.lengths, *(values.numpy() for values in (*self.inputs, *self.labels))
        settings = ("batch_positions", "seed", "classes")
        return {"sequences": digest(self.ids, arrays), **{name: getattr(self, name) for name in settings}}

    def batch(self, indices: Sequence[int]) -> Batch:
        labels = [self.labels[index] for index in indices]
        unknown = torch.nan if labels[0].is_floating_point() else IGNORE_INDEX
        return Batch(
            pad_sequence([self.inputs[index] for index in indices], batch_first=True),
            torch.from_numpy(self.lengths[np.asarray(indices)]),
            pad_sequence(labels, batch_first=True, padding_value=unknown) if labels[0].dim() else torch.stack(labels),
            tuple(self.ids[index] for index in indices) if self.ids else (),
        )
