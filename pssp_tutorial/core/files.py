"""Files that are written whole or not at all, and text that is read whatever it is packed with."""

import bz2
import errno
import gzip
import lzma
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from io import BufferedWriter, FileIO, TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import IO, Any, BinaryIO, TextIO, cast

from pssp_tutorial.core.errors import PSSPError, shown
from pssp_tutorial.core.unpacking import ReadError, unpacked

PACKERS: dict[str, Callable[[BinaryIO], Any]] = {
    ".gz": partial(gzip.GzipFile, "", "wb", 6, mtime=0),  # no name and no time: they would change the bytes
    ".xz": partial(lzma.LZMAFile, mode="wb"),
    ".bz2": partial(bz2.BZ2File, mode="wb"),
}
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".7z", ".rar", ".zst", ".bgz", ".z", ".lz", ".lz4", ".lzma")
"""Endings that promise what is not written here."""
COMPANIONS = (".sha256", ".info.json")
"""Endings of what is written and read beside a file."""


class FileError(PSSPError):
    """A file cannot be written: no space, no permission, no such folder."""


class _Partial(FileIO):
    """A file that is not whole yet; errors name the file that it will be."""

    def __init__(self, path: Path) -> None:
        self.whole = path
        unique = f"{path.name[:50]}.{secrets.token_hex(8)}.part"  # a name has 255 bytes at most
        super().__init__(path.with_name(unique), "xb")

    def write(self, data: Any) -> int:
        with _blaming(self.whole):
            return super().write(data)


def create_beside(path: Path) -> BufferedWriter:
    """A new file in the folder of ``path``, under a name of its own that no file had before."""
    return BufferedWriter(_Partial(path))


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """What the system says against a writing becomes a FileError that names the file."""
    try:
        yield
    except OSError as error:
        problem = f"not written ({error.strerror or error}); if there was such a file, it is as it was"
        raise FileError(f"{shown(path)}: {problem}") from error


@contextmanager
def write_atomically(path: str | PathLike, *, durable: bool = True) -> Iterator[BinaryIO]:
    """Open a file to write bytes; it takes the place of the old one only when all of it is on the disk.

    Of several that write the same file at once, each leaves a whole one, and the last wins. A kill leaves the old file
    or the new one, and perhaps one that ends in ``.part``. A link stays: the file that it leads to is written. A file
    that was there keeps its permissions. ``durable`` waits until the disk has it, so that it survives a power cut too.

    Raises FileError, naming the file and what the system said; the old file is as it was. A device or a pipe is
    refused, which a file would replace.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with write_atomically(Path(folder, "note.txt")) as handle:
    ...         _ = handle.write(b"whole")
    ...     Path(folder, "note.txt").read_text(encoding="utf-8")
    'whole'
    """
    path = Path(path)
    with _blaming(path):
        path = _writable(path)
    with _blaming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = create_beside(path)
    partial = Path(handle.name)
    try:
        with handle:
            with _blaming(path), suppress(FileNotFoundError):  # asked beforehand, it could go before the answer is used
                shutil.copymode(path, partial)
            yield handle
            with _blaming(path):
                handle.flush()
                if durable:
                    os.fsync(handle.fileno())
                handle.close()  # Windows moves no open file
                partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _writable(path: Path) -> Path:
    """The file that a path leads to, if it is one, or could be."""
    if "\0" in str(path):
        raise FileError(f"{shown(path)}: not written, for no file's name holds a zero byte")
    with suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()  # for a name that the system does not allow
    if path.is_dir():
        raise FileError(f"{shown(path)}: not written (Is a directory); expected the name of a file")
    if path.is_symlink():
        if path.absolute().parts[1] in ("dev", "proc"):  # /dev/stdout may lead to a file that others write to as well
            raise FileError(f"{shown(path)}: not written, for it is a stream; expected the name of a file")
        path = Path(os.path.realpath(path))
        if path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if path.exists() and not path.is_file():
        raise FileError(f"{shown(path)}: not written, for it is a device or a pipe; expected the name of a file")
    return path


@contextmanager
def packed(handle: BinaryIO, name: str | PathLike) -> Iterator[BinaryIO]:
    """The handle, packed as the name's ending says: ``.gz``, ``.xz``, ``.bz2``; the same content gives the same bytes.

    Raises FileError for the ending of an archive, such as ``.zip``.

    >>> from io import BytesIO
    >>> with packed(BytesIO(), "note.txt") as plain, packed(BytesIO(), "note.txt.xz") as through_xz:
    ...     type(plain).__name__, type(through_xz).__name__
    ('BytesIO', 'LZMAFile')
    """
    _check_ending(name)
    if pack := PACKERS.get(Path(name).suffix.lower()):
        with pack(handle) as target:
            yield target
    else:
        yield handle


def _check_ending(name: str | PathLike) -> None:
    if Path(name).suffix.lower() in ARCHIVES:
        ending = Path(name).suffix
        raise FileError(f"{shown(name)}: not written, for we make no {ending}; expected .gz, .xz, .bz2 or plain text")


@contextmanager
def open_text(source: str | PathLike | IO[bytes] | TextIO, *, errors: str = "strict") -> Iterator[TextIO]:
    """Open a file as text in UTF-8, unpacked if its first bytes say gzip, bzip2 or xz, whatever its name.

    A handle of bytes, such as ``sys.stdin.buffer``, is unpacked too and stays open; one of text passes through.
    ``errors`` says what becomes of bytes that are no UTF-8, as for :func:`open`.

    Raises ReadError, naming the file, if it is missing, damaged, no UTF-8, or an archive; also from a reading inside.

    >>> from io import BytesIO
    >>> with open_text(BytesIO(gzip.compress(b">one"))) as handle:
    ...     handle.read()
    '>one'
    """
    if isinstance(source, str | PathLike):
        with _opened(Path(source)) as handle, open_text(handle, errors=errors) as text:
            yield text
        return
    if isinstance(source.read(0), str):
        yield cast(TextIO, source)
        return
    name = str(getattr(source, "name", "the input"))
    try:
        with TextIOWrapper(unpacked(cast(BinaryIO, source), name), encoding="utf-8-sig", errors=errors) as text:
            yield text
    except UnicodeDecodeError as error:
        raise ReadError(name, f"not readable as text ({error}); expected UTF-8") from error


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: the name holds a zero byte
        raise ReadError(path, (getattr(error, "strerror", None) or str(error)).lower()) from error


def reading_problem(path: Path) -> str:
    """Why a path cannot be read as a file, in the system's words; nothing if it can.

    >>> reading_problem(Path("nowhere")), reading_problem(Path(".")), reading_problem(Path("x" * 400))
    ('no such file or directory', 'is a directory', 'file name too long')
    """
    try:
        with _opened(path):
            return ""
    except ReadError as error:
        return error.problem


def check_targets(targets: Iterable[str | PathLike | None], sources: Iterable[str | PathLike | None] = ()) -> None:
    """Refuse, before a long run, files to write that it reads too, that are the same, or whose folder cannot be had.

    None and ``-`` stand for no file. A folder that is missing is made.

    Raises PSSPError for a target that is also a source, comes twice, or is a companion of another (``X.sha256`` and
    ``X.info.json`` of X); FileError for one that is no file's name, whose folder cannot be made or written to, or whose
    ending is an archive's.

    >>> check_targets(["results.tsv"], ["entries.dat", "./results.tsv"])
    Traceback (most recent call last):
    pssp_tutorial.core.errors.PSSPError: results.tsv: is also the input; expected another file to write
    """
    wanted, given = ([name for name in names if name not in (None, "-")] for names in (targets, sources))
    sources_known = set[object]().union(*map(_identity, given))
    all_known = sources_known.union(*map(_identity, wanted))
    targets_known = set[object]()
    for target in wanted:
        _check_target(target)
        known, name = _identity(target), Path(target)
        if known & sources_known:
            raise PSSPError(f"{shown(name)}: is also the input; expected another file to write")
        if known & targets_known:
            raise PSSPError(f"{shown(name)}: would be written twice; expected two files")
        targets_known |= known
        owners = [str(target).removesuffix(ending) for ending in COMPANIONS if str(target).endswith(ending)]
        if any(_identity(owner) & all_known for owner in owners):
            raise PSSPError(f"{shown(name)}: belongs to {shown(owners[0])}; expected another file to write")


def _check_target(target: str | PathLike) -> None:
    """Refuse what writing would refuse after the work."""
    _check_ending(target)
    if not str(target):
        raise FileError("'': not written, for it is empty; expected the name of a file")
    if str(target).endswith(("/", os.sep)):
        raise FileError(f"{shown(target)}: not written, for it is a folder; expected the name of a file")
    with _blaming(Path(target)):
        folder = _writable(Path(target)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = "a file has its name" if isinstance(error, FileExistsError) else error.strerror
        raise FileError(f"{shown(target)}: not written, for its folder cannot be made ({reason})") from error
    if not os.access(folder, os.W_OK):
        raise FileError(f"{shown(target)}: not written, for its folder cannot be written to")


def _identity(path: str | PathLike) -> set[object]:
    """What two names of one file share: where they lead to, or the file itself."""
    try:
        real = os.path.realpath(path)
        status = Path(real).stat()
    except FileNotFoundError:
        return {real}
    except (OSError, ValueError):  # reading or writing says why
        return set()
    return {real, (status.st_dev, status.st_ino)}
