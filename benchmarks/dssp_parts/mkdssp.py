"""The states that mkdssp, the program of DSSP's authors, gives to a backbone."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import numpy as np
from Bio.Data.PDBData import protein_letters_1to3

PROGRAM = "mkdssp"  # Debian: apt install dssp
ATOMS = ("N", "CA", "C", "O")
TITLE = "HEADER    TEST\n"
CELL = "CRYST1    1.000    1.000    1.000  90.00  90.00  90.00 P 1           1\n"
CHAIN_NAMES = ascii_uppercase + ascii_lowercase
ABSENT = "?"
MOST_CHAINS = 26  # that its classic output holds
NUMBER, STATE = slice(5, 10), 16  # columns of its classic output


def installed() -> bool:
    return shutil.which(PROGRAM) is not None


def version() -> str:
    """The version, as the program tells it: ``4.2.2``."""
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


def states(backbone: np.ndarray, sequence: str) -> str:
    """One letter per residue, its P for polyproline II among them; ``?`` where the program tells nothing."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "chain.pdb"), Path(folder, "chain.dssp")
        source.write_text(as_pdb(backbone, sequence))
        command = [PROGRAM, "--output-format=dssp", source, target]
        subprocess.run(command, capture_output=True, check=True, timeout=600)
        lines = target.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("  #  RESIDUE")) + 1
    found = {int(line[NUMBER]): line[STATE].replace(" ", "C") for line in lines[first:] if line[NUMBER].strip()}
    return "".join(found.get(number, ABSENT) for number in range(1, len(sequence) + 1))


def as_pdb(backbone: np.ndarray, sequence: str) -> str:
    """A file in the PDB format with the atoms that are not nan; residues count from 1. An X begins another chain."""
    lines, chain = [], 0
    for number, (atoms, letter) in enumerate(zip(backbone, sequence, strict=True), start=1):
        if letter == "X":
            lines.append(f"TER   {len(lines) + 1:5d}\n")
            chain += 1
            continue
        name = protein_letters_1to3[letter].upper()
        for atom, place in zip(ATOMS, atoms, strict=True):
            if not np.isnan(place).any():
                x, y, z = place
                lines.append(
                    f"ATOM  {len(lines) + 1:5d}  {atom:<3} {name} {CHAIN_NAMES[chain]}{number:4d}    "
                    f"{x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           {atom[0]}\n"
                )
    return "".join([TITLE, *_sequences(sequence), CELL, *lines, "TER\nEND\n"])


def _sequences(sequence: str) -> Iterator[str]:
    """SEQRES lines, without which the program loses the first residue of every chain but one."""
    for chain, part in zip(CHAIN_NAMES, sequence.split("X"), strict=False):
        names = [protein_letters_1to3[letter].upper() for letter in part]
        for row, start in enumerate(range(0, len(names), 13), start=1):
            yield f"SEQRES {row:3d} {chain} {len(names):4d}  {' '.join(names[start : start + 13])}\n"
