"""What the parts share: chapter 6's chains, model and recipe, and trainings that a killed run takes up again."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

import pssp_tutorial as pssp
from pssp_tutorial.evaluation.bootstrap import Interval

RUNS = Path(__file__).parents[2] / "build" / "honesty"
RECIPE: dict[str, Any] = {"max_epochs": 7, "learning_rate": 8e-3, "schedule": "cosine", "warmup_epochs": 0.5}
CHAINS, LONGEST, BATCH_RESIDUES = 1_500, 300, 4_000
CONTEXT = {"threads": 1, "training_chains": CHAINS, "hidden_size": 64}


def chapter_records() -> list[pssp.ProteinRecord]:
    """The chains that chapter 6 trains on."""
    short = [record for record in pssp.load_chains().train if len(record) <= LONGEST]
    picked = torch.randperm(len(short), generator=torch.Generator().manual_seed(0))[:CHAINS]
    return [short[index] for index in picked.tolist()]


def trained(
    name: str,
    train: pssp.Loader,
    val: pssp.Loader,
    *,
    model_class: type[nn.Module] = pssp.BiLSTM,
    seed: int = 0,
    hidden_size: int = 64,
    dropout: float = 0.3,
    **changes: Any,
) -> nn.Module:
    """A model of chapter 6's size and recipe, apart from what ``changes``; a finished run is read, not repeated."""
    RUNS.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    model = model_class(hidden_size=hidden_size, dropout=dropout)
    history = pssp.fit(model, train, val, seed=seed, checkpoint=RUNS / f"{name}.pt", **{**RECIPE, **changes})
    scores = history.frame["val_accuracy"].round(3).tolist()
    print(f"{name}: validation accuracy by epoch {scores}, best epoch {history.best_epoch}", flush=True)
    return model


def as_numbers(interval: Interval) -> dict[str, float]:
    """An interval as a results file keeps it."""
    return interval._asdict()
