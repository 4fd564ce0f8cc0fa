"""Rows that are shared by all cores, and split the same way whatever their number."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from itertools import pairwise
from typing import TypeVar

from fewlabels._way import give_way

T = TypeVar("T")

_most_cores: ContextVar[int | None] = ContextVar("most_cores", default=None)  # None: all

# A product lets other threads run while it works on rows. Fewer operations are not worth it; to
# find its column takes an entry as long as four more columns would.
_SHARED_OPERATIONS, _TO_FIND_A_COLUMN = 2_500_000, 4
# Blocks come in multiples of this, for 2, 4 or 8 cores to have as many each.
_FEWEST_BLOCKS = 8
# Entries of a block of rows that stay in a core's cache from one operation to the next.
_BLOCK_ENTRIES = 65_536


def shared_blocks(n_rows: int, n_columns: int, n_entries: int) -> list[slice]:
    """Split rows for :func:`run_all`, in a way that does not depend on the number of cores.

    Sums over the blocks, taken in their order, are then the same on any machine.

    Parameters
    ----------
    n_rows, n_columns : int
        Shape of the vectors.
    n_entries : int
        Of the sparse matrix that they are multiplied by.

    Examples
    --------
    >>> from fewlabels.solvers import shared_blocks
    >>> shared_blocks(100, 1, 500)
    [slice(0, 100, None)]
    """
    n_blocks = 1
    if n_entries * (n_columns + _TO_FIND_A_COLUMN) >= _SHARED_OPERATIONS:
        n_blocks = _FEWEST_BLOCKS * max(
            1, -(-n_rows * n_columns // (_FEWEST_BLOCKS * _BLOCK_ENTRIES))
        )
    edges = [n_rows * i // n_blocks for i in range(n_blocks + 1)]
    return [slice(*ends) for ends in pairwise(edges)]


def run_all(task: Callable[[int], T], n_tasks: int) -> list[T]:
    """Return `task(0)`, `task(1)`, ..., computed on all cores.

    The calling thread takes tasks from the first on, the others from the last on: it never waits
    for a thread that has not begun, and each core meets much the same rows whenever it is called.
    Where a task raises, no other is begun, and this raises when those that were have ended.

    Examples
    --------
    >>> from fewlabels.solvers import run_all
    >>> run_all(lambda number: number**2, 4)
    [0, 1, 4, 9]
    """
    give_way()
    n_helpers = min(n_tasks, _most_cores.get() or _n_cores()) - 1
    if n_helpers < 1:
        return [task(k) for k in range(n_tasks)]
    # A helper that never begins stays in the queue for a while. It holds these, which are emptied.
    left, results = deque((k, task) for k in range(n_tasks)), dict[int, T]()

    def work(take: Callable[[], tuple[int, Callable[[int], T]]]) -> None:
        try:
            while left:
                try:
                    k, its_task = take()
                except IndexError:  # another thread took the last one
                    return
                results[k] = its_task(k)
        except BaseException:
            left.clear()
            raise

    helpers: list[Future[None]] = []
    try:
        helpers.extend(_pool().submit(work, left.pop) for _ in range(n_helpers))
        work(left.popleft)
        begun = [helper for helper in helpers if not helper.cancel()]
        wait(begun)
    except BaseException:  # an interrupt may come while this waits
        left.clear()
        wait([helper for helper in helpers if not helper.cancel()])
        raise
    for helper in begun:
        helper.result()
    return [results.pop(k) for k in range(n_tasks)]


def run_giving_way(task: Callable[[int], object], n_tasks: int) -> None:
    """Work on `task(0)`, `task(1)`, ... with all cores, one each at a time; lets others between.

    As :func:`run_all`, for tasks of many milliseconds. That gives way only before it begins, when
    none of its helpers is at work: while the calling thread is held, so are all others.

    Examples
    --------
    >>> from fewlabels.solvers import run_giving_way
    >>> found = [0, 0, 0]
    >>> run_giving_way(lambda number: found.__setitem__(number, number**2), 3)
    >>> found
    [0, 1, 4]
    """
    at_once = _most_cores.get() or _n_cores()

    def one_of(numbers: range, k: int) -> None:
        task(numbers[k])

    for first in range(0, n_tasks, at_once):
        numbers = range(first, min(first + at_once, n_tasks))
        run_all(partial(one_of, numbers), len(numbers))


@contextmanager
def on_cores(n_cores: int) -> Iterator[None]:
    """Let :func:`run_all` use so many cores in the block, where others have a share of them."""
    token = _most_cores.set(min(n_cores, _n_cores()))
    try:
        yield
    finally:
        _most_cores.reset(token)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, _n_cores() - 1), thread_name_prefix="fewlabels")


@cache
def _n_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork
