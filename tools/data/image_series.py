"""Chapter 19: one slice of a brain, 1,452 times, while a person saw things of eight categories.

    python tools/data/image_series.py FOLDER data/applications

FOLDER holds bold.nii.gz, mask.nii.gz and attributes.txt, as they stand in mvpa2/data of the source archive of PyMVPA
2.6.5 (`pip download --no-deps --no-binary :all: pymvpa2==2.6.5` fetches it; it need not be built).
"""

import gzip
import sys
from pathlib import Path

import numpy as np
from tables import write_table


def read_nifti(path: Path) -> np.ndarray:
    """The voxels of a NIfTI-1 file of 16-bit numbers, the slowest dimension (time) first."""
    content = gzip.decompress(path.read_bytes())
    dimensions = np.frombuffer(content, "<i2", count=8, offset=40)
    kind, start = np.frombuffer(content, "<i2", count=1, offset=70)[0], int(np.frombuffer(content, "<f4", 1, 108)[0])
    assert content[344:348] == b"n+1\0", f"{path}: not a NIfTI-1 file"
    assert kind == 4, f"{path}: numbers of kind {kind}, expected 4 (16 bits)"
    shape = dimensions[1 : dimensions[0] + 1][::-1]
    return np.frombuffer(content, "<i2", count=int(np.prod(shape)), offset=start).reshape(shape)


def write(volumes: np.ndarray, mask: np.ndarray, runs: np.ndarray, categories: np.ndarray, target: Path) -> None:
    """One row per voxel, so that what changes little stands side by side and packs well; runs and categories first."""
    rows = {"run": runs, "category": categories}
    rows |= {f"x{x}_y{y}": volumes[:, y, x] for y, x in zip(*np.nonzero(mask), strict=True)}
    by_volume = enumerate(zip(*rows.values(), strict=True))
    columns = {"series": list(rows), **{str(number): volume for number, volume in by_volume}}
    write_table(target / "image_series.csv.xz", columns)


def main(folder: Path, target: Path) -> None:
    volumes, mask = read_nifti(folder / "bold.nii.gz")[:, 0], read_nifti(folder / "mask.nii.gz").squeeze() > 0
    categories, runs = np.loadtxt(folder / "attributes.txt", dtype=int).T
    write(volumes, mask, runs, categories, target)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:3]))
