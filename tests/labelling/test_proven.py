"""What is said to be proven of all labels, from both sides."""

from __future__ import annotations

import numpy as np

from fewlabels.labelling._saying import proven_by
from fewlabels.session._events import Audit, Event
from fewlabels.session._state import SessionState

N, BEFORE = 100, 10


def state_after(n_checks: int, wrong: set[int]) -> SessionState:
    """Ten labels, one question open when checks begin, and checks of the points in order."""
    state = SessionState(N, None)
    state.take(Event("told", tuple(range(BEFORE)), ("a",) * BEFORE))
    state.take(Event("asked", (N - 1,)))
    state.take(Event("checks_began", ()))
    n_open = N - BEFORE - 1
    for number, point in enumerate(range(BEFORE, BEFORE + n_checks)):
        audit = Audit(point, "b" if point in wrong else "a", BEFORE, n_open - number, ())
        state.take(Event("asked", (point,), audits=(audit,)))
        state.take(Event("told", (point,), ("a",)))
    return state


def test_nothing_is_proven_before_a_check() -> None:
    assert proven_by(SessionState(N, None), 0.95) is None
    assert proven_by(state_after(0, set()), 0.95) is None


def test_all_that_is_labelled_counts_once_and_the_limits_close_in() -> None:
    before = (0, N)
    for n_checks in (5, 20, 60, 89):
        state = state_after(n_checks, {30, 80})
        state.take(Event("told", (N - 1,), ("a",)))
        found = proven_by(state, 0.95)
        assert found is not None
        assert found.n_points == N
        assert found.n_checks == n_checks
        assert found.low >= before[0]
        # two answers were wrong: of those not yet checked, at most these are
        n_left_wrong = sum(point >= BEFORE + n_checks for point in (30, 80))
        assert found.low <= N - n_left_wrong <= found.high
        before = (found.low, found.high)
    assert before == (N, N)


def test_it_is_true_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        wrong = set(rng.choice(np.arange(BEFORE, N - 1), size=20, replace=False).tolist())
        order = rng.permutation(np.arange(BEFORE, N - 1))
        state = SessionState(N, None)
        state.take(Event("told", tuple(range(BEFORE)), ("a",) * BEFORE))
        state.take(Event("checks_began", ()))
        for number, point in enumerate(order[:30].tolist()):
            audit = Audit(point, "b" if point in wrong else "a", BEFORE, 90 - number, ())
            state.take(Event("asked", (point,), audits=(audit,)))
            state.take(Event("told", (point,), ("a",)))
        found = proven_by(state, 0.95)
        assert found is not None
        right = N - len(wrong - set(order[:30].tolist()))
        held += found.low <= right <= found.high
    assert held >= 57
