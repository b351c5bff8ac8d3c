"""A protein with its labels, and the way in and out of FASTA and Biopython (chapters 1, 3 and 4)."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOBase
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from pssp_tutorial.alphabet import STATES8, UNKNOWN_STATE
from pssp_tutorial.errors import PSSPError

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

STRUCTURE_KEY = "secondary_structure"
"""Where a structure stands in a Biopython record's ``letter_annotations``."""


class RecordError(PSSPError):
    """A record that contradicts itself, or a file that is not FASTA."""


@dataclass(frozen=True)
class ProteinRecord:
    """One protein chain.

    Parameters
    ----------
    id : str
        Name of the chain or entry, for example ``1ABC_A`` or ``P12345``.
    sequence : str
        One-letter residues.
    structure : str, optional
        One DSSP state a residue, ``?`` where it is unknown; three states are a part of the eight.
    resolved : bool[length], optional
        True where an experiment saw the residue. Left out: everywhere.
    accessibility : float32[length], optional
        Relative solvent accessibility, 0 (buried) to 1 (exposed).
    source : str
        Where the record comes from.

    Raises
    ------
    RecordError
        If the lengths differ or a state is unknown to DSSP.

    >>> record = ProteinRecord("tiny", "MKTV", structure="CHH?")
    >>> len(record), record.mask
    (4, array([ True,  True,  True, False]))
    """

    id: str
    sequence: str
    structure: str | None = None
    resolved: np.ndarray | None = field(default=None, compare=False, repr=False)
    accessibility: np.ndarray | None = field(default=None, compare=False, repr=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("structure", "resolved", "accessibility"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.sequence):
                raise RecordError(
                    f"{self.id}: {name} has {len(value)} positions; expected {len(self.sequence)}, as the sequence"
                )
        strange = set(self.structure or "") - {*STATES8, UNKNOWN_STATE}
        if strange:
            position = min(self.structure.index(state) for state in strange)
            raise RecordError(
                f"{self.id}: state {position + 1} is {self.structure[position]!r}; "
                f"expected one of {STATES8} or {UNKNOWN_STATE}"
            )

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def mask(self) -> np.ndarray:
        """True where the residue is resolved and its state known, ``bool[length]``."""
        if self.structure is None:
            return np.zeros(len(self), dtype=bool)
        known = np.frombuffer(self.structure.encode(), dtype=np.uint8) != ord(UNKNOWN_STATE)
        return known if self.resolved is None else known & np.asarray(self.resolved, dtype=bool)


@contextmanager
def open_text(source: str | PathLike | TextIO, mode: str = "r") -> Iterator[TextIO]:
    """Open a path as text, through gzip if its name ends in ``.gz``; an open handle passes through."""
    if isinstance(source, TextIOBase):
        yield source
        return
    path = Path(source)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, mode + "t", encoding="utf-8") as handle:
        yield handle


def read_fasta(source: str | PathLike | TextIO) -> Iterator[ProteinRecord]:
    """Yield the records of a FASTA file, one at a time, so that any size fits in memory.

    Raises
    ------
    RecordError
        If the file is missing, not text, damaged, not FASTA, or a record has no sequence; the message
        names the file and, where there is one, the record.

    >>> from io import StringIO
    >>> [record.id for record in read_fasta(StringIO(">one\\nMKT\\n>two\\nVRQ\\n"))]
    ['one', 'two']
    """
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    name = source if isinstance(source, str | PathLike) else getattr(source, "name", "FASTA text")
    try:
        with open_text(source) as handle:
            first = handle.readline()
            while first and not first.strip():
                first = handle.readline()
            if not first:
                return
            if not first.startswith(">"):
                raise RecordError(f"{name}: the first line is {first.strip()[:40]!r}; expected '>' and a name")
            for number, (title, sequence) in enumerate(SimpleFastaParser(chain([first], handle)), start=1):
                record_id = title.split(maxsplit=1)[0] if title.strip() else f"record {number}"
                if not sequence:
                    raise RecordError(f"{name}: record {number} ({record_id}) has no sequence; expected residues")
                yield ProteinRecord(record_id, sequence, source=str(name))
    except FileNotFoundError as error:
        raise RecordError(f"{name}: no such file") from error
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise RecordError(f"{name}: not readable as text ({error}); expected FASTA, or FASTA in gzip") from error


def write_fasta(records: Iterable[ProteinRecord], target: str | PathLike | TextIO, *, width: int = 60) -> None:
    """Write records as FASTA, ``width`` residues a line.

    >>> import sys
    >>> write_fasta([ProteinRecord("tiny", "MKTV")], sys.stdout)
    >tiny
    MKTV
    """
    with open_text(target, "w") as handle:
        for record in records:
            handle.write(f">{record.id}\n")
            for start in range(0, len(record), width):
                handle.write(record.sequence[start : start + width] + "\n")


def from_seqrecord(seqrecord: "SeqRecord") -> ProteinRecord:
    """Make a record of a Biopython one, with its structure if ``letter_annotations`` holds one."""
    structure = seqrecord.letter_annotations.get(STRUCTURE_KEY)
    return ProteinRecord(seqrecord.id, str(seqrecord.seq), structure, source=seqrecord.description)


def to_seqrecord(record: ProteinRecord) -> "SeqRecord":
    """Make a Biopython record; the structure goes to ``letter_annotations["secondary_structure"]``.

    >>> to_seqrecord(ProteinRecord("tiny", "MKTV", "CHHC")).letter_annotations
    {'secondary_structure': 'CHHC'}
    """
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

    annotations = {} if record.structure is None else {STRUCTURE_KEY: record.structure}
    return SeqRecord(Seq(record.sequence), record.id, description=record.source, letter_annotations=annotations)
