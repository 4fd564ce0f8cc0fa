"""Kernels of features: linear, of nearby points, and smooth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from fewlabels.models._members import Ranking

FloatArray = npt.NDArray[np.float64]
Points = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

LINEAR, NEARBY, SMOOTH = "linear", "nearby", "smooth"
# Points that the usual distance is of.
_MOST_MEASURED = 2_000
# A column's relevance never falls below this, so that few labels can't silence it.
_LEAST_RELEVANCE = 0.1


class FeatureKernels:
    """Kernels between points and the labelled ones, in which relevant columns count more.

    ``"linear"``: inner products. ``"nearby"``: exp(-d), d being the sum of absolute differences of
    ranks, which know nothing of scales and long tails. ``"smooth"``: exp(-d^2 / 8) of the Euclidean
    distance. Distances are in units of the usual one, their median. Columns count by `relevances`.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_dimensions), float32
        Of total variance 1, about 0.
    nodes : ndarray of int, shape (n_labelled,)
    y : ndarray of shape (n_labelled,)
        Their numbers.
    """

    names = (LINEAR, NEARBY, SMOOTH)

    def __init__(self, points: Points, nodes: IntArray, y: FloatArray) -> None:
        self._points = points
        known = points[nodes].astype(np.float64)
        self._relevance = relevances(known, y, points.var(axis=0, dtype=np.float64))
        self._root = np.sqrt(self._relevance)
        self._ranking = Ranking(points)
        ranks = self._ranking.of(points)
        self._of_ranks = relevances(
            ranks[nodes].astype(np.float64), y, ranks.var(axis=0, dtype=np.float64)
        )
        self._known = {
            LINEAR: known * self._relevance,
            NEARBY: ranks[nodes] * self._of_ranks,
            SMOOTH: known * self._root,
        }
        some = points[:: max(1, len(points) // _MOST_MEASURED)]
        self._usual = {
            name: float(np.median(self._distances(name, some))) or 1.0 for name in (NEARBY, SMOOTH)
        }

    def rows(self, name: str, points: Points) -> FloatArray:
        """Kernel of points with the labelled ones, shape (n_points, n_labelled)."""
        if name == LINEAR:
            return np.asarray(points @ self._known[LINEAR].T)
        distances = self._distances(name, points) / self._usual[name]
        with np.errstate(under="ignore"):  # far points have nothing in common
            return np.asarray(np.exp(-distances if name == NEARBY else distances**2 / -8))

    def own(self, name: str, points: Points) -> FloatArray:
        """Kernel of each point with itself, shape (n_points,)."""
        if name == LINEAR:
            return np.asarray((points.astype(np.float64) ** 2) @ self._relevance)
        return np.ones(len(points))

    def at(self, rows: slice | IntArray) -> Points:
        """The fitted points as the kernels take them."""
        return self._points[rows]

    def _distances(self, name: str, points: Points) -> FloatArray:
        if name == NEARBY:
            ranks = self._ranking.of(points) * self._of_ranks
            return np.asarray(cdist(ranks, self._known[NEARBY], "cityblock"))
        return np.asarray(cdist(points * self._root, self._known[SMOOTH]))


def relevances(known: FloatArray, y: FloatArray, variances: FloatArray) -> FloatArray:
    """How much each column tells of the numbers; the variances of weighted columns sum as before.

    The share of the labels' variance that a line explains, less what chance explains (adjusted
    R^2), plus 0.1 and 1 / sqrt(degrees of freedom): with few labels all columns count nearly
    alike.

    Parameters
    ----------
    known : ndarray of shape (n_labelled, n_dimensions)
    y : ndarray of shape (n_labelled,)
    variances : ndarray of shape (n_dimensions,)
        Of all points.
    """
    freedom = len(known) - 2
    if freedom < 2:
        return np.ones(known.shape[1])
    x, about = known - known.mean(axis=0), y - y.mean()
    sizes = (x**2).sum(axis=0) * (about @ about)
    explained = np.divide((about @ x) ** 2, sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    adjusted = np.clip(1 - (1 - explained) * (freedom + 1) / freedom, 0, 1)
    weights = adjusted + _LEAST_RELEVANCE + 1 / np.sqrt(freedom)
    total = float((weights * variances).sum())
    return np.asarray(weights * (variances.sum() / total if total > 0 else 1.0))
