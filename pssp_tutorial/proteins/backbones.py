"""The backbones of the ``mini`` chains, as the experiments saw them (chapter 1)."""

from os import PathLike
from pathlib import Path

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.by_chain import summary, unpack
from pssp_tutorial.proteins.chains import load_chains

FILE_NAME = "backbones.xz"
ATOMS = ("N", "CA", "C", "O")
"""The atoms of a residue's backbone, in the order of a backbone's second axis."""
STEPS_PER_ANGSTROM = 100


class BackboneError(PSSPError):
    """A file of backbones that is missing, damaged, or of other chains."""


def load_backbones(path: str | PathLike | None = None) -> dict[str, np.ndarray]:
    """Read the backbones of the 420 ``mini`` chains, checking them against the chain set.

    Coordinates are in ångström, to the hundredth. Each chain was moved as a whole, so two chains of one PDB entry do
    not lie beside each other as they do there.

    Parameters
    ----------
    path : path, optional
        Another file as ``tools/data/backbones.py`` writes it; beside it, ``<name>.sha256`` holds its checksum.

    Returns dict of str to float32[length, 4, 3]: by chain id: N, CA, C and O of each residue.

    Raises BackboneError if the file is missing, damaged or not as described, or its chains are not those of
    ``load_chains("mini")``.

    >>> backbones = load_backbones()
    >>> len(backbones), backbones["1A12_C"].shape
    (420, (212, 4, 3))
    """
    path = Path(path) if path is not None else resource("data", FILE_NAME)
    lines, steps = unpack(path, "<i2", "tools/data/backbones.py", BackboneError)
    expected = [summary(each) for each in load_chains("mini")]
    for number, (line, wanted) in enumerate(zip(lines, expected, strict=False), start=1):
        if line != wanted:
            raise BackboneError(f"{path}: line {number} is {line!r}; expected {wanted!r}, as in the chain set")
    lengths = [int(line.split("\t")[1]) for line in expected]
    if len(lines) != len(expected) or steps.size != sum(lengths) * len(ATOMS) * 3:
        raise BackboneError(
            f"{path}: {len(lines)} chains and {steps.size} numbers; "
            f"expected {len(expected)} chains and {sum(lengths) * len(ATOMS) * 3} numbers"
        )
    chains = np.split(steps.reshape(-1, 3), np.cumsum(lengths)[:-1] * len(ATOMS))
    ids = (line.split("\t")[0] for line in lines)
    return {chain: _coordinates(each) for chain, each in zip(ids, chains, strict=True)}


def _coordinates(steps: np.ndarray) -> np.ndarray:
    hundredths = steps.cumsum(axis=0, dtype=np.int64)
    return (hundredths / STEPS_PER_ANGSTROM).astype(np.float32).reshape(-1, len(ATOMS), 3)
