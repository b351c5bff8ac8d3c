"""From records to padded batches: one-hot encoding, length buckets and masks (chapter 4).

Proteins of like length share a batch, so that little of it is padding, and a batch is bounded by its
residues, padding included, not by its number of proteins: memory stays level from peptides to titin.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import (
    IGNORE_INDEX,
    RESIDUES,
    UNKNOWN_STATE,
    encode_residues,
    encode_states,
    normalise_sequence,
    reduce_states,
)
from pssp_tutorial.proteins.record import ProteinRecord

PADDING_CODE = len(RESIDUES)
ONE_HOT = torch.eye(len(RESIDUES) + 1, len(RESIDUES))  # the row of the padding code is all zeros
LENGTH_JITTER = 0.05  # shuffling sorts by length times a random factor, 1 ± this: about 5% of a batch is padding


class BatchingError(PSSPError):
    """Records that no batch can be made of."""


@dataclass(frozen=True)
class Batch:
    """Several proteins, padded on the right to the longest.

    Parameters
    ----------
    inputs : float32[batch, length, 21]
        One-hot residues; zeros at padding.
    lengths : int64[batch]
        Number of residues of each protein.
    labels : int64[batch, length]
        Class numbers; ``IGNORE_INDEX`` at padding and where the state is unknown.
    ids : tuple of str
        Names of the proteins.

    >>> batch = collate([ProteinRecord("one", "MKTV", "CHH?"), ProteinRecord("two", "GA", "EE")])
    >>> batch.inputs.shape, batch.residues, batch.mask.tolist()
    (torch.Size([2, 4, 21]), 6, [[True, True, True, False], [True, True, False, False]])
    """

    inputs: Tensor
    lengths: Tensor
    labels: Tensor
    ids: tuple[str, ...]

    @property
    def mask(self) -> Tensor:
        """True at the residues that are scored, ``bool[batch, length]``."""
        return self.labels != IGNORE_INDEX

    @property
    def residues(self) -> int:
        """Number of real residues, scored or not."""
        return int(self.lengths.sum())

    def to(self, device: torch.device | str) -> "Batch":
        """The same batch on a device."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}
        return replace(self, **{name: value.to(device) for name, value in values.items() if torch.is_tensor(value)})


def encode(protein: ProteinRecord | str) -> Tensor:
    """One-hot residues of one protein, ``float32[length, 21]``, channels in the order of ``RESIDUES``.

    >>> encode("ACX").argmax(dim=1)
    tensor([ 0,  1, 20])
    """
    record = ProteinRecord("sequence", protein) if isinstance(protein, str) else protein
    return ONE_HOT[torch.from_numpy(_residue_codes(record))]


def collate(records: Sequence[ProteinRecord], *, classes: int = 3, reduction: str = "default") -> Batch:
    """Pad records to one batch, in their order; a record without a structure has no scored residue.

    ``classes`` is 3 (H, E, C) or 8 (DSSP); ``reduction``, how eight states become three: ``default`` or ``strict``.

    >>> collate([ProteinRecord("one", "MKTV", "CGH?")]).labels
    tensor([[   2,    0,    0, -100]])
    """
    return Loader(records, classes=classes, reduction=reduction).batch(range(len(records)))


def length_buckets(
    lengths: Iterable[int], batch_residues: int, *, generator: torch.Generator | None = None
) -> list[list[int]]:
    """Group proteins of like length so that batch size times longest stays within ``batch_residues``.

    Only a protein that is longer by itself exceeds it, alone in its batch. Without a generator the batches
    run from short to long; with one, it draws both their members and their order. Each batch is a list of
    indices into ``lengths``.

    >>> length_buckets([3, 9, 2, 40], batch_residues=10)
    [[2, 0], [1], [3]]
    """
    if batch_residues < 1:
        raise BatchingError(f"batch_residues is {batch_residues}; expected 1 or more")
    lengths = np.fromiter(lengths, dtype=np.int64)
    keys = lengths.astype(np.float64)
    if generator is not None:
        keys *= 1 + LENGTH_JITTER * (2 * torch.rand(len(lengths), generator=generator).numpy() - 1)
    batches: list[list[int]] = []
    longest = 0
    for index in np.argsort(keys, kind="stable").tolist():
        longest = max(longest, lengths[index])
        if batches and longest * (len(batches[-1]) + 1) <= batch_residues:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = lengths[index]
    if generator is not None:
        batches = [batches[index] for index in torch.randperm(len(batches), generator=generator).tolist()]
    return batches


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed for each pair of seed and epoch: an epoch's random numbers need no memory of earlier ones.

    >>> epoch_seed(0, 1) == epoch_seed(0, 1), epoch_seed(0, 1) == epoch_seed(1, 0)
    (True, False)
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


@dataclass(eq=False)
class Loader:
    """Batches of a set of records, encoded once; iterate over it as often as you like.

    With ``shuffle`` the batches depend on ``seed`` and ``epoch`` only: set ``epoch`` before each pass.
    :func:`make_loader` makes one and checks that there is something to score.
    """

    records: Sequence[ProteinRecord] = field(repr=False)
    batch_residues: int = 8_000
    shuffle: bool = False
    seed: int = 0
    classes: int = 3
    reduction: str = "default"
    epoch: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if not self.records:
            raise BatchingError("no records; expected at least one")
        for record in self.records:
            if not record.sequence:
                raise BatchingError(f"{record.id}: no residues; expected at least one")
        self.lengths = np.array([len(record) for record in self.records])
        self._starts = np.cumsum(self.lengths) - self.lengths
        # One byte a residue and one a label; a batch is gathered from them and only then made one-hot.
        self._codes = np.concatenate([_residue_codes(record).astype(np.uint8) for record in self.records])
        self._labels = np.concatenate([self._encode_labels(record) for record in self.records])

    def _encode_labels(self, record: ProteinRecord) -> np.ndarray:
        structure = record.structure or UNKNOWN_STATE * len(record)
        if self.classes == 3:
            structure = reduce_states(structure, self.reduction, name=record.id)
        labels = encode_states(structure, self.classes, name=record.id)
        return np.where(record.mask, labels, IGNORE_INDEX).astype(np.int8)

    @property
    def scored_residues(self) -> int:
        """Number of residues with a known state."""
        return int((self._labels != IGNORE_INDEX).sum())

    @cached_property
    def fingerprint(self) -> dict[str, str | int]:
        """What decides the batches of every epoch: a digest of the data, and the settings."""
        digest = hashlib.sha256("\n".join(record.id for record in self.records).encode())
        for array in (self.lengths, self._codes, self._labels):
            digest.update(array.tobytes())
        settings = ("batch_residues", "seed", "classes", "reduction")
        return {"records": digest.hexdigest(), **{name: getattr(self, name) for name in settings}}

    def buckets(self, *, shuffle: bool | None = None) -> list[list[int]]:
        """Indices of the records of each batch of this epoch; ``shuffle`` overrides the loader's own."""
        generator = None
        if self.shuffle if shuffle is None else shuffle:
            generator = torch.Generator().manual_seed(epoch_seed(self.seed, self.epoch))
        return length_buckets(self.lengths, self.batch_residues, generator=generator)

    def layout(self, indices: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Place of each position of a batch among the loader's residues, and if it is padding: [batch, length] both."""
        chosen = np.asarray(indices)
        lengths = self.lengths[chosen]
        steps = np.arange(lengths.max())
        padding = steps >= lengths[:, None]  # [batch, length]
        return np.where(padding, 0, self._starts[chosen][:, None] + steps), padding

    def batch(self, indices: Sequence[int]) -> Batch:
        """The batch of the records with these indices, in their order."""
        places, padding = self.layout(indices)
        codes = torch.from_numpy(np.where(padding, PADDING_CODE, self._codes[places]).astype(np.int64))
        labels = torch.from_numpy(np.where(padding, IGNORE_INDEX, self._labels[places]).astype(np.int64))
        ids = tuple(self.records[index].id for index in indices)
        return Batch(embedding(codes, ONE_HOT), torch.from_numpy(self.lengths[np.asarray(indices)]), labels, ids)

    def __iter__(self) -> Iterator[Batch]:
        return map(self.batch, self.buckets())

    def __len__(self) -> int:
        return len(self.buckets())


def make_loader(
    records: Iterable[ProteinRecord],
    batch_residues: int = 8_000,
    *,
    shuffle: bool = False,
    seed: int = 0,
    classes: int = 3,
    reduction: str = "default",
) -> Loader:
    """Make a loader of labelled records, for training or for scoring.

    Parameters
    ----------
    records : iterable of ProteinRecord
        Each with a structure; positions with the state ``?`` are masked.
    batch_residues : int
        Largest number of residues in a batch, padding included.
    shuffle, seed
        Draw the batches anew for each value of the attribute ``epoch``, from ``seed``.
    classes, reduction
        As in :func:`collate`.

    Raises
    ------
    BatchingError
        Without records, residues, a structure or any known state; for something else than records, and for a whole
        chain set, which holds every split.

    >>> loader = make_loader([ProteinRecord("one", "MKTV", "CHH?"), ProteinRecord("two", "GA", "EE")])
    >>> len(loader), [batch.ids for batch in loader]
    (1, [('two', 'one')])
    """
    if hasattr(records, "splits"):
        raise BatchingError("this is a whole chain set, with every split; expected one of them, such as chains.train")
    if isinstance(records, ProteinRecord | str):
        raise BatchingError(f"records is one {type(records).__name__}; expected several of ProteinRecord")
    records = tuple(records)
    for number, record in enumerate(records, start=1):
        if not isinstance(record, ProteinRecord):
            raise BatchingError(f"record {number} is a {type(record).__name__}; expected a ProteinRecord")
    loader = Loader(records, batch_residues, shuffle, seed, classes, reduction)
    for record in records:
        if record.structure is None:
            raise BatchingError(f"{record.id}: no structure; expected one, to have states to score")
    if not loader.scored_residues:
        raise BatchingError(f"none of {loader.lengths.sum()} residues has a known state; expected at least one")
    return loader


def _residue_codes(record: ProteinRecord) -> np.ndarray:
    return encode_residues(normalise_sequence(record.sequence, name=record.id), name=record.id)
