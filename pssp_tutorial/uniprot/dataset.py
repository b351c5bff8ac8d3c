"""Which labelled entries are fit for a data set (chapter 3)."""

from dataclasses import dataclass, field

from pssp_tutorial.uniprot.labels import LabelledEntry


@dataclass
class Selection:
    """Says of a labelled entry why it is not fit for a data set for prediction, or nothing if it is.

    Its residues and those with a known state have to be as many as the bounds say. No fragment of a protein is fit, and
    of several with the same sequence only the first one. (Method and resolution: see :func:`label_entry`.)

    >>> from pssp_tutorial import LabelReport, label_entries, load_uniprot_entries
    >>> report = LabelReport()
    >>> fit = label_entries(load_uniprot_entries(), report=report, selection=Selection(max_length=1000))
    >>> len(list(fit)), report.reasons
    (38, Counter({'too long': 4, 'no coverage': 3, 'fragment': 1, 'same sequence': 1}))
    """

    min_length: int = 30
    max_length: int | None = None
    min_known: int = 20
    _kept: dict[str, str] = field(default_factory=dict, init=False, repr=False)

    def __call__(self, item: LabelledEntry) -> str:
        """The reason to drop the entry; empty if it is kept."""
        entry, known = item.entry, int(item.record.mask.sum())
        if len(entry) < self.min_length:
            return f"too short: {len(entry)} residues"
        if self.max_length is not None and len(entry) > self.max_length:
            return f"too long: {len(entry)} residues"
        if known < self.min_known:
            return f"too little known: {known} residues"
        if entry.fragment:
            return "fragment"
        if entry.sequence in self._kept:
            return f"same sequence: as {self._kept[entry.sequence]}"
        self._kept[entry.sequence] = entry.accession
        return ""
