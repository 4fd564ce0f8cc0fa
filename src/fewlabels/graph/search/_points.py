"""Features as points whose Euclidean distances order them as the metric does.

Dense arrays in memory, sparse matrices, and files that are read in blocks look alike here, so that
one search serves all. Euclidean points are moved near the origin, where float32 has digits to
spare; for the cosine, rows are scaled to length 1. The largest inner product is the smallest
distance from (x, 0) to (y, sqrt(m^2 - |y|^2)), m the largest norm (Bachrach et al., "Speeding up
the Xbox recommender system using a Euclidean transformation for inner-product spaces", RecSys
2014); that last coordinate is called the lift.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from sklearn.utils.extmath import randomized_svd

from fewlabels._rows import row_blocks
from fewlabels._typing import Sparse
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._exact import directions
from fewlabels.graph.search._nearest import squared_distances
from fewlabels.io import FeatureFile

IntArray = npt.NDArray[np.integer]
Float32Array = npt.NDArray[np.float32]
FloatArray = npt.NDArray[np.float64]

# Principal axes and the origin are those of a sample of this many points.
SAMPLED = 10_000
# With more features, the eigenvectors of their covariance take longer than the search.
_MOST_FOR_COVARIANCE = 1_500
# Squares of features beyond these sizes, or differences of them, would leave float32.
_LARGEST, _SMALLEST = 1e15, 1e-10
# Beside the largest feature, those of most points must not be smaller than that: in the unit that
# suits the largest, their squares would vanish.
_NARROWEST = 1e-16
_BLOCK_BYTES = 16_000_000
# True neighbours: no more than about so many of each block are looked at closer.
_BOUND_FROM = 16_384
_PAIRS_AT_ONCE = 1_000_000


Distances: TypeAlias = Callable[[slice | IntArray], np.ndarray]


class Axes(NamedTuple):
    """Directions in which points vary most: the columns of `directions`.

    Attributes
    ----------
    directions : ndarray of shape (n_rows, n_components), float32
    position : ndarray of shape (n_features,), int32, or None
        Of sparse points: which row of `directions` each feature has; -1 is none.
    """

    directions: Float32Array
    position: npt.NDArray[np.int32] | None = None


class Points(ABC):
    """Points to search among.

    Attributes
    ----------
    n_points : int
    n_features : int
    scale : float
        Distances are in this unit; 1 unless float32 would overflow or vanish.
    in_range : bool
        Whether float32 can tell most points apart in that unit. Far outliers may stretch it.
    lift : ndarray of shape (n_points,), float32, or None
        The last coordinate of each point, 0 in queries; None where the two are the same.
    spare : ndarray of shape (n_points,), or None
        m^2 - |y|^2 where there is a lift: for d^2 = 2 (m^2 - <x, y>), to be added to the squared
        distance of query x.
    """

    n_points: int
    n_features: int
    scale: float = 1.0
    in_range: bool = True
    spare: FloatArray | None = None

    @property
    def lift(self) -> Float32Array | None:
        """The last coordinate of each point where queries have 0."""
        return None if self.spare is None else np.sqrt(self.spare).astype(np.float32)

    @abstractmethod
    def axes(self, n_components: int, rng: np.random.Generator) -> Axes:
        """Return the directions in which a sample of the points varies most."""

    @abstractmethod
    def projected(self, axes: Axes, workers: Workers) -> Float32Array:
        """Return all points in the coordinates of `axes`, and the lift if there is one."""

    @abstractmethod
    def true_nearest(self, queries: IntArray, k: int, workers: Workers) -> IntArray:
        """Return the `k` other points nearest to each of `queries`, in no order."""

    @abstractmethod
    def squared(self, queries: IntArray, found: IntArray) -> npt.NDArray[np.floating]:
        """Return squared distances from the differences; `found` has shape (n_queries, any)."""

    def with_lift(self, coordinates: Float32Array) -> Float32Array:
        """Append the lift to the coordinates of all points, if there is one."""
        if self.lift is None:
            return coordinates
        return np.hstack([coordinates, self.lift[:, None]])


class DensePoints(Points):
    """Rows of an array in memory, or of a file, made points block by block."""

    def __init__(self, X: np.ndarray | FeatureFile, metric: str, workers: Workers) -> None:
        self._X, self._metric = X, metric
        self.in_file = isinstance(X, FeatureFile)
        self.n_points, width = X.shape
        self._rows_at_once = max(1, _BLOCK_BYTES // (width * X.dtype.itemsize))
        self._middle = np.zeros(width, dtype=X.dtype)
        self._has_zeros = False
        if metric == "euclidean":
            some = self._raw(_spread(self.n_points))
            middle = (len(some) - 1) // 2  # a value of the data, so that integers stay integers
            self._middle = np.partition(some, middle, axis=0)[middle].copy()
        blocks = row_blocks(self.n_points, self._rows_at_once)
        largest, zeros = zip(*workers.map(self._survey, blocks), strict=True)
        size = max(largest)
        if metric != "cosine" and size and not _SMALLEST < size < _LARGEST:
            self.scale = 2.0 ** np.ceil(np.log2(size))
            some = self._raw(_spread(self.n_points)) - self._middle
            self.in_range = _in_range(np.abs(some).max(axis=1), size)
        self._has_zeros = metric == "cosine" and any(zeros)
        self.n_features = width + self._has_zeros
        if metric == "inner_product":
            norms = np.concatenate(workers.map(self._squared_norms, blocks))
            self.spare = norms.max() - norms

    def take(self, rows: slice | IntArray) -> Float32Array:
        """Return rows as points, without the lift; shape (n_rows, n_features)."""
        raw = self._raw(rows)
        if self._metric == "cosine":
            return np.ascontiguousarray(
                directions(raw, always_flag_zeros=self._has_zeros), dtype=np.float32
            )
        moved = raw - self._middle if self._metric == "euclidean" else raw
        if self.scale != 1:
            moved = moved / self.scale
        return np.ascontiguousarray(moved, dtype=np.float32)

    def take_lifted(self, rows: slice | IntArray) -> Float32Array:
        """Return rows as points, with the lift if there is one."""
        points = self.take(rows)
        if self.spare is None:
            return points
        lift = np.sqrt(self.spare[rows]).astype(np.float32)
        return np.hstack([points, lift[:, None]])

    def axes(self, n_components: int, rng: np.random.Generator) -> Axes:
        """Return principal axes, shape (n_features, n_components)."""
        some = self.take(np.sort(rng.choice(self.n_points, min(self.n_points, SAMPLED), False)))
        centred = some - some.mean(axis=0)
        if self.n_features > _MOST_FOR_COVARIANCE:
            right = randomized_svd(
                centred, n_components, n_iter=2, random_state=int(rng.integers(2**31))
            )[2]
            return Axes(np.ascontiguousarray(right.T, dtype=np.float32))
        covariance = (centred.T @ centred).astype(np.float64)
        last = self.n_features - 1
        axes = linalg.eigh(covariance, subset_by_index=[last + 1 - n_components, last])[1]
        return Axes(np.ascontiguousarray(axes, dtype=np.float32))

    def projected(self, axes: Axes, workers: Workers) -> Float32Array:
        """Return all points in the coordinates of `axes`."""
        lifted = self.spare is not None
        directions_ = axes.directions
        width = directions_.shape[1]
        places = np.empty((self.n_points, width + lifted), dtype=np.float32)

        def project(rows: slice) -> None:
            places[rows, :width] = self.take(rows) @ directions_
            if self.spare is not None:
                places[rows, -1] = np.sqrt(self.spare[rows])

        workers.map(project, row_blocks(self.n_points, self._rows_at_once))
        return places

    def true_nearest(self, queries: IntArray, k: int, workers: Workers) -> IntArray:
        """Return the `k` other points nearest to each of `queries`."""
        wanted = -2 * self.take(queries)

        def distances(rows: slice | IntArray) -> Float32Array:
            points = self.take(rows)
            norms = np.einsum("ij,ij->i", points, points)
            if self.spare is not None:
                norms = norms + self.spare[rows].astype(np.float32)
            near = wanted @ points.T
            near += norms
            return near

        return _nearest_by_blocks(distances, queries, self.n_points, k, self._rows_at_once, workers)

    def squared(self, queries: IntArray, found: IntArray) -> Float32Array:
        """Return squared distances of few queries to the points found for them."""
        rows, where = np.unique(found, return_inverse=True)
        asked = self.take_lifted(queries)
        if self.spare is not None:
            asked[:, -1] = 0
        return squared_distances(asked, self.take_lifted(rows), where.reshape(found.shape))

    def _raw(self, rows: slice | IntArray) -> np.ndarray:
        if not isinstance(self._X, FeatureFile):
            return np.asarray(self._X[rows])
        if isinstance(rows, slice):
            return np.asarray(self._X.read(rows.start, rows.stop))
        return np.asarray(self._X.take(rows))

    def _survey(self, rows: slice) -> tuple[float, bool]:
        """Return the size of the largest feature, and whether there is a row of zeros."""
        raw = self._raw(rows)
        if self._metric == "cosine":
            return 1.0, not raw.any(axis=1).all()
        moved = raw - self._middle if self._metric == "euclidean" else raw
        return max(float(moved.max()), -float(moved.min())), False

    def _squared_norms(self, rows: slice) -> FloatArray:
        points = self.take(rows)
        return np.asarray(np.einsum("ij,ij->i", points, points, dtype=np.float64))


class SparsePoints(Points):
    """Rows of a CSR matrix. None of what is made here is dense in all features."""

    def __init__(self, X: Sparse, metric: str) -> None:
        self._X = sparse.csr_array(directions(X) if metric == "cosine" else X)
        self._X.sum_duplicates()
        size = float(abs(self._X.data).max(initial=0))
        if size and not _SMALLEST < size < _LARGEST:
            self.scale = 2.0 ** np.ceil(np.log2(size))
            self.in_range = _in_range(abs(self._X).max(axis=1).toarray().ravel(), size)
            self._X = self._X / self.scale
        self.n_points, self.n_features = self._X.shape
        self._norms = np.asarray(self._X.power(2).sum(axis=1, dtype=np.float64)).ravel()
        if metric == "inner_product":
            self.spare = self._norms.max() - self._norms
        mean = max(1, self._X.nnz // self.n_points)
        self._rows_at_once = max(1, _BLOCK_BYTES // (12 * mean))

    def axes(self, n_components: int, rng: np.random.Generator) -> Axes:
        """Return singular directions of a sample, sparse, shape (n_features, n_components).

        Features that the sample does not have are left out, so that the memory does not
        grow with the number of all features.
        """
        rows = np.sort(rng.choice(self.n_points, min(self.n_points, SAMPLED), replace=False))
        some = self._X[rows]
        used = np.unique(some.indices)
        some = some[:, used].astype(np.float32)
        n_components = min(n_components, *some.shape)
        if n_components == 0:
            return Axes(np.zeros((0, 1), dtype=np.float32))
        right = randomized_svd(some, n_components, n_iter=2, random_state=int(rng.integers(2**31)))[
            2
        ]
        position = np.full(self.n_features, -1, dtype=np.int32)
        position[used] = np.arange(len(used), dtype=np.int32)
        return Axes(np.ascontiguousarray(right.T, dtype=np.float32), position)

    def projected(self, axes: Axes, workers: Workers) -> Float32Array:
        """Return all points in the coordinates of `axes`."""
        directions_, position = axes
        places = np.zeros((self.n_points, directions_.shape[1]), dtype=np.float32)
        if position is None:
            return self.with_lift(places)

        def project(rows: slice) -> None:
            block = self._X[rows]
            column = position[block.indices]
            kept = column >= 0
            ends = np.concatenate([[0], np.cumsum(kept)])[block.indptr]
            shape = (block.shape[0], len(directions_))
            known = (block.data[kept].astype(np.float32), column[kept], ends)
            places[rows] = sparse.csr_array(known, shape=shape) @ directions_

        workers.map(project, row_blocks(self.n_points, self._rows_at_once))
        return self.with_lift(places)

    def true_nearest(self, queries: IntArray, k: int, workers: Workers) -> IntArray:
        """Return the `k` other points nearest to each of `queries`."""
        wanted = self._X[queries].T.tocsr()
        size = max(1, min(self._rows_at_once, _BLOCK_BYTES // (8 * len(queries))))

        def distances(rows: slice | IntArray) -> Float32Array:
            norms = self._norms[rows] if self.spare is None else self._norms.max()
            products = (self._X[rows] @ wanted).toarray().T
            return np.asarray(norms - 2 * products)

        return _nearest_by_blocks(distances, queries, self.n_points, k, size, workers)

    def squared(self, queries: IntArray, found: IntArray) -> FloatArray:
        """Return squared distances from the differences of sparse rows."""
        difference = self._X[np.repeat(queries, found.shape[1])] - self._X[found.ravel()]
        sums = np.asarray(difference.power(2).sum(axis=1, dtype=np.float64)).ravel()
        if self.spare is not None:
            sums += self.spare[found.ravel()]
        return sums.reshape(found.shape)


def _in_range(sizes: np.ndarray, largest: float) -> bool:
    """Tell whether the typical of some points' sizes is not too small beside the largest."""
    sizes = sizes[sizes > 0]
    return bool(len(sizes) and np.median(sizes) >= _NARROWEST * largest)


def _spread(n_points: int) -> IntArray:
    return np.unique(np.linspace(0, n_points - 1, min(n_points, SAMPLED)).astype(np.int64))


def _nearest_by_blocks(
    distances: Distances, queries: IntArray, n_points: int, k: int, size: int, workers: Workers
) -> IntArray:
    """Return the `k` nearest others of each query.

    `distances` gives those of all queries (less a constant for each) to the points of a block. A
    sample of the points bounds the distance to the k-th; of each block, only what is nearer
    is kept.
    """
    n_sampled = min(n_points, max(_BOUND_FROM, k + 1))  # the query may be one of them
    sampled = np.random.default_rng(0).choice(n_points, n_sampled, replace=False)
    some = distances(np.sort(sampled))
    bound = np.partition(some, k, axis=1)[:, k]
    # Rounding may differ with the shape of a product.
    bound = (bound + 1e-5 * np.abs(bound) + 1e-30)[:, None]
    del some

    def look(rows: slice) -> tuple[IntArray, IntArray, np.ndarray]:
        near = distances(rows)
        hits = np.flatnonzero(near <= bound)
        query, column = np.divmod(hits, near.shape[1])
        return query, column + rows.start, near.ravel()[hits]

    size = max(1, min(size, _PAIRS_AT_ONCE // len(queries)))
    parts = workers.map(look, row_blocks(n_points, size))
    query, point, near = (np.concatenate(part) for part in zip(*parts, strict=True))
    others = point != queries[query]
    query, point, near = query[others], point[others], near[others]
    order = np.lexsort((near, query))
    first = np.searchsorted(query[order], np.arange(len(queries)))
    nearest: IntArray = point[order][first[:, None] + np.arange(k)]
    return nearest
