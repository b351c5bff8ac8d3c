"""Chapter 18: gene expression over time."""

from types import SimpleNamespace
from typing import Any

import numpy as np

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "live": {name: {"next": one, "half": two} for name, (one, two) in chapter.live.items()},
        "leak": {name: {"next": one, "half": two} for name, (one, two) in chapter.leak.items()},
        "gaps": chapter.gaps,
        "peeks": chapter.peeks,
        "jags": chapter.jags,
        "weights": sum(weight.numel() for weight in chapter.network.parameters()),
    }


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    assert chapter.gaps["interpolated"] < 0.05 < 0.3 < chapter.gaps["last value"]
    zigzags = {name: chapter.zigzag(one.test) for name, one in chapter.splits.items()}
    assert max(zigzags, key=zigzags.get) == "cdc15"
    for found in chapter.stored.values():
        rolled, leaky = found["rolled_out"]["methods"], found["as_in_the_file"]["mean of the whole course"]["methods"]
        honest = [rolled[name]["mean"] for name in ("mean so far", "last value", "autoregression", "LSTM")]
        assert leaky["as in the file"]["mean"] < min(honest)
    before, after = (np.array(list(chapter.jags[name].values())) for name in ("as it is", "without the zigzag"))
    assert (after[:3] < before[:3] - 0.02).all()
    assert abs(after[3] - before[3]) < 0.01
    assert after[:3].mean() - after[3] < 0.35 * (before[:3].mean() - before[3])
    by_both, by_gene, from_one = chapter.leak.values()
    assert by_gene[1] < from_one[1] < by_both[1] - 0.05
