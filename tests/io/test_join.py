"""Labels in a second table, joined by a key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.io import Table, joined_labels, read_table


def tables(folder: Path, rows: str, labels: str) -> tuple[Table, Table]:
    (folder / "rows.csv").write_text(rows)
    (folder / "labels.csv").write_text(labels)
    return read_table(folder / "rows.csv"), read_table(folder / "labels.csv")


ROWS = "id,x\n7,1\n 8,2\n9,3\n007,4\n,5\n"


def test_rows_get_the_label_of_their_key(tmp_path: Path) -> None:
    table, labels = tables(tmp_path, ROWS, "kind,id\na,9\nb,8 \n,7\na,007\nb,8\nc,\n")
    column = joined_labels(table, labels, "kind", "id")
    assert column.classes == ("a", "b")
    assert column.codes.tolist() == [-1, 1, 0, 0, -1]
    assert column.notes[0].startswith("joined from ")
    (warning,) = column.warnings
    assert warning.endswith("labels.csv without 'id' not used (row 6). Fill in the cells.")


def test_one_label_of_several_rows_is_said(tmp_path: Path) -> None:
    table, labels = tables(tmp_path, "id,x\n1,1\n1,2\n2,3\n", "id,kind\n1,a\n2,b\n")
    column = joined_labels(table, labels, "kind", "id")
    assert column.codes.tolist() == [0, 0, 1]
    assert column.notes[1].startswith("1 label given to several rows of ")
    assert column.notes[1].endswith("each (2 in all), which have the same 'id', such as '1'")


def test_whole_numbers_are_the_same_key_as_floats(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", id=np.array([1.0, 2.0, 3.0]), x=np.arange(3.0))
    _, labels = tables(tmp_path, ROWS, "id,kind\n3,a\n1,b\n")
    column = joined_labels(read_table(tmp_path / "t.npz"), labels, "kind", "id")
    assert column.codes.tolist() == [1, -1, 0]


def test_labels_without_a_row_are_warned_of(tmp_path: Path) -> None:
    table, labels = tables(tmp_path, ROWS, "id,kind\n9,a\n8,b\n70,a\n71,c\n")
    column = joined_labels(table, labels, "kind", "id")
    assert column.classes == ("a", "b")
    (warning,) = column.warnings
    assert "2 labels of" in warning
    assert "'id' '70', '71'" in warning


def test_minus_one_in_the_labels_is_no_label_even_if_rows_are_without(tmp_path: Path) -> None:
    table, labels = tables(tmp_path, ROWS, "id,kind\n9,0\n8,1\n7,-1\n")
    column = joined_labels(table, labels, "kind", "id")
    assert column.codes.tolist() == [-1, 1, 0, -1, -1]


@pytest.mark.parametrize(
    ("labels", "name", "message"),
    [
        ("id,kind\n9,a\n9,b\n", "kind", "two labels for 'id' '9': 'a' and 'b' .row 2"),
        ("id,kind\n1,a\n2,b\n", "kind", "0 classes can be joined .*'1', '2'"),
        ("id,kind\n9,a\n2,b\n", "kind", "1 class can be joined"),
        ("key,kind\n9,a\n", "kind", r"no column 'id' \(key='id'\)"),
        ("id,kind\n9,a\n", "sort", r"no column 'sort' \(label='sort'\)"),
        ("id,x\n9,a\n8,b\n", "x", "both have a column 'x'"),
    ],
)
def test_what_cannot_be_joined_is_said(
    tmp_path: Path, labels: str, name: str, message: str
) -> None:
    table, second = tables(tmp_path, ROWS, labels)
    with pytest.raises(InvalidInputError, match=message):
        joined_labels(table, second, name, "id")
