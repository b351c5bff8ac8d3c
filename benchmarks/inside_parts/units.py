"""Units of the small model held still, and linear probes on its layers."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from honesty_parts.recipe import as_numbers, over_families

import pssp_tutorial as pssp
from inside_parts.shared import EXPOSED, SEEDS, Records, untrained

MICROSCOPE = Path(__file__).parents[2] / "book" / "results" / "microscope.json"
GROUPS = (1, 2, 4, 8, 16, 32, 64)
DRAWS = 10
WINDOW = 8  # residues to either side that the linear window sees


def silencing(model: pssp.BiLSTM, records: Records) -> dict[str, Any]:
    """Recall of helix and strand with units of the last layer held at their mean: each alone, and groups."""
    features = layers_of(model, records)[-1]
    helix = torch.tensor([state == "H" for record in records for state in pssp.reduce_states(record.structure)])
    r = np.corrcoef(features.T.numpy(), helix.numpy())[-1, :-1]
    order, mean = np.argsort(-np.abs(r)), features.mean(dim=0)
    intact = pssp.evaluate(model, records, device="cpu")

    def change(units: Sequence[int]) -> dict[str, float]:
        report = pssp.evaluate(pssp.silenced(model, list(units), mean[list(units)]), records, device="cpu")
        recalls = {state: 100 * (report.recall[state] - intact.recall[state]) for state in "HE"}
        precision = 100 * (report.precision["H"] - intact.precision["H"])
        return recalls | {"precision_H": precision, "q3": 100 * (report.q3 - intact.q3)}

    rng = np.random.default_rng(0)
    answer: dict[str, Any] = {
        "chains": len(records), "recall": intact.recall, "precision": intact.precision, "q3": intact.q3, "r": r,
        "best": int(order[0]), "unit": int(json.loads(MICROSCOPE.read_text())["values"]["unit"]["number"]),
        "alone": [change([unit]) for unit in range(len(r))],
    }  # fmt: skip
    helix_changes = np.array([each["H"] for each in answer["alone"]])
    answer["unit_r"] = r[answer["unit"]]
    answer["unit_change"] = helix_changes[answer["unit"]]
    answer["unit_rank"] = 1 + int((helix_changes < helix_changes[answer["unit"]]).sum())
    answer["lowest"], answer["highest"] = helix_changes.min(), helix_changes.max()
    print("units done", flush=True)
    answer["groups"] = {
        str(size): {
            "followers": change(order[:size].tolist()),
            "random": [change(rng.permutation(len(r))[:size].tolist()) for _ in range(DRAWS)],
        }
        for size in GROUPS
    }
    return answer


def probing(model: pssp.BiLSTM, records: Records) -> dict[str, Any]:
    """Accuracy of linear probes for being exposed, and of the control task, on chains that the probe has not seen."""
    half = len(records) // 2
    parts = {"train": records[:half], "test": records[half:]}
    exposed = {name: torch.cat([torch.tensor(record.accessibility >= EXPOSED) for record in part]).long()
               for name, part in parts.items()}  # fmt: skip
    features: dict[str, dict[str, torch.Tensor]] = {}
    for name, part in parts.items():
        letter, first, second = layers_of(model, part)
        found = {"letter": letter, "window": windows(part), "layer_1": first, "layer_2": second}
        for seed in SEEDS:
            found |= {f"untrained_{layer}_{seed}": values
                      for layer, values in enumerate(layers_of(untrained(seed), part)) if layer}  # fmt: skip
        for key, values in found.items():
            features.setdefault(key, {})[name] = values
    controls = [pssp.control_labels([record.sequence for record in records], seed=seed) for seed in SEEDS]
    ids = np.repeat([record.id for record in parts["test"]], list(map(len, parts["test"])))
    answer: dict[str, Any] = {"train_chains": half, "test_chains": len(parts["test"]), "exposed": EXPOSED}
    share = exposed["test"].float().mean().item()
    answer["majority"] = max(share, 1 - share)

    def hits(values: dict[str, torch.Tensor], train: torch.Tensor, test: torch.Tensor) -> np.ndarray:
        return (pssp.linear_probe(values["train"], train)(values["test"]).argmax(dim=1) == test).numpy()

    right = {}
    for key, values in features.items():
        right[key] = hits(values, exposed["train"], exposed["test"])
        answer[key] = {"task": as_numbers(over_families(right[key].astype(float), np.ones(len(ids)), ids))}
        if "untrained" not in key:
            learned = []
            for control in controls:
                train, test = (torch.from_numpy(np.concatenate(part)) for part in (control[:half], control[half:]))
                learned.append(hits(values, train, test).mean())
            answer[key] |= {"control": float(np.mean(learned)), "control_seeds": learned}
        print(key, answer[key], flush=True)
    for key in ("letter", "window", "untrained_1_0"):
        gain = right["layer_1"].astype(float) - right[key]
        answer[f"layer_1_over_{key}"] = as_numbers(over_families(100 * gain, np.ones(len(ids)), ids))
    return answer


def layers_of(model: pssp.BiLSTM, records: Records) -> list[torch.Tensor]:
    """What a residue is after each layer, the one-hot input first: [residue, channel], chains one after another."""
    parts: list[list[torch.Tensor]] = [[] for _ in range(1 + len(model.layers))]
    with torch.inference_mode():
        for record in records:
            one_hot, length = pssp.encode(record)[None], torch.tensor([len(record)])
            values = model.embed(one_hot, length)
            parts[0].append(one_hot[0])
            for kept, layer in zip(parts[1:], model.layers, strict=True):
                values = layer(values, length)
                kept.append(values[0])
    return [torch.cat(kept).clone() for kept in parts]


def windows(records: Records) -> torch.Tensor:
    """The letters around each residue, one-hot: [residue, 17 x 21]."""
    return torch.cat([
        torch.nn.functional.pad(pssp.encode(record), (0, 0, WINDOW, WINDOW)).unfold(0, 2 * WINDOW + 1, 1).flatten(1)
        for record in records
    ])  # fmt: skip
