"""Neighbours that features find, and a finer distance puts into order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._progress import Progress, reporting
from fewlabels._rows import row_blocks
from fewlabels._typing import Package
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features.points import Points
from fewlabels.graph._checked import Features, ValidatedFeatures
from fewlabels.graph._graph import Graph
from fewlabels.graph.search._neighbors import Neighbors, by_distance, find_neighbors

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# So many nearest by the features are compared more finely: 100 won nothing.
CANDIDATES = 60
# Points whose scales are found at once.
_ROWS = 4_096
# Pairs that are compared at once.
_PAIRS = 250_000


class Distance(Protocol):
    """What compares candidates for neighbours more finely than features do.

    It may say how many nearest by the features it compares: ``n_candidates``, 60 if it does not.
    """

    def between(self, rows: IntArray, candidates: IntArray) -> npt.NDArray[np.floating]:
        """Return the distances of points rows[i] and candidates[i, j], of shape (m, c)."""


def candidates_of(distance: object, n_neighbors: int) -> int:
    """Return how many nearest by the features are compared, for so many neighbours."""
    return max(int(getattr(distance, "n_candidates", CANDIDATES)), 2 * n_neighbors)


def values_and_distance(X: object, distance: Distance | None) -> tuple[object, Distance | None]:
    """Return the features in `X`, and what compares candidates, where that is given or known.

    Points that were made of other data than arrays are on scales that are meant.

    Raises
    ------
    InvalidTypeError
        If `distance` compares nothing.
    """
    if isinstance(X, Points):
        distance = X.distance if distance is None else distance
        X = X.values if X.kind == "array" else ValidatedFeatures(X.values, scaled=X.is_scaled)
    if distance is not None and not callable(getattr(distance, "between", None)):
        raise InvalidTypeError(
            "distance must have a method between(rows, candidates), as "
            f"fewlabels.features.ImageDistortion has; got {distance!r}. Names of metrics belong "
            "to metric."
        )
    return X, distance


def find_reranked(
    X: Features,
    n_neighbors: int,
    distance: Distance | None,
    *,
    progress: Progress = False,
    **search: Package,
) -> tuple[Neighbors, FloatArray]:
    """Find the nearest neighbours: by features, and of these by a finer distance if there is one.

    Parameters
    ----------
    X : {ndarray, csr_matrix, FeatureFile} of shape (n_samples, n_features)
    n_neighbors : int
        Number of other points, at most n_samples - 1.
    distance : Distance or None
    progress : bool or callable, default=False
    **search
        As of :func:`find_neighbors`.

    Returns
    -------
    Neighbors
        The nearest by `distance` of the 60 nearest by the features, or as many as it says, or of
        twice as many as asked for if that is more. The recall is that of the search by features.
    by_features : ndarray of shape (n_samples, at least n_neighbors), float64
        The distances by features of the nearest by these.

    Raises
    ------
    InvalidInputError
        If `distance` returns what are no distances, of the shape of the candidates.

    Notes
    -----
    Of a finer distance 250,000 pairs at a time are asked for. Memory O(60 n_samples).
    """
    if distance is None:
        found = find_neighbors(X, n_neighbors, progress=progress, **search)
        return found, found.distances
    width = min(candidates_of(distance, n_neighbors), X.shape[0] - 1)
    near = find_neighbors(X, width, progress=_share(progress, 0), **search)
    finer = np.empty(near.distances.shape)
    blocks = row_blocks(len(finer), max(1, _PAIRS // width))
    with reporting(_share(progress, 1), len(finer), doing="distances") as report:
        for rows in blocks:
            candidates = near.indices[rows]
            finer[rows] = _checked(distance, np.arange(rows.start, rows.stop), candidates)
            report(len(candidates))
    found = by_distance(near.indices, finer, near.recall)
    nearest = Neighbors(
        found.indices[:, :n_neighbors].copy(), found.distances[:, :n_neighbors].copy(), near.recall
    )
    return nearest, near.distances


def _share(progress: Progress, half: int) -> Progress:
    """Report as one half of the work, to a function; a bar is one for each half."""
    return partial(_half, progress, half) if callable(progress) else progress


def _half(progress: Callable[[float], object], half: int, share: float) -> None:
    progress((half + share) / 2)


def _checked(distance: Distance, rows: IntArray, candidates: IntArray) -> FloatArray:
    found = np.asarray(distance.between(rows, candidates))
    kind = type(distance).__name__
    if found.shape != candidates.shape or found.dtype.kind != "f":
        raise InvalidInputError(
            f"{kind}.between must return floats of the shape of the candidates, "
            f"{candidates.shape}; it returned {found.dtype} of shape {found.shape}."
        )
    if not (np.isfinite(found).all() and (found >= 0).all()):
        wrong = found[~(np.isfinite(found) & (found >= 0))][0]
        raise InvalidInputError(
            f"{kind}.between must return finite distances of at least 0; it returned {wrong!s}."
        )
    return found.astype(np.float64)


class FinerScales:
    """The scales of points by a finer distance, found when they are asked for.

    Parameters
    ----------
    graph : Graph
        That joins each point to those that are nearest by the distance.
    distance : Distance
    """

    def __init__(self, graph: Graph, distance: Distance) -> None:
        self._affinity = sparse.csr_array(graph.affinity)
        self._distance = distance
        self._known = np.full(graph.n_nodes, np.nan)

    def of(self, points: IntArray, k: int) -> FloatArray:
        """Return an array of all scales, in which those of some points are right.

        Parameters
        ----------
        points : ndarray of int
        k : int

        Returns
        -------
        ndarray of shape (n_nodes,), float64
            The distance of each to the k-th nearest of those that it is joined to, which hold its
            own k nearest; 0 where it is joined to none.
        """
        wanted = np.unique(points)
        wanted = wanted[np.isnan(self._known[wanted])]
        affinity = self._affinity
        for rows in row_blocks(len(wanted), _ROWS):
            own = wanted[rows]
            counts = affinity.indptr[own + 1] - affinity.indptr[own]
            others = affinity[own].indices.astype(np.intp)
            pairs = _checked(self._distance, np.repeat(own, counts), others[:, None])[:, 0]
            parts = np.split(pairs, np.cumsum(counts)[:-1])
            self._known[own] = [_kth(part, k) for part in parts]
        return self._known


def _kth(distances: FloatArray, k: int) -> float:
    return float(np.sort(distances)[min(k, len(distances)) - 1]) if len(distances) else 0.0
