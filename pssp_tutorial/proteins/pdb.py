"""A backbone with its states as the text of a PDB file, which every viewer of structures opens (chapter 1)."""

from collections.abc import Iterator

import numpy as np
from Bio.Data.PDBData import protein_letters_1to3

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.proteins.alphabet import segments
from pssp_tutorial.proteins.backbones import ATOMS

LONGEST = 9999  # residues: the columns of a PDB file hold no larger number
LARGEST = 999  # helices or strands


class PDBError(PSSPError):
    """A chain that does not fit into the columns of a PDB file."""


def pdb_text(sequence: str, states: str, backbone: np.ndarray, chain: str = "A") -> str:
    """Write a chain in the PDB format: HELIX and SHEET records from the states, and an ATOM record for each atom.

    Residues are numbered from 1, those of another letter than the 20 become UNK, each strand is a sheet of its own, and
    atoms that are nan are left out. The states are three or eight, or ``?``; the backbone, float[length, 4, 3], holds
    N, CA, C and O in ångström; the chain's name is one letter or digit.

    Raises PDBError if the chain is longer than 9,999 residues or a coordinate has more than four digits before the
    point.

    >>> print(pdb_text("GA", "EE", np.ones((2, 4, 3))).splitlines()[0])
    SHEET    1   1 1 GLY A   1  ALA A   2  0
    """
    if len(sequence) > LONGEST:
        raise PDBError(f"{len(sequence):,} residues; a PDB file holds at most {LONGEST:,}")
    if np.nanmax(np.abs(backbone), initial=0) >= 1000:
        raise PDBError(f"a coordinate of {np.nanmax(np.abs(backbone)):.0f} Å; a PDB file holds less than 1,000")
    residues = [protein_letters_1to3.get(letter, "UNK") for letter in sequence.upper()]
    lines = [*_segment_lines(residues, states, chain), *_atom_lines(residues, backbone, chain), "TER", "END"]
    return "".join(f"{line:<80}\n" for line in lines)


def _segment_lines(residues: list[str], states: str, chain: str) -> Iterator[str]:
    """HELIX records, then SHEET records."""
    spans = {kind: [(first, end - 1) for state, first, end in segments(states) if state == kind] for kind in "HE"}
    for number, (start, last) in enumerate(spans["H"][:LARGEST], start=1):
        ends = f"{residues[start]} {chain} {start + 1:>4}  {residues[last]} {chain} {last + 1:>4}"
        yield f"HELIX  {number:>3} {number:>3} {ends}  1{'':30} {last - start + 1:>5}"
    for number, (start, last) in enumerate(spans["E"][:LARGEST], start=1):
        ends = f"{residues[start]} {chain}{start + 1:>4}  {residues[last]} {chain}{last + 1:>4}"
        yield f"SHEET    1 {number:>3} 1 {ends}  0"


def _atom_lines(residues: list[str], backbone: np.ndarray, chain: str) -> Iterator[str]:
    serial = 0
    for number, (residue, atoms) in enumerate(zip(residues, backbone, strict=True), start=1):
        for name, place in zip(ATOMS, atoms, strict=True):
            if np.isfinite(place).all():
                serial += 1
                x, y, z = place
                yield (
                    f"ATOM  {serial:>5}  {name:<3} {residue} {chain}{number:>4}    "
                    f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{0:6.2f}{'':10}{name[0]:>2}"
                )
