"""For the release model only: proteins of Swiss-Prot, whose structure may be unknown, each with a profile.

    python data/build/unlabelled.py FOLDER build/data/unlabelled.npz [cb513.csv]

FOLDER is where Debian's metastudent-data keeps BLAST databases of Swiss-Prot (release 2014_01), as a rule
/usr/share/metastudent-data/dataset_201401. Needs `blastdbcmd` (ncbi-blast+) and MMseqs2 on the PATH, and CB513: the
named file, that of the environment variable PSSP_CB513, or fetched. Half an hour on two cores. In order:

1. the sequences, each once, of standard residues; of those alike to 90 % one is kept;
2. families at 30 % identity, of three members or more, and in each the members that differ by half, at most five;
3. a protein that MMseqs2 relates to a chain of val, test or reserved, or to a protein of CB513, is left out, and so is
   its whole family if it represents one (the search of split.py: both ways, E ≤ 0.01);
4. the relatives of each among the sequences of step 1 make its profile; one with few relatives is left out.

Like the profiles of profiles.py, the result (ids, sequences, frequencies) is too large for the repository.
"""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import split as build
from split import mmseqs, write_fasta

import pssp_tutorial as pssp
from pssp_tutorial.alphabet import AMINO_ACIDS

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from cb513 import read_cb513

HERE = Path(__file__).parent
PARTS = ("BPO", "CCO", "MFO")  # proteins with GO terms of a process, a place in the cell, a function
LENGTHS = range(40, 501)
MEMBERS, MEMBERS_TAKEN = 3, 5
RELATIVES = 10  # that a profile is made of, the protein itself among them
SEED = 1
GAP = len(AMINO_ACIDS)
CODES = np.full(256, GAP, np.uint8)
CODES[np.frombuffer(AMINO_ACIDS.encode(), np.uint8)] = np.arange(GAP)


def swissprot(folder: Path) -> dict[str, str]:
    """Sequences of standard residues by accession, each sequence once."""
    found: dict[str, str] = {}
    for part in PARTS:
        command = ["blastdbcmd", "-db", folder / part / "goasp.fasta", "-entry", "all", "-outfmt", "%t\t%s"]
        for line in subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines():
            title, sequence = line.split("\t")
            found.setdefault(title.split("|")[0].split()[0], sequence)
    accessions: dict[str, str] = {}
    for accession, sequence in found.items():
        if set(sequence) <= set(AMINO_ACIDS) and len(sequence) >= 30:
            accessions.setdefault(sequence, accession)
    return {accession: sequence for sequence, accession in accessions.items()}


def clusters(database: Path, result: Path, folder: Path, *command: object) -> list[list[str]]:
    """Pairs (representative, member) that a clustering of MMseqs2 gives."""
    mmseqs(*command[:1], database, result, folder / "tmp", *command[1:])
    mmseqs("createtsv", database, database, result, f"{result}.tsv")
    return [line.split() for line in Path(f"{result}.tsv").read_text().splitlines()]


def related(proteins: dict[str, str], others: dict[str, str], folder: Path) -> set[str]:
    """Those proteins that MMseqs2 relates to any of the others, searched both ways."""
    found = {protein for protein, _ in build.hits(proteins, others, folder)}
    return found | {protein for _, protein in build.hits(others, proteins, folder)}


def profile(sequence: str, alignments: list[tuple[int, str, str]]) -> tuple[np.ndarray, int]:
    """Frequencies float[length, 20] of a protein and its relatives, and how many distinct sequences these are.

    An alignment is its first position in the protein, counted from 1, and the two aligned texts. Sequences are weighted
    by position (Henikoff and Henikoff 1994, doi 10.1016/0022-2836(94)90032-9); gaps are not counted.
    """
    rows = [CODES[np.frombuffer(sequence.encode(), np.uint8)]]
    for start, query, target in alignments:
        aligned = np.frombuffer(target.encode(), np.uint8)[np.frombuffer(query.encode(), np.uint8) != ord("-")]
        row = np.full(len(sequence), GAP, np.uint8)
        row[start - 1 : start - 1 + len(aligned)] = CODES[aligned]
        rows.append(row)
    family = np.unique(np.stack(rows), axis=0)  # [relative, length]
    counts = np.stack([(family == code).sum(axis=0) for code in range(GAP)], axis=1)  # [length, 20]
    member, place = np.nonzero(family < GAP)
    shares = np.zeros(family.shape, np.float32)
    shares[member, place] = 1 / ((counts > 0).sum(axis=1)[place] * counts[place, family[member, place]])
    weights = shares.sum(axis=1) / (family < GAP).sum(axis=1)
    frequencies = np.stack([((family == code) * weights[:, None]).sum(axis=0) for code in range(GAP)], axis=1)
    return frequencies / frequencies.sum(axis=1, keepdims=True), len(family)


def alignments(
    queries: dict[str, str], targets: Path, folder: Path
) -> Iterator[tuple[str, list[tuple[int, str, str]]]]:
    """For each query with relatives among the targets, what :func:`profile` takes."""
    mmseqs(
        "easy-search", write_fasta(folder / "query.fasta", queries), targets, folder / "relatives.tsv", folder / "tmp",
        "-s", "4", "-e", "0.001", "--max-seqs", "300", "--format-output", "query,qstart,qaln,taln",
    )  # fmt: skip
    with (folder / "relatives.tsv").open() as lines:
        for query, group in groupby((line.split() for line in lines), key=lambda fields: fields[0]):
            yield query, [(int(start), aligned, target) for _, start, aligned, target in group]


def choose(database: Path, sequences: dict[str, str], others: dict[str, str], folder: Path) -> dict[str, str]:
    """Steps 2 and 3: a few members of each family that has nothing to do with the others."""
    found = clusters(database, folder / "families", folder, "cluster", "--min-seq-id", "0.3", "-c", "0.7",
                     "--cov-mode", "0", "-s", "4", "--single-step-clustering", "0")  # fmt: skip
    family, size = {member: name for name, member in found}, Counter(name for name, _ in found)
    found = clusters(database, folder / "half", folder, "linclust", "--min-seq-id", "0.5", "-c", "0.8",
                     "--cov-mode", "0")  # fmt: skip
    fitting = {name: sequences[name] for name in size if size[name] >= MEMBERS and len(sequences[name]) in LENGTHS}
    fitting = fitting.keys() - related(fitting, others, folder)
    members = defaultdict(list)
    for name in sorted({name for name, _ in found}):
        if family[name] in fitting and len(sequences[name]) in LENGTHS:
            members[family[name]].append(name)
    generator = random.Random(SEED)
    chosen = {}
    for name in sorted(members):
        generator.shuffle(members[name])
        chosen |= {member: sequences[member] for member in members[name][:MEMBERS_TAKEN]}
    apart = chosen.keys() - related(chosen, others, folder)
    return {name: sequence for name, sequence in chosen.items() if name in apart}


def main(source: Path, target: Path, cb513: str | None = None) -> None:
    chains = pssp.load_chains()
    others = {record.id: record.sequence for name in ("val", "test", "reserved") for record in chains.of(name)}
    others |= {f"cb513_{record.id}": record.sequence for record in read_cb513(cb513)}
    ids, profiles, depths = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, database = folder / "whole", folder / "database"
        mmseqs("createdb", write_fasta(folder / "swissprot.fasta", swissprot(source)), whole)
        mmseqs(
            "linclust", whole, folder / "alike", folder / "tmp", "--min-seq-id", "0.9", "-c", "0.8", "--cov-mode", "0"
        )
        mmseqs("createsubdb", folder / "alike", whole, database)
        mmseqs("convert2fasta", database, folder / "database.fasta")
        sequences = {record.id: record.sequence for record in pssp.read_fasta(folder / "database.fasta")}
        chosen = choose(database, sequences, others, folder)
        for protein, aligned in alignments(chosen, folder / "database.fasta", folder):
            frequencies, relatives = profile(chosen[protein], aligned)
            if relatives >= RELATIVES:
                ids.append(protein)
                profiles.append(np.round(255 * frequencies).astype(np.uint8))
                depths.append(relatives)
    target.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "ids": np.array(ids),
        "sequences": np.array([chosen[protein] for protein in ids]),
        "frequencies": np.concatenate(profiles),
    }
    np.savez_compressed(target, **arrays)
    summary = {
        "sequences": len(sequences),
        "chosen": len(chosen),
        "proteins": len(ids),
        "residues": len(arrays["frequencies"]),
        "relatives_median": float(np.median(depths)),
        "sha256_of_arrays": hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest(),
        "mmseqs": subprocess.run(["mmseqs", "version"], capture_output=True, text=True).stdout.strip(),
    }
    (HERE / "unlabelled.json").write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
