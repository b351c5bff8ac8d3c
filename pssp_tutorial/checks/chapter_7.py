"""Graders of chapter 7: evaluation."""

import re
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy import ndarray

from pssp_tutorial.checks.grading import Mistakes, Observations, by_cases, by_observation, present
from pssp_tutorial.evaluation.segments import allowance99, pair_scores, pair_segments, sov99

Strings = list[str]


def shares(sequences: Strings, true: Strings, predicted: Strings, *, wrong: str = "") -> dict[str, float]:
    """The accuracy of each letter of the sequences."""
    rows = list(zip("".join(sequences), "".join(true), "".join(predicted), strict=True))
    rows = [row for row in rows if row[1] != "?" or wrong == "unknown counts"]
    result = {}
    for letter in sorted({residue for residue, _, _ in rows}):
        hits = [state == guess for residue, state, guess in rows if residue == letter]
        result[letter] = sum(hits) / len(rows if wrong == "all residues" else hits)
    return result


def mean_of_proteins(*strings: Strings) -> dict[str, float]:
    chains = [shares(*([text] for text in chain)) for chain in zip(*strings, strict=True)]
    letters = sorted(set().union(*chains))
    return {letter: float(np.mean([chain[letter] for chain in chains if letter in chain])) for letter in letters}


@by_cases(
    "7.1",
    cases={
        "two proteins": (["ACDA", "AAAC"], ["HHEC", "CCHH"], ["HEEC", "CHHC"]),
        "unknown states": (["AAPK", "PPAK"], ["H??C", "?CHE"], ["HHHC", "CCEE"]),
        "proteins of unequal length": (["GG", "GGGGGGAL"], ["CC", "CHHHECEE"], ["CC", "CCCHECEC"]),
    },
    mistakes={
        "Residues of unknown state count as errors. Leave them out, above and below the line.": (
            partial(shares, wrong="unknown counts")
        ),
        "You divide by all residues. Divide by those of the same amino acid.": partial(shares, wrong="all residues"),
        "That is the mean of the proteins' shares. Every residue weighs the same: sum over the proteins first.": (
            mean_of_proteins
        ),
        "The keys are states. They should be the letters of the sequences.": (
            lambda sequences, true, predicted: shares(predicted, true, predicted)
        ),
    },
    hint="For each letter count its residues of known state over all proteins, and those predicted right; divide once.",
)
def exercise_7_1(sequences: Strings, true: Strings, predicted: Strings) -> dict[str, float]:
    """``by_residue(sequences, true, predicted)``: the accuracy of each amino acid, ``{letter: share}``.

    Strings, one per protein; residues whose true state is ``?`` count nowhere.
    """
    return shares(sequences, true, predicted)


def repair(pattern: str) -> Callable[[str], str]:
    """What turns each match into coil."""
    return lambda states: re.sub(pattern, lambda found: "C" * len(found[0]), states)


@by_cases(
    "7.2",
    cases={
        "short ones inside": ("CCHCCCHHCCEEHHEE",),
        "long ones stay": ("CHHHCCHHHHHHCEEC",),
        "at the ends": ("HHCCEEECCHHHHCH",),
        "strands stay": ("CEECHCECEEEC",),
    },
    mistakes={
        "You cut into longer helices: two residues of them match as well. Look at what stands before and behind.": (
            repair("H{1,2}")
        ),
        "Helices of two residues are still there.": repair("(?<!H)H(?!H)"),
        "Helices of three residues are gone. DSSP knows helices of three, the 3-10 helices: they stay.": (
            repair("(?<!H)H{1,3}(?!H)")
        ),
        "At the ends of the chain short helices are still there: nothing stands before or behind them.": (
            repair("(?<=[EC])H{1,2}(?=[EC])")
        ),
        "Short strands are gone too. Only helices are to be repaired.": (repair("(?<!H)H{1,2}(?!H)|(?<!E)E{1,2}(?!E)")),
        "The string has become shorter: put a C for each residue.": (
            lambda states: re.sub("(?<!H)H{1,2}(?!H)", "C", states)
        ),
    },
    hint="Find runs of one or two H with no H before or behind, and replace each by as many C.",
)
def exercise_7_2(states: str) -> str:
    """``repaired(states)``: helices of one or two residues turned into coil; all else stays.

    >>> exercise_7_2(lambda states: states.replace("H", "C")).hint
    'You cut into longer helices: two residues of them match as well. Look at what stands before and behind.'
    """
    return repair("(?<!H)H{1,2}(?!H)")(states)


def interval(one: ndarray, two: ndarray, lengths: ndarray, *, wrong: str = "") -> ndarray:
    """The 95% interval of the gain in Q3, from 4,000 draws of proteins."""
    generator, size = np.random.default_rng(1), (4_000, len(lengths))
    first = second = generator.integers(len(lengths), size=size)
    if wrong == "not paired":
        second = generator.integers(len(lengths), size=size)
    gains = two[second].sum(1) / lengths[second].sum(1) - one[first].sum(1) / lengths[first].sum(1)
    if wrong == "per protein":
        gains = (two / lengths)[second].mean(1) - (one / lengths)[first].mean(1)
    if wrong == "residues":
        residues = lengths.sum()
        gains = np.subtract(*(generator.binomial(residues, hits.sum() / residues, 4_000) for hits in (two, one)))
        gains = gains / residues
    return np.quantile(gains, [0.025, 0.975])


TWO_ENDS = "Give the lower and the upper end."
WRONG_INTERVALS: Mistakes = {
    "That is the gain of model one over model two. Subtract the other way round.": (
        lambda one, two, lengths: interval(two, one, lengths)
    ),
    "You draw proteins for each model anew. Paired means: the same draw for both, so that hard proteins cancel.": (
        partial(interval, wrong="not paired")
    ),
    "You treat residues as independent. Whole proteins are drawn: their residues err together.": (
        partial(interval, wrong="residues")
    ),
    "That is a mean over proteins. Q3 is per residue: sum the hits of the draw, and divide by its residues.": (
        partial(interval, wrong="per protein")
    ),
    "That is in percent. Scores are fractions from 0 to 1.": (
        lambda one, two, lengths: 100 * interval(one, two, lengths)
    ),
}


def two_models() -> tuple[ndarray, ndarray, ndarray]:
    """The residues that two models predict right in 300 proteins, and the proteins' lengths."""
    generator = np.random.default_rng(0)
    lengths = generator.integers(40, 400, size=300)
    share = np.clip(0.72 - 0.0004 * (lengths - 200) + 0.12 * generator.normal(size=300), 0, 1)
    one = generator.binomial(lengths, share)
    gained = np.round(lengths * (0.0001 * lengths + 0.02 * generator.normal(size=300))).astype(int)
    return one, np.clip(one + gained, 0, lengths), lengths


@by_observation("7.3", mistakes={**WRONG_INTERVALS, TWO_ENDS: lambda *models: interval(*models).mean(keepdims=True)})
def exercise_7_3(paired_interval: Callable[..., tuple[float, float]]) -> Observations:
    """``paired_interval(one, two, lengths)``: the 95% interval of the gain in Q3 of model two over model one.

    ``one`` and ``two`` are the residues predicted right in each protein, ``lengths`` the proteins' lengths: each
    ``int[protein]``. Proteins are drawn with replacement, at least 1,000 times.
    """
    models = two_models()
    given = np.asarray(present(paired_interval(*two_models())), dtype=float)
    wanted = interval(*models)

    def near(other: ndarray) -> bool:
        return bool(np.abs(given - other).max() < 0.12 * (other[1] - other[0]))

    yield given.shape == (2,), f"two ends, shape {list(given.shape)}", TWO_ENDS
    if given.shape != (2,):
        return
    hint = (
        "Draw indices `[draws, protein]`, compute both scores on the same draw, and take the 2.5% and 97.5% quantiles."
    )
    hint = next((mistake for mistake, planted in WRONG_INTERVALS.items() if near(planted(*models))), hint)
    text = f"{given[0]:+.4f} to {given[1]:+.4f}, expected about {wanted[0]:+.4f} to {wanted[1]:+.4f}"
    yield near(wanted), text, hint


def segment_overlap(observed: str, predicted: str, *, half: bool = True, below: str = "pairs") -> float:
    """SOV with another allowance, or another number below the line."""
    pairs = pair_segments(np.array(list(observed)), np.array(list(predicted)), np.arange(len(observed)))
    allowance = allowance99(pairs) if half else np.minimum(pairs.extent - pairs.overlap, pairs.overlap)
    total = len(observed) if below == "length" else pairs.observed[pairs.overlap > 0].sum()
    if below == "pairs":
        total = pairs.observed.sum()
    return float(pair_scores(pairs, allowance).sum() / total) if total else 0.0


PREDICTIONS = ("CHCHCHCHCHCC", "CCCHHHHHCCCC", "CHHHCHHHCHHC", "CHHCCHHHHHCC", "CCCHHHHHHCCC", "CCCHHHHCCCCC")


@by_cases(
    "7.4",
    cases={
        **{predicted: ("CHHHHHHHHHHC", predicted) for predicted in PREDICTIONS},
        "strands and helices": ("CCEEECCCCCCEEEEEECCCHHHHHC", "CCCCCCCEEEEECCCEECCCCHHHHH"),
        "a perfect prediction": ("CHHHHHHHHHHC", "CHHHHHHHHHHC"),
    },
    mistakes={
        "δ is missing: small misses at a segment's ends are forgiven.": partial(sov99, allowance=False),
        "δ is too large: it is never more than half of either segment, rounded down.": (
            partial(segment_overlap, half=False)
        ),
        "Segments without any overlap are missing below the line: each counts with its length once.": (
            partial(segment_overlap, below="overlapping pairs")
        ),
        "N is not the length of the protein: an observed segment counts once for each predicted one that "
        "overlaps it.": partial(segment_overlap, below="length"),
        "Observed and predicted are swapped: the lengths above and below the line are those of the observed "
        "segments.": lambda observed, predicted: sov99(predicted, observed),
        "That is Q3, the share of residues. SOV compares whole segments.": (
            lambda observed, predicted: sum(map(str.__eq__, observed, predicted)) / len(observed)
        ),
    },
    hint="Work the second case by hand as in the chapter: all pairs of overlapping segments of one state, "
    "then δ, then N.",
)
def exercise_7_4(observed: str, predicted: str) -> float:
    """``sov(observed, predicted)``: the segment overlap SOV'99 of one protein, from 0 to 1.

    Source of the definition: Zemla et al. 1999, doi 10.1002/(SICI)1097-0134(19990201)34:2<220::AID-PROT7>3.0.CO;2-K.
    """
    return sov99(observed, predicted)
