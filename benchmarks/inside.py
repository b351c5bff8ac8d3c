"""Look inside the release model and the small one: mutants, reach, silenced units, probes, attributions (chapter 13).

    PSSP_RESULTS=benchmarks/results python benchmarks/inside.py
    PSSP_RESULTS=build python benchmarks/inside.py --sites 3 --chains 8  # a trial of a few minutes

One thread, about a quarter of an hour. Everything is measured on validation chains. Trained are the probes, on one half
of these chains, and two networks of chapter 11's shape with attention, for four epochs on its 600 chains. A part that
is done is kept in build/inside and not measured again. Validation holds one chain of each cluster, so chains are drawn
with replacement for the intervals.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from inside_parts.attention import attention
from inside_parts.maps import attributing
from inside_parts.mutants import counted, mutants
from inside_parts.shared import SEEDS, untrained
from inside_parts.units import probing, silencing

import pssp_tutorial as pssp

KEPT = Path(__file__).parents[1] / "build" / "inside"
LONGEST = 200  # residues
DRAWN = {"chains": [0], "silencing": [0]}  # seeds: of the chains looked at, of random groups of units, and of networks
DRAWN |= {part: list(SEEDS) for part in ("probing", "attributions", "mutants", "attention")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sites", type=int, default=120, help="helices, and strands, that are mutated")
    parser.add_argument("--chains", type=int, default=200, help="chains of the other parts")
    options = parser.parse_args()
    torch.set_num_threads(1)
    chains = pssp.load_chains()
    val = [record for record in chains.val if len(record) <= LONGEST]
    order = np.random.default_rng(0).permutation(len(val))
    some = [val[index] for index in order[: options.chains]]
    release, small = pssp.load_pretrained("release"), pssp.load_pretrained("small")
    models = {"release": release, "small": small} | {f"untrained_{seed}": untrained(seed) for seed in SEEDS}
    trial = f"_{options.sites}_{options.chains}"
    parts = {
        "silencing": lambda: silencing(small, some),
        "probing": lambda: probing(small, some),
        "attributions": lambda: attributing(small, some[: options.chains // 5]),
        "mutants": lambda: mutants(models, val, options.sites),
        "counted": lambda: counted(chains.train),
        "attention": lambda: attention(max(2, options.chains // 8)),
    }
    values = {name: kept(name + trial, measure) for name, measure in parts.items()}
    values["models"] = {"release": release.name, "small": small.name}
    pssp.save_results("inside", values, command="python benchmarks/inside.py", seeds=DRAWN, threads=1)


def kept(name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a part measured, from its file where there is one."""
    path = KEPT / f"{name}.json"
    if not path.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(measure(), default=lambda value: value.tolist()))
    return json.loads(path.read_text())


if __name__ == "__main__":
    main()
