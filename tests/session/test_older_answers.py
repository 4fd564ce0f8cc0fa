"""Random checks of answers that were given some labels before the check was drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fewlabels.exceptions import SessionFileError
from fewlabels.session._events import Audit, Event
from fewlabels.session._state import SessionState
from fewlabels.session.audit import checks_of, estimate_accuracy

N = 20


def events(n_labels: int, *, in_sequence: bool = False) -> list[Event]:
    """Five labels, and a check of answers that were given with so many."""
    told = [Event("told", (point,), ("ab"[point % 2],)) for point in range(5)]
    began = [Event("checks_began", ())] if in_sequence else []
    audit = Audit(9, "a", n_labels, N - 5, (("a", 8), ("b", 7)))
    asked = Event("asked", (9,), audits=(audit,))
    return [*told, *began, asked, Event("told", (9,), ("a",))]


@pytest.mark.parametrize("n_labels", [1, 3, 5])
def test_they_count_as_of_the_labels_that_the_answers_had(n_labels: int) -> None:
    state = SessionState(N, None)
    state.replay(events(n_labels), "a file")
    checks = checks_of(state)
    assert checks.n_labels.tolist() == [n_labels]
    assert checks.right.tolist() == [True]
    assert estimate_accuracy(checks).n_checks == 1


@pytest.mark.parametrize(("n_labels", "in_sequence"), [(6, False), (4, True), (6, True)])
def test_no_answer_is_of_labels_to_come_and_in_a_sequence_all_are_of_its_beginning(
    n_labels: int, in_sequence: bool
) -> None:
    state = SessionState(N, None)
    with pytest.raises(SessionFileError, match=f"with {n_labels} labels, but 15 were open"):
        state.replay(events(n_labels, in_sequence=in_sequence), "a file")


def test_labels_that_the_answers_had_may_have_been_taken_back_since() -> None:
    state = SessionState(N, None)
    told, asked = events(5)[:5], events(5)[5]
    audit = Audit(9, "a", 5, N - 4, (("a", 8), ("b", 8)))
    taken_back = Event("withdrawn", (4,))
    state.replay([*told, taken_back, Event("asked", (9,), audits=(audit,))], "a file")
    assert [drawn.audit for drawn in state.audits] == [audit]
    with pytest.raises(SessionFileError, match="with 5 labels, but 16 were open"):
        SessionState(N, None).replay([*told[:4], replace(asked, audits=(audit,))], "a file")
