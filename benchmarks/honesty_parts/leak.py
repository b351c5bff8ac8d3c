"""The same network on a random split and on a split by homology, scored on the same chains.

Families of three chains or more are pooled. From half of the families some chains are drawn to be scored. The random
split trains on other members of these families; the split by homology on as many chains of the other half, without
those that MMseqs2 finds related to a scored one. All else is equal: the number of chains, the recipe, and validation
chains of the same kind as the training ones, which choose the epoch.
"""

import csv
import subprocess
import tempfile
from collections import Counter
from itertools import compress, pairwise
from pathlib import Path

import numpy as np

import pssp_tutorial as pssp
from honesty_parts.recipe import BATCH_RESIDUES, CONTEXT, as_numbers, trained
from pssp_tutorial.evaluation.bootstrap import score_difference, score_interval

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
    scored, nearest = (
        list(compress(scored, apart)),
        {name: list(compress(near, apart)) for name, near in nearest.items()},
    )
    values = {
        "scored": len(scored),
        "related": {name: sum(e_value <= RELATED for _, e_value in near) for name, near in nearest.items()},
        "identity": {name: [identity for identity, _ in near] for name, near in nearest.items()},
        "e_value": {name: [e_value for _, e_value in near] for name, near in nearest.items()},
    }
    for network, changes in NETWORKS.items():
        reports = {}
        for name, (train, val) in splits.items():
            loader = pssp.make_loader(train, batch_residues=BATCH_RESIDUES)
            settings = {"monitor": "val_accuracy"} | changes
            model = trained(f"leak_{network}_{name}", loader, pssp.make_loader(val), **settings)
            reports[name] = pssp.evaluate(model, scored)
            reports[f"{name}_train"] = pssp.evaluate(model, train)
        values[network] = {name: as_numbers(score_interval(report)) for name, report in reports.items()}
        gap = score_difference(reports["random"], reports["homology"])
        values[network] |= {
            "gap": as_numbers(gap) | {"points": 100 * gap.value},
            "bins": by_identity(reports, nearest["random"]),
        }
        values[network] |= {f"{name}_accuracy": reports[name].per_protein["accuracy"].round(4) for name in splits}
    context = CONTEXT | {"training_chains": TRAINING, "longest_chain": LONGEST, "smallest_family": FAMILY}
    pssp.save_results("honesty_leak", values, seed=0, networks=NETWORKS, **context, command="make bench")


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


def by_identity(reports: dict[str, pssp.Report], near: list[tuple[float, float]]) -> list[dict]:
    """Gain of the random split in groups of scored chains, by identity to the nearest training chain of that split."""
    identity = np.array([identity if e_value <= RELATED else 0.0 for identity, e_value in near])
    groups = []
    for low, high in pairwise(IDENTITIES):
        chosen = np.flatnonzero((identity >= low) & (identity < high))
        if chosen.size:
            random, homology = (part(reports[name], chosen) for name in ("random", "homology"))
            groups.append({"from": low, "chains": chosen.size, "gap": as_numbers(score_difference(random, homology))})
    return groups


def part(report: pssp.Report, chosen: np.ndarray) -> pssp.Report:
    """The report of some of the proteins."""
    ids = tuple(report.ids[index] for index in chosen)
    arrays = (report.confusions, report.overlaps, report.overlap)
    return pssp.Report(report.states, ids, *(array[chosen] for array in arrays))
