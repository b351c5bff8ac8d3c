"""Chapter 21: what is missing, who was lost, and how far back an LSTM must look."""

from types import SimpleNamespace
from typing import Any

import numpy as np

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "live": {name: dict(zip(("value", "low", "high"), each, strict=True)) for name, each in chapter.live.items()},
        "risk_at_5": chapter.risks.loc[5].to_dict(),
        "risk_at_10": chapter.risks.loc[10].to_dict(),
    }


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    live, looks = chapter.live, {visits: np.mean(found) for visits, found in chapter.looks.items()}
    assert live["how often"][1] > 0.65
    assert min(live["gained by how often"][1], live["gained by last values"][1]) > 0
    assert live["values less how often"][1] < 0 < live["values less how often"][2]
    assert looks[1] > looks[30] - 0.005
    dropped, weighted, healthy = (chapter.risks[name] for name in chapter.risks)
    assert (dropped > weighted).all()
    assert (weighted >= healthy).all()
    assert dropped[15] > 2 * weighted[15]
