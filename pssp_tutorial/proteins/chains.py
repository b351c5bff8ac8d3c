"""The chain set that travels with the book, and its splits by homology (chapter 4).

20,661 protein chains of the PDB with the eight DSSP states of each residue and, but for chains that are set aside
(``excluded`` and ``reserved``), its relative solvent accessibility. ``data/README.md`` tells where they come from and
how they were split.
"""

import lzma
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import ReadError, reading_problem
from pssp_tutorial.core.resources import checksum_path, read_checked, resource, write_checked
from pssp_tutorial.proteins.alphabet import READ_AS, RESIDUES, UNKNOWN_STATE
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

if TYPE_CHECKING:
    import pandas as pd

FILE_NAME = "chains.tsv.xz"
COLUMNS = ["id", "cluster", "split", "mini", "sequence", "structure", "accessibility"]
SPLITS = ("train", "val", "test", "excluded", "reserved")
ACCESSIBILITY_LETTERS = "abcdefghijklmnopqrst"
"""Steps of 5%: ``a`` is 0 to 5% of the largest accessible surface of that residue, ``t`` 95% and more."""
STEPS = ACCESSIBILITY_LETTERS.encode()
LETTERS = (RESIDUES + "".join(READ_AS)).encode()


class ChainDataError(PSSPError):
    """The file of the chain set is missing, damaged or not what it should be."""


@dataclass(frozen=True)
class ChainSet:
    """Protein chains with their clusters and splits.

    A search finds no homologs shared by ``train``, ``val`` and ``test``. ``excluded`` chains are related to one of the
    held-out splits, ``reserved`` ones to public benchmark sets: neither is for training or tuning.

    >>> load_chains()
    ChainSet of 20,661 chains: train 13,091, val 566, test 600, excluded 2,101, reserved 4,303
    """

    records: tuple[ProteinRecord, ...]
    split: tuple[str, ...]
    cluster: tuple[str, ...]
    mini: tuple[bool, ...]

    def of(self, split: str) -> tuple[ProteinRecord, ...]:
        """The records of one split."""
        if split not in SPLITS:
            raise ChainDataError(f"split {split!r}; expected one of {', '.join(SPLITS)}")
        return tuple(record for record, name in zip(self.records, self.split, strict=True) if name == split)

    @cached_property
    def train(self) -> tuple[ProteinRecord, ...]:
        return self.of("train")

    @cached_property
    def val(self) -> tuple[ProteinRecord, ...]:
        return self.of("val")

    @cached_property
    def test(self) -> tuple[ProteinRecord, ...]:
        return self.of("test")

    @cached_property
    def excluded(self) -> tuple[ProteinRecord, ...]:
        return self.of("excluded")

    @cached_property
    def reserved(self) -> tuple[ProteinRecord, ...]:
        return self.of("reserved")

    @property
    def splits(self) -> tuple[tuple[ProteinRecord, ...], ...]:
        """Train, val and test, in this order."""
        return self.train, self.val, self.test

    @cached_property
    def table(self) -> "pd.DataFrame":
        """One row per chain: id, cluster, split, mini and length."""
        import pandas as pd

        ids = pd.Series([record.id for record in self.records], dtype=object)  # of a file's name any letter may be
        clusters, lengths = pd.Series(self.cluster, dtype=object), [len(record) for record in self.records]
        columns = {"id": ids, "cluster": clusters, "split": self.split, "mini": self.mini, "length": lengths}
        return pd.DataFrame(columns)

    @cached_property
    def _by_id(self) -> dict[str, ProteinRecord]:
        return {record.id: record for record in self.records}

    @property
    def ids(self) -> Collection[str]:
        """The chains' ids."""
        return self._by_id.keys()

    def __getitem__(self, chain_id: str) -> ProteinRecord:
        try:
            return self._by_id[chain_id]
        except KeyError:
            raise ChainDataError(f"no chain {chain_id!r}; expected an id such as {self.records[0].id!r}") from None

    def __iter__(self) -> Iterator[ProteinRecord]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {self.split.count(name):,}" for name in SPLITS if name in self.split)
        return f"ChainSet of {len(self):,} chains: {parts}"


def default_path() -> Path:
    """Where the file of the embedded chain set lies."""
    return resource("data", FILE_NAME)


def load_chains(subset: Literal["all", "mini"] = "all", path: str | PathLike | None = None) -> ChainSet:
    """Read the embedded chain set, checking its checksum; a second call returns the same object.

    It holds 20,661 chains, or with ``"mini"`` 420 short ones (300 train, 60 val, 60 test) for what must run in seconds.
    ``path`` is another file with the same columns, beside which ``<name>.sha256`` holds its checksum.

    Raises ChainDataError if the file or its checksum is missing or does not match, or a row is not as described.

    >>> chains = load_chains("mini")
    >>> [len(split) for split in chains.splits]
    [300, 60, 60]
    >>> chains.train[0].structure[:20]
    'TSTTTTGGGCTHHHHSCEEC'
    """
    if subset not in ("all", "mini"):
        raise ChainDataError(f"subset {subset!r}; expected 'all' or 'mini'")
    path = Path(path) if path is not None else default_path()
    chains = _read(path, _version(path))
    return chains if subset == "all" else _mini(chains)


@lru_cache(maxsize=2)
def _mini(chains: ChainSet) -> ChainSet:
    rows = [row for row in zip(chains.records, chains.split, chains.cluster, chains.mini, strict=True) if row[3]]
    if not rows:
        raise ChainDataError("the mini subset is empty; expected proteins of 50 to 300 residues")
    return ChainSet(*zip(*rows, strict=True))


def _version(path: Path) -> tuple[tuple[Path, int], ...]:
    """Where a file and its checksum lie, and when they were written: another version is read anew."""
    files = path, checksum_path(path)
    if any(map(reading_problem, files)):  # which reading will tell
        return ()
    return tuple((file.resolve(), file.stat().st_mtime_ns) for file in files)


@lru_cache(maxsize=2)
def _read(path: Path, version: tuple[tuple[Path, int], ...]) -> ChainSet:
    remedy = "restore it from the repository, or install the package again"
    if path != default_path():
        remedy = "expected a data set as pssp uniprot build makes it, with its .sha256 beside it"
    try:
        lines = lzma.decompress(read_checked(path, remedy=remedy)).decode().splitlines()
    except ReadError as error:
        raise ChainDataError(str(error)) from error
    except (lzma.LZMAError, UnicodeDecodeError) as error:
        raise ChainDataError(f"{shown(path)}: not a text packed with xz ({error}); {remedy}") from error
    return _parse(lines, path)


def _parse(lines: list[str], path: Path) -> ChainSet:
    if not lines or lines[0].split("\t") != COLUMNS:
        raise ChainDataError(f"{shown(path)}: line 1 is {lines[:1]}; expected the columns {', '.join(COLUMNS)}")
    steps = np.full(256, np.nan, dtype=np.float32)
    steps[np.frombuffer(STEPS, dtype=np.uint8)] = np.arange(20, dtype=np.float32) / 20
    rows, seen = [], set[str]()
    source = "UniProt" if all(line.endswith("\t") for line in lines[1:]) else "PDB"  # UniProt has no accessibility
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(COLUMNS) or fields[2] not in SPLITS:
            raise ChainDataError(
                f"{shown(path)}: line {number}: {line[:40]!r}…; "
                f"expected {len(COLUMNS)} fields, the third one of {SPLITS}"
            )
        chain_id, cluster, split, flag, sequence, structure, letters = fields
        strange = sequence.encode().translate(None, LETTERS) or letters.encode().translate(None, STEPS)
        if strange or chain_id in seen:
            problem = f"{strange.decode()!r} is outside the alphabet" if strange else "comes twice; expected it once"
            raise ChainDataError(f"{shown(path)}: line {number}: {shown(chain_id)}: {problem}")
        seen.add(chain_id)
        accessibility = steps[np.frombuffer(letters.encode(), dtype=np.uint8)] if letters else None
        try:
            record = ProteinRecord(chain_id, sequence, structure, accessibility=accessibility, source=source)
        except RecordError as error:
            raise ChainDataError(f"{shown(path)}: line {number}: {error}") from error
        rows.append((record, split, cluster, flag == "1"))
    return ChainSet(*zip(*rows, strict=True)) if rows else ChainSet((), (), (), ())


def write_chains(chains: ChainSet, path: str | PathLike) -> Path:
    """Write a chain set as ``load_chains(path=...)`` reads it: a table packed with xz, its checksum beside it.

    A stop or a full disk leaves the old set or the new one; a ``.sha256`` of something else is not replaced.
    """
    lines = ["\t".join(COLUMNS)]
    for record, split, cluster, mini in zip(chains.records, chains.split, chains.cluster, chains.mini, strict=True):
        steps = () if record.accessibility is None else (record.accessibility * 20).round().astype(int)
        letters = "".join(ACCESSIBILITY_LETTERS[step] for step in steps)
        structure = record.structure or UNKNOWN_STATE * len(record)
        fields = (record.id, cluster, split, str(int(mini)), record.sequence, structure, letters)
        lines.append("\t".join(fields))
    write_checked(path, lzma.compress(("\n".join(lines) + "\n").encode()))
    return Path(path)
