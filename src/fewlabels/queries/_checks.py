"""Checks that every rule shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._arrays import FILL_NUMBERS, LEAVE_OUT, refuse_masked
from fewlabels.exceptions import InvalidInputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# float32 rows of many classes sum to 1 within this.
_SUM_TOLERANCE = 1e-3


def check_distributions(distributions: npt.ArrayLike) -> FloatArray:
    """Return class distributions as float64, shape (n_points, n_classes), or raise."""
    refuse_masked(distributions, "distributions", FILL_NUMBERS)
    values = np.asarray(distributions, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] == 0:
        raise InvalidInputError(
            "distributions must have shape (n_points, n_classes), with one class or more, got "
            f"shape {values.shape}. Pass a fitted model's label_distributions_."
        )
    wrong = ~((values >= 0).all(axis=1) & (np.abs(values.sum(axis=1) - 1) <= _SUM_TOLERANCE))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidInputError(
            "each row of distributions must be non-negative and sum to 1; "
            f"row {row} is {values[row]}."
        )
    return values


def check_candidates(candidates: npt.ArrayLike | None, n_nodes: int) -> IntArray:
    """Return distinct node numbers as intp, ascending, from numbers or a mask; or raise."""
    if candidates is None:
        return np.arange(n_nodes)
    refuse_masked(candidates, "candidates", LEAVE_OUT)
    given: np.ndarray = np.asarray(candidates)
    if given.dtype == bool:
        if given.shape != (n_nodes,):
            raise InvalidInputError(
                f"a mask of candidates must have one entry per node, shape ({n_nodes},); got "
                f"{given.shape}."
            )
        return np.flatnonzero(given)
    if given.size == 0:
        return np.empty(0, dtype=np.intp)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise InvalidInputError(
            "candidates must be a one-dimensional list of node numbers or a mask, got "
            f"shape {given.shape} and dtype {given.dtype}."
        )
    ascending = bool((given[1:] > given[:-1]).all())  # to sort a million takes a second
    distinct = given if ascending else np.unique(given)
    if distinct[0] < 0 or distinct[-1] >= n_nodes:
        raise InvalidInputError(
            f"candidates must hold node numbers from 0 to {n_nodes - 1}, got values from "
            f"{distinct[0]} to {distinct[-1]}."
        )
    return distinct.astype(np.intp)
