"""The flat file of UniProt, one entry at a time (chapter 3).

``Bio.SwissProt`` parses the lines that matter here: names, dates, PDB cross-references, secondary structure
features and the sequence. The other lines have changed their form often since 1986 and cannot stop it.
"""

import re
from collections.abc import Iterator
from typing import Any

from pssp_tutorial.uniprot.entry import (
    KINDS,
    PDBStructure,
    UniProtEntry,
    UniProtError,
    UniProtFeature,
    iso_date,
    parse_structure,
)
from pssp_tutorial.uniprot.source import LARGEST_ENTRY, AnyEntry, TextSource

LINE_CODES = {
    *("ID", "AC", "DT", "DE", "GN", "OS", "OG", "OC", "OX", "OH", "RN", "RP", "RC", "RX", "RG", "RA", "RT", "RL"),
    *("CC", "DR", "PE", "KW", "FT", "SQ", "  ", "//", "**"),
}

_USED = ("ID", "AC", "DT", "DE", "FT", "SQ", "  ", "//")
_PDB_EVIDENCE = re.compile(r"PDB:([0-9A-Za-z_]+)")


def read_flat(start: str, text: TextSource) -> Iterator[AnyEntry]:
    """Yield the entries of a flat file whose first letter, ``start``, has been read."""
    block: list[tuple[int, str]] = []
    size, first = 0, True
    for number, line in text.lines(start):
        if not block and not line.strip():
            continue
        block.append((number, line))
        size += len(line)
        if (first and not line.startswith("ID ")) or size > LARGEST_ENTRY:
            found = line.strip()[:40]
            raise text.error(f"the line is {found!r}; expected an entry from 'ID   ' to '//', or JSON", line=number)
        first = False
        if line.startswith("//"):
            yield from text.entry(_flat_entry, block)
            block, size = [], 0
    if block:
        raise text.error("the file ends within the entry; expected '//'", entry=_label(block), line=number)


def _label(block: list[tuple[int, str]]) -> str:
    """The accession of a block of lines, or its name, or nothing."""
    accession = next((line[5:].split(";")[0].strip() for _, line in block if line.startswith("AC ")), "")
    return (accession or "".join(block[0][1][5:].split()[:1]))[:40]


class _Lines:
    """The lines for Bio.SwissProt; ``number`` is that of the line it is reading."""

    def __init__(self, block: list[tuple[int, str]]) -> None:
        self.lines = iter(block)
        self.number = block[0][0]

    def read(self, size: int) -> str:  # Bio.SwissProt asks for no letters to tell text from bytes
        return ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        self.number, line = next(self.lines)
        return line


def _flat_entry(block: list[tuple[int, str]], name: str) -> UniProtEntry:
    from Bio import SwissProt

    used, release = [], 0
    structural = False
    for number, line in block:
        code = line[:2]
        if code not in LINE_CODES:
            problem = f"the line begins with {line[:5]!r}; expected a line code such as 'FT   '"
            raise UniProtError(problem, file=name, entry=_label(block), line=number)
        if code == "FT" and line[5:13].strip():
            structural = line[5:13].rstrip() in KINDS
        if (code in _USED and (code != "FT" or structural)) or line.startswith("DR   PDB;"):
            used.append((number, line))
        old = re.search(r"\(Rel\. ([0-9]{1,3}), Last annotation update\)", line) if code == "DT" else None
        release = int(old[1]) if old else release
    lines = _Lines(used)
    try:
        record = SwissProt.read(lines)
        features = [feature for feature in record.features if feature.location.ref is None]
        if not record.seqinfo:
            raise ValueError("no SQ line before it")
        length, _, checksum = record.seqinfo
        return (
            UniProtEntry(
                accession=record.accessions[0] if record.accessions else "",
                name=record.entry_name,
                sequence=record.sequence,
                features=tuple(_flat_feature(feature, len(record.sequence)) for feature in features),
                structures=tuple(map(_flat_structure, record.cross_references)),
                secondary=tuple(record.accessions[1:]),
                reviewed=record.data_class in ("Reviewed", "STANDARD"),
                fragment=re.search(r"Flags:[^:]*\bFragments?\b|\(FRAGMENTS?\)", record.description) is not None,
                version=0 if release else (record.annotation_update or ("", 0))[1],
                date=iso_date((record.annotation_update or ("", 0))[0]),
                release=release,
                isoform_features=len(record.features) - len(features),
                file=name,
                line=block[0][0],
            )
            .check(record.sequence_length)
            .check(length, None if release else checksum)
        )
    except UniProtError:
        raise
    except Exception as error:  # Bio.SwissProt raises IndexError, AssertionError and others at a damaged line
        problem = f"Bio.SwissProt cannot read the line ({type(error).__name__}: {str(error)[:80].strip()})"
        raise UniProtError(problem, file=name, entry=_label(block), line=lines.number) from error


def _flat_structure(fields: tuple[str, ...]) -> PDBStructure:
    """Before 2002 the line held the id and a date; since then id, method, resolution and chains."""
    return parse_structure(*fields[1:]) if len(fields) == 5 else PDBStructure(fields[1])


def _flat_feature(feature: Any, length: int) -> UniProtFeature:
    from Bio.SeqFeature import ExactPosition

    start, end = feature.location.start, feature.location.end
    known = type(start) is ExactPosition, type(end) is ExactPosition  # an UncertainPosition is a subclass
    evidence = tuple(dict.fromkeys(_PDB_EVIDENCE.findall(feature.qualifiers.get("evidence", ""))))
    return UniProtFeature(
        feature.type, int(start) if known[0] else 0, int(end) if known[1] else length, evidence, all(known)
    )
