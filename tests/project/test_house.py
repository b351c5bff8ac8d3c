"""The house keeps its rules: small modules, functions that fit on a screen, a layer and tests for every room."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import inputs
import pytest

REPOSITORY = Path(__file__).parents[2]
CHAPTERS = sorted((REPOSITORY / "book").glob("[0-9]*.ipynb"))
ROOMS = sorted(path.parent.name for path in (REPOSITORY / "pssp_tutorial").glob("*/__init__.py"))
FOLDERS = ("pssp_tutorial", "tools", "benchmarks", "tests")
MODULES = sorted(path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 300, 60  # lines


def functions(source: str) -> Iterator[tuple[str, int]]:
    """Each function's name and its lines, without the docstring.

    >>> list(functions('def one():\\n    "Says what it does."\\n    return 1\\n'))
    [('one', 2)]
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            yield node.name, node.end_lineno - node.lineno + 1 - docstring


def named(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def test_no_module_is_too_long() -> None:
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert len(lines) > 300
    assert {name: count for name, count in lines.items() if count > LONGEST_MODULE} == {}


def test_no_function_is_too_long() -> None:
    lines = {
        f"{named(path)}: {name}": count
        for path in MODULES
        for name, count in functions(path.read_text(encoding="utf-8"))
    }
    assert len(lines) > 1_000
    assert {name: count for name, count in lines.items() if count > LONGEST_FUNCTION} == {}


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
    """README.md says which chapter uses which room; here the names in the chapters' code say it."""
    used = {room: set() for room in ROOMS}
    for path in CHAPTERS:
        for module in inputs.named_modules("\n".join(inputs.code_of(path))):
            used[module.split(".")[1]].add(int(path.stem[:2]))
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \|(.*)\|$", text, re.MULTILINE)
    assert {room: numbers(chapters.strip()) for room, chapters in rows} == used
