"""What benchmarks of several parts share: which parts to run, in one thread, and what was computed once."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch


def run_parts(*parts: Callable[[], None]) -> None:
    """Run the parts that the command line names, or all of them."""
    named = {part.__name__: part for part in parts}
    torch.set_num_threads(1)
    for name in sys.argv[1:] or named:
        named[name]()


def kept_arrays(folder: Path, name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Arrays that are computed once and then read."""
    path = folder / f"{name}.npz"
    if not path.exists():
        arrays = make()
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **arrays)
        print(name, {key: values.tolist() for key, values in arrays.items() if values.ndim == 0}, flush=True)
    with np.load(path) as archive:
        return dict(archive)
