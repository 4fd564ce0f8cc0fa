"""Small clusters, and a time limit on every test: what hangs fails, and says where it hung.

Limits are for a busy machine with two cores, on which a worker took a minute to start.
"""

from __future__ import annotations

import contextlib
import faulthandler
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key

pytest.importorskip("distributed")

import dask
from distributed import Client, LocalCluster

from fewlabels import Graph, knn_graph

_LIMIT = 300.0

# A LocalCluster gives up a worker that is missing 15 seconds after it was lost: also one that came
# back in time, and is missing because another test has just ended it.
dask.config.set({"distributed.deploy.lost-worker-timeout": "1 hour"})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """End the process where a test here hangs, its fixtures of any scope included."""
    if not item.path.is_relative_to(Path(__file__).parent):
        return (yield)
    marker = item.get_closest_marker("limit")
    stderr = item.config.stash.get(fault_handler_stderr_fd_key, 2)  # not what captures it
    limit = marker.args[0] if marker else _LIMIT
    faulthandler.dump_traceback_later(limit, exit=True, file=stderr)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def clusters() -> Iterator[Callable[[int], Client]]:
    """Give a client of so many workers, which are threads of this process; each made once."""
    made: dict[int, Client] = {}
    with contextlib.ExitStack() as stack:

        def get(n_workers: int) -> Client:
            if n_workers not in made:
                cluster = LocalCluster(
                    n_workers=n_workers,
                    threads_per_worker=1,
                    processes=False,
                    dashboard_address=":0",
                )
                stack.enter_context(cluster)
                made[n_workers] = stack.enter_context(Client(cluster, set_as_default=False))
            return made[n_workers]

        yield get


@pytest.fixture(scope="session")
def blobs() -> tuple[Graph, np.ndarray, np.ndarray]:
    """A graph of points in four clusters, their classes, and labels of forty of them."""
    rng = np.random.default_rng(0)
    classes = rng.integers(4, size=1_500)
    points = rng.normal(size=(4, 6))[classes] * 2 + rng.normal(size=(1_500, 6))
    y = np.full(1_500, -1)
    chosen = rng.choice(1_500, 40, replace=False)
    y[chosen] = classes[chosen]
    return knn_graph(points, n_neighbors=8), classes, y
