"""An answer is reflected at once, and learned by the model that answers when it has time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels._way import give_way
from fewlabels.exceptions import LabellingError
from fewlabels.graph import shared_neighbor_graph
from fewlabels.labelling import Labelling, _reading, export_labels, load_session
from fewlabels.labelling._follower import Follower
from fewlabels.labelling._mind import Mind, Opinion
from fewlabels.labelling._speaker import Lesson, Speaker
from fewlabels.session._learner import ModelLearner
from fewlabels.session._points import GraphPoints
from fewlabels.session._settings import Settings
from tests.labelling.conftest import answer_rows

Open = Callable[..., Labelling]
TIMEOUT = 180.0


def answer_next(labelling: Labelling, truth: Any, key: str) -> int:
    point = int(labelling.questions("ann", 1)[0]["point"])
    labelling.answer("ann", key, point, int(truth[point]))
    return point


def knows(labelling: Labelling, n_labels: int) -> bool:
    snapshot = labelling._keeper.snapshot
    return snapshot is not None and snapshot.n_labels == n_labels


def wait_until(labelling: Labelling, is_so: Callable[[], bool]) -> None:
    version = labelling.version
    while not is_so():
        now = labelling.wait(version, TIMEOUT)
        assert now != version, "nothing has changed any more"
        version = now


def two_groups(tmp_path: Path) -> tuple[Path, Any]:
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(size=(150, 2)), rng.normal(size=(150, 2)) + 4])
    np.save(tmp_path / "two.npy", X.astype(np.float32))
    return tmp_path / "two.npy", np.repeat([0, 1], 150)


def test_answers_are_reflected_while_the_model_that_answers_is_still_at_work(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    y = digits[1]
    labelling = opened()
    answer_rows(labelling, y, keys, range(12))
    may_go_on = threading.Event()
    learn = ModelLearner.answering

    def slowly(learner: ModelLearner, labels: Any) -> Any:
        may_go_on.wait(TIMEOUT)
        return learn(learner, labels)

    monkeypatch.setattr(ModelLearner, "answering", slowly)
    keeper = labelling._keeper
    for number in range(13, 17):
        answer_next(labelling, y, next(keys))
        wait_until(labelling, partial(knows, labelling, number))
        assert keeper.snapshot is not None
        assert keeper.snapshot.learned < keeper.snapshot.seq
        wait_until(labelling, lambda: len(labelling.questions("ann")) == 3)
    early = np.mean(keeper.snapshot.codes == y)
    may_go_on.set()
    assert labelling.settle()
    after = keeper.snapshot
    assert after is not None
    assert after.learned > labelling.answers()["rows"][0]["seq"] - 1
    assert early > 0.8
    assert np.mean(after.codes == y) > 0.8


@pytest.mark.long
def test_every_check_is_looked_at_and_none_is_asked_once_it_is_proven(
    opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    path, y = two_groups(tmp_path)
    labelling = opened(path, classes=["a", "b"], accuracy=0.7)
    assert labelling.settle()
    promised = 0
    for _ in range(100):
        answer_next(labelling, y, next(keys))
        assert labelling.settle()
        if labelling.state("ann")["proven"]:
            break
        advice = labelling.progress()["advice"]
        if advice["action"] == "check":
            promised = promised or advice["fewest_checks"]
    proof = labelling.progress()["proof"]
    assert labelling.state("ann")["proven"]
    assert proof["n_checks"] == promised  # all answers were right
    n_drawn = len(labelling._desk._state.audits)
    ready = list(labelling._desk.pending)  # asked for nothing
    for _ in range(10):
        point = answer_next(labelling, y, next(keys))
        assert labelling.settle()
    # of the questions since, few are checks, as ever
    assert len(labelling._desk._state.audits) <= n_drawn + 3
    assert point not in ready
    labelling.close()
    # all of it follows from the log
    session = load_session(path.with_suffix(".fewlabels"), cache=tmp_path / "cache")
    again = session.advice(accuracy=0.7)
    assert again.action == "stop"
    assert again.proof is not None
    assert again.proof.n_checks >= proof["n_checks"]
    assert again.proof.low >= proof["low"]


def test_an_export_takes_what_was_predicted_and_needs_no_model(
    opened: Open,
    digits: Any,
    keys: Iterator[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labelling = opened()
    for _ in range(12):
        answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    labelling.set_settings("ann", next(keys), {"theme": "dark"})  # after which nothing is to do
    assert labelling.settle()
    labelling.export(tmp_path / "page.csv", "csv")
    alone = _reading._said

    def refuse(*_: Any) -> Any:
        pytest.fail("a model was fitted")

    monkeypatch.setattr(_reading, "_said", refuse)
    cache = tmp_path / "cache"
    export_labels(labelling.path, tmp_path / "kept.csv", cache=cache)
    assert (tmp_path / "kept.csv").read_text() == (tmp_path / "page.csv").read_text()
    # of another log, or damaged, it is not taken
    (kept,) = cache.glob("*/predicted.npz")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-50])
    asked_for: list[bool] = []
    monkeypatch.setattr(_reading, "_said", lambda *a: asked_for.append(True) or alone(*a))
    export_labels(labelling.path, tmp_path / "anew.csv", cache=cache)
    kept.write_bytes(whole)
    labelling._keeper.stop()
    answer_next(labelling, digits[1], next(keys))
    export_labels(labelling.path, tmp_path / "later.csv", cache=cache)
    assert len(asked_for) == 2
    assert (tmp_path / "later.csv").read_text().count(",true,") == 13


def test_a_disk_that_is_full_refuses_an_answer_and_takes_it_when_there_is_room(
    opened: Open, digits: Any
) -> None:
    labelling = opened()
    point = int(labelling.questions("ann", 1)[0]["point"])
    labelling._keeper.stop()
    connection = labelling._desk.file._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")

    def until_it_is_full() -> None:
        for number in range(1_000):
            labelling.answer("ann", f"k {number}", point, number % 2)

    with pytest.raises(LabellingError, match=r"the disk is full; free some of it\. Nothing of"):
        until_it_is_full()
    stored = labelling._desk.last_seq
    assert len(labelling._desk.file.rows()) == stored
    connection.execute("PRAGMA max_page_count = 1000000")
    reply = labelling.answer("ann", "at last", point, 2)
    assert reply["seq"] == stored + 1
    assert labelling.item("ann", point)["answer"] == 2


def test_checks_of_answers_whose_labels_were_taken_back_are_read_again(
    opened: Open,
    digits: Any,
    keys: Iterator[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    y = digits[1]
    labelling = opened()
    for point in range(40):
        labelling.answer("ann", next(keys), point, int(y[point]))
    assert labelling.settle()
    may_go_on = threading.Event()
    learn = ModelLearner.answering

    def slowly(learner: ModelLearner, labels: Any) -> Any:
        may_go_on.wait(TIMEOUT)
        return learn(learner, labels)

    monkeypatch.setattr(ModelLearner, "answering", slowly)
    for _ in range(25):
        labelling.undo("ann", next(keys))
    drawn: list[int] = []
    for number in itertools.count(16):  # which questions are checks depends on what was ready
        answer_next(labelling, y, next(keys))
        wait_until(labelling, partial(knows, labelling, number))
        drawn = [audit.audit.n_labels for audit in labelling._desk._state.audits]
        if 40 in drawn:
            break
    may_go_on.set()
    assert labelling.settle()
    labelling.close()
    session = load_session(labelling.path, cache=tmp_path / "cache")
    assert [each.audit.n_labels for each in session._state.audits][: len(drawn)] == drawn


def test_all_is_not_done_where_an_answer_came_at_the_end(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling = opened()
    assert labelling.settle()
    keeper, began, may_go_on = labelling._keeper, threading.Event(), threading.Event()
    follow = Follower.follow

    def waiting(follower: Follower) -> bool:
        if began.is_set():
            may_go_on.wait(TIMEOUT)
        return follow(follower)

    def late(seq: int) -> None:
        if not began.is_set():
            began.set()
            labelling.answer("ann", next(keys), 299, int(digits[1][299]))

    monkeypatch.setattr(Follower, "follow", waiting)
    monkeypatch.setattr(keeper, "_keep_predictions", late)
    answer_next(labelling, digits[1], next(keys))
    assert began.wait(TIMEOUT)
    assert not keeper.settle(0.2)
    may_go_on.set()
    assert keeper.settle(TIMEOUT)
    assert keeper.reflected == labelling._desk.last_seq


def test_reasons_are_of_what_was_learned_last_whatever_others_had_it_learn(
    tmp_path: Path,
) -> None:
    path, _ = two_groups(tmp_path)
    X = np.load(path)
    graph = shared_neighbor_graph(X)
    settings = Settings.checked(
        classes=None, model=None, query="auto", audit_share=0.1, n_start=10, random_state=0
    )
    learner = ModelLearner(None, GraphPoints(graph, X), settings.query)
    speaker = Speaker(learner, graph, lambda: None)
    numbers = {"a": 0, "b": 1}
    few = {0: "a", 150: "b"}
    many = {**few, 10: "a", 20: "a", 160: "b"}
    then = Opinion(["a", "b"], np.full((300, 2), 0.5), np.ones(300, dtype=bool))
    heard = speaker.learn_now(Lesson(many, then, 5, 5, numbers))
    point = 10
    speaker.answers_at(few)
    speaker.explain(point)
    speaker._reasons[0][1].result(TIMEOUT)
    ((_, found),) = speaker.collect()
    assert found.seq == heard.said.seq
    assert 10 in [node for node, _, _ in found.shares]

    more = Lesson({**many, 40: "a"}, then, 6, 6, numbers)
    speaker._learning(more)  # is under way when the model is asked for
    lent: Future[int] = Future()
    speaker.lend(heard.lesson, lambda model: len(model.suspect_labels()), lent)
    assert lent.result(TIMEOUT) == len(more.labels)
    speaker.stop()


def test_what_is_predicted_is_told_before_questions_are_chosen(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling = opened()
    for _ in range(4):
        answer_next(labelling, digits[1], next(keys))
        assert labelling.settle()
    chosen: list[tuple[int, int]] = []
    choose = Mind.choose

    def choosing(mind: Mind, *args: Any, **settings: Any) -> Any:
        snapshot = labelling._keeper.snapshot
        assert snapshot is not None
        chosen.append((snapshot.n_labels, len(mind.state.labels)))
        return choose(mind, *args, **settings)

    monkeypatch.setattr(Mind, "choose", choosing)
    answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    assert chosen
    assert all(told == known for told, known in chosen)


def test_the_model_that_answers_gives_way_but_no_longer_than_it_worked(
    digits: Any,
) -> None:
    """Held for good, it works half of the time; let go, it goes on at once."""
    graph = shared_neighbor_graph(digits[0])
    settings = Settings.checked(
        classes=None, model=None, query="auto", audit_share=0.1, n_start=10, random_state=0
    )
    learner = ModelLearner(None, GraphPoints(graph, digits[0]), settings.query)
    speaker = Speaker(learner, graph, lambda: None)
    went_on = threading.Event()

    def task(_: Any) -> bool:
        began = time.monotonic()
        speaker._began -= 0.05  # as if it had worked so long
        speaker.hold()
        give_way()
        held = time.monotonic() - began
        speaker._began -= TIMEOUT
        threading.Timer(0.01, speaker.go_on).start()
        give_way()
        went_on.set()
        return held > 0.04

    labels = {0: str(digits[1][0]), 1: str(1 - digits[1][0])}
    future: Future[bool] = Future()
    lesson = Lesson(labels, Opinion([], digits[0], digits[1]), 0, 0, {})
    speaker.lend(lesson, task, future)
    assert future.result(TIMEOUT)
    assert went_on.is_set()
    speaker.stop()


def test_answers_are_told_of_while_questions_are_chosen(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a choice goes by stays as it was; the answer is taken after it, and chosen by next."""
    labelling = opened()
    keeper = labelling._keeper
    for _ in range(4):
        answer_next(labelling, digits[1], next(keys))
        assert labelling.settle()
    told: list[tuple[int, int, int]] = []
    choose = Mind.choose

    def choosing(mind: Mind, *args: Any, **settings: Any) -> Any:
        if not told and len(mind.state.labels) == 5:  # else it chooses for the last one's answers
            known, changes = dict(mind.state.labels), mind.n_changes
            point = int(labelling.questions("ann", 1)[0]["point"])
            seq = labelling.answer("ann", next(keys), point, int(digits[1][point]))["seq"]
            give_way()
            snapshot = keeper.snapshot
            assert snapshot is not None
            told.append((snapshot.seq - seq, snapshot.n_labels, len(known)))
            assert (mind.state.labels, mind.n_changes) == (known, changes)
        return choose(mind, *args, **settings)

    monkeypatch.setattr(Mind, "choose", choosing)
    answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    assert told == [(0, 6, 5)]
    assert keeper.snapshot is not None
    assert keeper.snapshot.n_labels == 6
    assert labelling.state("ann")["problem"] is None


def test_what_is_no_answer_waits_until_questions_are_chosen(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling = opened()
    keeper = labelling._keeper
    for _ in range(4):
        answer_next(labelling, digits[1], next(keys))
        assert labelling.settle()
    told: list[bool] = []
    choose = Mind.choose

    def choosing(mind: Mind, *args: Any, **settings: Any) -> Any:
        if not told:
            before = keeper.snapshot
            labelling.undo("ann", next(keys))
            give_way()
            told.append(keeper.snapshot is before)
        return choose(mind, *args, **settings)

    monkeypatch.setattr(Mind, "choose", choosing)
    answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    assert told == [True]
    assert keeper.snapshot is not None
    assert keeper.snapshot.n_labels == 4
