"""A labelled entry of UniProt, and what became of each entry on its way into a data set (chapter 3)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtEntry, UniProtError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class LabelledEntry:
    """An entry with a state a residue, and the structures that the states and their coverage come from.

    ``record.structure`` has ``?`` where no structure tells the state, ``record.resolved`` is the coverage.
    ``coverage_from`` says how the coverage was found: ``evidence``, ``structures``, ``span`` or ``none``.
    ``fuzzy`` features have an open end, ``unsupported`` ones stem from structures that a filter refused,
    ``conflicts`` are residues that two kinds of feature claim: all of these give ``?``.
    """

    entry: UniProtEntry
    record: ProteinRecord
    structures: tuple[PDBStructure, ...]
    coverage_from: str
    fuzzy: int = 0
    unsupported: int = 0
    conflicts: int = 0

    @property
    def coverage(self) -> np.ndarray:
        """True inside the structures, ``bool[length]``."""
        return np.asarray(self.record.resolved)

    @property
    def naive_structure(self) -> str:
        """The states of someone who takes every residue without a feature for coil: for comparison only."""
        return (self.record.structure or "").replace(UNKNOWN_STATE, "C")


@dataclass
class LabelReport:
    """What became of each entry: filled while :func:`label_entries` runs.

    >>> report = LabelReport()
    >>> report.drop("P12345", "no coverage: PDB structures without a range")
    >>> print(report)
    1 entries read, 0 kept, 1 dropped
      1 dropped: no coverage
    0 residues, 0 with a known state, 0 unknown
    """

    read: int = 0
    kept: int = 0
    residues: int = 0
    known: int = 0
    isoform_features: int = 0
    fuzzy_features: int = 0
    unsupported_features: int = 0
    conflicting_residues: int = 0
    coverage_from: Counter[str] = field(default_factory=Counter)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)

    def drop(self, accession: str, reason: str) -> None:
        """Note an entry that was read and not kept."""
        self.read += 1
        self.dropped.append((accession, reason))

    def unreadable(self, error: UniProtError) -> None:
        """Note an entry that cannot be read: for the ``on_error`` of :func:`read_uniprot`."""
        self.drop(error.entry, f"unreadable: {error}")

    def keep(self, labelled: LabelledEntry) -> None:
        """Count a labelled entry."""
        self.read += 1
        self._count(labelled, 1)
        self.merged |= dict.fromkeys(labelled.entry.secondary, labelled.entry.accession)

    def discard(self, labelled: LabelledEntry, reason: str) -> None:
        """Move an entry from kept to dropped."""
        self._count(labelled, -1)
        self.dropped.append((labelled.entry.accession, reason))

    def _count(self, labelled: LabelledEntry, sign: int) -> None:
        self.kept += sign
        self.residues += sign * len(labelled.entry)
        self.known += sign * int(labelled.record.mask.sum())
        self.isoform_features += sign * labelled.entry.isoform_features
        self.fuzzy_features += sign * labelled.fuzzy
        self.unsupported_features += sign * labelled.unsupported
        self.conflicting_residues += sign * labelled.conflicts
        self.coverage_from[labelled.coverage_from] += sign

    @property
    def reasons(self) -> Counter[str]:
        """Number of dropped entries by reason, without its details after the colon."""
        return Counter(reason.split(":")[0] for _, reason in self.dropped)

    @property
    def table(self) -> "pd.DataFrame":
        """Dropped entries: accession and reason."""
        import pandas as pd

        return pd.DataFrame(self.dropped, columns=["accession", "reason"])

    def find(self, accessions: Iterable[str], kept: Collection[str]) -> dict[str, str]:
        """What became of each accession that was asked for: kept, merged into which one, dropped, or not found."""
        dropped = dict(self.dropped)
        answers = {}
        for accession in accessions:
            if accession in kept:
                answers[accession] = "kept"
            elif accession in self.merged:
                answers[accession] = f"merged into {self.merged[accession]}"
            else:
                answers[accession] = f"dropped: {dropped[accession]}" if accession in dropped else "not found"
        return answers

    def __str__(self) -> str:
        lines = [
            f"{self.read} entries read, {self.kept} kept, {len(self.dropped)} dropped",
            *(f"  {count} dropped: {reason}" for reason, count in self.reasons.most_common()),
            f"{self.residues} residues, {self.known} with a known state, {self.residues - self.known} unknown",
            *(f"  coverage from {source}: {count} entries" for source, count in self.coverage_from.most_common()),
        ]
        skipped = {
            "features on other isoforms": self.isoform_features,
            "features with an open end": self.fuzzy_features,
            "features of structures that were refused": self.unsupported_features,
            "residues that two kinds of feature claim": self.conflicting_residues,
        }
        return "\n".join([*lines, *(f"  {count} {name}" for name, count in skipped.items() if count)])
