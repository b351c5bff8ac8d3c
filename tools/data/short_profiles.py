"""Write the profiles that travel with the book: those of `mini`, and of more short chains of `train` and `val`.

    python tools/data/short_profiles.py build/data/profiles.npz data/profiles.xz

The first file is what tools/data/profiles.py writes. Chosen are the 420 chains of `mini`, all other chains of `val`
with 50 to 150 residues, and 900 more chains of `train` of that length, drawn at random, each of another cluster.

Packed with xz stand, first, as text, one line per chain with its id, its length and the CRC-32 of its sequence, in the
order of the table, and an empty line; then uint8[residue, 10], two amino acids a byte in the order of the alphabet, the
first in the higher four bits: the level, 0 to 7, of the frequency's square root. Beside the file, `<name>.sha256` holds
its checksum.
"""

import lzma
import random
import sys
from pathlib import Path

import numpy as np

from pssp_tutorial.batches.profiles import read_profiles
from pssp_tutorial.core.resources import write_checked
from pssp_tutorial.proteins.by_chain import HIGHEST, summary
from pssp_tutorial.proteins.chains import ChainSet, load_chains
from pssp_tutorial.proteins.record import ProteinRecord

SEED = 20260101
LENGTHS = range(50, 151)
MORE_TO_TRAIN_ON = 900
FILTER = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 0, "pb": 0}


def chosen(chains: ChainSet) -> list[ProteinRecord]:
    """The chains, in the order of the table."""
    cluster = dict(zip((record.id for record in chains), chains.cluster, strict=True))
    ids = {record.id for record, mini in zip(chains, chains.mini, strict=True) if mini}
    ids |= {record.id for record in chains.val if len(record) in LENGTHS}
    taken = {cluster[chain] for chain in ids}
    short = [record.id for record in chains.train if len(record) in LENGTHS]
    random.Random(SEED).shuffle(short)
    others = {cluster[chain]: chain for chain in reversed(short) if cluster[chain] not in taken}
    ids |= set(sorted(others.values(), key=short.index)[:MORE_TO_TRAIN_ON])
    return [record for record in chains if record.id in ids]


def main(source: Path, target: Path) -> None:
    profiles, records = read_profiles(source), chosen(load_chains())
    frequencies = np.concatenate([profiles[record.id] for record in records]) / 255
    levels = np.round(HIGHEST * np.sqrt(frequencies)).astype(np.uint8)
    packed = levels[:, 0::2] << 4 | levels[:, 1::2]
    content = "".join(f"{summary(record)}\n" for record in records).encode() + b"\n" + packed.tobytes()
    digest = write_checked(target, lzma.compress(content, format=lzma.FORMAT_XZ, filters=[FILTER]))
    print(f"{len(records)} chains, {len(levels)} residues, {target.stat().st_size:,} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
