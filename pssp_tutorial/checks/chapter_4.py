"""Graders of chapter 4: chains, splits and batches."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import torch

from pssp_tutorial.batches.batch import Batch
from pssp_tutorial.batches.buckets import length_buckets
from pssp_tutorial.batches.proteins import collate
from pssp_tutorial.checks.grading import Verdict, grade, observe, present
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX
from pssp_tutorial.proteins.chains import load_chains


def exercise_4_1(batch_residues: int) -> Verdict:
    """The largest power of two for ``batch_residues`` that keeps padding below 5% in shuffled buckets.

    The chains are those of the train split.

    >>> exercise_4_1(5_000).hint
    'That is no power of two: try 1,024, 2,048, 4,096 and so on.'
    """
    lengths = [len(record) for record in load_chains().train]

    def largest(shuffled: bool) -> int:
        fits = 1
        for size in (2**power for power in range(10, 18)):
            generator = torch.Generator().manual_seed(0) if shuffled else None
            batches = length_buckets(lengths, size, generator=generator)
            positions = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
            fits = size if 1 - sum(lengths) / positions < 0.05 else fits
        return fits

    def observations(answer: int) -> Iterator[tuple[bool, str, str]]:
        right, sorted_only = largest(shuffled=True), largest(shuffled=False)
        if answer < 64 and 2**answer == right:
            advice = "That is the exponent. The answer is 2 to the power of it."
        elif answer & (answer - 1):
            advice = "That is no power of two: try 1,024, 2,048, 4,096 and so on."
        elif answer == sorted_only:
            advice = "You measured buckets without a generator: shuffling mixes the lengths a little. Pass a generator."
        elif answer < right:
            advice = "Padding is below 5% there, but a larger size keeps it below as well. Go on doubling."
        else:
            advice = (
                "Padding is above 5% there. Count it as a share of all positions of the batches, not of the residues."
            )
        yield answer == right, f"batch_residues of {answer:,}", advice

    return observe("4.1", batch_residues, observations)


def exercise_4_2(my_collate: Callable) -> Verdict:
    """``my_collate(records)``: ``inputs`` [batch, length, 21], ``lengths`` [batch] and ``labels`` [batch, length].

    >>> exercise_4_2(lambda records: None).passed
    False
    """

    def parts(batch: Batch, fill: int = IGNORE_INDEX) -> tuple:
        return batch.inputs, batch.lengths, torch.where(batch.mask, batch.labels, fill)

    def swapped(records):
        inputs, lengths, labels = parts(collate(records))
        return inputs.transpose(1, 2), lengths, labels

    def on_the_left(records):
        inputs, lengths, labels = parts(collate(records))
        shifts = (labels.shape[1] - lengths).tolist()
        rolled = ((i.roll(s, 0), n.roll(s, 0)) for i, n, s in zip(inputs, labels, shifts, strict=True))
        inputs, labels = map(torch.stack, zip(*rolled, strict=True))
        return inputs, lengths, labels

    def full(records):
        inputs, lengths, labels = parts(collate(records))
        return inputs, torch.full_like(lengths, labels.shape[1]), labels

    val = load_chains("mini").val
    cases = {"five chains": (val[:5],), "three others": (val[10:13],), "one alone": (val[20:21],)}
    mistakes = [
        (
            lambda r: parts(collate(r), fill=0),
            "Padding gets the label 0, which is helix: it would be counted as residues. Fill with `IGNORE_INDEX`.",
        ),
        (
            lambda r: parts(collate(r), fill=2),
            "Padding gets the label of coil: it would be counted as residues. Fill with `IGNORE_INDEX`.",
        ),
        (
            swapped,
            "The axes of the inputs are swapped: they are `[batch, length, channel]`.",
        ),
        (
            on_the_left,
            "The padding stands before the chains. It belongs behind them: write each chain from position 0 on.",
        ),
        (
            full,
            "The lengths are those of the batch. Each chain keeps its own.",
        ),
    ]
    hint = (
        "Make zeros for the inputs and `IGNORE_INDEX` for the labels in full size, then write each chain into its row."
    )
    return grade("4.2", my_collate, lambda records: parts(collate(records)), cases, mistakes, hint)


def exercise_4_3(split_clusters: Callable) -> Verdict:
    """``split_clusters(records, cluster, held_out)``: ``(train, tested)`` lists with no cluster on both sides.

    ``cluster`` maps a record's id to its cluster; at least ``held_out`` records are tested, and none is lost.

    >>> exercise_4_3(lambda records, cluster, held_out: (records[held_out:], records[:held_out])).passed
    False
    """
    chains = load_chains("mini")
    records = list(chains.records)
    cluster = {record.id: f"cluster {number // 3}" for number, record in enumerate(records)}
    largest = max(Counter(cluster.values()).values())

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        train, tested = (list(side) for side in present(answer(list(records), dict(cluster), 100)))
        sides = [{cluster[record.id] for record in side} for side in (train, tested)]
        ids = Counter(record.id for record in (*train, *tested))
        both = len(sides[0] & sides[1])
        if both:
            inside = len(sides[0] & sides[1]) > 1
            advice = (
                "Related chains stand on both sides: you split the chains. Shuffle the clusters, and move whole ones."
                if inside
                else "One cluster was cut in two at the border. Move whole clusters only, and stop after one."
            )
        else:
            advice = ""
        yield not both, f"{both} clusters on both sides", advice
        lost = len(records) - len(ids)
        yield (
            not lost,
            f"{lost} chains lost",
            "You keep one chain a cluster. The others belong to the same side as it does.",
        )
        twice = sum(count > 1 for count in ids.values())
        yield not twice, f"{twice} chains twice", "A chain was given out twice. Each has one place."
        few = len(tested) < 100
        yield (
            not few,
            f"{len(tested)} chains held out of at least 100",
            "Count chains, not clusters, and go on until enough are held out.",
        )
        many = len(tested) >= 100 + largest
        yield (
            not many,
            "no more clusters than needed",
            "Stop as soon as enough chains are held out; the order is (train, tested).",
        )

    return observe("4.3", split_clusters, observations)


def exercise_4_4(buckets: Callable[[list, int], list]) -> Verdict:
    """``buckets(lengths, batch_residues)``: batches as lists of indices, chains of like length together.

    A batch's chains times its longest stay within ``batch_residues``; only a single chain may exceed it.

    >>> exercise_4_4(lambda lengths, batch_residues: [[index] for index in range(len(lengths))]).passed
    False
    """
    lengths = [*np.random.default_rng(0).integers(30, 400, size=200).tolist(), 3_000]
    best = length_buckets(lengths, 2_000)

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        batches = [list(map(int, batch)) for batch in present(answer(list(lengths), 2_000)) if len(batch)]
        drawn = Counter(index for batch in batches for index in batch)
        strange = [index for index in drawn if not 0 <= index < len(lengths)]
        values = "These are lengths. Give the indices of the chains, so that their records can be found."
        yield not strange, f"{len(strange)} numbers that are no index", values
        if strange:
            return
        lost = len(lengths) - len(drawn)
        last = "The last batch is lost: hand it over after the loop."
        large = "The chain that is too long for any batch is lost. It gets a batch of its own."
        yield not lost, f"{lost} chains lost", large if lost == 1 else last
        yield max(drawn.values()) == 1, "no chain twice", "A chain is in two batches: begin a new list for each batch."
        sizes = [len(batch) * max(lengths[index] for index in batch) for batch in batches if len(batch) > 1]
        over = sum(size > 2_000 for size in sizes)
        budget = "You add up the residues. Padding needs its place too: a batch takes chains times its longest."
        fits = all(sum(lengths[index] for index in batch) <= 2_000 for batch in batches if len(batch) > 1)
        unsorted = "The chain that you add is the longest of its batch only if you go by length. Sort by length first."
        yield not over, f"{over} batches above the limit", budget if fits else unsorted
        needed = (
            "Chains of unequal length share a batch, or batches are left half empty. Sort by length, and fill"
            " each batch."
        )
        yield len(batches) <= 1.1 * len(best), f"{len(batches)} batches, where {len(best)} do", needed

    return observe("4.4", buckets, observations)
