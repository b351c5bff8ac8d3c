"""Loaders: the batches of a data set, the same for the same seed and epoch (chapter 4).

What trains or scores asks nothing else of its data than what :class:`BatchLoader` says. For proteins
:mod:`~pssp_tutorial.batches.proteins` gives it, for arrays of any other kind :mod:`~pssp_tutorial.batches.sequences`.
"""

import copy
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch

from pssp_tutorial.batches.batch import Batch, BatchingError
from pssp_tutorial.batches.buckets import epoch_seed, length_buckets


class BatchLoader(ABC):
    """Batches of a data set; iterate over it as often as you like.

    With ``shuffle`` the batches depend on ``seed`` and ``epoch`` only. A data set that doesn't fit into memory derives
    from this class, has these attributes, and reads its files in :meth:`batch`.
    """

    lengths: np.ndarray  # int64[sequence]
    shuffle: bool
    seed: int
    epoch: int
    classes: int | None  # None: the labels are numbers to predict
    _counted: tuple[Any, int] = (None, 0)  # settings, and the number of batches with them

    @property
    @abstractmethod
    def batch_positions(self) -> int:
        """Largest number of positions in a batch, padding included."""

    @property
    @abstractmethod
    def ids(self) -> Sequence[str]:
        """Names of the sequences, or none."""

    @property
    @abstractmethod
    def scored(self) -> int:
        """Number of labels that count."""

    @property
    @abstractmethod
    def fingerprint(self) -> Mapping[str, str | int | float | None]:
        """What decides the batches of every epoch: a digest of the data, and the settings."""

    @abstractmethod
    def batch(self, indices: Sequence[int]) -> Batch:
        """The batch of the sequences with these indices, in their order."""

    def check_against(self, val: "BatchLoader") -> None:
        """Raise BatchingError if a model that is trained on these sequences can't be validated on those of ``val``."""
        if (self.classes is None) != (val.classes is None):
            kinds = ("numbers" if loader.classes is None else "classes" for loader in (self, val))
            raise BatchingError("the labels of train are {}, of val {}; expected the same".format(*kinds))
        if self.classes is not None and val.classes is not None and val.classes > self.classes:
            raise BatchingError(f"val has {val.classes} classes; expected {self.classes}, as train has, or fewer")
        check_apart("id", self.ids, val.ids, val.ids)

    def shuffled(self, epoch: int) -> Self:
        """A loader of the batches of an epoch, drawn anew for each; this one stays as it is."""
        drawn = copy.copy(self)
        drawn.epoch, drawn.shuffle = epoch, True
        return drawn

    def buckets(self, *, shuffle: bool | None = None) -> list[list[int]]:
        """Indices of the sequences of each batch of this epoch; ``shuffle`` overrides the loader's own."""
        generator = None
        if self.shuffle if shuffle is None else shuffle:
            generator = torch.Generator().manual_seed(epoch_seed(self.seed, self.epoch))
        return length_buckets(self.lengths, self.batch_positions, generator=generator)

    def __iter__(self) -> Iterator[Batch]:
        return map(self.batch, self.buckets())

    def __len__(self) -> int:
        settings = self.shuffle, self.seed, self.epoch, self.batch_positions
        if self._counted[0] != settings:  # the batches are drawn once to count them, not at each call
            self._counted = settings, len(self.buckets())
        return self._counted[1]


def digest(names: Iterable[str], arrays: Iterable[np.ndarray]) -> str:
    """The SHA-256 of names and arrays, for a fingerprint."""
    found = hashlib.sha256("\n".join(names).encode())
    for array in arrays:
        found.update(array.tobytes())
    return found.hexdigest()


def check_apart(what: str, train: Sequence[str], val: Sequence[str], names: Sequence[str]) -> None:
    """Raise BatchingError for a value of ``val`` that is in ``train`` too; ``names`` are those of ``val``'s items."""
    if shared := set(train) & set(val):
        name = next(name for name, value in zip(names, val, strict=True) if value in shared)
        raise BatchingError(f"{name}: its {what} is in train and in val ({len(shared)} such); expected none")
