"""Workers that are lost on the way: the others go on from the checkpoint, to the same bits."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest

from fewlabels.dask import LabelSpreading, _mail, _part, regions_of
from fewlabels.dask._checkpoint import HEADER
from fewlabels.dask._mail import PeerLostError
from fewlabels.exceptions import ClusterError
from tests.gallery import path_graph

EVERY = 10


@pytest.fixture(scope="module")
def problem(blobs, tmp_path_factory):
    graph = regions_of(blobs[0], tmp_path_factory.mktemp("graph") / "graph", n_regions=5)
    return graph, blobs[2]


@pytest.fixture
def lose(monkeypatch):
    """Have one worker lost in some of its steps, counted over all epochs."""

    def at(*steps, rank=1):
        begun, left = _part.Part.product_begun, list(steps)
        taken = [0]

        def product_begun(part):
            begun(part)
            if part.seat.rank == rank:
                taken[0] += 1
                if left and taken[0] >= left[0]:
                    left.pop(0)
                    raise PeerLostError("lost")

        monkeypatch.setattr(_part.Part, "product_begun", product_begun)

    return at


def assert_same_bits(one, other):
    assert one.n_iter_ == other.n_iter_
    for name in ("label_distributions_", "evidence_"):
        found, expected = getattr(one, name).compute(), getattr(other, name).compute()
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("steps", [(7,), (25,), (23, 32)])
@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.long
def test_the_others_go_on_from_the_checkpoint(problem, clusters, lose, tmp_path, steps, rank):
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2))
    lose(*steps, rank=rank)
    told = []
    model = LabelSpreading(
        0.95, checkpoint=tmp_path / "fit", checkpoint_every=EVERY, progress=told.append
    ).fit(*problem, client=clusters(2))
    assert [word["n_lost"] for word in told if word["what"] == "lost"] == [1, 2][: len(steps)]
    assert_same_bits(model, undisturbed)
    n_again = sum(model.figures_["steps"]) / 2  # in the last epoch alone
    resumed = [word["n_iter"] for word in told if word["what"] == "resumed"]
    assert len(resumed) == (0 if steps == (7,) else len(steps))
    assert n_again == model.n_iter_ - (resumed[-1] if resumed else 0)
    assert [path.name[:8] for path in (tmp_path / "fit").iterdir()] == ["answers-"]


def test_a_loss_among_rows_beyond_float64_is_mended(clusters, lose, tmp_path):
    graph = regions_of(path_graph(np.ones(119)), tmp_path / "graph", n_regions=4)
    labels = ([0, 1], [0, 1])
    settings = {"alpha": 0.5, "tol": 1e-4, "max_iter": 5_000, "checkpoint_every": EVERY}
    undisturbed = LabelSpreading(**settings).fit(graph, labels, client=clusters(2))
    assert undisturbed._levelled
    lose(undisturbed.n_iter_ // 2, undisturbed.n_iter_)
    model = LabelSpreading(**settings, checkpoint=tmp_path / "fit")
    assert_same_bits(model.fit(graph, labels, client=clusters(2)), undisturbed)


@pytest.mark.long
def test_losses_while_labels_are_added_are_mended(problem, clusters, lose, tmp_path):
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2)).add_labels([5], [2])
    model = LabelSpreading(0.95, checkpoint=tmp_path / "fit", checkpoint_every=EVERY)
    model.fit(*problem, client=clusters(2))
    lose(15)
    assert_same_bits(model.add_labels([5], [2]), undisturbed)


@pytest.mark.long
def test_too_many_losses_are_an_error_and_others_go_on_from_there(
    problem, clusters, lose, tmp_path
):
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2))
    lose(15, 27)
    settings = {"checkpoint": tmp_path / "fit", "checkpoint_every": EVERY}
    with pytest.raises(ClusterError, match="were lost 2 times; n_recoveries=1"):
        LabelSpreading(0.95, **settings, n_recoveries=1).fit(*problem, client=clusters(2))
    assert (tmp_path / "fit" / HEADER).exists()
    told = []
    model = LabelSpreading(0.95, **settings, progress=told.append)
    model.fit(*problem, client=clusters(3))
    assert [word["n_iter"] for word in told if word["what"] == "resumed"] == [20]
    assert_same_bits(model, undisturbed)


@pytest.mark.long
def test_checkpoints_of_other_labels_are_not_taken(problem, clusters, lose, tmp_path):
    settings = {"checkpoint": tmp_path / "fit", "checkpoint_every": EVERY}
    lose(25)
    with pytest.raises(ClusterError):
        LabelSpreading(0.95, **settings, n_recoveries=0).fit(*problem, client=clusters(2))
    graph, y = problem
    other = np.where(y == 1, 0, y)
    lose(3)
    with pytest.raises(ClusterError):
        LabelSpreading(0.95, **settings, n_recoveries=0).fit(graph, other, client=clusters(2))
    assert not (tmp_path / "fit" / HEADER).exists()  # its states would be written over
    told = []
    model = LabelSpreading(0.95, **settings, progress=told.append)
    model.fit(graph, other, client=clusters(2))
    assert not [word for word in told if word["what"] == "resumed"]
    assert_same_bits(model, LabelSpreading(0.95).fit(graph, other, client=clusters(2)))


def test_a_message_that_is_lost_is_no_hang(problem, clusters, monkeypatch, tmp_path):
    """Both workers live, and one waits for what the other one has sent."""
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2))
    monkeypatch.setattr(_mail, "_PATIENCE", 0.2)
    monkeypatch.setattr(_mail, "_TO_ARRIVE", 0.5)
    post, lost = _mail.Mailbox._post, []

    async def drop_one(mailbox, address, key, payload):
        if key[2:4] == ("rows", 25) and not lost:
            lost.append(key)
        else:
            await post(mailbox, address, key, payload)

    monkeypatch.setattr(_mail.Mailbox, "_post", drop_one)
    told = []
    model = LabelSpreading(
        0.95,
        checkpoint=tmp_path / "fit",
        checkpoint_every=EVERY,
        n_recoveries=1_000,  # on a busy machine, what is only late may be taken for lost
        progress=told.append,
    ).fit(*problem, client=clusters(2))
    assert lost
    assert [word for word in told if word["what"] == "lost"]
    assert_same_bits(model, undisturbed)


def test_a_message_that_can_not_be_sent_is_no_hang(problem, clusters, monkeypatch):
    """Whatever the error is: also where the sender waits for nothing from the other one."""
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2))
    monkeypatch.setattr(_mail, "_PATIENCE", 0.2)
    post, failed = _mail.Mailbox._post, []

    async def fail_once(mailbox, address, key, payload):
        if key[2:4] == ("rows", 25) and not failed:
            failed.append(key)
            raise RuntimeError("dictionary changed size during iteration")
        await post(mailbox, address, key, payload)

    monkeypatch.setattr(_mail.Mailbox, "_post", fail_once)
    told = []
    model = LabelSpreading(0.95, progress=told.append).fit(*problem, client=clusters(2))
    assert failed
    assert [word["n_lost"] for word in told if word["what"] == "lost"] == [1]
    assert_same_bits(model, undisturbed)


def test_who_waits_for_what_was_not_sent_is_told_so():
    mailbox = _mail.Mailbox(None)
    assert not mailbox.is_amiss("fit", 0, "rows", 3, receiver=1)
    mailbox._lose("fit", 0, 1)
    assert mailbox.is_amiss("fit", 0, "rows", 3, receiver=1)
    assert not mailbox.is_amiss("fit", 0, "rows", 3, receiver=2)


def test_a_worker_that_answers_but_is_stuck_is_told_of(problem, clusters, monkeypatch):
    undisturbed = LabelSpreading(0.95).fit(*problem, client=clusters(2))
    begun, stuck, told = _part.Part.product_begun, [], threading.Event()

    class Log:
        def warning(self, message, address, seconds):
            if [address] == stuck and seconds > 0.1:
                told.set()

    def until_told(part):
        begun(part)
        if part.seat.rank == 1 and part.n_steps == 5 and not stuck:
            stuck.append(part.seat.addresses[1])
            assert told.wait(240)

    monkeypatch.setattr(_mail, "_logger", Log())
    monkeypatch.setattr(_mail, "_PATIENCE", 0.02)
    monkeypatch.setattr(_mail, "_TO_WONDER", 0.1)
    monkeypatch.setattr(_part.Part, "product_begun", until_told)
    assert_same_bits(LabelSpreading(0.95).fit(*problem, client=clusters(2)), undisturbed)
    assert told.is_set()


def test_who_waits_is_not_at_work():
    mailbox = _mail.Mailbox(None)
    assert mailbox.at_work("fit") == 0
    mailbox._at_work["fit"] = 0.0
    assert mailbox.at_work("fit") > 0
    mailbox._at_work["fit"] = math.inf
    assert mailbox.at_work("fit") == 0


def test_errors_of_the_work_itself_are_raised_as_they_are(problem, clusters, monkeypatch):
    def fail(part):
        raise MemoryError("no room")

    monkeypatch.setattr(_part.Part, "product_begun", fail)
    with pytest.raises(MemoryError, match="no room"):
        LabelSpreading(0.95).fit(*problem, client=clusters(2))


@pytest.mark.parametrize("n_recoveries", [0, 1])
def test_workers_forget_a_fit_that_has_ended_also_one_that_failed(
    problem, clusters, lose, n_recoveries
):
    lose(7)
    model = LabelSpreading(0.95, n_recoveries=n_recoveries)
    if n_recoveries:
        model.fit(*problem, client=clusters(2))
    else:
        with pytest.raises(ClusterError, match="were lost 1 times"):
            model.fit(*problem, client=clusters(2))
    assert list(clusters(2).run(known).values()) == [[], []]


def known(dask_worker):
    mailbox = _mail.Mailbox.of(dask_worker)
    held = mailbox._expected, mailbox._at_work, mailbox._lost, mailbox._posts, mailbox._written
    return [key for keys in held for key in keys]
