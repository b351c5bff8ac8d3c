"""Measured numbers in JSON files, so that prose never holds a number typed by hand.

A chapter or a benchmark saves what it measured; the book's text inserts it from the file.
"""

import json
import os
import platform
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import write_atomically
from pssp_tutorial.core.resources import resource

FOLDER_VARIABLE = "PSSP_RESULTS"


def save_results(
    name: str, values: Mapping[str, Any], *, folder: str | PathLike | None = None, **context: Any
) -> dict[str, Any]:
    """Write ``<name>.json`` into a folder of results; a warning tells when there is none, and nothing is written.

    The values are measured numbers, unrounded, by name; where a spread is known, beside its number. The answer holds
    them as plain Python numbers. The context says how they were measured: command, seed, threads; the versions and the
    machine are added. The folder, if left out, is that which the environment variable ``PSSP_RESULTS`` names. Only the
    commands that store the book's numbers set it, such as ``make bench``, so that a reader who runs a part of it does
    not change them.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_results("example", {"q3": 0.5}, folder=folder, command="make chapters", seed=0)
    {'q3': 0.5}
    """
    made_with = {
        "python": platform.python_version(),
        "torch": version("torch"),
        "numpy": version("numpy"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    document = {"values": dict(values), "context": {"command": "", "seed": None} | context | made_with}
    text = json.dumps(document, indent=2, sort_keys=True, default=lambda value: value.tolist()) + "\n"
    folder = folder or os.environ.get(FOLDER_VARIABLE)
    if not folder:
        warnings.warn(f"{name}: not written; pass folder=..., or set {FOLDER_VARIABLE}", stacklevel=2)
    else:
        with write_atomically(Path(folder, f"{name}.json")) as handle:
            handle.write(text.encode())
    return json.loads(text)["values"]


def read_results(name: str) -> dict[str, Any]:
    """The values that a benchmark measured: those of a file of ``benchmarks/results``, named without ``.json``.

    Raises PSSPError if there is no such file; it names those that there are.

    >>> read_results("honesty_seeds")["pairs"]
    10
    """
    folder = resource("results")
    path = folder / f"{name}.json"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in folder.glob("*.json"))) or "none"
        raise PSSPError(f"{path}: no such file; expected one of {known}")
    return json.loads(path.read_text(encoding="utf-8"))["values"]
