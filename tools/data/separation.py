"""Step 3: prove that no chain of train, val or test has a homolog in another of the three.

    python tools/data/separation.py data/splits/separation.json

Needs MMseqs2 on the PATH. Every split is searched against every other, in both directions, at
E ≤ 1e-3 and the highest sensitivity; the counts go to the named file, and one hit makes the exit code 1.
"""

import json
import sys
import tempfile
from itertools import permutations
from pathlib import Path

import split as build

import pssp_tutorial as pssp
from pssp_tutorial.core.resources import own_digests
from pssp_tutorial.proteins.chains import default_path

EVALUE = 0.001


def main(target: Path) -> int:
    chains = pssp.load_chains()
    sequences = {name: {record.id: record.sequence for record in chains.of(name)} for name in ("train", "val", "test")}
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for query, searched in permutations(sequences, 2):
            found = build.hits(sequences[query], sequences[searched], Path(folder), EVALUE)
            counts[f"{query} in {searched}"] = len(found)
            print(f"{query} ({len(sequences[query])} chains) in {searched}: {len(found)} hits", *sorted(found)[:5])
    document = {
        "hits": counts,
        "hits_total": sum(counts.values()),
        "search": "mmseqs easy-search " + " ".join(build.search(EVALUE)),
        "chains": {name: len(split) for name, split in sequences.items()},
        "table_sha256": own_digests(default_path())[0],
    }
    target.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return 1 if document["hits_total"] else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
