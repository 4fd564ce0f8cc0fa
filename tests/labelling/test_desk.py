"""What is handed out while the models choose, and where nobody chooses."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._file import LabelFile, New
from fewlabels.session._events import Audit, Event, event_to_json


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    classes = [
        New(f"class {i}", "", "class added", {"id": i, "name": name, "key": None, "colour": "#000"})
        for i, name in enumerate("ab")
    ]
    file = LabelFile.create(tmp_path / "x.fewlabels", {}, classes)
    yield Desk(file, 30, 0)
    file.close()


def answered(desk: Desk, point: int) -> None:
    key = f"answer {desk.last_seq}"
    desk.act("ann", key, lambda: ("answered", {"point": point, "class": 0}))


def asked(*points: int, check: int | None = None) -> Event:
    audits = () if check is None else (Audit(check, 0, 1, 28, ((0, 28),)),)
    return Event("asked", points, audits=audits)


def test_checks_are_drawn_anew_if_a_point_that_they_were_drawn_from_got_its_label(
    desk: Desk,
) -> None:
    answered(desk, 0)
    before = desk.last_seq
    answered(desk, 7)  # unasked: it was among those that the check was drawn from
    assert desk.keep(asked(3, 4), (), before, event_to_json) is not None
    assert desk.keep(asked(5, 6, check=5), (), before, event_to_json) is None
    assert desk.keep(asked(5, 6, check=5), (), desk.last_seq, event_to_json) is not None


def test_checks_stay_where_only_questions_were_answered_meanwhile(desk: Desk) -> None:
    answered(desk, 0)
    assert desk.keep(asked(3, 4), (), desk.last_seq, event_to_json) is not None
    before = desk.last_seq
    answered(desk, 3)
    assert desk.keep(asked(5, check=5), (), before, event_to_json) is not None


def test_the_next_question_is_there_though_the_models_are_behind(desk: Desk) -> None:
    assert desk.keep(asked(3), (), desk.last_seq, event_to_json) is not None
    ready = desk.questions("ann", 3, draw=False)
    assert ready[0] == (3, False)
    assert len(ready) == 2
    assert len(desk.questions("bob", 1, draw=False)) == 1


def test_while_checks_are_on_nothing_else_is_asked_unless_nobody_chooses(desk: Desk) -> None:
    answered(desk, 0)
    desk.turn("checks_began", desk.last_seq)
    assert desk.questions("ann", 3, draw=True) == []
    assert len(desk.questions("ann", 3, draw=True, alone=True)) == 3


def test_what_contradicts_the_log_is_refused_before_it_is_stored(desk: Desk) -> None:
    answered(desk, 0)
    desk.turn("checks_began", desk.last_seq)
    stored = desk.last_seq
    with pytest.raises(InvalidInputError, match="nor twice without an end"):
        desk.turn("checks_began", desk.last_seq)
    with pytest.raises(InvalidInputError, match="has a label already"):
        desk.keep(asked(0), (), desk.last_seq, event_to_json)
    assert desk.last_seq == stored
    assert len(desk.file.rows()) == stored


def test_a_log_is_told_from_others_by_its_last_label_or_check(desk: Desk) -> None:
    assert desk.mark(desk.last_seq) == "0"
    answered(desk, 0)
    before = desk.mark(desk.last_seq)
    desk.keep(asked(3), (), desk.last_seq, event_to_json)
    assert desk.mark(desk.last_seq) == before
    answered(desk, 3)
    assert desk.mark(desk.last_seq) != before
    assert desk.mark(desk.last_seq - 1) == before


def test_copies_of_a_file_that_went_apart_have_other_marks(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "copy.fewlabels"
    with contextlib.closing(sqlite3.connect(path)) as copy:
        desk.file._connection.backup(copy)
    other = Desk(LabelFile.open(path), 30, 0)
    for each, point in ((desk, 0), (other, 1)):
        answered(each, point)
        each.turn("checks_began", each.last_seq)
    assert desk.mark(desk.last_seq) != other.mark(other.last_seq)
    again = Desk(other.file, 30, 0)
    assert again.mark(again.last_seq) == other.mark(other.last_seq)
    other.file.close()
