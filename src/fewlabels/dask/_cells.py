"""Centres of regions and of cells, and an order of the cells in which neighbours lie together.

Rows are numbered cell by cell. The fewer neighbours lie across the places where the numbers are
cut, the less do workers have to tell one another in each step of a fit.
"""

from __future__ import annotations

import faiss
import numpy as np
import numpy.typing as npt

from fewlabels._threads import one_blas_thread

IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]

_ROUNDS = 8
# Regions are parted again until none is expected to hold more than so much; a few times at most.
_MOST_TURNS = 4


def region_centres(
    sample: Float32Array, n_regions: int, largest: float, least: float
) -> Float32Array:
    """Return centres of regions, by k-means.

    Parameters
    ----------
    sample : ndarray of shape (n_sampled, n_features)
    n_regions : int
    largest, least : float
        Shares of the rows that a region may hold: larger ones are parted again, smaller ones
        given to those around them.

    Returns
    -------
    ndarray of shape (any, n_features), float32
        All different: fewer than `n_regions` where the rows are.
    """
    with one_blas_thread(and_of_openmp=True):
        centres = k_means(sample, n_regions)
        for _ in range(_MOST_TURNS):
            nearest = faiss.knn(sample, centres, 1)[1].ravel()
            share = np.bincount(nearest, minlength=len(centres)) / len(sample)
            too_large = np.flatnonzero(share > largest)
            parted = [
                k_means(sample[nearest == number], int(np.ceil(share[number] / largest)) + 1)
                for number in too_large
            ]
            if all(len(part) == 1 for part in parted):  # all of a region's rows may be the same
                break
            kept = np.delete(centres, too_large, axis=0)
            centres = np.unique(np.concatenate([kept, *parted]), axis=0)
        nearest = faiss.knn(sample, centres, 1)[1].ravel()
    share = np.bincount(nearest, minlength=len(centres)) / len(sample)
    large_enough = share >= min(least, share.max())
    return np.ascontiguousarray(centres[large_enough])


def k_means(points: Float32Array, n_centres: int) -> Float32Array:
    """Return at most `n_centres` centres, all different."""
    distinct = np.unique(points[: 4 * n_centres], axis=0)
    if len(distinct) < n_centres:
        distinct = np.unique(points, axis=0)
    if len(distinct) <= n_centres or n_centres == 1:
        return distinct if len(distinct) <= n_centres else points.mean(axis=0, keepdims=True)
    training = faiss.Clustering(points.shape[1], n_centres)
    training.niter, training.seed = _ROUNDS, 1
    training.min_points_per_centroid, training.max_points_per_centroid = 1, 2**30
    training.train(np.ascontiguousarray(points), faiss.IndexFlatL2(points.shape[1]))
    centres = np.asarray(faiss.vector_to_array(training.centroids)).reshape(n_centres, -1)
    return np.unique(centres, axis=0)


def cell_order(pairs: np.ndarray, counts: np.ndarray, sizes: IntArray) -> IntArray:
    """Order cells so that those between which neighbours lie come near each other.

    Parameters
    ----------
    pairs : ndarray of shape (n_pairs, 2)
        The nearest and the second nearest cell of rows.
    counts : ndarray of shape (n_pairs,)
        Of how many rows.
    sizes : ndarray of shape (n_cells,)
        Rows of each cell.

    Returns
    -------
    ndarray of shape (n_cells,)
        The cells in order, by spectral bisection: each part is cut in two halves of as many rows
        along the eigenvector of its second smallest eigenvalue, towards its neighbour in the
        order of the whole.
    """
    n_cells = len(sizes)
    weights = np.zeros((n_cells, n_cells))
    np.add.at(weights, (pairs[:, 0], pairs[:, 1]), counts)
    weights += weights.T
    order = np.arange(n_cells)
    position = np.zeros(n_cells)
    with one_blas_thread():
        parts = [order]
        while any(len(part) > 2 for part in parts):
            halves: list[IntArray] = []
            for part in parts:
                halves.extend(_halves(part, weights, sizes, position))
            parts = halves
            position[np.concatenate(parts)] = np.arange(n_cells)
    return np.concatenate(parts)


def _halves(
    part: IntArray,
    weights: npt.NDArray[np.float64],
    sizes: IntArray,
    position: npt.NDArray[np.float64],
) -> list[IntArray]:
    if len(part) <= 2:
        return [part]
    own = weights[np.ix_(part, part)]
    degrees = np.maximum(own.sum(axis=1), 1e-9)
    root = 1 / np.sqrt(degrees)
    normal = np.eye(len(part)) - root[:, None] * own * root
    along = np.linalg.eigh(normal)[1][:, 1] * root
    # The half that has more to do with the parts before comes first.
    outside = weights[part].sum(axis=1) - own.sum(axis=1)
    if outside.any():
        place = position[part].mean()
        before = weights[part] @ (position < place) - own @ (position[part] < place)
        after = outside - before
        lean = float(np.sum((after - before) * (along - along.mean())))
    else:
        lean = float(along[np.argmax(np.abs(along))])
    ordered = part[np.argsort(along if lean >= 0 else -along, kind="stable")]
    behind = np.cumsum(sizes[ordered])
    cut = int(np.searchsorted(behind, behind[-1] / 2)) + 1
    cut = min(max(cut, 1), len(part) - 1)
    return [ordered[:cut], ordered[cut:]]


def shard_starts(ends: IntArray, n_shards: int) -> IntArray:
    """Cut rows into shards of about the same size, where a cell ends if one does near by.

    Parameters
    ----------
    ends : ndarray of shape (n_cells,)
        The row after the last one of each cell, in order.
    n_shards : int
    """
    n = int(ends[-1])
    even = np.linspace(0, n, n_shards + 1).astype(np.int64)
    room = n // (20 * n_shards)
    nearest = ends[np.argmin(np.abs(ends[:, None] - even[1:-1]), axis=0)]
    inner = np.where(np.abs(nearest - even[1:-1]) <= room, nearest, even[1:-1])
    return np.concatenate([[0], inner, [n]]).astype(np.int64)
