"""Graders of chapter 3: data from UniProt."""

from functools import partial
from io import StringIO

import numpy as np

from pssp_tutorial.checks.grading import Cases, by_cases
from pssp_tutorial.proteins.alphabet import reduce_states
from pssp_tutorial.proteins.chains import load_chains
from pssp_tutorial.uniprot.entry import STATES, PDBStructure, UniProtEntry
from pssp_tutorial.uniprot.flat import load_uniprot_entries, read_uniprot, uniprot_text
from pssp_tutorial.uniprot.labels import label_entry

Span = tuple[str, int, int]


def spans(text: str) -> list[Span]:
    """The features of an entry, as (kind, start, end)."""
    (entry,) = read_uniprot(StringIO(text))
    return [(feature.kind, feature.start, feature.end) for feature in entry.features]


@by_cases(
    "3.1",
    cases=lambda: {accession: (uniprot_text(accession),) for accession in ("P69905", "P00750", "P08758")},
    mistakes={
        "The file counts from 1, Python from 0: the start is one less than the number in the file.": (
            lambda text: [(kind, start + 1, end) for kind, start, end in spans(text)]
        ),
        "The end stays as it is: the last residue is inside in the file, and the half-open end lies one behind it.": (
            lambda text: [(kind, start, end - 1) for kind, start, end in spans(text)]
        ),
        "The turns are missing: the third kind is TURN.": (
            lambda text: [span for span in spans(text) if span[0] != "TURN"]
        ),
        "Numbers are needed. What a regular expression finds is text: `int` makes a number of it.": (
            lambda text: [(kind, str(start + 1), str(end)) for kind, start, end in spans(text)]
        ),
    },
    hint="Match `FT`, three blanks, the kind, then two numbers with blanks before each; give them in the file's order.",
)
def exercise_3_1(text: str) -> list[Span]:
    """``parse_old(text)``: the features of an entry of 2012 or before, as a list of (kind, start, end).

    Positions are 0-based and half-open; kinds are HELIX, STRAND and TURN.
    """
    return spans(text)


def best_shift(labels: str, reference: str) -> int:
    """The shift, -3 to 3, after which most labels agree."""

    def agreement(shift: int) -> int:
        return int((np.roll(list(labels), -shift) == list(reference)).sum())

    return max(range(-3, 4), key=agreement)


def shifted_labels() -> Cases:
    chains, cases = load_chains("mini"), {}
    for number, (name, shift) in enumerate({"1A62_A": 2, "1C75_A": -1, "1I07_B": 1, "3W61_A": -2}.items()):
        reference = reduce_states(chains[name].structure or "")
        letters = np.roll(list(reference), shift)
        letters[np.random.default_rng(number).random(len(letters)) < 0.15] = "?"
        cases[f"labels of {name}"] = ("".join(letters), reference)
    return cases


@by_cases(
    "3.2",
    cases=shifted_labels,
    mistakes={
        "The direction is the wrong way round: labels that stand too far to the right have a positive shift.": (
            lambda labels, reference: -best_shift(labels, reference)
        ),
        "That is the index of the best shift, not the shift: the list of tries begins at -3.": (
            lambda labels, reference: best_shift(labels, reference) + 3
        ),
        "You lose the direction: a shift to the left is negative.": (
            lambda labels, reference: abs(best_shift(labels, reference))
        ),
    },
    hint="Move the labels back by -3 to 3 places; the best shift is where most known labels agree with the reference.",
)
def exercise_3_2(labels: str, reference: str) -> int:
    """``find_shift(labels, reference)``: how many residues the labels stand too far to the right, from -3 to 3.

    ``labels`` have ``?`` at some residues; negative means too far to the left.

    >>> exercise_3_2(lambda labels, reference: 5).hint
    'Move the labels back by -3 to 3 places; the best shift is where most known labels agree with the reference.'
    """
    return best_shift(labels, reference)


def label(
    length: int,
    features: list,
    ranges: list,
    *,
    start: int = 1,
    end: int = 0,
    unknown: str = "?",
    mask_last: bool = False,
) -> str:
    """States from features and from what was seen; ``start`` and ``end`` are taken off the positions of the file."""
    states, seen = np.full(length, unknown), np.zeros(length, dtype=bool)
    for first, last in ranges:
        seen[first - start : last - end] = True
    states[seen] = "C"
    for kind, first, last in features:
        states[first - start : last - end] = STATES[kind].replace("T", "C")
    if mask_last:
        states[~seen] = unknown
    return "".join(states)


HELIX, STRAND, TURN = ("HELIX", 3, 8), ("STRAND", 11, 14), ("TURN", 15, 16)


@by_cases(
    "3.3",
    cases={
        "one range": (20, [HELIX, STRAND, TURN], [(2, 18)]),
        "two ranges and a gap": (24, [HELIX, ("STRAND", 17, 21)], [(2, 9), (15, 22)]),
        "a feature outside the ranges": (16, [HELIX, STRAND], [(2, 9)]),
        "a range to the last residue": (16, [STRAND], [(9, 16)]),
    },
    mistakes={
        "You call the unknown residues coil. Outside the ranges no experiment has looked: the letter is `?`.": (
            partial(label, unknown="C")
        ),
        "Everything stands one residue too far to the right: the file counts from 1, Python from 0.": (
            partial(label, start=0, end=-1)
        ),
        "The first residue of each range and feature is missing: it is at first - 1.": partial(label, start=0),
        "The last residue of each range and feature is missing: the end is inside in the file and outside in "
        "a slice.": partial(label, end=1),
        "A feature is evidence by itself: it counts outside the ranges too. Lay the mask first, the features "
        "over it.": partial(label, mask_last=True),
    },
    hint="Begin with `?` everywhere, write C over the ranges, then H and E over the features; a TURN stays C.",
)
def exercise_3_3(length: int, features: list[Span], ranges: list[tuple[int, int]]) -> str:
    """``label_with_mask(length, features, ranges)``: a string of H, E, C and ``?``.

    ``features`` are (kind, first, last) and ``ranges`` (first, last) as in the file: 1-based, both ends inside. A
    residue outside the ranges and outside all features is unknown.
    """
    return label(length, features, ranges)


def states_from(entry: UniProtEntry, limit: float, *, unknown: str = "?", wrong: str = "") -> str:
    """States from the structures of an entry whose resolution is good enough."""

    def good(structure: PDBStructure) -> bool:
        return wrong != "NMR is refused" if structure.resolution is None else structure.resolution <= limit

    trusted = {structure.id for structure in entry.structures if good(structure)}
    cited = {identifier for feature in entry.features for identifier in feature.structures}
    states = np.full(len(entry), unknown)
    for structure in entry.structures:
        if (structure.id in trusted or wrong == "all structures cover") and (
            structure.id in cited or wrong == "uncited structures count"
        ):
            for _, start, end in structure.chains:
                states[start:end] = "C"
    for feature in entry.features:
        if trusted & set(feature.structures) or wrong == "all features count":
            states[feature.start : feature.end] = STATES[feature.kind].replace("T", "C")
    return "".join(states)


def entries_and_limits() -> Cases:
    entries = {entry.accession: entry for entry in load_uniprot_entries()}
    limits = {"P04439": 2.5, "P60904": 2.0, "Q62671": 2.0, "Q13454": 1.8}
    return {f"{accession} at {limit} Å": (entries[accession], limit) for accession, limit in limits.items()}


@by_cases(
    "3.4",
    cases=entries_and_limits,
    mistakes={
        "A feature whose structures are all refused must go: nothing supports it any more.": (
            partial(states_from, wrong="all features count")
        ),
        "A structure that is refused covers nothing: leave its range out as well.": (
            partial(states_from, wrong="all structures cover")
        ),
        "NMR has no resolution, so its `resolution` is None. That is no reason to refuse it.": (
            partial(states_from, wrong="NMR is refused")
        ),
        "Only structures that some feature names count. The others may show another part or another state.": (
            partial(states_from, wrong="uncited structures count")
        ),
        "You call the unknown residues coil. Where no good structure looks, the letter is `?`.": (
            partial(states_from, unknown="C")
        ),
    },
    hint="First the set of good structures, then their ranges as C, then the features that name one of them.",
)
def exercise_3_4(entry: UniProtEntry, max_resolution: float) -> str:
    """``trusted_states(entry, max_resolution)``: an entry's states, from structures that are good enough alone.

    A structure counts if some feature names it and its resolution is not above ``max_resolution`` (in ångström); one
    without a resolution, such as NMR's, counts. A feature counts if one of its structures does.
    """
    return label_entry(entry, max_resolution=max_resolution).record.structure or ""
