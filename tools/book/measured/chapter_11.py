"""Chapter 11: other architectures, their fields and speeds, and graphs that hold the answer."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"seed": 0, "threads": 1, "split": "val", "chains": "mini", "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {
        "fields": {name: int((sizes > 0).sum()) for name, sizes in chapter.sizes.items()},
        "graphs": chapter.accuracy,
        "speeds": {
            name: {f"{length}_per_second": value for length, value in each.items()}
            for name, each in chapter.speeds.items()
        },
    }


def check(chapter: SimpleNamespace) -> None:
    fields, accuracy = values(chapter)["fields"], chapter.accuracy
    assert (fields["window"], fields["convolution"], fields["dilated"]) == (15, 37, 379), fields
    assert accuracy["contacts, no letters"] > accuracy["along the chain"] + 0.15, accuracy
    assert accuracy["hydrogen bonds, no letters"] > accuracy["contacts, no letters"], accuracy
    assert abs(accuracy["predicted contacts"] - accuracy["along the chain"]) < 0.03, accuracy
    assert accuracy["another protein's map"] < accuracy["along the chain"] + 0.02, accuracy
