"""The exact search for nearest neighbours: all pairs compared, or a tree walked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.neighbors import NearestNeighbors

from fewlabels._progress import Progress, reporting
from fewlabels._rows import row_blocks
from fewlabels._threads import one_blas_thread
from fewlabels._typing import Matrix

# Trees of more dimensions are slower than comparing all pairs.
TREE_FEATURES = 15

_ROWS_AT_ONCE = 2048
_BYTES_AT_ONCE = 64_000_000

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]


def centred(X: Matrix) -> Matrix:
    """Move dense points so that their median is the origin; leave sparse ones where they are.

    Squared distances computed as |x|^2 - 2 <x, y> + |y|^2 lose the digits that |x|^2 has in
    front of |x - y|^2. The (lower) median is a value of the data: integers stay integers, and a
    far outlier does not count.
    """
    if sparse.issparse(X):
        return X
    middle = (len(X) - 1) // 2
    moved: np.ndarray = X - np.partition(X, middle, axis=0)[middle]
    return moved


def nearest_euclidean(
    X: Matrix, n_neighbors: int, n_jobs: int | None, progress: Progress
) -> tuple[IntArray, FloatArray]:
    """Find the neighbours in the Euclidean distance, which is exactly 0 for duplicates."""
    by_tree = not sparse.issparse(X) and X.shape[1] <= TREE_FEATURES
    points, algorithm = (X, "kd_tree") if by_tree else (centred(X), "brute")
    indices, _ = search(points, n_neighbors, "euclidean", algorithm, n_jobs, progress)
    return indices, _euclidean_distances(X, indices)


def search(
    X: Matrix,
    n_neighbors: int,
    metric: object,
    algorithm: str,
    n_jobs: int | None,
    progress: Progress,
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

    def look_up(rows: IntArray) -> None:
        found_distances, found = index.kneighbors(X[rows])
        keep = _without_self(found, rows)
        indices[rows] = found[keep].reshape(-1, n_found)
        distances[rows] = found_distances[keep].reshape(-1, n_found)

    for rows in _row_blocks(n_samples, _ROWS_AT_ONCE, progress):
        look_up(np.arange(rows.start, rows.stop))
    if n_found > n_neighbors:
        contested = np.flatnonzero(distances[:, n_neighbors - 1] == distances[:, n_neighbors])
        with one_blas_thread(and_of_openmp=True):
            for rows in _row_blocks(len(contested), _ROWS_AT_ONCE, progress=False):
                look_up(contested[rows])
    return indices[:, :n_neighbors], distances[:, :n_neighbors]


def _without_self(found: IntArray, own: IntArray) -> npt.NDArray[np.bool_]:
    """Keep all but one entry a row: the point itself, or the last where duplicates hide it."""
    keep: npt.NDArray[np.bool_] = found != own[:, None]
    keep[keep.all(axis=1), -1] = False
    return keep


def largest_products(
    X: Matrix, n_neighbors: int, progress: Progress
) -> tuple[IntArray, FloatArray]:
    """Find the neighbours of largest inner product; see `find_neighbors` for the distance."""
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
    return indices, np.sqrt(np.maximum(squared, 0))


def directions(X: Matrix, *, always_flag_zeros: bool = False) -> Matrix:
    """Scale rows to length 1; zero rows get a direction of their own, across a new feature.

    That feature is only there if a row is zero, or if `always_flag_zeros`.
    """
    # The largest entry first, so that no square overflows or vanishes. (scikit-learn's normalize
    # takes short rows for zero: those below 1e-6 in float32.)
    largest = np.asarray(abs(X).max(axis=1).toarray() if sparse.issparse(X) else abs(X).max(axis=1))
    scaled = _rows_divided(X, largest.ravel())
    norms = np.sqrt(_squared_norms(scaled))
    scaled = _rows_divided(scaled, norms)
    zero = (norms == 0).astype(scaled.dtype)[:, None]
    if not (always_flag_zeros or zero.any()):
        return scaled
    if sparse.issparse(scaled):
        return sparse.hstack([scaled, sparse.csr_array(zero)], format="csr")
    return np.hstack([scaled, zero])


def _rows_divided(X: Matrix, divisors: FloatArray) -> Matrix:
    """Divide each row by its number; leave it where that is 0."""
    divisors = np.where(divisors > 0, divisors, 1).astype(X.dtype)
    if not sparse.issparse(X):
        return X / divisors[:, None]
    data = X.data / np.repeat(divisors, np.diff(X.indptr))
    return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)


def _squared_norms(X: Matrix) -> FloatArray:
    if sparse.issparse(X):
        return np.asarray(X.power(2).sum(axis=1, dtype=np.float64)).ravel()
    return np.asarray(np.einsum("ij,ij->i", X, X, dtype=np.float64))


def _euclidean_distances(X: Matrix, indices: IntArray) -> FloatArray:
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


def _row_blocks(n_rows: int, size: int, progress: Progress) -> Iterator[slice]:
    with reporting(progress, n_rows) as report:
        for rows in row_blocks(n_rows, size):
            yield rows
            report(rows.stop - rows.start)
