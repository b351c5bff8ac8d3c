"""From records to padded batches: one-hot encoding and the states' masks (chapter 4).

Proteins of like length share a batch, so that little of it is padding, and a batch is bounded by its
residues, padding included, not by its number of proteins: memory stays level from peptides to titin.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding
from torch.nn.utils.rnn import pad_sequence

from pssp_tutorial.batches.batch import Batch, BatchingError
from pssp_tutorial.batches.loader import BatchLoader, check_apart, digest
from pssp_tutorial.proteins.alphabet import (
    IGNORE_INDEX,
    RESIDUES,
    UNKNOWN_STATE,
    encode_states,
    reduce_states,
    residue_codes,
)
from pssp_tutorial.proteins.cleaning import clean_record
from pssp_tutorial.proteins.record import ProteinRecord

PADDING_CODE = len(RESIDUES)
ONE_HOT = torch.eye(len(RESIDUES) + 1, len(RESIDUES))  # the row of the padding code is all zeros


@dataclass(frozen=True, eq=False)
class ProteinBatch(Batch):
    """A batch of proteins: one-hot residues, float32[batch, length, 21], and their states, int64[batch, length].

    >>> batch = collate([ProteinRecord("one", "MKTV", "CHH?"), ProteinRecord("two", "GA", "EE")])
    >>> batch.inputs.shape, batch.residues, batch.mask.tolist()
    (torch.Size([2, 4, 21]), 6, [[True, True, True, False], [True, True, False, False]])
    """

    @property
    def residues(self) -> int:
        """Number of real residues, scored or not."""
        return self.positions


def encode(protein: ProteinRecord | str) -> Tensor:
    """One-hot residues of one protein, ``float32[length, 21]``, channels in the order of ``RESIDUES``.

    >>> encode("AC X*").argmax(dim=1)
    tensor([ 0,  1, 20])
    """
    record = ProteinRecord("sequence", protein) if isinstance(protein, str) else protein
    return ONE_HOT[_residue_codes(clean_record(record)).long()]


def collate(records: Sequence[ProteinRecord], *, classes: int = 3, reduction: str = "default") -> ProteinBatch:
    """Pad records to one batch, in their order; a record without a structure has no scored residue.

    ``classes`` is 3 (H, E, C) or 8 (DSSP); ``reduction``, how eight states become three: ``default`` or ``strict``.

    >>> collate([ProteinRecord("one", "MKTV", "CGH?")]).labels
    tensor([[   2,    0,    0, -100]])
    """
    return batch_of(_let_in(records), classes, reduction)


def batch_of(records: Sequence[ProteinRecord], classes: int = 3, reduction: str = "default") -> ProteinBatch:
    """As :func:`collate`, of records that came in through the door: they are clean."""
    codes = [_residue_codes(record) for record in records]
    labels = [_state_labels(record, classes, reduction) for record in records]
    return _protein_batch(codes, labels, [record.id for record in records])


@dataclass(eq=False)
class Loader(BatchLoader):
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
        self.records = _let_in(self.records)
        self.lengths = np.array([len(record) for record in self.records])
        # One byte a residue and one a label; only a batch is made one-hot.
        self._codes = [_residue_codes(record) for record in self.records]
        self._labels = [self.label(record) for record in self.records]

    def label(self, record: ProteinRecord) -> Tensor:
        """The labels of a record: numbers of its states, int8[length]."""
        return _state_labels(record, self.classes, self.reduction)

    @property
    def batch_positions(self) -> int:
        return self.batch_residues

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(record.id for record in self.records)

    @property
    def scored(self) -> int:
        return self.scored_residues

    @cached_property
    def scored_residues(self) -> int:
        """Number of residues with a known state."""
        return sum(int((labels != IGNORE_INDEX).sum()) for labels in self._labels)

    @cached_property
    def fingerprint(self) -> Mapping[str, str | int | float | None]:
        arrays = self.lengths, *map(Tensor.numpy, self._codes + self._labels)
        settings = ("batch_residues", "seed", "classes", "reduction")
        return {"records": digest(self.ids, arrays), **{name: getattr(self, name) for name in settings}}

    def check_against(self, val: BatchLoader) -> None:
        """Raise BatchingError for other states, and if an id or a sequence is in ``val`` too: that would be a leak."""
        if not isinstance(val, Loader):
            raise BatchingError(f"train has proteins, and val is a {type(val).__name__}; expected proteins in both")
        settings = (self.classes, self.reduction), (val.classes, val.reduction)
        if settings[0] != settings[1]:
            raise BatchingError("classes and reduction of train are {}, of val {}; expected the same".format(*settings))
        super().check_against(val)
        ours, theirs = ([record.sequence.upper() for record in loader.records] for loader in (self, val))
        check_apart("sequence", ours, theirs, val.ids)

    def batch(self, indices: Sequence[int]) -> ProteinBatch:
        codes, labels = ([values[index] for index in indices] for values in (self._codes, self._labels))
        return _protein_batch(codes, labels, [self.ids[index] for index in indices])


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

    The records have a structure; positions with the state ``?`` are masked. ``batch_residues`` is the largest number of
    residues in a batch, padding included; with ``shuffle`` the batches are drawn anew for each value of the attribute
    ``epoch``, from ``seed``; classes and reduction as in :func:`collate`.

    Raises BatchingError without records, a structure or any known state; for something else than records, and for a
    whole chain set, which holds every split. A sequence is cleaned and refused as by :func:`~pssp_tutorial.predict`.

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


def _let_in(records: Iterable[ProteinRecord]) -> tuple[ProteinRecord, ...]:
    clean = tuple(map(clean_record, records))
    if not clean:
        raise BatchingError("no records; expected at least one")
    return clean


def _residue_codes(record: ProteinRecord) -> Tensor:
    """Numbers of the residues, uint8[length]."""
    return torch.from_numpy(residue_codes(record.sequence, name=record.id))


def _state_labels(record: ProteinRecord, classes: int, reduction: str) -> Tensor:
    """Numbers of the states, int8[length]."""
    structure = record.structure or UNKNOWN_STATE * len(record)
    if classes == 3:
        structure = reduce_states(structure, reduction, name=record.id)
    labels = encode_states(structure, classes, name=record.id)
    return torch.from_numpy(np.where(record.mask, labels, IGNORE_INDEX).astype(np.int8))


def _protein_batch(codes: list[Tensor], labels: list[Tensor], ids: Sequence[str]) -> ProteinBatch:
    padded = pad_sequence(codes, batch_first=True, padding_value=PADDING_CODE).long()
    lengths = torch.tensor([len(each) for each in codes])
    states = pad_sequence(labels, batch_first=True, padding_value=IGNORE_INDEX).long()
    return ProteinBatch(embedding(padded, ONE_HOT), lengths, states, tuple(ids))
