"""Labels and masks from UniProt's entries (chapter 3).

UniProt annotates helices, strands and turns where DSSP found them in a PDB structure. Everything else is not
annotated, and that is not coil: coil is what lies inside a structure and is neither helix nor strand.
"""

import gzip
import hashlib
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.alphabet import UNKNOWN_STATE
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.uniprot.entry import InactiveEntry, PDBStructure, UniProtEntry, UniProtError, UniProtFeature
from pssp_tutorial.uniprot.formats import read_uniprot
from pssp_tutorial.uniprot.report import LabelledEntry, LabelReport

FILE_NAME = "uniprot_entries.dat.gz"
STATES = {"HELIX": "H", "STRAND": "E", "TURN": "T"}
WithoutEvidence = Literal["structures", "span", "drop"]
POLICIES = ("structures", "span", "drop")


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
    without_evidence : {"structures", "span", "drop"}
        Coverage of an entry whose features name no structure, as in the shipped ones of 2012 and before: that of
        every PDB structure of the entry; from the first feature to the last; or none, so that nothing is known.
    methods : collection of str, optional
        Methods that count, of X-ray, NMR, EM and so on, in capital or small letters. Left out: all.
    max_resolution : float, optional
        Coarsest resolution in ångström that counts. A structure without one, such as NMR's, is not refused.

    Raises
    ------
    UniProtError
        For another policy, or methods that are a single str.

    >>> entry = UniProtEntry("P12345", "TINY", "MKTAYIAK", (UniProtFeature("HELIX", 2, 5, ("1ABC",)),),
    ...               (PDBStructure("1ABC", "X-ray", 2.0, (("A", 1, 7),)),))
    >>> label_entry(entry).record.structure
    '?CHHHCC?'
    """
    if without_evidence not in POLICIES:
        raise UniProtError(f"without_evidence={without_evidence!r}; expected one of {', '.join(POLICIES)}")
    if isinstance(methods, str):
        raise UniProtError(f"methods={methods!r}; expected a collection, such as [{methods!r}]")
    wanted = None if methods is None else {method.casefold() for method in methods}
    refused = {
        structure.id
        for structure in entry.structures
        if (wanted is not None and structure.method.casefold() not in wanted)
        or (max_resolution is not None and structure.resolution is not None and structure.resolution > max_resolution)
    }
    exact = [feature for feature in entry.features if feature.exact]
    supported = [feature for feature in exact if not _stems_from(feature, refused)]
    doubtful = [feature for feature in entry.features if feature not in supported]
    structures, coverage_from = _sources(entry, refused, without_evidence)
    coverage = np.zeros(len(entry), dtype=bool)
    for structure in structures:
        for _, start, end in structure.chains:
            coverage[start:end] = True
    if coverage_from == "span" and supported:
        coverage[min(feature.start for feature in supported) : max(feature.end for feature in supported)] = True
    if not coverage.any():
        coverage_from = "none"

    states = np.full(len(entry), "C")
    named, conflicts = np.zeros((2, len(entry)), dtype=bool)
    for feature in supported:
        state = "C" if feature.kind == "TURN" and not turns else STATES[feature.kind]
        place = slice(feature.start, feature.end)
        conflicts[place] |= named[place] & (states[place] != state)
        states[place], named[place] = state, True
    if coverage_from != "none":
        coverage |= named
    unknown = ~coverage | conflicts
    for feature in doubtful:
        unknown[feature.start : feature.end] |= ~named[feature.start : feature.end]
    states[unknown] = UNKNOWN_STATE
    release = f" Swiss-Prot release {entry.release}" if entry.release else ""
    version = f" version {entry.version}" if entry.version else release
    origin = f"UniProt {entry.accession}{version}" + f" of {entry.date}" * bool(entry.date)
    record = ProteinRecord(entry.accession, entry.sequence, "".join(states), resolved=coverage, source=origin)
    counts = len(entry.features) - len(exact), len(exact) - len(supported), int(conflicts.sum())
    return LabelledEntry(entry, record, structures, coverage_from, *counts)


def _stems_from(feature: UniProtFeature, refused: set[str]) -> bool:
    return bool(feature.structures) and refused.issuperset(feature.structures)


def _sources(entry: UniProtEntry, refused: set[str], without_evidence: str) -> tuple[tuple[PDBStructure, ...], str]:
    """The structures whose ranges make the coverage, and how they were found."""
    cited = {pdb_id for feature in entry.features for pdb_id in feature.structures}
    accepted = tuple(structure for structure in entry.structures if structure.id not in refused)
    if cited:
        return tuple(structure for structure in accepted if structure.id in cited), "evidence"
    return (accepted if without_evidence == "structures" else ()), without_evidence


def label_entries(
    entries: Iterable[UniProtEntry | InactiveEntry], *, report: LabelReport | None = None, **options: Any
) -> Iterator[LabelledEntry]:
    """Label entries one by one, and leave out those that no label can be had of.

    Parameters
    ----------
    entries : iterable
        From :func:`read_uniprot` or :func:`load_uniprot_entries`.
    report : LabelReport, optional
        Is told of each entry that was kept or dropped, with the reason.
    **options
        Those of :func:`label_entry`.

    >>> report = LabelReport()
    >>> labelled = list(label_entries(load_uniprot_entries(), report=report))
    >>> report.read, report.kept, report.reasons
    (47, 44, Counter({'no coverage': 3}))
    """
    report = report if report is not None else LabelReport()
    for entry in entries:
        if isinstance(entry, InactiveEntry):
            report.drop(entry.accession, f"inactive: {entry}")
            continue
        if not entry.features:
            on_isoforms = ": only on other isoforms" if entry.isoform_features else ""
            report.drop(entry.accession, f"no helix, strand or turn{on_isoforms}")
            continue
        labelled = label_entry(entry, **options)
        if labelled.record.mask.any():
            report.keep(labelled)
            yield labelled
        elif labelled.structures:
            report.drop(entry.accession, "no coverage: PDB structures without a range")
        elif entry.structures:
            report.drop(entry.accession, "no coverage: structures refused, not listed, or not named as evidence")
        else:
            report.drop(entry.accession, "no coverage: no PDB structure")


def default_path() -> Path:
    """Where the shipped entries lie."""
    return resource("data", FILE_NAME)


@lru_cache(maxsize=1)
def load_uniprot_entries() -> tuple[UniProtEntry, ...]:
    """The 47 real entries that travel with the book, by accession; ``data/README.md`` tells where they come from.

    Raises
    ------
    UniProtError
        If the file or its checksum is missing or does not match.

    >>> entries = load_uniprot_entries()
    >>> len(entries), entries[-2].name, len(entries[-2].features)
    (47, 'YTHD3_HUMAN', 16)
    """
    entries = read_uniprot(StringIO(uniprot_text()))
    return tuple(entry for entry in entries if isinstance(entry, UniProtEntry))


def uniprot_text(accession: str | None = None) -> str:
    """The shipped entries as UniProt wrote them, or one of them.

    >>> print(uniprot_text("Q7Z739").splitlines()[0])
    ID   YTHD3_HUMAN             Reviewed;         585 AA.
    """
    path = default_path()
    remedy = "restore it from the repository, or install the package again"
    digest_path = path.with_name(path.name + ".sha256")
    try:
        packed, expected = path.read_bytes(), digest_path.read_text().split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        missing = getattr(error, "filename", None) or digest_path
        raise UniProtError(f"missing, empty or not readable; {remedy}", file=str(missing)) from error
    if hashlib.sha256(packed).hexdigest() != expected:
        raise UniProtError(f"damaged: its SHA-256 is not {expected[:16]}…; {remedy}", file=str(path))
    text = gzip.decompress(packed).decode()
    if accession is None:
        return text
    for entry in text.split("//\n"):
        if f"\nAC   {accession};" in entry:
            return entry + "//\n"
    raise UniProtError("not among the shipped entries", file=str(path), entry=accession)
