"""How many of the true neighbours a search found, on a sample."""

from __future__ import annotations

from typing import Any

import numpy as np

_BLOCK = 20_000


def draw_sample(n_points: int, size: int = 1_000, seed: int = 7) -> Any:
    """Return the sorted numbers of the points of the sample."""
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(n_points, min(size, n_points), replace=False))


def kth_distances(X: Any, sample: Any, k: int) -> Any:
    """Return the distance of each point of the sample to its k-th nearest other, float64.

    All pairs are compared by |x|^2 - 2 <x, y> + |y|^2 in float32, whose rounding may mix up
    near ones; of the 2 k + 10 nearest, the distances are computed again from the differences.
    """
    n_kept = min(2 * k + 10, len(X) - 1)
    queries = X[sample] - X[:1]
    best = np.empty((len(sample), 0), dtype=np.float32)
    names = np.empty((len(sample), 0), dtype=np.intp)
    for start in range(0, len(X), _BLOCK):
        points = X[start : start + _BLOCK] - X[:1]
        squares = np.einsum("ij,ij->i", points, points)[None, :] - 2 * (queries @ points.T)
        numbers = np.arange(start, start + len(points))
        squares[numbers[None, :] == sample[:, None]] = np.inf
        best = np.concatenate([best, squares], axis=1)
        names = np.concatenate([names, np.broadcast_to(numbers, squares.shape)], axis=1)
        if best.shape[1] > n_kept:
            nearest = np.argpartition(best, n_kept - 1, axis=1)[:, :n_kept]
            best = np.take_along_axis(best, nearest, axis=1)
            names = np.take_along_axis(names, nearest, axis=1)
    return np.sort(distances(X, sample, names), axis=1)[:, k - 1]


def distances(X: Any, sample: Any, indices: Any) -> Any:
    """Return the Euclidean distances of the sample's points to those that `indices` names."""
    result = np.empty(indices.shape)
    for row, (point, others) in enumerate(zip(sample, indices, strict=True)):
        differences = X[others].astype(np.float64) - X[point]
        result[row] = np.sqrt(np.einsum("ij,ij->i", differences, differences))
    return result


def measured_recall(X: Any, sample: Any, found: Any, kth: Any, k: int) -> float:
    """Return the share of the k true neighbours that were found.

    Parameters
    ----------
    X : ndarray of shape (n_points, n_features)
    sample : ndarray of shape (n_sample,)
    found : ndarray of shape (n_sample, m)
        Neighbours found, nearest first, the point itself among them or not; negative for none.
        The first k others count.
    kth : ndarray of shape (n_sample,)
        :func:`kth_distances`.
    k : int

    Notes
    -----
    A neighbour counts if it is as near as the k-th true one, so that points that are equally near
    may stand for each other.
    """
    hits = 0
    for point, row, limit in zip(sample, found, kth, strict=True):
        others = np.unique(row[(row != point) & (row >= 0)][:k])
        near = distances(X, np.array([point]), others[None, :])
        hits += int(np.sum(near <= limit * (1 + 1e-6)))
    return hits / (k * len(sample))
