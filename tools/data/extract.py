"""Step 1: read every chain of ProMod3's StructureDB and write a plain table.

Run with Debian's own Python, which sees the packages promod3-data and python3-promod3:

    /usr/bin/python3 tools/data/extract.py build/data/chains_raw.tsv

Columns: id (PDB entry, underscore, chain), sequence, the eight DSSP states, and the solvent
accessibility of each residue in square ångström, separated by commas. On the way it checks that no chain has a gap:
in the database a chain is the longest stretch of residues that the experiment resolved without a break.
"""

import sys
from pathlib import Path

import promod3.loop

MINIMUM_LENGTH = 30
LONGEST_BOND = 2.0  # ångström between C and the next N; a peptide bond has 1.33


def longest_bond(database: promod3.loop.StructureDB, index: int, sequence: str) -> float:
    """The largest distance between the C of a residue and the N of the next, in ångström."""
    backbone = database.GetBackboneList(index, sequence)
    pairs = ((backbone.GetC(place), backbone.GetN(place + 1)) for place in range(len(backbone) - 1))
    return max(sum((carbon[axis] - nitrogen[axis]) ** 2 for axis in range(3)) ** 0.5 for carbon, nitrogen in pairs)


def main(target: Path) -> None:
    database = promod3.loop.LoadStructureDB()
    target.parent.mkdir(parents=True, exist_ok=True)
    rows = {}
    for index in range(database.GetNumCoords()):
        info = database.GetCoordInfo(index)
        sequence = str(database.GetSequence(index))
        if len(sequence) < MINIMUM_LENGTH:
            continue
        states = str(database.GetDSSPStates(index))
        areas = list(database.GetSolventAccessibilities(index))
        chain = f"{info.id}_{info.chain_name.strip() or '-'}"
        assert len(sequence) == len(states) == len(areas), chain
        assert chain not in rows, f"{chain} occurs twice"
        assert longest_bond(database, index, sequence) < LONGEST_BOND, f"{chain} has a gap"
        rows[chain] = (sequence, states, ",".join(map(str, areas)))
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for chain in sorted(rows):
            print(chain, *rows[chain], sep="\t", file=out)
    print(f"{database.GetNumCoords()} chains in the database, {len(rows)} of {MINIMUM_LENGTH} or more residues")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
