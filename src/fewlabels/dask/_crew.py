"""The workers of a cluster: found, checked, and given tasks that survive the end of any of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import distributed
from distributed.scheduler import KilledWorker

from fewlabels.dask._workers import await_first, checked_workers
from fewlabels.exceptions import ClusterError

Result = TypeVar("Result")

# Seconds between two looks.
_BETWEEN_LOOKS = 5.0
# Seconds until another one has come where all have ended: on a busy machine, one took 56 to start.
LONG_PATIENCE = 180.0


@dataclass(frozen=True)
class Crew:
    """What there is to work with.

    Attributes
    ----------
    client : Client
    n_threads : int
        Tasks that run at a time.
    memory : int or None
        Bytes that a task may take with what its process holds anyway; None is without a limit.
    """

    client: distributed.Client
    n_threads: int
    memory: int | None


def checked_crew(client: object, folder: Path) -> Crew:
    """Check that all workers can do the work, and say how many there are.

    Parameters
    ----------
    client : Client
    folder : Path
        An existing folder that all workers have to see.

    Raises
    ------
    ClusterError
        If there are no workers, or some lack the package, have other versions than this process,
        or do not see the folder.
    """
    await_first(client)
    there = checked_workers(client, folder)
    known = [about.memory for about in there.values() if about.memory]
    n_threads = sum(about.n_threads for about in there.values())
    return Crew(client, n_threads, min(known) if known else None)


def run_tasks(
    crew: Crew,
    name: str,
    function: Callable[..., Result],
    numbers: Sequence[int],
    *shared: object,
    report: Callable[[int], object] = lambda n_done: None,
) -> list[Result]:
    """Return function(number, *shared) for each number, in order; computed by the workers.

    A task whose worker ends is computed anew by another, so that it has to be one that may be.

    Parameters
    ----------
    crew : Crew
    name : str
        What the dashboard calls the tasks.
    function : callable
    numbers : sequence of int
    *shared
        Further arguments, the same for all; small.
    report : callable
        Told of each number more that is done.

    Raises
    ------
    ClusterError
        If one task has ended several workers, or no worker is left.
    """
    if not numbers:
        return []
    token = secrets.token_hex(4)
    futures = crew.client.map(
        _call,
        numbers,
        key=[f"fewlabels-{name}-{token}-{number}" for number in numbers],
        function=function,
        shared=shared,
        pure=False,
    )
    return gather_tasks(crew.client, name, futures, report)


def gather_tasks(
    client: distributed.Client,
    name: str,
    futures: list[distributed.Future],
    report: Callable[[int], object] = lambda n_done: None,
) -> list[Any]:
    """Wait for futures, never in vain; return their results, in order."""
    try:
        for n_done in _finished(client, futures):
            report(n_done)
        return list(client.gather(futures))
    except KilledWorker as error:
        raise ClusterError(
            f"a task of the stage {name!r} has ended several workers, the last one "
            f"{getattr(error.last_worker, 'address', 'unknown')}. Their logs say why; mostly it is "
            "their memory_limit: give workers more, or make more regions (n_regions)."
        ) from error
    finally:
        client.cancel(futures)


def _finished(client: distributed.Client, futures: list[distributed.Future]) -> Iterator[int]:
    """Yield the number of futures just done until all are; raise the error of one that failed."""
    pending = futures
    alone_since: float | None = None
    while pending:
        try:
            with client.as_current():  # else the default one's, which may be of another cluster
                done = distributed.wait(
                    pending, timeout=_BETWEEN_LOOKS, return_when="FIRST_COMPLETED"
                )
        except TimeoutError:
            if client.nthreads():
                alone_since = None
                continue
            alone_since = alone_since or time.monotonic()
            if time.monotonic() - alone_since > LONG_PATIENCE:
                raise ClusterError(
                    "all workers have ended, and no new one has come. What is done is kept: start "
                    "workers, and call the same again."
                ) from None
            continue
        for future in done.done:
            if future.status in ("cancelled", "lost"):
                raise ClusterError(
                    "the scheduler has ended, or has been restarted. What is done is kept: connect "
                    "anew, and call the same again."
                )
            if future.status != "finished":
                future.result()  # raises its error
        yield len(done.done)
        pending = list(done.not_done)


def _call(number: int, *, function: Callable[..., object], shared: tuple[object, ...]) -> object:
    return function(number, *shared)
