"""What the parts share: chapter 6's chains and model, a short recipe, runs made once, and intervals over families."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import Interval

Records = Sequence[pssp.ProteinRecord]

RUNS = Path(__file__).parents[2] / "build" / "honesty"
RECIPE: dict[str, Any] = {"max_epochs": 7, "learning_rate": 8e-3, "schedule": "cosine", "warmup_epochs": 0.5}
CHAINS, LONGEST, BATCH_RESIDUES = 1_500, 300, 4_000
SEEDS = (0, 1, 2)
DRAWS = 10_000
CONTEXT = {"threads": 1, "training_chains": CHAINS, "hidden_size": 64}


@dataclass(frozen=True)
class Run:
    """One training: what the model predicts for each set of chains, and what the run says of itself."""

    predicted: dict[str, list[np.ndarray]]  # class numbers int[length], chain by chain, by the set's name
    about: dict[str, float]  # best_epoch, and of each set the loss and the mean confidence


def chapter_records() -> list[pssp.ProteinRecord]:
    """The chains that chapter 6 trains on."""
    short = [record for record in pssp.load_chains().train if len(record) <= LONGEST]
    picked = torch.randperm(len(short), generator=torch.Generator().manual_seed(0))[:CHAINS]
    return [short[index] for index in picked.tolist()]


def trained(
    name: str,
    train: pssp.Loader,
    val: pssp.Loader,
    scored: Mapping[str, Records],
    *,
    model_class: type[nn.Module] = pssp.BiLSTM,
    seed: int = 0,
    hidden_size: int = 64,
    dropout: float = 0.3,
    **changes: Any,
) -> Run:
    """Train a model of chapter 6's size by this recipe, but for ``changes``, and predict; made once, then read."""
    kept = RUNS / f"{name}_{seed}.npz"
    if not kept.exists():
        torch.manual_seed(seed)
        model = model_class(hidden_size=hidden_size, dropout=dropout)
        history = pssp.fit(model, train, val, seed=seed, **{**RECIPE, **changes})
        arrays, about = {}, {"best_epoch": history.best_epoch, "epochs": len(history.rows)}
        for split, records in scored.items():
            predictions = pssp.predict(model, list(records))
            arrays[split] = np.concatenate([pssp.encode_states(prediction.states) for prediction in predictions])
            about[f"{split}_confidence"] = float(np.concatenate([each.confidence for each in predictions]).mean())
            about[f"{split}_loss"] = pssp.validate(model, pssp.make_loader(records)).loss
        RUNS.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(kept, about=json.dumps(about), **{k: v.astype(np.int8) for k, v in arrays.items()})
        print(f"{kept.stem}: {about}", flush=True)
    with np.load(kept) as archive:
        ends = {split: np.cumsum([len(record) for record in records])[:-1] for split, records in scored.items()}
        predicted = {split: np.split(archive[split].astype(np.int64), ends[split]) for split in scored}
        return Run(predicted, json.loads(str(archive["about"])))


def report(records: Records, predicted: Sequence[np.ndarray]) -> pssp.Report:
    """Score class numbers against the records' states."""
    true = [pssp.encode_states(pssp.reduce_states(record.structure)) for record in records]
    return pssp.Report.from_labels(true, predicted, ids=[record.id for record in records])


def hits_of(reports: Sequence[pssp.Report]) -> np.ndarray:
    """Right residues of each protein, a mean over the seeds: float[protein]."""
    return np.mean([each.confusions.trace(axis1=1, axis2=2) for each in reports], axis=0)


def over_families(hits: np.ndarray, residues: np.ndarray, families: Sequence[str]) -> Interval:
    """``hits`` per residue with a 95% interval that draws families with replacement.

    Chains of a family are right and wrong together, so they are drawn together.
    """
    names, member = np.unique(families, return_inverse=True)
    sums = np.stack([np.bincount(member, each, len(names)) for each in (hits, residues)])
    drawn = np.random.default_rng(0).integers(len(names), size=(DRAWS, len(names)))
    top, bottom = (each[drawn].sum(axis=1) for each in sums)
    low, high = np.quantile(top / bottom, [0.025, 0.975]).tolist()
    return Interval(float(hits.sum() / residues.sum()), low, high)


def as_numbers(interval: Interval) -> dict[str, float]:
    """An interval as a results file keeps it."""
    return interval._asdict()


def over_seeds(scores: Sequence[float]) -> dict[str, Any]:
    """A score's mean over the seeds, each seed's, and their standard deviation."""
    return {"mean": np.mean(scores), "seeds": list(scores), "standard_deviation": np.std(scores, ddof=1)}
