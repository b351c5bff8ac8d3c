"""The flat file of UniProt, read one entry at a time (chapter 3).

``Bio.SwissProt`` parses the lines that matter here: names, dates, PDB cross-references, secondary structure
features and the sequence. The other lines have changed their form often since 1986 and cannot stop it.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from os import PathLike
from typing import Any, BinaryIO, TextIO

from pssp_tutorial.core.files import ReadError, open_text
from pssp_tutorial.uniprot.entry import ACCESSION, KINDS, PDBStructure, UniProtEntry, UniProtError, UniProtFeature

LARGEST_ENTRY = 64_000_000
"""Letters of the largest entry that is still read; without a bound a file that is no entry would fill the memory."""
LINE_CODES = {
    *("ID", "AC", "DT", "DE", "GN", "OS", "OG", "OC", "OX", "OH", "RN", "RP", "RC", "RX", "RG", "RA", "RT", "RL"),
    *("CC", "DR", "PE", "KW", "FT", "SQ", "  ", "//", "**"),
}
_USED = ("ID", "AC", "DT", "DE", "FT", "SQ", "  ", "//")
_RANGE = re.compile(r"([^=,\s]+)=([0-9]{1,9})-([0-9]{1,9})")
_RESOLUTION = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) A")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PDB_EVIDENCE = re.compile(r"PDB:([0-9A-Za-z_]+)")
_OLD_RELEASE = re.compile(r"DT .*\(Rel\. ([0-9]{1,3}), Last annotation update\)")

Block = list[tuple[int, str]]
"""The lines of an entry with their numbers."""


def read_uniprot(
    source: str | PathLike | BinaryIO | TextIO, *, on_error: Callable[[UniProtError], None] | None = None
) -> Iterator[UniProtEntry]:
    """Yield the entries of a flat file of UniProt (``format=txt``), plain or packed; only one is in memory at a time.

    A :class:`UniProtError` names file, line and entry; of a file in another format, what it seems to be. ``on_error``
    gets that of an entry that cannot be read, and reading goes on; one after which no entry can be found is raised.

    >>> from io import StringIO
    >>> text = '''ID   TINY_TEST  Reviewed;  7 AA.
    ... AC   P12345;
    ... FT   HELIX           2..5
    ... FT                   /evidence="ECO:0007829|PDB:1ABC"
    ... SQ   SEQUENCE   7 AA;  810 MW;  6DD04B5DC1A336F0 CRC64;
    ...      MKTAYIA
    ... //'''
    >>> [entry.features for entry in read_uniprot(StringIO(text))]
    [(UniProtFeature(kind='HELIX', start=1, end=5, structures=('1ABC',), exact=True),)]
    """
    name = str(source) if isinstance(source, str | PathLike) else str(getattr(source, "name", "UniProt text"))
    try:
        with open_text(source) as handle:
            for block, label in _blocks(handle, name):
                try:
                    entry = _entry(block, name, label)
                except UniProtError as error:
                    if on_error is None:
                        raise
                    on_error(error)
                else:
                    yield entry
    except ReadError as error:
        raise UniProtError(error.problem, file=name) from error


def _blocks(handle: TextIO, name: str) -> Iterator[tuple[Block, str]]:
    """The lines of each entry, up to ``//``, and what to call it; the file must be flat and end where an entry ends."""
    block: Block = []
    number, count, size = 0, 1, 0
    try:
        for number, line in enumerate(iter(partial(handle.readline, LARGEST_ENTRY), ""), start=1):
            line = line.removeprefix("\ufeff") if number == 1 else line
            if not block and not line.strip():
                continue
            block.append((number, line))
            size += len(line)
            if (count == 1 and len(block) == 1 and not line.startswith("ID ")) or size > LARGEST_ENTRY:
                raise UniProtError(_not_flat(line), file=name, entry=f"entry {count}", line=number)
            if line.startswith("//"):
                yield block, _label(block, count)
                block, size, count = [], 0, count + 1
    except (UnicodeDecodeError, ReadError) as error:
        problem = error.problem if isinstance(error, ReadError) else f"not readable as text ({error})"
        raise UniProtError(problem, file=name, entry=f"entry {count}", line=number + 1) from error
    if block and not block[0][1].startswith("ID "):
        raise UniProtError(_not_flat(block[0][1]), file=name, entry=f"entry {count}", line=block[0][0])
    if block:
        problem = "the file ends within the entry; expected '//'"
        raise UniProtError(problem, file=name, entry=_label(block, count), line=number)


def _not_flat(line: str) -> str:
    """What a file seems to be whose first line begins no entry, and how to get one that does."""
    words = line.strip()
    kinds = {"{": "JSON", "[": "JSON", ">": "FASTA", "<": "XML or a web page"}
    kind = kinds.get(words[:1], "a table" if "\t" in words else "no flat file")
    if said := re.search(r'"messages"\s*:\s*\[(.+?)\]', line):
        kind = f"an error message of UniProt, {said[1][:200]}"
    elif ACCESSION.fullmatch(words):
        kind = "a list of accessions, for pssp uniprot fetch --accessions"
    return f"the line is {words[:40]!r}: {kind}; expected an entry from 'ID   ' to '//', as UniProt's format=txt has it"


def _label(block: Block, count: int) -> str:
    """The accession of a block of lines, or its name, or its number."""
    accession = next((line[5:].split(";")[0].strip() for _, line in block if line.startswith("AC ")), "")
    return (accession or "".join(block[0][1][5:].split()[:1]))[:40] or f"entry {count}"


class _Lines:
    """The lines of a block that Bio.SwissProt needs; ``number`` is that of the line it is reading."""

    def __init__(self, block: Block) -> None:
        self.number, self.structural, self.block = block[0][0], False, iter(block)

    def read(self, size: int) -> str:  # Bio.SwissProt asks for no letters to tell text from bytes
        return ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        for number, line in self.block:
            self.number, code = number, line[:2]
            if code not in LINE_CODES:
                problem = f"the line begins with {line[:5]!r}; expected a line code such as 'FT   '"
                raise UniProtError(problem, line=number)
            if code == "FT" and line[5:13].strip():
                self.structural = line[5:13].rstrip() in KINDS
            if line.startswith("DR   PDB;") or (code in _USED and (code != "FT" or self.structural)):
                return line
        raise StopIteration


def _entry(block: Block, name: str, label: str) -> UniProtEntry:
    """The entry of a block; every problem is told with its file, line and entry."""
    from Bio import SwissProt

    lines = _Lines(block)
    try:
        return _from_record(SwissProt.read(lines), block, label)
    except UniProtError as error:
        raise UniProtError(error.problem, file=name, entry=label, line=error.line or block[0][0]) from None
    except Exception as error:  # Bio.SwissProt raises IndexError, AssertionError and others at a damaged line
        problem = f"Bio.SwissProt cannot read the line ({type(error).__name__}: {str(error)[:80].strip()})"
        raise UniProtError(problem, file=name, entry=label, line=lines.number) from error


def _from_record(record: Any, block: Block, label: str) -> UniProtEntry:
    """The entry that Bio.SwissProt has read, checked against the lengths and the checksum that it states."""
    from Bio.SeqUtils.CheckSum import crc64

    if not record.seqinfo:
        raise ValueError("no SQ line before it")
    features = [feature for feature in record.features if feature.location.ref is None]
    old = next((found for _, line in block if (found := _OLD_RELEASE.match(line))), None)
    date, version = record.annotation_update or ("", 0)
    entry = UniProtEntry(
        accession=record.accessions[0] if record.accessions else "",
        name=record.entry_name or label,
        sequence=record.sequence,
        features=tuple(_feature(feature, len(record.sequence)) for feature in features),
        structures=tuple(_structure(*reference[1:5]) for reference in record.cross_references),
        secondary=tuple(record.accessions[1:]),
        fragment=re.search(r"Flags:[^:]*\bFragments?\b|\(FRAGMENTS?\)", record.description) is not None,
        version=0 if old else version,
        date=_iso_date(date),
        release=int(old[1]) if old else 0,
        isoform_features=len(record.features) - len(features),
    )
    for stated in (record.sequence_length, record.seqinfo[0]):
        if stated != len(entry):
            raise UniProtError(f"the sequence has {len(entry)} residues, the entry says {stated}")
    checksum = crc64(entry.sequence).removeprefix("CRC-")
    if not old and checksum != record.seqinfo[2]:
        raise UniProtError(f"the sequence's CRC64 is {checksum}, the entry says {record.seqinfo[2][:40]}")
    return entry


def _structure(pdb_id: str, method: str = "", resolution: str = "", chains: str = "") -> PDBStructure:
    """A structure from a PDB cross-reference; what cannot be read is left out, and the date of lines before 2002.

    >>> _structure("6ZOT", "X-ray", "2.70 A", "A/B=392-571")
    PDBStructure(id='6ZOT', method='X-ray', resolution=2.7, chains=(('A/B', 391, 571),))
    """
    if not chains:
        return PDBStructure(pdb_id)
    number = _RESOLUTION.fullmatch(resolution.strip())
    found = ((names, int(first) - 1, int(last)) for names, first, last in _RANGE.findall(chains))
    ranges = tuple((names, start, end) for names, start, end in found if 0 <= start < end)
    return PDBStructure(pdb_id, "" if method == "-" else method, float(number[1]) if number else None, ranges)


def _iso_date(text: str) -> str:
    """``03-AUG-2022`` as ``2022-08-03``, whatever language the system speaks; anything else as the empty text.

    >>> _iso_date("03-AUG-2022")
    '2022-08-03'
    """
    match = re.fullmatch(rf"([0-3][0-9])-({'|'.join(_MONTHS)})-([0-9]{{4}})", text)
    return f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}" if match else ""


def _feature(feature: Any, length: int) -> UniProtFeature:
    from Bio.SeqFeature import ExactPosition

    start, end = feature.location.start, feature.location.end
    known = type(start) is ExactPosition, type(end) is ExactPosition  # an UncertainPosition is a subclass
    evidence = tuple(dict.fromkeys(_PDB_EVIDENCE.findall(feature.qualifiers.get("evidence", ""))))
    return UniProtFeature(
        feature.type, int(start) if known[0] else 0, int(end) if known[1] else length, evidence, all(known)
    )
