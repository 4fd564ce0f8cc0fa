"""The graph of shared neighbours as a kernel of estimators that choose their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._typing import Matrix
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features import NewPoints, Points
from fewlabels.features.kinds import n_rows_of
from fewlabels.graph import Graph, shared_neighbor_graph
from fewlabels.graph._checked import ValidatedFeatures
from fewlabels.graph._reranked import FinerScales, candidates_of
from fewlabels.models._kernels import Beside, NeighborKernel, Placed

GraphMaker: TypeAlias = Callable[[Any], Graph]

# Neighbours of new points where the graph does not say of how many it is made.
_USUAL = 10


class SharedNeighborKernel(NeighborKernel):
    """Shared neighbours for the graph; self-tuned weights of the nearest for new points.

    A new point is in nobody's list, so that what it shares with others is not known. Where the
    fitted points have a finer distance, it puts the nearest of new points into order, too.

    Parameters
    ----------
    n_neighbors : int or None
        None: as the hubs among the points suggest.
    n_jobs : int or None
    progress : bool
    graph : Graph or callable, default=None
        Of the points, where there is one already; or what makes it of the features.
    points : Points, default=None
        The points of `X`, where it is known what they were made of.
    """

    def __init__(
        self,
        n_neighbors: int | None,
        n_jobs: int | None,
        progress: bool,
        graph: Graph | GraphMaker | None = None,
        points: Points | None = None,
    ) -> None:
        super().__init__(n_neighbors or 0, n_neighbors or 0, "self-tuning", n_jobs, progress)
        self._wanted = n_neighbors
        self._given = graph
        self._made = None if points is None or points.kind == "array" else points

    def build(self, X: Matrix, names: Sequence[object] | None = None) -> Graph:
        given, self._given = self._given, None
        graph = made_of(given, X)
        if graph is None:
            graph = shared_neighbor_graph(
                self._made or ValidatedFeatures(X, names),
                self._wanted,
                n_jobs=self.n_jobs,
                progress=self.progress,
            )
        self._scales = graph.local_scales
        finer = None if self._made is None else self._made.distance
        self._finer_scales = None if finer is None else FinerScales(graph, finer)
        chosen = (graph.build_info or {}).get("n_neighbors")
        self.n_neighbors = self.n_others = max(1, chosen or self._wanted or _USUAL)
        return graph

    def place_new(self, X: Matrix, new: NewPoints) -> Placed:
        """Place new points beside the known ones, as :meth:`place`; by their finer distance."""
        return self._placed(self._beside_new(X, new))

    def weigh_new(
        self, X: Matrix, new: NewPoints, speaking: npt.NDArray[np.bool_]
    ) -> sparse.csr_array:
        """Return the weights of the known points, as :meth:`weigh`; by the finer distance."""
        return self._weighed(self._beside_new(X, new), X.shape[0], speaking)

    def _beside_new(self, X: Matrix, new: NewPoints) -> Beside:
        if self._made is None or new.compared is None or self._finer_scales is None:
            return self._beside(X, new.values)
        # by features, as many as the graph is made from; of these the nearest by the distance
        k = min(self.n_neighbors, X.shape[0])
        lengths, near = self._nearest(X, new.values, candidates_of(self._made.distance, k))
        finer = np.asarray(new.compared(np.arange(len(new)), near), dtype=np.float64)
        order = np.argsort(finer, axis=1, kind="stable")[:, :k]
        indices = np.take_along_axis(near, order, axis=1)
        distances = np.take_along_axis(finer, order, axis=1)
        weights = self._weights(distances, indices, self._finer_scales.of(indices, k))
        return Beside(weights, indices, (lengths[:, :k], near[:, :k]))


def made_of(graph: Graph | GraphMaker | None, X: object) -> Graph | None:
    """Return `graph`, or what it makes of features where it is a function; or raise."""
    if graph is None or isinstance(graph, Graph):
        return graph
    made: object = graph(X.values if isinstance(X, Points) else X)
    if not isinstance(made, Graph):
        raise InvalidTypeError(
            f"the function passed as graph must return a Graph, got {type(made).__name__}. Make "
            "one of a matrix of similarities by Graph.from_affinity."
        )
    check_beside(made, X)
    return made


def check_beside(graph: Graph | GraphMaker, X: object, kernel: object = "auto") -> None:
    """Raise if `graph` is no graph of the rows of `X`, or if these are no features."""
    if not isinstance(graph, Graph) and not callable(graph):
        raise InvalidTypeError(
            "graph must be a Graph of the rows of X, or a function that makes one of them, got "
            f"{type(graph).__name__}. Make one of a matrix of similarities by Graph.from_affinity."
        )
    if isinstance(X, Graph) or kernel == "precomputed":
        raise InvalidInputError(
            "graph is for features, and X holds a graph or affinities "
            "already. Leave graph out, or pass features as X."
        )
    if not isinstance(graph, Graph):
        return
    n_rows = n_rows_of(X)
    if graph.n_nodes != n_rows:
        raise InvalidInputError(
            f"graph must have a node for each row of X: it has {graph.n_nodes}, and X {n_rows} "
            "rows. Build it from this X."
        )
