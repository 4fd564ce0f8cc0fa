"""Work on batches of rows in threads, each batch by one thread alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from fewlabels._threads import one_blas_thread, thread_count


def run_batches(
    task: Callable[[slice], object], batches: Sequence[slice], n_jobs: int | None
) -> None:
    """Call `task` with each of the `batches`; None for `n_jobs` is all cores.

    Linear algebra inside a task runs on one thread, so that the number of threads changes no
    result. After an exception, or Ctrl-C, no further batch is begun.
    """
    n_threads = min(thread_count(n_jobs), len(batches))
    with one_blas_thread():
        if n_threads <= 1:
            for batch in batches:
                task(batch)
            return
        with ThreadPoolExecutor(n_threads, thread_name_prefix="fewlabels") as pool:
            futures = [pool.submit(task, batch) for batch in batches]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
