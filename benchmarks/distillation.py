"""A network a twentieth of the release's size that learns from labels, from the release model, or from both.

    PSSP_RESULTS=benchmarks/results python benchmarks/distillation.py

The students are BiLSTMs of 64 units on chapter 6's 1,500 chains, in eight states, three seeds each; only what the loss
follows differs. The epoch is chosen by the loss on half of the validation chains, the other half is scored. Speeds: 200
validation chains, one thread, best of five rounds in which the models take turns. One thread, about ten minutes; a
training that was made is kept in build/distillation.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from backends import CHAINS, speeds
from honesty_parts.recipe import BATCH_RESIDUES, RECIPE, SEEDS, chapter_records, over_families, over_seeds
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.batches.profiles import ProfileLoader
from pssp_tutorial.training.distillation import MultiTask, teach

HIDDEN = 64
SHARES = {"labels": 0.0, "labels and teacher": 0.5, "teacher": 1.0}  # of the loss that follows the teacher
RUNS = Path(__file__).parents[1] / "build" / "distillation"


def student(
    records: list[pssp.ProteinRecord],
    taught: dict[str, np.ndarray],
    stopping: pssp.Loader,
    share: float,
    seed: int,
) -> nn.Module:
    """Train one student; its model without the heads of the other tasks, which weigh nothing here."""
    nothing = {record.id: np.zeros((len(record), 20), np.uint8) for record in records}
    train = ProfileLoader(tuple(records), BATCH_RESIDUES, classes=8, profiles=nothing, teacher=taught, seed=seed)
    torch.manual_seed(seed)
    tasks = {"teacher_weight": share, "profile_weight": 0.0, "accessibility_weight": 0.0}
    model = MultiTask(pssp.BiLSTM(HIDDEN, num_classes=8), **tasks)
    pssp.fit(model, train, stopping, objective=MultiTask.loss, seed=seed, **RECIPE)
    return model.model


def hits(
    name: str, records: list[pssp.ProteinRecord], teacher: nn.Module, taught: dict[str, np.ndarray], seed: int
) -> np.ndarray:
    """Right residues of each scored chain by one student, which is trained once and then read."""
    val = pssp.load_chains().val
    kept = RUNS / f"{name.replace(' ', '_')}_{seed}.json"
    if not kept.exists():
        if not taught:
            taught |= teach([teacher], pssp.make_loader(records, 16_000))
        model = student(records, taught, pssp.make_loader(val[::2], 16_000, classes=8), SHARES[name], seed)
        report = pssp.evaluate(model, pssp.make_loader(val[1::2], 16_000))
        RUNS.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(report.confusions.trace(axis1=1, axis2=2).tolist()), encoding="utf-8")
        print(f"{kept.stem}: {report.q3:.4f}", flush=True)
    return np.array(json.loads(kept.read_text(encoding="utf-8")))


def main() -> None:
    torch.set_num_threads(1)
    chains, release = pssp.load_chains(), pssp.load_pretrained()
    scored, records = chains.val[1::2], chapter_records()
    family = dict(zip(chains.table["id"], chains.table["cluster"], strict=True))
    names, lengths = [family[one.id] for one in scored], np.array([len(one) for one in scored])
    taught: dict[str, np.ndarray] = {}
    found = {name: np.array([hits(name, records, release, taught, seed) for seed in SEEDS]) for name in SHARES}
    students: dict[str, Any] = {}
    for name, each in found.items():
        gain = over_families((each - found["labels"]).mean(axis=0), lengths, names)
        students[name] = over_seeds((each.sum(axis=1) / lengths.sum()).tolist())
        students[name] |= {f"{end}_points": 100 * value for end, value in gain._asdict().items()}
    small = pssp.BiLSTM(HIDDEN, num_classes=8).eval()
    models = {"release": release, "student": small}
    ways = {name: lambda those, model=model: pssp.predict(model, list(those)) for name, model in models.items()}
    rates = speeds(ways, chains.val[:CHAINS])
    values = {
        "students": students,
        "teacher_q3": pssp.evaluate(release, pssp.make_loader(scored, 16_000)).q3,
        "weights": {name: pssp.count_parameters(model) for name, model in models.items()},
        "per_second": rates,
        "ratio": rates["student"] / rates["release"],
        "chains": len(records),
    }
    context = {"threads": 1, "split": "half of val", "model": release.name, **RECIPE}
    pssp.save_results("distillation", values, seeds=list(SEEDS), **context, command="python benchmarks/distillation.py")


if __name__ == "__main__":
    main()
