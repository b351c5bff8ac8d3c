"""The numbers in the book come out again, within a tolerance, when its chapters are executed.

`make test` executes every chapter once, with PSSP_RESULTS set; this compares the files which that run wrote
with those in book/results.
"""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[1] / "book" / "results"
CHAPTER_RESULTS = sorted(RESULTS.glob("chapter_*.json"))
TIMES = ("seconds", "minutes", "per_second")  # endings of keys that depend on the machine: only their sign is checked
RELATIVE, ABSOLUTE = 0.05, 0.02  # instruction sets and thread counts move a trained model by less


def leaves(values: object, key: str = "") -> Iterator[tuple[str, object]]:
    """Every value with its dotted key.

    >>> list(leaves({"f1": {"H": 0.7}, "loss": [1, 2]}))
    [('f1.H', 0.7), ('loss.0', 1), ('loss.1', 2)]
    """
    if isinstance(values, dict | list):
        pairs = values.items() if isinstance(values, dict) else enumerate(values)
        for name, value in pairs:
            yield from leaves(value, f"{key}.{name}".lstrip("."))
    else:
        yield key, values


def agree(key: str, stored: object, fresh: object) -> bool:
    """Whether a fresh value confirms the stored one.

    >>> agree("q3", 0.671, 0.668), agree("q3", 0.671, 0.60), agree("train_seconds", 20, 55), agree("state", "H", "E")
    (True, False, True, False)
    """
    if not isinstance(stored, int | float) or isinstance(stored, bool):
        return stored == fresh
    if key.endswith(TIMES):
        return fresh > 0
    return math.isclose(stored, fresh, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


@pytest.mark.parametrize("path", CHAPTER_RESULTS, ids=lambda path: path.stem)
def test_execution_confirms_the_numbers(path: Path) -> None:
    fresh_path = Path(os.environ.get("PSSP_RESULTS", "")) / path.name
    if "PSSP_RESULTS" not in os.environ or not fresh_path.exists():
        pytest.skip(f"no fresh {path.name}: `make test` executes the chapters that write it")
    stored, fresh = (json.loads(file.read_text(encoding="utf-8"))["values"] for file in (path, fresh_path))
    stored, fresh = dict(leaves(stored)), dict(leaves(fresh))
    assert stored.keys() == fresh.keys()
    assert {key: (stored[key], fresh[key]) for key in stored if not agree(key, stored[key], fresh[key])} == {}


def test_chapter_7_takes_the_model_of_chapter_6_apart() -> None:
    """Both chapters train it from the same seed; the page would contradict itself if the numbers differed."""
    six, seven = (json.loads((RESULTS / f"chapter_{number}.json").read_text())["values"] for number in (6, 7))
    assert six["test_q3"] == seven["test_q3"]
