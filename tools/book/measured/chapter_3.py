"""Chapter 3: what a missing mask does, and where UniProt and DSSP differ."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

CONTEXT = {"seed": 0, "command": "make chapters CHAPTERS=03_uniprot"}


def lead(chapter: SimpleNamespace, entries: str) -> dict[str, float]:
    """By how many points the model is ahead of always coil: with unknown read as coil, and with the mask."""
    naive, masked = np.subtract(*(chapter.scores[entries][name] for name in ("model", "always coil")))
    return {"naive": 100 * naive, "masked": 100 * masked}


def check(chapter: SimpleNamespace) -> None:
    """The constant wins on the naive labels of the six entries, and nowhere else."""
    recent, of_all = lead(chapter, "six of 2022"), lead(chapter, "all 44")
    assert recent["naive"] < 0 < min(recent["masked"], *of_all.values())


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    shares = pd.crosstab(chapter.both["DSSP"], chapter.both["UniProt"], normalize="index")
    whole, six = chapter.table["all 44"], chapter.table["six of 2022"]
    recent, of_all = lead(chapter, "six of 2022"), lead(chapter, "all 44")
    return {
        "unknown_coil_share": whole["share unknown"],
        "recent_unknown_coil_share": six["share unknown"],
        "always_coil_naive": whole["always coil, naive"],
        "always_coil_masked": whole["always coil, masked"],
        "agreement": {"value": chapter.q3, "low": chapter.low, "high": chapter.high},
        "disagreement": 1 - chapter.q3,
        "turn_share": shares.loc["T", "T"],
        "bend_share": shares.loc["S", "E"],
        "first_residue_lost": chapter.wrong_share(1, 0),
        "shifted": chapter.wrong_share(1, 1),
        "model_ahead": recent["masked"],
        "coil_ahead": -recent["naive"],
        "model_ahead_all": of_all["masked"],
        "model_ahead_naive": of_all["naive"],
    }
