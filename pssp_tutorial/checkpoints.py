"""Files of weights and states: written whole or not at all, checked when they are read (chapter 6)."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from pssp_tutorial.errors import PSSPError


class CheckpointError(PSSPError):
    """A checkpoint is missing or damaged, or would hold what can't be read back."""


def save_checkpoint(path: str | Path, payload: dict[str, Any]) -> None:
    """Write `payload` so that a kill at any moment leaves the old file or the new one, never a part of either.

    Parameters: `path` the file, whose folder is made if it is missing; `payload` tensors, numbers, strings, and
    lists and dicts of them.
    Raises CheckpointError, and keeps the old file, for a payload that `load_checkpoint` would refuse.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_checkpoint(Path(folder, "run.pt"), {"epoch": 3})
    ...     load_checkpoint(Path(folder, "run.pt"))
    {'epoch': 3}
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            torch.save(payload, file)
            file.flush()
            os.fsync(file.fileno())
        load_checkpoint(partial)
        partial.replace(path)
    except (CheckpointError, AttributeError, TypeError, pickle.PicklingError) as error:
        raise CheckpointError(
            f"{path}: not written, for it could not be read back; expected a dict of tensors, numbers, strings, "
            "and lists and dicts of them (a NumPy value becomes a number with .item(), or a list with .tolist())"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load_checkpoint(path: str | Path) -> dict[str, Any]:
    """Read what `save_checkpoint` wrote, onto the CPU; no code in the file is run.

    Raises CheckpointError for a file that is missing, damaged (every byte is checked) or no checkpoint.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file; train and save first, or correct the path")
    try:
        with zipfile.ZipFile(path) as archive:  # torch.load itself skips the checksums
            if damaged := archive.testzip():
                raise zipfile.BadZipFile(f"wrong checksum of {damaged}")
        payload = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(payload, dict):
            raise TypeError(f"it holds a {type(payload).__name__}, not a dict")
    except Exception as error:  # zipfile, pickle and torch each raise their own for a damaged file
        raise CheckpointError(
            f"{path}: damaged or no checkpoint ({type(error).__name__}); delete it and train again, or use a copy"
        ) from error
    return payload
