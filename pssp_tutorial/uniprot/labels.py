"""Labels and masks from UniProt's entries, and a report of what became of each (chapter 3).

UniProt annotates helices, strands and turns where DSSP found them in a PDB structure. Everything else is not
annotated, and that is not coil: coil is what lies inside a structure and is neither helix nor strand.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.uniprot.entry import STATES, PDBStructure, UniProtEntry, UniProtError, UniProtFeature

WithoutEvidence = Literal["structures", "drop"]
POLICIES = get_args(WithoutEvidence)


@dataclass(frozen=True)
class LabelledEntry:
    """An entry with a state for each residue, and the structures that the states and their coverage come from.

    ``record.structure`` has ``?`` where no structure tells the state, ``record.resolved`` is the coverage.
    ``coverage_from`` says how the coverage was found: ``evidence``, ``structures`` or ``none``.
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


def label_entry(
    entry: UniProtEntry,
    *,
    turns: bool = False,
    without_evidence: WithoutEvidence = "structures",
    methods: Collection[str] | None = None,
    max_resolution: float | None = None,
) -> LabelledEntry:
    """Give each residue of an entry its state, or ``?`` where no structure tells it.

    HELIX becomes H, STRAND E; other residues inside the coverage become C. Coverage is the union of the ranges
    in ``DR PDB`` of the structures that the features name as evidence, and of the features themselves.

    With ``turns``, TURN becomes T, else C. Where the features name no structure, as in the entries of 2012 and before,
    every PDB structure of the entry covers it, or, with ``without_evidence="drop"``, none. Only structures count whose
    method is among ``methods`` (X-ray, NMR, EM and so on) and whose resolution, if they have one, is at most
    ``max_resolution`` ångström.

    >>> entry = UniProtEntry("P12345", "TINY", "MKTAYIAK", (UniProtFeature("HELIX", 2, 5, ("1ABC",)),),
    ...               (PDBStructure("1ABC", "X-ray", 2.0, (("A", 1, 7),)),))
    >>> label_entry(entry).record.structure
    '?CHHHCC?'
    """
    if without_evidence not in POLICIES:
        raise UniProtError(f"without_evidence={without_evidence!r}; expected one of {', '.join(POLICIES)}")
    if isinstance(methods, str):
        raise UniProtError(f"methods={methods!r}; expected a collection, such as [{methods!r}]")
    length = len(entry)
    refused = _refused(entry, methods, max_resolution)
    cited = {pdb_id for feature in entry.features for pdb_id in feature.structures}
    source = "evidence" if cited else without_evidence
    structures = tuple(
        item
        for item in entry.structures
        if item.id not in refused and (item.id in cited if cited else without_evidence == "structures")
    )
    exact = [feature for feature in entry.features if feature.exact]
    supported = [item for item in exact if not (item.structures and refused.issuperset(item.structures))]

    states, named, conflicts = _paint(supported, turns, length)
    coverage = _inside([(start, end) for structure in structures for _, start, end in structure.chains], length)
    known = bool(coverage.any())
    coverage |= named & known
    doubtful = _inside([(item.start, item.end) for item in entry.features if item not in supported], length)
    states[~coverage | conflicts | (doubtful & ~named)] = UNKNOWN_STATE
    record = ProteinRecord(entry.accession, entry.sequence, "".join(states), resolved=coverage, source=_origin(entry))
    counts = len(entry.features) - len(exact), len(exact) - len(supported), int(conflicts.sum())
    return LabelledEntry(entry, record, structures, source if known else "none", *counts)


def _refused(entry: UniProtEntry, methods: Collection[str] | None, max_resolution: float | None) -> set[str]:
    """Ids of the structures that do not count."""
    wanted = None if methods is None else {method.casefold() for method in methods}
    coarsest = float("inf") if max_resolution is None else max_resolution
    return {
        structure.id
        for structure in entry.structures
        if (wanted is not None and structure.method.casefold() not in wanted) or (structure.resolution or 0) > coarsest
    }


def _inside(ranges: Iterable[tuple[int, int]], length: int) -> np.ndarray:
    """True inside any of the ranges, ``bool[length]``."""
    inside = np.zeros(length, dtype=bool)
    for start, end in ranges:
        inside[start:end] = True
    return inside


def _paint(features: Iterable[UniProtFeature], turns: bool, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The states of the features on a ground of coil; where some feature is, and where two kinds disagree."""
    states = np.full(length, "C")
    named, conflicts = np.zeros((2, length), dtype=bool)
    for feature in features:
        state = "C" if feature.kind == "TURN" and not turns else STATES[feature.kind]
        place = slice(feature.start, feature.end)
        conflicts[place] |= named[place] & (states[place] != state)
        states[place], named[place] = state, True
    return states, named, conflicts


def _origin(entry: UniProtEntry) -> str:
    release = f" Swiss-Prot release {entry.release}" if entry.release else ""
    version = f" version {entry.version}" if entry.version else release
    return f"UniProt {entry.accession}{version}" + f" of {entry.date}" * bool(entry.date)


@dataclass
class LabelReport:
    """Counts the entries that were kept, and lists the ones that were dropped, with the reason: each once."""

    kept: int = 0
    residues: int = 0
    known: int = 0
    coverage_from: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> Counter[str]:
        """Number of dropped entries by reason, without its details after the colon."""
        return Counter(reason.split(":")[0] for _, reason in self.dropped)

    def keep(self, labelled: LabelledEntry) -> None:
        """Count an entry that was kept."""
        entry = labelled.entry
        self.kept += 1
        self.residues += len(entry)
        self.known += int(labelled.record.mask.sum())
        self.coverage_from[labelled.coverage_from] += 1
        self.skipped["features on other isoforms"] += entry.isoform_features
        self.skipped["features with an open end"] += labelled.fuzzy
        self.skipped["features of structures that were refused"] += labelled.unsupported
        self.skipped["residues that two kinds of feature claim"] += labelled.conflicts
        self.merged |= dict.fromkeys(entry.secondary, entry.accession)

    def find(self, accessions: Iterable[str], kept: Collection[str]) -> dict[str, str]:
        """What became of each accession that was asked for: kept, merged into which one, dropped, or not found."""
        fates = {name: f"dropped: {reason}" for name, reason in self.dropped}
        fates |= {name: f"merged into {entry}" for name, entry in self.merged.items()} | dict.fromkeys(kept, "kept")
        return {accession: fates.get(accession, "not found") for accession in accessions}

    def __str__(self) -> str:
        lines = [
            f"{self.kept + len(self.dropped)} entries read, {self.kept} kept, {len(self.dropped)} dropped",
            *(f"  {count} dropped: {reason}" for reason, count in self.reasons.most_common()),
            f"{self.residues} residues, {self.known} with a known state, {self.residues - self.known} unknown",
            *(f"  coverage from {source}: {count} entries" for source, count in self.coverage_from.most_common()),
            *(f"  {count} {name}" for name, count in self.skipped.items() if count),
        ]
        return "\n".join(lines)


def label_entries(
    entries: Iterable[UniProtEntry],
    *,
    report: LabelReport | None = None,
    selection: Callable[[LabelledEntry], str] | None = None,
    **options: Any,
) -> Iterator[LabelledEntry]:
    """Label entries one by one with the options of :func:`label_entry`, and leave out those that stay without a label.

    The ``report`` is told of each entry. A ``selection`` such as :class:`Selection` says why one is to be dropped too.

    >>> from pssp_tutorial.uniprot.flat import load_uniprot_entries
    >>> report = LabelReport()
    >>> labelled = list(label_entries(load_uniprot_entries(), report=report))
    >>> len(labelled), report.kept, report.reasons
    (44, 44, Counter({'no coverage': 3}))
    """
    report = report if report is not None else LabelReport()
    for entry in entries:
        labelled = label_entry(entry, **options)
        reason = _unlabelled(labelled) or (selection(labelled) if selection else "")
        if reason:
            report.dropped.append((entry.accession, reason))
        else:
            report.keep(labelled)
            yield labelled


def _unlabelled(labelled: LabelledEntry) -> str:
    """Why no residue of an entry has a state, or nothing if one has."""
    entry = labelled.entry
    if not entry.features:
        return "no helix, strand or turn" + ": only on other isoforms" * bool(entry.isoform_features)
    if labelled.record.mask.any():
        return ""
    if labelled.structures:
        return "no coverage: PDB structures without a range"
    if entry.structures:
        return "no coverage: structures refused, not listed, or not named as evidence"
    return "no coverage: no PDB structure"
