"""One thread for linear algebra that is too small to share; all cores for rows that are not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

from threadpoolctl import ThreadpoolController


@contextlib.contextmanager
def one_thread_if(small: bool) -> Iterator[None]:
    """Run the block on one BLAS thread if it is small.

    Hundreds of products of small matrices spend their time waiting for a second thread, and many
    times that where another process uses its core.
    """
    if not small:
        yield
        return
    with _controller().limit(limits=1, user_api="blas"):
        yield


T = TypeVar("T")

# NumPy and SciPy let other threads run while they work on rows. Fewer entries are not worth it.
_SHARED_ENTRIES = 200_000
_N_BLOCKS = 8


def row_blocks(n_rows: int, n_columns: int) -> list[slice]:
    """Split rows for :func:`run_all`, in a way that does not depend on the number of cores.

    Sums over the blocks, taken in their order, are then the same on any machine.
    """
    n_blocks = _N_BLOCKS if n_rows * n_columns >= _SHARED_ENTRIES else 1
    edges = [n_rows * i // n_blocks for i in range(n_blocks + 1)]
    return [slice(*ends) for ends in pairwise(edges)]


def run_all(task: Callable[[int], T], n_tasks: int) -> list[T]:
    """Return `task(0)`, `task(1)`, ..., worked on by all cores."""
    if n_tasks == 1:
        return [task(0)]
    return list(_pool().map(task, range(n_tasks)))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_n_cores(), thread_name_prefix="fewlabels")


def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the loaded libraries: once
