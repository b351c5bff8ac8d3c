"""Write a table as text packed with xz, the same bytes each time, and its checksum beside it."""

import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from pssp_tutorial.core.resources import write_checked

FILTER = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 4, "lp": 0, "pb": 0}  # packs text best


def cell(value: object) -> str:
    """A number in the fewest digits that give it back; a missing one is empty."""
    if isinstance(value, float):
        return "" if np.isnan(value) else repr(value).removesuffix(".0")
    return str(value)


def write_table(path: Path, columns: Mapping[str, Sequence]) -> None:
    """A comma-separated table with a line of names, packed with xz."""
    plain = [values.tolist() if isinstance(values, np.ndarray) else values for values in columns.values()]
    lines = [",".join(columns), *(",".join(map(cell, row)) for row in zip(*plain, strict=True))]
    packed = lzma.compress("".join(f"{line}\n" for line in lines).encode(), format=lzma.FORMAT_XZ, filters=[FILTER])
    digest = write_checked(path, packed)
    print(f"{path.name}: {len(lines) - 1:,} rows, {len(packed):,} bytes, SHA-256 {digest}")
