"""Play the runs of a simulation, one after the other or several at a time."""

from __future__ import annotations

import contextlib
import signal
import threading
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from joblib import effective_n_jobs, parallel_config
from sklearn.utils.parallel import Parallel, delayed

from fewlabels._threads import one_blas_thread
from fewlabels.session.simulation._runs import Run

# Of joblib's backends, the one of processes that take functions of a user's own. Whatever a
# parallel_config asks for: between threads, a run would change the warnings and the number of
# threads of the others.
_BACKEND = "loky"

Report: TypeAlias = Callable[[int], object]
Task: TypeAlias = Callable[[Report], Run]


def played(
    tasks: Sequence[Task], n_jobs: int | None, n_rounds: int, report: Report
) -> Iterator[Run]:
    """Yield each run as soon as it has ended, in the order of the tasks or in any.

    Parameters
    ----------
    tasks : sequence of callable
        Each plays one run when called, and calls what it is given with the rounds just done.
    n_jobs : int or None
        As joblib takes it. With more than one, runs are played in processes of their own, even
        where another of joblib's backends is set; where one raises, or the caller stops asking,
        the others are ended.
    n_rounds : int
        Of each run.
    report : callable
        Told of the rounds done: each at once, or those of a whole run where it was played in
        another process.

    Notes
    -----
    Each run has one thread for dense linear algebra, whose sums may depend on their number in the
    last digit, and a choice between equals on that digit. Runs that are not played apart hold the
    whole process to it while they last.
    """
    with parallel_config(backend=_BACKEND):
        n_processes = effective_n_jobs(n_jobs)
    if n_processes == 1 or len(tasks) == 1:
        for task in tasks:
            with one_blas_thread():
                run = task(report)
            yield run
        return
    # Runs take long and unequally so: none waits for others to be handed out or back.
    parallel = Parallel(
        n_jobs=n_processes, backend=_BACKEND, batch_size=1, return_as="generator_unordered"
    )
    # by file, so that a warning that recurs is shown as often as the user's filters say
    shown: defaultdict[str, dict[str | tuple[str, type[Warning], int], int]] = defaultdict(dict)
    with _uninterrupted():
        results = parallel(delayed(_played_apart)(task) for task in tasks)
    with contextlib.closing(results):
        for run, caught in results:
            for message, category, filename, lineno in caught:
                warnings.warn_explicit(
                    message, category, filename, lineno, registry=shown[filename]
                )
            report(n_rounds)
            yield run


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let processes begin that ignore Ctrl-C, which a terminal sends to all of them.

    It is then this process that ends them, and none complains. Meanwhile this one ignores it, too:
    what it starts inherits that, and no more.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are not its business
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)


# What a warning is made of, for the process that shows it.
_Caught: TypeAlias = tuple[Warning | str, type[Warning], str, int]


def _played_apart(task: Task) -> tuple[Run, list[_Caught]]:
    """Play a run in a process of its own; its warnings are for the caller's to show."""
    with warnings.catch_warnings(record=True) as caught, one_blas_thread():
        warnings.simplefilter("always")
        run = task(lambda n_done: None)
    return run, [(each.message, each.category, each.filename, each.lineno) for each in caught]
