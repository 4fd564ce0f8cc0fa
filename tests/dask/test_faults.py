"""Workers that are ended with SIGKILL in the middle of a fit: no hang, and the same bits."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from distributed import Client, LocalCluster

from fewlabels import knn_graph
from fewlabels.dask import LabelSpreading, regions_of
from fewlabels.exceptions import ClusterError

pytestmark = [pytest.mark.long, pytest.mark.limit(900.0)]

EVERY = 10


@pytest.fixture(scope="module")
def problem(tmp_path_factory):
    """A graph in regions, and labels."""
    rng = np.random.default_rng(0)
    classes = rng.integers(5, size=20_000)
    points = rng.normal(size=(5, 8))[classes] * 1.5 + rng.normal(size=(20_000, 8))
    folder = tmp_path_factory.mktemp("graph")
    graph = regions_of(knn_graph(points, n_neighbors=8), folder / "graph", n_regions=6)
    rows = rng.choice(20_000, 50, replace=False)
    return graph, (rows, classes[rows])


@pytest.fixture(scope="module")
def client():
    """Two workers in processes of their own, which nannies start again when they end."""
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def undisturbed(problem, clusters):
    model = LabelSpreading().fit(*problem, client=clusters(1))
    return model.n_iter_, model.label_distributions_.compute(), model.evidence_.compute()


class Killer:
    """Listens to a fit, and ends workers when it has come to a checkpoint."""

    def __init__(self, client, n_victims, at):
        self.told, self._at = [], at
        self._victims = sorted(client.run(os.getpid).values())[:n_victims]

    def __call__(self, word):
        self.told.append(word)
        if word["what"] == "saved" and word["n_iter"] >= self._at:
            while self._victims:
                os.kill(self._victims.pop(), signal.SIGKILL)

    def steps_again(self):
        """How many steps were taken twice."""
        lost = [word["what"] for word in self.told].index("lost")
        before = max(word["n_iter"] for word in self.told[:lost])
        resumed = [word["n_iter"] for word in self.told[lost:] if word["what"] == "resumed"]
        return before - resumed[0]


def assert_same_bits(model, undisturbed):
    n_iter, distributions, evidence = undisturbed
    assert model.n_iter_ == n_iter
    assert model.label_distributions_.compute().tobytes() == distributions.tobytes()
    assert model.evidence_.compute().tobytes() == evidence.tobytes()


@pytest.mark.parametrize(("n_victims", "at"), [(1, 20), (2, 40), (1, 30)])
def test_a_fit_survives_the_end_of_workers(problem, client, undisturbed, tmp_path, n_victims, at):
    client.wait_for_workers(2, timeout=180)
    killer = Killer(client, n_victims, at)
    model = LabelSpreading(checkpoint=tmp_path / "fit", checkpoint_every=EVERY, progress=killer)
    model.fit(*problem, client=client)
    assert_same_bits(model, undisturbed)
    assert killer.steps_again() <= EVERY + 10


def test_a_fit_without_checkpoints_begins_anew(problem, client, undisturbed):
    client.wait_for_workers(2, timeout=180)
    pids = sorted(client.run(os.getpid).values())

    def kill(word):
        if word["what"] == "step" and pids:
            os.kill(pids.pop(), signal.SIGKILL)

    assert_same_bits(LabelSpreading(progress=kill).fit(*problem, client=client), undisturbed)


def test_too_many_losses_are_an_error_and_others_go_on_from_there(
    problem, client, clusters, undisturbed, tmp_path
):
    client.wait_for_workers(2, timeout=180)
    killer = Killer(client, 1, 30)
    settings = {"checkpoint": tmp_path / "fit", "checkpoint_every": EVERY}
    with pytest.raises(ClusterError, match="were lost 1 times"):
        LabelSpreading(**settings, progress=killer, n_recoveries=0).fit(*problem, client=client)
    told = []
    model = LabelSpreading(**settings, progress=told.append).fit(*problem, client=clusters(3))
    assert [word["n_iter"] >= 30 for word in told if word["what"] == "resumed"] == [True]
    assert_same_bits(model, undisturbed)
