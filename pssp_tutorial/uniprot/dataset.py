"""From labelled entries to a data set: filters, redundancy and splits (chapter 3)."""

import hashlib
import lzma
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from pssp_tutorial.core.resources import write_checked
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, UNKNOWN_STATE, normalise_sequence
from pssp_tutorial.proteins.chains import ACCESSIBILITY_LETTERS, COLUMNS, ChainSet
from pssp_tutorial.proteins.homology import Method, cluster_sequences, related_pairs
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.uniprot.entry import UniProtError
from pssp_tutorial.uniprot.labels import LabelledEntry

MINI = {"train": 300, "val": 60, "test": 60}
MINI_LENGTH = range(50, 301)


@dataclass
class Selection:
    """Says of a labelled entry why it is not fit for a data set for prediction, or nothing if it is.

    (Method and resolution of the structures: see :func:`label_entry`.)

    Parameters
    ----------
    min_length, max_length : int
        Bounds on the residues of the entry.
    min_known : int
        Least number of residues with a known state.
    fragments : {"drop", "keep"}
        Entries that UniProt flags as fragments of a protein.
    unusual : {"map", "drop"}
        Entries with letters other than the 20: keep them, to be mapped as :func:`normalise_sequence` does.
    duplicates : {"drop", "keep"}
        Entries with the sequence of one that was kept before.

    Raises
    ------
    UniProtError
        For another word.

    >>> from pssp_tutorial.uniprot.report import LabelReport, label_entries
    >>> from pssp_tutorial.uniprot.shipped import load_uniprot_entries
    >>> report = LabelReport()
    >>> fit = label_entries(load_uniprot_entries(), report=report, selection=Selection(max_length=1000))
    >>> len(list(fit)), report.reasons
    (38, Counter({'too long': 4, 'no coverage': 3, 'fragment': 1, 'same sequence': 1}))
    """

    min_length: int = 30
    max_length: int | None = None
    min_known: int = 20
    fragments: Literal["drop", "keep"] = "drop"
    unusual: Literal["map", "drop"] = "map"
    duplicates: Literal["drop", "keep"] = "drop"
    _kept: dict[bytes, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for name, words in {"fragments": "drop keep", "unusual": "map drop", "duplicates": "drop keep"}.items():
            if (given := getattr(self, name)) not in words.split():
                raise UniProtError(f"{name}={given!r}; expected one of {words.replace(' ', ', ')}")

    def __call__(self, item: LabelledEntry) -> str:
        """The reason to drop the entry; empty if it is kept."""
        entry, known = item.entry, int(item.record.mask.sum())
        strange = "".join(sorted(set(entry.sequence) - set(AMINO_ACIDS)))
        if len(entry) < self.min_length:
            return f"too short: {len(entry)} residues"
        if self.max_length is not None and len(entry) > self.max_length:
            return f"too long: {len(entry)} residues"
        if known < self.min_known:
            return f"too little known: {known} residues"
        if entry.fragment and self.fragments == "drop":
            return "fragment"
        if strange and self.unusual == "drop":
            return f"unusual letters: {strange}"
        digest = hashlib.sha256(entry.sequence.encode()).digest()
        if digest in self._kept and self.duplicates == "drop":
            return f"same sequence: as {self._kept[digest]}"
        self._kept[digest] = entry.accession
        return ""


def select_entries(labelled: Iterable[LabelledEntry], **filters: Any) -> Iterator[LabelledEntry]:
    """The labelled entries that pass the filters of :class:`Selection`.

    >>> from pssp_tutorial.uniprot.report import label_entries
    >>> from pssp_tutorial.uniprot.shipped import load_uniprot_entries
    >>> len(list(select_entries(label_entries(load_uniprot_entries()), max_length=1000)))
    38
    """
    reason = Selection(**filters)
    return (item for item in labelled if not reason(item))


def to_chains(
    labelled: Iterable[LabelledEntry],
    *,
    val: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    identity: float = 0.25,
    evalue: float = 0.01,
    method: Method = "auto",
) -> ChainSet:
    """Make a data set of the same shape as the embedded one: clustered, and split so that no homolog crosses.

    Whole clusters are drawn for ``test`` and ``val``, and give one entry each, the one with most known residues.
    Their other members are ``excluded``, and so is every entry with a hit in ``test``, or in ``val`` if it would be
    trained on. The rest is ``train``. No entry is ``reserved``: look out for benchmark proteins yourself.

    Parameters
    ----------
    val, test : float
        Shares of the clusters, 0 or more, together less than 1.
    seed : int
        Draws the clusters.
    identity : float
        Of the clusters, 0 to 1; their coverage is 0.5.
    evalue : float
        Of a hit between splits.
    method : {"auto", "mmseqs", "python"}
        As for :func:`cluster_sequences`.

    Raises
    ------
    UniProtError
        Without entries, if an accession occurs twice, or if the shares leave nothing to train on.

    >>> from pssp_tutorial.uniprot.report import label_entries
    >>> from pssp_tutorial.uniprot.shipped import load_uniprot_entries
    >>> small = [entry for entry in load_uniprot_entries() if len(entry) < 180]
    >>> chains = to_chains(label_entries(small), val=0.2, test=0.2, method="python")
    >>> sum(len(chains.of(split)) for split in ("train", "val", "test", "excluded")) == len(chains)
    True
    """
    if min(val, test) < 0 or val + test >= 1:
        raise UniProtError(f"val={val:g} and test={test:g}; expected shares that leave some clusters to train on")
    items: dict[str, LabelledEntry] = {}
    for item in labelled:
        if item.entry.accession in items:
            raise UniProtError("occurs twice; expected each entry once", entry=item.entry.accession)
        items[item.entry.accession] = item
    if not items:
        raise UniProtError("no entries; expected at least one")
    sequences = {name: normalise_sequence(item.entry.sequence, name=name) for name, item in items.items()}
    cluster = cluster_sequences(sequences, identity=identity, method=method)
    split = _draw_splits(items, cluster, val, test, seed)
    _exclude_relatives(split, sequences, evalue, method)
    mini = _draw_mini(sequences, split, seed)
    records = tuple(_with_sequence(items[name].record, sequences[name]) for name in items)
    splits, clusters = (tuple(found[name] for name in items) for found in (split, cluster))
    return ChainSet(records, splits, clusters, tuple(name in mini for name in items))


def _draw_splits(
    items: dict[str, LabelledEntry], cluster: dict[str, str], val: float, test: float, seed: int
) -> dict[str, str]:
    """The split of each entry, before relatives across clusters are looked for."""
    members = defaultdict(list)
    for name in items:
        members[cluster[name]].append(name)
    leaders = sorted(members)
    random.Random(seed).shuffle(leaders)
    tests, vals = (round(share * len(leaders)) for share in (test, val))
    split = dict.fromkeys(items, "train")
    for number, leader in enumerate(leaders[: tests + vals]):
        best = max(members[leader], key=lambda name: (int(items[name].record.mask.sum()), name))
        split |= dict.fromkeys(members[leader], "excluded") | {best: "test" if number < tests else "val"}
    return split


def _exclude_relatives(split: dict[str, str], sequences: dict[str, str], evalue: float, method: Method) -> None:
    """Take out of ``val`` what has a hit in ``test``, and out of ``train`` what has one in either."""
    for held_out, others in ((("test",), ("val",)), (("test", "val"), ("train",))):
        left = {name: text for name, text in sequences.items() if split[name] in held_out}
        right = {name: text for name, text in sequences.items() if split[name] in others}
        hits = related_pairs(left, right, evalue=evalue, method=method)
        hits |= {pair[::-1] for pair in related_pairs(right, left, evalue=evalue, method=method)}
        split |= dict.fromkeys((other for _, other in hits), "excluded")


def _with_sequence(record: ProteinRecord, sequence: str) -> ProteinRecord:
    return ProteinRecord(record.id, sequence, record.structure, record.resolved, source=record.source)


def _draw_mini(sequences: dict[str, str], split: dict[str, str], seed: int) -> set[str]:
    """A few proteins of 50 to 300 residues from each of the three splits, as in the embedded set."""
    generator = random.Random(seed)
    chosen: set[str] = set()
    for name, count in MINI.items():
        short = sorted(key for key in sequences if split[key] == name and len(sequences[key]) in MINI_LENGTH)
        chosen.update(generator.sample(short, min(count, len(short))))
    return chosen


def write_chains(chains: ChainSet, path: str | PathLike) -> Path:
    """Write a chain set as ``load_chains(path=...)`` reads it: a table packed with xz, its checksum beside it.

    A stop or a full disk leaves the old set or the new one; a ``.sha256`` of something else is not replaced.
    """
    path = Path(path)
    lines = ["\t".join(COLUMNS)]
    for record, split, cluster, mini in zip(chains.records, chains.split, chains.cluster, chains.mini, strict=True):
        steps = () if record.accessibility is None else (record.accessibility * 20).round().astype(int)
        letters = "".join(ACCESSIBILITY_LETTERS[step] for step in steps)
        structure = record.structure or UNKNOWN_STATE * len(record)
        fields = (record.id, cluster, split, str(int(mini)), record.sequence, structure, letters)
        lines.append("\t".join(fields))
    write_checked(path, lzma.compress(("\n".join(lines) + "\n").encode()))
    return path
