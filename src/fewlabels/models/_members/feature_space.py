"""The points as kernels see them: few dimensions, of total variance 1, plain and smoothed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from fewlabels.graph import Graph

FloatArray = npt.NDArray[np.floating[Any]]

# Features of more dimensions are projected onto so many principal directions.
_MOST_DIMENSIONS = 64
# The directions are found from so many points, evenly spaced.
_MOST_LOOKED_AT = 5_000
# Smoothing: so many rounds of taking this share of the neighbours' mean.
_ROUNDS, _SHARE = 15, 0.9


class FeatureSpace:
    """Features in at most 64 dimensions, centred and scaled to total variance 1.

    `plain` are the features; `smooth` are their means over the graph, S <- 0.9 P S + 0.1 X in 15
    rounds with P = D^-1 W, centred and scaled alike: what a point's surroundings look like. Along
    a cluster that bends, smoothed features are close where plain ones are far.

    Parameters
    ----------
    X : {ndarray, csr_matrix} of shape (n_samples, n_features)
    graph : Graph
        Of these points.

    Attributes
    ----------
    plain, smooth : ndarray of shape (n_samples, n_dimensions), float32

    Notes
    -----
    Above 64 features, principal directions of 5,000 points (sparse features: randomized SVD, not
    centred first). Cost: 15 products of the graph with n_dimensions columns.
    """

    def __init__(self, X: Any, graph: Graph) -> None:
        self._fit_projection(X)
        self.plain = self._projected(X)
        degrees = graph.degrees
        inverse = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
        walk = sparse.csr_array(sparse.diags_array(inverse) @ graph.affinity).astype(np.float32)
        smooth = self.plain.copy()
        for _ in range(_ROUNDS):
            smooth = _SHARE * (walk @ smooth)
            smooth += (1 - _SHARE) * self.plain
        self._mean = smooth.mean(axis=0, dtype=np.float64).astype(np.float32)
        smooth -= self._mean
        self._size = np.float32(_total_deviation(smooth))
        smooth /= self._size
        self.smooth = smooth

    def of_new(
        self, X: Any, averages: Callable[[FloatArray], FloatArray]
    ) -> tuple[FloatArray, FloatArray]:
        """Return new points, plain and smoothed.

        Parameters
        ----------
        X : {ndarray, csr_matrix} of shape (n_queries, n_features)
        averages : callable
            Weighted means over the fitted points near each new one, of columns of shape
            (n_samples, n_columns).
        """
        plain = self._projected(X)
        around = averages(self.smooth).astype(np.float32) * self._size + self._mean
        smooth = _SHARE * around + (1 - _SHARE) * plain
        return plain, (smooth - self._mean) / self._size

    def _fit_projection(self, X: Any) -> None:
        n_samples, n_features = X.shape
        step = max(1, n_samples // _MOST_LOOKED_AT)
        looked_at = X[::step]
        self._centre = np.zeros(n_features)
        self._directions: FloatArray | None = None
        if sparse.issparse(X):
            if min(looked_at.shape) > _MOST_DIMENSIONS:
                _, _, directions = randomized_svd(looked_at, _MOST_DIMENSIONS, random_state=0)
                self._directions = directions.T
        else:
            # means and squares of values near float's limits would overflow
            largest = float(np.abs(X).max(initial=0)) or 1.0
            self._centre = np.asarray(X, np.float64).mean(axis=0) if largest < 1e100 else (
                (np.asarray(X, np.float64) / largest).mean(axis=0) * largest
            )
            if n_features > _MOST_DIMENSIONS:
                centred = (looked_at - self._centre) / largest
                _, vectors = np.linalg.eigh(centred.T @ centred)
                self._directions = vectors[:, : -_MOST_DIMENSIONS - 1 : -1]
        self._scale = 1.0
        found = self._projected(X, dtype=np.float64)
        self._scale = _total_deviation(found)
        if sparse.issparse(X):  # the mean is taken away where the points are dense
            self._shift = found.mean(axis=0) / self._scale

    _shift: Any = 0.0

    def _projected(self, X: Any, dtype: Any = np.float32) -> FloatArray:
        if sparse.issparse(X):
            found = X.toarray() if self._directions is None else X @ self._directions
        else:
            found = X - self._centre
            if self._directions is not None:
                found = found @ self._directions
        return np.asarray(found / self._scale - self._shift, dtype=dtype)


def _total_deviation(points: FloatArray) -> float:
    """Square root of the sum of the variances of all columns; 1 where there is none."""
    largest = float(np.abs(points).max(initial=0))
    if largest == 0:
        return 1.0
    return largest * float(np.sqrt((points / largest).var(axis=0, dtype=np.float64).sum())) or 1.0
