"""What can be predicted: a sequence, a record, several of these, or FASTA files; the door that they come in by."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias, Union

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.prediction.prediction import InferenceError
from pssp_tutorial.proteins.alphabet import AlphabetError
from pssp_tutorial.proteins.cleaning import Remark, Unusual, clean_sequence, short, warn
from pssp_tutorial.proteins.fasta import fasta_files, read_fasta
from pssp_tutorial.proteins.record import ProteinRecord, text_of

if TYPE_CHECKING:
    from Bio.Seq import Seq
    from Bio.SeqRecord import SeqRecord

Protein: TypeAlias = Union[str, "Seq", ProteinRecord, "SeqRecord", tuple[str, Union[str, "Seq"]], os.PathLike, IO[Any]]
Proteins: TypeAlias = Protein | Iterable[Protein]

PATH = re.compile(r"[/\\]|\.\w+$")
LONGEST_PATH = 200  # in a message


@dataclass(frozen=True)
class Rules:
    """How proteins are let in; what is called with the errors and remarks, as in :func:`~pssp_tutorial.read_fasta`."""

    unusual: Unusual = "map"
    on_error: Callable[[PSSPError], None] | None = None
    on_warning: Remark | None = warn


def read_proteins(
    proteins: Any, rules: Rules = Rules(), *, keep: Callable[[Any], None] | None = None
) -> Iterator[ProteinRecord]:
    """Yield every protein as a clean record, whichever way it comes in; the first id that comes again is remarked.

    ``keep`` is called with each protein as it was given, or with the record of a file, before the record is yielded.

    Raises InferenceError for something else than proteins, a path to nothing, or a file without proteins; RecordError
    and AlphabetError from cleaning a protein or reading a file.

    >>> [record.sequence for record in read_proteins(["MKT*", ("tiny", "G A"), ProteinRecord("one", "VR\\n")])]
    ['MKT', 'GA', 'VR']
    """
    records = _read(proteins, rules, keep)
    return _remarking(records, rules.on_warning) if rules.on_warning else records


def _read(proteins: Any, rules: Rules, keep: Callable[[Any], None] | None) -> Iterator[ProteinRecord]:
    single = is_single(proteins)
    for number, protein in enumerate([proteins] if single or is_source(proteins) else _several(proteins), start=1):
        if is_source(protein):
            records = _from_source(protein, rules)
        else:
            records = _from_object(protein, number, "sequence" if single else f"sequence_{number}", rules)
        for record in records:
            if keep:
                keep(record if is_source(protein) else protein)
            yield record


def _remarking(records: Iterator[ProteinRecord], on_warning: Remark) -> Iterator[ProteinRecord]:
    """The records, and one remark if an id comes again: what is said of it belongs to two proteins."""
    ids = set()  # hashes: there may be millions
    for record in records:
        if hash(record.id) in ids:
            place = f"{shown(record.source)}: " if record.source else ""
            on_warning(f"{place}the id {short(record.id)} comes again; expected one for each protein")
            yield record
            break
        ids.add(hash(record.id))
        yield record
    yield from records


def is_source(proteins: Any) -> bool:
    """Whether this is a path or a handle to read from.

    A string is a path if it is one line with a slash, a backslash, or a dot and an ending: no sequence has these, and
    it does not matter which files there are. A dot at the end alone is a stop sign.

    >>> is_source("proteins.fasta.gz"), is_source("MKTV"), is_source("MKTV.")
    (True, False, False)
    """
    if isinstance(proteins, str):
        return "\n" not in proteins.strip() and PATH.search(proteins.strip()) is not None
    return isinstance(proteins, os.PathLike) or hasattr(proteins, "read")


def is_single(proteins: Any) -> bool:
    """Whether this is one protein, not several.

    >>> is_single(("tiny", "MKTV")), is_single(["MKTV", "GA"]), is_single(("one.fasta", "two.fasta"))
    (True, False, False)
    """
    if is_pair(proteins):
        return not is_source(proteins[1])
    one = is_sequence(proteins) or isinstance(proteins, ProteinRecord) or is_seqrecord(proteins)
    return one and not is_source(proteins)


def is_pair(protein: Any) -> bool:
    """Whether this is a tuple of an id and a sequence."""
    return isinstance(protein, tuple) and len(protein) == 2 and isinstance(protein[0], str) and is_sequence(protein[1])


def is_sequence(protein: Any) -> bool:
    """Whether this is a sequence without a name: text, or Biopython's `Seq`, without importing Biopython."""
    return isinstance(protein, str) or any(base.__module__ == "Bio.Seq" for base in type(protein).__mro__)


def is_seqrecord(protein: Any) -> bool:
    """Whether this is Biopython's record, without importing Biopython."""
    return hasattr(protein, "seq") and hasattr(protein, "letter_annotations")


def _several(proteins: Any) -> Iterable[Any]:
    """Several proteins, if they can be gone through one by one and mean that."""
    hint = ""
    if hasattr(proteins, "columns"):
        hint = "; of a table, pairs: zip(table[id], table[sequence])"
    elif isinstance(proteins, Mapping):
        hint = "; of names and sequences, its items()"
    elif isinstance(proteins, Iterable) and not isinstance(proteins, bytes | bytearray):
        return proteins
    kind = type(proteins).__name__
    raise InferenceError(f"proteins is a {kind}; expected a sequence, a record, several or a path{hint}")


def _from_source(source: Any, rules: Rules) -> Iterator[ProteinRecord]:
    """The records of a FASTA file, of a handle, or of the FASTA files in a folder; a file must have some."""
    if not hasattr(source, "read"):
        path = existing(source, "a FASTA file, or a sequence of letters only")
        if path.is_dir():
            for file in fasta_files(path):
                yield from _from_source(file, rules)
            return
        source = path
    empty = True

    def hand_over(error: PSSPError) -> None:
        nonlocal empty
        empty = False
        _refuse(error, rules)

    for record in read_fasta(source, unusual=rules.unusual, on_error=hand_over, on_warning=rules.on_warning):
        empty = False
        yield record
    if empty:
        name = shown(getattr(source, "name", "FASTA text") if hasattr(source, "read") else source)
        _refuse(InferenceError(f"{name}: nothing to predict; expected FASTA with at least one protein"), rules)


def existing(source: str | os.PathLike, expected: str) -> Path:
    """The path to something that is there; else an InferenceError says what was expected."""
    path = Path(source)
    try:
        path.stat()
    except (OSError, ValueError) as error:
        problem = (getattr(error, "strerror", None) or str(error)).lower()
        raise InferenceError(f"{short(str(path), LONGEST_PATH)}: {problem}; expected {expected}") from error
    return path


def _from_object(protein: Any, number: int, name: str, rules: Rules) -> Iterator[ProteinRecord]:
    """One protein, unless it cannot be used and somebody wants to know that."""
    try:
        record = _record(protein, number, name, rules)
    except PSSPError as error:
        _refuse(error, rules)
    else:
        yield record


def _record(protein: Any, number: int, name: str, rules: Rules) -> ProteinRecord:
    source = ""
    if isinstance(protein, ProteinRecord):
        name, text, source = protein.id, protein.sequence, protein.source
    elif is_seqrecord(protein):
        name = protein.id or name
        text, source = text_of(protein.seq, short(name)), protein.description
    elif is_pair(protein):
        name, text = protein[0], text_of(protein[1], short(protein[0]))
    elif is_sequence(protein):
        text = text_of(protein, name)
    else:
        kind = type(protein).__name__
        raise InferenceError(f"protein {number} is a {kind}; expected a str, a record or a pair of id and sequence")
    try:
        sequence = clean_sequence(text, name=short(name), unusual=rules.unusual, on_warning=rules.on_warning)
    except AlphabetError as error:
        if isinstance(protein, str) and (hint := _hint(protein)):
            raise AlphabetError(f"{error}; {hint}") from error
        raise
    return ProteinRecord(name, sequence, source=source)


def _hint(text: str) -> str:
    """What a string probably is that was taken as a sequence."""
    if text.lstrip().startswith(">"):
        return "for text in FASTA, io.StringIO(text)"
    try:
        return f"for the file of this name, Path({text!r})" if Path(text).is_file() else ""
    except (OSError, ValueError):
        return ""


def _refuse(error: PSSPError, rules: Rules) -> None:
    if rules.on_error is None:
        raise error
    rules.on_error(error)
