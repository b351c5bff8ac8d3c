"""Labels and masks from UniProt's entries (chapter 3).

UniProt annotates helices, strands and turns where DSSP found them in a PDB structure. Everything else is not
annotated, and that is not coil: coil is what lies inside a structure and is neither helix nor strand.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.uniprot.entry import PDBStructure, UniProtEntry, UniProtError, UniProtFeature

STATES = {"HELIX": "H", "STRAND": "E", "TURN": "T"}
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

    Parameters
    ----------
    turns : bool
        TURN becomes T, which the reductions turn into C; otherwise it is C at once.
    without_evidence : {"structures", "drop"}
        Coverage of an entry whose features name no structure, as in the shipped ones of 2012 and before: that of
        every PDB structure of the entry; or none, so that nothing is known.
    methods : collection of str, optional
        Methods that count, of X-ray, NMR, EM and so on, in capital or small letters. Left out: all.
    max_resolution : float, optional
        Coarsest resolution in ångström that counts. A structure without one, such as NMR's, is not refused.

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
