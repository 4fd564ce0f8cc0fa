"""Labels, skips and questions that are taken back, whenever they were given."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import knn_graph
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.session import Session
from fewlabels.session._events import Audit, Event

X = np.random.default_rng(0).normal(size=(30, 2))
GRAPH = knn_graph(X, n_neighbors=5)


def a_session(**settings):
    return Session(GRAPH, query="random", **settings)


def state_of(session):
    state = session._state
    return (
        dict(state.labels),
        dict(state.labelled_at),
        list(state.pending),
        list(state.skipped),
    )


def test_an_early_answer_is_withdrawn_and_its_question_comes_first():
    session = a_session()
    asked = session.ask(3).tolist()
    session.tell(asked[0], "a").tell(asked[1], "b")
    session.withdraw(asked[0])
    assert session.labelled.tolist() == [asked[1]]
    assert session.ask(2).tolist() == [asked[0], asked[2]]


def test_what_was_never_asked_is_as_if_nothing_had_been_said():
    session = a_session()
    session.tell([4, 5], ["a", "b"]).skip(6)
    session.withdraw([4, 6])
    assert (session.labelled.tolist(), session.pending.tolist()) == ([5], [])
    assert session.skipped.tolist() == []
    session.tell(4, "c")


def test_a_withdrawal_is_undone_like_any_answer():
    session = a_session()
    asked = session.ask(2).tolist()
    session.tell(asked[0], "a").tell(7, "b").skip(asked[1])
    before = state_of(session)
    session.withdraw([7, asked[0], asked[1]])
    assert session.undo().kind == "withdrawn"
    after = state_of(session)
    assert after[0] == before[0]
    assert after[1:] == before[1:]
    session.undo()
    session.undo()
    session.undo()
    assert state_of(session) == ({}, {}, asked, [])


def test_a_check_that_is_withdrawn_waits_for_its_new_answer():
    session = a_session(n_start=1)
    session.tell([0, 1], ["a", "b"])
    checks = session.ask(3, audit_share=1).tolist()
    session.tell(checks, ["a"] * 3)
    assert session.estimate().n_checks == 3
    session.withdraw(checks[0])
    assert session.estimate().n_checks == 0  # those beyond an open one wait
    session.tell(checks[0], "b")
    assert session.estimate().n_checks == 3


def test_it_is_saved_and_loaded(tmp_path):
    session = a_session()
    asked = session.ask(2)
    session.tell(asked, ["a", "b"]).withdraw(asked[0])
    session.save(tmp_path / "s.json")
    assert state_of(Session.load(tmp_path / "s.json", GRAPH)) == state_of(session)


def test_only_what_has_a_label_or_was_skipped_can_be_withdrawn():
    session = a_session()
    session.ask(1)
    before = state_of(session)
    with pytest.raises(InvalidInputError, match="there is nothing to withdraw"):
        session.withdraw([3])
    assert state_of(session) == before


def test_questions_are_dropped_and_checks_are_not():
    state = a_session()._state
    state.take(Event("asked", (3, 4, 5), audits=(Audit(5, None, 1, 30, ()),)))
    state.take(Event("dropped", (4,)))
    assert list(state.pending) == [3, 5]
    state.take(Event("told", (4,), ("a",)))
    state.take(Event("withdrawn", (4,)))
    assert list(state.pending) == [3, 5]  # it is open, and no question any more
    for point in (5, 9):
        with pytest.raises(InvalidInputError, match="can't be dropped"):
            state.take(Event("dropped", (point,)))


def test_a_label_file_is_no_session(tmp_path):
    path = tmp_path / "x.fewlabels"
    path.write_bytes(b"SQLite format 3\x00" + bytes(100))
    with pytest.raises(SessionFileError, match=r"use fewlabels\.labelling\.load_session"):
        Session.load(path, GRAPH)
