"""A worker's shard is kept from fit to fit, as long as it leaves room for what is worked on."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fewlabels.dask import _seat, regions_of
from fewlabels.dask._mail import Line


@pytest.fixture
def held(blobs, tmp_path):
    """Lay out a shard for so many columns, on a worker whose memory holds a few of them."""
    graph = regions_of(blobs[0], tmp_path / "graph", n_regions=2)
    entries = sum(graph.region(k).n_entries for k in range(2)) * 12
    folder = tmp_path / "worker"
    folder.mkdir()
    worker = SimpleNamespace(
        extensions={},
        memory_manager=SimpleNamespace(
            memory_limit=(entries + _seat._vectors(1_500, 4)) / _seat._USABLE
        ),
        monitor=SimpleNamespace(  # as of a process that holds nothing else
            get_process_memory=lambda: entries if in_memory(worker) else 0
        ),
        local_directory=str(folder),
    )
    seat = _seat.Seat("fit", 0, 0, ["here"], [0, 2])
    line = Line(None, "fit", 0, 0, ["here"])

    def lay_out(n_columns, alpha=0.9):
        return _seat.held_shard(worker, line, seat, graph, alpha, n_columns)

    def in_memory(worker):
        return "fewlabels_shard" in worker.extensions and not any(folder.iterdir())

    lay_out.spilled = lambda: any(folder.iterdir())
    return lay_out


def test_a_shard_is_kept_while_more_columns_fit_beside_it(held):
    shard = held(2)
    assert not held.spilled()
    assert held(3) is shard
    assert held(2) is shard
    assert held(3, alpha=0.8) is not shard


def test_a_shard_goes_to_the_disk_when_more_columns_leave_it_no_room(held):
    shard = held(2)
    there = held(16)
    assert there is not shard
    assert held.spilled()
    assert held(2) is there
    assert held(64) is there
