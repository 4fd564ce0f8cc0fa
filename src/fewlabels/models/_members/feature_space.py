"""The points as kernels see them: few dimensions, of total variance 1, plain and smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import ArpackError, eigsh
from sklearn.utils.extmath import randomized_svd

from fewlabels._arrays import first_few
from fewlabels._products import multiply
from fewlabels._rows import row_blocks
from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.solvers import run_all, shared_blocks

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

# Features of more dimensions are projected onto so many principal directions.
_MOST_DIMENSIONS = 64
# The directions are found from so many points, evenly spaced.
_MOST_LOOKED_AT = 5_000
# Of more points than that, ranks are those among so many.
_RANKED_AMONG = 1_000
# Up to so many numbers, each of over 64 features is ranked; beyond, distances take too long.
_MOST_RANKED = 2_000_000
# Of the largest variance: less is rounding. Up to so many rows, all eigenvectors are found as soon.
_NO_VARIANCE, _SMALL = 1e-13, 256
# Points are placed up to so many deviations away, so that float32 holds their inner products.
_FARTHEST = 1e30
# Smoothing: so many rounds of taking this share of the neighbours' mean.
_ROUNDS, _SHARE = 15, 0.9
# Rows that are summed at once.
_ROWS = 4096


class Variances(NamedTuple):
    """Of each column of what members see of all fitted points: see `Seen`."""

    plain: FloatArray
    smooth: FloatArray
    ranks: FloatArray


@dataclass(frozen=True)
class Seen:
    """Some points as members see them, a row a point, float32.

    Attributes
    ----------
    plain, smooth : ndarray of shape (n_points, n_dimensions)
        As of `FeatureSpace`.
    ranks : ndarray of shape (n_points, n_features)
        Where each feature lies among those of all points, from 0 to 1. Of over 64 features of
        many points: of the dimensions of `plain`.
    """

    plain: FloatArray
    smooth: FloatArray
    ranks: FloatArray
    _projection: Projection
    _X: Matrix | None

    @property
    def n_columns(self) -> int:
        """How many `columns` there are."""
        return int((self.plain if self._X is None else self._X).shape[1])

    def part(self, rows: slice) -> Seen:
        """Some of the points."""
        X = None if self._X is None else self._X[rows]
        return Seen(self.plain[rows], self.smooth[rows], self.ranks[rows], self._projection, X)

    def columns(self) -> FloatArray:
        """Each feature by itself, shape (n_points, n_features); of sparse ones, as `plain`."""
        return self.plain if self._X is None else self._projection.columns(self._X)


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
    ranks : ndarray, float32
        As of `Seen`.

    Notes
    -----
    Above 64 features, principal directions of 5,000 points (sparse features: randomized SVD, not
    centred first). Cost: 15 products of the graph with n_dimensions columns.
    """

    def __init__(self, X: Matrix, graph: Graph) -> None:
        self._projection, self.plain = Projection.with_points(X)
        self._X = None if self._projection.keeps_columns else X
        self._ranks_of_plain = self._X is None or X.shape[0] * X.shape[1] > _MOST_RANKED
        ranked = self.plain if self._ranks_of_plain else self._projection.columns(X)
        self._ranking = Ranking(ranked)
        self.ranks = self._ranking.of(ranked)
        smooth = smoothed(graph, self.plain)
        self._mean = smooth.mean(axis=0, dtype=np.float64).astype(np.float32)
        smooth -= self._mean
        self._size = np.float32(_total_deviation(smooth))
        smooth /= self._size
        self.smooth = smooth

    @cached_property
    def variances(self) -> Variances:
        """How much the columns of all fitted points vary."""
        of = (self.plain, self.smooth, self.ranks)
        return Variances(*(each.var(axis=0, dtype=np.float64) for each in of))

    def at(self, rows: slice | IntArray) -> Seen:
        """Return fitted points."""
        X = None if self._X is None else self._X[rows]
        return Seen(self.plain[rows], self.smooth[rows], self.ranks[rows], self._projection, X)

    def of_new(self, X: Matrix, around: FloatArray) -> Seen:
        """Return new points.

        Parameters
        ----------
        X : {ndarray, csr_matrix} of shape (n_queries, n_features)
        around : ndarray of shape (n_queries, n_dimensions)
            Weighted means of `smooth` over the fitted points near each new one.
        """
        plain = self._projection.of(X)
        mean = around.astype(np.float32) * self._size + self._mean
        smooth = _SHARE * mean + (1 - _SHARE) * plain
        ranked = plain if self._ranks_of_plain else self._projection.columns(X)
        smooth = (smooth - self._mean) / self._size
        kept = None if self._X is None else X
        return Seen(plain, smooth, self._ranking.of(ranked), self._projection, kept)


def smoothed(graph: Graph, points: FloatArray) -> FloatArray:
    """S after 15 rounds of S <- 0.9 P S + 0.1 X, P = D^-1 W, float32; see `FeatureSpace`."""
    n_points, n_dimensions = points.shape
    affinity, degrees = sparse.csr_array(graph.affinity), graph.degrees
    inverse = np.divide(1.0, degrees, out=np.zeros_like(degrees), where=degrees > 0)
    data = affinity.data * np.repeat(inverse, np.diff(affinity.indptr))
    walk = sparse.csr_array(
        (data.astype(np.float32), affinity.indices, affinity.indptr), shape=affinity.shape
    )
    blocks = shared_blocks(n_points, n_dimensions, walk.nnz)
    parts = [walk[rows] for rows in blocks]
    smooth, other = points.copy(), np.empty_like(points)

    def block(k: int) -> None:
        new = multiply(parts[k], smooth)
        new *= _SHARE
        new += (1 - _SHARE) * points[blocks[k]]
        other[blocks[k]] = new

    for _ in range(_ROUNDS):
        run_all(block, len(blocks))
        smooth, other = other, smooth
    return smooth


class Ranking:
    """From each column to where its values lie among those of all points, from 0 to 1.

    Of over 5,000 points, among those of 1,000, evenly spaced.

    Equal values have the middle of their ranks. Distances of ranks know nothing of a column's
    scale, of long tails, or of any other increasing function of it.

    Parameters
    ----------
    points : ndarray of shape (n_samples, n_columns)
    """

    def __init__(self, points: FloatArray) -> None:
        few = len(points) <= _MOST_LOOKED_AT
        looked_at = points if few else points[:: len(points) // _RANKED_AMONG]
        self._n_looked_at = len(looked_at)
        self._steps = [_steps(column) for column in looked_at.T]

    def of(self, points: FloatArray) -> FloatArray:
        """Return the ranks of points, float32, of their shape."""
        found = np.empty(points.shape, dtype=np.float32)

        def column(j: int) -> None:
            values, below, level = self._steps[j]
            here = np.ascontiguousarray(points[:, j])
            place = values.searchsorted(here)
            equal = values[np.minimum(place, len(values) - 1)] == here
            found[:, j] = np.where(equal, level[place], below[place])

        run_all(column, len(self._steps))
        found /= 2 * self._n_looked_at
        return found


def _steps(column: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The distinct values, ascending, and twice the ranks right below and at each; and of all."""
    values, counts = np.unique(column, return_counts=True)
    ends = np.cumsum(np.append(0, counts))
    below = 2 * ends.astype(np.float32)
    return values, below, below + np.append(counts, 0).astype(np.float32)


class Projection:
    """Onto at most 64 dimensions, centred and scaled so that all variances sum to 1.

    Parameters
    ----------
    X : {ndarray, csr_matrix} of shape (n_samples, n_features)
        Above 64 features, they are projected onto principal directions of 5,000 points.

    Attributes
    ----------
    keeps_columns : bool
        Whether `of` returns all there is to be had: of at most 64 features, their columns; of
        sparse ones, their projection.
    """

    def __init__(self, X: Matrix) -> None:
        self._learn(X)

    @classmethod
    def with_points(cls, X: Matrix) -> tuple[Self, FloatArray]:
        """Return the projection that is made of points, and what `of` returns of these."""
        made = cls.__new__(cls)
        return made, made._scaled(made._learn(X))

    def _learn(self, X: Matrix) -> FloatArray:
        """Set all there is, and return the points along the directions, centred."""
        n_samples, n_features = X.shape
        looked_at = X[:: max(1, n_samples // _MOST_LOOKED_AT)]
        self._directions: FloatArray | None = None
        self.keeps_columns = n_features <= _MOST_DIMENSIONS or sparse.issparse(X)
        if n_features > _MOST_DIMENSIONS:
            self._directions = _principal_directions(looked_at).astype(X.dtype)
        self._middle: FloatArray | None = None
        if not self.keeps_columns and X.dtype != np.float32:  # else nothing is lost
            self._middle = looked_at.mean(axis=0, dtype=np.float64)
        found = self._along_directions(X).astype(np.float64)
        self._centre = found.mean(axis=0)
        self._centre += (found - self._centre).mean(axis=0)  # of equal numbers, that number
        found -= self._centre
        self._scale = _total_deviation(found)
        return found

    def of(self, X: Matrix) -> FloatArray:
        """Return points as they are projected, float32, shape (n_points, n_dimensions).

        Raises
        ------
        InvalidInputError
            If a new point lies farther from the fitted ones than float32 can say.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            centred = self._along_directions(X) - self._centre
        return self._scaled(centred)

    def _scaled(self, centred: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            found = centred / self._scale
        within = np.abs(found) <= _FARTHEST  # NaN is not
        if not within.all():
            rows = np.flatnonzero(~within.all(axis=1))
            raise InvalidInputError(
                f"rows of X lie over {_FARTHEST:.0e} times as far from the fitted points as these "
                f"from one another: {first_few(rows.tolist())} (counted from 0). Give features in "
                "the units of those that were fitted."
            )
        return np.asarray(found, dtype=np.float32)  # which may hold no number before that

    def columns(self, X: Matrix) -> FloatArray:
        """Return each dense feature by itself, float32; if it was not so, about 0 and scaled."""
        if self._middle is None:
            return np.asarray(X, dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            found = (np.asarray(X, dtype=np.float64) - self._middle) / self._scale
        clipped = np.clip(found, -_FARTHEST, _FARTHEST)
        return np.asarray(clipped, dtype=np.float32)

    def _along_directions(self, X: Matrix) -> FloatArray:
        found = X if self._directions is None else X @ self._directions
        return np.asarray(found.toarray() if sparse.issparse(found) else found)


def _principal_directions(X: Matrix) -> FloatArray:
    """Up to 64 directions of largest variance, as columns; of sparse features, not centred."""
    if sparse.issparse(X):
        n_found = min(_MOST_DIMENSIONS, *X.shape)
        _, _, directions = randomized_svd(X, n_found, random_state=0)
        return np.asarray(directions.T)
    points = X.astype(np.float64)
    points -= points.mean(axis=0)
    size = float(np.abs(points).max(initial=0))
    if size == 0:
        return np.eye(X.shape[1], _MOST_DIMENSIONS)
    points /= size
    across = len(points) < points.shape[1]  # there are fewer products of points than of features
    products = points @ points.T if across else points.T @ points
    variances, directions = _largest_eigenvectors(products)
    # those without any variance are arbitrary
    directions = directions[:, variances > _NO_VARIANCE * variances.max()]
    if across:
        directions = points.T @ directions
        directions /= np.linalg.norm(directions, axis=0)
    return np.asarray(directions)


def _largest_eigenvectors(products: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The 64 largest eigenvalues and their vectors, the same each time; all that are fewer."""
    if len(products) > _SMALL:
        try:
            values, vectors = eigsh(products, _MOST_DIMENSIONS, v0=np.ones(len(products)))
        except ArpackError:
            values = np.zeros(1)
        # of lower rank, ARPACK starts again from vectors of chance
        if values.min() > _NO_VARIANCE * values.max():
            return values, vectors
    values, vectors = np.linalg.eigh(products)
    return values[-_MOST_DIMENSIONS:], vectors[:, -_MOST_DIMENSIONS:]


def _total_deviation(centred: FloatArray) -> float:
    """Square root of the sum of the variances of all columns; 1 where there is none."""
    largest = float(max(centred.max(initial=0), -centred.min(initial=0)))
    if largest == 0:
        return 1.0
    total = 0.0
    for block in row_blocks(len(centred), _ROWS):
        part = centred[block] / np.float64(largest)
        total += float(np.vdot(part, part))
    return largest * float(np.sqrt(total / len(centred))) or 1.0
