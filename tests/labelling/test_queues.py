"""Whose question is whose, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._queues import Queues
from fewlabels.labelling._rows import Row
from fewlabels.session._events import Audit, Event
from fewlabels.session._state import SessionState


class Room:
    def __init__(self) -> None:
        self.now = 0.0
        self.state = SessionState(30, None)
        self.ledger = Ledger()
        self.queues = Queues(self.state, self.ledger, 0, lambda: self.now)
        self.seq = 0

    def ask(self, *points: int, checks: tuple[int, ...] = ()) -> None:
        audits = tuple(Audit(point, None, 1, 9, ()) for point in checks)
        self.state.take(Event("asked", points, audits=audits))
        self.note("", "asked", points=list(points), audits=[{"point": p} for p in checks])

    def note(self, who: str, kind: Any, **body: Any) -> None:
        self.seq += 1
        row = Row(self.seq, str(self.seq), who, 0.0, None, kind, body)
        if kind != "asked":
            for event in self.ledger.apply(row):
                self.state.take(event)
        self.queues.note(row, None, who)

    def of(self, who: str, n: int = 3) -> list[int]:
        self.queues.refill(who, n)
        return [point for point, _ in self.queues.of(who)]


@pytest.fixture
def room() -> Room:
    return Room()


def test_each_question_is_one_persons(room: Room) -> None:
    room.ask(1, 2, 3, 4, 5)
    assert room.of("ann") == [1, 2, 3]
    assert room.of("bob") == [4, 5]
    room.note("ann", "answered", point=1, **{"class": 0})
    assert room.of("ann") == [2, 3]


def test_who_was_not_heard_of_for_long_gives_questions_back(room: Room) -> None:
    room.ask(1, 2, 3)
    assert room.of("ann") == [1, 2, 3]
    room.now = 599
    assert room.of("bob") == []
    room.now = 601
    assert room.of("bob") == [1, 2, 3]
    assert room.of("ann") == []


def test_only_what_nobody_sees_and_no_check_is_replaced(room: Room) -> None:
    room.ask(1, 2, 3, 4, 5, checks=(4,))
    assert room.queues.replaceable() == [3, 5]  # a new start: the first two may be on a screen
    room.of("ann", 4)
    assert room.queues.replaceable() == [3, 5]
    room.of("bob", 1)
    assert room.queues.replaceable() == [3]


def test_as_many_are_missing_as_people_are_here(room: Room) -> None:
    assert room.queues.shortage(3) == 4
    room.ask(1, 2, 3, 4)
    room.of("ann")
    assert room.queues.shortage(3) == 0
    room.of("bob")
    assert room.queues.shortage(3) == 4
    room.now = 10_000
    assert room.queues.shortage(3) == 0
