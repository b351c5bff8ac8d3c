"""Chapter 11: other architectures, their fields and speeds, and graphs that hold the answer."""

from types import SimpleNamespace
from typing import Any

EDGES = (("learning_rate", 2.7e-2), ("learning_rate", 1e-3), ("dropout", 0.1))
CONTEXT = {"seed": 0, "threads": 1, "split": "val", "chains": "mini", "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "fields": {name: int((sizes > 0).sum()) for name, sizes in chapter.sizes.items()},
        "graphs": chapter.accuracy,
        "lstm_seeds": 100 * chapter.fair["equal_epochs"]["LSTM"]["standard_deviation"],  # points
        "speeds": {
            name: {f"{length}_per_second": value for length, value in each.items()}
            for name, each in chapter.speeds.items()
        },
    }


def check(chapter: SimpleNamespace) -> None:
    fields, accuracy = values(chapter)["fields"], chapter.accuracy
    assert (fields["window"], fields["convolution"], fields["dilated"]) == (15, 37, 379), fields
    fair, first = chapter.fair["equal_epochs"], ("dilated", "conv + LSTM", "conv + LSTM + attention")
    assert all(
        fair[name]["against_convolution"]["low"] < 0 < fair[name]["against_convolution"]["high"] for name in first
    )
    settings = chapter.fair["architectures"].values()
    chosen = [sum(each[key] == value for each in settings) for key, value in EDGES]
    assert chosen == [3, 1, 4], chosen
    assert accuracy["contacts, no letters"] > accuracy["along the chain"] + 0.15, accuracy
    assert accuracy["hydrogen bonds, no letters"] > accuracy["contacts, no letters"], accuracy
    assert abs(accuracy["predicted contacts"] - accuracy["along the chain"]) < 0.03, accuracy
    assert accuracy["another protein's map"] < accuracy["along the chain"] + 0.02, accuracy
