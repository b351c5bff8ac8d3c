"""Write the backbones of the 420 `mini` chains: N, CA, C and O of every residue.

Run with Debian's own Python, which sees the packages promod3-data and python3-promod3:

    /usr/bin/python3 tools/data/backbones.py data/chains.tsv.xz data/backbones.xz

Packed with xz stand, first, as text, one line per chain with its id, its length and the CRC-32 of its sequence, and an
empty line; then little-endian int16[atom, 3], the four atoms of each residue in turn, in hundredths of an ångström,
each atom as the difference from the one before it, each chain from (0, 0, 0). The database holds whole hundredths, so
nothing is rounded here. Beside the file, `<name>.sha256` holds its checksum.
"""

import hashlib
import lzma
import sys
import zlib
from pathlib import Path

import numpy as np
import promod3.loop

STEP = 0.01  # ångström
FILTER = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 3, "lp": 1, "pb": 1}  # numbers of two bytes
LARGEST = np.iinfo(np.int16).max


def mini_chains(table: Path) -> list[tuple[str, str]]:
    """Id and sequence of each chain of the subset, in the order of the table."""
    rows = [line.split("\t") for line in lzma.decompress(table.read_bytes()).decode().splitlines()[1:]]
    return [(row[0], row[4]) for row in rows if row[3] == "1"]


def places(database: promod3.loop.StructureDB) -> dict[str, int]:
    """Where each chain stands in the database."""
    infos = map(database.GetCoordInfo, range(database.GetNumCoords()))
    return {f"{info.id}_{info.chain_name.strip() or '-'}": index for index, info in enumerate(infos)}


def differences(backbone: promod3.loop.BackboneList, chain: str) -> np.ndarray:
    """The steps from atom to atom of a chain, int16[atom, 3]."""
    readers = (backbone.GetN, backbone.GetCA, backbone.GetC, backbone.GetO)
    atoms = np.array([[read(place)[axis] for axis in range(3)] for place in range(len(backbone)) for read in readers])
    counts = np.round(atoms / STEP)
    assert np.abs(atoms - counts * STEP).max() < STEP / 100, f"{chain} is finer than {STEP} ångström"
    steps = np.diff(counts, axis=0, prepend=np.zeros((1, 3)))
    assert np.abs(steps).max() <= LARGEST, f"{chain} has a step that int16 cannot hold"
    return steps.astype("<i2")


def main(table: Path, target: Path) -> None:
    database = promod3.loop.LoadStructureDB()
    place = places(database)
    lines, steps = [], []
    for chain, sequence in mini_chains(table):
        assert str(database.GetSequence(place[chain])) == sequence, f"{chain} has another sequence in the database"
        lines.append(f"{chain}\t{len(sequence)}\t{zlib.crc32(sequence.encode()):08x}\n")
        steps.append(differences(database.GetBackboneList(place[chain], sequence), chain))
    content = "".join(lines).encode() + b"\n" + np.concatenate(steps).tobytes()
    packed = lzma.compress(content, format=lzma.FORMAT_XZ, filters=[FILTER])
    target.write_bytes(packed)
    Path(f"{target}.sha256").write_text(f"{hashlib.sha256(packed).hexdigest()}  {target.name}\n", encoding="utf-8")
    print(f"{len(lines)} chains, {sum(map(len, steps)) // 4} residues, {len(packed):,} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
