"""Where the files that travel with the package lie, and files that are checked by a checksum beside them."""

import hashlib
import re
from os import PathLike
from pathlib import Path
from typing import Literal

from pssp_tutorial.core.errors import shown
from pssp_tutorial.core.files import FileError, ReadError, reading_problem, write_atomically

PACKAGE = Path(__file__).resolve().parents[1]

Kind = Literal["data", "models", "results", "quizzes", "assets"]
FOLDERS: dict[Kind, tuple[str, str]] = {  # in a checkout, and in the package as it is installed
    "data": ("data", "data"),
    "models": ("data/models", "data/models"),
    "results": ("benchmarks/results", "data/results"),
    "quizzes": ("book/quizzes", "data/quizzes"),
    "assets": ("book/_assets", "data/assets"),
}

DIGEST_LINE = re.compile(r"([0-9a-f]{64})(?: [ *](.+))?")  # as sha256sum writes it, or the digest alone
READINGS = 3  # of a pair that is written anew meanwhile


def resource(kind: Kind, name: str = "") -> Path:
    """The path of a file that travels with the package, or of its folder.

    >>> resource("data", "chains.tsv.xz").exists()
    True
    """
    in_checkout, installed = FOLDERS[kind]
    return (PACKAGE / installed if (PACKAGE / "data").exists() else PACKAGE.parent / in_checkout) / name


def read_checked(path: str | PathLike, *, remedy: str = "restore both files from where they came") -> bytes:
    """Read a file whose SHA-256 must be one that ``<path>.sha256`` lists.

    Raises ReadError if one of the two is missing, or they do not belong together; it advises the ``remedy``.

    >>> len(read_checked(resource("data", "uniprot_entries.dat.gz")))
    287099
    """
    path = Path(path)
    for _ in range(READINGS):
        for file in (path, checksum_path(path)):
            if problem := reading_problem(file):
                raise ReadError(file, f"{problem}; {remedy}")
        data, expected = path.read_bytes(), _digests(checksum_path(path))
        digest = hashlib.sha256(data).hexdigest()
        if digest in expected:
            return data
    if not expected:
        raise ReadError(checksum_path(path), f"empty, or holds no SHA-256; {remedy}")
    listed = " or ".join(f"{known[:16]}…" for known in expected)
    raise ReadError(path, f"damaged: its SHA-256 is {digest[:16]}…, expected {listed}; {remedy}")


def write_checked(path: str | PathLike, data: bytes) -> str:
    """Write a file, and ``<path>.sha256`` beside it, for :func:`read_checked`; the answer is the SHA-256.

    A stop at any moment leaves the old file or the new one, and readable: between the two the checksum file lists both.

    Raises FileError if one of the two cannot be written, or the checksum file is a user's own, of something else.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     digest = write_checked(Path(folder, "note.txt"), b"whole")
    ...     read_checked(Path(folder, "note.txt"))
    b'whole'
    """
    path, digest = Path(path), hashlib.sha256(data).hexdigest()
    known = own_digests(path)
    if path.is_dir():
        raise FileError(f"{shown(path)}: not written (Is a directory); expected the name of a file")
    _write_digests(path, [digest, *known])
    with write_atomically(path) as handle:
        handle.write(data)
    _write_digests(path, [digest])
    while (found := hashlib.sha256(path.read_bytes()).hexdigest()) not in own_digests(path):
        _write_digests(path, [found])  # another process wrote its pair meanwhile, and came last with one of the two
    return digest


def own_digests(path: Path) -> list[str]:
    """The checksums that ``<path>.sha256`` lists, if it is there and of this file.

    Raises FileError if it is a user's own, of something else, and must not be written over.
    """
    beside = checksum_path(path)
    try:
        lines = beside.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:  # ValueError: the name holds a zero byte
        raise FileError(f"{shown(beside)}: not written ({getattr(error, 'strerror', None) or error})") from error
    present = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    matches = [DIGEST_LINE.fullmatch(line) for line in lines]
    if not all(match and (match[2] in (None, path.name) or match[1] == present) for match in matches):
        raise FileError(f"{shown(beside)}: not written, for it is not the checksum of {shown(path.name)}; move it away")
    return _digests(beside)


def checksum_path(path: Path) -> Path:
    """The file that holds the checksum of another."""
    return path.parent / f"{path.name}.sha256"


def _digests(beside: Path) -> list[str]:
    lines = beside.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    return [match[1] for line in lines if (match := DIGEST_LINE.fullmatch(line))]


def _write_digests(path: Path, digests: list[str]) -> None:
    with write_atomically(checksum_path(path)) as handle:
        handle.write("".join(f"{digest}  {path.name}\n" for digest in digests).encode("utf-8", "surrogateescape"))
