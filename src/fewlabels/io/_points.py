"""From the values of one column to points: columns of numbers whose variances add up to 1.

So that a column counts as much as any other, whatever its unit and however many features it
makes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]

# How far a row without a number is from the others for that, in standard deviations.
_FLAG = 0.5


def number_points(values: npt.NDArray[np.float64], *, scale: bool) -> FloatArray:
    """Return a column of numbers, and a second one that says where they are missing, if they are.

    Missing numbers become the median of the others.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)
        NaN where missing, but not all; else finite.
    scale : bool
        Bring the variances of the columns to a sum of 1; else the numbers stay as they are, and
        the flag weighs half of their standard deviation.

    Returns
    -------
    ndarray of shape (n_rows, 1) or (n_rows, 2)
    """
    missing = np.isnan(values)
    if not missing.any():
        column = values[:, None]
        return standardised(column) if scale else column
    filled = np.where(missing, np.median(values[~missing]), values)[:, None]
    spread = np.array(filled[~missing].std()) if not scale else 1.0
    if scale and (filled != filled[0]).any():
        filled = standardised(filled)
    flag = _FLAG * (spread or 1.0) * missing[:, None]
    points = np.concatenate([filled, flag], axis=1)
    return standardised(points) if scale else points


def category_points(codes: npt.NDArray[np.intp], n_levels: int, *, scale: bool) -> FloatArray:
    """Return a column of 0 and 1 for each level, centred and scaled as a whole if `scale`.

    A code of -1 is none of the levels.
    """
    points = (codes[:, None] == np.arange(n_levels)).astype(np.float64)
    return standardised(points) if scale else points


def standardised(values: FloatArray) -> FloatArray:
    """Return columns minus their means, divided by one number, so that the variances sum to 1.

    They are first divided by the largest of all, so that squares neither overflow nor vanish.
    """
    scaled = values / np.abs(values).max()
    centred = scaled - scaled.mean(axis=0, dtype=np.float64)
    total = np.sqrt(centred.var(axis=0).sum())
    result: FloatArray = (centred / total).astype(values.dtype, copy=False)
    return result
