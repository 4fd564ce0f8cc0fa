"""The true neighbours of some points, for which a projection rules most others out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._nearest import nearest_among

IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]

# Pairs that a thread compares in the projection at once.
_PAIRS_AT_ONCE = 1_000_000
# More than rounding changes a projected point, relative to its length in full, and a squared
# distance between projected points, relative to their squared lengths.
_ROUNDING = 1e-5


def true_nearest_within(
    bound: Float32Array,
    places: npt.NDArray[np.integer],
    queries: tuple[Float32Array, Float32Array],
    points: tuple[Float32Array, Float32Array],
    k: int,
    workers: Workers,
) -> IntArray | None:
    """Return the `k` other points nearest to each query.

    Distances in orthonormal directions are never longer than in full: only what is within the
    bound there is compared in full.

    Parameters
    ----------
    bound : ndarray of shape (n_queries,), float32
        Squared distances, finite, within which at least `k` other points are.
    places : ndarray of shape (n_queries,)
        The queries' own places.
    queries, points : tuple of two ndarray, float32
        In the projection, of shape (., n_components), and in full, of shape (., n_features).
    k : int
    workers : Workers

    Returns
    -------
    nearest : ndarray of shape (n_queries, k), int64, or None
        Places, nearest first. None if a query has fewer points within its bound.

    Notes
    -----
    Cost O(n_queries n_samples n_components), and of what is within the bound in the projection.
    """
    coarse_queries, fine_queries = queries
    coarse, fine = points
    # Coordinates are rounded relative to the length in full, beside which distances may be small.
    lengths, reach = np.linalg.norm(fine_queries, axis=1), np.sqrt(bound)
    bound = (reach + _ROUNDING * (2 * lengths + reach)) ** 2
    own = np.einsum("ij,ij->i", coarse_queries, coarse_queries)
    # |x|^2 + |y|^2 - 2 <x, y> <= bound, with all that depends on the query on the right.
    limit = (bound * (1 + _ROUNDING) - own * (1 - _ROUNDING))[:, None]
    doubled = -2 * coarse_queries

    def look(rows: slice) -> tuple[IntArray, IntArray, Float32Array]:
        block = coarse[rows]
        near = doubled @ block.T
        near += np.einsum("ij,ij->i", block, block) * (1 - _ROUNDING)
        query, column = np.divmod(np.flatnonzero(near <= limit), len(block))
        place = column + rows.start
        other = place != places[query]
        query, place = query[other], place[other]
        asked, count = np.unique(query, return_counts=True)
        if len(asked) == 0:
            return query, place, np.empty(0, dtype=np.float32)
        most = int(count.max())
        candidates = np.full((len(asked), most), -1, dtype=np.int32)
        candidates[np.arange(most) < count[:, None]] = place
        width = min(k, most)
        found = nearest_among(
            fine_queries[asked], fine, candidates, width, first=None, distinct=True
        )
        known = found.places >= 0
        return (
            np.repeat(asked, width)[known.ravel()],
            found.places[known].astype(np.int64),
            found.squared[known],
        )

    size = max(1, _PAIRS_AT_ONCE // len(places))
    parts = workers.map(look, row_blocks(len(coarse), size))
    query, place, squared = (np.concatenate(part) for part in zip(*parts, strict=True))
    if np.bincount(query, minlength=len(places)).min() < k:
        return None
    order = np.lexsort((place, squared, query))
    first = np.searchsorted(query[order], np.arange(len(places)))
    nearest: IntArray = place[order][first[:, None] + np.arange(k)]
    return nearest
