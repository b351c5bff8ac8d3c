"""What an entry of UniProt says about its structure (chapter 3)."""

import re
from dataclasses import dataclass

from pssp_tutorial.core.errors import PSSPError

STATES = {"HELIX": "H", "STRAND": "E", "TURN": "T"}
"""The features that UniProt takes from DSSP (H, G, I; E, B; T), and the state that each one becomes."""

ACCESSION = re.compile(r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9]([A-Z][A-Z0-9]{2}[0-9]){1,2}")


class UniProtError(PSSPError):
    """An entry or file that contradicts itself or its format; ``line`` is 1-based, 0 where there is none."""

    def __init__(self, problem: str, *, file: str = "", entry: str = "", line: int = 0) -> None:
        self.problem, self.file, self.entry, self.line = problem, file, entry, line
        place = (file, f"line {line}" if line else "", entry, problem)
        super().__init__(": ".join(part for part in place if part))


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
    """One protein of UniProt. Features on another isoform's sequence have no place on this one, and are only counted.

    ``release`` is the Swiss-Prot release of an entry from before 2006, ``version`` that of a later one.
    """

    accession: str
    name: str
    sequence: str
    features: tuple[UniProtFeature, ...] = ()
    structures: tuple[PDBStructure, ...] = ()
    secondary: tuple[str, ...] = ()
    fragment: bool = False
    version: int = 0
    date: str = ""
    release: int = 0
    isoform_features: int = 0

    def __len__(self) -> int:
        return len(self.sequence)

    def __post_init__(self) -> None:
        problem = ""
        if not ACCESSION.fullmatch(self.accession):
            problem = f"accession {self.accession[:40]!r}; expected one such as P12345"
        elif not self.sequence:
            problem = "no sequence; expected capital letters"
        elif strange := re.search(r"[^A-Z]", self.sequence):
            problem = f"residue {strange.start() + 1} is {strange[0]!r}; expected capital letters"
        for feature in self.features:
            if not 0 <= feature.start < feature.end <= len(self):
                place = f"{feature.kind} {feature.start + 1}..{feature.end}"
                problem = f"{place} in a sequence of {len(self)} residues; expected positions 1 to {len(self)}"
        if problem:
            raise UniProtError(problem, entry=self.accession[:40])
