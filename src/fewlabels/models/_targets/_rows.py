"""Read labels in several columns: an array, a masked array, a list of rows or a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._label_values import is_missing
from fewlabels._labels import UNLABELLED
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def as_matrix(y: object) -> np.ndarray | None:
    """Return `y` as an array if it has two columns or more, else None."""
    if sparse.issparse(y):
        raise InvalidTypeError(
            "y is a sparse matrix, in which a 0 and a missing entry are one. Give a dense array: "
            "y.toarray()."
        )
    if isinstance(y, (list, tuple)):
        if not (y and all(isinstance(row, (list, np.ndarray)) for row in y)):
            return None
        try:
            values = np.asarray(y)
        except ValueError as error:
            raise InvalidInputError(
                f"the rows of y must have the same length, one entry per class: {error}"
            ) from error
    elif isinstance(y, np.ma.MaskedArray):
        values = unmasked(y)
    elif hasattr(y, "columns") and hasattr(y, "to_numpy"):
        values = np.asarray(y.to_numpy())
    elif hasattr(y, "__array__") and not hasattr(y, "to_list"):
        values = np.asarray(y)
    else:
        return None
    return values if values.ndim == 2 and values.shape[1] >= 2 else None


def column_names(y: object, n_columns: int) -> np.ndarray:
    """Return the names of a table's columns, or their numbers."""
    names = getattr(y, "columns", None)
    if names is None:
        return np.arange(n_columns)
    names = list(names)
    if all(isinstance(name, str) for name in names):
        return np.array(names)
    classes = np.empty(n_columns, dtype=object)
    classes[:] = names
    return classes


def missing_entries(matrix: np.ndarray) -> BoolArray:
    """Return where a matrix of objects holds None, NaN or ``pandas.NA``."""
    found = np.fromiter((is_missing(v) for v in matrix.ravel()), bool, count=matrix.size)
    return found.reshape(matrix.shape)


def as_floats(matrix: np.ndarray) -> FloatArray:
    """Return a matrix of numbers as float64, NaN where an entry is missing; or raise."""
    if matrix.dtype.kind == "O":
        matrix = np.where(missing_entries(matrix), np.nan, matrix)
    try:
        return np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(
            "y with several columns must hold numbers: distributions, or 0 and 1 for each class. "
            f"{error}"
        ) from error


def unmasked(y: np.ma.MaskedArray) -> np.ndarray:
    """Return the entries of a masked array, the marker of its dtype where they are masked."""
    if not np.ma.is_masked(y):
        return np.asarray(y.data)
    if y.dtype.kind == "f":
        return np.asarray(np.ma.filled(y, np.nan))
    if y.dtype.kind in "biu":
        return np.asarray(np.ma.filled(y.astype(np.int64), UNLABELLED))
    values = y.data.astype(object)
    values[np.ma.getmaskarray(y)] = None  # `filled` would take None for its usual mark, '?'
    return np.asarray(values)
