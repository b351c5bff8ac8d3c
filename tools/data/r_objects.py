"""Read what R saved (.rda, and the .rdb of an installed package) into plain Python, without R.

The format is R's own serialisation in big-endian XDR (the manual *R Internals*, section 1.8). A vector becomes a NumPy
array or a list, a list that has names and nothing else a dict. Whatever has other attributes (a factor, a matrix, a
data frame, an S4 object with its slots) becomes an :class:`RObject`. Functions, which some objects carry along, are
passed over; a type that the files of this book do not hold is an error.
"""

import bz2
import lzma
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

NOTHING = (254, 253, 252, 251, 250, 242, 241)  # NULL, a missing argument, and the environments that R always has
SYMBOL, PAIRS, FUNCTION, ENVIRONMENT, PROMISE, CALL, BUILT_IN = 1, 2, 3, 4, 5, 6, (7, 8)
CHARACTER, LOGICAL, INTEGER, REAL, STRINGS, LIST, BYTECODE, POINTER, S4 = 9, 10, 13, 14, 16, 19, 21, 22, 25
REFERENCE, NAMESPACE, PACKAGE = 255, 249, 248
ATTRIBUTED_CALL, ATTRIBUTED_PAIRS, DEFINED, REPEATED = 240, 239, 244, 243  # within bytecode
HAS_ATTRIBUTES, HAS_TAG = 512, 1024


@dataclass
class RObject:
    """A value with its attributes: the levels of a factor, the dimensions of a matrix, the slots of an S4 object."""

    value: Any
    attributes: dict[str, Any] = field(default_factory=dict)


class Reader:
    """Reads one serialised object from its first byte."""

    def __init__(self, content: bytes) -> None:
        self.content, self.place = content, 0
        self.references: list[Any] = []  # what is written once, and afterwards named by its number
        assert self.take(2) == b"X\n", "expected big-endian XDR"
        version = self.integer()
        self.take(8)  # the versions of R that wrote it and that can read it
        if version == 3:
            self.take(self.integer())  # the name of the encoding

    def take(self, count: int) -> bytes:
        self.place += count
        return self.content[self.place - count : self.place]

    def integer(self) -> int:
        return int.from_bytes(self.take(4), "big", signed=True)

    def read(self) -> Any:
        flags = self.integer()
        kind = flags & 255
        if kind in NOTHING:
            return None
        if kind == REFERENCE:
            return self.references[(flags >> 8 or self.integer()) - 1]
        if kind in (SYMBOL, ENVIRONMENT, NAMESPACE, PACKAGE, POINTER):
            return self.read_once(kind, flags)
        if kind in (PAIRS, CALL):
            return self.read_pairs(flags)
        if kind in (FUNCTION, PROMISE, BYTECODE, *BUILT_IN):
            return self.skip_function(kind, flags)
        value = None if kind == S4 else self.read_vector(kind)
        if kind == CHARACTER or not flags & HAS_ATTRIBUTES:
            return value
        attributes = self.read()
        if set(attributes) == {"names"}:
            return dict(zip(attributes["names"], value, strict=True))
        return RObject(value, attributes)

    def read_vector(self, kind: int) -> Any:
        count = self.integer()
        if kind == CHARACTER:
            return None if count == -1 else self.take(count).decode()
        if kind in (LOGICAL, INTEGER):
            return np.frombuffer(self.take(4 * count), ">i4").astype(np.int32)
        if kind == REAL:
            return np.frombuffer(self.take(8 * count), ">f8").astype(np.float64)
        assert kind in (STRINGS, LIST), f"type {kind} at byte {self.place}"
        return [self.read() for _ in range(count)]

    def read_once(self, kind: int, flags: int) -> Any:
        number = len(self.references)
        if kind != SYMBOL:  # a symbol takes its number after its name; the others before what is in them
            self.references.append(None)
        if kind == SYMBOL:
            self.references.append(self.read())
        elif kind == ENVIRONMENT:
            self.integer()  # whether it is locked
            self.references[number] = [self.read() for _ in range(4)]
        elif kind == POINTER:
            self.references[number] = [self.read() for _ in range(3 if flags & HAS_ATTRIBUTES else 2)]
        else:
            self.integer()
            self.references[number] = [self.read() for _ in range(self.integer())]
        return self.references[number]

    def read_pairs(self, flags: int) -> dict[str, Any]:
        """A linked list of values with names, as attributes and saved workspaces are."""
        found: dict[str, Any] = {}
        while flags & 255 in (PAIRS, CALL):
            if flags & HAS_ATTRIBUTES:
                self.read()
            tag = self.read() if flags & HAS_TAG else None
            found[str(len(found)) if tag is None else tag] = self.read()
            flags = self.integer()
        assert flags & 255 in NOTHING, f"a list that ends in type {flags & 255} at byte {self.place}"
        return found

    def skip_function(self, kind: int, flags: int) -> None:
        if kind in BUILT_IN:
            self.take(self.integer())
            return
        if flags & HAS_ATTRIBUTES:
            self.read()
        if kind == BYTECODE:
            self.integer()
            self.skip_bytecode()
            return
        for _ in range(3 if flags & HAS_TAG else 2):
            self.read()

    def skip_bytecode(self) -> None:
        """The numbers of the instructions, then the constants."""
        self.read()
        for _ in range(self.integer()):
            kind = self.integer()
            if kind == BYTECODE:
                self.skip_bytecode()
            else:
                self.skip_constant(kind)

    def skip_constant(self, kind: int) -> None:
        if kind == REPEATED:
            self.integer()
            return
        if kind not in (PAIRS, CALL, DEFINED, ATTRIBUTED_CALL, ATTRIBUTED_PAIRS):
            self.read()
            return
        if kind == DEFINED:
            self.integer()
            kind = self.integer()
        if kind in (ATTRIBUTED_CALL, ATTRIBUTED_PAIRS):
            self.read()
        self.read()
        self.skip_constant(self.integer())
        self.skip_constant(self.integer())


def read_rda(path: Path) -> dict[str, Any]:
    """The objects of a file that R's ``save`` wrote, by name."""
    packed = path.read_bytes()
    content = lzma.decompress(packed) if packed.startswith(b"\xfd7zXZ") else bz2.decompress(packed)
    assert content[:5] in (b"RDX2\n", b"RDX3\n"), f"{path}: not a saved workspace"
    return Reader(content[5:]).read()


def read_rdb(folder: Path, name: str) -> Any:
    """One object of an installed package's ``Rdata.rdb``: its place is in ``Rdata.rdx``, packed with zlib."""
    index = Reader(zlib.decompress((folder / "Rdata.rdx").read_bytes(), wbits=47)).read()
    start, length = (int(number) for number in index["variables"][name])
    packed = (folder / "Rdata.rdb").read_bytes()[start : start + length]
    assert packed[4:5] == b"Z", f"{name}: not packed with LZMA"
    return Reader(lzma.decompress(packed[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])).read()
