"""What can be predicted: a sequence, a record, several of these, or a FASTA file (chapter 5)."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.fasta import read_fasta
from pssp_tutorial.proteins.record import ProteinRecord, from_seqrecord

if TYPE_CHECKING:
    from Bio.SeqRecord import SeqRecord

Protein: TypeAlias = "str | ProteinRecord | SeqRecord"
Proteins: TypeAlias = "Protein | Iterable[Protein] | os.PathLike"


class InferenceError(PSSPError):
    """Something that can't be predicted or scored."""


def read_proteins(
    proteins: "Proteins", on_error: Callable[[PSSPError], None] | None = None
) -> "Iterator[tuple[Protein, ProteinRecord]]":
    """Yield each protein as it was given and as a record; `on_error` as in :func:`~pssp_tutorial.read_fasta`.

    >>> [record.id for _, record in read_proteins(["MKT", ProteinRecord("tiny", "GA")])]
    ['sequence_1', 'tiny']
    """
    if is_path(proteins):
        path, empty = Path(proteins), True
        if path.is_dir():
            raise InferenceError(f"{path}: is a directory; expected a FASTA file")
        if not path.is_file():
            raise InferenceError(f"{path}: no such file; expected a FASTA file, or a sequence of letters only")
        for record in read_fasta(path, on_error=on_error):
            empty = False
            yield record, record
        if empty:
            raise InferenceError(f"{path}: nothing to predict; expected FASTA with at least one protein")
        return
    if is_single(proteins):
        proteins = [ProteinRecord("sequence", _letters(proteins)) if is_sequence(proteins) else proteins]
    if isinstance(proteins, Mapping) or not isinstance(proteins, Iterable):
        raise InferenceError(
            f"proteins is a {type(proteins).__name__}; expected a sequence, a record, several or a path"
        )
    for number, protein in enumerate(proteins, start=1):
        if is_sequence(protein):
            yield protein, ProteinRecord(f"sequence_{number}", _letters(protein))
        elif isinstance(protein, ProteinRecord):
            yield protein, protein
        elif is_seqrecord(protein):
            yield protein, from_seqrecord(protein)
        else:
            raise InferenceError(f"protein {number} is a {type(protein).__name__}; expected a str or a record")


def is_path(proteins: Any) -> TypeGuard[str | os.PathLike]:
    """Whether this is a path; a string is one if it has a slash or a dot, which no sequence has.

    >>> is_path("proteins.fasta.gz"), is_path("MKTV")
    (True, False)
    """
    if not isinstance(proteins, str):
        return isinstance(proteins, os.PathLike)
    return any(mark in proteins for mark in "/\\.")


def is_single(proteins: Any) -> bool:
    """Whether this is one protein, not several."""
    return not is_path(proteins) and (
        is_sequence(proteins) or isinstance(proteins, ProteinRecord) or is_seqrecord(proteins)
    )


def is_sequence(protein: Any) -> bool:
    """Whether this is a sequence without a name: text, or Biopython's `Seq`."""
    return isinstance(protein, str) or type(protein).__module__ == "Bio.Seq"


def _letters(sequence: Any) -> str:
    """The residues of a sequence without a name, as a FASTA file would give them."""
    return "".join(str(sequence).split()).removesuffix("*")


def is_seqrecord(protein: Any) -> bool:
    """Whether this is Biopython's record, without importing Biopython."""
    return hasattr(protein, "seq") and hasattr(protein, "letter_annotations")
