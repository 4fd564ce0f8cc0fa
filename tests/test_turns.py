"""Threads that share an estimator or a session."""

from __future__ import annotations

import copy
import os
import pickle
import sys
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs

from fewlabels import FewLabelsRegressor, LabelSpreading, Session
from fewlabels._turns import in_turn

X, TRUTH = make_blobs(120, centers=3, random_state=0)
START = np.where(np.arange(120) < 6, TRUTH, -1)


@pytest.fixture(autouse=True)
def frequent_switches() -> Any:
    """Let threads take turns so often that they meet."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def in_threads(tasks: list[Callable[[], object]]) -> None:
    errors: list[BaseException] = []

    def run(task: Callable[[], object]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - shown below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_a_second_thread_waits_until_the_first_has_left() -> None:
    class Counter:
        inside = 0
        most = 0
        entered = threading.Event()

        @in_turn
        def count(self) -> None:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.again()
            self.inside -= 1

        @in_turn
        def again(self) -> None:
            for _ in range(100):
                self.most = max(self.most, self.inside)

    counter = Counter()
    in_threads([counter.count] * 8)
    assert counter.most == 1


def test_labels_added_by_several_threads_are_all_there() -> None:
    model = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000, tol=1e-8).fit(X, START)
    parts = np.array_split(np.arange(6, 90), 12)
    in_threads([lambda part=part: model.add_labels(part, TRUTH[part]) for part in parts])
    y = np.where(np.arange(120) < 90, TRUTH, -1)
    expected = clone(model).fit(X, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-6)
    np.testing.assert_array_equal(model._labels.codes, expected._labels.codes)


def test_numbers_added_and_taken_back_by_several_threads_are_right() -> None:
    y = np.where(np.arange(120) < 12, X[:, 0], np.nan)
    model = FewLabelsRegressor().fit(X, y)
    tasks: list[Callable[[], object]] = [
        lambda part=part: model.add_labels(part, X[part, 0])
        for part in np.array_split(np.arange(12, 40), 7)
    ]
    tasks += [lambda row=row: model.remove_labels([row]) for row in range(4)]
    in_threads(tasks)
    assert np.flatnonzero(model._labels.labelled).tolist() == list(range(4, 40))


def test_threads_that_fit_one_estimator_leave_it_whole() -> None:
    model = LabelSpreading("self-tuning", max_iter=1000)
    names = np.where(START < 0, None, np.array(["a", "b", "c"])[START])
    in_threads([lambda y=y: model.fit(X, y) for y in (START, names) * 4])
    assert set(model.transduction_.tolist()) <= set(model.classes_.tolist())
    assert model.predict(X).dtype == model.classes_.dtype


def test_a_session_takes_the_answers_of_several_threads() -> None:
    session = Session(X)
    parts = np.array_split(np.arange(60), 10)
    tasks: list[Callable[[], object]] = [
        lambda part=part: session.tell(part, TRUTH[part]) for part in parts
    ]
    in_threads([*tasks, lambda: session.ask(3), lambda: session.ask(5)])
    assert sorted(set(session.labelled.tolist()) - set(range(60))) == []
    assert len(session.labelled) == 60
    assert len(session.history) == 10 + sum(e.kind == "asked" for e in session.history)
    known = session.labels
    np.testing.assert_array_equal(known[:60], TRUTH[:60])


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))]
)
def test_what_was_in_turn_can_be_copied_and_changes_alone(copied: Any) -> None:
    model = LabelSpreading("self-tuning", max_iter=1000).fit(X, START)
    model.add_labels([10], [TRUTH[10]])
    other = copied(model).add_labels([11], [TRUTH[11]])
    assert other._labels.labelled.sum() == model._labels.labelled.sum() + 1
    session = Session(X).tell([0, 1], TRUTH[:2])
    if copied is not copy.copy:  # which shares the state
        assert len(copied(session).tell([2], TRUTH[2:3]).labelled) == 3
        assert len(session.labelled) == 2
    clone(model).fit(X, START)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_in_a_forked_child_no_lock_is_held() -> None:
    class Thing:
        def __init__(self) -> None:
            self.entered, self.leave = threading.Event(), threading.Event()

        @in_turn
        def hold(self) -> None:
            self.entered.set()
            self.leave.wait()

        @in_turn
        def answer(self) -> int:
            return 7

    thing = Thing()
    holder = threading.Thread(target=thing.hold)
    holder.start()
    thing.entered.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of later Pythons, for other threads
        child = os.fork()
    if child == 0:  # pragma: no cover - another process
        os._exit(thing.answer())
    _, status = os.waitpid(child, 0)
    thing.leave.set()
    holder.join()
    assert os.waitstatus_to_exitcode(status) == 7
