"""Sequences of checks in a session: when they begin, what they are of, and what they prove."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fewlabels import LabelPropagation, knn_graph
from fewlabels._checksums import checksum
from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.graph import Graph
from fewlabels.session import Session
from fewlabels.session._events import Audit, Event
from fewlabels.session._state import SessionState
from fewlabels.session.proof import confidence_of, sequences_of
from fewlabels.stopping import most_wrong


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return knn_graph(X[:600]), y[:600]


def a_session(digits, **settings):
    return Session(
        digits[0],
        model=LabelPropagation("self-tuning", class_prior="uniform"),
        audit_share=0.5,
        **settings,
    )


def answer(session, y, k=5, **how):
    asked = session.ask(k, **how)
    session.tell(asked, y[asked])
    return asked


def begun(digits):
    """A session in which checks have just begun, on the advice."""
    session = a_session(digits)
    while session.advice(0.9).action == "continue":
        answer(session, digits[1])
    return session


@pytest.fixture(scope="module")
def checking(digits):
    return begun(digits)


@pytest.fixture
def session(checking):
    return copy.deepcopy(checking)


def test_advice_alone_begins_the_checks_and_says_so_in_the_log(session, digits):
    assert [event.kind for event in session.history].count("checks_began") == 1
    assert session.history[-1] == Event("checks_began", ())
    n_events = len(session.history)
    assert session.advice(0.9).action == "check"  # again: nothing begins twice
    assert len(session.history) == n_events
    never = a_session(digits)
    for _ in range(20):
        answer(never, digits[1])
    assert never._state.sequences == []


def test_all_that_is_asked_then_are_checks_of_the_answers_that_were_given_then(session, digits):
    y = digits[1]
    said, n_labels = session.predictions().labels, len(session.labelled)
    n_open = session._state.n_open
    asked = [answer(session, y, 7) for _ in range(4)]
    audits = [audit for event in session.history[-8:] for audit in event.audits]
    assert {audit.point for audit in audits} == set(np.concatenate(asked).tolist())
    assert [audit.predicted for audit in audits] == [said[audit.point] for audit in audits]
    assert {audit.n_labels for audit in audits} == {n_labels}
    assert [audit.n_drawn_from for audit in audits] == list(range(n_open, n_open - 28, -1))
    # the model has learned them nevertheless
    assert len(session.labelled) == n_labels + 28
    assert session.ask(2, audit_share=0).size == 2
    assert session.history[-1].audits == ()


def test_it_stops_with_a_proof_that_follows_from_the_log(session, digits, tmp_path):
    graph, y = digits
    said, open_ = session.predictions().labels, session._state.open_points
    while (advice := session.advice(0.9)).action == "check":
        answer(session, y)
    assert advice.action == "stop"
    proof = advice.proof
    assert (said == y)[open_].mean() >= proof.low >= 0.9
    assert proof.n_points == open_.sum()
    assert proof.confidence == confidence_of(0, 0.95)
    wrong = [False] * proof.n_right + [True] * (proof.n_checks - proof.n_right)
    pool = np.arange(proof.n_points, proof.n_points - proof.n_checks, -1)
    if proof.n_right == proof.n_checks:  # the order says nothing
        most = most_wrong(wrong, pool, proof.n_points, confidence=proof.confidence)
        assert proof.low == 1 - most / proof.n_points
    session.save(tmp_path / "session.json")
    loaded = Session.load(tmp_path / "session.json", graph)
    assert loaded.advice(0.9) == session.advice(0.9) == advice
    expected = said.copy()
    expected[session.labelled] = y[session.labelled]
    for one in (session, loaded):
        np.testing.assert_array_equal(one.checked_labels(), expected)
        assert (one.checked_labels() == y)[open_].mean() >= proof.low


def test_before_any_checks_there_are_no_answers_that_were_checked(digits):
    with pytest.raises(InvalidInputError, match="no sequence of checks has begun"):
        a_session(digits).tell(0, 1).checked_labels()


def test_answers_that_no_label_reaches_stay_missing():
    two = Graph.from_affinity(np.kron(np.eye(2), 1 - np.eye(3)))
    session = Session(two, query="random").tell([0, 1], ["a", "b"])
    session._state.take(Event("checks_began", ()))
    session.tell([3], ["c"])
    assert session.checked_labels()[[0, 1, 3, 4, 5]].tolist() == ["a", "b", "c", None, None]
    assert session.predictions().labels[4] == "c"


def test_a_check_of_a_point_without_an_answer_finds_it_wrong():
    two = Graph.from_affinity(np.kron(np.eye(2), 1 - np.eye(3)))
    session = Session(two, query="random").tell(0, "a")
    session._state.take(Event("checks_began", ()))
    session.tell(session.ask(5), ["a"] * 5)
    (checks,) = sequences_of(session._state, 0.95)
    wrong = dict(zip(checks.points, checks.wrong.tolist(), strict=True))
    assert wrong == {1: False, 2: False, 3: True, 4: True, 5: True}
    assert (checks.n_points, round(checks.proof().low, 6)) == (5, 0.4)


def test_a_label_given_together_that_is_taken_back_is_no_checked_answer(digits):
    session = a_session(digits)
    answer(session, digits[1], 20)
    labelled = session.labelled
    points = np.flatnonzero(session.labels < 0)[:5]
    session.tell(points, [0] * 5, together=True)
    session._state.take(Event("checks_began", (), together=True))
    assert (session.checked_labels()[points] == 0).all()
    session.undo()
    assert (session.checked_labels()[points] == -1).all()
    assert (session.checked_labels()[labelled] == digits[1][labelled]).all()
    assert sequences_of(session._state, 0.95)[-1].n_overruled == 5


def test_a_loaded_session_goes_on_checking_the_same_answers(session, digits, tmp_path):
    graph, y = digits
    answer(session, y, 10)
    session.save(tmp_path / "session.json")
    loaded = Session.load(tmp_path / "session.json", graph)
    assert loaded._held._found is None
    assert loaded.ask(30).tolist() == session.ask(30).tolist()
    assert loaded.history == session.history
    np.testing.assert_allclose(
        loaded.predictions().distributions, session.predictions().distributions, atol=1e-2
    )


def test_every_answer_wrong_ends_the_checks_and_the_rule_asks_again(session, digits):
    y = digits[1]
    n_labels = len(session.labelled)
    while session.advice(0.9).action == "check":
        asked = session.ask(5)
        session.tell(asked, (y[asked] + 1) % 10)
    assert session.history[-1].kind == "checks_ended"
    assert len(session.labelled) - n_labels < 60
    session.ask(4, audit_share=0)
    assert session.history[-1].audits == ()
    assert session.advice(0.9).proof.is_on is False


def test_answers_may_be_undone_and_changed(session, digits):
    y = digits[1]
    asked = answer(session, y, 6)
    before = session.advice(0.9).proof
    assert before.n_checks == 6
    session.relabel(asked[0], int(y[asked[0]] + 1) % 10)
    assert session.advice(0.9).proof.n_right == before.n_right - 1
    session.undo()
    session.undo()
    assert session.advice(0.9).proof.n_checks == 0
    assert session.ask(6).tolist() == asked.tolist()
    session.tell(asked[1:], y[asked[1:]])
    first = int(np.flatnonzero([a.point == asked[0] for a in audits_of(session)])[0])
    assert session.advice(0.9).proof.n_checks == first  # those after an open one wait


def audits_of(session):
    return next(event.audits for event in reversed(session.history) if event.audits)


def drawn(state, point, n_from, predicted="a"):
    state.take(Event("asked", (point,), audits=(Audit(point, predicted, 1, n_from, ()),)))


def test_labels_given_between_the_answers_and_the_first_draw_leave_the_points_that_are_checked():
    state = SessionState(30, None)
    state.take(Event("told", (0,), ("a",)))
    state.take(Event("checks_began", ()))
    state.take(Event("told", tuple(range(10, 25)), ("a",) * 15))
    drawn(state, 1, 14)
    state.take(Event("told", (1,), ("a",)))
    state.take(Event("told", (2,), ("a",)))  # after the first draw: it may have been wrong
    drawn(state, 3, 12)
    state.take(Event("told", (3,), ("a",)))
    (checks,) = sequences_of(state, 0.95)
    assert (checks.n_points, checks.n_labels) == (14, 1)
    assert checks.n_drawn_from.tolist() == [14, 12]
    assert (
        checks.proof().low
        == 1 - most_wrong([False] * 2, [14, 12], 14, confidence=confidence_of(0, 0.95)) / 14
    )


def test_skipped_checks_are_no_points_and_volunteered_labels_are_none_of_the_draws():
    state = SessionState(30, None)
    state.take(Event("told", (0,), ("a",)))
    state.take(Event("checks_began", ()))
    drawn(state, 1, 29)
    state.take(Event("told", (1,), ("a",)))
    drawn(state, 2, 28)
    state.take(Event("skipped", (2,)))
    state.take(Event("told", (3, 4), ("b", "a")))
    drawn(state, 5, 25)
    state.take(Event("told", (5,), ("b",)))
    (checks,) = sequences_of(state, 0.95)
    assert checks.n_points == 28  # 29 were open, and one of them has no answer
    assert checks.n_drawn_from.tolist() == [28, 25]
    assert checks.wrong.tolist() == [False, True]
    # as if those of the labeller's choice had been wrong: what is proven is no more
    assert (
        checks.proof().low
        == 1 - most_wrong([False, True], [28, 25], 28, confidence=confidence_of(0, 0.95)) / 28
    )


def test_a_point_that_an_undo_opens_again_is_not_drawn(digits):
    session = a_session(digits).tell(range(60), digits[1][:60]).tell([599], digits[1][599])
    session._state.take(Event("checks_began", ()))
    session.undo()
    with pytest.warns(match="are left"):
        asked = session.ask(700)
    assert 599 in asked
    audited = {audit.point for audit in session.history[-1].audits}
    assert audited == set(range(60, 599))


def test_checks_end_and_begin_in_turn_only(digits, tmp_path):
    state = SessionState(5, None)
    with pytest.raises(InvalidInputError, match="checks can't begin before there is a label"):
        state.take(Event("checks_began", ()))
    with pytest.raises(InvalidInputError, match="no checks have begun that could end"):
        state.take(Event("checks_ended", ()))
    state.take(Event("told", (0,), ("a",)))
    state.take(Event("checks_began", ()))
    with pytest.raises(InvalidInputError, match="nor twice without an end"):
        state.take(Event("checks_began", ()))
    path = tmp_path / "session.json"
    a_session(digits).tell(0, 1).save(path)
    document = json.loads(path.read_text(encoding="utf-8"))
    for events, message in [
        ([{"kind": "checks_ended", "indices": []}], "event 0 contradicts"),
        ([{"kind": "checks_began", "indices": [1]}], "points, which it is not about"),
    ]:
        changed = {k: v for k, v in document.items() if k != "checksum"} | {"events": events}
        changed["checksum"] = checksum(changed)
        path.write_text(json.dumps(changed), encoding="utf-8")
        with pytest.raises(SessionFileError, match=message):
            Session.load(path, digits[0])


def test_a_session_without_checks_is_none_that_could_stop(digits):
    session = Session(digits[0], audit_share=0)
    for _ in range(15):
        answer(session, digits[1])
    advice = session.advice(0.5)
    assert (advice.action, advice.proof) == ("continue", None)
    # asked for as checks, they tell how good the model is, and a proof begins
    answer(session, digits[1], 12, audit_share=1)
    assert session.advice(0.5).action == "check"
