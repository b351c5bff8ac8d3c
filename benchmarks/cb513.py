"""CB513 (Cuff and Barton 1999), in the form that NetSurfP-2.0 gave it: read from a path, or fetched and checked.

The file stays out of the repository: it is for measuring only. The environment variable PSSP_CB513 may name it.
"""

import csv
import hashlib
import os
from pathlib import Path

import requests

import pssp_tutorial as pssp
from pssp_tutorial.core.files import write_atomically

URL = "https://huggingface.co/datasets/proteinea/secondary_structure_prediction/resolve/main/CB513.csv"
SHA256 = "829e357259fd132e945af4ea4ffa4233f135e886b749a2fc5111b41102537afc"
FETCHED = Path("build/benchmarks/cb513.csv")


def read_cb513(path: str | Path | None = None) -> list[pssp.ProteinRecord]:
    """The 511 proteins with eight states; `?` where a residue is not scored (disordered, or outside CB513's domain)."""
    path = Path(path or os.environ.get("PSSP_CB513") or _fetch())
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{path}: not the expected CB513 (SHA-256 {SHA256[:16]}…)")
    records = []
    with path.open(newline="") as handle:
        for number, row in enumerate(csv.DictReader(handle, skipinitialspace=True), start=1):
            columns = [row[name].split() for name in ("input", "dssp8", "disorder", "cb513_mask")]
            sequence, states, ordered, masked = columns
            scored = (float(one) == float(other) == 1 for one, other in zip(ordered, masked, strict=True))
            structure = "".join(state if score else "?" for state, score in zip(states, scored, strict=True))
            records.append(pssp.ProteinRecord(f"cb513_{number}", "".join(sequence), structure, source="CB513"))
    return records


def _fetch() -> Path:
    if not FETCHED.exists():
        try:
            answer = requests.get(URL, timeout=30)
            answer.raise_for_status()
        except requests.RequestException as error:
            raise SystemExit(f"CB513 can't be fetched ({error}); name the file: PSSP_CB513=PATH") from error
        with write_atomically(FETCHED) as handle:
            handle.write(answer.content)
    return FETCHED
