"""The torsion angles of a backbone, which Ramachandran drew (chapter 1)."""

import numpy as np

from pssp_tutorial.proteins.dssp import DSSPError, number_segments


def backbone_torsions(backbone: np.ndarray) -> np.ndarray:
    """φ, ψ and ω of each residue, float64[length, 3], in degrees from -180 to 180 (chapter 1).

    φ turns about N-CA, ψ about CA-C, and ω about the peptide bond from C to the N of the next residue: 180 where it is
    trans. Signs follow the IUPAC-IUB rules of 1970, doi 10.1021/bi00820a001. An angle is nan where one of its atoms is
    missing, at breaks and at the ends: φ of the first residue, ψ and ω of the last.

    The backbone, float[length, 4, 3], holds N, CA, C and O in ångström, nan where an atom is missing.

    Raises DSSPError if the backbone has another shape.

    >>> from pssp_tutorial import load_backbones
    >>> backbone_torsions(load_backbones()["1A12_C"])[1:3].round()
    array([[ 165.,   20., -178.],
           [ -91.,  -11.,  175.]])
    """
    atoms = np.asarray(backbone, dtype=np.float64)
    if atoms.ndim != 3 or atoms.shape[1:] != (4, 3):
        raise DSSPError(
            f"backbone has the shape {atoms.shape}; expected [length, 4, 3]: N, CA, C and O of each residue"
        )
    nitrogen, alpha, carbon, _ = atoms.transpose(1, 0, 2)
    angles = np.full((len(atoms), 3), np.nan)
    angles[1:, 0] = _torsions(carbon[:-1], nitrogen[1:], alpha[1:], carbon[1:])
    angles[:-1, 1] = _torsions(nitrogen[:-1], alpha[:-1], carbon[:-1], nitrogen[1:])
    angles[:-1, 2] = _torsions(alpha[:-1], carbon[:-1], nitrogen[1:], alpha[1:])
    broken = np.diff(number_segments(atoms)) > 0
    angles[1:, 0][broken] = np.nan
    angles[:-1, 1:][broken] = np.nan
    return angles


def _torsions(first: np.ndarray, second: np.ndarray, third: np.ndarray, fourth: np.ndarray) -> np.ndarray:
    """Angles about the axes from the second to the third points, ``float64[torsion]``."""
    axis = third - second
    before, after = np.cross(second - first, axis), np.cross(axis, fourth - third)
    sine = (np.cross(before, after) * axis).sum(axis=-1) / np.linalg.norm(axis, axis=-1)
    return np.degrees(np.arctan2(sine, (before * after).sum(axis=-1)))
