"""The graph of shared neighbours as a kernel of estimators that choose their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fewlabels.graph import Graph, shared_neighbor_graph
from fewlabels.graph._checked import ValidatedFeatures
from fewlabels.models._kernels import NeighborKernel


class SharedNeighborKernel(NeighborKernel):
    """Shared neighbours for the graph; self-tuned weights of the nearest for new points.

    A new point is in nobody's list, so that what it shares with others is not known.

    Parameters
    ----------
    n_neighbors : int or None
        None: as the hubs among the points suggest.
    n_jobs : int or None
    progress : bool
    """

    def __init__(self, n_neighbors: int | None, n_jobs: int | None, progress: bool) -> None:
        super().__init__(n_neighbors or 0, n_neighbors or 0, "self-tuning", n_jobs, progress)
        self._wanted = n_neighbors

    def build(self, X: Any, names: Sequence[Any] | None = None) -> Graph:
        features = ValidatedFeatures(X, names)
        graph = shared_neighbor_graph(
            features, self._wanted, n_jobs=self.n_jobs, progress=self.progress
        )
        self._scales = graph.local_scales
        self.n_neighbors = self.n_others = max(1, graph.build_info["n_neighbors"])
        return graph
