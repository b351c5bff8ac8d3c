"""What benchmarks of several parts share: those that the command line names are run, or all of them, in one thread."""

import sys
from collections.abc import Callable

import torch


def run_parts(*parts: Callable[[], None]) -> None:
    named = {part.__name__: part for part in parts}
    torch.set_num_threads(1)
    for name in sys.argv[1:] or named:
        named[name]()
