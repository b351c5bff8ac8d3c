"""The flat file of UniProt, read one entry at a time, and the 47 real entries that travel with the book (chapter 3).

``Bio.SwissProt`` parses the lines that matter here: names, dates, PDB cross-references, secondary structure
features and the sequence. The other lines have changed their form often since 1986 and cannot stop it.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from io import StringIO
from os import PathLike
from typing import Any, BinaryIO, TextIO

from pssp_tutorial.core.files import ReadError, open_text
from pssp_tutorial.core.resources import read_checked, resource
from pssp_tutorial.proteins.filetypes import STARTS
from pssp_tutorial.uniprot.entry import STATES, PDBStructure, UniProtEntry, UniProtError, UniProtFeature

LARGEST_ENTRY = 64_000_000  # letters; without a bound a file that is no entry would fill the memory
LINE_CODE = re.compile("ID|AC|DT|DE|GN|OS|OG|OC|OX|OH|RN|RP|RC|RX|RG|RA|RT|RL|CC|DR|PE|KW|FT|SQ|  |//|[*][*]")
_USED = ("ID", "AC", "DT", "DE", "FT", "SQ", "  ", "//")
_RANGE = re.compile(r"([^=,\s]+)=([0-9]{1,9})-([0-9]{1,9})")
_RESOLUTION = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) A")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_PDB_EVIDENCE = re.compile(r"PDB:([0-9A-Za-z_]+)")
_OLD_RELEASE = re.compile(r"DT .*\(Rel\. ([0-9]{1,3}), Last annotation update\)")

Block = list[tuple[int, str]]  # the lines of an entry with their numbers


def read_uniprot(
    source: str | PathLike | BinaryIO | TextIO, *, on_error: Callable[[UniProtError], None] | None = None
) -> Iterator[UniProtEntry]:
    """Yield the entries of a flat file of UniProt (``format=txt``), plain or packed; only one is in memory at a time.

    A :class:`UniProtError` names file, line and entry; of a file in another format, what it seems to be. ``on_error``
    gets that of an entry that cannot be read, and reading goes on; one after which no entry can be found is raised.

    >>> (entry,) = read_uniprot(StringIO(uniprot_text("Q7Z739")))
    >>> entry.features[0]
    UniProtFeature(kind='HELIX', start=392, end=401, structures=('6ZOT',), exact=True)
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
    """What is wrong with a line that begins no entry, and what its file seems to be."""
    begins = ((start, kind) for start, kind in ({">": "FASTA"} | STARTS).items() if line.startswith(start))
    kind = next((f", as in {kind}" for _, kind in begins), "")
    return f"the line is {line.strip()[:200]!r}{kind}; expected an entry of UniProt's format=txt, from 'ID   ' to '//'"


def _label(block: Block, count: int) -> str:
    """The accession of a block of lines, or its name, or its number."""
    accession = next((line[5:].split(";")[0].strip() for _, line in block if line.startswith("AC ")), "")
    return (accession or "".join(block[0][1][5:].split()[:1]))[:40] or f"entry {count}"


def _used(block: Block) -> Iterator[tuple[int, str]]:
    """The lines of a block that Bio.SwissProt needs; every line must have a code."""
    structural = False
    for number, line in block:
        code = line[:2]
        if not LINE_CODE.match(line):
            raise UniProtError(f"the line begins with {line[:5]!r}; expected a line code such as 'FT   '", line=number)
        if code == "FT" and line[5:13].strip():
            structural = line[5:13].rstrip() in STATES
        if line.startswith("DR   PDB;") or (code in _USED and (code != "FT" or structural)):
            yield number, line


def _entry(block: Block, name: str, label: str) -> UniProtEntry:
    """The entry of a block; every problem is told with its file, line and entry."""
    from Bio import SwissProt

    numbers, handle = [block[0][0]], StringIO()
    try:
        used = list(_used(block))
        numbers, handle = [number for number, _ in used], StringIO("".join(line for _, line in used))
        return _from_record(SwissProt.read(handle), block, label)
    except UniProtError as error:
        raise UniProtError(error.problem, file=name, entry=label, line=error.line or block[0][0]) from None
    except Exception as error:  # Bio.SwissProt raises IndexError, AssertionError and others at a damaged line
        read = handle.getvalue().count("\n", 0, handle.tell())
        problem = f"Bio.SwissProt cannot read the line ({type(error).__name__}: {str(error)[:80].strip()})"
        raise UniProtError(problem, file=name, entry=label, line=numbers[max(read - 1, 0)]) from error


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
    """A structure from a PDB cross-reference; what cannot be read is left out, and the date of lines before 2002."""
    if not chains:
        return PDBStructure(pdb_id)
    number = _RESOLUTION.fullmatch(resolution.strip())
    found = ((names, int(first) - 1, int(last)) for names, first, last in _RANGE.findall(chains))
    ranges = tuple((names, start, end) for names, start, end in found if 0 <= start < end)
    return PDBStructure(pdb_id, "" if method == "-" else method, float(number[1]) if number else None, ranges)


def _iso_date(text: str) -> str:
    """``03-AUG-2022`` as ``2022-08-03``, whatever language the system speaks; anything else as the empty text."""
    match = re.fullmatch(rf"([0-3][0-9])-({'|'.join(_MONTHS)})-([0-9]{{4}})", text)
    return f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}" if match else ""


def _feature(feature: Any, length: int) -> UniProtFeature:
    from Bio.SeqFeature import ExactPosition

    start, end = feature.location.start, feature.location.end
    known = type(start) is ExactPosition, type(end) is ExactPosition  # an UncertainPosition is a subclass
    evidence = tuple(dict.fromkeys(_PDB_EVIDENCE.findall(feature.qualifiers.get("evidence", ""))))
    ends = int(start) if known[0] else 0, int(end) if known[1] else length
    return UniProtFeature(feature.type, *ends, evidence, all(known))


@lru_cache(maxsize=1)
def load_uniprot_entries() -> tuple[UniProtEntry, ...]:
    """The 47 real entries that travel with the book, by accession; errors as in :func:`uniprot_text`.

    >>> entries = load_uniprot_entries()
    >>> len(entries), entries[-2].name, len(entries[-2].features)
    (47, 'YTHD3_HUMAN', 16)
    """
    return tuple(read_uniprot(StringIO(uniprot_text())))


def uniprot_text(accession: str | None = None) -> str:
    """The shipped entries as UniProt wrote them, or one; a UniProtError if it is not there or the file is damaged.

    >>> print(uniprot_text("Q7Z739").splitlines()[0])
    ID   YTHD3_HUMAN             Reviewed;         585 AA.
    """
    path, remedy = resource("data", "uniprot_entries.dat.gz"), "restore it from the repository, or install it again"
    try:
        text = gzip.decompress(read_checked(path, remedy=remedy)).decode()
    except ReadError as error:
        raise UniProtError(error.problem, file=str(error.args[0])) from error
    if accession is None:
        return text
    for entry in text.split("//\n"):
        if f"\nAC   {accession};" in entry:
            return entry + "//\n"
    raise UniProtError("not among the shipped entries", file=str(path), entry=accession)
