"""Nodes of which nothing is known, joined to no other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.graph._graph import Graph


def without_edges(graph: Graph, nodes: npt.ArrayLike) -> Graph:
    """Return a graph without the edges of these nodes, so that no label reaches them.

    For points without information, such as unreadable pictures, whose neighbours are accidental.

    Parameters
    ----------
    graph : Graph
    nodes : array-like of int

    Returns
    -------
    Graph
        The same graph if there are no such nodes.

    Examples
    --------
    >>> from fewlabels import knn_graph
    >>> from fewlabels.graph import without_edges
    >>> graph = knn_graph([[0.0], [1.0], [2.0]], n_neighbors=2)
    >>> print(without_edges(graph, [2]).degrees[2])
    0.0
    """
    apart = np.asarray(nodes, dtype=np.intp)
    if len(apart) == 0:
        return graph
    kept = np.ones(graph.n_nodes, dtype=bool)
    kept[apart] = False
    weights = graph.affinity
    if isinstance(weights, np.ndarray):
        weights = weights * np.outer(kept, kept)
    else:
        stored = weights.tocoo()
        joined = kept[stored.row] & kept[stored.col]
        weights = sparse.csr_array(
            (stored.data[joined], (stored.row[joined], stored.col[joined])), shape=weights.shape
        )
    return Graph(weights, local_scales=graph.local_scales, build_info=graph.build_info)
