"""The shipped profiles: of the right chains and residues, undamaged, and what makes them is what the data page says."""

import lzma
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pssp_tutorial.core.resources import resource
from pssp_tutorial.proteins.alphabet import AMINO_ACIDS, encode_residues
from pssp_tutorial.proteins.by_chain import load_profiles
from pssp_tutorial.proteins.chains import load_chains


@pytest.fixture(scope="module")
def profiles() -> dict[str, np.ndarray]:
    return load_profiles()


def test_they_are_of_the_chains_that_the_data_page_says(profiles: dict[str, np.ndarray]) -> None:
    chains, mini = load_chains(), {record.id for record in load_chains("mini")}
    split = dict(zip((record.id for record in chains), chains.split, strict=True))
    assert mini < profiles.keys()
    assert Counter(split[chain] for chain in profiles) == {"train": 1_200, "val": 270, "test": 60}
    assert {record.id for record in chains.val if 50 <= len(record) <= 150} < profiles.keys()
    assert {50 <= len(rows) <= 150 for chain, rows in profiles.items() if chain not in mini} == {True}
    assert sum(map(len, profiles.values())) == 182_422


def test_each_residue_has_frequencies(profiles: dict[str, np.ndarray]) -> None:
    rows = np.concatenate(list(profiles.values()))
    assert (rows.dtype, rows.shape[1], rows.min()) == (np.float32, 20, 0)
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-6)
    assert len(np.unique(rows.max(axis=1))) > 100


def test_a_profile_stands_beside_its_own_sequence(profiles: dict[str, np.ndarray]) -> None:
    """The chain is one of its relatives: a shift by a residue, or another order of the amino acids, would show here."""
    chains = load_chains()
    rows = np.concatenate(list(profiles.values()))
    own = encode_residues("".join(chains[chain].sequence for chain in profiles))[:, None]
    right, shifted = (np.take_along_axis(each, own, axis=1).mean() for each in (rows, np.roll(rows, 1, axis=0)))
    assert right > 3 * shifted


def test_the_build_gives_the_committed_file(profiles: dict[str, np.ndarray], tmp_path: Path) -> None:
    """From frequencies in steps of 1/255, as the database's reader writes them: the same chains and levels."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "data"))
    try:
        import short_profiles as build
    finally:
        sys.path.pop(0)
    records = build.chosen(load_chains())
    assert [record.id for record in records] == list(profiles)
    content = lzma.decompress(resource("data", "profiles.xz").read_bytes()).partition(b"\n\n")[2]
    bytes_ = np.frombuffer(content, np.uint8)
    levels = np.stack([bytes_ >> 4, bytes_ & 15], axis=-1).reshape(-1, len(AMINO_ACIDS))
    frequencies = np.round(255 * (levels / build.HIGHEST) ** 2).astype(np.uint8)  # rounds back to the same levels
    source, target = tmp_path / "profiles.npz", tmp_path / "profiles.xz"
    np.savez_compressed(source, ids=np.array(list(profiles)), frequencies=frequencies)
    build.main(source, target)
    assert lzma.decompress(target.read_bytes()) == lzma.decompress(resource("data", "profiles.xz").read_bytes())
