"""The label column: which cells are unlabelled, and which columns are no labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.io import LabelColumn, Table, read_labels, read_table


def csv_table(folder: Path, cells: list[str]) -> Table:
    path = folder / "t.csv"
    path.write_text("y,x\n" + "".join(f"{cell},1\n" for cell in cells))
    return read_table(path)


def json_table(folder: Path, cells: list[Any]) -> Table:
    path = folder / "t.jsonl"
    path.write_text("".join(json.dumps({"y": cell}) + "\n" for cell in cells))
    return read_table(path)


def shown(column: LabelColumn) -> tuple[list[Any], list[int]]:
    return list(column.classes), column.codes.tolist()


@pytest.mark.parametrize(
    ("cells", "classes", "codes"),
    [
        (["b", "", "a", " ", "b"], ["a", "b"], [1, -1, 0, -1, 1]),
        (["b", "\u200b", "a", "\xa0", "\ufeff "], ["a", "b"], [1, -1, 0, -1, -1]),
        (["10", "9", "-1", "9"], ["9", "10"], [1, 0, -1, 0]),
        (["1.0", "2.0", "-1.0", "2.0"], ["1.0", "2.0"], [0, 1, -1, 1]),
        (["1.0", "2.0", "nan", "n/a", ""], ["1.0", "2.0"], [0, 1, -1, -1, -1]),
        (["0.5", "1.5", "-1"], ["-1", "0.5", "1.5"], [1, 2, 0]),
        (["007", "7", ""], ["007", "7"], [0, 1, -1]),
    ],
)
def test_text_labels(
    tmp_path: Path, cells: list[str], classes: list[str], codes: list[int]
) -> None:
    assert shown(read_labels(csv_table(tmp_path, cells), "y")) == (classes, codes)


@pytest.mark.parametrize(
    ("cells", "classes", "codes"),
    [
        (["b", None, "a", ""], ["a", "b"], [1, -1, 0, -1]),
        ([3, 1, -1, 3], [1, 3], [1, 0, -1, 1]),
        ([3, 1, "NA", None], [1, 3], [1, 0, -1, -1]),
        ([["b"], [], ["a"], "b", [None]], ["a", "b"], [1, -1, 0, 1, -1]),
        ([[3], [], [1]], [1, 3], [1, -1, 0]),
        ([True, False, None], [False, True], [1, 0, -1]),
        ([1, 2.0, -1.0], [1, 2.0], [0, 1, -1]),
        (["1", "2", None], ["1", "2"], [0, 1, -1]),
    ],
)
def test_typed_labels(
    tmp_path: Path, cells: list[Any], classes: list[Any], codes: list[int]
) -> None:
    assert shown(read_labels(json_table(tmp_path, cells), "y")) == (classes, codes)


def test_whole_numbers_that_came_as_floats_are_whole(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", y=np.array([1.0, np.nan, 0.0]), z=np.array([1.0, np.nan, 0.5]))
    table = read_table(tmp_path / "t.npz")
    column = read_labels(table, "y")
    assert [repr(label) for label in column.classes] == ["0", "1"]
    assert column.codes.tolist() == [1, -1, 0]
    assert read_labels(table, "z").classes == (0.5, 1.0)


def test_arrays_of_labels(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", y=np.array([2, -1, 0], dtype=np.int8), X=np.zeros((3, 2)))
    table = read_table(tmp_path / "t.npz")
    assert shown(read_labels(table, "y")) == ([0, 2], [1, -1, 0])
    with pytest.raises(InvalidInputError, match="several numbers a row"):
        read_labels(table, "X")


def test_counts_and_notes(tmp_path: Path) -> None:
    column = read_labels(csv_table(tmp_path, ["1", "2", "2", "-1"]), "y")
    assert column.n_labelled == 3
    assert column.counts.tolist() == [1, 2]
    assert column.notes == ('-1 is read as "no label" (1 row)',)
    assert read_labels(csv_table(tmp_path, ["1", "2"]), "y").notes == ()


def test_blanks_around_labels_are_no_part_of_them(tmp_path: Path) -> None:
    column = read_labels(csv_table(tmp_path, ["cat", "cat ", " dog", ""]), "y")
    assert shown(column) == (["cat", "dog"], [0, 0, 1, -1])
    assert column.notes == ("blanks around the label are left out (2 rows)",)


def test_missing_in_words_is_a_class_with_a_warning_that_names_the_setting(
    tmp_path: Path,
) -> None:
    column = read_labels(csv_table(tmp_path, ["yes", "no", "NA", "-", "NA"]), "y")
    assert column.classes == ("-", "NA", "no", "yes")
    (warning,) = column.warnings
    assert "'-' (1 row), 'NA' (2 rows) count as classes" in warning
    assert "missing=['-', 'NA']" in warning
    told = read_table(tmp_path / "t.csv", missing=["na", "-"])
    column = read_labels(told, "y")
    assert shown(column) == (["no", "yes"], [1, 0, -1, -1, -1])
    assert column.warnings == ()
    quiet = read_labels(read_table(tmp_path / "t.csv", missing=[]), "y")
    assert (quiet.classes, quiet.warnings) == (("-", "NA", "no", "yes"), ())


@pytest.mark.parametrize("kind", [csv_table, json_table])
def test_minus_one_beside_empty_cells_has_to_be_explained(tmp_path: Path, kind: Any) -> None:
    cells: list[Any] = [1, -1, "", 1, 2] if kind is csv_table else [1, -1, None, 1, 2]
    table = kind(tmp_path, cells)
    with pytest.raises(InvalidInputError, match=r"missing=\['-1'\]. If .* class: missing=\[''\]"):
        read_labels(table, "y")
    path = table.path
    marker = read_labels(read_table(path, missing=["-1"]), "y")
    assert marker.codes.tolist() == [0, -1, -1, 0, 1]
    label = read_labels(read_table(path, missing=[""]), "y")
    assert [int(name) for name in label.classes] == [-1, 1, 2]
    assert label.codes.tolist() == [1, 0, -1, 1, 2]


def test_minus_one_without_a_sign_is_warned_of(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", y=np.array([0, 1, 255, 255], dtype=np.uint8), x=np.arange(4.0))
    (warning,) = read_labels(read_table(tmp_path / "t.npz"), "y").warnings
    assert "255 counts as a class" in warning
    assert "missing=['255']" in warning
    column = read_labels(read_table(tmp_path / "t.npz", missing=["255"]), "y")
    assert shown(column) == ([0, 1], [0, 1, -1, -1])
    assert column.warnings == ()
    np.savez(tmp_path / "t.npz", y=np.arange(256), x=np.arange(256.0))
    assert read_labels(read_table(tmp_path / "t.npz"), "y").warnings == ()


def test_bytes_are_text(tmp_path: Path) -> None:
    words = [b"kat", b"hond", b"", b"kat"]
    np.savez(tmp_path / "t.npz", y=np.array(words), x=np.arange(4.0))
    pq.write_table(pa.table({"y": words, "x": [1.0, 2, 3, 4]}), tmp_path / "t.parquet")
    for name in ("t.npz", "t.parquet"):
        assert shown(read_labels(read_table(tmp_path / name), "y")) == (
            ["hond", "kat"],
            [1, 0, -1, 1],
        )
    pq.write_table(pa.table({"y": [b"\xff", b"\xfe"], "x": [1.0, 2]}), tmp_path / "t.parquet")
    with pytest.raises(InvalidInputError, match="bytes that are no text"):
        read_labels(read_table(tmp_path / "t.parquet"), "y")


@pytest.mark.parametrize(
    "pair",
    [
        ("yes", "Yes"),
        ("1", "1.0"),
        ("7", "007"),
        ("caf\u00e9", "cafe\u0301"),
        ("ok", "o\u200bk"),
        ("kat", "k\u0430t"),
        ("a b", "a\u00a0 b"),
        ("loyal", "loyl"),
        ("loyal", "loyel"),
    ],
)
def test_nearly_equal_classes_are_named_in_one_warning(
    tmp_path: Path, pair: tuple[str, str]
) -> None:
    others = ["3", "5"] if pair[0].isdigit() else ["lost", "other", pair[0], pair[0]]
    (warning,) = read_labels(csv_table(tmp_path, [*pair, *others]), "y").warnings
    look_alike = not pair[1].isascii()
    assert all((ascii if look_alike else repr)(name) in warning for name in pair)
    assert "write them alike" in warning


def test_classes_that_differ_in_more_are_not_taken_for_one(tmp_path: Path) -> None:
    for cells in (["cat", "car", "bat"], ["class1", "class2"], ["1", "2", "12"], ["true", "false"]):
        assert read_labels(csv_table(tmp_path, cells), "y").warnings == ()
    many = ["planes", "planet"] * 3
    assert read_labels(csv_table(tmp_path, many), "y").warnings == ()


def test_the_text_minus_one_among_text_is_refused(tmp_path: Path) -> None:
    for table in (
        csv_table(tmp_path, ["cat", "dog", "-1"]),
        json_table(tmp_path, ["cat", "dog", " -1"]),
        json_table(tmp_path, ["1", "2", "-1"]),
    ):
        with pytest.raises(InvalidInputError, match='"-1" among labels that are text'):
            read_labels(table, "y")


def test_labels_of_several_kinds_are_refused(tmp_path: Path) -> None:
    message = r"number \(row 1\), str \(row 3\)"
    with pytest.raises(InvalidInputError, match=message):
        read_labels(json_table(tmp_path, [1, None, "1"]), "y")
    with pytest.raises(InvalidInputError, match=r"bool \(row 1\), number \(row 2\)"):
        read_labels(json_table(tmp_path, [True, 1]), "y")
    with pytest.raises(InvalidInputError, match=r"several labels in row 2 \('b', 'c'\)"):
        read_labels(json_table(tmp_path, ["a", ["b", "c"]]), "y")


def test_measurements_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds measurements"):
        read_labels(csv_table(tmp_path, [f"{i / 7:.3f}" for i in range(1, 41)]), "y")


def test_no_label_and_one_class(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no label: all 2 rows are unlabelled"):
        read_labels(csv_table(tmp_path, ["", " "]), "y")
    with pytest.raises(InvalidInputError, match="holds no label: all 2 rows are unlabelled"):
        read_labels(csv_table(tmp_path, ["-1", "-1"]), "y")
    with pytest.raises(InvalidInputError, match=r"one class only, 'cat' \(2 rows\)"):
        read_labels(csv_table(tmp_path, ["cat", "", "cat"]), "y")
    with pytest.raises(InvalidInputError, match="did you mean 'y'"):
        read_labels(csv_table(tmp_path, ["a", "b"]), "Y")


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ["869.5", "1006.75", "12.25", "7.5", "3.1", "2.2", ""],
            "numbers with fractions as labels",
        ),
        ([f"2024-01-0{day}" for day in range(1, 8)], "dates as labels, 7 different ones in 7 rows"),
        (["a;b", "b;c", "a;b", ""], "several classes each (such as 'a;b', 'b;c')"),
        (["red | blue", "blue", "red"], "several classes each (such as 'red | blue')"),
    ],
)
def test_labels_that_may_be_no_classes_are_said(
    tmp_path: Path, cells: list[str], said: str
) -> None:
    (warning,) = read_labels(csv_table(tmp_path, cells), "y").warnings
    assert warning.startswith("column 'y' holds ")
    assert said in warning


@pytest.mark.parametrize(
    "cells",
    [
        ["0.5", "1.5", "2.5", "3.5", "4.5"],  # few
        [*["0.5", "1.5", "2.5", "3.5", "4.5", "5.5"] * 2, ""],  # come again
        ["2024-01-01", "2024-01-02", "2024-01-01"],
        ["a;b", "c;d"],  # nothing in common
    ],
)
def test_labels_that_are_classes_are_not(tmp_path: Path, cells: list[str]) -> None:
    assert read_labels(csv_table(tmp_path, cells), "y").warnings == ()
