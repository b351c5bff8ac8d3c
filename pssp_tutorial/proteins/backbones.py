"""The backbones of the ``mini`` chains, as the experiments saw them (chapter 1)."""

from os import PathLike
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.by_chain import read_by_chain
from pssp_tutorial.proteins.chains import load_chains

FILE_NAME = "backbones.xz"
ATOMS = ("N", "CA", "C", "O")
"""The atoms of a residue's backbone, in the order of a backbone's second axis."""
STEPS_PER_ANGSTROM = 100


class BackboneError(PSSPError):
    """A file of backbones that is missing, damaged, or of other chains."""


def load_backbones(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """The backbones of the 420 ``mini`` chains by their ids, checked against the chain set: float32[length, 4, 3].

    They hold N, CA, C and O of each residue in ångström, to the hundredth. Each chain was moved as a whole, so two
    chains of one PDB entry do not lie beside each other as they do there. Another ``path`` is that of a file as
    ``tools/data/backbones.py`` writes it, with its checksum beside it.

    Raises BackboneError if the file is missing, damaged or not as described, or its chains are not those of
    ``load_chains("mini")``.

    >>> backbones = load_backbones()
    >>> len(backbones), backbones["1A12_C"].shape
    (420, (212, 4, 3))
    """
    path, mini = Path(path) if path is not None else resource("data", FILE_NAME), load_chains("mini")
    lengths, steps = read_by_chain(path, "<i2", len(ATOMS) * 3, "tools/data/backbones.py", mini, BackboneError)
    if len(lengths) != len(mini):
        raise BackboneError(f"{path}: {len(lengths)} chains; expected {len(mini)}")
    chains = np.split(steps, np.cumsum(list(lengths.values()))[:-1])
    return {chain: _coordinates(each) for chain, each in zip(lengths, chains, strict=True)}


def _coordinates(steps: np.ndarray) -> np.ndarray:
    hundredths = steps.reshape(-1, 3).cumsum(axis=0, dtype=np.int64)
    return (hundredths / STEPS_PER_ANGSTROM).astype(np.float32).reshape(-1, len(ATOMS), 3)
