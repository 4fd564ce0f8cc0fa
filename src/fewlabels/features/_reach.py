"""Whether a finer distance is of use among points, told without labels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fewlabels._threads import one_blas_thread
from fewlabels._typing import Package

# So many points are looked at, each by the nearest of so many candidates.
_LOOKED_AT, _CANDIDATES, _NEAREST = 1_000, 60, 10
# So many more of the points may be in nobody's list. Letters and digits, read better by the image
# distortion model, lost 0 to 1.6 %; clothes, read worse, 2 to 5 %.
_MOST_LOST = 0.02


class Reach(NamedTuple):
    """Shares of points that are among the nearest of no other.

    Attributes
    ----------
    by_values, by_distance : float
    """

    by_values: float
    by_distance: float

    @property
    def is_kept(self) -> bool:
        """Whether hardly more points are out of reach by the distance than by the values."""
        return self.by_distance - self.by_values <= _MOST_LOST


def reach_of(values: np.ndarray, distance: Package, random_state: int = 0) -> Reach:
    """Tell how many points are out of reach by values, and after a finer distance ranks them.

    By a distance that suits, points are near to those that are like them. Where it does not suit,
    some are near to everybody, and others, such as pictures full of detail, to nobody: no label
    gets to these. The classes need not be known.

    Parameters
    ----------
    values : ndarray of shape (n, d)
    distance : object
        With ``between(rows, candidates)``, of these points.
    random_state : int, default=0
        Draws the points that are looked at.

    Returns
    -------
    Reach

    Notes
    -----
    1,000 points are looked at, as if there were no others: O(1,000^2 d), and 60,000 distances.

    References
    ----------
    M. Radovanovic, A. Nanopoulos, M. Ivanovic, "Hubs in space", JMLR 11 (2010): the counterpart of
    hubs are points in nobody's list.
    """
    n = len(values)
    rows = np.arange(n)
    if n > _LOOKED_AT:
        rows = np.sort(np.random.default_rng(random_state).choice(n, _LOOKED_AT, replace=False))
    if len(rows) < 2:
        return Reach(0.0, 0.0)
    points = np.asarray(values[rows], dtype=np.float32)
    with one_blas_thread():
        squares = np.einsum("ij,ij->i", points, points)
        apart = squares - 2 * points @ points.T  # but for a constant a row
    np.fill_diagonal(apart, np.inf)
    width = min(_CANDIDATES, len(rows) - 1)
    near = np.argsort(apart, axis=1, kind="stable")[:, :width]
    finer = np.argsort(distance.between(rows, rows[near]), axis=1, kind="stable")
    return Reach(_in_no_list(near), _in_no_list(np.take_along_axis(near, finer, axis=1)))


def _in_no_list(lists: npt.NDArray[np.intp]) -> float:
    counts = np.bincount(lists[:, :_NEAREST].ravel(), minlength=len(lists))
    return float(np.mean(counts == 0))
