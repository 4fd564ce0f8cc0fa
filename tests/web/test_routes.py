"""What the page asks, and what it gets."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fewlabels.exceptions import LabellingError
from tests.web import double
from tests.web.served import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    source = double.digits(60)
    for place in range(12):
        point = source.order[place]
        source.answer("ann", f"before-{place}", point, source.truth[point])
    with serving(source) as made:
        yield made


def test_one_answer_is_one_request_that_brings_the_next_questions(served: Served) -> None:
    first = served.get("/api/questions").json()
    point = first["questions"][0]["point"]
    body = {"key": "a", "point": point, "class_id": 3, "seconds": 1.25}
    reply = served.post("/api/answer", body).json()
    assert reply["done"]["n_labelled"] == 13
    assert [entry["point"] for entry in reply["questions"]][:2] == [
        entry["point"] for entry in first["questions"][1:]
    ]
    assert len(reply["questions"]) == 3
    assert reply["state"]["n_labelled"] == 13
    assert all(entry["item"]["point"] == entry["point"] for entry in reply["questions"])


def test_a_retry_counts_once(served: Served) -> None:
    point = served.get("/api/questions").json()["questions"][0]["point"]
    body = {"key": "same", "point": point, "class_id": 3}
    replies = [served.post("/api/answer", body).json()["done"] for _ in range(3)]
    assert replies[0] == replies[1] == replies[2]
    assert served.source.calls.count("answer") == 13


def test_what_the_disk_refuses_is_to_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise LabellingError("labels.fewlabels can't be used: the disk is full.")

    monkeypatch.setattr(double.Double, "answer", full)
    with serving(double.digits(10)) as served:
        reply = served.post("/api/answer", {"key": "k", "point": 3, "class_id": 3})
    assert reply.status == 503  # which the page keeps; what can never be is 400
    assert "disk is full" in reply.json()["error"]


def test_who_is_asked_second_does_not_learn_what_the_first_said(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = served.source.order[0]
    again = [{"point": point, "suggestion": None, "again": True}]
    monkeypatch.setattr(served.source, "questions", lambda who, n: again)
    (entry,) = served.get("/api/questions?who=bob").json()["questions"]
    assert entry["again"]
    assert not {"answer", "answers", "suggestion", "doubt", "words"} & entry["item"].keys()
    assert served.get(f"/api/item/{point}").json()["answer"] is not None


def test_a_check_shows_nothing_of_what_the_model_thinks(served: Served) -> None:
    """Questions without a suggestion hold no trace of it, nor does any say that it is a check."""
    seen = []
    for turn in range(12):
        asked = served.get("/api/questions").json()["questions"]
        for entry in asked:
            item = entry["item"]
            opinions = {"suggestion", "doubt", "words"} & item.keys()
            assert bool(opinions) == (entry["suggestion"] is not None)
            assert not any("check" in name for name in [*entry, *item])
        seen.append(asked[0]["suggestion"] is None)
        served.post("/api/skip", {"key": f"s{turn}", "point": asked[0]["point"]})
    assert 1 <= sum(seen) < 12


def test_undo_tells_what_it_took_back(served: Served) -> None:
    point = served.source.order[11]
    undone = served.post("/api/undo", {"key": "u"}).json()
    assert undone["done"]["done"]["points"] == [point]
    assert undone["done"]["done"]["item"]["point"] == point
    assert undone["questions"][0]["point"] == point
    again = served.post("/api/redo", {"key": "r"}).json()
    assert again["state"]["n_labelled"] == 12
    assert served.post("/api/redo", {"key": "r2"}).json()["done"]["done"] is None


def test_a_batch_is_told_by_its_size(served: Served) -> None:
    points = served.source.order[20:30]
    reply = served.post("/api/confirm", {"key": "c", "points": [*points, points[0]], "class_id": 1})
    assert reply.json()["state"]["n_labelled"] == 22
    done = served.post("/api/undo", {"key": "u"}).json()["done"]["done"]
    assert done["n_points"] == 10
    assert len(done["points"]) == 1
    assert done["item"] is None


def test_each_act_reaches_the_labelling(served: Served) -> None:
    point = served.source.order[40]
    for path, more in {
        "skip": {"seconds": 2},
        "later": {},
        "relabel": {"class_id": 2},
    }.items():
        body = {"key": path, "point": point, "who": "bob", **more}
        assert served.post(f"/api/{path}", body).status == 200
        assert served.source.calls[-1] == path
        assert served.source.events[-1]["who"] == "bob"
    taken = {"key": "away", "point": point, "class_id": None}
    assert served.post("/api/relabel", taken).status == 200
    assert point not in served.source.labels()


def test_classes_are_added_renamed_and_given_keys(served: Served) -> None:
    made = served.post("/api/class", {"key": "1", "name": " e\u0301t\u00e9 "}).json()
    entry = made["done"]["class"]
    assert entry["name"] == "été"
    served.post("/api/class", {"key": "2", "class_id": entry["id"], "name": "summer"})
    served.post("/api/class", {"key": "3", "class_id": entry["id"], "press": "y"})
    found = served.get("/api/state").json()["classes"][entry["id"]]
    assert (found["name"], found["key"]) == ("summer", "y")
    served.post("/api/class", {"key": "4", "class_id": entry["id"], "press": ""})
    assert served.get("/api/state").json()["classes"][entry["id"]]["key"] is None


def test_settings_are_a_person_s_own(served: Served) -> None:
    body = {"key": "s", "settings": {"suggestions": False, "keys": {"undo": "q"}}, "who": "bob"}
    assert served.post("/api/settings", body).json()["state"]["settings"]["keys"] == {"undo": "q"}
    assert "keys" not in served.get("/api/state").json()["settings"]
    asked = served.get("/api/questions?who=bob").json()
    assert asked["who"] == "bob"
    assert all(entry["suggestion"] is None for entry in asked["questions"])


def test_pictures_are_made_in_a_few_sizes(served: Served) -> None:
    for asked in (10, 96, 300):
        reply = served.get(f"/api/picture/3?size={asked}")
        assert reply.header("content-type") == "image/png"
        assert max(Image.open(io.BytesIO(reply.body)).size) <= 384


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "application/pdf"])
def test_no_other_kind_passes_as_a_picture(
    served: Served, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.source, "picture", lambda point, size: (b"<svg>", kind))
    assert served.get("/api/picture/0").status == 400


def test_rows_come_with_what_is_to_be_shown(served: Served) -> None:
    for point in served.source.order[30:50]:
        served.source.answer("ann", f"more-{point}", point, served.source.truth[point])
    grid = served.get("/api/neighbourhood?n=6").json()
    assert [row["point"] for row in grid["rows"]] == grid["points"]
    for target in ("/api/doubtful", "/api/suspects", "/api/similar/3?n=5", "/api/disagreements"):
        rows = served.get(target).json()
        assert all(row["item"]["point"] == row["point"] for row in rows)
    assert len(served.get("/api/similar/3?n=5").json()) == 5
    past = served.get("/api/answers?n=5&offset=2&query=digit").json()
    assert past["total"] == 32
    assert len(past["rows"]) == 5
    assert served.get("/api/answers?by=bob").json()["total"] == 0
    reasons = served.get("/api/why/3").json()
    assert reasons["labels"][0]["item"]["image"] is True
    assert served.get("/api/search?text=digit-0003").json()["total"] == 1


def test_the_map_is_sent_as_arrays(served: Served) -> None:
    reply = served.get("/api/map")
    assert reply.header("content-type") == "application/octet-stream"
    magic, n, version, layout = struct.unpack_from("<4sIII", reply.body)
    assert (magic, n, version) == (b"FLMP", 60, served.source.version)
    positions = np.frombuffer(reply.body, "<f4", 2 * n, 16).reshape(n, 2)
    labels = np.frombuffer(reply.body, "<i2", n, 16 + 8 * n)
    assert np.isfinite(positions).all()
    assert (labels >= 0).sum() == 12
    assert len(reply.body) == 16 + n * (8 + 2 + 2 + 1)
    # Who has this layout already gets the colours alone.
    again = served.get(f"/api/map?layout={layout}").body
    assert again == reply.body[:16] + reply.body[16 + 8 * n :]
    assert served.get("/api/map?layout=1").body == reply.body


def test_without_a_layout_there_is_no_map(served: Served) -> None:
    served.source.map = lambda: None
    assert served.get("/api/map").status == 204


def test_an_export_is_a_file_to_keep(served: Served) -> None:
    reply = served.get("/api/export?format=csv")
    assert reply.header("content-disposition") == 'attachment; filename="digits-labels.csv"'
    assert reply.header("content-type") == "text/csv; charset=utf-8"
    assert reply.body.decode().splitlines()[0] == "row,label"
    assert len(reply.body.decode().splitlines()) == 13


def test_a_report_is_a_file_to_keep_and_no_page_of_ours(served: Served) -> None:
    reply = served.get("/api/report")
    assert reply.status == 200
    assert reply.header("content-disposition") == 'attachment; filename="digits-report.html"'
    assert reply.header("content-type") == "text/html; charset=utf-8"
    assert "script-src 'self'" in (reply.header("content-security-policy") or "")
    assert served.get("/api/report?x=1").status == 400


def test_what_is_said_of_another_label_file_is_not_taken(served: Served) -> None:
    before = served.source.labels()
    point = served.source.order[40]
    said = {"point": point, "class_id": 1, "key": "elsewhere"}
    reply = served.post("/api/answer", {**said, "file": "0" * 32})
    assert reply.status == 421  # which a page keeps for when its own file is back
    assert "another label file" in reply.json()["error"]
    assert served.source.labels() == before
    assert served.post("/api/answer", {**said, "file": served.source.id}).status == 200
    assert served.source.labels() == {**before, point: 1}


def test_what_the_labelling_refuses_is_said_in_its_words(served: Served) -> None:
    reply = served.get("/api/item/60")
    assert reply.status == 400
    assert reply.json() == {"error": "There is no row 60: there are 60."}


def test_a_failure_of_the_server_is_said_and_ends_nothing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a bug with /a/path and a value")

    monkeypatch.setattr(served.source, "people", fail)
    reply = served.get("/api/people")
    assert reply.status == 500
    assert "a bug" not in reply.json()["error"]
    monkeypatch.undo()
    assert served.get("/api/people").status == 200
