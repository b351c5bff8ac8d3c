"""The door: one rule by which a sequence is cleaned once, whichever way it comes in (chapter 4).

Behind it a record is trusted. The way in may be text, a Biopython object, a record or a file; to predict, to make
batches, to compare or to split.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from pssp_tutorial.core.errors import shown
from pssp_tutorial.proteins.alphabet import normalise_sequence
from pssp_tutorial.proteins.composition import doubt, from_three_letters, is_prose
from pssp_tutorial.proteins.record import ProteinRecord, RecordError

STOP_SIGNS = ("*", ".")

Remark: TypeAlias = Callable[[str], None]
Unusual: TypeAlias = Literal["map", "error"]


class SequenceWarning(UserWarning):
    """A sequence that can be read as a protein and looks like something else."""


def warn(remark: str) -> None:
    """Tell a caller in Python of a sequence that looks like something else; a command tells it in its own way."""
    warnings.warn(remark, SequenceWarning, stacklevel=2)


def short(name: str, longest: int = 60) -> str:
    """A name for a message: its beginning, if it is long, and no letter that a terminal cannot show.

    >>> short("P12345"), len(short("n" * 400))
    ('P12345', 63)
    """
    return shown(name if len(name) <= longest else name[:longest] + "...")


def clean_sequence(
    text: str, *, name: str = "sequence", unusual: Unusual = "map", on_warning: Remark | None = warn
) -> str:
    """The residues of a sequence as it was written: without white space and without the stop sign at its end.

    White space is dropped, and so is one ``*`` or ``.`` at the end, the stop codon of a translated gene; the letters
    stay, upper or lower case. ``unusual`` says whether U, O, B, Z and J are known, as in
    :func:`~pssp_tutorial.normalise_sequence`; ``on_warning`` is called with a sentence if the composition is not that
    of a protein. None: nothing is looked at.

    Raises AlphabetError for any other letter, a gap included, with its position among the residues; RecordError if
    there is no residue, or if each has a name of three letters.

    >>> clean_sequence("MKTV rqe*\\n")
    'MKTVrqe'
    >>> clean_sequence("MetAlaGlySer")
    Traceback (most recent call last):
    pssp_tutorial.proteins.record.RecordError: sequence: has three letters for each residue; expected one: MAGS
    """
    sequence = "".join(text.split())
    if sequence.endswith(STOP_SIGNS):
        sequence = sequence[:-1]
    if not sequence:
        raise RecordError(f"{name}: no residues; expected at least one")
    normalise_sequence(sequence, name=name, unusual=unusual)
    if residues := from_three_letters(sequence):
        raise RecordError(f"{name}: has three letters for each residue; expected one: {residues[:20]}")
    if on_warning and (reason := doubt(sequence) or _sentence(text)):
        on_warning(f"{name} {reason}; expected a protein")
    return sequence


def clean_record(record: ProteinRecord) -> ProteinRecord:
    """The record with the residues that :func:`clean_sequence` gives, and with what is known of each of these.

    >>> clean = clean_record(ProteinRecord("tiny", "MK T*", "CH?E?"))
    >>> clean.sequence, clean.structure
    ('MKT', 'CHE')
    """
    sequence = clean_sequence(record.sequence, name=short(record.id), on_warning=None)
    if sequence == record.sequence:
        return record
    kept = [place for place, letter in enumerate(record.sequence) if not letter.isspace()][: len(sequence)]
    structure = None if record.structure is None else "".join(record.structure[place] for place in kept)
    resolved, accessibility = (
        None if values is None else np.asarray(values)[kept] for values in (record.resolved, record.accessibility)
    )
    return replace(record, sequence=sequence, structure=structure, resolved=resolved, accessibility=accessibility)


def _sentence(text: str) -> str | None:
    prose = any(is_prose(line.split()) for line in text.splitlines())
    return "has a line that looks like a sentence" if prose else None
