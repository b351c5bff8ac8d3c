"""Which sequences share a batch: those of like length, drawn anew for each epoch (chapter 4)."""

from collections.abc import Iterable

import numpy as np
import torch

from pssp_tutorial.batches.batch import BatchingError

LENGTH_JITTER = 0.05  # shuffling sorts by length times a random factor, 1 ± this: about 5% of a batch is padding


def length_buckets(
    lengths: Iterable[int], batch_residues: int, *, generator: torch.Generator | None = None
) -> list[list[int]]:
    """Group sequences of like length so that batch size times longest stays within ``batch_residues``.

    Only a sequence that is longer by itself exceeds it, alone in its batch. Without a generator the batches
    run from short to long; with one, it draws both their members and their order. Each batch is a list of
    indices into ``lengths``.

    >>> length_buckets([3, 9, 2, 40], batch_residues=10)
    [[2, 0], [1], [3]]
    """
    if batch_residues < 1:
        raise BatchingError(f"batch_residues is {batch_residues}; expected 1 or more")
    sizes = np.fromiter(lengths, dtype=np.int64)
    keys = sizes.astype(np.float64)
    if generator is not None:
        keys *= 1 + LENGTH_JITTER * (2 * torch.rand(len(sizes), generator=generator).numpy() - 1)
    batches: list[list[int]] = []
    longest = 0
    for index in np.argsort(keys, kind="stable").tolist():
        longest = max(longest, sizes[index])
        if batches and longest * (len(batches[-1]) + 1) <= batch_residues:
            batches[-1].append(index)
        else:
            batches.append([index])
            longest = sizes[index]
    if generator is not None:
        batches = [batches[index] for index in torch.randperm(len(batches), generator=generator).tolist()]
    return batches


def epoch_seed(seed: int, epoch: int) -> int:
    """A seed for each pair of seed and epoch: an epoch's random numbers need no memory of earlier ones.

    >>> epoch_seed(0, 1) == epoch_seed(0, 1), epoch_seed(0, 1) == epoch_seed(1, 0)
    (True, False)
    """
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
