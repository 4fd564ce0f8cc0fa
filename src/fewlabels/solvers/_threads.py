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

# NumPy and SciPy let other threads run while they work on rows. Fewer operations are not worth it.
_SHARED_OPERATIONS = 400_000
_FEWEST_BLOCKS = 8
# Entries of a block of rows that stay in a core's cache from one operation to the next.
_BLOCK_ENTRIES = 65_536
# Tasks are handed out by so many shares a core: few to hand out, and none waits long for another.
_SHARES = 2


def row_blocks(n_rows: int, n_columns: int, n_entries: int) -> list[slice]:
    """Split rows for :func:`run_all`, in a way that does not depend on the number of cores.

    Sums over the blocks, taken in their order, are then the same on any machine.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the vectors.
    n_entries : int
        Of the sparse matrix that they are multiplied by.
    """
    n_blocks = 1
    if n_entries * n_columns >= _SHARED_OPERATIONS:
        n_blocks = max(_FEWEST_BLOCKS, -(-n_rows * n_columns // _BLOCK_ENTRIES))
    edges = [n_rows * i // n_blocks for i in range(n_blocks + 1)]
    return [slice(*ends) for ends in pairwise(edges)]


def run_all(task: Callable[[int], T], n_tasks: int) -> list[T]:
    """Return `task(0)`, `task(1)`, ..., worked on by all cores."""
    if n_tasks <= 1:
        return [task(k) for k in range(n_tasks)]
    n_shares = min(n_tasks, _SHARES * _n_cores())
    edges = [n_tasks * i // n_shares for i in range(n_shares + 1)]

    def share(i: int) -> list[T]:
        return [task(k) for k in range(edges[i], edges[i + 1])]

    return [result for results in _pool().map(share, range(n_shares)) for result in results]


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_n_cores(), thread_name_prefix="fewlabels")


@cache
def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()  # looks through the loaded libraries: once
