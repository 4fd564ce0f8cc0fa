"""What people's acts add up to, and what the session is told of it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._people import probable_of, said_by, settled_by
from fewlabels.labelling._rows import Row
from fewlabels.session._events import Event
from fewlabels.session._state import SessionState


class Log:
    """A ledger, and the state of the session that follows it."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.state = SessionState(20, None)
        self.seq = 0

    def act(self, who: str, kind: Any, **body: Any) -> int:
        self.seq += 1
        row = Row(self.seq, str(self.seq), who, 0.0, None, kind, body)
        for event in self.ledger.apply(row):
            self.state.take(event)
        return self.seq

    def at_a_glance(self, point: int) -> bool:
        """Tell whether nobody who stands for the label saw the point alone, word by word."""
        label, words = self.ledger.labels[point], self.ledger.words(point).values()
        alone = any(w.row.kind != "confirmed" for w in words if w.class_id == label)
        return not self.ledger.decided(point) and not alone

    def answer(self, who: str, point: int, class_id: int) -> int:
        return self.act(who, "answered", point=point, **{"class": class_id})

    def check(self) -> None:
        assert self.state.labels == self.ledger.labels
        for point in self.ledger.labels:
            assert (point in self.state.together) == self.at_a_glance(point)
        assert set(self.state.skipped) == set(self.ledger.skipped)


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_persons_last_word_counts(log: Log) -> None:
    log.answer("ann", 3, 0)
    log.answer("ann", 3, 1)
    assert log.ledger.labels == {3: 1}
    assert [word.class_id for word in log.ledger.words(3).values()] == [1]
    log.check()


def test_most_people_decide_and_the_first_of_as_many(log: Log) -> None:
    log.answer("ann", 3, 0)
    log.answer("bob", 3, 1)
    assert log.ledger.labels == {3: 0}
    log.answer("cy", 3, 1)
    assert log.ledger.labels == {3: 1}
    assert log.ledger.count(1) == 1
    assert log.ledger.count(0) == 0
    log.check()


def test_of_as_many_words_the_one_that_came_first_is_one_that_stands(log: Log) -> None:
    log.answer("ann", 3, 0)
    log.answer("bob", 3, 1)
    log.answer("ann", 3, 0)  # the same again, which came before bob's
    assert log.ledger.labels == {3: 0}
    log.answer("ann", 3, 2)
    assert log.ledger.labels == {3: 1}
    log.check()


def _settled(ledger: Ledger) -> dict[int, int]:
    return settled_by(ledger, probable_of(said_by(ledger, list(ledger.shared))))


def test_agreement_elsewhere_settles_where_people_differ(log: Log) -> None:
    for point in range(12):
        for who, class_id in (("ann", point % 2), ("bob", point % 2), ("cy", 0)):
            log.answer(who, point, class_id)
    log.answer("cy", 15, 0)  # who says so of everything
    log.answer("bob", 15, 1)
    assert log.ledger.labels[15] == 0
    assert _settled(log.ledger) == {15: 1}
    log.act("", "settled", points=[15], classes=[1])
    assert log.ledger.labels[15] == 1
    assert _settled(log.ledger) == {}
    log.check()
    log.act("ann", "decided", point=15, **{"class": 0})
    assert log.ledger.labels[15] == 0
    assert _settled(log.ledger) == {}
    log.check()


def test_a_review_decides_whoever_answers(log: Log) -> None:
    log.answer("ann", 3, 0)
    log.answer("bob", 3, 0)
    decided = log.act("cy", "decided", point=3, **{"class": 1})
    log.answer("dee", 3, 0)
    assert log.ledger.labels == {3: 1}
    log.act("cy", "undone", of=decided)
    assert log.ledger.labels == {3: 0}
    log.check()


def test_a_review_that_takes_all_back_opens_the_point(log: Log) -> None:
    log.answer("ann", 3, 0)
    log.act("bob", "decided", point=3, **{"class": None})
    assert log.ledger.labels == {}
    log.answer("ann", 3, 2)
    assert log.ledger.labels == {3: 2}
    log.check()


def test_any_act_can_be_undone_and_done_again_in_any_persons_order(log: Log) -> None:
    first = log.answer("ann", 1, 0)
    log.answer("bob", 2, 1)
    second = log.answer("ann", 3, 2)
    log.act("ann", "undone", of=second)
    log.act("ann", "undone", of=first)
    assert log.ledger.labels == {2: 1}
    assert log.ledger.person("ann").undone == [second, first]
    log.act("ann", "redone", of=first)
    assert log.ledger.labels == {2: 1, 1: 0}
    log.answer("ann", 4, 0)
    assert log.ledger.person("ann").undone == []
    log.check()


def test_a_skip_gives_way_to_anybodys_answer(log: Log) -> None:
    log.act("ann", "skipped", point=3)
    assert list(log.ledger.skipped) == [3]
    answered = log.answer("bob", 3, 1)
    assert (log.ledger.labels, list(log.ledger.skipped)) == ({3: 1}, [])
    log.act("bob", "undone", of=answered)
    assert (log.ledger.labels, list(log.ledger.skipped)) == ({}, [3])
    log.check()


def test_a_neighbourhood_is_marked(log: Log) -> None:
    log.act("ann", "confirmed", points=[1, 2], **{"class": 0})
    log.answer("ann", 3, 0)
    assert log.ledger.words(1)["ann"].batch
    assert not log.ledger.words(3)["ann"].batch
    log.check()


@pytest.mark.parametrize("kind", ["decided", "answered"])
def test_a_label_of_a_grid_that_somebody_keeps_is_seen_alone(log: Log, kind: str) -> None:
    log.act("ann", "confirmed", points=[1, 2, 3], **{"class": 0})
    kept = log.act("ann", kind, point=2, **{"class": 0})
    assert log.state.together == {1, 3}
    log.state.take(Event("checks_began", (), together=True))
    assert not log.state.checkable_points[2]
    log.check()
    log.act("ann", "undone", of=kept)
    assert log.state.together == {1, 2, 3}
    log.check()


def test_a_label_that_rests_on_a_glance_again_is_checked_again(log: Log) -> None:
    seen = log.act("ann", "confirmed", points=[1, 2], **{"class": 0})
    log.act("ann", "undone", of=seen)
    alone = log.answer("bob", 2, 0)
    log.act("ann", "redone", of=seen)
    assert log.state.together == {1}
    log.act("bob", "undone", of=alone)
    assert log.state.together == {1, 2}
    log.check()


def test_the_session_holds_what_the_ledger_says_after_random_acts() -> None:
    rng = random.Random(0)
    for _ in range(60):
        log = Log()
        for _ in range(80):
            who = rng.choice(["ann", "bob", "cy"])
            person = log.ledger.person(who)
            point, class_id = rng.randrange(20), rng.randrange(3)
            kind = rng.choice(
                ["answered"] * 4 + ["skipped", "decided", "undone", "redone", "confirmed"]
            )
            if kind in ("undone", "redone"):
                stack = person.done if kind == "undone" else person.undone
                if stack:
                    log.act(who, kind, of=stack[-1])
            elif kind == "confirmed":
                points = rng.sample(range(20), 4)
                free = [p for p in points if p not in log.ledger.labels]
                if free:
                    log.act(who, kind, points=free, **{"class": class_id})
            elif kind == "decided":
                log.act(who, kind, point=point, **{"class": rng.choice([None, class_id])})
            elif kind == "skipped":
                log.act(who, kind, point=point)
            else:
                log.answer(who, point, class_id)
            log.check()
