"""States from the files that predictors and DSSP write, to be compared (chapter 7)."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import dropwhile, groupby
from operator import itemgetter
from os import PathLike
from pathlib import Path
from typing import IO, TextIO

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import open_text, reading_problem
from pssp_tutorial.proteins.alphabet import STATES8, UNKNOWN_STATE
from pssp_tutorial.proteins.dssp_output import is_dssp, parse_dssp

COIL = "P-_.L "
"""Other letters for coil: polyproline II, and what programs write for it."""
LETTERS = STATES8 + UNKNOWN_STATE
TO_LETTERS = str.maketrans(dict.fromkeys(COIL, "C"))
SS2_LINE = re.compile(r"\s*\d+\s+[A-Za-z]\s+([A-Z-])(\s+\d*\.\d+){3}\s*")
HORIZ_LINE = re.compile(r"^Pred:\s*(\S+)", re.MULTILINE)
INDEX = "index.tsv"
PACKED = (".gz", ".bz2", ".xz")
SEQUENCE_TITLE, STATES_TITLE = ":sequence", ":secstr"  # the PDB's ss.txt has two entries per chain


class StatesError(PSSPError):
    """A file that holds no states, or letters that are none."""


def read_states(source: str | PathLike | IO[bytes] | TextIO) -> dict[str, str]:
    """Read the states of each protein of a file, whichever program wrote it.

    FASTA with states in place of residues, or with the sequence before them (as three lines per protein, or as the
    PDB's ``ss.txt``); a table or JSON lines as ``pssp predict`` and ``pssp label`` write them; what DSSP writes;
    PSIPRED's ss2 and horiz, which name no protein, so that the file's name stands for it; and the folder of such files
    that ``pssp predict`` writes, where a table has the names. The answer, by id, is in the letters ``HGIEBTSC`` and
    ``?``, where no state is known; other letters for coil become C.

    Raises StatesError if the file is of none of these formats, an id comes twice, or a letter is no state; it tells
    where.

    >>> from io import StringIO
    >>> read_states(StringIO(">one\\nCCHHHH--\\n>two\\nEETTEE\\n"))
    {'one': 'CCHHHHCC', 'two': 'EETTEE'}
    """
    if isinstance(source, str | PathLike) and not reading_problem(Path(source, INDEX)):
        return _each_once(_folder(Path(source)), str(source))
    name = str(source if isinstance(source, str | PathLike) else getattr(source, "name", "states"))
    with open_text(source) as handle:
        text = handle.read()
    if not text.strip():
        raise StatesError(f"{name}: empty; expected states")
    found = _each_once(_reader(text, name)(text, name), name)
    if not found:
        raise StatesError(f"{name}: no states; expected at least one protein")
    return found


def _each_once(proteins: Iterable[tuple[str, str]], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for protein, states in proteins:
        if protein in found:
            raise StatesError(f"{name}: {protein} comes twice; expected each protein once")
        found[protein] = _checked(states, f"{name}: {protein}")
    return found


Reader = Callable[[str, str], Iterator[tuple[str, str]]]


def _reader(text: str, name: str) -> Reader:
    """The reader for a text, by how it begins."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    first = lines[0] if lines else ""
    if is_dssp(text):
        return _dssp
    if first.startswith(">"):
        return _fasta
    if first.startswith("{"):
        return _json_lines
    if {"id", "state"} <= set(first.split("\t")):
        return _table
    if SS2_LINE.fullmatch(first):
        return _ss2
    if HORIZ_LINE.search(text):
        return _horiz
    raise StatesError(
        f"{name}: begins with {first[:40]!r}; expected FASTA, JSON lines, a table with id and state, ss2, horiz or DSSP"
    )


def _checked(states: str, place: str) -> str:
    states = states.translate(TO_LETTERS)
    for position, letter in enumerate(states, start=1):
        if letter not in LETTERS:
            raise StatesError(
                f"{place}: state {position} is {letter!r}; expected one of {LETTERS} or {COIL!r} for coil"
            )
    if not states:
        raise StatesError(f"{place}: no states; expected one per residue")
    return states


def _dssp(text: str, name: str) -> Iterator[tuple[str, str]]:
    for record in parse_dssp(text, name):
        yield record.id, record.structure or ""


def _fasta(text: str, name: str) -> Iterator[tuple[str, str]]:
    for entry in re.split(r"^>", text, flags=re.MULTILINE)[1:]:
        title, *lines = entry.rstrip("\n").split("\n")
        protein = title.split()[0] if title.strip() else ""
        if protein.endswith(SEQUENCE_TITLE):
            continue
        lines = [line.rstrip("\r") for line in lines]
        states = lines if protein.endswith(STATES_TITLE) else _after_sequence([line.strip() for line in lines])
        yield protein.removesuffix(STATES_TITLE), "".join(states)


def _after_sequence(lines: list[str]) -> list[str]:
    """The lines of states: the second half, where the first holds as many letters and not only states."""
    lines = list(filter(None, lines))
    first, second = ("".join(half) for half in (lines[: len(lines) // 2], lines[len(lines) // 2 :]))
    is_sequence = len(first) == len(second) and not set(first) <= {*LETTERS, *COIL}
    return lines[len(lines) // 2 :] if is_sequence else lines


def _json_lines(text: str, name: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
            yield str(document["id"]), str(document["states"])
        except (ValueError, KeyError, TypeError) as error:
            problem = f"{line[:40]!r}; expected an object with id and states"
            raise StatesError(f"{name}: line {number}: {problem}") from error


def _table(text: str, name: str) -> Iterator[tuple[str, str]]:
    (_, columns), *rows = _rows(text, name)
    if not {"id", "state"} <= set(columns):
        raise StatesError(f"{name}: the columns are {', '.join(columns)[:80]}; expected id and state among them")
    protein_column, state_column = columns.index("id"), columns.index("state")
    position_column = columns.index("position") if "position" in columns else None
    for number, fields in rows:
        if len(fields) != len(columns):
            raise StatesError(f"{name}: line {number}: {len(fields)} fields; expected {len(columns)}, as in line 1")
    for protein, group in groupby((fields for _, fields in rows), key=itemgetter(protein_column)):
        residues = list(group)
        if position_column is not None and len({fields[position_column] for fields in residues}) < len(residues):
            raise StatesError(f"{name}: {protein} comes twice; expected each protein once, and each of its positions")
        yield protein, "".join(fields[state_column] for fields in residues)


def _rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    """The rows of a table that tabs divide, with the numbers of their lines; above them may stand comments."""
    try:
        numbered = enumerate(csv.reader(text.splitlines(), delimiter="\t"), start=1)
        rows = [(number, fields) for number, fields in numbered if fields]
    except csv.Error as error:
        raise StatesError(f"{name}: not a table ({error}); expected fields with tabs between") from error
    return list(dropwhile(lambda row: row[1][0].startswith("#"), rows))


def _ss2(text: str, name: str) -> Iterator[tuple[str, str]]:
    states = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            match = SS2_LINE.fullmatch(line)
            if match is None:
                raise StatesError(f"{name}: line {number} is {line[:40]!r}; expected number, residue, state and shares")
            states.append(match[1])
    yield _stem(name), "".join(states)


def _horiz(text: str, name: str) -> Iterator[tuple[str, str]]:
    yield _stem(name), "".join(HORIZ_LINE.findall(text))


def _stem(name: str) -> str:
    """The name of a file without its endings.

    >>> _stem("psipred/1abc.A.ss2.gz")
    '1abc.A'
    """
    path = Path(name)
    return path.with_suffix("").stem if path.suffix in PACKED else path.stem


def _folder(folder: Path) -> Iterator[tuple[str, str]]:
    """The proteins of a folder, by the ids that its table gives."""
    index = folder / INDEX
    with open_text(index) as handle:
        rows = _rows(handle.read(), str(index))
    if len(rows) < 2 or rows[0][1][:2] != ["file", "id"] or min(len(fields) for _, fields in rows) < 2:
        raise StatesError(f"{index}: no table of files and ids; expected what pssp predict writes into a folder")
    for _, fields in rows[1:]:
        yield from ((fields[1], states) for states in read_states(folder / fields[0]).values())
