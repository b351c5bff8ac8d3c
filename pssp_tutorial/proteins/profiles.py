"""Evolutionary profiles that travel with the book: what stands at each residue in a chain's relatives (chapter 10)."""

from os import PathLike
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS
from pssp_tutorial.proteins.by_chain import read_by_chain
from pssp_tutorial.proteins.chains import load_chains

FILE_NAME = "profiles.xz"
HIGHEST = 7
"""The highest of the eight levels of a frequency's square root: level 7 is a frequency of 1."""


class ProfileError(PSSPError):
    """A file of profiles that is missing, damaged, or of other chains."""


def load_profiles(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """The profiles of 1,530 chains by their ids, checked against the chain set: float32[length, 20].

    They say how often each amino acid, in the order of ``AMINO_ACIDS``, stands at each residue in the chain's
    relatives; the frequencies of a residue have the sum 1, and their square roots are kept in eight levels. The chains
    are the 420 ``mini`` ones, the other ``val`` chains of 50 to 150 residues, and 900 more such chains of ``train``,
    each of another cluster. Another ``path`` is that of a file as ``tools/data/short_profiles.py`` writes it, with its
    checksum beside it.

    Raises ProfileError if the file is missing, damaged or not as described, or names a chain that the chain set has
    otherwise.

    >>> profiles = load_profiles()
    >>> len(profiles), profiles["1A12_C"].shape
    (1530, (212, 20))
    """
    path, pairs = Path(path) if path is not None else resource("data", FILE_NAME), len(AMINO_ACIDS) // 2
    lengths, packed = read_by_chain(path, "u1", pairs, "tools/data/short_profiles.py", load_chains(), ProfileError)
    levels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(-1, len(AMINO_ACIDS))  # a byte has two
    if levels.max() > HIGHEST or not levels.any(axis=1).all():
        raise ProfileError(f"{path}: a level above {HIGHEST}, or a residue of nothing; expected levels 0 to {HIGHEST}")
    frequencies = (levels / np.float32(HIGHEST)) ** 2
    frequencies /= frequencies.sum(axis=1, keepdims=True)
    return dict(zip(lengths, np.split(frequencies, np.cumsum(list(lengths.values()))[:-1]), strict=True))
