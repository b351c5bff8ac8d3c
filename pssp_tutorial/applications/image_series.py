"""A series of images of a brain that looks at things: what does it see? (chapter 19)"""

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike

import numpy as np

from pssp_tutorial.applications.tables import ApplicationDataError, read_table
from pssp_tutorial.batches.sequences import SequenceLoader

CATEGORIES = ("face", "house", "shoe", "cat", "scissors", "scrambled", "bottle", "chair")
"""What was seen, by class; in the file a class is its number here and one more, and 0 is rest."""
VOLUMES_A_BLOCK = 9  # 22.5 seconds


@dataclass(frozen=True, eq=False)
class ImageSeries:
    """One slice of the brain of one person, 1,452 times."""

    volumes: np.ndarray  # brightness in the scanner's own units, float32[volume, voxel]
    categories: np.ndarray  # index into CATEGORIES, or -1 for rest, int64[volume]
    runs: np.ndarray  # 0 to 11, between which the scanner stopped, int64[volume]
    places: np.ndarray  # column and row of each voxel in the slice of 40 by 20, int64[voxel, 2]


@dataclass(frozen=True, eq=False)
class Blocks:
    """The stretches in which things of one category were shown, nine volumes each: sequences with one label."""

    volumes: np.ndarray  # float32[block, volume, voxel]
    categories: np.ndarray  # int64[block], and the runs too, as in ImageSeries
    runs: np.ndarray

    def __len__(self) -> int:
        return len(self.volumes)


def load_image_series(folder: str | PathLike | None = None) -> ImageSeries:
    """The volumes, read with their checksum.

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> load_image_series().volumes.shape
    (1452, 530)
    """
    table = read_table("image_series.csv.xz", {"series": "str"}, "float32", folder).set_index("series")
    voxels = table.index[2:]
    places = np.array([[int(part[1:]) for part in name.split("_")] for name in voxels])
    runs, categories = (table.loc[name].to_numpy().astype(np.int64) for name in ("run", "category"))
    volumes = table.loc[voxels].to_numpy().T
    return ImageSeries(volumes, categories - 1, runs, places)


def standardise_runs(volumes: np.ndarray, runs: np.ndarray) -> np.ndarray:
    """Within each run, take a parabola off every voxel and bring what is left to mean 0 and variance 1.

    A scanner drifts, and each run has its own level: both say which run it is, and nothing of what was seen. Only the
    run itself is used, so nothing passes from one run to another.

    >>> drift = np.arange(12.0).reshape(6, 2) ** 2 + np.array([[1, 0], [-1, 0]] * 3)
    >>> standardise_runs(drift, np.zeros(6)).std(axis=0).round(6).tolist()
    [1.0, 0.0]
    """
    standardised = np.empty(volumes.shape, dtype=np.float32)
    for run in np.unique(runs):
        values = volumes[runs == run].astype(np.float64)
        drift = np.vander(np.linspace(-1, 1, len(values)), 3)
        left = values - drift @ np.linalg.lstsq(drift, values, rcond=None)[0]
        spread = left.std(axis=0)
        flat = spread < 1e-6 * np.abs(values).max(axis=0, initial=1.0)  # nothing but rounding is left
        standardised[runs == run] = np.where(flat, 0, left / np.where(flat, 1, spread))
    return standardised


def task_blocks(images: ImageSeries) -> Blocks:
    """The 96 blocks, eight a run, from standardised volumes.

    Raises ApplicationDataError if a block is not nine volumes long.

    >>> blocks = task_blocks(load_image_series())
    >>> blocks.volumes.shape, np.bincount(blocks.categories).tolist()
    ((96, 9, 530), [12, 12, 12, 12, 12, 12, 12, 12])
    """
    volumes = standardise_runs(images.volumes, images.runs)
    changes = (np.diff(images.categories, prepend=-1) != 0) | (np.diff(images.runs, prepend=-1) != 0)
    starts = np.flatnonzero(changes)
    lengths = np.diff(starts, append=len(images.categories))
    seen = images.categories[starts] >= 0
    starts, lengths = starts[seen], lengths[seen]
    if (lengths != VOLUMES_A_BLOCK).any():
        raise ApplicationDataError(
            f"blocks of {sorted(set(lengths.tolist()))} volumes; expected {VOLUMES_A_BLOCK} each"
        )
    rows = starts[:, None] + np.arange(VOLUMES_A_BLOCK)
    return Blocks(volumes[rows], images.categories[starts], images.runs[starts])


def leave_one_run_out(runs: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield the blocks to learn from, to choose by and to test on, int64[block] each.

    Each run is once what to test on; the one after it is to choose by, and the other ten are to learn from.

    >>> [part.tolist() for part in next(leave_one_run_out(np.array([0, 0, 1, 2, 3])))]
    [[3, 4], [2], [0, 1]]
    """
    names = np.unique(runs)
    for number, run in enumerate(names):
        choice = names[(number + 1) % len(names)]
        rest = (runs != run) & (runs != choice)
        yield np.flatnonzero(rest), np.flatnonzero(runs == choice), np.flatnonzero(runs == run)


def block_loader(blocks: Blocks, rows: np.ndarray, *, seed: int = 0) -> SequenceLoader:
    """Batches of 16 of some blocks [volume, voxel], with one label each.

    Their ids are the runs, so that :func:`~pssp_tutorial.fit` refuses a run that is both learnt from and chosen by.

    >>> block_loader(task_blocks(load_image_series()), np.arange(8)).classes
    8
    """
    return SequenceLoader(
        list(blocks.volumes[rows]),
        list(blocks.categories[rows]),
        ids=[f"run {run}" for run in blocks.runs[rows]],
        batch_positions=16 * VOLUMES_A_BLOCK,
        seed=seed,
        classes=len(CATEGORIES),
    )
