"""Work on blocks of rows in threads, so that the number of threads changes no result.

Every task is computed by one thread alone, FAISS and BLAS included, and tasks do not depend on the
number of threads. The main thread only waits, so that Ctrl-C is answered when the tasks that run
are done: they are kept short.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import faiss

from fewlabels._threads import one_blas_thread

# More threads than that only cost memory, however many are asked for.
_MOST_PER_CORE = 4

Task = TypeVar("Task")
Result = TypeVar("Result")


def thread_count(n_jobs: int | None) -> int:
    """Return the number of threads that `n_jobs` asks for; None is all that OpenMP may use."""
    allowed = int(faiss.omp_get_max_threads())
    if n_jobs is None:
        return allowed
    if n_jobs > 0:
        return min(n_jobs, _MOST_PER_CORE * (os.cpu_count() or 1))
    return max(1, allowed + 1 + n_jobs)


class Workers:
    """Threads that each compute alone; a context manager.

    When it ends, by whatever exception, no task is left running, and the libraries may use as
    many threads as before.
    """

    def __init__(self, n_threads: int) -> None:
        self._n_threads = n_threads

    def __enter__(self) -> Self:
        self._limits = one_blas_thread(and_of_openmp=True)
        self._limits.__enter__()
        # OpenMP counts its threads for each thread of the program anew.
        self._pool = ThreadPoolExecutor(
            self._n_threads, initializer=faiss.omp_set_num_threads, initargs=(1,)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._pool.shutdown(wait=True, cancel_futures=True)
        finally:
            self._limits.__exit__(kind, error, traceback)

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        report: Callable[[float], object] | None = None,
    ) -> list[Result]:
        """Return the results in the order of the tasks; `report` is told the share that is done."""
        futures = [self._pool.submit(function, task) for task in tasks]
        results = []
        try:
            for i, future in enumerate(futures):
                results.append(future.result())
                if report is not None:
                    report((i + 1) / len(futures))
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        return results
