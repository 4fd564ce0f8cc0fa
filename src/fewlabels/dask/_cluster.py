"""The client's side: workers that are looked over, parts that are given out, losses mended."""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from distributed import Client, Future, Worker
from distributed.client import FutureCancelledError
from distributed.scheduler import KilledWorker

from fewlabels.dask._crew import LONG_PATIENCE
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import CalledOffError, Mailbox, PeerLostError, call_off, forget
from fewlabels.dask._seat import Seat, topic_of
from fewlabels.dask._workers import addresses_of, checked_workers
from fewlabels.exceptions import ClusterError

# Seconds between two looks at who is there.
_LOOK = 0.25
# Seconds between two looks at what the client has been told of the parts.
_SHORTEST, _LONGEST = 0.001, 0.05
# Seconds in which lost workers may come back before the others go on without them.
_PATIENCE = 15.0
# Seconds in which survivors give up their parts.
_TO_GIVE_UP = 60.0

Report = Callable[[dict[str, object]], object]


def region_cuts(graph: RegionGraph, n_workers: int) -> list[int]:
    """Share the regions out in their order, about as many rows each: the first one of each."""
    n_workers = min(n_workers, graph.n_regions)
    goals = graph.n_nodes * np.arange(1, n_workers) / n_workers
    cuts = [0]
    for k, goal in enumerate(goals, start=1):
        nearest = int(np.argmin(np.abs(graph.starts - goal)))
        left = graph.n_regions - (n_workers - k)  # each of the others needs a region, too
        cuts.append(min(max(nearest, cuts[-1] + 1), left))
    return [*cuts, graph.n_regions]


class OnGraph(Protocol):
    """What is to be done, the same for all workers."""

    @property
    def graph(self) -> RegionGraph:
        """Whose regions are shared out."""


_Problem = TypeVar("_Problem", bound=OnGraph)
_Outcome = TypeVar("_Outcome")


def work_together(
    client: Client,
    problem: _Problem,
    part: Callable[[_Problem, Seat], _Outcome],
    folder: Path,
    *,
    n_recoveries: int,
    report: Report | None = None,
) -> list[_Outcome]:
    """Have all workers do their parts, and again, from what is on the disk, where some are lost.

    Parameters
    ----------
    part : callable
        Does what a seat is for, by :func:`work_seated`, and returns what it came to.
    folder : Path
        Which all workers have to see.
    n_recoveries : int
        How often workers may be lost.
    report : callable, default=None
        Called with what rank 0 says on its way, on a thread of the client.

    Raises
    ------
    ClusterError
        If the workers can't be used, none comes back, or they were lost too often.
    """
    fit, epoch, n_lost = secrets.token_hex(8), 0, 0
    workers = list(checked_workers(client, folder, problem.graph))
    n_workers = len(workers)
    with _forgotten(client, fit), _listening(client, topic_of(fit), report):
        while True:
            found = _epoch(client, problem, part, fit, epoch, workers)
            if found is not None:
                return found
            n_lost, epoch = n_lost + 1, epoch + 1
            if n_lost > n_recoveries:
                raise ClusterError(
                    f"workers, or messages between them, were lost {n_lost} times; "
                    f"n_recoveries={n_recoveries} are allowed. Look at the workers' logs for why "
                    "(memory, most of the time); the fit goes on from "
                    "its last checkpoint when it is called again."
                )
            if report is not None:
                report({"what": "lost", "n_lost": n_lost})
            workers = _wait_for_workers(client, problem.graph, folder, n_workers)


@contextlib.contextmanager
def _forgotten(client: Client, fit: str) -> Iterator[None]:
    """Have the workers forget a fit when it has ended, however it did."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            client.run(partial(forget, fit), on_error="ignore")


@contextlib.contextmanager
def _listening(client: Client, topic: str, report: Report | None) -> Iterator[None]:
    if report is None:
        yield
        return

    def hear(event: tuple[float, dict[str, object]]) -> None:
        report(event[1])

    client.subscribe_topic(topic, hear)
    try:
        yield
    finally:
        client.unsubscribe_topic(topic)


def _epoch(
    client: Client,
    problem: _Problem,
    part: Callable[[_Problem, Seat], _Outcome],
    fit: str,
    epoch: int,
    workers: list[str],
) -> list[_Outcome] | None:
    """Give out the parts and wait for them; None if workers were lost."""
    cuts = region_cuts(problem.graph, len(workers))
    chosen = workers[: len(cuts) - 1]
    ready = client.run(partial(_expect, fit, epoch), workers=chosen, on_error="return")
    if any(said is not True for said in ready.values()) or len(ready) < len(chosen):
        return None
    seats = [Seat(fit, epoch, rank, chosen, cuts) for rank in range(len(chosen))]
    futures = [
        client.submit(
            part,
            problem,
            seat,
            key=f"{part.__name__}-{fit}-{epoch}-{seat.rank}",  # the first is what dashboards show
            workers=[chosen[seat.rank]],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        for seat in seats
    ]
    try:
        return _outcomes(client, futures, chosen)
    finally:
        if not all(future.status == "finished" for future in futures):
            _give_up(client, futures, fit, epoch)
        client.cancel(futures, force=True)


def _expect(fit: str, epoch: int, dask_worker: Worker) -> bool:
    Mailbox.of(dask_worker).expect(fit, epoch)
    return True


def _outcomes(client: Client, parts: list[Future], workers: list[str]) -> list[Any] | None:
    looked, pause = time.monotonic(), _SHORTEST
    while True:
        statuses = [part.status for part in parts]  # as the client was told: nobody is asked
        if all(status == "finished" for status in statuses):
            try:  # a worker may end now: nobody else may do its part, which would never come
                return [part.result(timeout=_TO_GIVE_UP) for part in parts]
            except (OSError, TimeoutError, FutureCancelledError, KilledWorker):
                return None
        if any(status not in ("pending", "finished") for status in statuses):
            _raise_own_errors(parts)
            return None
        if time.monotonic() - looked > _LOOK:
            if not set(workers) <= set(addresses_of(client)):
                return None
            looked = time.monotonic()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST)


def _raise_own_errors(parts: list[Future]) -> None:
    """Raise what is wrong with the problem; of lost workers nothing is said."""
    for part in parts:
        if part.status != "error":
            continue
        error = part.exception(timeout=_TO_GIVE_UP)
        lost = (CalledOffError, PeerLostError)
        if isinstance(error, lost) or type(error).__module__.startswith("distributed"):
            continue
        raise error


def _give_up(client: Client, parts: list[Future], fit: str, epoch: int) -> None:
    """Wake those who wait for one that is lost, and wait till they have given up."""
    with contextlib.suppress(OSError, TimeoutError):
        client.run(partial(call_off, fit, epoch), on_error="ignore")
    until = time.monotonic() + _TO_GIVE_UP
    with contextlib.suppress(OSError, TimeoutError):  # where the scheduler has ended, too
        while time.monotonic() < until:
            running = client.processing()
            if not any(part.key in keys for part in parts for keys in running.values()):
                return
            time.sleep(_LOOK / 5)


def _wait_for_workers(
    client: Client, graph: RegionGraph, folder: Path, n_workers: int
) -> list[str]:
    """Return who is there, when as many are as before, or when no more seem to come."""
    began = time.monotonic()
    while True:
        waited = time.monotonic() - began
        with contextlib.suppress(OSError, TimeoutError, ClusterError):
            there = list(checked_workers(client, folder, graph))
            if len(there) >= n_workers or waited > _PATIENCE:
                return there
        if waited > LONG_PATIENCE:
            raise ClusterError(
                f"all workers were lost, and none that can be used came back within "
                f"{LONG_PATIENCE:.0f} seconds. Start some; the fit goes on from its last "
                "checkpoint when it is called again."
            )
        time.sleep(_LOOK)
