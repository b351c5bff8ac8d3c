"""How chapter 6's settings were chosen: a small search, on half of the validation chains.

    PSSP_RESULTS=benchmarks/results python benchmarks/settings.py

Rates and schedules are tried on chapter 6's chains and model, once each. The three best by validation loss are trained
from two more seeds, and the one with the lowest mean loss is the choice. The other half of the validation chains has no
say: it tells what the choice is worth. One thread, about an hour; a run that was made is kept in build/settings.
"""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from honesty_parts.recipe import BATCH_RESIDUES, CHAINS, chapter_records

import pssp_tutorial as pssp

RUNS = Path(__file__).parents[1] / "build" / "settings"
RATES = (2e-3, 4e-3, 8e-3, 16e-3)
SCHEDULES: dict[str, dict[str, Any]] = {
    "cosine": {"schedule": "cosine", "max_epochs": 12},
    "plateau": {"schedule": "plateau", "max_epochs": 30},
}
COMMON = {"patience": 3, "warmup_epochs": 0.5}
FINALISTS, SEEDS = 3, (0, 1, 2)


def run(schedule: str, rate: float, seed: int) -> dict[str, Any]:
    """Loss and Q3 of one training on either half of the validation chains."""
    kept = RUNS / f"{schedule}_{rate:g}_{seed}.json"
    if not kept.exists():
        val = pssp.load_chains().val
        train = pssp.make_loader(chapter_records(), batch_residues=BATCH_RESIDUES, seed=seed)
        torch.manual_seed(seed)
        model = pssp.BiLSTM(hidden_size=64)
        settings = COMMON | SCHEDULES[schedule]
        history = pssp.fit(model, train, pssp.make_loader(val[::2]), learning_rate=rate, seed=seed, **settings)
        best = history.frame.iloc[history.best_epoch - 1]
        found = {
            "loss": float(best["val_loss"]),
            "q3": float(best["val_accuracy"]),
            "q3_elsewhere": pssp.evaluate(model, val[1::2]).q3,
            "best_epoch": history.best_epoch,
            "epochs": len(history.rows),
            "stopped_early": history.stopped_early,
        }
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(found))
        print(kept.stem, found, flush=True)
    return json.loads(kept.read_text())


def main() -> None:
    torch.set_num_threads(1)
    tried = {(schedule, rate): run(schedule, rate, 0) for schedule, rate in product(SCHEDULES, RATES)}
    finalists = sorted(tried, key=lambda name: tried[name]["loss"])[:FINALISTS]
    repeated = {name: [run(*name, seed) for seed in SEEDS] for name in finalists}
    table = [{"schedule": name[0], "rate": name[1], **found} for name, found in tried.items()]
    final = [
        {
            "schedule": schedule,
            "rate": rate,
            **{key: [each[key] for each in runs] for key in runs[0]},
            "mean_loss": float(np.mean([each["loss"] for each in runs])),
            "mean_q3_elsewhere": float(np.mean([each["q3_elsewhere"] for each in runs])),
        }
        for (schedule, rate), runs in repeated.items()
    ]
    chosen = min(final, key=lambda row: row["mean_loss"])
    values = {"tried": table, "final": final, "chosen": {key: chosen[key] for key in ("schedule", "rate")}}
    context = {"training_chains": CHAINS, "hidden_size": 64, "threads": 1, "split": "val", **COMMON}
    pssp.save_results("settings", values, seeds=list(SEEDS), **context, command="python benchmarks/settings.py")


if __name__ == "__main__":
    main()
