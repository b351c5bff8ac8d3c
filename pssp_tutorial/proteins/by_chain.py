"""What travels with the book for each residue of some chains: backbones (chapter 1) and profiles (chapter 10).

Such a file has a line about each chain, an empty line, and the numbers.
"""

import lzma
import zlib
from os import PathLike
from pathlib import Path

import numpy as np

from pssp_tutorial.core.files import ReadError
from pssp_tutorial.core.resources import read_checked, resource
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.chains import ChainDataError, ChainSet, load_chains
from pssp_tutorial.proteins.record import ProteinRecord

ATOMS = ("N", "CA", "C", "O")
"""The atoms of a residue's backbone, in the order of a backbone's second axis."""
STEPS_PER_ANGSTROM = 100
HIGHEST = 7
"""The highest of the eight levels of a frequency's square root: level 7 is a frequency of 1."""


def load_backbones(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """The backbones of the 420 ``mini`` chains by their ids, checked against the chain set: float32[length, 4, 3].

    They hold N, CA, C and O of each residue in ångström, to the hundredth. Each chain was moved as a whole, so two
    chains of one PDB entry do not lie beside each other as they do there. Another ``path`` is that of a file as
    ``tools/data/backbones.py`` writes it, with its checksum beside it.

    Raises ChainDataError if the file is missing, damaged or not as described, or its chains are not those of
    ``load_chains("mini")``.

    >>> backbones = load_backbones()
    >>> len(backbones), backbones["1A12_C"].shape
    (420, (212, 4, 3))
    """
    path, mini = Path(path) if path is not None else resource("data", "backbones.xz"), load_chains("mini")
    lengths, steps = read_by_chain(path, "<i2", len(ATOMS) * 3, "tools/data/backbones.py", mini)
    if len(lengths) != len(mini):
        raise ChainDataError(f"{path}: {len(lengths)} chains; expected {len(mini)}")
    chains = np.split(steps, np.cumsum(list(lengths.values()))[:-1])
    return {chain: _coordinates(each) for chain, each in zip(lengths, chains, strict=True)}


def _coordinates(steps: np.ndarray) -> np.ndarray:
    hundredths = steps.reshape(-1, 3).cumsum(axis=0, dtype=np.int64)
    return (hundredths / STEPS_PER_ANGSTROM).astype(np.float32).reshape(-1, len(ATOMS), 3)


def load_profiles(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """The profiles of 1,530 chains by their ids, checked against the chain set: float32[length, 20].

    They say how often each amino acid, in the order of ``AMINO_ACIDS``, stands at each residue in the chain's
    relatives; the frequencies of a residue have the sum 1, and their square roots are kept in eight levels. The chains
    are the 420 ``mini`` ones, the other ``val`` chains of 50 to 150 residues, and 900 more such chains of ``train``,
    each of another cluster. Another ``path`` is that of a file as ``tools/data/short_profiles.py`` writes it, with its
    checksum beside it.

    Raises ChainDataError if the file is missing, damaged or not as described, or names a chain that the chain set has
    otherwise.

    >>> profiles = load_profiles()
    >>> len(profiles), profiles["1A12_C"].shape
    (1530, (212, 20))
    """
    path, pairs = Path(path) if path is not None else resource("data", "profiles.xz"), len(AMINO_ACIDS) // 2
    lengths, packed = read_by_chain(path, "u1", pairs, "tools/data/short_profiles.py", load_chains())
    levels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1, len(AMINO_ACIDS))  # a byte has two
    if levels.max() > HIGHEST or not levels.any(axis=1).all():
        raise ChainDataError(
            f"{path}: a level above {HIGHEST}, or a residue of nothing; expected levels 0 to {HIGHEST}"
        )
    frequencies = (levels / np.float32(HIGHEST)) ** 2
    frequencies /= frequencies.sum(axis=1, keepdims=True)
    return dict(zip(lengths, np.split(frequencies, np.cumsum(list(lengths.values()))[:-1]), strict=True))


def read_by_chain(
    path: Path, number: str, per_residue: int, written_by: str, chains: ChainSet
) -> tuple[dict[str, int], np.ndarray]:
    """The length of each chain, by its id, and the numbers [residue, per_residue] of all chains in a row.

    ``number`` is NumPy's name of their type, ``written_by`` the script that writes such a file; ``chains`` are those
    that it may hold.
    """
    try:
        packed = read_checked(path, remedy="restore it from the repository")
        header, content = lzma.decompress(packed).split(b"\n\n", maxsplit=1)
        lines, numbers = header.decode().split("\n"), np.frombuffer(content, dtype=number)
    except ReadError as problem:
        raise ChainDataError(str(problem)) from problem
    except (lzma.LZMAError, ValueError) as problem:
        raise ChainDataError(f"{path}: not as {written_by} writes it ({problem})") from problem
    lengths = {}
    for place, line in enumerate(lines, start=1):
        chain = line.partition("\t")[0]
        wanted = summary(chains[chain]) if chain in chains.ids else "a chain of the chain set"
        if line != wanted:
            raise ChainDataError(f"{path}: line {place} is {line!r}; expected {wanted!r}, as in the chain set")
        lengths[chain] = len(chains[chain])
    residues = sum(lengths.values())
    if numbers.size != residues * per_residue:
        raise ChainDataError(
            f"{path}: {numbers.size} numbers for {residues} residues; expected {residues * per_residue}"
        )
    return lengths, numbers.reshape(-1, per_residue)


def summary(record: ProteinRecord) -> str:
    """What such a file says about a chain: id, length and CRC-32 of the sequence, separated by tabs.

    >>> summary(ProteinRecord("tiny", "MKTV"))
    'tiny\\t4\\t682a514c'
    """
    return f"{record.id}\t{len(record)}\t{zlib.crc32(record.sequence.encode()):08x}"
