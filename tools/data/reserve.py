"""Once, between steps 2 and 3: list the chains of train and val that MMseqs2 relates to a protein of CB513.

    python tools/data/reserve.py data/splits/reserved_by_search.txt [cb513.csv]

Needs MMseqs2 on the PATH, and CB513: the named file, that of the environment variable PSSP_CB513, or fetched. The list
only grows: chains on it are `reserved` already, so that they are not found again. Then split.py is run once more.
The search is split.py's: both ways, ten times looser than the E ≤ 1e-3 at which benchmarks/release.py counts.
"""

import sys
import tempfile
from pathlib import Path

import split as build

import pssp_tutorial as pssp

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
from cb513 import read_cb513


def main(target: Path, cb513: str | None = None) -> None:
    chains = pssp.load_chains()
    learnt = {record.id: record.sequence for record in (*chains.train, *chains.val)}
    proteins = {record.id: record.sequence for record in read_cb513(cb513)}
    with tempfile.TemporaryDirectory() as folder:
        found = build.related(proteins, learnt, Path(folder))
    listed = set(target.read_text(encoding="utf-8").split()) if target.exists() else set()
    target.write_text("".join(f"{chain}\n" for chain in sorted(listed | found)), encoding="utf-8")
    print(f"{len(found)} chains found, {len(listed | found)} listed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
