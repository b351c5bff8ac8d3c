"""FASTA files, read record by record and written whole (chapters 3 and 4)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from io import TextIOBase, TextIOWrapper
from os import PathLike
from typing import IO, Any, TextIO

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import ReadError, open_text, packed, write_atomically
from pssp_tutorial.proteins.alphabet import normalise_sequence
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

MAX_RESIDUES = 100_000
"""Longest sequence read from a file. The longest known protein has 45,212 residues (doi 10.1126/science.ado3290)."""
PIECE = 1 << 16  # letters of a line that are read at once


def read_fasta(
    source: str | PathLike | IO[Any], *, on_error: Callable[[PSSPError], None] | None = None
) -> Iterator[ProteinRecord]:
    """Yield the records of a FASTA file, one at a time, so that any size fits in memory.

    The first word after ``>`` is the id. White space in a sequence is dropped, and so is a ``*`` at its end, the stop
    codon of a translated gene. The letters stay as they are; :func:`~pssp_tutorial.normalise_sequence`
    must know them.

    Parameters
    ----------
    source : path or handle
        Read as UTF-8; a path, or a handle of bytes, is unpacked if it is packed with gzip, bzip2 or xz.
    on_error : callable, optional
        Called with the error of a record that cannot be used, which is then left out. Without it the first such
        error is raised.

    Raises
    ------
    RecordError
        If the file is missing, not text, damaged, not FASTA, or a record has no sequence or more than
        ``MAX_RESIDUES``; the message names the file and, where there is one, the line and the record.
    AlphabetError
        If a letter stands for no residue; the message also tells its position in the sequence.

    >>> from io import StringIO
    >>> [record.id for record in read_fasta(StringIO(">one\\nMKT\\n>two\\nVRQ\\n"))]
    ['one', 'two']
    >>> errors = []
    >>> [record.id for record in read_fasta(StringIO(">one\\nMKT\\n>two\\nV-Q\\n"), on_error=errors.append)]
    ['one']
    >>> print(errors[0])
    FASTA text: line 3: record 2 (two): residue 2 is '-'; expected one of ACDEFGHIKLMNPQRSTVWY, XUOBZJ
    """
    name = str(source if isinstance(source, str | PathLike) else getattr(source, "name", "FASTA text"))
    try:
        with open_text(source, errors="surrogateescape") as handle:  # bytes that are no text are found in their record
            for number, entry in enumerate(_entries(handle)):
                try:
                    if record := _record(name, number, *entry):
                        yield record
                except PSSPError as error:
                    if on_error is None:
                        raise
                    on_error(error)
    except ReadError as error:
        raise RecordError(str(error)) from error


def _entries(handle: TextIO) -> Iterator[tuple[int, str, str]]:
    """Line number, title and sequence of what stands before the first ``>``, then of each entry.

    Lines are read in pieces, and of a sequence that is too long only the beginning is kept: one line may be as long
    as it likes.
    """
    line, begins, in_title = 1, True, False
    first, title, sequence, length = 1, "", [], 0
    while text := handle.readline(PIECE):
        if begins:
            text = text.removeprefix("\ufeff") if line == 1 else text  # the mark that some editors put first
            in_title = text.startswith(">")
            if in_title:
                yield first, title, "".join(sequence)
                first, title, sequence, length = line, text[1:], [], 0
        if not in_title and length <= MAX_RESIDUES + 1:
            sequence.append("".join(text.split()))
            length += len(sequence[-1])
        begins = text.endswith("\n")
        line += begins
    yield first, title, "".join(sequence)


def _record(name: str, number: int, line: int, title: str, sequence: str) -> ProteinRecord | None:
    """The record of an entry, if it is one; number 0 is what stands before the first."""
    if number == 0:
        if sequence and not sequence[:40].isprintable():
            raise RecordError(f"{name}: not readable as text; expected FASTA in UTF-8")
        if sequence:
            raise RecordError(f"{name}: begins with {sequence[:40]!r}; expected '>' and a name")
        return None
    record_id = title.split(maxsplit=1)[0] if title.strip() else f"record {number}"
    shown = "".join(letter if letter.isprintable() else "?" for letter in record_id[:60])
    place = f"{name}: line {line}: record {number} ({shown})"
    text, sequence = record_id + sequence, sequence.removesuffix("*")
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):  # bytes that are no UTF-8
        raise RecordError(f"{place} is not readable as text; expected UTF-8")
    if title.startswith(("P1;", "F1;")):
        raise RecordError(f"{place} is PIR, whose second line is a title; expected FASTA")
    if not sequence:
        raise RecordError(f"{place} has no sequence; expected residues")
    if len(sequence) > MAX_RESIDUES:
        raise RecordError(f"{place} has more than {MAX_RESIDUES:,} residues; expected a protein")
    normalise_sequence(sequence, name=place)
    return ProteinRecord(record_id, sequence, source=name)


def write_fasta(records: Iterable[ProteinRecord], target: str | PathLike | TextIO, *, width: int = 60) -> None:
    """Write records as FASTA, ``width`` residues a line; a file is written whole or not at all.

    Parameters
    ----------
    target : path or text handle
        A path is written through gzip if it ends in ``.gz``. Records that are read from it meanwhile are not lost.

    Raises
    ------
    RecordError
        If the width is no whole number of 1 or more.
    FileError
        If the file cannot be written; the old one is as it was.

    >>> import sys
    >>> write_fasta([ProteinRecord("tiny", "MKTV")], sys.stdout)
    >tiny
    MKTV
    """
    if not isinstance(width, int) or width < 1:
        raise RecordError(f"width {width!r}; expected a whole number of 1 or more")
    with nullcontext(target) if isinstance(target, TextIOBase) else _text_file(target) as handle:
        for record in records:
            handle.write(f">{record.id}\n")
            for start in range(0, len(record.sequence), width):
                handle.write(record.sequence[start : start + width] + "\n")


@contextmanager
def _text_file(path: str | PathLike) -> Iterator[TextIO]:
    with write_atomically(path) as handle, packed(handle, path) as target:
        text = TextIOWrapper(target, encoding="utf-8", newline="\n")
        try:
            yield text
        finally:
            text.detach()  # which writes what is left, and leaves the file open
