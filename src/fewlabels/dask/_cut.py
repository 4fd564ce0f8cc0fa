"""Cut a graph that is at hand into regions."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._parts import part_folder
from fewlabels._rename import rename_without_replacing
from fewlabels._validation import check_integer
from fewlabels.dask._finish import finish_graph
from fewlabels.dask._layout import RegionGraph, open_graph
from fewlabels.dask._regions import write_region
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import DiskGraph, Graph

_ROWS_AT_ONCE = 50_000


def regions_of(graph: object, path: str | os.PathLike[str], n_regions: int) -> RegionGraph:
    """Divide a graph in memory into regions, in a folder that the workers of a cluster can read.

    Nodes are put in an order in which neighbours stand near one another, and cut into regions of
    equal size. For graphs that are at hand; :func:`fewlabels.dask.knn_graph` builds one that is
    larger than memory.

    Parameters
    ----------
    graph : Graph
        Sparse.
    path : path-like
        The folder to create. Nothing may stand there.
    n_regions : int
        From 1 to the number of nodes: at least as many as there will be workers.

    Returns
    -------
    RegionGraph

    Raises
    ------
    FileExistsError
        If `path` exists.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import knn_graph
    >>> from fewlabels.dask import regions_of
    >>> graph = knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1)
    >>> regions_of(graph, Path(tempfile.mkdtemp()) / "graph", n_regions=2).starts.tolist()
    [0, 2, 4]
    """
    if not isinstance(graph, Graph) or isinstance(graph, DiskGraph) or graph.is_dense:
        raise InvalidTypeError(
            f"graph must be a sparse Graph in memory, got {type(graph).__name__}. Take "
            "knn_graph(X), or to_memory() of a graph on disk."
        )
    if graph.n_nodes == 0:
        raise InvalidInputError("the graph has no nodes; there is nothing to cut.")
    n_regions = check_integer("n_regions", n_regions, minimum=1)
    if n_regions > graph.n_nodes:
        raise InvalidInputError(f"n_regions is {n_regions}; the graph has {graph.n_nodes} nodes.")
    target = Path(os.path.realpath(path))
    if os.path.lexists(target):
        raise FileExistsError(
            errno.EEXIST,
            "something stands there already; remove it, or choose another path",
            str(target),
        )
    order = graph.locality_order.astype(np.int64)
    starts = np.linspace(0, graph.n_nodes, n_regions + 1).astype(np.int64)
    with part_folder(target.parent) as work:
        for number in range(n_regions):
            rows = range(starts[number], starts[number + 1], _ROWS_AT_ONCE)
            blocks = _rows(graph, order, rows, int(starts[number + 1]))
            write_region(work, number, starts, blocks, dtype=graph.dtype)
        info = graph.build_info
        finish_graph(
            work,
            starts,
            order,
            metric=info.get("metric"),
            k=info.get("n_neighbors"),
            recall=graph.recall_,
            build_info=info,
        )
        rename_without_replacing(work, target)
    return open_graph(target)


def _rows(
    graph: Graph, order: npt.NDArray[np.intp], firsts: range, stop: int
) -> Iterator[sparse.csr_array]:
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    for first in firsts:
        rows = sparse.csr_array(graph.affinity[order[first : min(first + _ROWS_AT_ONCE, stop)]])
        rows.indices = place[rows.indices].astype(rows.indices.dtype)
        rows.has_sorted_indices = False
        rows.sort_indices()
        yield rows
