"""Files that are written whole or not at all."""

import gzip
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

from pssp_tutorial.core.errors import PSSPError


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
    if path.is_dir():
        raise FileError(f"{path}: not written (Is a directory); expected the name of a file")
    if path.is_symlink():
        if path.absolute().parts[1] in ("dev", "proc"):  # /dev/stdout may lead to a file that others write to as well
            raise FileError(f"{path}: not written, for it is a stream; expected the name of a file")
        path = path.resolve()
    if path.exists() and not path.is_file():
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


@contextmanager
def packed(handle: BinaryIO, name: str | PathLike) -> Iterator[BinaryIO]:
    """The handle, through gzip if the name ends in ``.gz``; the same content gives the same bytes.

    >>> from io import BytesIO
    >>> with packed(BytesIO(), "note.txt") as plain, packed(BytesIO(), "note.txt.gz") as through_gzip:
    ...     type(plain).__name__, type(through_gzip).__name__
    ('BytesIO', 'GzipFile')
    """
    if Path(name).suffix.lower() != ".gz":
        yield handle
        return
    with gzip.GzipFile(filename="", fileobj=handle, mode="wb", compresslevel=6, mtime=0) as target:
        yield target


def check_targets(targets: Iterable[str | PathLike | None], sources: Iterable[str | PathLike | None] = ()) -> None:
    """Refuse, before a long run, files to write that it reads too, that are the same, or whose folder cannot be had.

    None and ``-`` stand for no file. A folder that is missing is made.

    Raises
    ------
    PSSPError
        Naming a target that is also a source, or that comes twice.
    FileError
        Naming a target whose folder cannot be made or written to.

    >>> check_targets(["results.tsv"], ["entries.dat", "./results.tsv"])
    Traceback (most recent call last):
    pssp_tutorial.core.errors.PSSPError: results.tsv: is also the input; expected another file to write
    """
    wanted, given = ([Path(name) for name in names if name not in (None, "-")] for names in (targets, sources))
    for number, target in enumerate(wanted):
        if any(_same(target, other) for other in given):
            raise PSSPError(f"{target}: is also the input; expected another file to write")
        if any(_same(target, other) for other in wanted[:number]):
            raise PSSPError(f"{target}: would be written twice; expected two files")
        if target.exists() and not target.is_file():  # writing says why not
            continue
        folder = target.resolve().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = "a file has its name" if isinstance(error, FileExistsError) else error.strerror
            raise FileError(f"{target}: not written, for its folder cannot be made ({reason})") from error
        if not os.access(folder, os.W_OK):
            raise FileError(f"{target}: not written, for its folder cannot be written to")


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
