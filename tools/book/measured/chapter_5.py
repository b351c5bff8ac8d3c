"""Chapter 5: what is lost when padding is reversed, and how far a model looks."""

from types import SimpleNamespace
from typing import Any

import torch

import pssp_tutorial as pssp

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    batch, effects = chapter.batch, chapter.effects
    with pssp.evaluating(chapter.model), torch.no_grad():
        spread = chapter.model(batch.inputs, batch.lengths)[batch.mask].std(dim=0).mean().item()
    return {
        "gradient_ratio": chapter.gradient_ratio,
        "loss_floor": chapter.floor,
        "parameters": chapter.count,
        "gap_own": chapter.gaps["own length"],
        "gap_flipped": chapter.gaps["whole row"],
        "effects": effects,
        "effect_in_spreads": effects["Forgetful"] / spread,
        **{f"reach_bias_{bias}": chapter.reach[f"BiLSTM, bias {bias}"] for bias in (0, 1)},
    }


def check(chapter: SimpleNamespace) -> None:
    """Rows reversed with their padding differ by more than the outputs themselves vary."""
    assert chapter.gaps["whole row"] > chapter.expected[chapter.batch.mask].std()
