"""Checks of single settings. Each error says what came, what is allowed and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_consistent_length

from fewlabels.exceptions import InvalidInputError, InvalidTypeError


def check_integer(
    name: str, value: object, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an int, or raise; booleans are not integers here."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InvalidTypeError(
            f"{name} must be an integer, got {value!r} of type {type(value).__name__}."
        )
    number = int(value)
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise InvalidInputError(f"{name} must be {_range(minimum, maximum)}, got {number}.")
    return number


def check_real(
    name: str,
    value: object,
    *,
    above: float | None = None,
    below: float | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
) -> float:
    """Return `value` as a finite float inside the range, or raise."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InvalidTypeError(
            f"{name} must be a number, got {value!r} of type {type(value).__name__}."
        )
    try:
        number = float(value)
    except OverflowError as error:  # an integer, or a fraction of integers
        raise InvalidInputError(f"{name} is beyond the largest float.") from error
    bounds = []
    if above is not None:
        bounds.append((number > above, f"greater than {above:g}"))
    if minimum is not None:
        bounds.append((number >= minimum, f"at least {minimum:g}"))
    if maximum is not None:
        bounds.append((number <= maximum, f"at most {maximum:g}"))
    if below is not None:
        bounds.append((number < below, f"less than {below:g}"))
    if not math.isfinite(number) or not all(holds for holds, _ in bounds):
        allowed = " and ".join(["finite", *(text for _, text in bounds)])
        raise InvalidInputError(f"{name} must be {allowed}, got {number!r}.")
    return number


def check_choice(name: str, value: object, allowed: Iterable[str], *, other: str = "") -> str:
    """Return `value` if it is one of the strings `allowed`, or raise."""
    choices = list(allowed)
    if isinstance(value, str) and value in choices:
        return value
    listed = ", ".join(repr(choice) for choice in choices)
    kind = InvalidInputError if isinstance(value, str) else InvalidTypeError
    raise kind(f"{name} must be one of {listed}{other}, got {value!r}.")


def check_n_jobs(n_jobs: object) -> int | None:
    """Return `n_jobs` as joblib takes it: None, a positive or a negative integer."""
    if n_jobs is None:
        return None
    number = check_integer("n_jobs", n_jobs)
    if number == 0:
        raise InvalidInputError(
            "n_jobs must be None, positive, or negative (-1 means all cores), got 0."
        )
    return number


def _range(minimum: int | None, maximum: int | None) -> str:
    if minimum is None:
        return f"at most {maximum}"
    if maximum is None:
        return f"at least {minimum}"
    return f"from {minimum} to {maximum}"


def check_seed(random_state: object) -> None:
    """Raise if `random_state` is neither None nor an integer seed nor a RandomState."""
    if random_state is None or isinstance(random_state, np.random.RandomState):
        return
    if isinstance(random_state, Integral):
        check_integer("random_state", random_state, minimum=0, maximum=2**32 - 1)
        return
    raise InvalidTypeError(
        "random_state must be None, an integer or a numpy.random.RandomState, got "
        f"{random_state!r}."
    )


def check_same_length(*columns: Any) -> None:
    """Raise unless all have as many rows; None is passed over."""
    try:
        check_consistent_length(*columns)
    except TypeError as error:
        raise InvalidTypeError(str(error)) from error
    except ValueError as error:
        raise InvalidInputError(f"{error} Give one entry a point in each.") from error


def naming_rows(X: Any, message: str) -> str:
    """Add to scikit-learn's message the rows of its NaN or infinite values, or the way to 2-D."""
    if message.startswith("Found array with dim"):
        array = "X" if hasattr(X, "reshape") else "np.asarray(X)"
        return (
            f"{message} X has shape {np.shape(X)}; make it one row a point: "
            f"{array}.reshape(len(X), -1)."
        )
    if "NaN" not in message and "infinity" not in message:
        return message
    if sparse.issparse(X):
        matrix = X.tocoo()
        bad = np.unique(matrix.row[~np.isfinite(matrix.data)])
    else:
        bad = np.flatnonzero(~np.isfinite(np.asarray(X, dtype=np.float64)).all(axis=1))
    listed = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
    first_line = message.splitlines()[0]
    return f"{first_line} Rows that hold them, counted from 0: {listed} ({len(bad)} in all)."
