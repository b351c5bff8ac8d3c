"""The amino acids of a chain that Biopython read, and their backbone atoms."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np

from pssp_tutorial.proteins.by_chain import ATOMS
from pssp_tutorial.proteins.dssp import BREAK, number_segments

if TYPE_CHECKING:
    from Bio.PDB.Chain import Chain
    from Bio.PDB.Residue import DisorderedResidue, Residue


POLYMER = " "  # what Biopython says of a residue of the chain; of others H_ and a name, or W for water
SEVERAL_KINDS = 2  # what Biopython's is_disordered says of a place with residues of several kinds


def amino_acids(chain: "Chain") -> list["Residue"]:
    """The residues of the polymer, and modified ones and ligands only where a peptide bond ties them to a neighbour.

    Where a place holds two kinds of residue, it is the one with the higher occupancy.
    """
    listed = [_most_occupied(residue) for residue in chain]
    tied = [_tied(first, second) for first, second in pairwise(listed)]
    before, after = [False, *tied], [*tied, False]
    return [
        residue
        for residue, *neighbours in zip(listed, before, after, strict=True)
        if (residue.id[0] == POLYMER or any(neighbours)) and any(atom in residue for atom in ATOMS[:3])
    ]


def _most_occupied(residue: "Residue | DisorderedResidue") -> "Residue":
    if residue.is_disordered() != SEVERAL_KINDS:
        return cast("Residue", residue)
    kinds = cast("DisorderedResidue", residue).disordered_get_list()
    return max(kinds, key=lambda kind: max(atom.get_occupancy() or 0 for atom in kind))


def _tied(first: "Residue", second: "Residue") -> bool:
    """Whether a peptide bond joins two residues with an atom CA: acetyl groups and amides are none."""
    if not all("CA" in residue for residue in (first, second)) or "C" not in first or "N" not in second:
        return False
    return float(first["C"] - second["N"]) <= BREAK


def protein_letter(name: str) -> str:
    """The letter of a residue by its name of up to three letters; of a modified one that of its parent; else X.

    >>> protein_letter("ALA"), protein_letter("MSE"), protein_letter("UNK")
    ('A', 'M', 'X')
    """
    from Bio.Data.PDBData import protein_letters_3to1_extended

    return protein_letters_3to1_extended.get(name.strip().upper(), "X")


def backbone_of(residue: "Residue") -> np.ndarray:
    """N, CA, C and O, ``float64[4, 3]``, nan where missing; of alternate locations that with the highest occupancy."""
    missing = np.full(3, np.nan)
    return np.array([residue[atom].coord if atom in residue else missing for atom in ATOMS], dtype=np.float64)


def remarks_on(residues: Sequence["Residue"], backbone: np.ndarray) -> Iterator[str]:
    """Sentences on what is unusual in a chain."""
    from Bio.Data.PDBData import protein_letters_3to1

    names = Counter(residue.resname.strip().upper() for residue in residues)
    unusual = {name: count for name, count in names.items() if name not in protein_letters_3to1}
    if unusual:
        read = ", ".join(f"{name} as {protein_letter(name)} ({count})" for name, count in sorted(unusual.items()))
        yield f"{_many(sum(unusual.values()), 'residue')} of other than the 20 kinds: {read}"
    incomplete = np.isnan(backbone).any(axis=(1, 2))
    whole = backbone[~incomplete]
    kinds = sum(residue.get_parent().child_dict[residue.id].is_disordered() == SEVERAL_KINDS for residue in residues)
    alternate = sum(any(residue[atom].is_disordered() for atom in ATOMS if atom in residue) for residue in residues)
    breaks = int(number_segments(whole)[-1]) if len(whole) else 0
    for count, thing, what in (
        (kinds, "place", "with two kinds of residue; that with the highest occupancy is read"),
        (alternate, "residue", "with alternate locations; that with the highest occupancy is read"),
        (int(incomplete.sum()), "residue", "without all four atoms of the backbone: its state is unknown, ?"),
        (breaks, "break", "in the chain, where residues are not seen"),
    ):
        if count:
            yield f"{_many(count, thing)} {what}"


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
