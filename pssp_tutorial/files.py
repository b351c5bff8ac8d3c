"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from pssp_tutorial.errors import PSSPError


class FileError(PSSPError):
    """A file cannot be written: no space, no permission, no such folder."""


@contextmanager
def write_atomically(path: str | PathLike, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a file to write bytes; it takes the place of the old one only when all of it is on the disk.

    A kill leaves the old file or the new one, and perhaps ``<name>.part``, which the next writing replaces. A link
    stays: the file that it leads to is written.

    Parameters
    ----------
    durable : bool
        Wait until the disk has it, so that the file survives a power cut too.

    Raises
    ------
    FileError
        Naming the file and what the system said; the old file is as it was. A device or a pipe is refused: it would be
        replaced by a file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_atomically(Path(folder, "note.txt")) as handle:
    ...         _ = handle.write(b"whole")
    ...     Path(folder, "note.txt").read_text()
    'whole'
    """
    path = Path(path)
    if path.is_symlink():
        if path.absolute().parts[1] in ("dev", "proc"):  # /dev/stdout may lead to a file that others write to as well
            raise FileError(f"{path}: not written, for it is a stream; expected the name of a file")
        path = path.resolve()
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise FileError(f"{path}: not written, for it is a device or a pipe; expected the name of a file")
    partial = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as handle:
            yield handle
            handle.flush()
            if durable:
                os.fsync(handle.fileno())
        partial.replace(path)
    except OSError as error:
        problem = f"not written ({error.strerror or error}); if there was such a file, it is as it was"
        raise FileError(f"{path}: {problem}") from error
    finally:
        if partial.is_file():
            partial.unlink(missing_ok=True)
