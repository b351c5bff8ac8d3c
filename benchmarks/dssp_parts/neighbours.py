"""Write where the other chains of the mini chains' PDB entries lie, as far as ProMod3's database holds them.

Run with Debian's own Python, which sees the packages promod3-data and python3-promod3, before benchmarks/dssp.py:

    /usr/bin/python3 benchmarks/dssp_parts/neighbours.py data/chains.tsv.xz build/dssp/neighbours.npz

For each chain that has such neighbours, `<id>`: float64[length, 4, 3], its own backbone followed by theirs in ångström,
all in the frame of the entry, with a row of nan between chains; and `<id> sequence`, with an X there.
"""

import lzma
import sys
from pathlib import Path

import numpy as np
import promod3.loop


def placed(database: promod3.loop.StructureDB, index: int) -> tuple[np.ndarray, str]:
    """Backbone and sequence of a chain in the frame of its entry: the database moved it by `shift`."""
    sequence, shift = str(database.GetSequence(index)), database.GetCoordInfo(index).shift
    backbone = database.GetBackboneList(index, sequence)
    readers = (backbone.GetN, backbone.GetCA, backbone.GetC, backbone.GetO)
    atoms = [[[read(place)[axis] for axis in range(3)] for read in readers] for place in range(len(sequence))]
    return np.array(atoms) - np.array([shift[axis] for axis in range(3)]), sequence


def joined(parts: list[tuple[np.ndarray, str]]) -> tuple[np.ndarray, str]:
    """Chains one after another, a row of nan and an X between."""
    gap = np.full((1, 4, 3), np.nan)
    pieces = [piece for atoms, _ in parts for piece in (gap, atoms)]
    return np.concatenate(pieces[1:]), "X".join(sequence for _, sequence in parts)


def main(table: Path, target: Path) -> None:
    rows = [line.split("\t") for line in lzma.decompress(table.read_bytes()).decode().splitlines()[1:]]
    database = promod3.loop.LoadStructureDB()
    infos = [database.GetCoordInfo(index) for index in range(database.GetNumCoords())]
    chains = {f"{info.id}_{info.chain_name.strip() or '-'}": index for index, info in enumerate(infos)}
    entries: dict[str, list[int]] = {}
    for index, info in enumerate(infos):
        entries.setdefault(info.id, []).append(index)
    contents = {}
    for chain in (row[0] for row in rows if row[3] == "1"):
        index = chains[chain]
        others = [other for other in entries[infos[index].id] if other != index]
        if others:
            atoms, sequence = joined([placed(database, each) for each in (index, *others)])
            contents |= {chain: atoms, f"{chain} sequence": np.array(sequence)}
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, **contents)
    print(f"{len(contents) // 2} chains with neighbours")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
