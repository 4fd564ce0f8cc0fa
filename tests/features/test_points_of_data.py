"""What `make_points` takes data for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from fewlabels import Points, make_points
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.features.kinds import kind_of

COLUMNS = {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ([[1.0, 2.0], [3.0, 4.0]], "array"),
        (np.zeros((2, 3)), "array"),
        (sparse.eye_array(3, format="csr"), "array"),
        (np.zeros((2, 8, 8)), "images"),
        (np.zeros((2, 8, 8, 3), dtype=np.uint8), "images"),
        (["a text", "another"], "texts"),
        (["a text", None], "texts"),
        ([np.zeros((8, 8)), np.zeros((6, 9, 3))], "images"),
        ([np.zeros(3), np.zeros(3)], "array"),
        (np.array(["a", "b"]), "texts"),
        (pd.Series(["a", "b"]), "texts"),
        (pl.Series(["a", "b"]), "texts"),
        (pa.chunked_array([["a", "b"]]), "texts"),
        (["missing.png", "gone.jpg"], "texts"),
        ([Path("a.png"), Path("b.png")], "images"),
        (COLUMNS, "table"),
        (pd.DataFrame(COLUMNS), "table"),
        (pl.DataFrame(COLUMNS), "table"),
        (pa.table(COLUMNS), "table"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__module__,
)
def test_each_kind_of_data_is_recognised(data: object, kind: str) -> None:
    assert kind_of(data) == kind


def test_names_of_pictures_that_exist_are_pictures_and_a_folder_too(tmp_path: Path) -> None:
    picture = tmp_path / "a.PNG"
    picture.write_bytes(b"")
    assert kind_of([str(picture), None]) == "images"
    assert kind_of(tmp_path) == "images"
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n")
    assert kind_of(table) == "table"
    with pytest.raises(DataFileError, match=r"nothing\.csv does not exist"):
        kind_of(tmp_path / "nothing.csv")


def test_numbers_are_points_as_they_are() -> None:
    X = np.arange(6.0).reshape(3, 2)
    points = make_points(X)
    assert points.values is X
    assert points.kind == "array"
    assert points.transformer is None
    assert make_points(points) is points
    assert len(points) == 3
    assert str(points) == "3 points of 2 features, made of array"
    np.testing.assert_array_equal(points.transform([[1, 2]]), [[1, 2]])


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([1.0, 2.0], InvalidInputError, "two dimensions"),
        ([[1, "a"], ["b", None]], InvalidTypeError, "a list of texts or an array of numbers"),
    ],
)
def test_what_no_points_can_be_made_of_is_refused(
    data: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_points(data)


def test_columns_belong_to_tables() -> None:
    with pytest.raises(InvalidInputError, match="columns belong to tables"):
        make_points([[1.0]], columns={"a": "number"})
    assert isinstance(make_points([[1.0]]), Points)
