"""Splits by homology: no protein that is held out has a relative among those that are trained on (chapters 3 and 4)."""

import random
from collections import defaultdict
from collections.abc import Iterable

from pssp_tutorial.proteins.alphabet import normalise_sequence
from pssp_tutorial.proteins.chains import ChainDataError, ChainSet
from pssp_tutorial.proteins.cleaning import clean_record
from pssp_tutorial.proteins.homology import Method, clusters_of, pairs_of
from pssp_tutorial.proteins.record import ProteinRecord

MINI = {"train": 300, "val": 60, "test": 60}
MINI_LENGTH = range(50, 301)


def split_by_homology(
    records: Iterable[ProteinRecord],
    *,
    val: float = 0.1,
    test: float = 0.1,
    seed: int = 0,
    identity: float = 0.25,
    evalue: float = 0.01,
    method: Method = "auto",
) -> ChainSet:
    """Make a data set of the same shape as the embedded one: clustered, and split so that no homolog crosses.

    Whole clusters are drawn for ``test`` and ``val``, and give one record each, the one with most known residues.
    Their other members are ``excluded``, and so is every record with a hit in ``test``, or in ``val`` if it would be
    trained on. The rest is ``train``. No record is ``reserved``: look out for benchmark proteins yourself.

    The records have a structure; their sequences are cleaned and refused as by :func:`~pssp_tutorial.predict`, and
    unusual letters become those that :func:`normalise_sequence` gives. ``val`` and ``test`` are shares of the clusters,
    0 or more and together less than 1, which ``seed`` draws; ``identity`` is that of the clusters, ``evalue`` that of a
    hit between splits; ``method`` as for :func:`cluster_sequences`.

    Raises ChainDataError without records, if an id occurs twice, or if the shares leave nothing to train on.

    >>> from pssp_tutorial.proteins.chains import load_chains
    >>> chains = split_by_homology(load_chains("mini").test[:20], val=0.2, test=0.2, method="python")
    >>> {split: len(chains.of(split)) for split in ("train", "val", "test")}
    {'train': 11, 'val': 4, 'test': 4}
    """
    if min(val, test) < 0 or val + test >= 1:
        raise ChainDataError(f"val={val:g} and test={test:g}; expected shares that leave some clusters to train on")
    items: dict[str, ProteinRecord] = {}
    for record in records:
        if record.id in items:
            raise ChainDataError(f"{record.id}: occurs twice; expected each protein once")
        items[record.id] = clean_record(record)
    if not items:
        raise ChainDataError("no proteins; expected at least one")
    sequences = {name: normalise_sequence(record.sequence) for name, record in items.items()}
    cluster = clusters_of(sequences, identity, method)
    split = _draw_splits(items, cluster, val, test, seed)
    _exclude_relatives(split, sequences, evalue, method)
    mini = _draw_mini(sequences, split, seed)
    records = tuple(
        ProteinRecord(name, sequences[name], record.structure, record.resolved, source=record.source)
        for name, record in items.items()
    )
    splits, clusters = (tuple(found[name] for name in items) for found in (split, cluster))
    return ChainSet(records, splits, clusters, tuple(name in mini for name in items))


def _draw_splits(
    items: dict[str, ProteinRecord], cluster: dict[str, str], val: float, test: float, seed: int
) -> dict[str, str]:
    """The split of each record, before relatives across clusters are looked for."""
    members = defaultdict(list)
    for name in items:
        members[cluster[name]].append(name)
    leaders = sorted(members)
    random.Random(seed).shuffle(leaders)
    tests, vals = (round(share * len(leaders)) for share in (test, val))
    split = dict.fromkeys(items, "train")
    for number, leader in enumerate(leaders[: tests + vals]):
        best = max(members[leader], key=lambda name: (int(items[name].mask.sum()), name))
        split |= dict.fromkeys(members[leader], "excluded") | {best: "test" if number < tests else "val"}
    return split


def _exclude_relatives(split: dict[str, str], sequences: dict[str, str], evalue: float, method: Method) -> None:
    """Take out of ``val`` what has a hit in ``test``, and out of ``train`` what has one in either."""
    for held_out, others in ((("test",), ("val",)), (("test", "val"), ("train",))):
        left = {name: text for name, text in sequences.items() if split[name] in held_out}
        right = {name: text for name, text in sequences.items() if split[name] in others}
        hits = pairs_of(left, right, evalue, method)
        hits |= {pair[::-1] for pair in pairs_of(right, left, evalue, method)}
        split |= dict.fromkeys((other for _, other in hits), "excluded")


def _draw_mini(sequences: dict[str, str], split: dict[str, str], seed: int) -> set[str]:
    """A few proteins of 50 to 300 residues from each of the three splits, as in the embedded set."""
    generator = random.Random(seed)
    chosen: set[str] = set()
    for name, count in MINI.items():
        short = sorted(key for key in sequences if split[key] == name and len(sequences[key]) in MINI_LENGTH)
        chosen.update(generator.sample(short, min(count, len(short))))
    return chosen
