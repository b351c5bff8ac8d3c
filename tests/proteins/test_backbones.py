"""The embedded backbones: of the right chains, undamaged, and shaped as peptides are."""

import numpy as np
import pytest

from pssp_tutorial.proteins.by_chain import load_backbones
from pssp_tutorial.proteins.chains import load_chains


@pytest.fixture(scope="module")
def backbones() -> dict[str, np.ndarray]:
    return load_backbones()


def test_every_mini_chain_has_its_backbone(backbones: dict[str, np.ndarray]) -> None:
    chains = load_chains("mini")
    assert {chain: len(atoms) for chain, atoms in backbones.items()} == {each.id: len(each) for each in chains}
    assert {(atoms.dtype, atoms.shape[1:]) for atoms in backbones.values()} == {(np.dtype("float32"), (4, 3))}


def test_bonds_are_as_long_as_chemistry_says(backbones: dict[str, np.ndarray]) -> None:
    """Lengths of Engh and Huber 1991 (doi 10.1107/S0108767391001071), so that no atom or axis stands for another."""
    atoms = np.concatenate(list(backbones.values())).astype(np.float64)
    alpha_nitrogen, alpha_carbon, carbonyl = (
        np.linalg.norm(atoms[:, one] - atoms[:, other], axis=1) for one, other in ((0, 1), (1, 2), (2, 3))
    )
    peptide = np.concatenate([np.linalg.norm(each[1:, 0] - each[:-1, 2], axis=1) for each in backbones.values()])
    for lengths, expected in ((alpha_nitrogen, 1.458), (alpha_carbon, 1.525), (carbonyl, 1.231), (peptide, 1.329)):
        assert np.median(lengths) == pytest.approx(expected, abs=0.01)
        assert np.quantile(lengths, [0.001, 0.999]) == pytest.approx([expected] * 2, abs=0.15)
    assert peptide.max() < 2  # nowhere a gap


def test_coordinates_are_hundredths(backbones: dict[str, np.ndarray]) -> None:
    atoms = np.concatenate(list(backbones.values())).astype(np.float64)
    assert np.abs(atoms * 100 - np.round(atoms * 100)).max() < 0.001
