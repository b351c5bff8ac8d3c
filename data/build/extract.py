"""Step 1: read every chain of ProMod3's StructureDB and write a plain table.

Run with Debian's own Python, which sees the packages promod3-data and python3-promod3:

    /usr/bin/python3 data/build/extract.py build/data/chains_raw.tsv

Columns: id (PDB entry, underscore, chain), sequence, the eight DSSP states, and the solvent
accessibility of each residue in square ångström, separated by commas.
"""

import sys
from pathlib import Path

import promod3.loop

MINIMUM_LENGTH = 30


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
        rows[chain] = (sequence, states, ",".join(map(str, areas)))
    with target.open("w") as out:
        for chain in sorted(rows):
            print(chain, *rows[chain], sep="\t", file=out)
    print(f"{database.GetNumCoords()} chains in the database, {len(rows)} of {MINIMUM_LENGTH} or more residues")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
