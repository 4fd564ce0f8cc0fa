"""Connected components of a graph of which some rows are seen at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

IntArray = npt.NDArray[np.integer]


class ComponentMerger:
    """Merges the components that the edges seen so far join.

    Semi-external: the nodes are in memory, the edges pass by. Each node points to a smaller one
    of its component, or to itself where it is the smallest; each batch of edges is contracted to
    one between those, of which the connected components are found in memory.

    Parameters
    ----------
    n_nodes : int
    dtype : {int32, int64}
        Of node numbers.
    """

    def __init__(self, n_nodes: int, dtype: npt.DTypeLike) -> None:
        self._parent = np.arange(n_nodes, dtype=dtype)

    def join(self, rows: IntArray, columns: IntArray) -> None:
        """Take note of the edges between `rows` and `columns`, both of shape (n_edges,)."""
        ends = [self._smallest(rows), self._smallest(columns)]
        apart = ends[0] != ends[1]
        first, second = ends[0][apart], ends[1][apart]
        if len(first) == 0:
            return
        nodes, places = np.unique(np.concatenate([first, second]), return_inverse=True)
        half = len(first)
        edges = (np.ones(half, dtype=np.int8), (places[:half], places[half:]))
        contracted = sparse.csr_array(edges, shape=(len(nodes), len(nodes)))
        labels = csgraph.connected_components(contracted, directed=False)[1]
        smallest = nodes[np.unique(labels, return_index=True)[1]]  # nodes are in ascending order
        self._parent[nodes] = smallest[labels]

    def labels(self) -> IntArray:
        """Number the components from 0, in the order of their first node; shape (n_nodes,)."""
        self._flatten()
        first = self._parent == np.arange(len(self._parent), dtype=self._parent.dtype)
        numbers = np.cumsum(first, dtype=self._parent.dtype)
        numbers -= 1
        return np.asarray(numbers[self._parent])

    def _smallest(self, nodes: IntArray) -> IntArray:
        found = self._parent[nodes]
        for _ in range(_PATIENCE):
            above = self._parent[found]
            if np.array_equal(above, found):
                return found
            found = above
        self._flatten()
        return np.asarray(self._parent[nodes])

    def _flatten(self) -> None:
        while True:
            above = self._parent[self._parent]
            if np.array_equal(above, self._parent):
                return
            self._parent = above


# Steps to take from a node before all chains are made short.
_PATIENCE = 4
