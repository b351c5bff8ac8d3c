"""Chapter 15: the same numbers from several processes, and what a residue costs on a disk."""

from types import SimpleNamespace
from typing import Any

CONTEXT = {"threads": 1, "chains": "mini", "command": "make chapters"}


def values(chapter: SimpleNamespace) -> dict[str, Any]:
    return {"bytes_per_residue": chapter.bytes_per_residue}


def check(chapter: SimpleNamespace) -> None:
    assert chapter.same(chapter.found, chapter.expected)
    assert chapter.read == chapter.proteins
    assert chapter.threads["OMP_NUM_THREADS=1"] == [1, 1], chapter.threads
    sizes = chapter.bytes_per_residue
    assert sizes["Parquet, states only"] < sizes["Parquet"] < sizes["JSON lines"] / 4, sizes
