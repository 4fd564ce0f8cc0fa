"""The nearest neighbours of every point among the others.

:func:`find_neighbors` is the one way in. It compares all pairs or walks a tree where that is quick,
and searches approximately where it is not. Weights and graph do not know how the neighbours were
found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.neighbors import VALID_METRICS
from sklearn.utils import check_random_state

from fewlabels._arrays import checked_array
from fewlabels._progress import Progress, reporting_share
from fewlabels._typing import AnySparse
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph._checked import Features, check_blocks, read_whole
from fewlabels.graph.search._exact import (
    TREE_FEATURES,
    directions,
    largest_products,
    nearest_euclidean,
    search,
)
from fewlabels.io import FeatureFile

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

# An exact search of so many pairs of points and features takes a quarter of a second on one core;
# the approximate one takes as long by then. To rank a pair costs as much as so many features.
_QUICK, _PAIR = 4e9, 40
_FEWEST_POINTS = 1_000
# The same for sparse features: an entry costs more, and so does a pair without any. Up to some ten
# seconds: where few dimensions do not hold the neighbours, to find that out takes as long.
_QUICK_SPARSE, _SPARSE_PAIR = 2.5e10, 10

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
    recall : float
        Share of the true neighbours that were found: 1 for an exact search, an estimate from
        a sample for an approximate one.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import find_neighbors
    >>> found = find_neighbors(np.array([[0.0], [1.0], [3.0]]), 2)
    >>> found.indices.shape, found.recall
    ((3, 2), 1.0)
    """

    indices: IntArray
    distances: FloatArray
    recall: float = 1.0


def find_neighbors(
    X: Features | AnySparse,
    n_neighbors: int,
    *,
    metric: str | Callable[..., float] = "euclidean",
    exact: bool | None = None,
    min_recall: float = 0.98,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    progress: Progress = False,
) -> Neighbors:
    """Find the nearest neighbours.

    Parameters
    ----------
    X : {ndarray, csr_matrix, FeatureFile} of shape (n_samples, n_features)
    n_neighbors : int
        Number of other points, at most n_samples - 1.
    metric : str or callable, default="euclidean"
        ``"euclidean"``, ``"cosine"`` (1 - cos; a zero row is at distance 1 from every other
        and 0 from another zero row), ``"inner_product"`` (the largest products are nearest;
        d^2 = 2 (m^2 - <x, y>) with m the largest norm, which is the squared Euclidean distance
        where all norms are equal), or any metric of :class:`sklearn.neighbors.NearestNeighbors`.
    exact : bool, default=None
        None searches exactly where that is quick: few points, up to 15 features (a tree), and
        other metrics than these three. False: approximate even
        for few points.
    min_recall : float, default=0.98
        In (0, 1]: the share of the true neighbours that an approximate search has to find, as
        measured on a sample.
    n_jobs : int, default=None
        Threads; None is one of an exact search and all cores of an approximate one.
    random_state : int, RandomState or None, default=None
        Of the sample and the cells of an approximate search; None is 0, so that the same input
        gives the same neighbours.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share done, from
        0 to 1.

    Returns
    -------
    Neighbors

    Notes
    -----
    Cost of an exact search O(n^2 n_features) at worst, of an approximate one about
    O(n n_features); memory O(n k), besides a copy of the features in float32 if approximate, or
    of a projection of them if they are sparse or in a file.

    In an exact search, squared distances that are computed as |x|^2 - 2 <x, y> + |y|^2 are wrong
    by rounding near 0, so the distances of the pairs found are computed once more from the
    differences, as in the approximate one. Which of several equally near points takes the last
    place depends on the search, but not on the number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.graph import find_neighbors
    >>> found = find_neighbors(np.array([[0.0], [1.0], [3.0]]), 1)
    >>> found.indices
    array([[1],
           [0],
           [1]])
    >>> found.distances.ravel()
    array([1., 1., 2.])
    """
    points = checked_array(X)  # whose indices are followed
    if not callable(metric) and metric in _OWN_METRICS:
        if exact is not True and worth_approximating(points, forced=exact is False):
            random = check_random_state(0 if random_state is None else random_state)
            seed = int(random.randint(2**31))
            found = _approximate_neighbors(
                points, n_neighbors, metric, min_recall, seed, n_jobs, progress
            )
            if found is not None:
                return found
        held = read_whole(points)
        if metric == "euclidean":
            return by_distance(*nearest_euclidean(held, n_neighbors, n_jobs, progress))
        if metric == "cosine":
            indices, distances = nearest_euclidean(directions(held), n_neighbors, n_jobs, progress)
            return by_distance(indices, distances**2 / 2)
        return by_distance(*largest_products(held, n_neighbors, progress))
    held = read_whole(points)
    try:
        found = by_distance(*search(held, n_neighbors, metric, "auto", n_jobs, progress))
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


def worth_approximating(X: Features, *, forced: bool = False) -> bool:
    """Tell whether an approximate search of `X` can be quicker than an exact one."""
    n_samples, n_features = X.shape
    if isinstance(X, FeatureFile):
        return True
    if n_samples < _FEWEST_POINTS:
        return False
    if sparse.issparse(X):
        return forced or n_samples * (X.nnz + _SPARSE_PAIR * n_samples) > _QUICK_SPARSE
    if n_features <= TREE_FEATURES:
        return False
    return forced or n_samples**2 * (n_features + _PAIR) > _QUICK


def _approximate_neighbors(
    X: Features,
    n_neighbors: int,
    metric: str,
    min_recall: float,
    seed: int,
    n_jobs: int | None,
    progress: Progress,
) -> Neighbors | None:
    # Loaded when first needed: most graphs are small.
    from fewlabels.graph._parallel import Workers, thread_count
    from fewlabels.graph.search import _approximate
    from fewlabels.graph.search._points import DensePoints, SparsePoints

    with Workers(thread_count(n_jobs)) as workers, reporting_share(progress, X.shape[0]) as report:
        if isinstance(X, FeatureFile):
            check_blocks(X, workers.map)
        points = SparsePoints(X, metric) if sparse.issparse(X) else DensePoints(X, metric, workers)
        if not points.in_range:
            return None  # in float64 then
        found = _approximate.search(
            points, n_neighbors, min_recall=min_recall, seed=seed, workers=workers, report=report
        )
    if found is None:
        return None
    distances = found.squared.astype(np.float64)
    if points.spare is not None:
        distances += points.spare[:, None]
        np.maximum(distances, 0, out=distances)
    if metric == "cosine":
        distances /= 2
    else:
        np.sqrt(distances, out=distances)
        distances *= points.scale
    return Neighbors(found.indices.astype(np.intp, copy=False), distances, found.recall)


def check_metric(metric: object) -> None:
    """Raise if no search here knows `metric`."""
    if callable(metric) or (isinstance(metric, str) and metric in KNOWN_METRICS):
        return
    listed = ", ".join(KNOWN_METRICS)
    kind = InvalidInputError if isinstance(metric, str) else InvalidTypeError
    raise kind(f"metric must be a callable or one of {listed}; got {metric!r}.")


def by_distance(indices: IntArray, distances: FloatArray, recall: float = 1.0) -> Neighbors:
    """Put the neighbours of each point into order: nearest first, ties by the index."""
    by_index = np.argsort(indices, axis=1)
    indices = np.take_along_axis(indices, by_index, axis=1)
    distances = np.take_along_axis(distances, by_index, axis=1)
    order = np.argsort(distances, axis=1, kind="stable")
    return Neighbors(
        np.take_along_axis(indices, order, axis=1),
        np.take_along_axis(distances, order, axis=1),
        recall,
    )
