"""The embedded backbones: of the right chains, undamaged, and shaped as peptides are."""

import hashlib
import lzma
from pathlib import Path

import numpy as np
import pytest

from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.backbones import BackboneError, load_backbones
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


def repacked(folder: Path, old: bytes, new: bytes) -> Path:
    """The embedded file with a change in its content, and a checksum that is right."""
    content = lzma.decompress(resource("data", "backbones.xz").read_bytes())
    assert content.count(old) == 1
    packed = lzma.compress(content.replace(old, new), preset=0)
    path = folder / "backbones.xz"
    path.write_bytes(packed)
    path.with_name("backbones.xz.sha256").write_text(f"{hashlib.sha256(packed).hexdigest()}  backbones.xz\n")
    return path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"1A12_C\t212", b"1A12_D\t212", "line 1 is '1A12_D..212.*expected '1A12_C..212"),
        (b"1A12_C\t212", b"1A12_C\t211", "line 1 is '1A12_C..211"),
        (b"\n\n", b"\n9ZZZ_Z\t1\t00000000\n\n", "421 chains and 806124 numbers; expected 420 chains"),
        (b"\n\n", b"\n", "not as tools/data/backbones.py writes it"),
    ],
)
def test_backbones_of_other_chains_are_refused(old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    """Coordinates beside the wrong sequence would give every chapter that draws them a false picture."""
    with pytest.raises(BackboneError, match=message):
        load_backbones(repacked(tmp_path, old, new))


def test_damage_is_found_by_the_checksum(tmp_path: Path) -> None:
    path = repacked(tmp_path, b"1A12_C\t212", b"1A12_C\t212")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BackboneError, match="damaged"):
        load_backbones(path)
    path.unlink()
    with pytest.raises(BackboneError, match="no such file or directory; restore"):
        load_backbones(path)
