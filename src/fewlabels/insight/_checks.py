"""Checks that the functions of this package share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import FILL_NUMBERS, refuse_masked
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def check_distributions(name: str, values: npt.ArrayLike) -> FloatArray:
    """Return finite, non-negative rows as float64 of shape (n_points, n_classes), or raise."""
    refuse_masked(values, name, FILL_NUMBERS)
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} must hold numbers: {error}") from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise InvalidInputError(
            f"{name} must have shape (n_points, n_classes), got shape {array.shape}."
        )
    wrong = ~(np.isfinite(array) & (array >= 0)).all(axis=1)
    if wrong.any():
        raise InvalidInputError(
            f"{name} must be finite and not negative; row {int(np.argmax(wrong))} is "
            f"{array[np.argmax(wrong)].tolist()}, and {int(wrong.sum())} in all are not."
        )
    return array


def check_codes(name: str, codes: npt.ArrayLike, shape: tuple[int, ...]) -> IntArray:
    """Return class numbers that fit distributions of `shape`, or raise."""
    refuse_masked(codes, name, FILL_NUMBERS)
    array: np.ndarray = np.asarray(codes)
    if array.size == 0:  # an empty list comes as floats
        array = array.astype(np.intp)
    if array.dtype.kind not in "iub" or array.shape != shape[:1]:
        raise InvalidInputError(
            f"{name} must hold the number of a class, a column of the distributions, for each of "
            f"the {shape[0]} points; got dtype {array.dtype} and shape {array.shape}."
        )
    if array.size and (array.min() < 0 or array.max() >= shape[1]):
        outside = array[(array < 0) | (array >= shape[1])][0]
        raise InvalidInputError(
            f"{name} must be from 0 to {shape[1] - 1}, the columns; got {outside}."
        )
    return array.astype(np.intp)


def check_column(name: str, values: npt.ArrayLike, n_points: int) -> FloatArray:
    """Return a non-negative number for each point, or raise."""
    refuse_masked(values, name, FILL_NUMBERS)
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (n_points,) or not (np.isfinite(array) & (array >= 0)).all():
        raise InvalidInputError(
            f"{name} must hold a finite number of at least 0 for each of the {n_points} points; "
            f"got shape {array.shape}."
        )
    return array
