"""Step 2: cluster the chains, split them by homology and write the committed table.

    python tools/data/split.py build/data/chains_raw.tsv data/chains.tsv.xz

Needs MMseqs2 on the PATH. The order of decisions:

1. chains listed in reserved_chains.txt are `reserved`: they are related to public benchmark sets;
2. MMseqs2 clusters every chain at 25% identity; 600 clusters without a reserved chain go to `test`
   and 600 to `val`, one chain each (the cluster's representative); their other members are `excluded`;
3. a `val` chain with a hit in `test`, and any other chain with a hit in `val` or `test`, is `excluded`,
   whichever of the two is the query; the threshold is ten times looser than the E ≤ 1e-3 that
   separation.py checks, because an E-value changes with the size of the database searched;
4. everything else is `train`;
5. chains of `train` and `val` listed in reserved_by_search.txt become `reserved` too. reserve.py wrote that list: the
   chains that a more sensitive search relates to a protein of CB513, which the first list had missed.

Chains that are set aside, `excluded` or `reserved`, are written without their accessibility: nothing uses it, and the
file is smaller by 0.75 MB.
"""

import hashlib
import json
import lzma
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from pssp_tutorial.core.resources import write_checked

SPLITS = Path(__file__).parents[2] / "data" / "splits"
SEED = 20260101
CLUSTERS_PER_SPLIT = 600
MINI = {"train": 300, "val": 60, "test": 60}
MINI_LENGTH = range(50, 301)
CLUSTERING = ["--min-seq-id", "0.25", "-c", "0.5", "--cov-mode", "0", "-s", "7.5"]
EVALUE = 0.01

# Largest accessible surface of each residue in square ångström:
# Tien et al. 2013, theoretical values, doi 10.1371/journal.pone.0080635.
LARGEST_AREA = dict(A=129, R=274, N=195, D=193, C=167, Q=225, E=223, G=104, H=224, I=197,
                    L=201, K=236, M=224, F=240, P=159, S=155, T=172, W=285, Y=263, V=174)  # fmt: skip
SET_ASIDE = ("excluded", "reserved")
ACCESSIBILITY_LETTERS = "abcdefghijklmnopqrst"  # steps of 5%: a is 0 to 5%, t is 95% and more


def relative_accessibility(sequence: str, areas: str) -> str:
    steps = len(ACCESSIBILITY_LETTERS)
    shares = (int(area) / LARGEST_AREA[residue] for residue, area in zip(sequence, areas.split(","), strict=True))
    return "".join(ACCESSIBILITY_LETTERS[min(int(steps * share), steps - 1)] for share in shares)


def write_fasta(path: Path, chains: dict[str, str]) -> Path:
    path.write_text("".join(f">{chain}\n{sequence}\n" for chain, sequence in chains.items()), encoding="utf-8")
    return path


def mmseqs(*arguments: object) -> None:
    subprocess.run(["mmseqs", *map(str, arguments), "-v", "1"], check=True)


def clusters(sequences: dict[str, str], folder: Path) -> dict[str, str]:
    """The representative of each chain's cluster."""
    fasta = write_fasta(folder / "all.fasta", sequences)
    mmseqs("easy-cluster", fasta, folder / "clusters", folder / "tmp", *CLUSTERING)
    pairs = (line.split("\t") for line in (folder / "clusters_cluster.tsv").read_text(encoding="utf-8").splitlines())
    return {member: representative for representative, member in pairs}


def search(evalue: float) -> list[str]:
    return ["-s", "7.5", "-e", str(evalue), "--max-seqs", "100000"]


def hits(
    queries: dict[str, str], targets: dict[str, str], folder: Path, evalue: float = EVALUE
) -> set[tuple[str, str]]:
    """Pairs (query, target) that MMseqs2 calls related."""
    query, target = write_fasta(folder / "query.fasta", queries), write_fasta(folder / "target.fasta", targets)
    found = folder / "hits.tsv"
    mmseqs("easy-search", query, target, found, folder / "tmp", *search(evalue), "--format-output", "query,target")
    return {tuple(line.split("\t")) for line in found.read_text(encoding="utf-8").splitlines()}


def related(proteins: dict[str, str], others: dict[str, str], folder: Path, evalue: float = EVALUE) -> set[str]:
    """Those of the others that MMseqs2 relates to one of the proteins, whichever of the two is the query."""
    found = {other for _, other in hits(proteins, others, folder, evalue)}
    return found | {other for other, _ in hits(others, proteins, folder, evalue)}


def assign_splits(
    sequences: dict[str, str], cluster_of: dict[str, str], reserved: set[str], folder: Path
) -> dict[str, str]:
    members = defaultdict(list)
    for chain in sequences:
        members[cluster_of[chain]].append(chain)
    free = sorted(name for name, chains in members.items() if not reserved.intersection(chains))
    random.Random(SEED).shuffle(free)
    test, val = free[:CLUSTERS_PER_SPLIT], free[CLUSTERS_PER_SPLIT : 2 * CLUSTERS_PER_SPLIT]
    split = dict.fromkeys(sequences, "train")
    for name in test + val:
        split.update(dict.fromkeys(members[name], "excluded"))
    split |= dict.fromkeys(reserved, "reserved") | dict.fromkeys(test, "test") | dict.fromkeys(val, "val")

    def of(*names: str) -> dict[str, str]:
        return {chain: sequence for chain, sequence in sequences.items() if split[chain] in names}

    for held_out, others in ((("test",), ("val",)), (("test", "val"), ("train",))):
        split.update(dict.fromkeys(related(of(*held_out), of(*others), folder), "excluded"))
    return split


def choose_mini(sequences: dict[str, str], split: dict[str, str], missed: set[str]) -> set[str]:
    """A few chains of 50 to 300 residues from each of the three splits; others take the place of missed ones."""
    generator = random.Random(SEED)
    chosen = set()
    for name, count in MINI.items():
        short = sorted(chain for chain in sequences if split[chain] == name and len(sequences[chain]) in MINI_LENGTH)
        first = generator.sample(short, count)
        chosen.update([chain for chain in dict.fromkeys(first + short) if chain not in missed][:count])
    return chosen


def main(raw: Path, target: Path) -> None:
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in raw.read_text(encoding="utf-8").splitlines()}
    sequences = {chain: row[0] for chain, row in rows.items()}
    reserved = set((SPLITS / "reserved_chains.txt").read_text(encoding="utf-8").split())
    with tempfile.TemporaryDirectory() as folder:
        cluster_of = clusters(sequences, Path(folder))
        split = assign_splits(sequences, cluster_of, reserved, Path(folder))
    missed = set((SPLITS / "reserved_by_search.txt").read_text(encoding="utf-8").split())
    mini = choose_mini(sequences, split, missed)
    split |= dict.fromkeys(missed, "reserved")
    lines = ["id\tcluster\tsplit\tmini\tsequence\tstructure\taccessibility"]
    for chain, (sequence, states, areas) in rows.items():
        flag = "1" if chain in mini else "0"
        exposed = "" if split[chain] in SET_ASIDE else relative_accessibility(sequence, areas)
        lines.append("\t".join((chain, cluster_of[chain], split[chain], flag, sequence, states, exposed)))
    table = ("\n".join(lines) + "\n").encode()
    digest = write_checked(target, lzma.compress(table, preset=9 | lzma.PRESET_EXTREME))
    summary = {
        "chains": len(rows),
        "residues": sum(map(len, sequences.values())),
        "clusters": len(set(cluster_of.values())),
        "splits": dict(sorted(Counter(split.values()).items())),
        "residues_per_split": {
            name: sum(len(sequences[c]) for c in sequences if split[c] == name) for name in sorted(set(split.values()))
        },
        "mini": dict(sorted(Counter(split[chain] for chain in mini).items())),
        "bytes": target.stat().st_size,
        "sha256": digest,
        "sha256_of_table": hashlib.sha256(table).hexdigest(),
        "mmseqs": subprocess.run(["mmseqs", "version"], capture_output=True, text=True).stdout.strip(),
    }
    (SPLITS / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(summary, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
