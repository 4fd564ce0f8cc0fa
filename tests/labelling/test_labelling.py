"""A label file that is open: what is asked, what is stored, what is told."""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels.exceptions import DataFileError, InvalidInputError, LabellingError
from fewlabels.labelling import Labelling, export_labels, load_session
from fewlabels.labelling._near import Shown
from tests.labelling.conftest import answer_rows, change_knowingly

Open = Callable[..., Labelling]


def head(labelling: Labelling, who: str = "ann") -> int:
    return int(labelling.questions(who, 1)[0]["point"])


def answer_next(labelling: Labelling, truth: Any, key: str, who: str = "ann") -> int:
    point = head(labelling, who)
    labelling.answer(who, key, point, int(truth[point]), 1.0)
    return point


def test_the_first_questions_are_there_before_any_model(opened: Open, digits: Any) -> None:
    labelling = opened()
    asked = labelling.questions("ann")
    assert len({each["point"] for each in asked}) == 3
    assert all(each["suggestion"] is None and not each["again"] for each in asked)
    state = labelling.state("ann")
    assert [(c["name"], c["key"]) for c in state["classes"]] == [("0", "0"), ("1", "1"), ("2", "2")]
    assert (state["n_points"], state["n_left"], state["can_undo"]) == (300, 300, False)


def test_an_answer_is_stored_once_however_often_it_comes(opened: Open) -> None:
    labelling = opened()
    point = head(labelling)
    first = labelling.answer("ann", "k", point, 1)
    again = labelling.answer("ann", "k", point, 1)
    assert again["seq"] == first["seq"]
    assert labelling.answers()["total"] == 1
    assert labelling.state("ann")["n_labelled"] == 1


def test_it_goes_on_at_the_same_question(opened: Open, digits: Any, keys: Iterator[str]) -> None:
    labelling = opened()
    for _ in range(12):
        answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    waiting = head(labelling)
    before = labelling.state("ann")
    labelling.close()
    again = opened()
    assert head(again) == waiting
    assert again.settle()
    assert head(again) == waiting
    after = again.state("ann")
    for name in ("n_labelled", "classes", "can_undo", "people", "settings"):
        assert after[name] == before[name]


def test_undo_and_redo_go_on_across_restarts(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    points = [answer_next(labelling, digits[1], next(keys)) for _ in range(4)]
    assert labelling.undo("ann", next(keys))["done"]["points"] == [points[3]]
    labelling.close()
    again = opened()
    done = again.undo("ann", next(keys))["done"]
    assert (done["kind"], done["points"]) == ("answered", [points[2]])
    assert head(again) == points[2]
    assert again.redo("ann", next(keys))["done"]["points"] == [points[2]]
    assert again.redo("ann", next(keys))["done"]["points"] == [points[3]]
    assert again.redo("ann", next(keys))["done"] is None
    for _ in range(4):
        again.undo("ann", next(keys))
    assert again.undo("ann", next(keys))["done"] is None
    assert again.state("ann")["n_labelled"] == 0


def test_the_models_ask_suggest_and_say_why(opened: Open, digits: Any, keys: Iterator[str]) -> None:
    y = digits[1]
    labelling = opened()
    answer_rows(labelling, y, keys, range(15))
    items = [labelling.item("ann", point) for point in range(len(y))]
    suggested = {item["point"]: item["suggestion"] for item in items if item["answer"] is None}
    right = [s["class_id"] == y[point] for point, s in suggested.items() if s is not None]
    assert len(right) > 200
    assert np.mean(right) > 0.8
    point = next(point for point, s in suggested.items() if s is not None)
    assert labelling.why(point)["ready"] is False
    assert labelling.settle()
    why = labelling.why(point)
    assert why["ready"]
    assert why["class_id"] == suggested[point]["class_id"]
    assert all(int(y[each["point"]]) == each["class_id"] for each in why["labels"])
    assert labelling.state("ann")["stage"] is None
    progress = labelling.progress()
    assert progress["n_labelled"] == 15
    assert progress["advice"]["action"] == "continue"
    shown = set() if progress["now"] is None else {0, 1, 2}  # not before there are a few checks
    assert {each["class_id"] for each in progress["shares"]} == shown


def test_nothing_is_suggested_before_two_classes_have_labels(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    first, second = (int(np.flatnonzero(digits[1] == code)[0]) for code in (0, 1))
    labelling.answer("ann", next(keys), first, 0)
    assert labelling.settle()
    assert all(each["suggestion"] is None for each in labelling.questions("ann", 3))
    labelling.answer("ann", next(keys), second, 1)
    assert labelling.settle()
    assert all(each["suggestion"] is not None for each in labelling.questions("ann", 3))
    labelling.undo("ann", next(keys))
    assert all(each["suggestion"] is None for each in labelling.questions("ann", 3))


def test_no_suggestion_is_shown_at_a_check_anywhere(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    seen = 0
    for number in range(60):
        if number % 6 == 0:
            assert labelling.settle()
        for each in labelling.questions("ann"):
            if labelling._desk.is_open_check(each["point"]):
                seen += 1
                assert each["suggestion"] is None
                shown = labelling.item("ann", each["point"])
                assert (shown["suggestion"], shown["doubt"]) == (None, None)
                assert labelling.why(each["point"])["class_id"] is None
                with pytest.raises(InvalidInputError, match="is being asked about"):
                    labelling.relabel("ann", next(keys), each["point"], 0)  # of a list from before
        answer_next(labelling, digits[1], next(keys))
    assert seen


def test_a_neighbourhood_is_confirmed_and_counts_as_no_check(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    y = digits[1]
    labelling = opened()
    answer_rows(labelling, y, keys, range(15))
    found = labelling.neighbourhood("ann", n=12)  # the first of its class
    assert found is not None
    assert len(found["points"]) == 8
    assert np.mean([y[point] == found["class_id"] for point in found["points"]]) > 0.9
    pending = [each["point"] for each in labelling.questions("ann")]
    assert not set(pending) & set(found["points"])
    done = labelling.confirm("ann", next(keys), [*found["points"], pending[0]], found["class_id"])
    assert done["left"] == [pending[0]]
    assert labelling.state("ann")["n_labelled"] == 23
    n_checks = len(labelling._desk._state.audits)
    assert n_checks == len(set(labelling._desk._queues.checks))
    assert labelling.undo("ann", next(keys))["done"]["points"] == found["points"]
    assert labelling.state("ann")["n_labelled"] == 15


def test_what_was_in_a_grid_and_not_confirmed_is_not_in_the_next(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    answer_rows(labelling, digits[1], keys, range(15))
    first = labelling.neighbourhood("ann", n=8)
    assert first is not None
    labelling.confirm("ann", next(keys), first["points"][:6], first["class_id"])
    again = labelling.neighbourhood("ann", n=8)
    assert again is not None
    assert not set(first["points"]) & set(again["points"])
    around = labelling.neighbourhood("ann", near=again["points"][6], n=8)
    assert around is not None  # asked for by name
    assert again["points"][6] in around["points"]
    assert not set(first["points"]) & set(around["points"])  # those taken out are questions now


def test_what_was_in_a_grid_comes_again_as_another_class_or_when_more_is_known() -> None:
    shown = Shown()
    shown.note([3, 4], 1, 20)
    assert not shown.is_new(3, 1, 69)
    assert shown.is_new(3, 1, 70)
    assert shown.is_new(4, 2, 20)
    assert shown.is_new(5, 1, 20)


def test_later_comes_later_and_a_skip_never(opened: Open, digits: Any, keys: Iterator[str]) -> None:
    labelling = opened()
    put_off = head(labelling)
    labelling.later("ann", next(keys), put_off)
    skipped = head(labelling)
    assert skipped != put_off
    labelling.skip("ann", next(keys), skipped)
    asked = [answer_next(labelling, digits[1], next(keys)) for _ in range(12)]
    assert put_off in asked[8:]
    assert skipped not in asked
    assert labelling.state("ann")["n_skipped"] == 1


def test_two_people_are_never_asked_the_same(opened: Open, digits: Any) -> None:
    labelling = opened()
    answered: dict[str, list[int]] = {"ann": [], "bob": [], "cy": []}

    def work(who: str) -> None:
        for number in range(25):
            answered[who].append(answer_next(labelling, digits[1], f"{who} {number}", who))

    threads = [threading.Thread(target=work, args=(who,)) for who in answered]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [point for points in answered.values() for point in points]
    assert len(set(everything)) == len(everything) == 75
    assert labelling.settle()
    assert labelling.state("ann")["n_labelled"] == 75
    assert labelling.state("ann")["problem"] is None


def test_what_threads_do_at_once_is_one_log_that_a_session_takes(
    opened: Open, digits: Any, tmp_path: Path
) -> None:
    labelling = opened()
    rng = np.random.default_rng(0)

    def work(who: str) -> None:
        for number in range(30):
            answer_next(labelling, digits[1], f"{who} {number}", who)
            if rng.random() < 0.2:
                labelling.undo(who, f"{who} u {number}")
            if rng.random() < 0.1:
                labelling.later(who, f"{who} l {number}", head(labelling, who))

    threads = [threading.Thread(target=work, args=(who,)) for who in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert labelling.settle()
    told = labelling.progress()
    labelling.close()
    # it replays all events, and looks at what each check is said to have been drawn from
    session = load_session(labelling.path, cache=tmp_path / "cache")
    assert len(session.labelled) == told["n_labelled"]
    assert all(
        session.labels[point] == str(digits[1][point]) for point in session.labelled.tolist()
    )
    estimate = session.estimate()
    known = told["accuracy"]
    assert estimate.n_checks == (0 if known is None else known["n_checks"])


def test_some_points_are_asked_twice_and_people_compared(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened(overlap=1.0)
    y = digits[1]
    for _ in range(6):
        answer_next(labelling, y, next(keys), "ann")
    seen = []
    for _ in range(6):
        (first, *_) = labelling.questions("bob", 1)
        seen.append(first)
        wrong = len(seen) == 1
        answer = int((y[first["point"]] + wrong) % 3)
        labelling.answer("bob", next(keys), first["point"], answer)
    assert sum(each["again"] for each in seen) >= 4
    people = labelling.people()
    assert [person["who"] for person in people["people"]] == ["ann", "bob"]
    assert people["n_both"] >= 4
    assert people["alpha"] < 1
    (differ,) = labelling.disagreements()
    assert differ["point"] == seen[0]["point"]
    assert {each["who"] for each in differ["answers"]} == {"ann", "bob"}
    labelling.relabel("cy", next(keys), differ["point"], int(y[differ["point"]]))
    assert labelling.disagreements() == []


def test_a_class_is_added_renamed_and_given_a_key(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    labelling = opened()
    for _ in range(12):
        answer_next(labelling, digits[1], next(keys))
    new = labelling.add_class("ann", next(keys), "  three ")["class"]
    assert (new["id"], new["name"], new["n"]) == (3, "three", 0)
    assert labelling.add_class("ann", next(keys), "THREE")["class"]["id"] == 3
    labelling.rename_class("ann", next(keys), 0, "nought")
    assert labelling.settle()
    assert labelling.state("ann")["problem"] is None
    with pytest.raises(InvalidInputError, match="a class 'nought' already"):
        labelling.rename_class("ann", next(keys), 1, "Nought")
    assert labelling.set_key("ann", next(keys), 3, "x")["class"]["key"] == "x"
    with pytest.raises(InvalidInputError, match="that of 'three' already"):
        labelling.set_key("ann", next(keys), 1, "x")
    with pytest.raises(InvalidInputError, match="take it for a formula"):
        labelling.add_class("ann", next(keys), "=HYPERLINK(1)")
    labelling.close()
    names = [each["name"] for each in opened(classes=None).state("ann")["classes"]]
    assert names == ["nought", "1", "2", "three"]


def test_the_key_of_a_digit_is_that_digit_whatever_comes_first(opened: Open) -> None:
    names = ["0", "1", "10", "11", "2", "3", "x", "8", "9"]
    classes = opened(classes=names).state("ann")["classes"]
    keys = {each["name"]: each["key"] for each in classes}
    assert keys == dict(zip(names, ["0", "1", "4", "5", "2", "3", "6", "8", "9"], strict=True))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda lab: lab.answer("ann", "k", 300, 0), "there is no point 300"),
        (lambda lab: lab.answer("ann", "k", True, 0), "there is no point True"),
        (lambda lab: lab.answer("ann", "k", 0, 7), "there is no class with the number 7"),
        (lambda lab: lab.answer("", "k", 0, 0), "a person's name must have"),
        (lambda lab: lab.answer("ann", "", 0, 0), "the key of an act must have"),
        (lambda lab: lab.confirm("ann", "k", "no", 0), "points must be a list"),
        (lambda lab: lab.confirm("ann", "k", [], 0), "no points were given"),
        (lambda lab: lab.later("ann", "k", 5), "is not an open question"),
        (lambda lab: lab.relabel("ann", "k", 5, None), "has no label that could be taken away"),
        (lambda lab: lab.questions("ann", 0), "from 1 to 50"),
        (lambda lab: lab.item("ann", -1), "there is no point -1"),
        (lambda lab: lab.picture(0, 9), "size of a picture"),
        (lambda lab: lab.picture(0, 64), "has no picture"),
        (lambda lab: lab.search(" . "), "a search needs a word"),
        (lambda lab: lab.set_settings("ann", "k", {"accuracy": 1}), "accuracy must be between"),
        (lambda lab: lab.set_settings("ann", "k", {"x": "y" * 20_000}), "may take 10,000 bytes"),
        (lambda lab: lab.add_class("ann", "k", "  "), "must have a name"),
        (lambda lab: lab.export("x", "docx"), "there is no format 'docx'"),
    ],
)
def test_what_can_not_be_is_said_and_stores_nothing(
    opened: Open, act: Callable[[Labelling], Any], message: str
) -> None:
    labelling = opened()
    before = labelling._desk.last_seq
    with pytest.raises(InvalidInputError, match=message):
        act(labelling)
    assert labelling._desk.last_seq == before


def test_data_that_changed_is_refused(opened: Open, digits: Any, data: Path) -> None:
    opened().close()
    np.save(data, digits[0][:200])
    with pytest.raises(InvalidInputError, match=r"about 300 points, and .* has 200"):
        opened()
    np.save(data, digits[0][::-1])
    with pytest.raises(InvalidInputError, match="has changed since"):
        opened()
    np.save(data, digits[0])
    opened()


def test_a_second_opening_is_refused_with_the_address(opened: Open) -> None:
    opened().announce("http://127.0.0.1:1234")
    with pytest.raises(LabellingError, match=r"label there: http://127.0.0.1:1234$"):
        opened()


def test_a_copy_gets_an_id_of_its_own_and_a_file_that_was_moved_keeps_it(
    opened: Open, data: Path
) -> None:
    first = opened()
    path, known = first.path, first.id
    first.close()
    copy = path.with_name("copy.fewlabels")
    shutil.copyfile(path, copy)
    other = opened(file=copy)
    assert other.id != known
    renewed = other.id
    other.close()
    moved = copy.rename(path.with_name("moved.fewlabels"))
    assert opened(file=moved).id == renewed
    shutil.copyfile(path, copy)
    path.unlink()
    copy.rename(path)  # put back
    assert opened().id == known


def test_a_cache_that_is_deleted_or_damaged_is_made_again(
    opened: Open, digits: Any, keys: Iterator[str], tmp_path: Path
) -> None:
    labelling = opened()
    answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    labelling.close()
    (points,) = (tmp_path / "cache").glob("*/points.npz")
    points.write_bytes(points.read_bytes()[:-100])
    again = opened()
    assert again.settle()
    assert again.state("ann")["problem"] is None


def test_labels_that_came_with_the_data_are_there(opened: Open, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = [f"{i},{i % 7},{'yes' if i % 9 == 0 else ''}" for i in range(60)]
    table.write_text("\n".join(["a,b,done", *rows, "61,1,no"]), encoding="utf-8")
    labelling = opened(table, label="done", classes=["no"])
    state = labelling.state("ann")
    assert [(c["name"], c["n"]) for c in state["classes"]] == [("no", 1), ("yes", 7)]
    assert state["kind"] == "table"
    assert not state["can_undo"]
    assert [c["name"] for c in labelling.item("ann", 0)["columns"]] == ["a", "b"]
    assert labelling.settle()
    assert labelling.state("ann")["problem"] is None


def test_classes_of_the_data_that_differ_in_case_stay_apart(opened: Open, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    rows = [f"{i},{i % 7},{'aA'[i % 2] if i < 6 else ''}" for i in range(60)]
    table.write_text("\n".join(["x,y,letter", *rows]), encoding="utf-8")
    labelling = opened(table, label="letter", classes=None)
    classes = labelling.state("ann")["classes"]
    assert [(c["name"], c["n"]) for c in classes] == [("a", 3), ("A", 3)]
    assert labelling.add_class("ann", "k", "A")["class"]["id"] == classes[1]["id"]


def test_what_the_program_sets_makes_nobody_a_person(opened: Open) -> None:
    labelling = opened(overlap=0.5)
    assert labelling.state("ann")["settings"]["overlap"] == 0.5
    assert labelling.state("ann")["people"] == []


def test_changes_are_told(opened: Open) -> None:
    labelling = opened()
    told: list[int] = []
    end = labelling.subscribe(told.append)
    version = labelling.version
    labelling.add_class("ann", "k", "x")
    assert labelling.wait(version, 180) != version
    assert told
    end()
    assert labelling.settle()
    n = len(told)
    labelling.add_class("ann", "k2", "y")
    assert len(told) == n


def test_a_problem_with_the_models_is_told_and_labelling_goes_on(
    opened: Open, tmp_path: Path, digits: Any
) -> None:
    bad = tmp_path / "bad.npz"
    X = digits[0].copy()
    X[3, 5] = np.inf
    np.savez(bad, X=X)
    labelling = opened(bad)
    assert labelling.settle()
    assert "'X' has infinity in row 4" in labelling.state("ann")["problem"]
    for number in range(5):
        answer_next(labelling, digits[1], f"k{number}")
    assert labelling.state("ann")["n_labelled"] == 5


def test_suspects_doubtful_similar_search_and_answers(
    opened: Open, digits: Any, keys: Iterator[str]
) -> None:
    y = digits[1]
    labelling = opened()
    wrong = int(np.flatnonzero(y == 0)[0])
    labelling.answer("ann", next(keys), wrong, 1)
    answer_rows(labelling, y, keys, (row for row in range(26) if row != wrong))
    suspects = labelling.suspects()
    assert suspects[0]["point"] == wrong
    assert suspects[0]["suggested"] == 0
    doubtful = labelling.doubtful(5)
    assert len(doubtful) == 5
    confidence = [each["confidence"] for each in doubtful]
    assert confidence == sorted(confidence)
    assert len(labelling.similar(wrong, 7)) == 7
    mine = labelling.answers(class_id=1, who="ann", n=3)
    assert len(mine["rows"]) == 3
    assert all(row["class_id"] == 1 for row in mine["rows"])
    assert labelling.answers(query="point 1")["total"] >= 0
    labelling.relabel("ann", next(keys), wrong, 0)
    assert wrong not in [each["point"] for each in labelling.suspects()]
    unsure = doubtful[0]["point"]
    labelling.relabel("ann", next(keys), unsure, int(y[unsure]))  # as the lists of the page do
    assert labelling.item("ann", unsure)["answer"] == y[unsure]
    assert unsure not in [each["point"] for each in labelling.doubtful()]
    labelling.undo("ann", next(keys))
    assert labelling.item("ann", unsure)["answer"] is None


def test_what_the_disk_refuses_is_not_acknowledged_and_all_goes_on_when_it_is_mended(
    opened: Open, digits: Any, keys: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    labelling = opened()
    for _ in range(12):
        answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    file = labelling._opened.file
    before = (labelling._desk.last_seq, labelling.state("ann")["n_labelled"], head(labelling))

    def full(*_: Any) -> Any:
        raise LabellingError("the disk is full")

    monkeypatch.setattr(file, "append", full)
    with pytest.raises(LabellingError, match="the disk is full"):
        labelling.answer("ann", "refused", before[2], 0)
    with pytest.raises(LabellingError, match="the disk is full"):
        labelling.undo("ann", "refused too")
    assert (labelling._desk.last_seq, labelling.state("ann")["n_labelled"]) == before[:2]
    monkeypatch.undo()
    assert head(labelling) == before[2]
    labelling.answer("ann", "refused", before[2], int(digits[1][before[2]]))
    for _ in range(3):
        answer_next(labelling, digits[1], next(keys))
    assert labelling.settle()
    assert labelling.state("ann")["problem"] is None
    assert labelling.state("ann")["n_labelled"] == 16
    assert [row.key for row in file.rows()].count("refused") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE log SET body = json_set(body, '$.class', 9) WHERE kind = 'answered'", "number 9"),
        ("UPDATE log SET body = json_set(body, '$.point', 1000) WHERE kind = 'answered'", "1000"),
        (
            "UPDATE log SET body = json_set(body, '$.shown_as', 8) WHERE kind = 'answered'",
            "number 8",
        ),
        (
            "UPDATE log SET body = json_set(body, '$.out', json('[-1]')) WHERE kind = 'answered'",
            "-1",
        ),
        ("UPDATE log SET kind = 'undone' WHERE kind = 'answered'", "'of' is missing"),
        ("DELETE FROM about WHERE name = 'seed'", "its data, seed, is 'missing'"),
        ("UPDATE about SET value = '\"many\"' WHERE name = 'n_points'", "n_points, is 'many'"),
        ("UPDATE about SET value = '5' WHERE name = 'at'", "at, is 5"),
        ("UPDATE about SET value = '[]' WHERE name = 'id'", "id, is []"),
        ("UPDATE about SET value = '{' WHERE name = 'text'", "can't be read"),
    ],
)
def test_a_file_that_says_what_cannot_have_happened_is_named(
    opened: Open, change: str, words: str
) -> None:
    with contextlib.closing(opened()) as labelling:
        (asked,) = labelling.questions("me", 1)
        labelling.answer("me", "key", asked["point"], 0)
        path = labelling.path
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        change_knowingly(connection, change)
    for read in (opened, lambda: export_labels(path, path.with_name("out.csv"))):
        with pytest.raises(
            LabellingError, match=rf"{path.name}.*{re.escape(words)}.*Go back to a copy of it"
        ):
            read()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"columns": {"x": "nonsense"}}, "a column is one of use, drop"),
        ({"columns": {"z": "drop"}}, "has no column 'z'"),
        ({"embeddings": "none.onnx"}, r"none\.onnx \(embeddings\) does not exist"),
        ({"embeddings": "onnx:none.onnx"}, r"none\.onnx \(embeddings\) does not exist"),
        ({"embeddings": "none.npy"}, "does not exist"),
        ({"embeddings": "nonsense"}, "sentence-transformers:nonsense"),
    ],
)
def test_what_points_cannot_be_made_of_is_refused_before_there_is_a_file(
    opened: Open, tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("x,y\n1,2\n3,4\n5,6\n")
    with pytest.raises((InvalidInputError, DataFileError), match=words):
        opened(table, **settings)
    assert not (tmp_path / "rows.fewlabels").exists()
