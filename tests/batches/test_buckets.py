"""Buckets of sequences of like length: each sequence once, sizes bounded, little padding."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from pssp_tutorial.batches.buckets import length_buckets

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)
BUDGETS = st.integers(1, 200)


@given(LENGTHS, BUDGETS, st.none() | st.integers(0, 9))
def test_a_batch_stays_within_its_residues(lengths, budget, seed):
    """Padding counts too, or one long protein among short ones would exhaust the memory."""
    generator = None if seed is None else torch.Generator().manual_seed(seed)
    buckets = length_buckets(lengths, budget, generator=generator)
    assert sorted(index for bucket in buckets for index in bucket) == list(range(len(lengths)))
    for bucket in buckets:
        longest = max(lengths[index] for index in bucket)
        assert len(bucket) * longest <= budget or len(bucket) == 1


def test_buckets_without_a_generator_run_from_short_to_long():
    assert length_buckets([5, 1, 3, 5], 10) == [[1, 2], [0, 3]]
    assert length_buckets([], 10) == []


def test_buckets_waste_little():
    """Grouping by length is what keeps padding low: of batches drawn at random it would be more than half."""
    lengths = np.random.default_rng(0).lognormal(5.2, 0.6, size=2_000).astype(int) + 1

    def padding(buckets):
        return 1 - lengths.sum() / sum(len(bucket) * lengths[bucket].max() for bucket in buckets)

    assert padding(length_buckets(lengths, 8_000)) < 0.03
    assert padding(length_buckets(lengths, 8_000, generator=torch.Generator().manual_seed(0))) < 0.08
    assert padding(np.random.default_rng(0).permutation(2_000).reshape(50, 40)) > 0.5
