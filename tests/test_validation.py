"""Single settings are checked, and the errors say what came and what is allowed."""

from __future__ import annotations

import pickle
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels import LabelSpreading, knn_graph
from fewlabels._validation import (
    check_choice,
    check_integer,
    check_n_jobs,
    check_real,
    check_same_length,
    check_seed,
    naming_rows,
)
from fewlabels.exceptions import (
    DataFileError,
    FewLabelsError,
    GraphFileError,
    InvalidInputError,
    InvalidTypeError,
    MissingDependencyError,
    NotEnoughMemoryError,
    UnreachedWarning,
)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidInputError, ValueError),
        (InvalidTypeError, TypeError),
        (NotEnoughMemoryError, MemoryError),
        (GraphFileError, ValueError),
        (DataFileError, ValueError),
        (MissingDependencyError, ImportError),
    ],
)
def test_every_error_is_ours_and_also_the_builtin_one(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, FewLabelsError)
    assert issubclass(error, builtin)
    assert issubclass(UnreachedWarning, UserWarning)


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.int64(3)])
def test_integers_of_every_kind_become_ints(value: Any) -> None:
    checked = check_integer("n", value, minimum=3, maximum=3)
    assert (checked, type(checked)) == (3, int)


@pytest.mark.parametrize("value", [3.0, "3", None, True, np.True_, [3], np.array([3]), Fraction(3)])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    with pytest.raises(InvalidTypeError, match=r"n must be an integer, got .* of type"):
        check_integer("n", value)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"minimum": 5}, "n must be at least 5, got 3."),
        ({"maximum": 2}, "n must be at most 2, got 3."),
        ({"minimum": 4, "maximum": 9}, "n must be from 4 to 9, got 3."),
        ({"minimum": 0, "maximum": 2}, "n must be from 0 to 2, got 3."),
    ],
)
def test_integers_out_of_range_are_refused(limits: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_integer("n", 3, **limits)
    assert str(caught.value) == message


@given(st.integers())
def test_any_integer_passes_without_limits(value: int) -> None:
    assert check_integer("n", value) == value


@pytest.mark.parametrize("value", [0.5, np.float32(0.5), np.float64(0.5), Fraction(1, 2)])
def test_real_numbers_of_every_kind_become_floats(value: Any) -> None:
    checked = check_real("x", value, above=0, below=1)
    assert (checked, type(checked)) == (0.5, float)


@pytest.mark.parametrize(
    "value", ["1", None, True, np.False_, 1j, [1.0], np.array([1.0]), Decimal(1)]
)
def test_what_is_no_real_number_is_refused(value: Any) -> None:
    with pytest.raises(InvalidTypeError, match=r"x must be a number, got .* of type"):
        check_real("x", value)


@pytest.mark.parametrize(
    ("value", "limits", "message"),
    [
        (0, {"above": 0}, "x must be finite and greater than 0, got 0.0."),
        (-1, {"minimum": 0}, "x must be finite and at least 0, got -1.0."),
        (1, {"above": 0, "below": 1}, "greater than 0 and less than 1, got 1.0."),
        (1 + 1e-9, {"below": 1}, "less than 1, got 1.000000001."),
        (float("nan"), {"above": 0}, "finite and greater than 0, got nan."),
        (float("inf"), {"minimum": 0}, "x must be finite and at least 0, got inf."),
        (float("-inf"), {"below": 0}, "got -inf."),
        (np.float64("nan"), {}, "x must be finite, got nan."),
        (10**400, {}, "x is beyond the largest float."),
        (-(10**400), {"below": 0}, "x is beyond the largest float."),
    ],
)
def test_real_numbers_out_of_range_are_refused(
    value: Any, limits: dict[str, float], message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_real("x", value, **limits)
    assert str(caught.value).endswith(message)


def test_limits_that_belong_to_the_range_pass() -> None:
    assert check_real("x", 0, minimum=0) == 0


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_finite_float_passes_without_limits(value: float) -> None:
    assert check_real("x", value) == value


def test_a_choice_is_returned() -> None:
    assert check_choice("how", "mean", ("mean", "union")) == "mean"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("median", InvalidInputError),
        ("", InvalidInputError),
        (None, InvalidTypeError),
        (3, InvalidTypeError),
        (["mean"], InvalidTypeError),
    ],
)
def test_what_is_no_choice_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        check_choice("how", value, ("mean", "union"), other=", or a callable")
    assert str(caught.value) == (
        f"how must be one of 'mean', 'union', or a callable, got {value!r}."
    )


@pytest.mark.parametrize("n_jobs", [None, 1, 4, -1, np.int64(2)])
def test_numbers_of_jobs_pass(n_jobs: Any) -> None:
    assert check_n_jobs(n_jobs) == n_jobs


@pytest.mark.parametrize(
    ("n_jobs", "error"), [(0, InvalidInputError), (1.5, InvalidTypeError), (True, InvalidTypeError)]
)
def test_what_is_no_number_of_jobs_is_refused(n_jobs: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="n_jobs must be"):
        check_n_jobs(n_jobs)


@pytest.mark.parametrize(
    "check",
    [
        lambda name: check_integer(name, "3"),
        lambda name: check_integer(name, 3, minimum=4),
        lambda name: check_real(name, None),
        lambda name: check_real(name, 10**400),
        lambda name: check_real(name, 1, below=1),
        lambda name: check_choice(name, "median", ("mean", "union")),
        lambda _: check_n_jobs(0),
        lambda _: check_n_jobs("all"),
        lambda _: check_seed("7"),
        lambda _: check_seed(-1),
    ],
)
def test_an_error_tells_the_setting_and_its_message_begins_with_it(check: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check("how")
    name = caught.value.parameter
    assert name in ("how", "n_jobs", "random_state")
    assert str(caught.value).startswith(f"{name} ")
    copied = pickle.loads(pickle.dumps(caught.value))  # as it comes from another process
    assert (copied.parameter, str(copied)) == (name, str(caught.value))


def test_an_error_of_no_single_setting_names_none() -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_same_length([1, 2], [3])
    assert caught.value.parameter is None


TEXT = "could not convert string to float: 'p'"
MISSING = "Input X contains NaN.\nmore"
FILL = " Fill them in, such as with sklearn.impute.SimpleImputer, or leave those rows out."


class Table:
    """As much of a table as is looked at."""

    columns = ("a", "b", "c", "d", "e", "f", "g")

    def __init__(self, cells: list[list[Any]]) -> None:
        self._cells = cells

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._cells, dtype=dtype or object)


def test_columns_of_text_are_named() -> None:
    table = Table([[1.0, "p", 2.0, "3", None, 4, 5]])
    assert "hold something else: 'b'. Drop them" in naming_rows(table, TEXT)
    array = np.array([[1.0, "p"], ["q", 2.0], [3, 4]], dtype=object)
    assert "something else, counted from 0: 0, 1. Drop" in naming_rows(array, TEXT)
    many = Table([list("pqrstuv")])
    assert "'a', 'b', 'c', 'd', 'e' and 2 more" in naming_rows(many, TEXT)
    assert naming_rows([["p"], [1, 2]][:1][0], TEXT) == TEXT  # no matrix: there are no columns


def test_columns_of_a_table_that_hold_nan_are_named_beside_the_rows() -> None:
    table = Table([[0, 1, 2, 3, 4, 5, 6], [0, np.nan, 2, 3, 4, 5, np.inf]])
    assert naming_rows(table, MISSING) == (
        "Input X contains NaN. Rows that hold them, counted from 0: 1 (1 in all). "
        f"Columns: 'b', 'g'.{FILL}"
    )


def test_missing_entries_of_pandas_own_columns_are_found() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": [3, None]}).convert_dtypes()
    assert naming_rows(table, MISSING).endswith(f"0: 1 (1 in all). Columns: 'b'.{FILL}")


@pytest.mark.parametrize("form", ["array", "list", "table"])
def test_missing_entries_among_objects_are_named_like_nan(form: str) -> None:
    pandas = pytest.importorskip("pandas")
    cells = [[1.0, 2.0, 3.0], [4.0, pandas.NA, 6.0], [7.0, 8.0, None], [np.nan, 1.0, pandas.NaT]]
    X: Any = {
        "array": np.array(cells, dtype=object),
        "list": cells,
        "table": pandas.DataFrame(np.array(cells, dtype=object), columns=["a", "b", "c"]),
    }[form]
    columns = " Columns: 'a', 'b', 'c'." if form == "table" else ""
    for make in (knn_graph, lambda X: LabelSpreading().fit(X, [0, 1, -1, -1])):
        with pytest.raises(InvalidInputError) as caught:
            make(X)
        assert str(caught.value) == (
            "Input X contains missing values. Rows that hold them, counted from 0: 1, 2, 3 "
            f"(3 in all).{columns}{FILL}"
        )


def test_missing_entries_beside_text_are_not_taken_for_text() -> None:
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, pandas.NA], "b": ["p", None], "c": [3, 4]}, dtype=object)
    with pytest.raises(InvalidInputError, match=r"that hold something else: 'b'\. Drop"):
        knn_graph(table)


def test_a_message_of_nan_names_missing_entries_of_any_array() -> None:
    pandas = pytest.importorskip("pandas")
    for X in ([[1.0, pandas.NA]], Table([[1, pandas.NA, 3, 4, 5, 6, np.inf]])):
        assert "counted from 0: 0 (1 in all)." in naming_rows(X, MISSING)


@pytest.mark.parametrize("X", ["x.csv", Path("x.csv")])
def test_a_file_name_is_no_array_and_it_is_said_how_to_read_it(X: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"got 'x\.csv'\. If it is a file, .*np\.load"):
        knn_graph(X)
    with pytest.raises(InvalidInputError, match=r"got 'x\.csv'\. If it is a file"):
        LabelSpreading().fit(X, [0, -1])


def test_a_vector_is_named_by_its_shape_and_not_printed() -> None:
    with pytest.raises(InvalidInputError, match="of shape \\(300,\\)") as caught:
        knn_graph(np.arange(300.0))
    assert "299" not in str(caught.value)
    assert "Reshape your data" in str(caught.value)
