"""Methylated adenines in DNA: windows of sequence, and a split whose sides share none (chapter 17)."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from Bio.Seq import reverse_complement

from pssp_tutorial.applications.tables import ADENINES, ApplicationDataError, read_table
from pssp_tutorial.batches.sequences import SequenceLoader
from pssp_tutorial.proteins.alphabet import IGNORE_INDEX

if TYPE_CHECKING:
    import pandas as pd

NUCLEOTIDES = "ACGT"
TRAIN_CONTIG, TEST_CONTIG = "contig_3", "contig_2"
LEAST_READS, LOW, HIGH = 20, 0.3, 0.7
"""An adenine under fewer reads is left out; methylated is one that a share of them of HIGH or more calls so, and not
methylated one below LOW."""


@dataclass(frozen=True, eq=False)
class Methylation:
    """Two plasmids of *Geobacillus*, and the reads that call each adenine 6-methyladenine.

    ``adenines`` has one row per adenine, on either strand: ``contig``, ``strand`` (``+`` or ``-``), ``position``
    (1-based, along the forward strand), ``modified`` and ``coverage`` (reads).
    """

    sequences: dict[str, str]  # the forward strand of each contig, by its name
    adenines: "pd.DataFrame"


@dataclass(frozen=True, eq=False)
class MethylationSplits:
    """Windows to learn from, to choose by and to test on; and those of the test contig that training has seen."""

    train: "pd.DataFrame"
    val: "pd.DataFrame"
    test: "pd.DataFrame"
    shared: "pd.DataFrame"


def load_methylation(folder: str | PathLike | None = None) -> Methylation:
    """The plasmids and their adenines, read with their checksums; ``folder`` is another one with the same files.

    Raises ReadError or ApplicationDataError if a file is missing, damaged or another one.

    >>> methylation = load_methylation()
    >>> {name: len(sequence) for name, sequence in methylation.sequences.items()}, len(methylation.adenines)
    ({'contig_3': 82915, 'contig_2': 93311}, 103609)
    """
    plasmids = read_table("plasmids.csv.xz", {"contig": "str", "sequence": "str"}, folder=folder)
    sequences = dict(zip(plasmids["contig"], plasmids["sequence"], strict=True))
    return Methylation(sequences, read_table("adenines.csv.xz", ADENINES, folder=folder))


def encode_dna(sequences: Iterable[str]) -> np.ndarray:
    """Sequences of one length as numbers: uint8[sequence, position], in the order A, C, G, T.

    Raises ApplicationDataError for other letters and for sequences of several lengths.

    >>> encode_dna(["GATC", "AAAA"]).tolist()
    [[2, 0, 3, 1], [0, 0, 0, 0]]
    """
    sequences = list(sequences)
    lengths = {len(sequence) for sequence in sequences}
    if len(lengths) != 1:
        raise ApplicationDataError(f"sequences of lengths {sorted(lengths)[:3]}; expected one length")
    codes = np.full(256, len(NUCLEOTIDES), dtype=np.uint8)
    codes[np.frombuffer(NUCLEOTIDES.encode(), dtype=np.uint8)] = np.arange(len(NUCLEOTIDES), dtype=np.uint8)
    encoded = codes[np.frombuffer("".join(sequences).encode("latin-1", "replace"), dtype=np.uint8)]
    if encoded.max() == len(NUCLEOTIDES):
        place = int(encoded.argmax())
        found = "".join(sequences)[place]
        raise ApplicationDataError(f"position {place % lengths.pop() + 1} is {found!r}; expected one of {NUCLEOTIDES}")
    return encoded.reshape(len(sequences), -1)


def methylation_windows(methylation: Methylation, contig: str, width: int = 41) -> "pd.DataFrame":
    """The surroundings of every adenine of a contig whose state is clear, read along its own strand.

    Clear it is with twenty reads or more of which 70% or more call it methylated, or less than 30%. The columns:
    ``strand``, ``position`` (1-based), ``sequence`` (``width`` letters, an odd number, the adenine in the middle) and
    ``methylated`` (bool).

    >>> windows = methylation_windows(load_methylation(), "contig_3", width=5)
    >>> len(windows), windows["sequence"][0], windows["methylated"].mean().round(3).item()
    (46206, 'GAAAA', 0.02)
    """
    if contig not in methylation.sequences:
        raise ApplicationDataError(f"contig {contig!r}; expected one of {', '.join(methylation.sequences)}")
    if width < 1 or width % 2 == 0:
        raise ApplicationDataError(f"width is {width}; expected an odd number, with the adenine in the middle")
    forward = methylation.sequences[contig]
    backward, half = reverse_complement(forward), width // 2
    sites = methylation.adenines[methylation.adenines["contig"] == contig]
    level = sites["modified"] / sites["coverage"]
    inside = sites["position"].between(half + 1, len(forward) - half)
    sites = sites[inside & (sites["coverage"] >= LEAST_READS) & ((level < LOW) | (level >= HIGH))]
    starts = np.where(sites["strand"] == "+", sites["position"] - 1, len(forward) - sites["position"]) - half
    strands = [forward if strand == "+" else backward for strand in sites["strand"]]
    sequences = [strand[start : start + width] for strand, start in zip(strands, starts, strict=True)]
    windows = sites[["strand", "position"]].assign(sequence=sequences, methylated=level[sites.index] >= HIGH)
    return windows.reset_index(drop=True)


def methylation_splits(methylation: Methylation, width: int = 41, shared: int = 21) -> MethylationSplits:
    """One plasmid to learn from, its last fifth to choose by, the other plasmid to test on.

    The plasmids have stretches in common. A test window is kept apart, in ``shared``, if any ``shared`` nucleotides of
    it in a row occur on either strand of the training plasmid.

    >>> splits = methylation_splits(load_methylation())
    >>> len(splits.train), len(splits.val), len(splits.test), len(splits.shared)
    (36325, 9839, 50115, 3509)
    """
    if not 1 <= shared <= width:
        raise ApplicationDataError(f"shared is {shared}; expected 1 to the width of a window, {width}")
    known = methylation_windows(methylation, TRAIN_CONTIG, width)
    border, half = 0.8 * len(methylation.sequences[TRAIN_CONTIG]), width // 2
    test = methylation_windows(methylation, TEST_CONTIG, width)
    forward = methylation.sequences[TRAIN_CONTIG]
    seen = {strand[at : at + shared] for strand in (forward, reverse_complement(forward)) for at in range(len(strand))}
    leaks = np.array(
        [any(text[at : at + shared] in seen for at in range(width - shared + 1)) for text in test["sequence"]]
    )
    return MethylationSplits(
        known[known["position"] - 1 < border - half].reset_index(drop=True),
        known[known["position"] - 1 >= border + half].reset_index(drop=True),
        test[~leaks].reset_index(drop=True),
        test[leaks].reset_index(drop=True),
    )


def window_loader(
    windows: "pd.DataFrame",
    width: int | None = None,
    *,
    negatives: int | None = None,
    seed: int = 0,
    batch_windows: int = 256,
) -> SequenceLoader:
    """Batches of windows, one-hot [width, 4]; the label, 1 where it is methylated, is known in the middle only.

    With a ``width``, the windows are cut to this odd length, around their middle; with ``negatives``, only so many
    unmethylated windows are kept for each methylated one, drawn from ``seed``: to train faster. Never for scoring:
    rare positives are what makes the task hard.

    >>> loader = window_loader(methylation_splits(load_methylation()).val, 21, negatives=10)
    >>> len(loader.lengths), loader.scored, loader.classes
    (1452, 1452, 2)
    """
    if negatives is not None:
        absent = np.flatnonzero(~windows["methylated"])
        wanted = min(len(absent), negatives * int(windows["methylated"].sum()))
        drawn = np.random.default_rng(seed).choice(absent, wanted, replace=False)
        windows = windows.iloc[np.sort(np.concatenate([np.flatnonzero(windows["methylated"]), drawn]))]
    codes = encode_dna(windows["sequence"])
    longest = codes.shape[1]
    width = longest if width is None else width
    if not (1 <= width <= longest and width % 2):
        raise ApplicationDataError(f"width is {width}; expected an odd number up to {longest}")
    codes = codes[:, (longest - width) // 2 : (longest + width) // 2]
    labels = np.full(codes.shape, IGNORE_INDEX, dtype=np.int64)
    labels[:, width // 2] = windows["methylated"]
    one_hot = np.eye(len(NUCLEOTIDES), dtype=np.float32)[codes]
    return SequenceLoader(list(one_hot), list(labels), batch_positions=batch_windows * width, seed=seed, classes=2)
