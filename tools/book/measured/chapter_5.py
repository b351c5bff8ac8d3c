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
        "parameters": chapter.count,
        "gap_own": chapter.gaps["own length"],
        "gap_flipped": chapter.gaps["whole row"],
        "effects": effects,
        "effect_in_spreads": effects["Forgetful"] / spread,
        **{f"reach_bias_{bias}": chapter.reach[f"BiLSTM, forget bias {bias}"] for bias in (0, 1)},
        "reach_trained": chapter.reach["BiLSTM, trained"],
    }


def check(chapter: SimpleNamespace) -> None:
    """Rows flipped whole differ by more than the outputs vary; untrained, a residue sees less than two turns."""
    assert chapter.gaps["whole row"] > chapter.expected[chapter.batch.mask].std()
    assert chapter.reach["BiLSTM, forget bias 0"] < 2 * 3.6
