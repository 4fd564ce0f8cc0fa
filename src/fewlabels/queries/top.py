"""The largest scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._validation import check_integer
from fewlabels.exceptions import InvalidInputError
from fewlabels.queries._checks import IntArray


def most_uncertain(scores: npt.ArrayLike, n_points: int) -> IntArray:
    """Return the indices of the `n_points` largest scores, largest first.

    Of equal scores, the lower index comes first. Note that near-duplicates have near-equal
    scores, so that a batch chosen this way may ask the same question several times;
    :class:`~fewlabels.queries.SigmaOptimality` avoids that.

    Parameters
    ----------
    scores : array-like of shape (n,)
        Such as :func:`entropy` or :func:`least_margin` gives. No NaN.
    n_points : int
        How many, from 0; all of them if there are fewer.

    Returns
    -------
    ndarray of shape (min(n_points, n),), intp

    Raises
    ------
    InvalidInputError
        If `scores` is not one-dimensional or has NaN, or `n_points` is negative.

    Examples
    --------
    >>> from fewlabels.queries import most_uncertain
    >>> most_uncertain([0.1, 0.9, 0.5, 0.9], 3)
    array([1, 3, 2])
    """
    count = check_integer("n_points", n_points, minimum=0)
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 1:
        raise InvalidInputError(f"scores must be one-dimensional, got shape {values.shape}.")
    if np.isnan(values).any():
        row = int(np.flatnonzero(np.isnan(values))[0])
        raise InvalidInputError(f"scores must not be NaN, and the one at index {row} is.")
    return np.argsort(-values, kind="stable")[:count]
