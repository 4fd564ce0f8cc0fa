"""The nearest neighbours of every point among the others.

:func:`find_neighbors` is the one way in. A faster search joins by taking the same arguments and
returning a :class:`Neighbors`; weights and graph do not know how the neighbours were found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.neighbors import VALID_METRICS, NearestNeighbors
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from fewlabels.exceptions import InvalidInputError, InvalidTypeError

_OWN_METRICS = ("euclidean", "cosine", "inner_product")
# They need parameters of their own, or no features.
_UNUSABLE_METRICS = ("mahalanobis", "precomputed", "pyfunc", "seuclidean")
KNOWN_METRICS = (
    *_OWN_METRICS,
    *sorted(
        {m for ms in VALID_METRICS.values() for m in ms if isinstance(m, str)}
        - {*_OWN_METRICS, *_UNUSABLE_METRICS}
    ),
)

# Trees of more dimensions are slower than comparing all pairs.
_TREE_FEATURES = 15

_ROWS_AT_ONCE = 2048
_BYTES_AT_ONCE = 64_000_000

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Neighbors:
    """The `k` nearest other points of each point, nearest first; ties in the order of the index.

    Attributes
    ----------
    indices : ndarray of shape (n_samples, k), dtype intp
    distances : ndarray of shape (n_samples, k), float64
        Exactly 0 for exact duplicates, where the metric is euclidean or cosine.
    """

    indices: IntArray
    distances: FloatArray


def find_neighbors(
    X: Any,
    n_neighbors: int,
    *,
    metric: str | Callable[..., float] = "euclidean",
    n_jobs: int | None = None,
    progress: bool = False,
) -> Neighbors:
    """Find the nearest neighbours by an exact search.

    Parameters
    ----------
    X : {ndarray, csr_matrix} of shape (n_samples, n_features)
    n_neighbors : int
        Number of other points, at most n_samples - 1.
    metric : str or callable, default="euclidean"
        ``"euclidean"``, ``"cosine"`` (1 - cos; a zero row is at distance 1 from every other
        and 0 from another zero row), ``"inner_product"`` (the largest products are nearest;
        d^2 = 2 (m^2 - <x, y>) with m the largest norm, which is the squared Euclidean distance
        where all norms are equal), or any metric of :class:`sklearn.neighbors.NearestNeighbors`.
    n_jobs : int, default=None
    progress : bool, default=False
        Show a progress bar on standard error.

    Returns
    -------
    Neighbors

    Notes
    -----
    Cost O(n^2 n_features) at worst, O(n k) memory. Squared distances that a search computes as
    |x|^2 - 2 <x, y> + |y|^2 are wrong by rounding near 0, so the distances of the pairs found
    are computed once more from the differences. Which of several equally near points takes the
    last place depends on the search, but not on the number of threads.
    """
    if metric == "euclidean":
        return _nearest_euclidean(X, n_neighbors, n_jobs, progress)
    if metric == "cosine":
        found = _nearest_euclidean(_directions(X), n_neighbors, n_jobs, progress)
        return Neighbors(found.indices, found.distances**2 / 2)
    if metric == "inner_product":
        return _largest_products(X, n_neighbors, progress)
    try:
        found = _sorted(*_search(X, n_neighbors, metric, "auto", n_jobs, progress))
    except ValueError as error:
        if callable(metric):
            raise
        raise InvalidInputError(f"metric {metric!r} can't be used on this X: {error}") from error
    wrong = ~np.isfinite(found.distances).all(axis=1)
    if wrong.any():
        raise InvalidInputError(
            f"metric {metric!r} gives distances that are NaN or infinite, first at row "
            f"{int(np.argmax(wrong))} of X ({int(wrong.sum())} rows in all)."
        )
    return found


def check_metric(metric: object) -> None:
    """Raise if no search here knows `metric`."""
    if callable(metric) or (isinstance(metric, str) and metric in KNOWN_METRICS):
        return
    listed = ", ".join(KNOWN_METRICS)
    kind = InvalidInputError if isinstance(metric, str) else InvalidTypeError
    raise kind(f"metric must be a callable or one of {listed}; got {metric!r}.")


def centred(X: Any) -> Any:
    """Move dense points so that their median is the origin; leave sparse ones where they are.

    Squared distances computed as |x|^2 - 2 <x, y> + |y|^2 lose the digits that |x|^2 has in
    front of |x - y|^2. The (lower) median is a value of the data: integers stay integers, and a
    far outlier does not count.
    """
    if sparse.issparse(X):
        return X
    middle = (len(X) - 1) // 2
    return X - np.partition(X, middle, axis=0)[middle]


def _nearest_euclidean(X: Any, n_neighbors: int, n_jobs: int | None, progress: bool) -> Neighbors:
    by_tree = not sparse.issparse(X) and X.shape[1] <= _TREE_FEATURES
    points, algorithm = (X, "kd_tree") if by_tree else (centred(X), "brute")
    indices, _ = _search(points, n_neighbors, "euclidean", algorithm, n_jobs, progress)
    return _sorted(indices, _euclidean_distances(X, indices))


def _search(
    X: Any, n_neighbors: int, metric: Any, algorithm: str, n_jobs: int | None, progress: bool
) -> tuple[IntArray, FloatArray]:
    """Find the nearest other points.

    scikit-learn shares the work among threads in a way that depends on their number, and with
    it which of several equally near points is left out. One point more than asked for tells
    where that happens, and these rows are searched again, in one thread.
    """
    n_samples = X.shape[0]
    n_found = min(n_neighbors + 1, n_samples - 1)
    index = NearestNeighbors(
        n_neighbors=n_found + 1, metric=metric, algorithm=algorithm, n_jobs=n_jobs
    ).fit(X)
    indices = np.empty((n_samples, n_found), dtype=np.intp)
    distances = np.empty((n_samples, n_found))

    def search(rows: IntArray) -> None:
        found_distances, found = index.kneighbors(X[rows])
        keep = _without_self(found, rows)
        indices[rows] = found[keep].reshape(-1, n_found)
        distances[rows] = found_distances[keep].reshape(-1, n_found)

    for rows in _row_blocks(n_samples, _ROWS_AT_ONCE, progress):
        search(np.arange(rows.start, rows.stop))
    if n_found > n_neighbors:
        contested = np.flatnonzero(distances[:, n_neighbors - 1] == distances[:, n_neighbors])
        with threadpool_limits(1, user_api="openmp"):
            for rows in _row_blocks(len(contested), _ROWS_AT_ONCE, progress=False):
                search(contested[rows])
    return indices[:, :n_neighbors], distances[:, :n_neighbors]


def _without_self(found: IntArray, own: IntArray) -> npt.NDArray[np.bool_]:
    """Keep all but one entry a row: the point itself, or the last where duplicates hide it."""
    keep: npt.NDArray[np.bool_] = found != own[:, None]
    keep[keep.all(axis=1), -1] = False
    return keep


def _largest_products(X: Any, n_neighbors: int, progress: bool) -> Neighbors:
    n_samples = X.shape[0]
    rows_at_once = max(1, _BYTES_AT_ONCE // (8 * n_samples))
    # In float64, in which products of float32 features tie as they should on any machine.
    points = X.astype(np.float64)
    indices = np.empty((n_samples, n_neighbors), dtype=np.intp)
    products = np.empty((n_samples, n_neighbors))
    for rows in _row_blocks(n_samples, rows_at_once, progress):
        block = points[rows] @ points.T
        block = block.toarray() if sparse.issparse(block) else block
        own = np.arange(rows.start, rows.stop)
        block[own - rows.start, own] = -np.inf
        found = np.argpartition(-block, n_neighbors - 1, axis=1)[:, :n_neighbors]
        indices[rows] = found
        products[rows] = np.take_along_axis(block, found, axis=1)
    largest_squared_norm = float(_squared_norms(X).max())
    squared = 2 * (largest_squared_norm - products)
    return _sorted(indices, np.sqrt(np.maximum(squared, 0)))


def _directions(X: Any) -> Any:
    """Scale rows to length 1; zero rows get a direction of their own, across a new feature."""
    # The largest entry first, so that no square overflows or vanishes. (scikit-learn's normalize
    # takes short rows for zero: those below 1e-6 in float32.)
    largest = np.asarray(abs(X).max(axis=1).toarray() if sparse.issparse(X) else abs(X).max(axis=1))
    scaled = _rows_divided(X, largest.ravel())
    norms = np.sqrt(_squared_norms(scaled))
    scaled = _rows_divided(scaled, norms)
    zero = (norms == 0).astype(scaled.dtype)[:, None]
    if not zero.any():
        return scaled
    if sparse.issparse(scaled):
        return sparse.hstack([scaled, sparse.csr_array(zero)], format="csr")
    return np.hstack([scaled, zero])


def _rows_divided(X: Any, divisors: FloatArray) -> Any:
    """Divide each row by its number; leave it where that is 0."""
    divisors = np.where(divisors > 0, divisors, 1).astype(X.dtype)
    if not sparse.issparse(X):
        return X / divisors[:, None]
    data = X.data / np.repeat(divisors, np.diff(X.indptr))
    return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)


def _squared_norms(X: Any) -> FloatArray:
    if sparse.issparse(X):
        return np.asarray(X.power(2).sum(axis=1, dtype=np.float64)).ravel()
    return np.asarray(np.einsum("ij,ij->i", X, X, dtype=np.float64))


def _euclidean_distances(X: Any, indices: IntArray) -> FloatArray:
    """Distance of each point to each of its neighbours, from the differences."""
    n_samples, n_neighbors = indices.shape
    squared = np.empty((n_samples, n_neighbors))
    rows_at_once = max(1, _BYTES_AT_ONCE // (8 * max(1, n_neighbors * X.shape[1])))
    for rows in _row_blocks(n_samples, rows_at_once, progress=False):
        near = indices[rows]
        own = np.repeat(np.arange(rows.start, rows.stop), n_neighbors)
        difference = X[own] - X[near.ravel()]
        squared[rows] = _squared_norms(difference).reshape(near.shape)
    return np.sqrt(squared)


def _sorted(indices: IntArray, distances: FloatArray) -> Neighbors:
    by_index = np.argsort(indices, axis=1)
    indices = np.take_along_axis(indices, by_index, axis=1)
    distances = np.take_along_axis(distances, by_index, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbors(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )


def _row_blocks(n_rows: int, size: int, progress: bool) -> Iterator[slice]:
    with tqdm(total=n_rows, desc="neighbours", unit=" points", disable=not progress) as bar:
        for start in range(0, n_rows, size):
            stop = min(start + size, n_rows)
            yield slice(start, stop)
            bar.update(stop - start)
