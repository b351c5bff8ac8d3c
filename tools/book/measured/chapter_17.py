"""Chapter 17: methylated adenines, two heads, motifs read back, and a leak with its control."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "sum_of_halves": chapter.limits["halves added up"],
        "products_of_halves": chapter.limits["halves and their products"],
        "two_nearest": chapter.error,
    }


def check(chapter: SimpleNamespace) -> None:
    """What the chapter says in words of its own numbers."""
    live = chapter.live
    assert live["logistic regression"] < live["LSTM, linear head"] < 0.85
    assert 0.9 < live["perceptron"] < live["LSTM, hidden head"] < live["perceptron, all negatives"]
    assert chapter.tables["one motif"][2, 1] > 0.9
    assert chapter.tables["two motifs"][1:3, 1:3].max() < 0.7
    assert chapter.tables["two, hidden layer"][2, 1] > 0.9 > 0.1 > chapter.tables["two, hidden layer"][2, 2]
    assert chapter.table["mean"].astype(float).idxmin() == "LSTM"
    assert {"....GATC...", ".CCAAAT....", ".ACCCA....."} <= set(chapter.patterns)
    assert chapter.aps[1] > 0.95  # the shared windows, by the network that has not seen them
