"""Batches on several threads at once, each computed by one thread of PyTorch's (chapter 5).

That is faster than all threads on one batch, whose steps through the chain are short, and every thread computes the
same bits. How many threads an operation may use belongs to the thread that asks for it; what `torch.set_num_threads`
sets beside it, for the whole process, is only the number that a new thread begins with. So the threads here live as
long as the process, set their own number once, and no call sets anything.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import nn

Item = TypeVar("Item")
Result = TypeVar("Result")

_pools: dict[int, ThreadPoolExecutor] = {}
_starting = threading.Lock()


def for_each(model: nn.Module, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """What `work` makes of each item with a model: on the CPU in as many threads as PyTorch may use here.

    Several calls at once share the threads.

    >>> for_each(nn.Linear(21, 3), len, ["MKTV", "GA"])
    [4, 2]
    """
    threads = torch.get_num_threads()
    if threads == 1 or next(model.parameters()).device.type != "cpu":
        return list(map(work, items))
    return list(_pool(threads).map(work, items))


def _pool(threads: int) -> ThreadPoolExecutor:
    with _starting:
        if threads not in _pools:
            _pools[threads] = _start(threads)
        return _pools[threads]


def _start(threads: int) -> ThreadPoolExecutor:
    """Threads with one of PyTorch's each; what a new thread begins with is 1 for an instant, then as it was."""
    beginning = _in_new_thread(torch.get_num_threads)
    pool = ThreadPoolExecutor(threads, "pssp", initializer=_with_one_thread)
    together = threading.Barrier(threads)
    list(pool.map(lambda _: together.wait(), range(threads)))  # every one has begun
    _in_new_thread(lambda: torch.set_num_threads(beginning))
    return pool


def _with_one_thread() -> None:
    """Let this thread compute alone; PyTorch takes the number for it when the thread first asks, which is now."""
    torch.set_num_threads(1)
    torch.get_num_threads()


def _in_new_thread(call: Callable[[], Result]) -> Result:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def _forget() -> None:
    """A process that was forked has none of its parent's threads."""
    global _starting
    _pools.clear()
    _starting = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
