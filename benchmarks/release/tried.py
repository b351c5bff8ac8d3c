"""What might have made a better release, on the validation chains: new seeds, a student of several, a third layer.

    pssp train benchmarks/release/third.toml
    pssp train benchmarks/release/tried.toml
    PSSP_RESULTS=benchmarks/results python benchmarks/release/tried.py

Scored are the networks that the recipes wrote, one run each, and the mean of the probabilities of the release and the
two new seeds. Gains over the release are in points of Q3, with 95% intervals that draw families. Two and three layers
are compared seed by seed by their losses and Q8 at the last epoch that all four runs have, so unfinished runs will do.
A minute.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

import pssp_tutorial as pssp
from pssp_tutorial.training.checkpoints import load_checkpoint

sys.path.append(str(Path(__file__).parents[1]))
from honesty_parts.recipe import over_families

BUILT = Path(__file__).parents[2] / "build" / "tried"
SEEDS = ("seed_3", "seed_4")
LAYERS = {"two": SEEDS, "three": ("three_layers_3", "three_layers_4")}


def main() -> None:
    chains = pssp.load_chains()
    family = dict(zip(chains.table["id"], chains.table["cluster"], strict=True))
    families = [family[record.id] for record in chains.val]
    true = [pssp.encode_states(pssp.reduce_states(record.structure or "")) for record in chains.val]
    residues = np.array([(states >= 0).sum() for states in true])
    files = {name: BUILT / f"{name}.safetensors" for name in (*SEEDS, "student")}
    files["longer"] = BUILT.with_name("third") / "mean.safetensors"
    models = {name: pssp.load_pretrained(path) for name, path in {"release": "release", **files}.items()}
    found = {
        name: [each.probabilities for each in pssp.predict(model, list(chains.val))] for name, model in models.items()
    }
    found["together"] = [np.mean(each, axis=0) for each in zip(*(found[n] for n in ("release", *SEEDS)), strict=True)]
    hits = {
        name: np.array([(each.argmax(axis=1) == states).sum() for each, states in zip(shares, true, strict=True)])
        for name, shares in found.items()
    }
    values: dict[str, Any] = {}
    for name, right in hits.items():
        gain = over_families(right - hits["release"], residues, families)
        points = {f"{end}_points": 100 * value for end, value in gain._asdict().items()}
        values[name] = {"q3": right.sum() / residues.sum(), **points}
    values |= third_layer()
    rows = load_checkpoint(BUILT / "student.pt")["rows"]
    values["student"] |= {"losses": [row["val_loss"] for row in rows], "epochs": len(rows)}
    for name, value in values.items():
        print(name, value)
    about = {"split": "val", "models": {name: model.name for name, model in models.items()}}
    pssp.save_results("release_tried", values, command="python benchmarks/release/tried.py", **about)


def third_layer() -> dict[str, Any]:
    """Losses and Q8 of each seed with two and with three layers, after as many epochs as all have."""
    runs = {name: load_checkpoint(BUILT / f"{name}.pt")["rows"] for names in LAYERS.values() for name in names}
    epochs = min(map(len, runs.values()))
    last = {name: rows[epochs - 1] for name, rows in runs.items()}
    values: dict[str, Any] = {"compared_epochs": epochs}
    for layers, names in LAYERS.items():
        values[f"{layers}_layers"] = {
            "loss": [last[name]["val_loss"] for name in names],
            "q8": [last[name]["val_accuracy"] for name in names],
        }
    return values


if __name__ == "__main__":
    main()
