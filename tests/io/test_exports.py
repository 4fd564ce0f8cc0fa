"""The exports of programs for labelling become rows with a column of labels.

The objects have the fields of each program's documented export, with the labels of one text.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewlabels.cli._spread_answers import free_names
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import AddedColumns, read_labels, read_table, write_table
from tests.built import built


def label_studio(label: str | None) -> dict[str, Any]:
    result = {
        "id": "zLSY-XLk64",
        "type": "choices",
        "value": {"choices": [label]},
        "origin": "manual",
        "to_name": "text",
        "from_name": "kind",
    }
    annotation = {"id": 7, "result": [result], "was_cancelled": False, "lead_time": 4.2}
    return {
        "id": 1,
        "data": {"text": "a b c", "x": 1.5},
        "annotations": [annotation] if label else [],
        "predictions": [{"result": [{**result, "value": {"choices": ["other"]}}]}],
        "created_at": "2026-01-31T21:52:49.513742Z",
        "project": 83,
    }


def label_studio_min(label: str | None) -> dict[str, Any]:
    row = {"id": 1, "text": "a b c", "x": 1.5, "annotator": 1, "annotation_id": 7, "lead_time": 4.2}
    return row | ({"kind": label} if label else {})


def prodigy(label: str | None) -> dict[str, Any]:
    return {
        "text": "a b c",
        "x": 1.5,
        "_input_hash": 1532389461,
        "_task_hash": -298236463,
        "options": [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}],
        "accept": [label] if label else [],
        "answer": "accept" if label else "ignore",
        "_timestamp": 1769896369,
    }


def prodigy_binary(label: str | None) -> dict[str, Any]:
    row = {"text": "a b c", "x": 1.5, "_input_hash": 1, "_task_hash": 2, "label": label or "a"}
    return row | {"answer": "accept" if label else "reject"}


def doccano(label: str | None) -> dict[str, Any]:
    return {"id": 1, "text": "a b c", "x": 1.5, "label": [label] if label else []}


def old_doccano(label: str | None) -> dict[str, Any]:
    annotations = [{"label": label, "user": 1}] if label else []
    return {"id": 1, "text": "a b c", "x": 1.5, "annotations": annotations, "meta": {}}


def argilla(label: str | None) -> dict[str, Any]:
    answers = [{"value": label, "user_id": "9f1c", "status": "submitted"}] if label else []
    return {
        "id": "4d6e",
        "status": "completed",
        "fields": {"text": "a b c"},
        "metadata": {"x": 1.5},
        "suggestions": {"kind": {"value": "other", "score": 0.9, "agent": "model"}},
        "responses": {"kind": answers},
        "vectors": {},
    }


def old_argilla(label: str | None) -> dict[str, Any]:
    return {
        "text": "a b c",
        "inputs": {"text": "a b c"},
        "x": 1.5,
        "prediction": [["other", 0.9]],
        "prediction_agent": "model",
        "annotation": label,
        "annotation_agent": "me" if label else None,
        "status": "Validated" if label else "Default",
    }


def argilla_dataset(label: str | None) -> dict[str, Any]:
    answers = [{"user_id": "9f1c", "value": label, "status": "submitted"}] if label else []
    return {
        "text": "a b c",
        "x": 1.5,
        "kind": answers,
        "kind-suggestion": "other",
        "kind-suggestion-metadata": {"score": 0.9, "agent": "model"},
        "external_id": None,
    }


EXPORTS = [
    (label_studio, "Label Studio", "kind", "x"),
    (label_studio_min, "Label Studio", "kind", "x"),
    (prodigy, "Prodigy", "label", "x"),
    (prodigy_binary, "Prodigy", "label", "x"),
    (doccano, "", "label", "x"),
    (old_doccano, "doccano", "label", "x"),
    (argilla, "Argilla", "kind", "metadata.x"),
    (argilla_dataset, "Argilla", "kind", "x"),
    (old_argilla, "Argilla", "label", "x"),
]
LABELS = ["b", None, "a", None, "b"]


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps(rows, indent=1))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(("make", "program", "label", "number"), EXPORTS)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_labels_and_data_are_columns(
    tmp_path: Path, make: Any, program: str, label: str, number: str, ending: str
) -> None:
    path = written(tmp_path / f"t.{ending}", [make(each) for each in LABELS])
    table = read_table(path)
    assert table.notes == ((f"an export of {program}",) if program else ())
    assert table.values("text") == ["a b c"] * 5
    assert table.values(number) == [1.5] * 5
    column = read_labels(table, label)
    assert column.classes == ("a", "b")
    assert column.codes.tolist() == [1, -1, 0, -1, 1]


@pytest.mark.parametrize(("make", "program", "label", "number"), EXPORTS)
def test_what_came_goes_out_with_the_answers_beside_it(
    tmp_path: Path, make: Any, program: str, label: str, number: str
) -> None:
    rows = [make(each) for each in LABELS]
    table = read_table(written(tmp_path / "t.json", rows))
    assert set(rows[0]) <= set(table.taken)
    ones = np.ones(5)
    added = AddedColumns(("L", "C", "E", "R"), list("babab"), ones, ones, ones > 0)
    write_table(table, added, tmp_path / "out.json")
    out = json.loads((tmp_path / "out.json").read_text())
    assert [{name: row[name] for name in row if name not in "LCER"} for row in out] == rows
    assert [row["L"] for row in out] == list("babab")
    write_table(table, added, tmp_path / "out.csv")
    assert read_table(tmp_path / "out.csv").names == (*table.names, "L", "C", "E", "R")


@pytest.mark.parametrize(("make", "program", "label", "number"), EXPORTS)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_answers_that_were_added_are_columns_when_the_file_is_read_again(
    tmp_path: Path, make: Any, program: str, label: str, number: str, ending: str
) -> None:
    table = read_table(written(tmp_path / f"t.{ending}", [make(each) for each in LABELS]))
    names = free_names(table.taken)[:4]
    ones = np.ones(5)
    added = AddedColumns(names, list("babab"), 0.5 * ones, ones, ones > 0)
    write_table(table, added, tmp_path / f"out.{ending}")
    again = read_table(tmp_path / f"out.{ending}")
    assert set(again.names) == {*table.names, *names}
    assert again.values(names[0]) == list("babab")
    assert again.values(names[1]) == [0.5] * 5
    assert again.values(names[3]) == [True] * 5
    assert again.values("text") == table.values("text")
    assert read_labels(again, label).codes.tolist() == [1, -1, 0, -1, 1]


@pytest.mark.parametrize(
    ("make", "place", "label"), [(label_studio, "data", "kind"), (argilla, "fields", "kind")]
)
def test_a_column_that_is_called_as_the_answers_is_taken_for_none_of_them(
    tmp_path: Path, make: Any, place: str, label: str
) -> None:
    rows = [make(each) for each in LABELS]
    for row in rows:
        row[place][label] = "own"
    table = read_table(written(tmp_path / "t.json", rows))
    assert table.values(f"data.{label}") == ["own"] * 5
    assert read_labels(table, label).codes.tolist() == [1, -1, 0, -1, 1]


def test_what_the_program_keeps_for_itself_is_no_feature(tmp_path: Path) -> None:
    rows = [prodigy(each) | {"x": i, "_input_hash": i * i} for i, each in enumerate(LABELS)]
    table = read_table(written(tmp_path / "t.jsonl", rows))
    features = built(table, label="label", text="drop")
    assert [column.name for column in features.used] == ["x"]


def test_the_scores_of_the_model_of_prodigy_are_no_features(tmp_path: Path) -> None:
    rows = [
        prodigy_binary(each) | {"score": i, "priority": i, "meta": {"score": i, "from": i % 2}}
        for i, each in enumerate(LABELS)
    ]
    table = read_table(written(tmp_path / "t.jsonl", rows))
    assert table.names == ("text", "x", "meta.from", "label")
    rows = [prodigy_binary(each) | {"score": i} for i, each in enumerate(LABELS)]
    assert "score" in read_table(written(tmp_path / "u.jsonl", rows)).names  # the user's


def test_other_answers_of_label_studio(tmp_path: Path) -> None:
    rows = [label_studio(each) for each in LABELS]
    relation = {"from_id": "a", "to_id": "b", "type": "relation", "direction": "right"}
    pair = {"value": {"selected": "left"}, "type": "pairwise", "from_name": "pick"}
    rows[0]["annotations"][0]["result"] += [relation, pair]
    table = read_table(written(tmp_path / "t.json", rows))
    assert table.values("pick") == [["left"], None, None, None, None]
    rows = [label_studio_min(each) for each in LABELS]
    rows[0]["kind"] = {"choices": ["a", "b"]}
    table = read_table(written(tmp_path / "t.json", rows))
    with pytest.raises(InvalidInputError, match="several labels in row 1"):
        read_labels(table, "kind")


def test_what_programs_note_down_in_flat_files_is_no_feature(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    names = "annotation_id,annotator,created_at,kind,lead_time,x,updated_at"
    lines = [f"{i * i},{i % 3},2026-01-0{i},a,{i / 7},{i % 4},2026-01-0{i}" for i in range(1, 9)]
    path.write_text("\n".join([names, *lines]))
    features = built(read_table(path), label="kind")
    assert [column.name for column in features.used] == ["x"]
    names = "_server_id,status,x,kind.responses,kind.responses.users,kind.suggestion.score"
    lines = [f"s{i},{'ab'[i % 2]},{i % 4},['a'],['u{i % 2}'],{i / 7}" for i in range(1, 9)]
    path.write_text("\n".join([names, *lines]))
    features = built(read_table(path), label="kind.responses")
    assert [column.name for column in features.used] == ["x"]


def test_people_who_disagree_give_no_label_and_several_labels_are_refused(tmp_path: Path) -> None:
    rows = [label_studio(each) for each in LABELS]
    rows[0]["annotations"].append(label_studio("a")["annotations"][0])
    rows[2]["annotations"].append(label_studio("a")["annotations"][0])
    table = read_table(written(tmp_path / "t.json", rows))
    assert read_labels(table, "kind").codes.tolist() == [-1, -1, 0, -1, 1]
    rows[2]["annotations"][0]["result"][0]["value"]["choices"] = ["a", "b"]
    rows[2]["annotations"].pop()
    table = read_table(written(tmp_path / "t.json", rows))
    with pytest.raises(InvalidInputError, match="several labels in row 3"):
        read_labels(table, "kind")


def test_an_export_that_is_not_as_it_is_known_is_refused(tmp_path: Path) -> None:
    row = label_studio("a")
    del row["annotations"][0]["result"][0]["value"]
    path = written(tmp_path / "t.json", [row])
    with pytest.raises(DataFileError, match="entry 1: looks like an export of Label Studio"):
        read_table(path)
