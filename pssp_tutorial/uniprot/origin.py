"""``<file>.info.json``, which tells beside a file where its content comes from (chapter 3)."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from pssp_tutorial.core.files import FileError, write_atomically

MARK = {"made_by": "pssp-tutorial"}


def origin_path(file: str | PathLike) -> Path:
    """Where the origin of a file is told."""
    return Path(f"{file}.info.json")


def read_origin(file: str | PathLike) -> dict[str, Any] | None:
    """What is told beside a file; None if nothing is, or somebody else wrote it."""
    try:
        found = json.loads(origin_path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and MARK.items() <= found.items() else None


def check_origin(file: str | PathLike) -> None:
    """Refuse with a FileError, before a long run, a file beside which somebody else has written an ``.info.json``."""
    path = origin_path(file)
    if path.exists() and read_origin(file) is None:
        raise FileError(f"{path}: not written, for it is not ours to replace; move it, or choose another file to write")


def write_origin(file: str | PathLike, origin: Mapping[str, Any]) -> None:
    """Tell beside a file where its content comes from."""
    with write_atomically(origin_path(file)) as handle:
        handle.write((json.dumps(MARK | dict(origin), indent=1, ensure_ascii=False) + "\n").encode())
