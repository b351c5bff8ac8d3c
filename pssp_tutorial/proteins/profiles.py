"""Evolutionary profiles that travel with the book: what stands at each residue in a chain's relatives (chapter 10)."""

from os import PathLike
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.by_chain import summary, unpack
from pssp_tutorial.proteins.chains import ChainSet, load_chains

FILE_NAME = "profiles.xz"
HIGHEST = 7
"""The highest of the eight levels of a frequency's square root: level 7 is a frequency of 1."""


class ProfileError(PSSPError):
    """A file of profiles that is missing, damaged, or of other chains."""


def load_profiles(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """Read the profiles of 1,530 chains, checking them against the chain set.

    They are those of the 420 ``mini`` chains, of the other ``val`` chains of 50 to 150 residues, and of 900 more such
    chains of ``train``, each of another cluster. A frequency's square root is kept in eight levels.

    Parameters
    ----------
    path : path, optional
        Another file as ``tools/data/short_profiles.py`` writes it; beside it, ``<name>.sha256`` holds its checksum.

    Returns dict of str to float32[length, 20]: by chain id: how often each amino acid, in the order of ``AMINO_ACIDS``,
    stands at each residue in the chain's relatives. The frequencies of a residue have the sum 1.

    Raises ProfileError if the file is missing, damaged or not as described, or names a chain that the chain set has
    otherwise.

    >>> profiles = load_profiles()
    >>> len(profiles), profiles["1A12_C"].shape
    (1530, (212, 20))
    """
    path = Path(path) if path is not None else resource("data", FILE_NAME)
    lines, packed = unpack(path, "u1", "tools/data/short_profiles.py", ProfileError)
    chains = load_chains()
    ids = [_checked(line, number, chains, path) for number, line in enumerate(lines, start=1)]
    ends = np.cumsum([len(chains[chain]) for chain in ids])
    if packed.size != ends[-1] * len(AMINO_ACIDS) // 2:
        expected = f"{ends[-1] * len(AMINO_ACIDS) // 2}, two amino acids each"
        raise ProfileError(f"{path}: {packed.size} bytes for {ends[-1]} residues; expected {expected}")
    levels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1, len(AMINO_ACIDS))
    if levels.max() > HIGHEST or not levels.any(axis=1).all():
        raise ProfileError(f"{path}: a level above {HIGHEST}, or a residue of nothing; expected levels 0 to {HIGHEST}")
    frequencies = (levels / np.float32(HIGHEST)) ** 2
    frequencies /= frequencies.sum(axis=1, keepdims=True)
    return dict(zip(ids, np.split(frequencies, ends[:-1]), strict=True))


def _checked(line: str, number: int, chains: ChainSet, path: Path) -> str:
    """The chain's id, if the line is what the chain set says of it."""
    chain = line.partition("\t")[0]
    wanted = summary(chains[chain]) if chain in chains.ids else "a chain of the chain set"
    if line != wanted:
        raise ProfileError(f"{path}: line {number} is {line!r}; expected {wanted!r}, as in the chain set")
    return chain
