"""Letters of the field: residues, secondary structure states and their reduction (chapters 1 and 4).

Each fact stands here once: the order of the one-hot channels, the order of the classes, and what
becomes of letters outside the alphabet.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pssp_tutorial.core.errors import PSSPError

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
UNKNOWN = "X"
RESIDUES = AMINO_ACIDS + UNKNOWN
"""The 21 residue letters; a letter's index is its code and its one-hot channel."""

STATES8 = "HGIEBTSC"
"""DSSP: α-helix, 3-10 helix, π-helix, strand, isolated bridge, turn, bend, coil. The P of DSSP 4 is read as coil."""
STATES3 = "HEC"
STATE_NAMES = {"H": "helix", "E": "strand", "C": "coil"}
UNKNOWN_STATE = "?"
IGNORE_INDEX = -100
"""The label of a position without a known state: padding, or a residue that no experiment saw."""

REDUCTIONS = {
    "default": dict(zip(STATES8, "HHHEECCC", strict=True)),
    "strict": dict(zip(STATES8, "HCCECCCC", strict=True)),
}
"""Eight states to three. ``default``: H, G, I to H; E, B to E; the rest to C. ``strict``: only H and E."""

READ_AS = {"U": "C", "O": "K", "B": "X", "Z": "X", "J": "X"}
"""The unusual letters, and as what a model reads them."""
_AS_READ = str.maketrans(READ_AS)
_NO_CODE = 255
_CODE_AS_READ = np.full(256, _NO_CODE, dtype=np.uint8)
for _letter, _read in [*zip(RESIDUES, RESIDUES, strict=True), *READ_AS.items()]:
    _CODE_AS_READ[[ord(_letter), ord(_letter.lower())]] = RESIDUES.index(_read)


class AlphabetError(PSSPError):
    """A letter or a number outside the alphabet."""


def states_of(classes: int) -> str:
    """State letters of a three- or eight-class problem, in the order of the class numbers.

    >>> states_of(3), states_of(8)
    ('HEC', 'HGIEBTSC')
    """
    if classes not in (3, 8):
        raise AlphabetError(f"{classes!r} classes; expected 3 or 8")
    return STATES3 if classes == 3 else STATES8


def reduce_states(structure: str, reduction: str = "default", *, name: str = "structure") -> str:
    """Reduce eight DSSP states to three; the unknown state ``?`` stays, and the P of DSSP 4 is coil.

    The reduction moves every Q3, so it is always named: see chapter 1.

    >>> reduce_states("CHHGGTTEEB?")
    'CHHHHCCEEE?'
    >>> reduce_states("CHHGGTTEEB?", "strict")
    'CHHCCCCEEC?'
    """
    if reduction not in REDUCTIONS:
        raise AlphabetError(f"reduction {reduction!r}; expected one of {', '.join(REDUCTIONS)}")
    letters = STATES8 + UNKNOWN_STATE
    structure = structure.replace("P", "C")  # polyproline II of DSSP 4, which was coil before
    _check_letters(structure, letters, name, "state", expected=f"{letters}, where coil is C")
    table = REDUCTIONS[reduction]
    return structure.translate(str.maketrans("".join(table), "".join(table.values())))


def segments(structure: str) -> Iterator[tuple[str, int, int]]:
    """State, first residue and end (0-based, half-open) of each segment, of eight states reduced to three.

    >>> list(segments("CHHGE"))
    [('C', 0, 1), ('H', 1, 4), ('E', 4, 5)]
    """
    first = 0
    for state, residues in groupby(reduce_states(structure)):
        end = first + len(list(residues))
        yield state, first, end
        first = end


def normalise_sequence(sequence: str, *, name: str = "sequence", unusual: Literal["map", "error"] = "map") -> str:
    """Bring a protein sequence into the 21 letters of :data:`RESIDUES`.

    Lower case becomes upper case. With ``unusual="map"`` selenocysteine U is read as cysteine C and
    pyrrolysine O as lysine K, which they resemble in chemistry and shape; the ambiguity codes B (D or N),
    Z (E or Q) and J (I or L) become X. With ``unusual="error"`` these five raise. X always stays.

    Raises AlphabetError for any other letter, naming its 1-based position in the sequence, which it calls ``name``.

    >>> normalise_sequence("mkUzX")
    'MKCXX'
    """
    if unusual not in ("map", "error"):
        raise AlphabetError(f"unusual={unusual!r}; expected 'map' or 'error'")
    allowed = RESIDUES + ("".join(READ_AS) if unusual == "map" else "")
    _check_letters(sequence, allowed + allowed.lower(), name, "residue", expected=f"{AMINO_ACIDS}, {allowed[20:]}")
    return sequence.upper().translate(_AS_READ)


def encode_residues(sequence: str, *, name: str = "sequence") -> np.ndarray:
    """Codes 0 to 20 of a sequence in the 21 letters, ``int64[length]``.

    >>> encode_residues("ACX")
    array([ 0,  1, 20])
    """
    _check_letters(sequence, RESIDUES, name, "residue")
    return residue_codes(sequence).astype(np.int64)


def residue_codes(sequence: str, *, name: str = "sequence") -> np.ndarray:
    """Codes 0 to 20 of a sequence in any letters that :func:`normalise_sequence` knows, ``uint8[length]``.

    One look at each letter encodes and checks it.

    >>> residue_codes("acU")
    array([0, 1, 1], dtype=uint8)
    """
    codes = _CODE_AS_READ[np.frombuffer(sequence.encode(errors="replace"), dtype=np.uint8)]
    if (codes == _NO_CODE).any():
        normalise_sequence(sequence, name=name)  # which says where
    return codes


def encode_states(structure: str, classes: int = 3, *, name: str = "structure") -> np.ndarray:
    """Class numbers of state letters, ``int64[length]``; ``?`` becomes :data:`IGNORE_INDEX`.

    Of eight states, the P of DSSP 4 is coil.

    >>> encode_states("HEC?")
    array([   0,    1,    2, -100])
    """
    letters = states_of(classes)
    structure = structure.replace("P", "C") if classes == 8 else structure
    _check_letters(structure, letters + UNKNOWN_STATE, name, "state")
    table = np.full(256, IGNORE_INDEX, dtype=np.int64)
    table[np.frombuffer(letters.encode(), dtype=np.uint8)] = np.arange(classes)
    return table[np.frombuffer(structure.encode(), dtype=np.uint8)]


def decode_states(codes: ArrayLike, classes: int = 3) -> str:
    """The inverse of :func:`encode_states`.

    >>> decode_states([0, 1, 2, -100])
    'HEC?'
    """
    letters = states_of(classes)
    codes = np.asarray(codes)
    wrong = np.flatnonzero((codes != IGNORE_INDEX) & ((codes < 0) | (codes >= classes)))
    if wrong.size:
        raise AlphabetError(f"code {codes[wrong[0]]} at position {wrong[0] + 1}; expected 0 to {classes - 1}")
    return "".join(UNKNOWN_STATE if code == IGNORE_INDEX else letters[code] for code in codes.tolist())


def _check_letters(text: str, allowed: str, name: str, kind: str, expected: str | None = None) -> None:
    if set(text) <= set(allowed):
        return
    position, letter = next((place, letter) for place, letter in enumerate(text, start=1) if letter not in allowed)
    raise AlphabetError(f"{name}: {kind} {position} is {letter!r}; expected one of {expected or allowed}")
