"""Workers, and the process that builds, are ended by ``kill -9`` in each stage of a graph."""

import hashlib
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from distributed import Client, LocalCluster

from fewlabels.dask import knn_graph

pytestmark = [pytest.mark.long, pytest.mark.limit(900.0)]

STAGES = ("rows", "truth", "parts-0", "search-0", "merged-0", "weights-0", "regions")
_PATIENCE = 180.0


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    path = tmp_path_factory.mktemp("points") / "X.npy"
    rng = np.random.default_rng(0)
    centres = 4 * rng.normal(size=(12, 20))
    noise = rng.normal(size=(20_000, 20))
    np.save(path, (centres[rng.integers(12, size=20_000)] + noise).astype(np.float32))
    return path


@pytest.fixture(scope="module")
def cluster():
    """Workers that are started again when they are ended."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as started:
        yield started


@pytest.fixture
def client(cluster):
    with Client(cluster) as connected:
        end = time.monotonic() + _PATIENCE
        # Those that an earlier test has ended are counted for a while, but do not answer.
        while len(connected.run(os.getpid, on_error="ignore")) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        yield connected


@pytest.fixture(scope="module")
def due(points, cluster, tmp_path_factory):
    path = tmp_path_factory.mktemp("due") / "graph"
    with Client(cluster) as client:
        return hash_of(knn_graph(points, path=path, client=client, n_regions=6).path)


def hash_of(folder):
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            total.update(str(file.relative_to(folder)).encode() + file.read_bytes())
    return total.hexdigest()


def made_in(building, stage):
    folder = building / "regions" if stage == "regions" else building / "stages" / stage
    return {path.name: path.stat().st_ino for path in folder.glob("[0-9]*")}


class Killer:
    """Ends processes as soon as a stage has begun; called with the share that is done."""

    def __init__(self, client, building, stage, n_killed):
        self.client, self.building, self.stage, self.n_killed = client, building, stage, n_killed
        self.killed = []

    def __call__(self, share):
        if self.killed or not made_in(self.building, self.stage):
            return
        pids = list(self.client.run(os.getpid).values())[: self.n_killed]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        self.killed = pids


@pytest.mark.parametrize("n_killed", [1, 2], ids=["one", "all"])
@pytest.mark.parametrize("stage", STAGES)
def test_workers_are_killed_and_the_graph_comes_out_the_same(
    stage, n_killed, points, due, client, tmp_path
):
    kill = Killer(client, tmp_path / "graph.building", stage, n_killed)
    graph = knn_graph(points, path=tmp_path / "graph", client=client, n_regions=6, progress=kill)
    assert len(kill.killed) == n_killed
    assert hash_of(graph.path) == due


_BUILD = """
import sys
from distributed import Client
from fewlabels.dask import knn_graph
with Client(sys.argv[3]) as client:
    knn_graph(sys.argv[1], path=sys.argv[2], client=client, n_regions=6)
"""


@pytest.mark.parametrize("stage", STAGES)
def test_the_client_is_killed_and_only_what_is_lost_is_made_again(
    stage, points, due, cluster, client, tmp_path
):
    path, building = tmp_path / "graph", tmp_path / "graph.building"
    command = [sys.executable, "-c", _BUILD, str(points), str(path), cluster.scheduler_address]
    with subprocess.Popen(command) as process:
        end = time.monotonic() + _PATIENCE
        while not made_in(building, stage):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
        process.wait(_PATIENCE)
    kept = {name: made_in(building, name) for name in STAGES}
    seen = dict(kept)

    def look(share):
        for name in STAGES:
            seen[name] = made_in(building, name) or seen[name]

    graph = knn_graph(points, path=path, client=client, n_regions=6, progress=look)
    for name, files in kept.items():
        assert files.items() <= seen[name].items(), name
    assert hash_of(graph.path) == due
