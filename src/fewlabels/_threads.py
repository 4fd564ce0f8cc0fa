"""Hold linear algebra to one thread, whichever threads of the program ask for it meanwhile."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Protocol, TypeAlias

from threadpoolctl import ThreadpoolController

# More threads than that only cost memory, however many are asked for.
_MOST_PER_CORE = 4


class _Library(Protocol):
    """A library with threads of its own, as threadpoolctl has it."""

    filepath: str
    user_api: str

    def get_num_threads(self) -> int: ...
    def set_num_threads(self, num_threads: int) -> object: ...


Counts: TypeAlias = list[tuple[_Library, int]]  # and its threads


class _Limit:
    """The process's one limit: set by whoever comes first, lifted by whoever leaves last.

    The number of BLAS threads belongs to the whole process. Two threads that each set it and put
    back what they found restore it too early, or to the other's 1 for good. OpenMP counts for each
    thread; so does a BLAS that is built on it, as FAISS's is.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._before: Counts = []  # of the libraries that are limited
        self._libraries: list[_Library] = []
        self._n_modules = 0  # when they were looked for

    def enter(self) -> Counts:
        """Return what OpenMP counts in this thread, for `leave`."""
        with self._lock:
            # To look through the loaded libraries takes two milliseconds. None is loaded without
            # an import; one that was loaded since has a number of threads of its own.
            if self._n_modules != len(sys.modules):
                self._n_modules = len(sys.modules)
                self._libraries = ThreadpoolController().lib_controllers
            own = [(each, each.get_num_threads()) for each in self._libraries if _is_openmp(each)]
            limited = {each.filepath for each, _ in self._before}
            for each in self._libraries:
                if each.user_api != "blas":
                    continue
                if each.filepath not in limited:
                    self._before.append((each, each.get_num_threads()))
                    _set(each, 1)
                elif _counts_for_each_thread(each):
                    _set(each, 1)
            self._n_inside += 1
        return own

    def leave(self, own: Counts) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self.lift()
        for each, n_threads in own:
            _set(each, n_threads)

    def lift(self) -> None:
        while self._before:
            _set(*self._before.pop())


def _is_openmp(library: _Library) -> bool:
    return bool(library.user_api == "openmp")


def _counts_for_each_thread(library: object) -> bool:
    return getattr(library, "threading_layer", None) == "openmp"


def _set(library: _Library, n_threads: int) -> None:
    # From its version 3.8 on, threadpoolctl lets only the thread that set OpenBLAS's number change
    # it again. Here it may be another one that leaves last.
    disown = getattr(library, "clear_controlling_thread", None)
    if disown is not None:
        disown(force=True)
    library.set_num_threads(n_threads)
    if disown is not None:
        disown(force=True)


_limit = _Limit()


def _begin_anew() -> None:
    """In a forked child: the threads that would have lifted the limit are not there."""
    global _limit
    before, _limit = _limit, _Limit()
    before.lift()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


@contextlib.contextmanager
def one_blas_thread(*, and_of_openmp: bool = False) -> Iterator[None]:
    """Run the block on one BLAS thread, and other threads of the program as well meanwhile.

    When the last such block has ended, in whatever order, BLAS has as many threads as before the
    first. A block costs some 20 microseconds.

    Parameters
    ----------
    and_of_openmp : bool, default=False
        Whether the block has one thread of OpenMP as well, which counts for each thread anew.
    """
    limit = _limit
    own = limit.enter()
    try:
        if and_of_openmp:
            for library, _ in own:
                _set(library, 1)
        yield
    finally:
        limit.leave(own)


def thread_count(n_jobs: int | None) -> int:
    """Return how many threads `n_jobs` asks for: None and -1 all cores, -2 all but one."""
    n_cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    n_cores = n_cores or 1
    if n_jobs is None:
        return n_cores
    if n_jobs > 0:
        return min(n_jobs, _MOST_PER_CORE * n_cores)
    return max(1, n_cores + 1 + n_jobs)
