"""Protein structures from files in the formats mmCIF and PDB, and their secondary structure (chapter 1)."""

from collections.abc import Callable
from io import StringIO
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import numpy as np

from pssp_tutorial.core.errors import PSSPError
from pssp_tutorial.core.files import open_text
from pssp_tutorial.proteins.by_chain import ATOMS
from pssp_tutorial.proteins.dssp import assign_dssp
from pssp_tutorial.proteins.dssp_output import CLASSIC_HEADER, is_dssp, parse_dssp
from pssp_tutorial.proteins.record import ProteinRecord
from pssp_tutorial.proteins.residues import amino_acids, backbone_of, protein_letter, remarks_on

if TYPE_CHECKING:
    from Bio.PDB.Structure import Structure

Source = str | PathLike | IO[bytes] | TextIO
Remark = Callable[[str], None]
PDB_LINES = ("HEADER", "ATOM  ", "HETATM", "MODEL ")


class StructureError(PSSPError):
    """A file that holds no structure of a protein."""


def label_structure(source: Source, *, on_remark: Remark | None = None) -> list[ProteinRecord]:
    """The chains of a file with DSSP's eight states: assigned to its atoms, or as DSSP wrote them.

    All chains are labelled together, so that strands of two chains pair; ``?`` stands where a residue lacks an atom of
    the backbone. A file that DSSP wrote, in its classic form or as mmCIF, keeps its labels; parameters and errors as in
    :func:`read_structure`.
    """
    name, text = _read(source)
    if is_dssp(text):
        return parse_dssp(text, name, on_remark=on_remark)
    chains = _chains(name, text, on_remark or _ignore)
    gap = np.full((1, len(ATOMS), 3), np.nan)  # of an unknown residue, so that no two chains run on
    pieces = [piece for _, backbone in chains for piece in (backbone, gap)]
    states = assign_dssp(np.concatenate(pieces), "".join(f"{record.sequence}X" for record, _ in chains))
    labelled, start = [], 0
    for record, _ in chains:
        own = states[start : start + len(record)]
        labelled.append(ProteinRecord(record.id, record.sequence, own, resolved=record.resolved, source=record.source))
        start += len(record) + 1
    return labelled


def read_structure(source: Source, *, on_remark: Remark | None = None) -> list[tuple[ProteinRecord, np.ndarray]]:
    """The protein chains of a file in mmCIF or PDB format, each with its backbone, float64[length, 4, 3].

    A record's id is that of the entry and the chain, such as ``1ABC_A``; the backbone holds N, CA, C and O in ångström,
    nan where missing. The source is a path or a handle, packed or not.

    Of several models the first is read, of alternate locations the one with the highest occupancy. Modified residues
    become the letter of the residue they derive from (selenomethionine M), others X. A residue that the file does not
    list is not in the sequence; one that lacks an atom of the backbone has none. ``on_remark`` is called with a
    sentence for each of these choices that the file made necessary.

    Raises StructureError if the file is of another format, or holds no protein.

    >>> from io import StringIO
    >>> line = "ATOM      1  CA  ALA A   1      11.000  12.000  13.000  1.00  0.00           C"
    >>> remarks = []
    >>> [(record, backbone)] = read_structure(StringIO(line), on_remark=remarks.append)
    >>> record.sequence, backbone.shape, remarks
    ('A', (1, 4, 3), ['structure_A: 1 residue without all four atoms of the backbone: its state is unknown, ?'])
    """
    name, text = _read(source)
    if CLASSIC_HEADER in text:
        raise StructureError(f"{name}: what DSSP wrote holds states and no backbone; label_structure reads them")
    return _chains(name, text, on_remark or _ignore)


def _ignore(remark: str) -> None:
    """What becomes of remarks that nobody asked for."""


def _read(source: Source) -> tuple[str, str]:
    with open_text(source) as handle:
        text = handle.read()
    return str(source if isinstance(source, str | PathLike) else getattr(source, "name", "structure")), text


def _chains(name: str, text: str, remark: Remark) -> list[tuple[ProteinRecord, np.ndarray]]:
    entry, structure = _parse(name, text)
    models = list(structure)
    if len(models) > 1:
        remark(f"{entry}: {len(models)} models; the first is read")
    found, other = [], 0
    for chain in models[0] if models else ():
        residues = amino_acids(chain)
        if not residues:
            other += 1
            continue
        chain_id = f"{entry}_{chain.id.strip() or '-'}"
        backbone = np.array([backbone_of(residue) for residue in residues])
        for sentence in remarks_on(residues, backbone):
            remark(f"{chain_id}: {sentence}")
        resolved = np.isfinite(backbone).all(axis=(1, 2))
        sequence = "".join(protein_letter(residue.resname) for residue in residues)
        found.append((ProteinRecord(chain_id, sequence, resolved=resolved, source=name), backbone))
    if not found:
        raise StructureError(f"{name}: no residue with an atom CA; expected the structure of a protein")
    if other:
        remark(f"{entry}: {'1 chain' if other == 1 else f'{other} chains'} without amino acids left out")
    return found


def _parse(name: str, text: str) -> tuple[str, "Structure"]:
    """The entry's id and its structure as Biopython reads it."""
    from Bio.PDB.MMCIFParser import MMCIFParser
    from Bio.PDB.PDBExceptions import PDBConstructionException
    from Bio.PDB.PDBParser import PDBParser

    content = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    if next(content, "").startswith("data_"):
        parser: MMCIFParser | PDBParser = MMCIFParser(QUIET=True)
    elif any(line.startswith(PDB_LINES) for line in text.splitlines()):
        parser = PDBParser(QUIET=True)
    else:
        found = f"begins with {text[:40]!r}" if text.strip() else "empty"
        raise StructureError(f"{name}: {found}; expected mmCIF, PDB or what DSSP writes")
    try:
        structure = parser.get_structure("", StringIO(text))
    except (PDBConstructionException, ValueError, KeyError, IndexError, TypeError) as error:
        raise StructureError(f"{name}: cannot be read as mmCIF or PDB ({type(error).__name__}: {error})") from error
    entry = (structure.header.get("idcode") or "").strip() or Path(name).name.split(".")[0]
    return "_".join(entry.split()) or "structure", structure
