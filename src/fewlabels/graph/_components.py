"""Connected components of sparse and of dense weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from fewlabels._typing import Matrix

_ROWS_AT_ONCE = 64


def component_labels(affinity: Matrix) -> npt.NDArray[np.int32]:
    """Number the connected components from 0, in the order of their first node.

    Cost O(n + edges); a dense matrix is read once, row by row, without a sparse copy.

    Examples
    --------
    >>> from fewlabels import knn_graph
    >>> from fewlabels.graph import component_labels
    >>> component_labels(knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1).affinity)
    array([0, 0, 1, 1], dtype=int32)
    """
    if affinity.shape[0] == 0:
        return np.empty(0, dtype=np.int32)
    if sparse.issparse(affinity):
        labels = csgraph.connected_components(affinity, directed=False)[1]
        return np.asarray(labels, dtype=np.int32)
    n_nodes = len(affinity)
    labels = np.full(n_nodes, -1, dtype=np.int32)
    n_found = 0
    while True:
        unseen = np.flatnonzero(labels < 0)
        if len(unseen) == 0:
            return labels
        frontier = unseen[:1]
        while len(frontier):
            labels[frontier] = n_found
            left = labels < 0
            if not left.any():
                return labels
            touched = np.zeros(n_nodes, dtype=bool)
            for start in range(0, len(frontier), _ROWS_AT_ONCE):
                rows = affinity[frontier[start : start + _ROWS_AT_ONCE]]
                touched |= (rows > 0).any(axis=0)
            frontier = np.flatnonzero(touched & left)
        n_found += 1
