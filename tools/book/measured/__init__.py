"""The numbers of each chapter that its text quotes, taken from the chapter's own variables after its last cell.

A chapter's cells are for its readers. What the text quotes by {result}, and what must hold in every run, stands in
``chapter_6.py`` and its like: ``values`` gives the numbers, ``CONTEXT`` says how they were measured, and ``check``,
where there is one, looks at the rest. ``make chapters`` saves the numbers in ``book/results``; ``make test`` confirms
them.
"""

import json
import math
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pssp_tutorial as pssp

FOLDER = Path(__file__).parent
RESULTS = Path(__file__).resolve().parents[3] / "book" / "results"
TIMES = ("seconds", "minutes", "per_second")  # endings of keys that depend on the machine: only their sign is checked
RELATIVE, ABSOLUTE = 0.05, 0.02  # instruction sets and thread counts move a trained model by less


def results_name(chapter: str) -> str:
    """The name of a chapter's results file, and of the module that fills it.

    >>> results_name("06_training")
    'chapter_6'
    """
    return f"chapter_{int(chapter[:2])}"


def is_measured(chapter: str) -> bool:
    """Whether the text of a chapter quotes numbers that the chapter measures."""
    return chapter[:2].isdigit() and source_of(chapter).exists()


def source_of(chapter: str) -> Path:
    return FOLDER / f"{results_name(chapter)}.py"


def cell(action: str, *arguments: str) -> str:
    """The code that runs after the last cell of a chapter; ``action`` is ``save`` or ``confirm``.

    >>> print(cell("confirm", "06_training").splitlines()[-1])
    measured.confirm(globals(), '06_training')
    """
    given = ", ".join(map(repr, arguments))
    path = str(FOLDER.parent)
    return f"import sys\nsys.path.append({path!r})\nimport measured\nmeasured.{action}(globals(), {given})\n"


def checked(variables: Mapping[str, Any], chapter: str) -> tuple[ModuleType, SimpleNamespace]:
    """The module that takes a chapter's numbers, and the chapter's variables, which have passed its check."""
    module, namespace = import_module(f"measured.{results_name(chapter)}"), SimpleNamespace(**variables)
    if hasattr(module, "check"):
        module.check(namespace)
    return module, namespace


def save(variables: Mapping[str, Any], chapter: str, folder: str) -> None:
    """Write a chapter's numbers into a folder."""
    module, namespace = checked(variables, chapter)
    pssp.save_results(results_name(chapter), module.values(namespace), folder=folder, **module.CONTEXT)


def values(variables: Mapping[str, Any], chapter: str) -> dict[str, Any]:
    """The numbers of a chapter, as its results file would hold them."""
    module, namespace = checked(variables, chapter)
    return plain(module.values(namespace))


def confirm(variables: Mapping[str, Any], chapter: str) -> None:
    """Compare a chapter's numbers with those stored in book/results."""
    stored = json.loads((RESULTS / f"{results_name(chapter)}.json").read_text(encoding="utf-8"))["values"]
    if differences := list(compare(stored, values(variables, chapter))):
        raise AssertionError(f"{results_name(chapter)}.json is not confirmed:\n" + "\n".join(differences))


def plain(measured: Mapping[str, Any]) -> dict[str, Any]:
    """NumPy's and torch's numbers as JSON holds them."""
    return json.loads(json.dumps(measured, default=lambda value: value.tolist()))


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


def compare(stored: object, fresh: object) -> Iterator[str]:
    """What a fresh run does not confirm.

    >>> list(compare({"q3": 0.671, "sov": 0.6}, {"q3": 0.6, "f1": 0.5}))
    ['f1: new', 'q3: 0.6, stored is 0.671', 'sov: missing']
    """
    before, after = dict(leaves(stored)), dict(leaves(fresh))
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            yield f"{key}: missing"
        elif key not in before:
            yield f"{key}: new"
        elif not agree(key, before[key], after[key]):
            yield f"{key}: {after[key]}, stored is {before[key]}"
