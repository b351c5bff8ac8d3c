"""What profiles of one's own cost and are worth: a search with MMseqs2 in a small database (chapter 10).

    PSSP_RESULTS=benchmarks/results python benchmarks/own_profiles.py /usr/share/metastudent-data

The folder holds BLAST databases; these, of Debian's package metastudent-data, have most of Swiss-Prot of January 2014.
The scored chains of benchmarks/relatives.py are searched for with MMseqs2 (Debian's mmseqs2), and what is found becomes
profiles by `pssp.alignment_profile`. They are compared with those that travel with the book, and read by the network
with early fusion, which was trained on the book's. Times are the processor's, on one thread. About five minutes; what
was made is kept in build/own_profiles.
"""

import json
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import relatives
import torch
from honesty_parts.recipe import BATCH_RESIDUES, SEEDS, as_numbers, over_families, over_seeds
from torch import nn

import pssp_tutorial as pssp

RUNS = Path(__file__).parents[1] / "build" / "own_profiles"
LETTERS = "-ABCDEFGHIKLMNPQRSTVWXYZU*OJ"  # of a BLAST database, by their numbers
SEARCH = {"-s": 5.7, "-e": 1e-3, "--max-seqs": 1_000, "--threads": 1}
FEW = 10  # relatives

Records = list[pssp.ProteinRecord]
Table = dict[str, np.ndarray]


def database(folder: Path) -> tuple[Path, int]:
    """The different sequences of all BLAST databases in a folder, as one MMseqs2 database, and how many they are."""
    target, fasta = RUNS / "database", RUNS / "database.fasta"
    if not target.exists():
        found = {part for file in folder.rglob("*.psq") for part in file.read_bytes().split(b"\0") if part}
        table = bytes.maketrans(bytes(range(len(LETTERS))), LETTERS.encode())
        texts = (part.translate(table).decode() for part in sorted(found))
        fasta.write_text("".join(f">{number}\n{text}\n" for number, text in enumerate(texts)))
        mmseqs("createdb", fasta, target)
    return target, fasta.read_text().count(">")


def mmseqs(*arguments: Any) -> float:
    """Run MMseqs2; the seconds of the processor that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["mmseqs", *map(str, arguments), "-v", "1"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def search(name: str, records: Records, where: Path) -> tuple[dict[str, list[str]], float]:
    """The alignment of each chain with what was found, the chain first; and the seconds that the search took."""
    table, kept = RUNS / f"{name}.tsv", RUNS / f"{name}.json"
    if not kept.exists():
        queries = RUNS / f"{name}.fasta"
        queries.write_text("".join(f">{record.id}\n{record.sequence}\n" for record in records))
        options = [part for option in SEARCH.items() for part in option]
        columns = ["--format-output", "query,qstart,qaln,taln"]
        seconds = mmseqs("easy-search", queries, where, table, RUNS / f"scratch_{name}", *options, *columns)
        kept.write_text(json.dumps(seconds))
    rows = defaultdict(list)
    for line in table.read_text().splitlines():
        chain, start, above, below = line.split("\t")
        rows[chain].append("-" * (int(start) - 1) + "".join(b for a, b in zip(above, below, strict=True) if a != "-"))
    alignments = {each.id: [each.sequence, *(row.ljust(len(each), "-") for row in rows[each.id])] for each in records}
    return alignments, json.loads(kept.read_text())


def network(seed: int) -> nn.Module:
    """Early fusion as benchmarks/relatives.py trains it, on the book's profiles."""
    train, choosing, _ = relatives.sets()
    torch.manual_seed(seed)
    model, profiles = pssp.BiLSTM(relatives.HIDDEN, input_size=41), pssp.load_profiles()
    loaders = (
        pssp.FusedLoader(tuple(train), BATCH_RESIDUES, seed=seed, profiles=profiles),
        pssp.FusedLoader(tuple(choosing), BATCH_RESIDUES, profiles=profiles),
    )
    recipe = {"learning_rate": relatives.RATE, "bfloat16": True, **relatives.RECIPE}
    pssp.fit(model, *loaders, seed=seed, checkpoint=RUNS / f"early_{seed}.pt", **recipe)
    return model


def scores(tables: dict[str, Table], scored: Records) -> dict[str, Any]:
    """Q3 with each table of profiles, a mean over the seeds with an interval over families; and against the first."""
    ids, residues = [record.id for record in scored], np.array([len(record) for record in scored])
    networks = [network(seed) for seed in SEEDS]
    hits: dict[str, np.ndarray] = {}
    for name, profiles in tables.items():
        loader = pssp.FusedLoader(tuple(scored), BATCH_RESIDUES, profiles=profiles)
        found = [pssp.evaluate(each, loader).confusions.trace(axis1=1, axis2=2) for each in networks]
        hits[name] = np.array(found)
    values: dict[str, Any] = {}
    first = next(iter(hits))
    for name, each in hits.items():
        q3 = over_families(each.mean(axis=0), residues, ids)
        gap = over_families(100 * (each - hits[first]).mean(axis=0), residues, ids)
        values[name] = as_numbers(q3) | over_seeds((each.sum(axis=1) / residues.sum()).tolist())
        values[name][f"against_{first}"] = as_numbers(gap)
    return values


def main() -> None:
    torch.set_num_threads(1)
    RUNS.mkdir(parents=True, exist_ok=True)
    where, sequences = database(Path(sys.argv[1]))
    scored, shipped = relatives.sets()[2], pssp.load_profiles()
    alignments, seconds = search("scored", scored, where)
    letters = pssp.encode_residues("".join(record.sequence for record in pssp.load_chains().train))
    background = np.bincount(letters, minlength=20)[:20] / len(letters)
    own = {
        chain: pssp.alignment_profile(rows, background=background).astype(np.float32)
        for chain, rows in alignments.items()
    }
    alone = {record.id: pssp.encode(record)[:, :20].numpy() for record in scored}
    found = np.array([len(alignments[record.id]) - 1 for record in scored])
    agreement = {
        name: float(np.mean([np.corrcoef(table[each].ravel(), shipped[each].ravel())[0, 1] for each in table]))
        for name, table in {"own": own, "alone": alone}.items()
    }
    values = {
        "sequences": sequences, "scored": len(scored), "seconds": seconds,
        "relatives": {"median": float(np.median(found)), "none": int((found == 0).sum()),
                      "few": int((found < FEW).sum())},
        "agreement": agreement, "q3": scores({"book": shipped, "own": own, "alone": alone}, scored),
    }  # fmt: skip
    context = {"threads": 1, "split": "val", "search": SEARCH, "command": "python benchmarks/own_profiles.py FOLDER"}
    pssp.save_results("own_profiles", values, seeds=list(SEEDS), **context)


if __name__ == "__main__":
    main()
