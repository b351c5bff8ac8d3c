"""Fused inputs: each residue gets its own profile and accessibility, and a missing alignment is the chain itself."""

import numpy as np
import pytest
import torch

from pssp_tutorial.batches.batch import BatchingError
from pssp_tutorial.batches.fusion import FusedLoader
from pssp_tutorial.batches.proteins import Loader
from pssp_tutorial.proteins.by_chain import load_profiles
from pssp_tutorial.proteins.chains import load_chains

RECORDS, PROFILES = load_chains("mini").train[:6], load_profiles()
EXPOSURE = {record.id: record.accessibility for record in RECORDS}


def loader(**more) -> FusedLoader:
    return FusedLoader(RECORDS, 2_000, profiles=PROFILES, accessibility=EXPOSURE, **more)


def test_channels_stand_in_their_order_beside_their_own_residue() -> None:
    """A shift by one residue, or by one chain, would still train."""
    batch, plain = loader().batch([4, 1]), Loader(RECORDS, 2_000).batch([4, 1])
    assert batch.inputs.shape[-1] == 42
    assert torch.equal(batch.inputs[..., :21], plain.inputs)
    for row, index in enumerate((4, 1)):
        record = RECORDS[index]
        np.testing.assert_array_equal(batch.inputs[row, : len(record), 21:41].numpy(), PROFILES[record.id])
        np.testing.assert_array_equal(batch.inputs[row, : len(record), 41].numpy(), record.accessibility)
        assert batch.inputs[row, len(record) :].abs().sum() == 0


def test_without_an_alignment_the_profile_is_the_sequence() -> None:
    """Padding stays empty, so that the sequence can't run on into it."""
    batch = loader(missing=1.0).batch([0, 2])
    assert torch.equal(batch.inputs[..., 21:41], batch.inputs[..., :20])


def test_a_share_of_the_chains_is_drawn_anew() -> None:
    chosen = loader(missing=0.5)
    torch.manual_seed(0)
    alone = [
        (batch.inputs[..., 21:41] == batch.inputs[..., :20]).all(dim=(1, 2))
        for batch in (chosen.batch(range(6)) for _ in range(200))
    ]
    assert torch.stack(alone).float().mean() == pytest.approx(0.5, abs=0.05)
    assert len({tuple(each.tolist()) for each in alone}) > 20


def test_what_stands_beside_the_residues_is_part_of_the_fingerprint() -> None:
    """A training that goes on with other profiles would mix two experiments."""
    other = FusedLoader(RECORDS, 2_000, profiles=PROFILES)
    assert loader().fingerprint != other.fingerprint != loader(missing=0.5).fingerprint
    assert loader().fingerprint == loader().fingerprint


def test_a_missing_profile_is_named() -> None:
    with pytest.raises(BatchingError, match=f"{RECORDS[0].id}: no profile of {len(RECORDS[0])} residues"):
        FusedLoader(RECORDS, profiles={})
    with pytest.raises(BatchingError, match=f"{RECORDS[0].id}: no accessibility"):
        FusedLoader(RECORDS, profiles=PROFILES, accessibility={})
