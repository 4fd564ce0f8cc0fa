"""Nearest neighbours and edge weights, written as plainly as their definitions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def distance(x: FloatArray, y: FloatArray, metric: str, largest_squared_norm: float) -> float:
    if metric == "euclidean":
        return float(np.sqrt(np.sum((x - y) ** 2)))
    if metric == "manhattan":
        return float(np.sum(np.abs(x - y)))
    if metric == "inner_product":
        return float(np.sqrt(max(2 * (largest_squared_norm - x @ y), 0)))
    assert metric == "cosine"
    if not x.any() or not y.any():
        return 0.0 if x.any() == y.any() else 1.0
    return float(1 - x @ y / np.linalg.norm(x) / np.linalg.norm(y))


def distances(X: FloatArray, metric: str) -> FloatArray:
    X = np.asarray(X, dtype=np.float64)
    largest_squared_norm = max(float(x @ x) for x in X)
    return np.array([[distance(x, y, metric, largest_squared_norm) for y in X] for x in X])


def nearest(X: FloatArray, k: int, metric: str) -> tuple[npt.NDArray[np.intp], FloatArray]:
    """Indices and distances of the k nearest others, nearest first, ties by index."""
    all_distances = distances(X, metric)
    n_samples = len(all_distances)
    indices = np.empty((n_samples, k), dtype=np.intp)
    for i in range(n_samples):
        others = [j for j in range(n_samples) if j != i]
        indices[i] = sorted(others, key=lambda j, i=i: (all_distances[i, j], j))[:k]
    return indices, np.take_along_axis(all_distances, indices, axis=1)


def weight(d: float, own: float, other: float, weights: str, median_scale: float) -> float:
    if weights == "binary":
        return 1.0
    if weights == "distance":
        return 1 / d
    if weights == "gaussian":
        return float(np.exp(-4 * d**2 / median_scale**2))
    assert weights == "self-tuning"
    return float(np.exp(-4 * d**2 / (own * other)))


def affinity(X: FloatArray, k: int, metric: str, weights: str, symmetrize: str) -> FloatArray:
    """The weights of the k-nearest-neighbour graph of points without ties or duplicates."""
    indices, near = nearest(X, k, metric)
    scales = near[:, -1]
    median_scale = float(np.median(scales[indices]))
    directed = np.zeros((len(X), len(X)))
    for i, row in enumerate(indices):
        for j, d in zip(row, near[i], strict=True):
            directed[i, j] = weight(d, scales[i], scales[j], weights, median_scale)
    if symmetrize == "mean":
        return (directed + directed.T) / 2
    join = np.maximum if symmetrize == "union" else np.minimum
    return join(directed, directed.T)
