"""Single settings are checked, and the errors say what came and what is allowed."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels._validation import check_choice, check_integer, check_n_jobs, check_real
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
