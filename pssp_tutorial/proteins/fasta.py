"""FASTA files, read record by record and written whole (chapters 3 and 4)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import IO, Any, TextIO

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.files import ReadError, open_text, packed, write_atomically
from pssp_tutorial.proteins.cleaning import Remark, Unusual, clean_sequence, short, warn
from pssp_tutorial.proteins.composition import is_prose
from pssp_tutorial.proteins.filetypes import PIR, seems
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

MAX_RESIDUES = 100_000
"""Longest sequence read from a file. The longest known protein has 45,212 residues (doi 10.1126/science.ado3290)."""
PIECE = 1 << 16  # letters of a line that are read at once
ENDINGS = (".fasta", ".fa", ".faa", ".fas", ".pep")
PACKED = (".gz", ".bgz", ".xz", ".bz2")


def read_fasta(
    source: str | PathLike | IO[Any],
    *,
    unusual: Unusual = "map",
    on_error: Callable[[PSSPError], None] | None = None,
    on_warning: Remark | None = warn,
) -> Iterator[ProteinRecord]:
    """Yield the records of a FASTA file, one at a time, so that any size fits in memory.

    The first word after ``>`` is the id. White space in a sequence is dropped, and so is a stop sign at its end, ``*``
    or ``.``; the letters stay as they are. Lines above the first record that begin with ``;`` are comments.

    The source is read as UTF-8; a path, or a handle of bytes, is unpacked if it is packed with gzip, bzip2 or xz.
    ``unusual`` says whether the letters U, O, B, Z and J are known. ``on_error`` is called with the error of a record
    that cannot be used, which is then left out; without it the first is raised. ``on_warning`` is called with a
    sentence on a record that can be read as a protein and looks like something else, such as DNA.

    Raises RecordError if the file is missing, not text, damaged or not FASTA, whatever ``on_error`` is, with what it
    seems to be; if a record has no sequence or more than ``MAX_RESIDUES``, with the line and the record. Raises
    AlphabetError if a letter stands for no residue, with its position in the sequence as well.

    >>> from io import StringIO
    >>> [record.id for record in read_fasta(StringIO(">one\\nMKT\\n>two\\nVRQ\\n"))]
    ['one', 'two']
    >>> errors = []
    >>> [record.id for record in read_fasta(StringIO(">one\\nMKT\\n>two\\nV-Q\\n"), on_error=errors.append)]
    ['one']
    >>> print(errors[0])
    FASTA text: line 3: record 2 (two): residue 2 is '-'; expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ
    """
    name = _name(source)
    try:
        with open_text(source, errors="surrogateescape") as handle:  # bytes that are no text are found in their record
            for entry in _entries(handle, name):
                try:
                    record = entry.record(unusual, on_warning)
                except PSSPError as error:
                    if on_error is None:
                        raise
                    on_error(error)
                else:
                    yield record
    except ReadError as error:
        raise RecordError(str(error)) from error


def fasta_files(folder: str | PathLike) -> list[Path]:
    """The FASTA files of a folder, by the ending of their names and in the order of them; not those of its folders.

    Raises RecordError if there is none, or the folder cannot be read.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.fa.gz", "a.fasta", "notes.txt"):
    ...         Path(folder, name).touch()
    ...     [path.name for path in fasta_files(folder)]
    ['a.fasta', 'b.fa.gz']
    """
    try:
        paths = sorted(Path(folder).iterdir())
    except OSError as error:
        raise RecordError(f"{shown(folder)}: {(error.strerror or str(error)).lower()}") from error
    names = tuple(ending + pack for ending in ENDINGS for pack in ("", *PACKED))
    found = [path for path in paths if path.name.lower().endswith(names) and path.is_file()]
    if not found:
        raise RecordError(f"{shown(folder)}: no FASTA file in this folder; expected names in {', '.join(ENDINGS)}")
    return found


def _name(source: str | PathLike | IO[Any]) -> str:
    """What messages and records call a source."""
    if isinstance(source, str | PathLike):
        return str(source)
    name = getattr(source, "name", "FASTA text")
    return "standard input" if name == "<stdin>" else str(name)


@dataclass
class _Entry:
    """What stands between one ``>`` and the next."""

    source: str
    place: str  # for messages
    number: int
    title: str
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    prose: int = 0  # the first line that is a sentence

    def add(self, line: int, piece: str) -> None:
        """Take a piece of the sequence; of one that is too long, only the beginning is kept."""
        if self.length <= MAX_RESIDUES + 1:
            words = piece.split()
            self.pieces += words
            self.length += sum(map(len, words))
            if len(words) > 2 and not self.prose and is_prose(words):
                self.prose = line

    def record(self, unusual: Unusual, on_warning: Remark | None) -> ProteinRecord:
        """The record, cleaned."""
        record_id = self.title.split(maxsplit=1)[0] if self.title.strip() else f"record_{self.number}"
        place = f"{self.place}: record {self.number} ({short(record_id)})"
        sequence = "".join(self.pieces)
        text = record_id + sequence
        if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):  # bytes that are no UTF-8
            raise RecordError(f"{place} is not readable as text; expected UTF-8")
        if len(sequence.rstrip("*.")) > MAX_RESIDUES:
            raise RecordError(f"{place} has more than {MAX_RESIDUES:,} residues; expected a protein")
        look = None if self.prose else on_warning  # one remark is enough
        sequence = clean_sequence(sequence, name=place, unusual=unusual, on_warning=look)
        if self.prose and on_warning:
            on_warning(f"{place}: line {self.prose} looks like a sentence; expected residues")
        return ProteinRecord(record_id, sequence, source=self.source)


def _entries(handle: TextIO, name: str) -> Iterator[_Entry]:
    """The entries of a file; what stands above the first, other than a comment, ends the reading."""
    entry: _Entry | None = None
    file, number, aside = shown(name), 0, False  # aside: in a title or a comment, of which one piece is enough
    for line, begins, piece in _pieces(handle):
        if begins:
            aside = piece.startswith(">") or (entry is None and piece.startswith(";"))
            if piece.startswith(">"):
                if entry:
                    yield entry
                number += 1
                entry = _Entry(name, f"{file}: line {line}", number, piece[1:])
                if PIR.match(entry.title):
                    raise RecordError(f"{entry.place} is PIR, whose second line is a title; expected FASTA")
        if not aside and entry:
            entry.add(line, piece)
        elif not aside and piece.strip():
            raise _no_fasta(f"{file}: line {line}", piece.strip())
    if entry:
        yield entry


def _pieces(handle: TextIO) -> Iterator[tuple[int, bool, str]]:
    """Number of the line, whether it begins here, and text: one line may be as long as it likes."""
    line, begins = 1, True
    while piece := handle.readline(PIECE):
        yield line, begins, piece.removeprefix("\ufeff") if line == 1 else piece  # a mark that some editors put first
        begins = piece.endswith("\n")
        line += begins


def _no_fasta(place: str, line: str) -> RecordError:
    start = line[:40]
    if not start.isprintable() and not start.replace("\t", "").isprintable():
        return RecordError(f"{place} is not readable as text; expected FASTA in UTF-8")
    kind = seems(line[:200])
    guess = f", which looks like {kind}" if kind else ""
    return RecordError(f"{place} begins with {start!r}{guess}; expected FASTA: '>' and a name")


def write_fasta(records: Iterable[ProteinRecord], target: str | PathLike | TextIO, *, width: int = 60) -> None:
    """Write records as FASTA, ``width`` residues per line; a file is written whole or not at all.

    The target is a text handle, or a path, packed as its ending says: ``.gz``, ``.xz`` or ``.bz2``. Records that are
    read from it meanwhile are not lost.

    Raises RecordError if the width is no whole number of 1 or more, or white space in an id would end it; FileError if
    the file cannot be written: the old one is as it was.

    >>> import sys
    >>> write_fasta([ProteinRecord("tiny", "MKTV")], sys.stdout)
    >tiny
    MKTV
    """
    if not isinstance(width, int) or width < 1:
        raise RecordError(f"width {width!r}; expected a whole number of 1 or more")
    with _text_file(target) if isinstance(target, str | PathLike) else nullcontext(target) as handle:
        for record in records:
            if record.id.split() != [record.id]:
                raise RecordError(f"the id is {record.id[:60]!r}; expected a name without white space")
            handle.write(fasta_entry(record.id, record.sequence, width))


def fasta_entry(title: str, letters: str, width: int = 60) -> str:
    """One entry of a FASTA file.

    >>> fasta_entry("tiny", "MKTV", 3)
    '>tiny\\nMKT\\nV\\n'
    """
    lines = (letters[start : start + width] for start in range(0, len(letters), width))
    return "\n".join([f">{title}", *lines, ""])


@contextmanager
def _text_file(path: str | PathLike) -> Iterator[TextIO]:
    with write_atomically(path) as handle, packed(handle, path) as target:
        text = TextIOWrapper(target, encoding="utf-8", newline="\n")
        try:
            yield text
        finally:
            text.detach()  # which writes what is left, and leaves the file open
