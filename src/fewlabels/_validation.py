"""Checks of single settings. Each error says what came, what is allowed and what to do."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from decimal import Decimal
from numbers import Integral, Real

import numpy as np
from scipy import sparse
from sklearn.utils import check_consistent_length

from fewlabels._arrays import first_few
from fewlabels._labels import is_missing
from fewlabels._typing import Cells, Frame
from fewlabels.exceptions import InvalidInputError, InvalidTypeError


def check_integer(
    name: str, value: object, *, minimum: int | None = None, maximum: int | None = None
) -> int:
    """Return `value` as an int, or raise; booleans are not integers here."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise InvalidTypeError(
            f"{name} must be an integer, got {value!r} of type {type(value).__name__}.",
            parameter=name,
        )
    number = int(value)
    if (minimum is not None and number < minimum) or (maximum is not None and number > maximum):
        raise InvalidInputError(
            f"{name} must be {_range(minimum, maximum)}, got {number}.", parameter=name
        )
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
            f"{name} must be a number, got {value!r} of type {type(value).__name__}.",
            parameter=name,
        )
    try:
        number = float(value)
    except OverflowError as error:  # an integer, or a fraction of integers
        raise InvalidInputError(f"{name} is beyond the largest float.", parameter=name) from error
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
        raise InvalidInputError(f"{name} must be {allowed}, got {number!r}.", parameter=name)
    return number


def check_choice(name: str, value: object, allowed: Iterable[str], *, other: str = "") -> str:
    """Return `value` if it is one of the strings `allowed`, or raise."""
    choices = list(allowed)
    if isinstance(value, str) and value in choices:
        return value
    listed = ", ".join(repr(choice) for choice in choices)
    kind = InvalidInputError if isinstance(value, str) else InvalidTypeError
    raise kind(f"{name} must be one of {listed}{other}, got {value!r}.", parameter=name)


def check_n_jobs(n_jobs: object) -> int | None:
    """Return `n_jobs` as joblib takes it: None, a positive or a negative integer."""
    if n_jobs is None:
        return None
    number = check_integer("n_jobs", n_jobs)
    if number == 0:
        raise InvalidInputError(
            "n_jobs must be None, positive, or negative (-1 means all cores), got 0.",
            parameter="n_jobs",
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
        f"{random_state!r}.",
        parameter="random_state",
    )


def check_same_length(*columns: object) -> None:
    """Raise unless all have as many rows; None is passed over."""
    try:
        check_consistent_length(*columns)
    except TypeError as error:
        raise InvalidTypeError(str(error)) from error
    except ValueError as error:
        raise InvalidInputError(f"{error} Give one entry per point in each.") from error


def naming_rows(X: Frame, message: str) -> str:
    """Add to scikit-learn's message where in `X` the fault is, or what to pass instead.

    Of NaN, infinity and other missing values, the rows, and in a table the columns; of text, the
    columns. Arrays are named by their shape, and not printed.
    """
    if isinstance(X, (str, os.PathLike)):
        return (
            f"X must hold numbers, one row per point; got {os.fspath(X)!r:.200}. If it is a file, "
            "read it first: an .npy file with np.load(path, mmap_mode='r'), a table with "
            "pandas.read_csv(path) or the like, of which X is the columns of numbers."
        )
    if message.startswith("Found array with dim"):
        array = "X" if hasattr(X, "reshape") else "np.asarray(X)"
        return (
            f"{message} X has shape {np.shape(X)}; make it one row per point: "
            f"{array}.reshape(len(X), -1)."
        )
    if message.startswith("Expected 2D array") and "Reshape your data" in message:
        got = message.partition(":")[0]
        return f"{got}, of shape {np.shape(X)}. {message[message.index('Reshape your data') :]}"
    if message.startswith(("could not convert", "float() argument")):
        cells = np.asarray(X, dtype=object)
        if cells.ndim != 2:
            return message
        wrong, missing = _columns_of_text(cells)
        if wrong or not missing:
            return message + _of_text(X, wrong)
        message = "Input X contains missing values."  # and nothing else that is no number
    elif message.startswith("cannot convert signaling NaN"):  # a Decimal
        message = "Input X contains NaN."
    elif "NaN" not in message and "infinity" not in message:
        return message
    columns = ""
    if sparse.issparse(X):
        matrix = X.tocoo()
        bad = np.unique(matrix.row[~np.isfinite(matrix.data)])
    else:
        finite = np.isfinite(_floats(X))
        bad = np.flatnonzero(~finite.all(axis=1))
        if hasattr(X, "columns"):
            columns = f" Columns: {first_few(_names(X, np.flatnonzero(~finite.all(axis=0))))}."
    listed = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
    first_line = message.splitlines()[0]
    rows = f" Rows that hold them, counted from 0: {listed} ({len(bad)} in all)."
    fill = ""
    if "infinity" not in first_line:
        fill = " Fill them in, such as with sklearn.impute.SimpleImputer, or leave those rows out."
    return f"{first_line}{rows}{columns}{fill}"


def _floats(X: object) -> np.ndarray:
    """Return a table, an array or a list of numbers as float64, missing values as NaN."""
    try:
        return np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):  # pandas.NA is no float, nor is Decimal("sNaN")
        cells = np.array(X, dtype=object)
    for column in range(cells.shape[1]):
        if not _is_numeric(cells[:, column]):
            cells[_missing(cells[:, column]), column] = np.nan
    return cells.astype(np.float64)


def _columns_of_text(cells: np.ndarray) -> tuple[list[int], bool]:
    """Return which columns hold what is no number, nor missing; and if some other is no number."""
    wrong = []
    missing = False
    for column in range(cells.shape[1]):
        entries = cells[:, column]
        if not _is_numeric(entries):
            if _is_numeric(entries[~_missing(entries)]):
                missing = True
            else:
                wrong.append(column)
    return wrong, missing


def _missing(entries: np.ndarray) -> np.ndarray:
    missing = (
        is_missing(entry) or (isinstance(entry, Decimal) and entry.is_nan()) for entry in entries
    )
    return np.fromiter(missing, dtype=bool, count=len(entries))


def _of_text(X: object, wrong: list[int]) -> str:
    """Say that the columns `wrong` hold what is no number."""
    if not wrong:
        return ""
    named = first_few(_names(X, np.array(wrong)))
    counted = "" if hasattr(X, "columns") else ", counted from 0"
    return (
        f". X must hold numbers; columns that hold something else{counted}: {named}. Drop them, or "
        "make numbers of them, such as with sklearn.preprocessing.OneHotEncoder."
    )


def _is_numeric(cells: np.ndarray) -> bool:
    try:
        cells.astype(np.float64)
    except (TypeError, ValueError):
        return False
    return True


def _names(X: object, places: np.ndarray) -> Cells:
    if not hasattr(X, "columns"):
        return list(places.tolist())
    names = list(X.columns)
    return [names[place] for place in places.tolist()]
