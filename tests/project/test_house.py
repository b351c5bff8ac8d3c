"""The house keeps its rules: a layer, tests and a line in the README for every room."""

import re
import tomllib
from pathlib import Path

import inputs
import pytest

REPOSITORY = Path(__file__).parents[2]
CHAPTERS = sorted((REPOSITORY / "book").glob("[0-9]*.ipynb"))
ROOMS = sorted(path.parent.name for path in (REPOSITORY / "pssp_tutorial").glob("*/__init__.py"))


def test_every_room_has_its_layer() -> None:
    """lint-imports refuses a room without a layer only while its contract says exhaustive."""
    tools = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (contract,) = (one for one in tools["importlinter"]["contracts"] if one["type"] == "layers")
    assert contract["exhaustive"]
    layers = [room.strip() for layer in contract["layers"] for room in layer.split("|")]
    assert sorted(layers) == ROOMS
    assert {path.parent.name for path in (REPOSITORY / "pssp_tutorial").glob("*/*.py")} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_its_tests(room: str) -> None:
    assert list((REPOSITORY / "tests" / room).glob("test_*.py"))


def numbers(text: str) -> set[int]:
    """The chapters that a cell of the table names.

    >>> numbers("2, 5–7")
    {2, 5, 6, 7}
    """
    if text == "all":
        return {int(path.stem[:2]) for path in CHAPTERS}
    ranges = [part.split("–") for part in text.split(", ") if part]
    return {number for one in ranges for number in range(int(one[0]), int(one[-1]) + 1)}


def test_picture_of_the_package_is_true() -> None:
    """The README says which chapter uses which room; here the names in the chapters' code say it."""
    used = {room: set() for room in ROOMS}
    for path in CHAPTERS:
        for module in inputs.named_modules("\n".join(inputs.code_of(path))):
            used[module.split(".")[1]].add(int(path.stem[:2]))
    rows = re.findall(
        r"^\| `(\w+)` \| .+ \|(.*)\|$", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {room: numbers(chapters.strip()) for room, chapters in rows} == used
