"""Chapter 7: the trained model taken apart."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import pssp_tutorial as pssp

CONTEXT = {"seed": 0, "training_chains": 1_500, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    report, residues, sure = chapter.report, chapter.residues, chapter.sure
    return {
        "test_q3": chapter.q3,
        "majority": chapter.majority,
        "interval_low": chapter.low,
        "interval_high": chapter.high,
        "half_width": chapter.half[chapter.size],
        "half_width_115": chapter.half[115],
        "half_width_residues": chapter.naive,
        **{name: getattr(report, name) for name in ("precision", "recall", "f1", "mcc", "sov")},
        "constant_f1": everything_is_helix(chapter.counts),
        "macro_f1": report.macro_f1,
        "weighted_f1": report.weighted_f1,
        "q_per_protein": report.q_per_protein,
        "spread": chapter.spread,
        "spread_by_chance": chapter.by_chance,
        "confidence": residues["confidence"].mean(),
        "sure": len(sure) / len(residues),
        "sure_accuracy": sure["right"].mean(),
        "train_q3": chapter.trained.q3,
        "strict_q3": chapter.stricter.q3,
        "too_short": float(np.mean(chapter.too_short)),
        "ece": chapter.curve.error,
    }


def everything_is_helix(counts: np.ndarray) -> float:
    """F1 of helix for a model that says nothing else."""
    constant = np.zeros_like(counts)
    constant[:, 0] = counts.sum(axis=1)
    return float(pssp.f1(constant)[0])
