"""Workers that are ended with SIGKILL in the middle of a fit: no hang, and the same bits."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest
from distributed import Client, LocalCluster

from fewlabels import knn_graph
from fewlabels.dask import LabelSpreading, _part, regions_of
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


def die_at(step, ranks):
    """Have workers end themselves with SIGKILL in a step of the next fit; run on each of them."""
    begun = _part.Part.begun = getattr(_part.Part, "begun", _part.Part.product_begun)

    def product_begun(part):
        begun(part)
        if part.seat.epoch == 0 and part.seat.rank in ranks and part.n_steps == step:
            os.kill(os.getpid(), signal.SIGKILL)

    _part.Part.product_begun = product_begun


@pytest.fixture
def dying(client):
    """Wait for both workers; returns what has some of them end themselves."""
    end = time.monotonic() + 180
    # Those that an earlier test has ended are counted for a while, but do not answer.
    while len(client.run(os.getpid, on_error="ignore")) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    return lambda step, ranks: client.run(die_at, step, ranks)


def assert_same_bits(model, undisturbed):
    n_iter, distributions, evidence = undisturbed
    assert model.n_iter_ == n_iter
    assert model.label_distributions_.compute().tobytes() == distributions.tobytes()
    assert model.evidence_.compute().tobytes() == evidence.tobytes()


@pytest.mark.parametrize(("step", "ranks"), [(25, (0,)), (45, (0, 1)), (38, (1,))])
def test_a_fit_survives_the_end_of_workers(
    problem, client, dying, undisturbed, tmp_path, step, ranks
):
    dying(step, ranks)
    told = []
    model = LabelSpreading(
        checkpoint=tmp_path / "fit", checkpoint_every=EVERY, progress=told.append
    ).fit(*problem, client=client)
    assert_same_bits(model, undisturbed)
    assert [word["n_lost"] for word in told if word["what"] == "lost"] == [1]
    resumed = [word["n_iter"] for word in told if word["what"] == "resumed"]
    assert resumed == [step // EVERY * EVERY]


def test_a_fit_without_checkpoints_begins_anew(problem, client, dying, undisturbed):
    dying(5, (1,))
    told = []
    model = LabelSpreading(progress=told.append).fit(*problem, client=client)
    assert_same_bits(model, undisturbed)
    assert [word["n_lost"] for word in told if word["what"] == "lost"] == [1]


def test_too_many_losses_are_an_error_and_others_go_on_from_there(
    problem, client, clusters, dying, undisturbed, tmp_path
):
    dying(35, (1,))
    settings = {"checkpoint": tmp_path / "fit", "checkpoint_every": EVERY}
    with pytest.raises(ClusterError, match="were lost 1 times"):
        LabelSpreading(**settings, n_recoveries=0).fit(*problem, client=client)
    told = []
    model = LabelSpreading(**settings, progress=told.append).fit(*problem, client=clusters(3))
    assert [word["n_iter"] for word in told if word["what"] == "resumed"] == [30]
    assert_same_bits(model, undisturbed)
