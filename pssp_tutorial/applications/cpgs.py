"""Methylation along a human chromosome, CpG by CpG: what is hidden is told from its neighbours (chapter 17)."""

from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from pssp_tutorial.applications.tables import ApplicationDataError, read_table

if TYPE_CHECKING:
    import pandas as pd

REGIONS = {"train": (0, 33_000_000), "val": (33_200_000, 36_000_000), "test": (36_200_000, 50_000_000)}
"""Parts of chromosome 22 by the middle of a sequence, in bases of hg18, with 200,000 bases between them."""
EDGE, HIDDEN = 8, 0.15  # CpGs at the ends that are never hidden, and the share of the others that is


@dataclass(frozen=True, eq=False)
class CpGSequences:
    """Neighbouring CpGs in rows; each array is [sequence, position]."""

    positions: np.ndarray  # int64, along chromosome 22 of hg18, 1-based
    levels: np.ndarray  # float32, share of the reads that are methylated, 0 to 1
    reads: np.ndarray  # int32, how many reads that share is of
    hidden: np.ndarray  # bool, which levels are to be told from the others

    def __len__(self) -> int:
        return len(self.positions)


def load_cpgs(folder: str | PathLike | None = None) -> "pd.DataFrame":
    """The CpGs of chromosome 22 in a fibroblast line, each under ten reads or more, read with their checksum.

    The columns: ``position`` (hg18, 1-based), ``methylated`` and ``unmethylated`` (reads of two extractions together),
    ``reads`` (their sum) and ``level`` (methylated of all; 0 to 1).

    Raises ReadError or ApplicationDataError if the file is missing, damaged or another one.

    >>> cpgs = load_cpgs()
    >>> len(cpgs), int(cpgs["reads"].min())
    (404145, 10)
    """
    cpgs = read_table("cpgs.csv.xz", dict.fromkeys(("gap", "methylated", "unmethylated"), "int32"), folder=folder)
    cpgs.insert(0, "position", cpgs.pop("gap").cumsum().astype("int64"))
    cpgs["reads"] = cpgs["methylated"] + cpgs["unmethylated"]
    cpgs["level"] = (cpgs["methylated"] / cpgs["reads"]).astype("float32")
    return cpgs


def cpg_sequences(cpgs: "pd.DataFrame", length: int = 64, *, seed: int = 0) -> dict[str, CpGSequences]:
    """Cut the chromosome into rows of CpGs, hide some, and part them by region: ``train``, ``val`` and ``test``.

    Of the ``length`` CpGs in a row the first and the last eight are never hidden, so that every hidden one has
    neighbours; of the others 15% are, drawn from ``seed``.

    >>> {name: len(part) for name, part in cpg_sequences(load_cpgs()).items()}
    {'train': 2822, 'val': 472, 'test': 2955}
    """
    if length <= 2 * EDGE:
        raise ApplicationDataError(
            f"length is {length}; expected more than {2 * EDGE}, for nothing is hidden at the ends"
        )
    whole = len(cpgs) // length * length
    positions, levels, reads = (
        cpgs[name].to_numpy()[:whole].reshape(-1, length) for name in ("position", "level", "reads")
    )
    hidden = np.random.default_rng(seed).random(positions.shape) < HIDDEN
    hidden[:, :EDGE] = hidden[:, -EDGE:] = False
    middle = positions.mean(axis=1)
    parts = {name: (middle >= first) & (middle < last) for name, (first, last) in REGIONS.items()}
    return {
        name: CpGSequences(positions[rows], levels[rows], reads[rows], hidden[rows]) for name, rows in parts.items()
    }
