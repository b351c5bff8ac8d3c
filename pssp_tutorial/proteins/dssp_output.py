"""The states that DSSP wrote into its files: the classic ones, and mmCIF (chapter 1)."""

import re
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path

from pssp_tutorial.proteins.record import ProteinRecord, RecordError
from pssp_tutorial.proteins.residues import protein_letter

CLASSIC_HEADER = "  #  RESIDUE AA STRUCTURE"
ENTRY, CHAIN, RESIDUE, STATE = slice(62, 66), 11, 13, 16  # columns of a classic file
SUMMARY, RANGES, SCHEME = "_dssp_struct_summary", "_struct_conf", "_pdbx_poly_seq_scheme"
RANGE_STATES = {
    "HELX_RH_AL_P": "H",
    "HELX_RH_3T_P": "G",
    "HELX_RH_PI_P": "I",
    "HELX_LH_PP_P": "P",
    "STRN": "E",
    "TURN_TY1_P": "T",
    "BEND": "S",
    "OTHER": "C",
}
"""What mkdssp calls the states in the table of ranges; a strand of one residue is an isolated bridge, B."""


Residues = list[tuple[str, str, str]]  # chain, letter and state
Place = tuple[str, int]  # chain and number of a residue, as mmCIF labels them


def is_dssp(text: str) -> bool:
    """Whether DSSP wrote states into this file, in its classic form or as mmCIF.

    >>> is_dssp("data_1abc")
    False
    """
    if CLASSIC_HEADER in text:
        return True
    if f"\n{SCHEME}." not in text:  # which tells whose states they are
        return False
    if f"\n{SUMMARY}." in text:
        return True
    programs = re.search(r"^_software\..*?^(#|loop_)", text, re.DOTALL | re.MULTILINE)
    return f"\n{RANGES}." in text and programs is not None and re.search(r"(?i)\bdssp\b", programs[0]) is not None


def parse_dssp(text: str, name: str, *, on_remark: Callable[[str], None] | None = None) -> list[ProteinRecord]:
    """The chains of a file that DSSP wrote, with its states; polyproline II, P, becomes coil, C.

    Raises RecordError if the file is damaged, holds no residue, or a state that DSSP does not know.
    """
    try:
        entry, residues = _classic(text) if CLASSIC_HEADER in text else _mmcif(text)
    except (KeyError, ValueError, IndexError) as error:
        raise RecordError(f"{name}: damaged ({type(error).__name__}: {error}); expected what DSSP writes") from error
    chains: dict[str, list[tuple[str, str]]] = {}
    for chain, letter, state in residues:
        chains.setdefault(chain, []).append((letter, state))
    if not chains:
        raise RecordError(f"{name}: no residue; expected states that DSSP assigned")
    entry = "_".join((entry or Path(name).name.split(".")[0]).split())
    records = []
    for chain, pairs in chains.items():
        sequence, states = ("".join(column) for column in zip(*pairs, strict=True))
        if on_remark:
            as_coil = f", {states.count('P')} of them P, polyproline II, as coil, C" if "P" in states else ""
            on_remark(f"{entry}_{chain}: {len(states)} states read that DSSP wrote{as_coil}")
        records.append(ProteinRecord(f"{entry}_{chain}", sequence, states.replace("P", "C"), source=name))
    return records


def _classic(text: str) -> tuple[str, Residues]:
    """The entry's id, and chain, letter and state of each residue of a classic file."""
    head, _, table = text.partition(CLASSIC_HEADER)
    entry = next((line[ENTRY].strip() for line in head.splitlines() if line.startswith("HEADER")), "")
    residues = []
    for line in table.splitlines()[1:]:
        letter = line[RESIDUE]
        if letter != "!":  # where the chain breaks
            letter = "C" if letter.islower() else letter  # of a cystine, with its partner's mark
            residues.append((line[CHAIN].strip() or "-", letter, line[STATE].replace(" ", "C")))
    return entry, residues


def _mmcif(text: str) -> tuple[str, Residues]:
    """As :func:`_classic`, from mmCIF: a table of residues where there is one, else one of ranges."""
    from Bio.PDB.MMCIF2Dict import MMCIF2Dict

    tables = MMCIF2Dict(StringIO(text))
    columns = ("asym_id", "seq_id", "mon_id", "auth_seq_num", "pdb_strand_id")
    rows = zip(*(tables[f"{SCHEME}.{column}"] for column in columns), strict=True)
    seen = {(asym, int(place)): (strand, kind) for asym, place, kind, number, strand in rows if number != "?"}
    states = _residue_states(tables) if f"{SUMMARY}.secondary_structure" in tables else _range_states(tables)
    entry = tables.get("_entry.id", [""])[0]
    return entry, [(strand, protein_letter(kind), states.get(place, "C")) for place, (strand, kind) in seen.items()]


def _residue_states(tables: Mapping[str, list[str]]) -> dict[Place, str]:
    columns = ("label_asym_id", "label_seq_id", "secondary_structure")
    rows = zip(*(tables[f"{SUMMARY}.{column}"] for column in columns), strict=True)
    return {(asym, int(place)): state.replace(".", "C") for asym, place, state in rows}


def _range_states(tables: Mapping[str, list[str]]) -> dict[Place, str]:
    states = {}
    columns = ("conf_type_id", "beg_label_asym_id", "beg_label_seq_id", "end_label_seq_id")
    for kind, asym, first, last in zip(*(tables[f"{RANGES}.{column}"] for column in columns), strict=True):
        alone = kind == "STRN" and first == last
        for place in range(int(first), int(last) + 1):
            states[asym, place] = "B" if alone else RANGE_STATES[kind]
    return states
