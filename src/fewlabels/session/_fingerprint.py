"""Tell whether a session's data is what it was."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._arrays import array_or_csr, checked_array
from fewlabels._typing import Frame, Matrix
from fewlabels.features import Points
from fewlabels.features.kinds import as_table, items_of, kind_of
from fewlabels.graph import DiskGraph, Graph
from fewlabels.io import Table
from fewlabels.io._cells import as_name
from fewlabels.io._table import Block, Dates, Numbers

_ROWS = 4096


def fingerprint(graph_or_X: object) -> str:
    """Return a SHA-256 of data or of a graph's edges, as hexadecimal digits.

    Features count as float64, row by row, so that the same numbers in float32, in a list or in a
    sparse matrix are the same data. Tables count by what their cells hold, however they are
    stored; texts and pictures by themselves, for what becomes of them may differ in a last bit on
    another machine. Of a graph on disk, its degrees and components stand for the edges.
    """
    digest = hashlib.sha256()
    if isinstance(graph_or_X, DiskGraph):
        _add(digest, "disk graph", (graph_or_X.n_nodes, graph_or_X.n_edges))
        _add_array(digest, graph_or_X.degrees, np.float64)
        _add_array(digest, graph_or_X.component_labels, np.int64)
    elif isinstance(graph_or_X, Graph):
        _add(digest, "graph", (graph_or_X.n_nodes,))
        _add_matrix(digest, graph_or_X.affinity)
    elif isinstance(graph_or_X, Points):
        _add(digest, "features", graph_or_X.values.shape)
        _add_matrix(digest, graph_or_X.values)
    elif (kind := kind_of(graph_or_X)) == "array":
        X = array_or_csr(checked_array(graph_or_X))
        _add(digest, "features", X.shape)
        _add_matrix(digest, X)
    elif kind == "table":
        _add_table(digest, as_table(graph_or_X))
    else:
        _add_items(digest, kind, graph_or_X)
    return digest.hexdigest()


class Digest(Protocol):
    """A hash of `hashlib`."""

    def update(self, data: bytes | memoryview, /) -> None: ...


def _add(digest: Digest, kind: str, shape: tuple[int, ...]) -> None:
    digest.update(f"{kind} {'x'.join(map(str, shape))}\n".encode())


def _add_table(digest: Digest, table: Table) -> None:
    _add(digest, "table", (table.n_rows, len(table.names)))
    for name in table.names:
        digest.update(json.dumps(name).encode())
        view = table.view(name)
        if isinstance(view, Dates):
            _add_array(digest, view.days, np.float64)
        elif isinstance(view, (Numbers, Block)):
            _add_array(digest, view.values, np.float64)
        else:
            cells = ["" if cell is None else as_name(cell) for cell in table.cells(name)]
            digest.update(json.dumps(cells).encode())


def _add_items(digest: Digest, kind: str, data: Frame) -> None:
    """Add texts, or pictures: files by what they hold."""
    items = items_of(data)
    items = data if items is None else items
    _add(digest, kind, (len(items),))
    for item in items:
        if kind == "texts":
            digest.update(json.dumps(item if isinstance(item, str) else None).encode())
        elif isinstance(item, (str, Path)):
            digest.update(_hash_of_file(Path(item)))
        else:
            _add_array(digest, np.asarray(item), np.float64)


def _hash_of_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:  # a picture that can't be read is a point of which nothing is known
        return hashlib.sha256(b"unreadable").digest()


def _add_matrix(digest: Digest, matrix: Matrix) -> None:
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


def _add_array(digest: Digest, array: np.ndarray, dtype: npt.DTypeLike) -> None:
    # little-endian, so that a file goes from one machine to another
    wanted = np.dtype(dtype).newbyteorder("<")
    digest.update(np.ascontiguousarray(array, dtype=wanted).tobytes())
