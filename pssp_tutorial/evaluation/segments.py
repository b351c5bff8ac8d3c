"""Segments: how much of each helix and strand a prediction finds (chapter 7).

Per-residue scores cannot tell one helix with frayed ends from a helix broken into pieces. Segment overlap can.
"""

from typing import NamedTuple

import numpy as np

from pssp_tutorial.evaluation.scores import EvaluationError
from pssp_tutorial.proteins.alphabet import STATES3, UNKNOWN_STATE


class Overlaps(NamedTuple):
    """Each pair of an observed and a predicted segment of the same state that overlap.

    An observed segment without a partner has one entry, with an overlap of 0. Every field is an array over the pairs.
    """

    segment: np.ndarray  # number of the observed segment
    state: np.ndarray
    protein: np.ndarray
    observed: np.ndarray  # residues of the observed segment
    predicted: np.ndarray  # residues of the predicted segment
    overlap: np.ndarray  # minov in the sources
    extent: np.ndarray  # maxov in the sources: residues from the first to the last of both segments
    start: np.ndarray  # place of the observed segment's first residue
    shift: np.ndarray  # how far after it the predicted segment begins; 0 without a partner


def pair_segments(
    observed: np.ndarray, predicted: np.ndarray, position: np.ndarray, protein: np.ndarray | None = None
) -> Overlaps:
    """Pair the segments of two labellings of many proteins, in one pass without a loop.

    ``observed`` and ``predicted`` are the states of all residues that count, letters or class numbers, protein after
    protein. Where ``position``, the place of each in its protein, jumps, masked residues lie between, and segments end.
    ``protein`` is the number of each one's protein, ascending; left out: all are of one.

    >>> pair_segments(np.array([0, 0, 1]), np.array([0, 1, 1]), position=np.arange(3)).overlap
    array([1, 1])
    """
    protein = np.zeros(position.size, dtype=np.int64) if protein is None else protein
    gap = _changes(position - np.arange(position.size)) | _changes(protein)
    begin, partner_begin = (np.flatnonzero(gap | _changes(labels)) for labels in (observed, predicted))
    length, partner_length = (np.diff(each, append=position.size) for each in (begin, partner_begin))

    piece = np.union1d(begin, partner_begin)  # from one to the next, both segments stay the same
    agreed = observed[piece] == predicted[piece]
    overlap, piece = np.diff(piece, append=position.size)[agreed], piece[agreed]
    segment, partner = (np.searchsorted(each, piece, side="right") - 1 for each in (begin, partner_begin))
    alone = np.setdiff1d(np.arange(begin.size), segment)
    shift, overlap, theirs = (
        np.append(each, np.zeros_like(alone))
        for each in (partner_begin[partner] - begin[segment], overlap, partner_length[partner])
    )
    segment = np.append(segment, alone)
    first, ours = begin[segment], length[segment]
    extent = ours + theirs - overlap
    return Overlaps(segment, observed[first], protein[first], ours, theirs, overlap, extent, position[first], shift)


def allowance99(pairs: Overlaps) -> np.ndarray:
    """Residues that SOV'99 forgives at the ends of each pair: δ of the source."""
    limits = (pairs.extent - pairs.overlap, pairs.overlap, pairs.observed // 2, pairs.predicted // 2)
    return np.minimum.reduce(limits)


def pair_scores(pairs: Overlaps, allowance: np.ndarray) -> np.ndarray:
    """Share of each pair's extent that overlaps or is forgiven, times the residues of the observed segment."""
    return (pairs.overlap + allowance) / pairs.extent * pairs.observed


def sov99(
    observed: str, predicted: str, states: str = STATES3, *, only: str | None = None, allowance: bool = True
) -> float:
    """Segment overlap of one protein, SOV'99: small misses at the ends of a segment are forgiven.

    A perfect prediction scores 1. So does one whose ends all miss by no more than the allowance: only
    ``allowance=False``, which forgives nothing, scores 1 for a perfect prediction alone.

    The letters are those of ``states``; ``?`` in ``observed`` counts nowhere and ends a segment. ``only="E"`` gives the
    overlap of strands alone, nan where there is none.

    Raises EvaluationError if the lengths differ or a letter is neither one of ``states`` nor ``?``.

    Source: Zemla et al. 1999, doi 10.1002/(SICI)1097-0134(19990201)34:2<220::AID-PROT7>3.0.CO;2-K.

    >>> round(sov99("CHHHHHHHHHHC", "CCCHHHHHCCCC"), 3)
    0.632
    """
    pairs, chosen, _ = _pairs_of(observed, predicted, states, only)
    return _score(pairs, allowance99(pairs) * allowance, chosen)


def sov_refine(
    observed: str, predicted: str, states: str = STATES3, *, only: str | None = None, scale: float = 1.0
) -> float:
    """Segment overlap with the allowance of 2018, which grows with the segment and with the part found.

    Parameters and errors as in :func:`sov99`; ``scale`` is λ of the source: 0 forgives nothing, and only then does 1
    mean a perfect prediction.

    Source: Liu and Wang 2018, doi 10.1186/s13029-018-0068-7.

    >>> round(sov_refine("CHHHHHHHHHHC", "CCCHHHHHCCCC"), 3)
    0.567
    """
    pairs, chosen, length = _pairs_of(observed, predicted, states, only)
    share = pairs.observed / max(length, 1)
    each = np.unique(pairs.segment, return_index=True)[1]  # every observed segment once
    overall = scale * np.unique(pairs.state).size / (np.square(share[each]).sum() or 1)
    allowance = np.minimum(pairs.extent - pairs.overlap, overall * share * pairs.overlap / pairs.extent)
    return _score(pairs, allowance, chosen)


def _score(pairs: Overlaps, allowance: np.ndarray, chosen: np.ndarray) -> float:
    if not chosen.any():
        return float("nan")
    return float(pair_scores(pairs, allowance)[chosen].sum() / pairs.observed[chosen].sum())


def _pairs_of(observed: str, predicted: str, states: str, only: str | None) -> tuple[Overlaps, np.ndarray, int]:
    """The pairs of one protein's segments, which of them to score, and the number of residues that count."""
    if len(observed) != len(predicted):
        raise EvaluationError(f"predicted has {len(predicted)} states; expected {len(observed)}, as observed")
    for name, text, allowed in (
        ("observed", observed, states + UNKNOWN_STATE),
        ("predicted", predicted, states + UNKNOWN_STATE),
        ("only", only or "", states),
    ):
        for number, letter in enumerate(text, start=1):
            if letter not in allowed:
                raise EvaluationError(f"{name}: state {number} is {letter!r}; expected one of {allowed}")
    true, guess = (np.array(list(text), dtype="U1") for text in (observed, predicted))
    position = np.flatnonzero(true != UNKNOWN_STATE)
    pairs = pair_segments(true[position], guess[position], position)
    return pairs, np.isin(pairs.state, list(only or states)), position.size


def _changes(values: np.ndarray) -> np.ndarray:
    """True at the first value and wherever a value differs from the one before it."""
    changes = np.ones(values.size, dtype=bool)
    changes[1:] = values[1:] != values[:-1]
    return changes
