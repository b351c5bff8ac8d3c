"""Torsion angles: those that a chain was built with, Biopython's, and what crystals are known for."""

import numpy as np
import pytest
from Bio.PDB.vectors import Vector, calc_dihedral
from test_dssp import helix

import pssp_tutorial as pssp
from pssp_tutorial.proteins.dssp import DSSPError


def test_a_chain_has_the_torsions_it_was_built_with() -> None:
    """The sign matters: with the other one, right-handed helices would turn to the left."""
    angles = pssp.backbone_torsions(helix(9, -57, -47))
    np.testing.assert_allclose(angles[1:-1, :2], [[-57, -47]] * 7, atol=1e-6)
    np.testing.assert_allclose(np.abs(angles[:-1, 2]), 180, atol=1e-6)
    assert np.isnan([angles[0, 0], angles[-1, 1], angles[-1, 2]]).all()


def test_biopython_finds_the_same() -> None:
    backbone = pssp.load_backbones()["1A12_C"]
    angles = pssp.backbone_torsions(backbone)
    for place in range(1, len(backbone) - 1):
        (n, ca, c, _), before, after = (
            [Vector(*map(float, atom)) for atom in residue] for residue in backbone[[place, place - 1, place + 1]]
        )
        expected = [calc_dihedral(before[2], n, ca, c), calc_dihedral(n, ca, c, after[0])]
        expected.append(calc_dihedral(ca, c, after[0], after[1]))
        turn = np.abs(angles[place] - np.degrees(expected)) % 360
        assert np.minimum(turn, 360 - turn).max() < 0.001


def test_no_angle_reaches_over_a_break() -> None:
    atoms = helix(10, -57, -47)
    atoms[5:] += [0, 0, 30]
    atoms[8, 1] = np.nan
    unknown = np.isnan(pssp.backbone_torsions(atoms))
    assert np.flatnonzero(unknown[:, 0]).tolist() == [0, 5, 8]
    assert np.flatnonzero(unknown[:, 1]).tolist() == [4, 8, 9]


def test_helices_lie_where_ramachandran_has_them() -> None:
    """Of residues in helices, 97.9% lie within φ -100 to -30 and ψ -80 to -5; of those with φ > 0, 64% are glycine."""
    chains, backbones = pssp.load_chains("mini"), pssp.load_backbones()
    angles = np.concatenate([pssp.backbone_torsions(backbones[chain.id])[1:-1, :2] for chain in chains])
    states, residues = (
        np.array(list("".join(text[1:-1] for text in texts)))
        for texts in ([chain.structure for chain in chains], [chain.sequence for chain in chains])
    )
    phi, psi = angles.T
    helical = (phi > -100) & (phi < -30) & (psi > -80) & (psi < -5)
    assert helical[states == "H"].mean() == pytest.approx(0.979, abs=0.001)
    assert (residues[phi > 0] == "G").mean() == pytest.approx(0.64, abs=0.005)


def test_what_is_no_backbone_is_refused() -> None:
    with pytest.raises(DSSPError, match=r"shape \(5, 3\)"):
        pssp.backbone_torsions(np.zeros((5, 3)))
