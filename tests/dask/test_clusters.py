"""Clusters that can't be used: one clear error each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from distributed import Client, LocalCluster, Worker
from distributed.comm import CommClosedError

import fewlabels.dask._needed as needed
from fewlabels.dask import LabelSpreading, _workers, regions_of
from fewlabels.dask._cluster import region_cuts
from fewlabels.exceptions import ClusterError, InvalidTypeError, MissingDependencyError


@pytest.fixture
def problem(blobs, tmp_path):
    return regions_of(blobs[0], tmp_path / "graph", n_regions=3), blobs[2]


def test_no_client_and_no_workers_are_said(problem):
    with pytest.raises(ClusterError, match="no Dask client is in use"):
        LabelSpreading().fit(*problem)
    with pytest.raises(InvalidTypeError, match=r"must be a distributed\.Client, got str"):
        LabelSpreading().fit(*problem, client="tcp://there")
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
        pytest.raises(ClusterError, match=r"the cluster at \S+ has no workers"),
    ):
        LabelSpreading().fit(*problem, client=client)


def answering(monkeypatch, **changed):
    """Have workers, which are threads here, say other things of themselves."""
    about = _workers._about

    def say(token: str, graph: str, dask_worker: Worker):
        return replace(about(token, graph, dask_worker), **changed)

    monkeypatch.setattr(_workers, "_about", say)


@pytest.mark.parametrize("name", ["fewlabels", "scipy"])
def test_other_versions_are_refused(problem, clusters, monkeypatch, name):
    own = {each: _workers._version(each) for each in _workers._SAME_VERSIONS}
    answering(monkeypatch, versions=own | {name: "0.0.1"})
    with pytest.raises(ClusterError, match=rf"{name} is \S+ here and 0\.0\.1 on 2 workers"):
        LabelSpreading().fit(*problem, client=clusters(2))


def test_a_graph_that_workers_do_not_see_is_refused(problem, clusters, monkeypatch):
    answering(monkeypatch, graph=None)
    with pytest.raises(ClusterError, match=r"do not see .*graph as this machine does"):
        LabelSpreading().fit(*problem, client=clusters(2))


def test_a_folder_that_workers_do_not_share_is_refused(problem, clusters, monkeypatch, tmp_path):
    answering(monkeypatch, token=None)
    with pytest.raises(ClusterError, match=r"do not see .*fit as this machine does"):
        LabelSpreading(checkpoint=tmp_path / "fit").fit(*problem, client=clusters(2))
    assert [path.name for path in (tmp_path / "fit").iterdir()] == []


def test_workers_without_the_package_are_refused(problem, clusters, monkeypatch):
    def lack(token: str, graph: str):
        raise ModuleNotFoundError("No module named 'fewlabels'")

    monkeypatch.setattr(_workers, "_about", lack)
    with pytest.raises(ClusterError, match="lacks a package: No module named 'fewlabels'"):
        LabelSpreading().fit(*problem, client=clusters(2))


def test_a_worker_that_is_ending_is_left_out(problem, clusters, monkeypatch):
    about, ending = _workers._about, min(_workers.addresses_of(clusters(2)))

    def say(token: str, graph: str, dask_worker: Worker):
        if dask_worker.address == ending:
            raise CommClosedError("it is ending")
        return about(token, graph, dask_worker)

    monkeypatch.setattr(_workers, "_about", say)
    assert len(LabelSpreading().fit(*problem, client=clusters(2)).figures_["n_own"]) == 1


def test_workers_are_known_whatever_the_client_remembers(problem, clusters, monkeypatch):
    """Every two seconds it forgets all workers, also between a question and its answer."""
    monkeypatch.setattr(Client, "scheduler_info", lambda client, n_workers=-1: {"workers": {}})
    told = []
    model = LabelSpreading(progress=told.append).fit(*problem, client=clusters(2))
    assert len(model.figures_["n_own"]) == 2
    assert not [word for word in told if word["what"] == "lost"]


def test_a_missing_dask_names_the_extra(monkeypatch):
    monkeypatch.setattr(needed.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"dask and distributed: pip install 'few"):
        needed.require_dask()


@pytest.mark.parametrize("n_workers", [1, 2, 3, 7, 20])
def test_regions_are_shared_out_whole_and_evenly(n_workers):
    class Cut:
        starts = np.array([0, 10, 20, 30, 90, 100, 110, 120])
        n_regions, n_nodes = 7, 120

    cuts = region_cuts(Cut, n_workers)
    assert cuts[0] == 0
    assert cuts[-1] == 7
    assert len(cuts) - 1 == min(n_workers, 7)
    assert (np.diff(cuts) > 0).all()
    if n_workers == 2:
        assert cuts == [0, 3, 7]
