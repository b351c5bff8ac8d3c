"""Graders of chapter 3: data from UniProt."""

from collections.abc import Callable
from io import StringIO

import numpy as np

from pssp_tutorial.checks.grading import Verdict, grade
from pssp_tutorial.proteins.alphabet import reduce_states
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.uniprot.entry import UniProtEntry
from pssp_tutorial.uniprot.flat import read_uniprot
from pssp_tutorial.uniprot.labels import STATES, label_entry
from pssp_tutorial.uniprot.shipped import load_uniprot_entries, uniprot_text


def exercise_3_1(parse_old: Callable[[str], list]) -> Verdict:
    """``parse_old(text)``: the features of an entry of 2012 or before, as a list of (kind, start, end).

    Positions are 0-based and half-open; kinds are HELIX, STRAND and TURN.

    >>> exercise_3_1(lambda text: []).passed
    False
    """

    def features(text: str) -> list[tuple[str, int, int]]:
        (entry,) = read_uniprot(StringIO(text))
        return [(feature.kind, feature.start, feature.end) for feature in entry.features]

    cases = {accession: (uniprot_text(accession),) for accession in ("P69905", "P00750", "P08758")}
    mistakes = [
        (
            lambda text: [(k, a + 1, b) for k, a, b in features(text)],
            "The file counts from 1, Python from 0: the start is one less than the number in the file.",
        ),
        (
            lambda text: [(k, a, b - 1) for k, a, b in features(text)],
            "The end stays as it is: the last residue is inside in the file, and the half-open end lies one behind it.",
        ),
        (
            lambda text: [f for f in features(text) if f[0] != "TURN"],
            "The turns are missing: the third kind is TURN.",
        ),
        (
            lambda text: [(k, str(a + 1), str(b)) for k, a, b in features(text)],
            "Numbers are needed. What a regular expression finds is text: `int` makes a number of it.",
        ),
    ]
    hint = (
        "Match `FT`, three blanks, the kind, then two numbers with blanks before each; give them in the file's order."
    )
    return grade("3.1", parse_old, features, cases, mistakes, hint)


def exercise_3_2(find_shift: Callable[[str, str], int]) -> Verdict:
    """``find_shift(labels, reference)``: how many residues the labels stand too far to the right, from -3 to 3.

    ``labels`` have ``?`` at some residues; negative means too far to the left.

    >>> exercise_3_2(lambda labels, reference: 0).passed
    False
    """
    chains, cases, truth = load_chains("mini"), {}, {}
    for number, (name, shift) in enumerate({"1A62_A": 2, "1C75_A": -1, "1I07_B": 1, "3W61_A": -2}.items()):
        reference = reduce_states(chains[name].structure)
        letters = np.roll(list(reference), shift)
        letters[np.random.default_rng(number).random(len(letters)) < 0.15] = "?"
        cases[f"labels of {name}"] = ("".join(letters), reference)
        truth["".join(letters)] = shift
    mistakes = [
        (
            lambda labels, _: -truth[labels],
            "The direction is the wrong way round: labels that stand too far to the right have a positive shift.",
        ),
        (
            lambda labels, _: truth[labels] + 3,
            "That is the index of the best shift, not the shift: the list of tries begins at -3.",
        ),
        (
            lambda labels, _: abs(truth[labels]),
            "You lose the direction: a shift to the left is negative.",
        ),
    ]
    hint = "Move the labels back by -3 to 3 places; the best shift is where most known labels agree with the reference."
    return grade("3.2", find_shift, lambda labels, _: truth[labels], cases, mistakes, hint)


def exercise_3_3(label_with_mask: Callable[[int, list, list], str]) -> Verdict:
    """``label_with_mask(length, features, ranges)``: a string of H, E, C and ``?``.

    ``features`` are (kind, first, last) and ``ranges`` (first, last) as in the file: 1-based, both ends inside. A
    residue outside the ranges and outside all features is unknown.

    >>> exercise_3_3(lambda length, features, ranges: "C" * length).passed
    False
    """

    def label(length, features, ranges, start=1, end=0, unknown="?", mask_last=False):
        states, inside = np.full(length, unknown), np.zeros(length, dtype=bool)
        for first, last in ranges:
            inside[first - start : last - end] = True
        states[inside] = "C"
        for kind, first, last in features:
            states[first - start : last - end] = STATES[kind].replace("T", "C")
        if mask_last:
            states[~inside] = unknown
        return "".join(states)

    helix, strand, turn = ("HELIX", 3, 8), ("STRAND", 11, 14), ("TURN", 15, 16)
    cases = {
        "one range": (20, [helix, strand, turn], [(2, 18)]),
        "two ranges and a gap": (24, [helix, ("STRAND", 17, 21)], [(2, 9), (15, 22)]),
        "a feature outside the ranges": (16, [helix, strand], [(2, 9)]),
        "a range to the last residue": (16, [strand], [(9, 16)]),
    }
    mistakes = [
        (
            lambda *a: label(*a, unknown="C"),
            "You call the unknown residues coil. Outside the ranges no experiment has looked: the letter is `?`.",
        ),
        (
            lambda *a: label(*a, start=0, end=-1),
            "Everything stands one residue too far to the right: the file counts from 1, Python from 0.",
        ),
        (
            lambda *a: label(*a, start=0),
            "The first residue of each range and feature is missing: it is at first - 1.",
        ),
        (
            lambda *a: label(*a, end=1),
            "The last residue of each range and feature is missing: the end is inside in the file and outside in "
            "a slice.",
        ),
        (
            lambda *a: label(*a, mask_last=True),
            "A feature is evidence by itself: it counts outside the ranges too. Lay the mask first, the features "
            "over it.",
        ),
    ]
    hint = "Begin with `?` everywhere, write C over the ranges, then H and E over the features; a TURN stays C."
    return grade("3.3", label_with_mask, label, cases, mistakes, hint)


def exercise_3_4(trusted_states: Callable[[UniProtEntry, float], str]) -> Verdict:
    """``trusted_states(entry, max_resolution)``: an entry's states, from structures that are good enough alone.

    A structure counts if some feature names it and its resolution is not above ``max_resolution`` (in ångström); one
    without a resolution, such as NMR's, counts. A feature counts if one of its structures does.

    >>> exercise_3_4(lambda entry, max_resolution: "C" * len(entry)).passed
    False
    """

    def states(entry, limit, keep_features=False, keep_coverage=False, nmr=True, cited_only=True, unknown="?"):
        def fine(structure):
            return nmr if structure.resolution is None else structure.resolution <= limit

        good = {structure.id for structure in entry.structures if fine(structure)}
        cited = {pdb_id for feature in entry.features for pdb_id in feature.structures}
        letters = np.full(len(entry), unknown)
        for structure in entry.structures:
            if (structure.id in good or keep_coverage) and (structure.id in cited or not cited_only):
                for _, start, end in structure.chains:
                    letters[start:end] = "C"
        for feature in entry.features:
            if good & set(feature.structures) or keep_features:
                letters[feature.start : feature.end] = STATES[feature.kind].replace("T", "C")
        return "".join(letters)

    entries = {entry.accession: entry for entry in load_uniprot_entries()}
    cases = {
        f"{accession} at {limit} Å": (entries[accession], limit)
        for accession, limit in (("P04439", 2.5), ("P60904", 2.0), ("Q62671", 2.0), ("Q13454", 1.8))
    }
    mistakes = [
        (
            lambda *a: states(*a, keep_features=True),
            "A feature whose structures are all refused must go: nothing supports it any more.",
        ),
        (
            lambda *a: states(*a, keep_coverage=True),
            "A structure that is refused covers nothing: leave its range out as well.",
        ),
        (
            lambda *a: states(*a, nmr=False),
            "NMR has no resolution, so its `resolution` is None. That is no reason to refuse it.",
        ),
        (
            lambda *a: states(*a, cited_only=False),
            "Only structures that some feature names count. The others may show another part or another state.",
        ),
        (
            lambda *a: states(*a, unknown="C"),
            "You call the unknown residues coil. Where no good structure looks, the letter is `?`.",
        ),
    ]
    hint = "First the set of good structures, then their ranges as C, then the features that name one of them."
    truth = lambda entry, limit: label_entry(entry, max_resolution=limit).record.structure  # noqa: E731
    return grade("3.4", trusted_states, truth, cases, mistakes, hint)
