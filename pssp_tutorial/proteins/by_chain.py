"""Files with numbers for each residue of some chains: lines about the chains, an empty line, and the numbers."""

import lzma
import zlib
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import ReadError
from pssp_tutorial.core.resources import read_checked
from pssp_tutorial.proteins.record import ProteinRecord


def unpack(path: Path, number: str, written_by: str, error: type[PSSPError]) -> tuple[list[str], np.ndarray]:
    """The lines about the chains, and all numbers in a row.

    Parameters: ``number`` is NumPy's name of their type; ``written_by`` the script that writes such a file; ``error``
    what is raised if the file is missing, damaged or of another form.
    """
    try:
        packed = read_checked(path, remedy="restore it from the repository")
    except ReadError as problem:
        raise error(str(problem)) from problem
    try:
        header, numbers = lzma.decompress(packed).split(b"\n\n", maxsplit=1)
        return header.decode().split("\n"), np.frombuffer(numbers, dtype=number)
    except (lzma.LZMAError, ValueError) as problem:
        raise error(f"{path}: not as {written_by} writes it ({problem})") from problem


def summary(record: ProteinRecord) -> str:
    """What such a file says about a chain: id, length and CRC-32 of the sequence, separated by tabs.

    >>> summary(ProteinRecord("tiny", "MKTV"))
    'tiny\\t4\\t682a514c'
    """
    return f"{record.id}\t{len(record)}\t{zlib.crc32(record.sequence.encode()):08x}"
