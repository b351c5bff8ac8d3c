"""What becomes of each entry on its way into a data set: labelled and kept, or dropped, and why (chapter 3)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pssp_tutorial.uniprot.entry import UniProtEntry, UniProtError
from pssp_tutorial.uniprot.labels import LabelledEntry, label_entry


@dataclass
class LabelReport:
    """Counts the entries that were kept, and lists the ones that were dropped, with the reason: each once.

    >>> print(LabelReport(dropped=[("P12345", "no coverage: PDB structures without a range")]))
    1 entries read, 0 kept, 1 dropped
      1 dropped: no coverage
    0 residues, 0 with a known state, 0 unknown
    """

    kept: int = 0
    residues: int = 0
    known: int = 0
    coverage_from: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    merged: dict[str, str] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Number of entries, kept and dropped."""
        return self.kept + len(self.dropped)

    @property
    def reasons(self) -> Counter[str]:
        """Number of dropped entries by reason, without its details after the colon."""
        return Counter(reason.split(":")[0] for _, reason in self.dropped)

    def unreadable(self, error: UniProtError) -> None:
        """Note an entry that cannot be read: for the ``on_error`` of :func:`read_uniprot`."""
        self.dropped.append((error.entry, f"unreadable: {error}"))

    def keep(self, labelled: LabelledEntry) -> None:
        """Count an entry that was kept."""
        self.kept += 1
        self.residues += len(labelled.entry)
        self.known += int(labelled.record.mask.sum())
        self.coverage_from[labelled.coverage_from] += 1
        self.skipped["features on other isoforms"] += labelled.entry.isoform_features
        self.skipped["features with an open end"] += labelled.fuzzy
        self.skipped["features of structures that were refused"] += labelled.unsupported
        self.skipped["residues that two kinds of feature claim"] += labelled.conflicts
        self.merged |= dict.fromkeys(labelled.entry.secondary, labelled.entry.accession)

    def find(self, accessions: Iterable[str], kept: Collection[str]) -> dict[str, str]:
        """What became of each accession that was asked for: kept, merged into which one, dropped, or not found."""
        fates = {name: f"merged into {entry}" for name, entry in self.merged.items()}
        fates = {name: f"dropped: {reason}" for name, reason in self.dropped} | fates | dict.fromkeys(kept, "kept")
        return {accession: fates.get(accession, "not found") for accession in accessions}

    def __str__(self) -> str:
        lines = [
            f"{self.read} entries read, {self.kept} kept, {len(self.dropped)} dropped",
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
    """Label entries one by one, and leave out those that no label can be had of.

    Parameters
    ----------
    entries : iterable
        From :func:`read_uniprot` or :func:`load_uniprot_entries`.
    report : LabelReport, optional
        Is told of each entry that was kept or dropped, with the reason.
    selection : callable, optional
        Says why a labelled entry is to be dropped too, or nothing, as :class:`Selection` does.
    **options
        Those of :func:`label_entry`.

    >>> from pssp_tutorial.uniprot.shipped import load_uniprot_entries
    >>> report = LabelReport()
    >>> labelled = list(label_entries(load_uniprot_entries(), report=report))
    >>> report.read, report.kept, report.reasons
    (47, 44, Counter({'no coverage': 3}))
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
