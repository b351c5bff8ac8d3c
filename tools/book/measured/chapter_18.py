"""Chapter 18: gene expression over time."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    less = {
        name: found["one_step"]["differences"]["LSTM less autoregression"][0] for name, found in chapter.stored.items()
    }
    return {
        "live": {name: {"next": one, "half": two} for name, (one, two) in chapter.live.items()},
        "leak": {name: {"next": one, "half": two} for name, (one, two) in chapter.leak.items()},
        "gaps": chapter.gaps,
        "less": {name: {"gain": -value, "loss": value} for name, value in less.items()},
        "weights": sum(weight.numel() for weight in chapter.network.parameters()),
    }


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    assert chapter.gaps["interpolated"] < 0.05 < 0.3 < chapter.gaps["last value"]
    by_both, *by_gene = chapter.leak.values()
    assert all(one < both - 0.05 for found in by_gene for one, both in zip(found, by_both, strict=True))
    zigzags = {name: chapter.zigzag(one.test) for name, one in chapter.splits.items()}
    assert max(zigzags, key=zigzags.get) == "cdc15"
    rolled = {name: found["rolled_out"]["methods"] for name, found in chapter.stored.items()}
    assert [name for name, one in rolled.items() if one["LSTM"]["mean"] > one["zero"]["mean"]] == ["cdc15"]
