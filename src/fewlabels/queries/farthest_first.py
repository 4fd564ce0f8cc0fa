"""Ask far from all that is labelled."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from fewlabels._typing import Matrix
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import QueryRule


class FarthestFirst(QueryRule):
    """Farthest-first traversal: ask about the point farthest from any label.

    The way is the shortest along edges, an edge of weight w being 1 / w long. A chosen point
    counts as labelled for the next. The largest distance that remains is at most twice what as
    many points could reach at best (Gonzalez); outliers are chosen early.

    What no label can reach is infinitely far: the component with most candidates comes first,
    and in it the candidate of largest degree.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Distances at the start of the batch, inf where no label reaches; NaN where a node was no
        candidate.

    Notes
    -----
    Cost: a shortest-path search a point, O(edges log n).

    References
    ----------
    T. F. Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985,
    https://doi.org/10.1016/0304-3975(85)90224-5. As a query rule: O. Sener and S. Savarese, "Active
    learning for convolutional neural networks: a core-set approach", ICLR 2018 (k-center greedy),
    https://doi.org/10.48550/arXiv.1708.00489.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.queries import FarthestFirst, LabelledGraph
    >>> path = Graph.from_affinity(np.eye(9, k=1) + np.eye(9, k=-1))
    >>> FarthestFirst().query(LabelledGraph(path, [0] + [-1] * 8), batch_size=2)
    array([8, 4])
    """

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        graph = in_memory(known.graph_, "FarthestFirst")
        lengths = _lengths(graph)
        distances = np.full(graph.n_nodes, np.inf)
        if known.labelled_.any():
            distances = dijkstra(lengths, indices=known.labelled_nodes, min_only=True)
        start = distances[candidates]
        open_ = np.ones(len(candidates), dtype=bool)
        chosen: list[int] = []
        while len(chosen) < count:
            left = candidates[open_]
            far = left[np.isinf(distances[left])]
            node = _center(graph, far) if len(far) else int(left[np.argmax(distances[left])])
            chosen.append(node)
            open_[np.searchsorted(candidates, node)] = False
            if len(chosen) < count:
                np.minimum(distances, dijkstra(lengths, indices=node), out=distances)
        return np.array(chosen, dtype=np.intp), start


def _center(graph: Graph, nodes: IntArray) -> int:
    """Return the node of largest degree in the component that holds most of `nodes`."""
    components = graph.component_labels[nodes]
    fullest = np.argmax(np.bincount(components))
    inside = nodes[components == fullest]
    return int(inside[np.argmax(graph.degrees[inside])])


def _lengths(graph: Graph) -> Matrix:
    weights = graph.affinity
    if isinstance(weights, np.ndarray):
        weights = sparse.csr_array(weights)
    largest = float(weights.data.max(initial=0)) or 1.0
    # in units of the shortest edge, which any weight's inverse can be held in
    lengths = largest / weights.data.astype(np.float64)
    return sparse.csr_array((lengths, weights.indices, weights.indptr), shape=weights.shape)
