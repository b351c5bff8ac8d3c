"""Measured numbers in JSON files, so that prose never holds a number typed by hand.

A chapter or a benchmark saves what it measured; the book's text inserts it from the file.
"""

import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "PSSP_RESULTS"


def save_results(name: str, values: Mapping[str, Any], **context: Any) -> dict[str, Any]:
    """Write ``<name>.json`` into the folder that the environment variable ``PSSP_RESULTS`` names.

    ``make chapters`` and ``make bench`` set the variable; without it nothing is written, so that a reader
    who runs a chapter never changes the numbers of the book.

    Parameters
    ----------
    name : str
        The file's name without ``.json``, for example ``chapter_6``.
    values : mapping
        Measured numbers, unrounded, by name.
    **context
        How they were measured: seed, command, threads.

    Returns
    -------
    dict
        The values, as plain Python numbers.

    >>> save_results("example", {"q3": 0.5}, seed=0)
    {'q3': 0.5}
    """
    document = {
        "values": dict(values),
        "context": context
        | {
            "python": platform.python_version(),
            "torch": version("torch"),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        },
    }
    text = json.dumps(document, indent=2, sort_keys=True, default=_plain) + "\n"
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder:
        target = Path(folder) / f"{name}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".part")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(target)
    return json.loads(text)["values"]


def _plain(value: Any) -> Any:
    """NumPy and torch numbers and arrays as JSON can hold them."""
    return value.tolist()
