"""Chapter 19: image series."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    less = chapter.stored["accuracy"]["differences"]
    points = {
        short: dict(zip(("value", "low", "high"), (100 * part for part in less[f"LSTM less {name}"]), strict=True))
        for short, name in {"order": "LSTM, volumes in random order", "svm": "support vectors, mean"}.items()
    }
    points["svm"]["behind"] = -points["svm"]["value"]
    return {"leak": chapter.leak, "less": points}


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    live, chance = chapter.live, 1 / 8
    assert live["SVM"] > live["LSTM"] > 0.4
    assert abs(live["LSTM, mixed"] - live["LSTM"]) < 0.1
    assert live["each once"] > live["SVM"]
    assert chapter.leak["volumes at random"]["drawn by lot"] > 0.5
    assert chapter.leak["split by run"]["drawn by lot"] < chance + 0.06
    assert chapter.by_volume["volume 1"] > 2 * chance
    differences = chapter.stored["accuracy"]["differences"]
    assert differences["LSTM less support vectors, mean"][2] < 0 < differences["LSTM less logistic regression, mean"][2]
