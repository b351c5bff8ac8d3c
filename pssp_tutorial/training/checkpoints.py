"""The state of a run in one file: written whole or not at all, checked when it is read (chapter 6)."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch

from pssp_tutorial.core.errors import shown
from pssp_tutorial.core.files import reading_problem, write_atomically
from pssp_tutorial.training.stopping import TrainingError


def save_checkpoint(path: str | Path, payload: dict[str, Any]) -> None:
    """Write `payload` so that a kill at any moment leaves the old file or the new one, never a part of either.

    The payload holds tensors, numbers, strings, and lists and dicts of them. Raises, and keeps the old file,
    TrainingError for one that `load_checkpoint` would refuse, FileError for a file that can't be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run.pt"), {"epoch": 3})
    ...     load_checkpoint(Path(folder, "run.pt"))
    {'epoch': 3}
    """
    packed = io.BytesIO()
    try:
        torch.save(payload, packed)
        _read(packed)
    except Exception as error:  # pickle and torch each raise their own
        expected = "a dict of tensors, numbers, strings, and lists and dicts of them"
        hint = "a NumPy value becomes a number with .item(), or a list with .tolist()"
        problem = f"not written, for it could not be read back; expected {expected} ({hint})"
        raise TrainingError(f"{shown(path)}: {problem}") from error
    with write_atomically(path) as file:
        file.write(packed.getbuffer())


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, onto the CPU; no code in the file is run.

    Raises TrainingError for a file that is missing, damaged (every byte is checked) or no checkpoint.
    """
    path = Path(path)
    if problem := reading_problem(path):
        raise TrainingError(f"{shown(path)}: {problem}; train and save first, or correct the path")
    try:
        return _read(path)
    except Exception as error:  # zipfile, pickle and torch each raise their own for a damaged file
        problem = f"not a checkpoint, or damaged ({type(error).__name__})"
        raise TrainingError(f"{shown(path)}: {problem}; check the path, use a copy, or train again") from error


def _read(file: Path | BinaryIO) -> dict[str, Any]:
    with zipfile.ZipFile(file) as archive:  # torch.load itself skips the checksums
        if damaged := archive.testzip():
            raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
    if not isinstance(file, Path):
        file.seek(0)
    payload = torch.load(file, map_location="cpu", weights_only=True)
    if not isinstance(payload, dict):
        raise TypeError(f"it holds a {type(payload).__name__}, not a dict")
    return payload
