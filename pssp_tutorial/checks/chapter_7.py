"""Graders of chapter 7: evaluation."""

import re
from collections.abc import Callable, Iterator

import numpy as np

from pssp_tutorial.checks.grading import Verdict, grade, observe, present
from pssp_tutorial.evaluation.segments import allowance99, pair_scores, pair_segments, sov99


def exercise_7_1(by_residue: Callable[[list, list, list], dict]) -> Verdict:
    """``by_residue(sequences, true, predicted)``: the accuracy of each amino acid, ``{letter: share}``.

    Strings, one a protein; residues whose true state is ``?`` count nowhere.

    >>> exercise_7_1(lambda sequences, true, predicted: {}).passed
    False
    """

    def triples(sequences, true, predicted):
        return [
            (*t, number)
            for number, chain in enumerate(zip(sequences, true, predicted, strict=True))
            for t in zip(*chain, strict=True)
        ]

    def shares(*strings, known_only=True, whole=False, per_protein=False):
        rows = [row for row in triples(*strings) if row[1] != "?" or not known_only]
        result = {}
        for letter in sorted({row[0] for row in rows}):
            mine = [row for row in rows if row[0] == letter]
            hits = [row[1] == row[2] for row in mine]
            result[letter] = sum(hits) / (len(rows) if whole else len(hits))
            if per_protein:
                numbers = sorted({row[3] for row in mine})
                means = [np.mean([hit for hit, row in zip(hits, mine, strict=True) if row[3] == n]) for n in numbers]
                result[letter] = float(np.mean(means))
        return result

    def of_predicted(sequences, true, predicted):
        return shares(predicted, true, predicted)

    cases = {
        "two proteins": (["ACDA", "AAAC"], ["HHEC", "CCHH"], ["HEEC", "CHHC"]),
        "unknown states": (["AAPK", "PPAK"], ["H??C", "?CHE"], ["HHHC", "CCEE"]),
        "proteins of unequal length": (["GG", "GGGGGGAL"], ["CC", "CHHHECEE"], ["CC", "CCCHECEC"]),
    }
    mistakes = [
        (
            lambda *a: shares(*a, known_only=False),
            "Residues of unknown state count as errors. Leave them out, above and below the line.",
        ),
        (
            lambda *a: shares(*a, whole=True),
            "You divide by all residues. Divide by those of the same amino acid.",
        ),
        (
            lambda *a: shares(*a, per_protein=True),
            "That is the mean of the proteins' shares. Every residue weighs the same: sum over the proteins first.",
        ),
        (
            of_predicted,
            "The keys are states. They should be the letters of the sequences.",
        ),
    ]
    hint = (
        "For each letter count its residues of known state over all proteins, and those predicted right; divide once."
    )
    return grade("7.1", by_residue, shares, cases, mistakes, hint)


def exercise_7_2(repaired: Callable[[str], str]) -> Verdict:
    """``repaired(states)``: helices of one or two residues turned into coil; all else stays.

    >>> exercise_7_2(lambda states: states.replace("H", "C")).passed
    False
    """

    def repair(pattern: str) -> Callable[[str], str]:
        return lambda states: re.sub(pattern, lambda found: "C" * len(found[0]), states)

    cases = {
        "short ones inside": ("CCHCCCHHCCEEHHEE",),
        "long ones stay": ("CHHHCCHHHHHHCEEC",),
        "at the ends": ("HHCCEEECCHHHHCH",),
        "strands stay": ("CEECHCECEEEC",),
    }
    mistakes = [
        (
            repair("H{1,2}"),
            "You cut into longer helices: two residues of them match as well. Look at what stands before and behind.",
        ),
        (
            repair("(?<!H)H(?!H)"),
            "Helices of two residues are still there.",
        ),
        (
            repair("(?<!H)H{1,3}(?!H)"),
            "Helices of three residues are gone. DSSP knows helices of three, the 3-10 helices: they stay.",
        ),
        (
            repair("(?<=[EC])H{1,2}(?=[EC])"),
            "At the ends of the chain short helices are still there: nothing stands before or behind them.",
        ),
        (
            repair("(?<!H)H{1,2}(?!H)|(?<!E)E{1,2}(?!E)"),
            "Short strands are gone too. Only helices are to be repaired.",
        ),
        (
            lambda states: re.sub("(?<!H)H{1,2}(?!H)", "C", states),
            "The string has become shorter: put a C for each residue.",
        ),
    ]
    hint = "Find runs of one or two H with no H before or behind, and replace each by as many C."
    return grade("7.2", repaired, repair("(?<!H)H{1,2}(?!H)"), cases, mistakes, hint)


def exercise_7_3(paired_interval: Callable[..., tuple[float, float]]) -> Verdict:
    """``paired_interval(one, two, lengths)``: the 95% interval of the gain in Q3 of model two over model one.

    ``one`` and ``two`` are the residues predicted right in each protein, ``lengths`` the proteins' lengths: each
    ``int[protein]``. Proteins are drawn with replacement, at least 1,000 times.

    >>> exercise_7_3(lambda one, two, lengths: (0.0, 0.0)).passed
    False
    """
    generator = np.random.default_rng(0)
    lengths = generator.integers(40, 400, size=300)
    share = np.clip(0.72 - 0.0004 * (lengths - 200) + 0.12 * generator.normal(size=300), 0, 1)
    one = generator.binomial(lengths, share)
    two = np.clip(
        one + np.round(lengths * (0.0001 * lengths + 0.02 * generator.normal(size=300))).astype(int), 0, lengths
    )

    def interval(paired=True, residues=False, proteins=False):
        draws = np.random.default_rng(1)
        size = (4_000, len(lengths))
        first = draws.integers(len(lengths), size=size)
        second = first if paired else draws.integers(len(lengths), size=size)
        gains = two[second].sum(1) / lengths[second].sum(1) - one[first].sum(1) / lengths[first].sum(1)
        if proteins:
            gains = (two / lengths)[second].mean(1) - (one / lengths)[first].mean(1)
        if residues:
            p, q, n = one.sum() / lengths.sum(), two.sum() / lengths.sum(), lengths.sum()
            gains = q - p + np.sqrt((p * (1 - p) + q * (1 - q)) / n) * draws.normal(size=4_000)
        return np.quantile(gains, [0.025, 0.975])

    def near(given: np.ndarray, wanted: np.ndarray) -> bool:
        return bool(np.abs(given - wanted).max() < 0.12 * (wanted[1] - wanted[0]))

    def observations(answer: Callable) -> Iterator[tuple[bool, str, str]]:
        given = np.asarray(present(answer(one.copy(), two.copy(), lengths.copy())), dtype=float)
        wanted = interval()
        if near(given, -wanted[::-1]):
            advice = "That is the gain of model one over model two. Subtract the other way round."
        elif near(given, interval(paired=False)):
            advice = (
                "You draw proteins for each model anew. Paired means: the same draw for both, so that hard "
                "proteins cancel."
            )
        elif near(given, interval(residues=True)):
            advice = "You treat residues as independent. Whole proteins are drawn: their residues err together."
        elif near(given, interval(proteins=True)):
            advice = (
                "That is a mean over proteins. Q3 is per residue: sum the hits of the draw, and divide by its residues."
            )
        elif near(given / 100, wanted):
            advice = "That is in percent. Scores are fractions from 0 to 1."
        else:
            advice = (
                "Draw indices `[draws, protein]`, compute both scores on the same draw, and take the 2.5% and "
                "97.5% quantiles."
            )
        yield given.shape == (2,), f"two ends, shape {list(given.shape)}", "Give the lower and the upper end."
        text = f"{given[0]:+.4f} to {given[1]:+.4f}, expected about {wanted[0]:+.4f} to {wanted[1]:+.4f}"
        yield near(given, wanted), text, advice

    return observe("7.3", paired_interval, observations)


def exercise_7_4(sov: Callable[[str, str], float]) -> Verdict:
    """``sov(observed, predicted)``: the segment overlap SOV'99 of one protein, from 0 to 1.

    Source of the definition: Zemla et al. 1999, doi 10.1002/(SICI)1097-0134(19990201)34:2<220::AID-PROT7>3.0.CO;2-K.

    >>> exercise_7_4(lambda observed, predicted: sum(map(str.__eq__, observed, predicted)) / len(observed)).passed
    False
    """

    def pairs_of(observed: str, predicted: str):
        return pair_segments(np.array(list(observed)), np.array(list(predicted)), np.arange(len(observed)))

    def variant(observed, predicted, half=True, missed=True, once=False):
        pairs = pairs_of(observed, predicted)
        allowance = allowance99(pairs) if half else np.minimum(pairs.extent - pairs.overlap, pairs.overlap)
        scores = pair_scores(pairs, allowance)
        total = (
            pairs.observed[pairs.overlap > 0].sum() if not missed else len(observed) if once else pairs.observed.sum()
        )
        return float(scores.sum() / total) if total else 0.0

    def swapped(observed, predicted):
        return sov99(predicted, observed)

    reference = "CHHHHHHHHHHC"
    predictions = ("CHCHCHCHCHCC", "CCCHHHHHCCCC", "CHHHCHHHCHHC", "CHHCCHHHHHCC", "CCCHHHHHHCCC", "CCCHHHHCCCCC")
    cases = {states: (reference, states) for states in predictions}
    cases["strands and helices"] = ("CCEEECCCCCCEEEEEECCCHHHHHC", "CCCCCCCEEEEECCCEECCCCHHHHH")
    cases["a perfect prediction"] = (reference, reference)
    mistakes = [
        (
            lambda a, b: sov99(a, b, allowance=False),
            "δ is missing: small misses at a segment's ends are forgiven.",
        ),
        (
            lambda a, b: variant(a, b, half=False),
            "δ is too large: it is never more than half of either segment, rounded down.",
        ),
        (
            lambda a, b: variant(a, b, missed=False),
            "Segments without any overlap are missing below the line: each counts with its length once.",
        ),
        (
            lambda a, b: variant(a, b, once=True),
            "N is not the length of the protein: an observed segment counts once for each predicted one that "
            "overlaps it.",
        ),
        (
            swapped,
            "Observed and predicted are swapped: the lengths above and below the line are those of the observed "
            "segments.",
        ),
        (
            lambda a, b: sum(map(str.__eq__, a, b)) / len(a),
            "That is Q3, the share of residues. SOV compares whole segments.",
        ),
    ]
    hint = (
        "Work the second case by hand as in the chapter: all pairs of overlapping segments of one state, "
        "then δ, then N."
    )
    return grade("7.4", sov, sov99, cases, mistakes, hint)
