"""Tell whether a session's data is what it was."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from scipy import sparse

from fewlabels._arrays import checked_array
from fewlabels.graph import DiskGraph, Graph

_ROWS = 4096


def fingerprint(graph_or_X: Any) -> str:
    """Return a SHA-256 of the values of features or of a graph's edges, as hexadecimal digits.

    Features count as float64, row by row, so that the same numbers in float32, in a list or in a
    table are the same data. Of a graph on disk, its degrees and components stand for the edges.
    """
    digest = hashlib.sha256()
    if isinstance(graph_or_X, DiskGraph):
        _add(digest, "disk graph", (graph_or_X.n_nodes, graph_or_X.n_edges))
        _add_array(digest, graph_or_X.degrees, np.float64)
        _add_array(digest, graph_or_X.component_labels, np.int64)
    elif isinstance(graph_or_X, Graph):
        _add(digest, "graph", (graph_or_X.n_nodes,))
        _add_matrix(digest, graph_or_X.affinity)
    else:
        X = checked_array(graph_or_X)
        X = X if sparse.issparse(X) else np.asarray(X)
        _add(digest, "features", X.shape)
        _add_matrix(digest, X)
    return digest.hexdigest()


def _add(digest: Any, kind: str, shape: tuple[int, ...]) -> None:
    digest.update(f"{kind} {'x'.join(map(str, shape))}\n".encode())


def _add_matrix(digest: Any, matrix: Any) -> None:
    if not sparse.issparse(matrix):
        for start in range(0, len(matrix), _ROWS):
            _add_array(digest, matrix[start : start + _ROWS], np.float64)
        return
    rows = sparse.csr_array(matrix, copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    _add_array(digest, rows.indptr, np.int64)
    _add_array(digest, rows.indices, np.int64)
    _add_array(digest, rows.data, np.float64)


def _add_array(digest: Any, array: Any, dtype: Any) -> None:
    # little-endian, so that a file goes from one machine to another
    wanted = np.dtype(dtype).newbyteorder("<")
    digest.update(np.ascontiguousarray(array, dtype=wanted).tobytes())
