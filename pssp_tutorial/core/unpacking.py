"""What a file is by its first bytes, whatever its name says: text, packed text, or something that we cannot read."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BufferedReader, RawIOBase
from typing import IO, Any

from pssp_tutorial.core.errors import PSSPError, shown

UNPACKERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"BZh": bz2.open,
}
FOREIGN = (
    (0, b"PK\x03\x04", "a zip archive or an Office document"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"\xff\xfe", "text in UTF-16"),
    (0, b"\xfe\xff", "text in UTF-16"),
)
"""Where bytes stand that tell what a file is, the bytes, and what it is."""
HEAD = 262  # bytes to look at: a tar archive says last what it is


class ReadError(PSSPError):
    """A file, by its name, and the problem: it is missing, damaged, no text, or an archive."""

    def __init__(self, file: object, problem: str) -> None:
        super().__init__(file, problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"{shown(self.args[0])}: {self.problem}"


def unpacked(handle: IO[bytes], name: str) -> BufferedReader:
    """The bytes of a handle behind gzip, bzip2 or xz, or as they are; the handle stays open.

    Raises ReadError for an archive and other files that hold no text; later, from reading, for damage.

    >>> from io import BytesIO
    >>> unpacked(BytesIO(gzip.compress(b">one")), "one.fasta").read()
    b'>one'
    >>> unpacked(BytesIO(b"PK\\x03\\x04..."), "all.zip")
    Traceback (most recent call last):
    pssp_tutorial.core.unpacking.ReadError: all.zip: is a zip archive or an Office document; expected text in UTF-8, ...
    """
    stream = _Stream(handle, name)
    unpack = next((unpack for start, unpack in UNPACKERS.items() if stream.head.startswith(start)), None)
    if unpack:
        stream = _Stream(unpack(BufferedReader(stream)), name)
        if stream.head.startswith(tuple(UNPACKERS)):
            raise ReadError(name, "is packed twice; expected text, plain or packed once with gzip, bzip2 or xz")
    for place, value, kind in FOREIGN:
        if stream.head[place:].startswith(value):
            raise ReadError(name, f"is {kind}; expected text in UTF-8, plain or packed with gzip, bzip2 or xz")
    return BufferedReader(stream, 1 << 16)


class _Stream(RawIOBase):
    """The bytes of a handle, of which ``head`` holds the first ones, and whose damage becomes a ReadError."""

    def __init__(self, handle: IO[bytes], name: str) -> None:
        self._read_some = getattr(handle, "read1", handle.read)  # what there is, without waiting for more
        self._name, self._ended, self.head = name, False, b""
        self._damage: ReadError | None = None
        with suppress(ReadError):  # raised again at its place, when what comes before it is read
            while len(self.head) < HEAD and not self._ended:
                self.head += self._next(HEAD - len(self.head))
        self._waiting = self.head

    def _next(self, size: int) -> bytes:
        if self._damage:
            raise self._damage
        try:
            data = b"" if self._ended else self._read_some(size)  # a terminal would have to end twice
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            reason = getattr(error, "strerror", None) or error
            self._damage = ReadError(self._name, f"not readable as text ({reason}); expected a whole file")
            raise self._damage from error
        self._ended = not data
        return data

    def readable(self) -> bool:
        """True, as the buffer above wants to know."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with the bytes that come next; the answer says how many there were."""
        data = self._waiting[: len(buffer)] or self._next(len(buffer))
        self._waiting = self._waiting[len(data) :]
        buffer[: len(data)] = data
        return len(data)
