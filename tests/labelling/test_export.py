"""What is exported, as others read it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fewlabels.exceptions import DataFileError, InvalidInputError, LabellingError
from fewlabels.io import read_labels, read_table
from fewlabels.labelling import Labelling, export_labels, load_session
from fewlabels.labelling._export import FORMATS, Labels, format_of
from fewlabels.labelling._snapshot import Predicted

Open = Callable[..., Labelling]
TABLES = ("csv", "tsv", "json", "jsonl", "parquet", "arrow", "npz", "xlsx")


@pytest.fixture
def labelled(opened: Open, digits: Any, keys: Iterator[str]) -> Labelling:
    """Twenty answers, one skip; closed."""
    labelling = opened()
    for number in range(20):
        if number % 5 == 0:  # else a busy machine asks at random, and may leave out classes
            assert labelling.settle()
        (asked, *_) = labelling.questions("ann", 1)
        labelling.answer("ann", next(keys), asked["point"], int(digits[1][asked["point"]]))
    labelling.skip("ann", next(keys), labelling.questions("ann", 1)[0]["point"])
    assert labelling.settle()
    return labelling


def test_tables_hold_what_was_given_and_what_is_predicted(
    labelled: Labelling, digits: Any, tmp_path: Path
) -> None:
    for ending in TABLES:
        path = tmp_path / f"out.{ending}"
        export_labels(labelled.path, path, cache=tmp_path / "cache")  # while it is open
        assert_holds_all(path, digits[1].astype(str))


def assert_holds_all(path: Path, truth: Any) -> None:
    table = read_table(path)
    assert table.names == ("point", "label", "confidence", "evidence", "given", "second", "doubt")
    labels = [str(label) for label in table.values("label")]
    given = [str(value).lower() == "true" for value in table.values("given")]
    assert sum(given) == 20
    assert all(labels[p] == truth[p] for p in np.flatnonzero(given))
    assert np.mean(np.array(labels) == truth) > 0.85
    doubt = table.values("doubt")
    assert doubt.count("skipped") == 1
    assert {d for d, g in zip(doubt, given, strict=True) if g} == {"given"}
    confidence = np.array([float(value) for value in table.values("confidence")])
    assert (confidence[given] == 1).all()
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_cells_come_out_as_they_went_in_and_no_class_is_a_formula(
    opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    cells = ["=1+1", "=cmd|'/c calc'!A1", "@SUM(A1)", "+1 (a)", "-2", "\tx", "plain", 'a, "b"']
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text"], *([cell] for cell in cells)])
    labelling = opened(path, text="text")
    for name in ("=1+1", "@SUM(A1)", "+cmd|x!A1", "-1+cmd|'/c'!A0", " =1"):
        with pytest.raises(InvalidInputError, match="take it for a formula"):
            labelling.add_class("ann", next(keys), name)
    for point in range(len(cells)):
        labelling.answer("ann", next(keys), point, point % 2)
    out = tmp_path / "out.csv"
    export_labels(labelling.path, out, predictions=False)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == cells
    assert {row["label"] for row in rows} == {"0", "1"}


def test_a_page_and_the_command_export_the_same(labelled: Labelling, tmp_path: Path) -> None:
    here, there = io.BytesIO(), io.BytesIO()
    labelled.export(here, "csv")
    export_labels(labelled.path, there, cache=tmp_path / "cache")
    assert here.getvalue() == there.getvalue()


def test_what_an_export_computed_is_kept_for_the_next(
    labelled: Labelling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exported() -> bytes:
        stream = io.BytesIO()
        export_labels(labelled.path, stream, cache=tmp_path / "cache")
        return stream.getvalue()

    (kept,) = (tmp_path / "cache").glob("*/predicted.npz")
    kept.unlink()
    first = exported()
    monkeypatch.setattr("fewlabels.labelling._reading._said", None)
    assert exported() == first


def test_a_proven_answer_that_the_model_has_left_since_says_so() -> None:
    predicted = Predicted(
        codes=np.array([0, 1, 1, 0, -1], dtype=np.int16),
        second=np.array([1, 0, 0, -1, -1], dtype=np.int16),
        confidence=np.array([0.9, 0.7, 0.8, 0.6, 0], dtype=np.float32),
        evidence=np.ones(5, dtype=np.float32),
        doubt=np.array([0, 0, 0, 0, 4], dtype=np.uint8),
        held=np.array([0, 0, 0, 0, 0], dtype=np.int16),
    )
    ledger: Any = SimpleNamespace(
        classes=SimpleNamespace(names={0: "cat", 1: "dog"}), labels={2: 1}, skipped=()
    )
    items: Any = SimpleNamespace(n_points=5)
    added = Labels(items, ledger, predicted, "csv").added(())
    assert added.label == ["cat", "cat", "dog", "cat", "cat"]
    assert added.second == ["dog", "dog", None, None, None]
    assert added.doubt == ["sure", "classes disagree", "given", "sure", "unreached"]
    np.testing.assert_allclose(added.confidence, [0.9, 0.3, 1, 0.6, 0], rtol=1e-6)


def test_given_labels_alone_need_no_model(labelled: Labelling) -> None:
    stream = io.BytesIO()
    export_labels(labelled.path, stream, predictions=False)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue().decode())))
    assert sum(row["label"] != "" for row in rows) == 20
    # of rows that nobody asked a model about, none says what it lacks
    assert {row["doubt"] for row in rows} == {"given", "skipped", "unlabelled"}


@pytest.mark.parametrize("file_format", ["label-studio", "prodigy"])
def test_columns_of_names_that_other_programs_keep_are_told_beside(
    file_format: str, opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    own = ["text", "column_text", "meta", "answer", "label", "_task_hash", "given"]
    lines = [[f"a text of some words, {row}", *(f"{n} {row}" for n in own)] for row in range(4)]
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["message", *own], *lines])
    labelling = opened(path, text="message")
    for point in (0, 1):
        labelling.answer("ann", next(keys), point, point)
    out = tmp_path / "out.jsonl"
    export_labels(labelling.path, out, file_format, predictions=False)
    table = read_table(out.rename(out.with_suffix(".json")) if file_format != "prodigy" else out)
    told = [[str(table.values(name)[0])] for name in table.names]
    assert table.values("text")[0] == lines[0][0]
    assert all([cell] in told for cell in lines[0])
    assert read_labels(table, "label").codes.tolist()[:2] == [0, 1]


def test_label_studios_and_prodigys_files_are_read_back(
    labelled: Labelling, digits: Any, tmp_path: Path
) -> None:
    path = tmp_path / "tasks.json"
    export_labels(labelled.path, path, "label-studio", cache=tmp_path / "cache")
    tasks = json.loads(path.read_text(encoding="utf-8"))
    assert len(tasks) == 300
    with_answer = [task for task in tasks if task["annotations"]]
    assert len(with_answer) == 21
    assert sum(task["annotations"][0]["was_cancelled"] for task in with_answer) == 1
    assert all(0 <= task["predictions"][0]["score"] <= 1 for task in tasks if "predictions" in task)
    table = read_table(path)
    found = {p: v for p, v in enumerate(table.values("label")) if v not in (None, [])}
    assert len(found) == 20
    assert all(str(digits[1][p]) in str(value) for p, value in found.items())
    lines = tmp_path / "answers.jsonl"
    export_labels(labelled.path, lines, "prodigy", predictions=False)
    entries = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert len(entries) == 21
    assert [entry["answer"] for entry in entries].count("ignore") == 1
    read_table(lines)


def test_pictures_go_to_a_folder_a_class(opened: Open, tmp_path: Path, keys: Iterator[str]) -> None:
    photos = tmp_path / "photos"
    for number in range(12):
        folder = photos / str(number % 2)
        folder.mkdir(parents=True, exist_ok=True)
        shade = 250 if number % 2 else 5
        Image.new("RGB", (8, 8), (shade, number, 0)).save(folder / f"same{number // 2}.png")
    labelling = opened(photos, classes=["a/b", ".."])
    for point in range(4):
        labelling.answer("ann", next(keys), point, 0)
    labelling.answer("ann", next(keys), 6, 0)  # of the other folder, with the name of another
    labelling.answer("ann", next(keys), 7, 1)
    assert labelling.state("ann")["kind"] == "images"
    assert labelling.picture(0, 64)[1] == "image/png"
    target = tmp_path / "sorted"
    export_labels(labelling.path, target, predictions=False)
    assert sorted(p.name for p in target.iterdir()) == ["a_b", "class 1"]
    assert len(list((target / "a_b").iterdir())) == 5
    assert len(list((target / "class 1").iterdir())) == 1
    with pytest.raises(DataFileError, match="exists already"):
        export_labels(labelling.path, target, predictions=False)
    stream = io.BytesIO()
    labelling.export(stream, "csv")
    assert stream.getvalue().startswith(b"path,folder,label,")
    labelling.skip("ann", next(keys), 8)
    assert labelling.settle()
    whole = tmp_path / "whole"
    export_labels(labelling.path, whole, cache=tmp_path / "cache")
    assert len(list(whole.rglob("*.png"))) == 11  # all but the one that nobody could tell


def test_a_picture_that_can_t_be_read_is_asked_about_last_and_gets_no_answer(
    opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    rng = np.random.default_rng(0)
    for number in range(14):
        pixels = rng.integers(40, size=(16, 16)).astype(np.uint8)
        pixels[:, 4:9] += np.uint8(200 * (number % 2))
        Image.fromarray(pixels).save(photos / f"{number:02}.png")
    (photos / "99.png").write_bytes(b"no picture")
    labelling = opened(photos)
    for number in range(12):
        if number % 4 == 0:
            assert labelling.settle()
        (asked, *_) = labelling.questions("ann", 1)
        if asked["point"] == 14:  # a random check, or one of the first
            assert asked["suggestion"] is None
            labelling.skip("ann", next(keys), 14)
        else:
            labelling.answer("ann", next(keys), asked["point"], asked["point"] % 2)
    assert labelling.settle()
    assert any("99.png" in note for note in labelling.state("ann")["notes"])
    labelling.close()
    path = tmp_path / "labels.csv"
    export_labels(labelling.path, path, cache=tmp_path / "cache")
    last = path.read_text(encoding="utf-8").splitlines()[-1].split(",")
    assert last[0] == "99.png"
    assert last[2:] in (
        ["", "0", "0", "false", "", "unreached"],
        ["", "0", "0", "false", "", "skipped"],
    )
    again = opened(photos)  # whose points come from the cache
    assert again.settle()
    assert any("99.png" in note for note in again.state("ann")["notes"])


def test_the_page_says_which_columns_of_an_export_are_left_out(
    opened: Open, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    table = tmp_path / "exported.csv"
    own, written = ["x", "confidence"], ["fewlabels_confidence", "evidence", "given", "doubt"]
    lines = [",".join([*own, *written])]
    for x, sure in rng.normal(size=(30, 2)).round(3).tolist():
        lines.append(f"{x},{sure},0.9,3.5,false,sure")
    table.write_text("\n".join(lines), encoding="utf-8")
    labelling = opened(table)
    assert labelling.settle()
    (said,) = (note for note in labelling.state("ann")["notes"] if "earlier run" in note)
    assert said.startswith(f"left out, as an earlier run wrote them: {str(written)[1:-1]}. ")
    assert said.endswith("--column fewlabels_confidence=use.")


def test_pictures_of_one_name_are_all_copied_whatever_the_others_are_called(
    opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    photos = tmp_path / "photos"
    for name in ("a/x.png", "b/x.png", "c/x-1.png", "d/x-1.png"):  # the second becomes x-1.png
        path = photos / name
        path.parent.mkdir(parents=True)
        Image.new("RGB", (8, 8), (len(name), ord(name[0]), 0)).save(path)
    labelling = opened(photos)
    for point in range(4):
        labelling.answer("ann", next(keys), point, 0)
    target = tmp_path / "sorted"
    export_labels(labelling.path, target, predictions=False)
    copied = {path.read_bytes() for path in (target / "0").iterdir()}
    assert copied == {path.read_bytes() for path in photos.rglob("*.png")}


def test_a_picture_is_named_in_full_however_long_its_path_is(
    opened: Open, tmp_path: Path, keys: Iterator[str]
) -> None:
    photos = tmp_path / "photos"
    name = f"{'long' * 20}/{'longer' * 20}.png"
    (photos / name).parent.mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(photos / name)
    labelling = opened(photos)
    labelling.answer("ann", next(keys), 0, 0)
    stream = io.BytesIO()
    labelling.export(stream, "label-studio")
    assert json.loads(stream.getvalue())[0]["data"] == {"image": name}


def test_a_session_goes_on_with_a_label_file(
    labelled: Labelling, digits: Any, tmp_path: Path
) -> None:
    session = load_session(labelled.path, cache=tmp_path / "cache")
    assert len(session.labelled) == 20
    assert len(session.skipped) == 1
    right = session.predictions().labels == digits[1].astype(str)
    assert right.mean() > 0.85
    assert session.advice(0.9).action == labelled.progress()["advice"]["action"]
    session.tell(session.ask(1), ["0"])
    assert labelled.state("ann")["n_labelled"] == 20  # it is a copy


def test_data_that_moved_is_found_or_named(labelled: Labelling, data: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    data.rename(moved / data.name)
    stream = io.BytesIO()
    with pytest.raises(DataFileError, match=r"digits\.npy"):
        export_labels(labelled.path, stream, predictions=False)
    export_labels(labelled.path, stream, predictions=False, data=moved / data.name)
    assert stream.getvalue()


def test_what_can_not_be_exported_is_said(labelled: Labelling, tmp_path: Path) -> None:
    with pytest.raises(LabellingError, match="no such file"):
        export_labels(tmp_path / "none.fewlabels", io.BytesIO())
    with pytest.raises(InvalidInputError, match="no format 'docx'; choose one of csv"):
        export_labels(labelled.path, io.BytesIO(), "docx")
    with pytest.raises(DataFileError, match="can't tell from the name"):
        export_labels(labelled.path, tmp_path / "x.docx")
    with pytest.raises(InvalidInputError, match="folders are for pictures and texts"):
        export_labels(labelled.path, tmp_path / "folder", predictions=False)
    with pytest.raises(InvalidInputError, match="folders can't be written to a stream"):
        labelled.export(io.BytesIO(), "folders")


def test_the_name_tells_the_format() -> None:
    names = {
        "a.csv.gz": "csv",
        "a.tab": "tsv",
        "a.NDJSON": "jsonl",
        "a.pq": "parquet",
        "a": "folders",
    }
    assert {name: format_of(name) for name in names} == names
    assert set(names.values()) <= set(FORMATS)
