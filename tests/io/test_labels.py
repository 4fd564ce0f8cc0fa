"""The label column: which cells are unlabelled, and which columns are no labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
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
        (["10", "9", "-1", ""], ["9", "10"], [1, 0, -1, -1]),
        (["1.0", "2.0", "-1.0", "nan"], ["1.0", "2.0"], [0, 1, -1, -1]),
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
        ([3, 1, -1, None], [1, 3], [1, 0, -1, -1]),
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
    column = read_labels(csv_table(tmp_path, ["1", "2", "2", "-1", ""]), "y")
    assert column.n_labelled == 3
    assert column.counts.tolist() == [1, 2]
    assert column.notes == ('-1 is read as "no label" (1 row)',)
    assert read_labels(csv_table(tmp_path, ["1", "2"]), "y").notes == ()
    (odd,) = read_labels(csv_table(tmp_path, ["yes", "no", "NA"]), "y").notes
    assert "'NA' counts as a class" in odd
    (blanks,) = read_labels(csv_table(tmp_path, ["cat", "cat ", "dog"]), "y").notes
    assert "differ only in blanks" in blanks


def test_the_text_minus_one_among_text_is_refused(tmp_path: Path) -> None:
    for table in (
        csv_table(tmp_path, ["cat", "dog", "-1"]),
        json_table(tmp_path, ["cat", "dog", "-1"]),
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
    with pytest.raises(InvalidInputError, match=r"lists? \(row 2\)"):
        read_labels(json_table(tmp_path, ["a", ["b"]]), "y")


def test_measurements_are_no_labels(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds measurements"):
        read_labels(csv_table(tmp_path, [f"{i / 7:.3f}" for i in range(1, 41)]), "y")


def test_no_label_and_one_class(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="holds no label: all 2 rows are unlabelled"):
        read_labels(csv_table(tmp_path, ["", " "]), "y")
    with pytest.raises(InvalidInputError, match="holds no label: all 2 rows are unlabelled"):
        read_labels(csv_table(tmp_path, ["-1", ""]), "y")
    with pytest.raises(InvalidInputError, match=r"one class only, 'cat' \(2 rows\)"):
        read_labels(csv_table(tmp_path, ["cat", "", "cat"]), "y")
    with pytest.raises(InvalidInputError, match="did you mean 'y'"):
        read_labels(csv_table(tmp_path, ["a", "b"]), "Y")
