"""What people pass as data: the right points, or one message that says what to do."""

from __future__ import annotations

import datetime
from collections import deque
from decimal import Decimal
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from fewlabels import Session, make_points
from fewlabels.exceptions import FeatureWarning, InvalidInputError, InvalidTypeError

N = 40
NUMBERS = [4.0 * (row % 2) + row / N for row in range(N)]
NAMES = ["a" if row % 2 else "b" for row in range(N)]
TEXTS = ["red warm sun" if row % 2 else "blue cold ice" for row in range(N)]
FRAME = pd.DataFrame({"num": NUMBERS, "cat": NAMES})
EXPECTED = make_points(FRAME)


@pytest.mark.parametrize(
    "data",
    [
        {"num": NUMBERS, "cat": NAMES},
        {"num": FRAME["num"], "cat": FRAME["cat"].astype("category")},
        [{"num": number, "cat": name} for number, name in zip(NUMBERS, NAMES, strict=True)],
        np.rec.fromarrays([np.array(NUMBERS), np.array(NAMES)], names="num,cat"),
        np.array(list(zip(NUMBERS, NAMES, strict=True)), dtype=[("num", "f8"), ("cat", "U1")]),
        FRAME.convert_dtypes(),
        FRAME.convert_dtypes(dtype_backend="pyarrow"),
        pl.DataFrame({"num": NUMBERS, "cat": pl.Series(NAMES, dtype=pl.Enum(["a", "b"]))}),
        pa.table({"num": NUMBERS, "cat": NAMES}),
        pa.record_batch({"num": NUMBERS, "cat": NAMES}),
        pd.DataFrame({"num": [Decimal(str(number)) for number in NUMBERS], "cat": NAMES}),
    ],
    ids=lambda data: type(data).__name__,
)
def test_tables_of_every_make_are_the_same_points(data: Any) -> None:
    points = make_points(data)
    assert points.kind == "table"
    np.testing.assert_allclose(points.values, EXPECTED.values, atol=1e-6)
    assert Session(data).n_points == N


MASK = np.arange(N) == 3


@pytest.mark.parametrize(
    ("column", "nothing"),
    [
        (np.where(MASK, 99.0, NUMBERS), np.nan),
        (7 * np.arange(N) % N, None),
        (np.where(MASK, "odd", NAMES), None),
        (np.arange(N) % 3 == 0, None),
        (np.array(["2026-01-01"], "M8[ns]") + np.arange(N).astype("m8[D]"), pd.NaT),
        (np.array([name.encode() for name in NAMES]), None),
    ],
    ids=["numbers", "whole numbers", "names", "booleans", "dates", "bytes"],
)
def test_masked_cells_of_a_table_are_missing(column: np.ndarray, nothing: object) -> None:
    masked = np.ma.array(column, mask=MASK)
    cells = [nothing if hidden else cell for cell, hidden in zip(column, MASK, strict=True)]
    expected = make_points({"a": cells, "b": NUMBERS})
    found = make_points({"a": masked, "b": np.ma.array(NUMBERS)})
    np.testing.assert_array_equal(found.values, expected.values)
    records = np.ma.array(
        list(zip(column, NUMBERS, strict=True)),
        dtype=[("a", column.dtype), ("b", "f8")],
        mask=[(hidden, False) for hidden in MASK],
    )
    np.testing.assert_array_equal(make_points(records).values, expected.values)


def test_masked_texts_are_missing_and_masks_within_a_cell_are_refused() -> None:
    texts = [None if hidden else text for text, hidden in zip(TEXTS, MASK, strict=True)]
    with pytest.warns(FeatureWarning) as of_none:
        expected = make_points(texts)
    with pytest.warns(FeatureWarning) as of_masked:
        found = make_points(np.ma.array(TEXTS, mask=MASK))
    np.testing.assert_array_equal(found.values.toarray(), expected.values.toarray())
    assert [str(w.message) for w in of_masked] == [str(w.message) for w in of_none]
    wide = np.ma.array(np.ones((N, 2)), mask=np.stack([MASK, MASK], axis=1))
    with pytest.raises(InvalidInputError, match=r"a column of arrays is a masked array.*Fill them"):
        make_points({"a": wide, "b": NUMBERS})


@pytest.mark.parametrize(
    "data",
    [
        tuple(TEXTS),
        deque(TEXTS),
        [text.encode() for text in TEXTS],
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pd.Series(TEXTS, index=[f"r{row}" for row in range(N)]),
        pd.Series(TEXTS, dtype="category"),
        pl.Series(TEXTS),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_texts_of_every_make_are_the_same_points(data: Any) -> None:
    points = make_points(data)
    assert points.kind == "texts"
    assert not (points.values != make_points(TEXTS).values).nnz


def test_records_that_lack_a_field_miss_it() -> None:
    rows = [{"a": 1.0}, {"a": 2.0, "b": 3.0}, {"b": 4.0}, {"a": 5.0, "b": 6.0}]
    points = make_points(rows)
    assert points.transformer.get_feature_names_out().tolist() == [
        *("a", "a=missing"),
        *("b", "b=missing"),
    ]


def test_sets_in_cells_are_lists() -> None:
    tags = pd.DataFrame({"tags": [{"x", "y"} if row % 2 else {"z"} for row in range(N)]})
    assert make_points(tags).transformer.columns_[0].kind == "list"


def test_dates_of_nanoseconds_in_a_list_are_dates() -> None:
    days = np.array(["2026-01-01"], "M8[ns]") + np.arange(N).astype("m8[D]")
    expected = make_points({"when": days, "b": NUMBERS}).values
    for cells in (list(days), list(days.astype("M8[us]")), pd.Series(days).tolist()):
        np.testing.assert_array_equal(make_points({"when": cells, "b": NUMBERS}).values, expected)


class Season(Enum):
    DRY = 1
    WET = 2


def test_typed_values_of_pandas_and_python_are_what_they_stand_for() -> None:
    seasons = [Season.WET if row % 3 else Season.DRY for row in range(N)]
    days = pd.period_range("2020-01", periods=N, freq="M")
    ranges = [pd.Interval(row % 4, row % 4 + 1) for row in range(N)]
    points = make_points(
        FRAME.assign(day=days, season=seasons, range=pd.Series(ranges, dtype=object))
    )
    plain = make_points(
        FRAME.assign(
            day=days.to_timestamp(),
            season=[season.name for season in seasons],
            range=[str(interval) for interval in ranges],
        )
    )
    assert np.array_equal(points.values, plain.values)
    keys = make_points(FRAME.assign(key=[UUID(int=row**5) for row in range(N)]))
    assert "not used: key (codes, 40 different values in 40 rows)" in str(keys)


def test_values_of_an_unknown_type_are_not_left_out_in_silence() -> None:
    with pytest.warns(FeatureWarning, match=r"'z' holds values of type complex, and is not used"):
        make_points(FRAME.assign(z=np.arange(N) * 1j))
    with pytest.warns(FeatureWarning, match=r"'z' holds values of type complex128, and is not"):
        make_points({"num": NUMBERS, "z": np.arange(N) * 1j})


def test_durations_and_columns_with_names_of_several_levels() -> None:
    hours = pd.DataFrame({"t": pd.to_timedelta(NUMBERS, unit="h")})
    assert make_points(hours).values.shape == (N, 1)
    levels = FRAME.set_axis(pd.MultiIndex.from_tuples([("x", "num"), ("y", "cat")]), axis=1)
    np.testing.assert_allclose(make_points(levels).values, EXPECTED.values)


TIMES = [datetime.datetime(2026, 1, 1)] * N


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (FRAME["num"], r"Pass X\.to_frame\(\)"),
        (pl.Series(NUMBERS), r"Pass X\.to_frame\(\)"),
        (pl.LazyFrame({"num": NUMBERS}), r"Pass X\.collect\(\)"),
        ((text for text in TEXTS), r"Pass list\(X\)"),
        (set(TEXTS), r"Pass list\(X\)"),
        (StringIO("a,b"), r"pathlib\.Path"),
        ({"a": (number for number in NUMBERS)}, "a list or an array"),
        ({"a": [1, 2], "b": [1]}, r"of one length, got 'a' 2, 'b' 1"),
        (FRAME.set_axis(["a", "a"], axis=1), r"more than one column named 'a'"),
        (np.array(NUMBERS) + 1j, r"Pass X\.real"),
        (np.array(TIMES, dtype="datetime64[s]")[:, None], "Say in which unit"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_data_is_refused_with_the_remedy(data: Any, remedy: str) -> None:
    with pytest.raises((InvalidInputError, InvalidTypeError), match=remedy):
        make_points(data)
    if not hasattr(data, "__next__"):
        with pytest.raises((InvalidInputError, InvalidTypeError), match=remedy):
            Session(data)


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (NUMBERS, r"40 numbers in one\. Pass numpy\.reshape"),
        (range(N), r"40 numbers in one"),
        (None, "got None"),
        ("mail.csv", r"got a str, 'mail.csv'\. .*pathlib\.Path"),
        ([[10**400, 1]] * N, "too large"),
        ([[1, 2], [3]], "inhomogeneous"),
        ([["a", 1], ["b", 2]], r"pandas\.DataFrame\(X\)"),
    ],
)
def test_points_need_rows_of_numbers(data: Any, remedy: str) -> None:
    with pytest.raises((InvalidInputError, InvalidTypeError), match=remedy):
        make_points(data)
    with pytest.raises((InvalidInputError, InvalidTypeError)):
        Session(data)


def test_a_path_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(FRAME.to_csv(index=False))
    np.testing.assert_allclose(make_points(tmp_path / "t.csv").values, EXPECTED.values, atol=1e-6)
