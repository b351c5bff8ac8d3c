"""What an entry of UniProt says about its structure (chapter 3)."""

import re
from dataclasses import dataclass, field

from pssp_tutorial.core.errors import PSSPError

KINDS = ("HELIX", "STRAND", "TURN")
"""The features that UniProt takes from DSSP: H, G, I; E, B; T."""

ACCESSION = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}")
_RANGE = re.compile(r"([^=,\s]+)=([0-9]{1,9})-([0-9]{1,9})")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]


class UniProtError(PSSPError):
    """An entry or file that contradicts itself or its format; ``line`` is 1-based, 0 where there is none.

    >>> str(UniProtError("no sequence", file="a.dat", entry="P12345", line=7))
    'a.dat: line 7: P12345: no sequence'
    """

    def __init__(self, problem: str, *, file: str = "", entry: str = "", line: int = 0) -> None:
        self.problem, self.file, self.entry, self.line = problem, file, entry, line
        place = (file, f"line {line}" if line else "", entry, problem)
        super().__init__(": ".join(part for part in place if part))


def half_open(first: int, last: int) -> tuple[int, int]:
    """A range of UniProt, 1-based with both ends, as Python's: 0-based, the end outside.

    >>> half_open(4, 17)
    (3, 17)
    """
    return first - 1, last


@dataclass(frozen=True)
class UniProtFeature:
    """A helix, strand or turn: residues ``start`` to ``end``, 0-based half-open.

    ``structures`` are the PDB ids in its evidence. ``exact`` is False where UniProt leaves an end open
    (``?``, ``<``, ``>``): then the open end is that of the chain, the widest that the feature can be.
    """

    kind: str
    start: int
    end: int
    structures: tuple[str, ...] = ()
    exact: bool = True


@dataclass(frozen=True)
class PDBStructure:
    """A PDB entry that an entry names: its method, resolution in ångström, and the residues in its chains.

    ``chains`` holds (names, start, end), 0-based half-open; it is empty where UniProt gives no range.

    >>> PDBStructure("6ZOT", "X-ray", 2.7, (("A/B", 391, 571),)).chain_ids
    ('6ZOT_A', '6ZOT_B')
    """

    id: str
    method: str = ""
    resolution: float | None = None
    chains: tuple[tuple[str, int, int], ...] = ()

    @property
    def chain_ids(self) -> tuple[str, ...]:
        """Ids of the chains as the embedded chain set writes them."""
        return tuple(f"{self.id}_{name}" for names, _, _ in self.chains for name in names.split("/"))

    def __str__(self) -> str:
        resolution = "" if self.resolution is None else f" {self.resolution:g} Å"
        chains = "".join(f" {names} {start + 1}-{end}" for names, start, end in self.chains)
        return f"{self.id} {self.method}{resolution}{chains}"


@dataclass(frozen=True)
class UniProtEntry:
    """One protein of UniProt with its sequence, its secondary structure features and its PDB structures.

    ``isoform_features`` counts features on another isoform's sequence, which have no place on this one.
    ``release`` is the Swiss-Prot release of an entry from before 2006, ``version`` that of a later one.
    """

    accession: str
    name: str
    sequence: str
    features: tuple[UniProtFeature, ...] = ()
    structures: tuple[PDBStructure, ...] = ()
    secondary: tuple[str, ...] = ()
    reviewed: bool = True
    fragment: bool = False
    version: int = 0
    date: str = ""
    release: int = 0
    isoform_features: int = 0
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)

    def __len__(self) -> int:
        return len(self.sequence)

    def __post_init__(self) -> None:
        length = len(self.sequence)
        if not ACCESSION.fullmatch(self.accession):
            self.refuse(f"accession {self.accession[:40]!r}; expected one such as P12345")
        strange = re.search(r"[^A-Z]", self.sequence)
        if not length or strange:
            found = f"residue {strange.start() + 1} is {strange[0]!r}" if strange else "no sequence"
            self.refuse(f"{found}; expected capital letters")
        for feature in self.features:
            if not 0 <= feature.start < feature.end <= length:
                place = f"{feature.kind} {feature.start + 1}..{feature.end}"
                self.refuse(f"{place} in a sequence of {length} residues; expected positions 1 to {length}")

    def refuse(self, problem: str) -> None:
        """Raise :class:`UniProtError` for this entry."""
        raise UniProtError(problem, file=self.file, entry=self.accession[:40] or self.name[:40], line=self.line)

    def check(self, length: int | None = None, crc64: str | None = None) -> "UniProtEntry":
        """Compare with the length and the checksum that the file states; return the entry itself."""
        if length is not None and length != len(self):
            self.refuse(f"the sequence has {len(self)} residues, the entry says {length}")
        if crc64 is not None:
            from Bio.SeqUtils.CheckSum import crc64 as crc64_of

            found = crc64_of(self.sequence).removeprefix("CRC-")
            if found != crc64:
                self.refuse(f"the sequence's CRC64 is {found}, the entry says {crc64[:40]}")
        return self


def parse_structure(pdb_id: str, method: str = "", resolution: str = "", chains: str = "") -> PDBStructure:
    """A structure from the fields of a PDB cross-reference; what cannot be read is left out.

    >>> parse_structure("6ZOT", "X-ray", "2.70 A", "A/B=392-571")
    PDBStructure(id='6ZOT', method='X-ray', resolution=2.7, chains=(('A/B', 391, 571),))
    """
    number = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) A", resolution.strip())
    found = ((names, int(first), int(last)) for names, first, last in _RANGE.findall(chains))
    ranges = tuple((names, *half_open(first, last)) for names, first, last in found if 1 <= first <= last)
    return PDBStructure(pdb_id, "" if method == "-" else method, float(number[1]) if number else None, ranges)


def iso_date(text: str) -> str:
    """``03-AUG-2022`` as ``2022-08-03``; anything else as the empty text.

    >>> iso_date("03-AUG-2022")
    '2022-08-03'
    """
    match = re.fullmatch(r"([0-3][0-9])-([A-Z]{3})-([0-9]{4})", text)
    if not match or match[2] not in _MONTHS:
        return ""
    return f"{match[3]}-{_MONTHS.index(match[2]) + 1:02}-{match[1]}"
