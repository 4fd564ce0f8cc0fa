"""A worker's place in what all workers do together: which regions it has, and its shard of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from distributed import Worker, get_worker, secede

from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import CalledOffError, Line, Mailbox, PeerLostError
from fewlabels.dask._shard import Shard
from fewlabels.solvers._threads import on_cores

# Share of a worker's memory that may be taken before the entries of a shard go to the disk.
_USABLE = 0.7

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Seat:
    """Which part of a fit a worker has, in one epoch.

    Attributes
    ----------
    fit : str
    epoch, rank : int
    addresses : list of str
        Of all workers, by rank.
    cuts : list of int
        The first region of each worker, and the number of all.
    """

    fit: str
    epoch: int
    rank: int
    addresses: list[str]
    cuts: list[int]


def work_seated(seat: Seat, work: Callable[[Worker, Line], _Result]) -> _Result:
    """Do what a seat is for, on a worker: a long-running task, one on each of them.

    Raises
    ------
    CalledOffError
        If the epoch is over, or the worker was started again since it began.
    PeerLostError
        If another worker can't be reached.
    """
    worker = get_worker()
    mailbox = Mailbox.of(worker)
    if not mailbox.expects(seat.fit, seat.epoch):
        raise CalledOffError("this worker was started after the epoch had begun")
    secede()  # two fits at a time must not wait for one another's threads
    line = Line(mailbox, seat.fit, seat.epoch, seat.rank, seat.addresses)
    try:
        with on_cores(worker.state.nthreads):
            return work(worker, line)
    except (CalledOffError, PeerLostError) as error:
        over = type(error)(str(error))
    raise over  # without the frames, whose vectors would be held beside those of the next epoch


def held_shard(
    worker: Worker, line: Line, seat: Seat, graph: RegionGraph, alpha: float, n_columns: int
) -> Shard:
    """Return the worker's shard, the same as long as the graph, alpha and its regions are.

    `n_columns` are those that are worked on at a time: where a shard in memory leaves no room for
    them, it is laid out again, on the disk.
    """
    regions = range(seat.cuts[seat.rank], seat.cuts[seat.rank + 1])
    key = (graph.checksum, alpha, regions)
    held: _Held | None = worker.extensions.get("fewlabels_shard")
    if held is None or held.key != key or not _has_room(worker, held, n_columns):
        del held
        release(worker)  # before the next one takes as much
        spill = _spill_folder(worker, graph, regions, n_columns)
        shard = Shard(graph, regions, alpha, spill)
        held = worker.extensions["fewlabels_shard"] = _Held(key, shard, spill, n_columns)
    held.n_columns = max(n_columns, held.n_columns)
    held.shard.meet(line, graph.starts[np.array(seat.cuts)])
    return held.shard


@dataclass
class _Held:
    """A shard, what it is of, where its entries are, and the most columns it has served."""

    key: tuple[str, float, range]
    shard: Shard
    spill: Path | None
    n_columns: int


def _has_room(worker: Worker, held: _Held, n_columns: int) -> bool:
    """Tell whether more columns than before fit beside entries that are in memory already."""
    if held.spill is not None or n_columns <= held.n_columns:
        return True
    return _fits(worker, _vectors(held.shard.n_own, n_columns))


def _spill_folder(
    worker: Worker, graph: RegionGraph, regions: range, n_columns: int
) -> Path | None:
    """Return where to put the entries if they don't fit the memory beside the vectors."""
    n_rows = int(graph.starts[regions.stop] - graph.starts[regions.start])
    entries = sum(graph.region(k).n_entries for k in regions) * 12.0
    if _fits(worker, _vectors(n_rows, n_columns) + entries):
        return None
    return Path(worker.local_directory)


def _vectors(n_rows: int, n_columns: int) -> float:
    """Bytes of the vectors of a solve, with about a fifth of their rows as halo."""
    return 3 * 8 * 1.2 * n_rows * n_columns


def _fits(worker: Worker, n_bytes: float) -> bool:
    """Tell whether a worker may take so many bytes beside those that it has."""
    limit = worker.memory_manager.memory_limit
    return not limit or n_bytes + worker.monitor.get_process_memory() < _USABLE * limit


def topic_of(fit: str) -> str:
    """Name what a fit's progress is told under."""
    return f"fewlabels-{fit}"


def release(dask_worker: Worker) -> None:
    """Let go of the worker's shard."""
    if dask_worker.extensions.pop("fewlabels_shard", None) is not None:
        gc.collect()  # products with it hold one another
