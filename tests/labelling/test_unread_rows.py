"""Rows of which nothing is known: they are asked about last, and count in no proof."""

from __future__ import annotations

import numpy as np

from fewlabels import knn_graph
from fewlabels.graph import without_edges
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._saying import proven_by
from fewlabels.session._events import Audit, Event
from fewlabels.session._questions import Answers
from fewlabels.session._state import SessionState
from fewlabels.session.proof import sequences_of

N = 200


def checked(state: SessionState, point: int) -> None:
    """Check a point to which the answer is "a", as it is to all."""
    n_drawn_from = int(state.checkable_points.sum())
    audit = Audit(point, "a", 10, n_drawn_from, (("a", n_drawn_from),))
    state.take(Event("asked", (point,), audits=(audit,)))


def test_what_can_not_be_read_is_asked_about_after_all_that_can() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    unread = np.arange(40, 60)
    mind = Mind(Prepared(X, without_edges(knn_graph(X, n_neighbors=5), unread)), 0)
    mind.take([Event("told", tuple(range(36)), ("a", "b") * 18)])
    choice = mind.choose(10, (), None)
    assert choice.asked is not None
    asked = choice.asked.indices
    assert len(set(asked)) == 10
    assert set(range(36, 40)) < set(asked)  # all that can be read
    mind.take([choice.asked])
    # those that are asked stay, for no other is better
    again = mind.choose(0, asked, None)
    assert (again.asked, again.dropped) == (None, ())
    more = mind.choose(3, asked, None)
    assert more.asked is not None
    assert (len(more.asked.indices), more.dropped) == (3, ())
    assert set(more.asked.indices) < set(unread.tolist()) - set(asked)


def test_rows_that_can_not_be_read_are_no_answers_that_are_proven() -> None:
    """Their checks are skipped; of the others no more are wrong than of all."""
    state = SessionState(N, None)
    state.take(Event("told", tuple(range(10)), ("a",) * 10))
    state.take(Event("checks_began", (), together=True))
    unread = np.zeros(N, dtype=bool)
    unread[150:] = True
    for point in (*range(10, 40), *range(150, 155)):
        checked(state, point)
        labels = ("a",) if point < 150 else ()
        state.take(Event("told" if labels else "skipped", (point,), labels))
    checked(state, 155)
    state.take(Event("told", (155,), ("a",)))  # somebody knows it, and it is told
    (plain,), (found,) = sequences_of(state, 0.95), sequences_of(state, 0.95, unread=unread)
    assert (found.n_points, found.n_unread) == (plain.n_points, 44) == (185, 44)
    assert (found.wrong == plain.wrong).all()
    most = round((1 - plain.proof().low) * 185)
    proof = found.proof()
    assert proof.n_points == 141 == len([*range(10, 150), 155])
    assert round((1 - proof.low) * 141) == most
    for wanted in np.linspace(0.5, 0.99, 50):
        assert found.proves(wanted) == (proof.low >= wanted - 1e-9)
    of_all, now = proven_by(state, 0.95), proven_by(state, 0.95, unread=unread)
    assert of_all is not None
    assert now is not None
    assert (now.n_points, now.low) == (of_all.n_points - 44, of_all.low - 44)
    assert now.high <= now.n_points


def test_what_can_not_be_read_has_no_answer_among_those_that_are_held() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2)) + np.repeat([[0], [9]], 30, axis=0)
    unread = np.arange(50, 60)
    mind = Mind(Prepared(X, without_edges(knn_graph(X, n_neighbors=5), unread)), 0)
    mind.take([Event("told", (0, 31), ("a", "b")), Event("checks_began", (), together=True)])
    (sequence,) = mind.state.sequences
    held = mind.held.keep(sequence, Answers(["a", "b"], np.repeat([0, 1], 30), 2))
    told = mind.standing(sequence, held).codes < 2
    assert np.flatnonzero(~told).tolist() == unread.tolist()
