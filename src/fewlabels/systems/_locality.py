"""The nodes of a graph in an order that suits the processor's cache."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.solvers import Weights

# Vectors of fewer rows stay in the cache in any order.
_FEWEST_NODES = 5_000


def locality(graph: Graph) -> npt.NDArray[np.integer]:
    """All nodes: in the order of locality of a sparse and large graph, as they are of another."""
    if graph.is_dense or graph.n_nodes < _FEWEST_NODES:
        return np.arange(graph.n_nodes, dtype=np.intp)
    return graph.locality_order


def submatrix(graph: Graph, nodes: npt.NDArray[np.integer]) -> Weights:
    """Weights among `nodes`, in that order; float64 if dense, the graph's own dtype if sparse."""
    weights = graph.affinity
    in_order = len(nodes) == graph.n_nodes and bool((np.diff(nodes) > 0).all())
    if isinstance(weights, np.ndarray):
        chosen = weights if in_order else weights[np.ix_(nodes, nodes)]
        return chosen.astype(np.float64, copy=False)
    return weights if in_order else weights[nodes][:, nodes]
