"""Write the evolutionary profile of every chain of the table: for the release model, and for short_profiles.py.

Run with Debian's own Python, which sees the packages promod3-data and python3-promod3:

    /usr/bin/python3 tools/data/profiles.py data/chains.tsv.xz build/data/profiles.npz

A profile holds, for each residue, how often each of the 20 amino acids stands there in the chain's relatives. The
result is too large for the repository (about 60 MB): an array `ids`, and `frequencies`, uint8[residue, 20] in steps
of 1/255, chain after chain, amino acids in the order ACDEFGHIKLMNPQRSTVWY.
"""

import lzma
import sys
from pathlib import Path

import numpy as np
import promod3.loop

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"


def main(table: Path, target: Path) -> None:
    database = promod3.loop.LoadStructureDB()
    place = {}
    for index in range(database.GetNumCoords()):
        info = database.GetCoordInfo(index)
        place[f"{info.id}_{info.chain_name.strip() or '-'}"] = index
    rows = [line.split("\t") for line in lzma.decompress(table.read_bytes()).decode().splitlines()[1:]]
    profiles = []
    for chain, sequence in ((row[0], row[4]) for row in rows):
        profile = database.GetSequenceProfile(place[chain])
        assert str(profile.sequence) == sequence, chain
        frequencies = [[column.GetFreq(letter) for letter in AMINO_ACIDS] for column in profile.columns]
        profiles.append(np.round(255 * np.array(frequencies)).clip(0, 255).astype(np.uint8))
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(target, ids=np.array([row[0] for row in rows]), frequencies=np.concatenate(profiles))
    print(f"{len(rows)} profiles, {sum(map(len, profiles))} residues")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
