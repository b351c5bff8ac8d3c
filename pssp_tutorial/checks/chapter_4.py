"""Graders of chapter 4: chains, splits and batches."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from pssp_tutorial.batches.buckets import length_buckets
from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.checks.grading import Cases, Observations, by_cases, by_observation, present
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.proteins.record import ProteinRecord

Records = Sequence[ProteinRecord]
Split = tuple[list[ProteinRecord], list[ProteinRecord]]
Arrays = tuple[Tensor, Tensor, Tensor]


def largest_size(lengths: list[int], *, shuffled: bool) -> int:
    """The largest power of two that keeps padding below 5%."""
    fits = 1
    for size in (2**power for power in range(10, 18)):
        generator = torch.Generator().manual_seed(0) if shuffled else None
        batches = length_buckets(lengths, size, generator=generator)
        positions = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
        fits = size if 1 - sum(lengths) / positions < 0.05 else fits
    return fits


EXPONENT = "That is the exponent. The answer is 2 to the power of it."
NO_POWER = "That is no power of two: try 1,024, 2,048, 4,096 and so on."
NOT_SHUFFLED = "You measured buckets without a generator: shuffling mixes the lengths a little. Pass a generator."
TOO_SMALL = "Padding is below 5% there, but a larger size keeps it below as well. Go on doubling."
TOO_LARGE = "Padding is above 5% there. Count it as a share of all positions of the batches, not of the residues."


@by_observation(
    "4.1", mistakes={EXPONENT: 13, NO_POWER: 8_000, NOT_SHUFFLED: 65_536, TOO_SMALL: 2_048, TOO_LARGE: 16_384}
)
def exercise_4_1(batch_residues: int) -> Observations:
    """The largest power of two for ``batch_residues`` that keeps padding below 5% in shuffled buckets.

    The chains are those of the train split.

    >>> exercise_4_1(5_000).hint
    'That is no power of two: try 1,024, 2,048, 4,096 and so on.'
    """
    lengths = [len(record) for record in load_chains().train]
    right = largest_size(lengths, shuffled=True)
    if batch_residues < 64 and 2**batch_residues == right:
        hint = EXPONENT
    elif batch_residues & (batch_residues - 1):
        hint = NO_POWER
    elif batch_residues == largest_size(lengths, shuffled=False):
        hint = NOT_SHUFFLED
    else:
        hint = TOO_SMALL if batch_residues < right else TOO_LARGE
    yield batch_residues == right, f"batch_residues of {batch_residues:,}", hint


def arrays(records: Records, fill: int = IGNORE_INDEX) -> Arrays:
    batch = collate(records)
    return batch.inputs, batch.lengths, torch.where(batch.mask, batch.labels, fill)


def axes_swapped(records: Records) -> Arrays:
    inputs, lengths, labels = arrays(records)
    return inputs.transpose(1, 2), lengths, labels


def padded_on_the_left(records: Records) -> Arrays:
    inputs, lengths, labels = arrays(records)
    for row, length in enumerate(lengths.tolist()):
        inputs[row], labels[row] = (part[row].roll(labels.shape[1] - length, 0) for part in (inputs, labels))
    return inputs, lengths, labels


def one_length(records: Records) -> Arrays:
    inputs, lengths, labels = arrays(records)
    return inputs, torch.full_like(lengths, labels.shape[1]), labels


def some_records() -> Cases:
    records = load_chains("mini").val
    return {"five chains": (records[:5],), "three others": (records[10:13],), "one alone": (records[20:21],)}


@by_cases(
    "4.2",
    cases=some_records,
    mistakes={
        "Padding gets the label 0, which is helix: it would be counted as residues. Fill with `IGNORE_INDEX`.": (
            lambda records: arrays(records, fill=0)
        ),
        "Padding gets the label of coil: it would be counted as residues. Fill with `IGNORE_INDEX`.": (
            lambda records: arrays(records, fill=2)
        ),
        "The axes of the inputs are swapped: they are `[batch, length, channel]`.": axes_swapped,
        "The padding stands before the chains. It belongs behind them: write each chain from position 0 on.": (
            padded_on_the_left
        ),
        "The lengths are those of the batch. Each chain keeps its own.": one_length,
    },
    hint="Make zeros for the inputs and `IGNORE_INDEX` for the labels in full size, then write each chain into its "
    "row.",
)
def exercise_4_2(records: Records) -> Arrays:
    """``my_collate(records)``: ``inputs`` [batch, length, 21], ``lengths`` [batch] and ``labels`` [batch, length]."""
    return arrays(records)


def split_whole(records: list[ProteinRecord], cluster: Mapping[str, str], held_out: int) -> Split:
    """Records until enough are held out, and on to the end of the last one's cluster; clusters stand together."""
    while cluster[records[held_out - 1].id] == cluster[records[held_out].id]:
        held_out += 1
    return records[held_out:], records[:held_out]


def first_of_each(records: list[ProteinRecord], cluster: Mapping[str, str], held_out: int) -> Split:
    train, tested = split_whole(records, cluster, 3 * held_out)
    return train, list({cluster[record.id]: record for record in tested}.values())


SPLIT_CHAINS = "Related chains stand on both sides: you split the chains. Shuffle the clusters, and move whole ones."
CUT_IN_TWO = "One cluster was cut in two at the border. Move whole clusters only, and stop after one."
ONE_EACH = "You keep one chain a cluster. The others belong to the same side as it does."
GIVEN_TWICE = "A chain was given out twice. Each has one place."
TOO_FEW = "Count chains, not clusters, and go on until enough are held out."
TOO_MANY = "Stop as soon as enough chains are held out; the order is (train, tested)."


@by_observation(
    "4.3",
    mistakes={
        SPLIT_CHAINS: lambda records, cluster, held_out: (records[::2], records[1::2]),
        CUT_IN_TWO: lambda records, cluster, held_out: (records[held_out:], records[:held_out]),
        ONE_EACH: first_of_each,
        GIVEN_TWICE: lambda records, cluster, held_out: split_whole([*records, records[-1]], cluster, held_out),
        TOO_FEW: lambda records, cluster, held_out: split_whole(records, cluster, held_out // 3),
        TOO_MANY: lambda records, cluster, held_out: split_whole(records, cluster, held_out)[::-1],
    },
)
def exercise_4_3(split_clusters: Callable[..., Split]) -> Observations:
    """``split_clusters(records, cluster, held_out)``: ``(train, tested)`` lists with no cluster on both sides.

    ``cluster`` maps a record's id to its cluster; at least ``held_out`` records are tested, and none is lost.
    """
    records = list(load_chains("mini").records)
    cluster = {record.id: f"cluster {number // 3}" for number, record in enumerate(records)}
    train, tested = (list(side) for side in present(split_clusters(list(records), dict(cluster), 100)))
    ids = Counter(record.id for record in (*train, *tested))
    both = len({cluster[record.id] for record in train} & {cluster[record.id] for record in tested})
    yield not both, f"{both} clusters on both sides", SPLIT_CHAINS if both > 1 else CUT_IN_TWO
    lost = len(records) - len(ids)
    yield not lost, f"{lost} chains lost", ONE_EACH
    twice = sum(count > 1 for count in ids.values())
    yield not twice, f"{twice} chains twice", GIVEN_TWICE
    yield len(tested) >= 100, f"{len(tested)} chains held out of at least 100", TOO_FEW
    largest = max(Counter(cluster.values()).values())
    yield len(tested) < 100 + largest, "no more clusters than needed", TOO_MANY


def fill(lengths: list[int], limit: int, size: Callable[[list[int]], int], order: Callable = sorted) -> list[list[int]]:
    """Chain by chain into a batch until its size, from the lengths in it, is above the limit."""
    batches: list[list[int]] = [[]]
    for length, index in order(zip(lengths, range(len(lengths)), strict=True)):
        if size([lengths[other] for other in batches[-1]] + [length]) > limit:
            batches.append([])
        batches[-1].append(index)
    return batches


LENGTHS = "These are lengths. Give the indices of the chains, so that their records can be found."
LONG_LOST = "The chain that is too long for any batch is lost. It gets a batch of its own."
LAST_LOST = "The last batch is lost: hand it over after the loop."
IN_TWO = "A chain is in two batches: begin a new list for each batch."
ADDED_UP = "You add up the residues. Padding needs its place too: a batch takes chains times its longest."
UNSORTED = "The chain that you add is the longest of its batch only if you go by length. Sort by length first."
HALF_EMPTY = (
    "Chains of unequal length share a batch, or batches are left half empty. Sort by length, and fill each batch."
)


@by_observation(
    "4.4",
    mistakes={
        LENGTHS: lambda lengths, limit: [[lengths[index] for index in b] for b in length_buckets(lengths, limit)],
        LONG_LOST: lambda lengths, limit: length_buckets(lengths, limit)[:-1],
        LAST_LOST: lambda lengths, limit: length_buckets(lengths, limit)[:-2],
        IN_TWO: lambda lengths, limit: length_buckets(lengths, limit) + length_buckets(lengths, limit)[:1],
        ADDED_UP: lambda lengths, limit: fill(lengths, limit, size=sum),
        UNSORTED: lambda lengths, limit: fill(lengths, limit, size=lambda batch: len(batch) * batch[-1], order=list),
        HALF_EMPTY: lambda lengths, limit: [[index] for index in range(len(lengths))],
    },
)
def exercise_4_4(buckets: Callable[[list[int], int], list[list[int]]]) -> Observations:
    """``buckets(lengths, batch_residues)``: batches as lists of indices, chains of like length together.

    A batch's chains times its longest stay within ``batch_residues``; only a single chain may exceed it.
    """
    lengths, limit = [*np.random.default_rng(0).integers(30, 400, size=200).tolist(), 3_000], 2_000
    batches = [list(map(int, batch)) for batch in present(buckets(list(lengths), limit)) if len(batch)]
    drawn = Counter(index for batch in batches for index in batch)
    strange = [index for index in drawn if not 0 <= index < len(lengths)]
    yield not strange, f"{len(strange)} numbers that are no index", LENGTHS
    if strange:
        return
    lost = len(lengths) - len(drawn)
    yield not lost, f"{lost} chains lost", LONG_LOST if lost == 1 else LAST_LOST
    yield max(drawn.values()) == 1, "no chain twice", IN_TWO
    shared = [[lengths[index] for index in batch] for batch in batches if len(batch) > 1]
    over = sum(len(batch) * max(batch) > limit for batch in shared)
    yield not over, f"{over} batches above the limit", ADDED_UP if all(sum(b) <= limit for b in shared) else UNSORTED
    best = length_buckets(lengths, limit)
    yield len(batches) <= 1.1 * len(best), f"{len(batches)} batches, where {len(best)} do", HALF_EMPTY
