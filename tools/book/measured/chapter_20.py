"""Chapter 20: what the short run of the surrogate, one fit of the mechanism each and the leak in the page say."""

from types import SimpleNamespace
from typing import Any

import numpy as np

CONTEXT = {"seed": 0, "training_sets": 2_000, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    speed = chapter.stored["speed"]
    return {
        "factor": float(np.exp(chapter.scale.spread)),
        "windows": len(chapter.owners),
        "lstm": {name: float(chapter.live.loc[name, "LSTM, short run"]) for name in chapter.regions},
        "times_careful": speed["solver"]["0_25 minutes"]["of_many"] / speed["network"]["of_many"],
        "times_fit": chapter.stored["test"]["seconds_per_fit"] / speed["network"]["of_many"],
        "claimed": float(chapter.claimed),
        "true": float(chapter.true),
    }


def check(chapter: SimpleNamespace) -> None:
    live, solver = chapter.live, chapter.stored["speed"]["solver"]["5 minutes"]
    assert solver["rmse"] < chapter.stored["test"]["rmse"]["methods"]["LSTM"]["mean"]
    assert solver["of_many"] < chapter.stored["speed"]["network"]["of_many"]
    assert live.loc["test", "LSTM, short run"] < live.loc["test"].drop("LSTM, short run").min()
    assert live.loc["damped", "last value"] < live.loc["damped", "LSTM, short run"]
    assert chapter.claimed < 0.75 * chapter.true
