"""Files with numbers for each residue of some chains: lines about the chains, an empty line, and the numbers."""

import lzma
import zlib
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import ReadError
from pssp_tutorial.core.resources import read_checked
from pssp_tutorial.proteins.chains import ChainSet
from pssp_tutorial.proteins.record import ProteinRecord


def read_by_chain(
    path: Path, number: str, per_residue: int, written_by: str, chains: ChainSet, error: type[PSSPError]
) -> tuple[dict[str, int], np.ndarray]:
    """The length of each chain, by its id, and the numbers [residue, per_residue] of all chains in a row.

    Parameters: ``number`` is NumPy's name of their type; ``written_by`` the script that writes such a file; ``chains``
    those that it may hold; ``error`` what is raised if the file is missing, damaged, of another form, or of others.
    """
    try:
        packed = read_checked(path, remedy="restore it from the repository")
        header, content = lzma.decompress(packed).split(b"\n\n", maxsplit=1)
        lines, numbers = header.decode().split("\n"), np.frombuffer(content, dtype=number)
    except ReadError as problem:
        raise error(str(problem)) from problem
    except (lzma.LZMAError, ValueError) as problem:
        raise error(f"{path}: not as {written_by} writes it ({problem})") from problem
    lengths = {}
    for place, line in enumerate(lines, start=1):
        chain = line.partition("\t")[0]
        wanted = summary(chains[chain]) if chain in chains.ids else "a chain of the chain set"
        if line != wanted:
            raise error(f"{path}: line {place} is {line!r}; expected {wanted!r}, as in the chain set")
        lengths[chain] = len(chains[chain])
    residues = sum(lengths.values())
    if numbers.size != residues * per_residue:
        raise error(f"{path}: {numbers.size} numbers for {residues} residues; expected {residues * per_residue}")
    return lengths, numbers.reshape(-1, per_residue)


def summary(record: ProteinRecord) -> str:
    """What such a file says about a chain: id, length and CRC-32 of the sequence, separated by tabs.

    >>> summary(ProteinRecord("tiny", "MKTV"))
    'tiny\\t4\\t682a514c'
    """
    return f"{record.id}\t{len(record)}\t{zlib.crc32(record.sequence.encode()):08x}"
