"""How much more chains help: chapter 6's model and settings on 375 to all 13,091 training chains, three seeds each.

    PSSP_RESULTS=benchmarks/results python benchmarks/learning_curve.py

Each training runs until the validation loss stops falling, so that no size is cut short. The smaller sets are parts of
the larger ones. Half of the validation chains stop the training, the other half is scored. A size's gain is over the
next smaller one, on the same residues. One thread, 16-bit numbers where the processor has them, some two hours; a run
that was made is kept in build/learning_curve.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from honesty_parts.recipe import as_numbers, over_families, over_seeds

import pssp_tutorial as pssp

RUNS = Path(__file__).parents[1] / "build" / "learning_curve"
SIZES = (375, 750, 1_500, 3_000, 6_000, 13_091)
SEEDS = (0, 1, 2)
BATCH_RESIDUES = 8_000
SETTINGS: dict[str, Any] = {"schedule": "plateau", "patience": 3, "max_epochs": 40, "warmup_epochs": 0.5}


def run(size: int, seed: int, rate: float) -> dict[str, Any]:
    """Right residues of each scored chain, and how long the training was."""
    kept = RUNS / f"{size}_{seed}.json"
    if not kept.exists():
        chains = pssp.load_chains()
        order = np.random.default_rng(0).permutation(len(chains.train))
        records = [chains.train[index] for index in order[:size]]
        torch.manual_seed(seed)
        model = pssp.BiLSTM(hidden_size=64)
        train = pssp.make_loader(records, BATCH_RESIDUES, seed=seed)
        stopping = pssp.make_loader(chains.val[::2], 16_000)
        history = pssp.fit(model, train, stopping, learning_rate=rate, seed=seed, bfloat16=True, **SETTINGS)
        report = pssp.evaluate(model, pssp.make_loader(chains.val[1::2], 16_000))
        found = {
            "hits": report.confusions.trace(axis1=1, axis2=2).tolist(),
            "residues": report.confusions.sum(axis=(1, 2)).tolist(),
            "epochs": len(history.rows),
            "training_residues": sum(map(len, records)),
        }
        RUNS.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found))
        print(kept.stem, report.q3, len(history.rows), flush=True)
    return json.loads(kept.read_text())


def main() -> None:
    torch.set_num_threads(1)
    rate = pssp.read_results("settings")["chosen"]["rate"]
    ids = [record.id for record in pssp.load_chains().val[1::2]]  # each the only one of its family
    sizes, smaller = [], None
    for size in SIZES:
        runs = [run(size, seed, rate) for seed in SEEDS]
        residues = np.array(runs[0]["residues"])
        hits = np.mean([each["hits"] for each in runs], axis=0)
        q3 = [sum(each["hits"]) / residues.sum() for each in runs]
        row = {"chains": size, "training_residues": runs[0]["training_residues"], "epochs": [r["epochs"] for r in runs]}
        if smaller is not None:
            row["gain"] = as_numbers(over_families(hits - smaller, residues, ids))
        sizes.append(row | as_numbers(over_families(hits, residues, ids)) | over_seeds(q3))
        smaller = hits
    context = {"hidden_size": 64, "threads": 1, "split": "half of val", "learning_rate": rate, **SETTINGS}
    pssp.save_results(
        "learning_curve", {"sizes": sizes}, seeds=list(SEEDS), **context, command="python benchmarks/learning_curve.py"
    )


if __name__ == "__main__":
    main()
