"""A protein with its labels (chapters 1, 3 and 4)."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import STATES8, UNKNOWN_STATE

if TYPE_CHECKING:
    from Bio.Seq import MutableSeq, Seq

PREDICTED_KEY, CONFIDENCE_KEY = "predicted_structure", "predicted_confidence"
"""Where a prediction stands in the ``letter_annotations`` of a Biopython record, apart from a measured structure."""


class RecordError(PSSPError):
    """A record that contradicts itself, rows that are no alignment, or a file that is not FASTA or DSSP's."""


@dataclass(frozen=True)
class ProteinRecord:
    """One protein chain: its name, such as ``1ABC_A`` or ``P12345``, and residues in letters.

    Parameters
    ----------
    structure : str, optional
        One DSSP state per residue, ``?`` where it is unknown; three states are a part of the eight, and the P of DSSP 4
        becomes C.
    resolved : bool[length], optional
        True where an experiment saw the residue. Left out: everywhere.
    accessibility : float32[length], optional
        Relative solvent accessibility, 0 (buried) to 1 (exposed).
    source : str
        Where the record comes from.

    Raises RecordError if the lengths differ or a state is unknown to DSSP.

    >>> record = ProteinRecord("tiny", "MKTV", structure="CHH?")
    >>> len(record), record.mask
    (4, array([ True,  True,  True, False]))
    """

    id: str
    sequence: str
    structure: str | None = None
    resolved: np.ndarray | None = field(default=None, compare=False, repr=False)
    accessibility: np.ndarray | None = field(default=None, compare=False, repr=False)
    source: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("id", "sequence"):
            if not isinstance(getattr(self, name), str):
                raise RecordError(f"{self.id!s:.60}: {name} is a {type(getattr(self, name)).__name__}; expected text")
        for name in ("structure", "resolved", "accessibility"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.sequence):
                raise RecordError(
                    f"{self.id}: {name} has {len(value)} positions; expected {len(self.sequence)}, as the sequence"
                )
        if self.structure is None:
            return
        structure = self.structure.replace("P", "C")
        object.__setattr__(self, "structure", structure)
        if strange := set(structure) - {*STATES8, UNKNOWN_STATE}:
            position = min(map(structure.index, strange))
            raise RecordError(
                f"{self.id}: state {position + 1} is {structure[position]!r}; "
                f"expected one of {STATES8} or {UNKNOWN_STATE}"
            )

    def __len__(self) -> int:
        return len(self.sequence)

    @property
    def mask(self) -> np.ndarray:
        """True where the residue is resolved and its state known, ``bool[length]``."""
        if self.structure is None:
            return np.zeros(len(self), dtype=bool)
        known = np.frombuffer(self.structure.encode(), dtype=np.uint8) != ord(UNKNOWN_STATE)
        return known if self.resolved is None else known & np.asarray(self.resolved, dtype=bool)


def text_of(sequence: "str | Seq | MutableSeq | None", name: str) -> str:
    """The letters of a sequence, Biopython's or text.

    >>> text_of("MKT", "tiny")
    'MKT'
    """
    if sequence is None:
        raise RecordError(f"{name}: has no sequence; expected residues")
    try:
        return str(sequence)
    except ValueError as error:  # Biopython's, of which only the length is known
        raise RecordError(f"{name}: {str(error).lower()}; expected residues") from error
