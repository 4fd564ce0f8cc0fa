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
from sklearn.preprocessing import normalize
from tqdm import tqdm

from fewlabels.exceptions import InvalidInputError

_OWN_METRICS = ("euclidean", "cosine", "inner_product")
KNOWN_METRICS = (
    *_OWN_METRICS,
    *sorted(
        {m for ms in VALID_METRICS.values() for m in ms if isinstance(m, str)} - {*_OWN_METRICS}
    ),
)

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
    are computed once more from the differences.
    """
    if metric == "euclidean":
        indices, _ = _search(X, n_neighbors, "euclidean", n_jobs, progress)
        return _sorted(indices, _euclidean_distances(X, indices))
    if metric == "cosine":
        directions = _directions(X)
        indices, _ = _search(directions, n_neighbors, "euclidean", n_jobs, progress)
        return _sorted(indices, _euclidean_distances(directions, indices) ** 2 / 2)
    if metric == "inner_product":
        return _largest_products(X, n_neighbors, progress)
    return _sorted(*_search(X, n_neighbors, metric, n_jobs, progress))


def check_metric(metric: object) -> None:
    """Raise if no search here knows `metric`."""
    if callable(metric) or (isinstance(metric, str) and metric in KNOWN_METRICS):
        return
    listed = ", ".join(KNOWN_METRICS)
    raise InvalidInputError(f"metric must be a callable or one of {listed}; got {metric!r}.")


def _search(
    X: Any, n_neighbors: int, metric: Any, n_jobs: int | None, progress: bool
) -> tuple[IntArray, FloatArray]:
    n_samples = X.shape[0]
    index = NearestNeighbors(n_neighbors=n_neighbors + 1, metric=metric, n_jobs=n_jobs).fit(X)
    indices = np.empty((n_samples, n_neighbors), dtype=np.intp)
    distances = np.empty((n_samples, n_neighbors))
    for rows in _row_blocks(n_samples, _ROWS_AT_ONCE, progress):
        found_distances, found = index.kneighbors(X[rows])
        keep = _without_self(found, np.arange(rows.start, rows.stop))
        indices[rows] = found[keep].reshape(-1, n_neighbors)
        distances[rows] = found_distances[keep].reshape(-1, n_neighbors)
    return indices, distances


def _without_self(found: IntArray, own: IntArray) -> npt.NDArray[np.bool_]:
    """Keep all but one entry a row: the point itself, or the last where duplicates hide it."""
    keep: npt.NDArray[np.bool_] = found != own[:, None]
    keep[keep.all(axis=1), -1] = False
    return keep


def _largest_products(X: Any, n_neighbors: int, progress: bool) -> Neighbors:
    n_samples = X.shape[0]
    rows_at_once = max(1, _BYTES_AT_ONCE // (8 * n_samples))
    indices = np.empty((n_samples, n_neighbors), dtype=np.intp)
    products = np.empty((n_samples, n_neighbors))
    for rows in _row_blocks(n_samples, rows_at_once, progress):
        block = X[rows] @ X.T
        block = (block.toarray() if sparse.issparse(block) else block).astype(np.float64)
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
    scaled = normalize(X)
    zero = np.asarray(_squared_norms(scaled) == 0, dtype=scaled.dtype)[:, None]
    if not zero.any():
        return scaled
    if sparse.issparse(scaled):
        return sparse.hstack([scaled, sparse.csr_array(zero)], format="csr")
    return np.hstack([scaled, zero])


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
