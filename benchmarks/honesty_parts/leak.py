"""The same network on a random split and on a split by homology, scored on the same chains.

Families of three chains or more are pooled. From half of the families some chains are drawn to be scored. The random
split trains on other members of these families; the split by homology on as many chains of the other half, without
those that MMseqs2 finds related to a scored one. The number of chains and the recipe are the same in both; the families
are not, so the score on the training chains is kept for both. Validation chains of the same kind as the training ones
choose the epoch. Three seeds; the intervals draw families.
"""

import csv
import subprocess
import tempfile
from collections import Counter
from itertools import compress, pairwise
from pathlib import Path
from typing import Any

import numpy as np

import pssp_tutorial as pssp
from honesty_parts.recipe import (
    BATCH_RESIDUES,
    CONTEXT,
    SEEDS,
    as_numbers,
    hits_of,
    over_families,
    over_seeds,
    report,
    trained,
)

LONGEST, FAMILY = 250, 3  # residues of a chain; members of a family
SCORED, VALIDATION, TRAINING = 400, 100, 1_200
RELATED = 1e-3  # E-value
NETWORKS = {
    "book": {},
    "large": {"hidden_size": 96, "dropout": 0.0, "max_epochs": 12, "learning_rate": 4e-3, "patience": 12},
    "long": {"dropout": 0.0, "max_epochs": 25, "patience": 25},
}
IDENTITIES = (0.0, 0.3, 0.4, 0.5, 0.6, 1.01)

Records = list[pssp.ProteinRecord]


def leak() -> None:
    """Writes honesty_leak.json."""
    scored, splits = make_splits()
    nearest = {name: nearest_of(scored, train) for name, (train, _) in splits.items()}
    apart = [e_value > RELATED for _, e_value in nearest["homology"]]  # the search from this side finds a few more
    scored = list(compress(scored, apart))
    nearest = {name: list(compress(near, apart)) for name, near in nearest.items()}
    table = pssp.load_chains().table.set_index("id")["cluster"]
    families = [table[record.id] for record in scored]
    values = {
        "scored": len(scored),
        "families": len(set(families)),
        "related": {name: sum(e_value <= RELATED for _, e_value in near) for name, near in nearest.items()},
        "identity": {name: [identity for identity, _ in near] for name, near in nearest.items()},
        "e_value": {name: [e_value for _, e_value in near] for name, near in nearest.items()},
    }
    for network, changes in NETWORKS.items():
        reports = {name: seeds_of(network, name, *splits[name], scored, changes) for name in splits}
        values[network] = compared(reports, families, nearest["random"])
    context = CONTEXT | {"training_chains": TRAINING, "longest_chain": LONGEST, "smallest_family": FAMILY}
    pssp.save_results("honesty_leak", values, seeds=SEEDS, networks=NETWORKS, **context, command="make bench")


def seeds_of(
    network: str, name: str, train: Records, val: Records, scored: Records, changes: dict
) -> dict[str, list[pssp.Report]]:
    """The scores of three trainings, on the scored chains and on their own training chains."""
    reports: dict[str, list[pssp.Report]] = {"scored": [], "train": []}
    for seed in SEEDS:
        loader = pssp.make_loader(train, batch_residues=BATCH_RESIDUES, seed=seed)
        settings = {"monitor": "val_accuracy"} | changes
        sets = {"scored": scored, "train": train}
        run = trained(f"leak_{network}_{name}", loader, pssp.make_loader(val), sets, seed=seed, **settings)
        for part, records in sets.items():
            reports[part].append(report(records, run.predicted[part]))
    return reports


def compared(
    reports: dict[str, dict[str, list[pssp.Report]]], families: list[str], near: list[tuple[float, float]]
) -> dict[str, Any]:
    """Means over the seeds with intervals over families: both arms, their training chains, and the gap."""
    residues = reports["random"]["scored"][0].confusions.sum(axis=(1, 2))
    hits = {name: hits_of(each["scored"]) for name, each in reports.items()}
    values: dict[str, Any] = {}
    for name, each in reports.items():
        values[name] = as_numbers(over_families(hits[name], residues, families))
        values[name] |= over_seeds([one.q3 for one in each["scored"]])
        values[f"{name}_train"] = over_seeds([one.q3 for one in each["train"]])
        values[f"{name}_accuracy"] = (hits[name] / residues).round(4)
    gap = hits["random"] - hits["homology"]
    pairs = zip(reports["random"]["scored"], reports["homology"]["scored"], strict=True)
    values["gap"] = as_numbers(over_families(gap, residues, families))
    values["gap"] |= over_seeds([one.q3 - other.q3 for one, other in pairs])
    values["gap"]["points"] = 100 * values["gap"]["value"]
    values["bins"] = by_identity(gap, residues, families, near)
    return values


def make_splits() -> tuple[Records, dict[str, tuple[Records, Records]]]:
    """The scored chains; and of each split the training and the validation chains."""
    chains = pssp.load_chains()
    family = dict(zip(chains.table["id"], chains.table["cluster"], strict=True))
    pool = list({r.sequence: r for r in (*chains.train, *chains.excluded) if len(r) <= LONGEST}.values())
    sizes = Counter(family[record.id] for record in pool)
    rng = np.random.default_rng(0)
    order = rng.permutation(sorted(name for name, size in sizes.items() if size >= FAMILY))
    rank = {name: place for place, name in enumerate(order)}
    pool = sorted((r for r in pool if family[r.id] in rank), key=lambda r: (rank[family[r.id]], r.id))
    same, other = pool[: SCORED + VALIDATION + TRAINING], pool[SCORED + VALIDATION + TRAINING :]
    same = [same[index] for index in rng.permutation(len(same))]
    scored = same[:SCORED]
    straddling = {family[record.id] for record in same}
    other = [record for record in other if family[record.id] not in straddling]
    related = {query for query, _, e_value in search(other, scored) if e_value <= RELATED}
    other = [record for record in other if record.id not in related]
    other = [other[index] for index in rng.permutation(len(other))]
    splits = {"random": same[SCORED:], "homology": other}
    parts = {name: (rows[VALIDATION:][:TRAINING], rows[:VALIDATION]) for name, rows in splits.items()}
    assert all(len(train) == TRAINING for train, _ in parts.values()), {k: len(v[0]) for k, v in parts.items()}
    return scored, parts


def search(queries: Records, targets: Records) -> list[tuple[str, float, float]]:
    """MMseqs2's alignments: query, share of identical residues in the alignment, E-value."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("queries.fasta", "targets.fasta", "hits.tsv", "scratch")]
        pssp.write_fasta(queries, files[0])
        pssp.write_fasta(targets, files[1])
        options = ["-s", "7.5", "-e", "10", "--threads", "1", "-v", "1", "--format-output", "query,fident,evalue"]
        subprocess.run(["mmseqs", "easy-search", *map(str, files), *options], check=True)
        rows = list(csv.reader(files[2].read_text().splitlines(), delimiter="\t"))
    return [(query, float(identity), float(e_value)) for query, identity, e_value in rows]


def nearest_of(scored: Records, train: Records) -> list[tuple[float, float]]:
    """Identity and E-value of each scored chain's surest hit among the training chains; 0 and 10 without one."""
    best = {record.id: (0.0, 10.0) for record in scored}
    for query, identity, e_value in search(scored, train):
        if e_value < best[query][1]:
            best[query] = (identity, e_value)
    return [best[record.id] for record in scored]


def by_identity(
    gap: np.ndarray, residues: np.ndarray, families: list[str], near: list[tuple[float, float]]
) -> list[dict[str, Any]]:
    """Gain of the random split in groups of scored chains, by identity to the nearest training chain of that split."""
    identity = np.array([identity if e_value <= RELATED else 0.0 for identity, e_value in near])
    groups = []
    for low, high in pairwise(IDENTITIES):
        chosen = np.flatnonzero((identity >= low) & (identity < high))
        if chosen.size:
            interval = over_families(gap[chosen], residues[chosen], [families[index] for index in chosen])
            groups.append({"from": low, "chains": chosen.size, "gap": as_numbers(interval)})
    return groups
