"""A graph on disk, of which some rows are in memory at a time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._memory import require_memory
from fewlabels._products import multiply
from fewlabels._validation import check_integer
from fewlabels.exceptions import FewLabelsError, GraphFileError, InvalidTypeError
from fewlabels.graph._graph import Graph
from fewlabels.graph._symmetric import with_small_indices
from fewlabels.graph.disk._checks import SymmetryCheck, checked_rows, upper_edges
from fewlabels.graph.disk._components import ComponentMerger
from fewlabels.graph.disk._graph_files import GraphFiles

_WORKING_MEMORY = 640_000_000


class DiskGraph(Graph):
    """A graph on disk: an undirected graph with non-negative weights and no self-loops.

    :func:`write_graph` makes one, :func:`open_graph` opens it. :class:`fewlabels.LabelSpreading`
    is fitted on it as on any :class:`Graph`, and reads the affinity from disk in blocks of rows,
    once per step. Operations that need the whole affinity in memory are refused: use
    :meth:`to_memory` first.

    Attributes
    ----------
    path : Path
        The folder.
    working_memory : int
        As :func:`open_graph` took it.
    degrees : ndarray of shape (n_nodes,), float64
        d_i = sum_j w_ij. This and the other arrays with an entry a node are read from disk
        whenever they are asked for, and not kept.
    component_labels : ndarray of shape (n_nodes,), int32
        Number of the connected component of each node, from 0.
    neighbor_counts : ndarray of shape (n_nodes,), intp
    local_scales : ndarray of shape (n_nodes,) or None
    n_nodes, n_edges, n_components : int
    dtype : dtype
        Of the weights: float32 or float64.
    build_info : dict
    recall_ : float or None
        As of :class:`Graph`.

    Notes
    -----
    A pickle holds the path, not the graph.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import knn_graph, write_graph
    >>> path = Path(tempfile.mkdtemp()) / "graph"
    >>> on_disk = write_graph(path, knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1))
    >>> on_disk.to_memory().n_nodes
    4
    """

    def __init__(self, path: str | os.PathLike[str], *, working_memory: int) -> None:
        # Nothing of the base class's own state: there is no affinity to hold.
        self.path = Path(os.path.realpath(path))
        self.working_memory = working_memory
        self._files = GraphFiles(self.path)
        self._build_info = self._files.build_info

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> DiskGraph:
        """Open a graph on disk; see :func:`open_graph`."""
        return open_graph(path)

    @classmethod
    def from_affinity(cls, matrix: object, **settings: object) -> NoReturn:
        """Refuse: a graph on disk is made by :func:`write_graph`."""
        raise InvalidTypeError(
            "a DiskGraph is made by write_graph(path, Graph.from_affinity(matrix)), or from rows "
            "by write_graph(path, blocks, n_nodes)."
        )

    @property
    def affinity(self) -> NoReturn:
        raise self._not_in_memory("the affinity as a whole")

    @property
    def locality_order(self) -> NoReturn:
        raise self._not_in_memory("an order of the nodes")

    @property
    def local_scales(self) -> npt.NDArray[np.floating] | None:
        return self._files.whole("local_scales") if "local_scales" in self._files.arrays else None

    @property
    def is_dense(self) -> bool:
        """False: the affinity is sparse."""
        return False

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the weights on disk: float32 or float64."""
        return self._files.arrays["data"].dtype

    @property
    def n_nodes(self) -> int:
        return self._files.n_nodes

    @property
    def n_edges(self) -> int:
        return self._files.n_entries // 2

    @property
    def n_components(self) -> int:
        return self._files.n_components

    @property
    def neighbor_counts(self) -> npt.NDArray[np.intp]:
        """Number of neighbours of each node, shape (n_nodes,)."""
        counts = np.diff(self._files.arrays["indptr"].read(0, self._files.n_nodes + 1))
        if (counts < 0).any():
            raise self._files.damaged("indptr")
        return counts.astype(np.intp, copy=False)

    @property
    def degrees(self) -> npt.NDArray[np.float64]:
        return self._files.whole("degrees")

    @property
    def component_labels(self) -> npt.NDArray[np.int32]:
        return self._files.whole("components")

    def reached_from(self, nodes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which nodes share a component with any of `nodes` (indices or a mask)."""
        if self._files.n_components > 1:
            return super().reached_from(nodes)
        chosen = np.asarray(nodes)
        any_chosen = bool(chosen.any()) if chosen.dtype == bool else chosen.size > 0
        return np.full(self._files.n_nodes, any_chosen)

    def row_blocks(self) -> list[slice]:
        """Split the rows into blocks that are read at a time, in their order, all rows."""
        return self._files.row_blocks()

    def rows(self, rows: slice) -> sparse.csr_array:
        """Return some rows of the affinity, from the disk.

        Parameters
        ----------
        rows : slice
            With a start and a stop.

        Returns
        -------
        csr_array of shape (n_rows, n_nodes)
            Arrays of its own.

        Raises
        ------
        GraphFileError
            If the files were changed or cut short since they were opened, or are damaged.
        """
        data, indices, indptr = self._files.read_rows(rows, reuse=False)
        return sparse.csr_array(
            (data, indices, indptr), shape=(len(indptr) - 1, self._files.n_nodes)
        )

    def weighted_sums(self, rows: slice, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return (W y)[rows], a new array of float64, for y of shape (n_nodes, m), float64.

        Reads these rows into memory that the thread uses again and again; any thread may call.
        """
        data, indices, indptr = self._files.read_rows(rows, reuse=True)
        shape = (len(indptr) - 1, self._files.n_nodes)
        return multiply(sparse.csr_array((data, indices, indptr), shape=shape), y)

    def node_values(self, name: str, rows: slice) -> np.ndarray:
        """Return entries of an array with one a node, from the disk."""
        return self._files.node_values(name, rows)

    def check(self) -> None:
        """Read everything once, and raise an error if it is not the graph that was written.

        Checks that weights are finite, positive and symmetric, that indices are sorted and in
        range, and that degrees and components belong to them. :func:`write_graph` has done so; use
        this for files from elsewhere, or if you suspect the disk. Cost: one pass; memory 30 bytes
        per node.

        Raises
        ------
        GraphFileError
        """
        n, narrow = self._files.n_nodes, self._files.arrays["indices"].dtype
        symmetry, merger, ones = SymmetryCheck(n), ComponentMerger(n, narrow), np.ones(n)
        for block in self.row_blocks():
            rows = self.rows(block)
            try:
                checked = checked_rows(rows, block.start, n, self.dtype, narrow)
            except FewLabelsError as error:
                raise GraphFileError(f"{self.path} is damaged: {error}") from error
            if checked.nnz != rows.nnz:
                raise self._files.damaged("indices")
            sums = self.weighted_sums(block, ones)
            if not np.array_equal(sums, self.node_values("degrees", block)):
                raise self._files.damaged("degrees")
            symmetry.add(checked, block.start)
            merger.join(*upper_edges(checked, block.start))
        wrong = symmetry.wrong_rows()
        if len(wrong):
            raise GraphFileError(
                f"{self.path} is damaged: {len(wrong):,} rows differ from the columns of the same "
                f"numbers, the first is row {wrong[0]}. Write the graph again."
            )
        labels = merger.labels()
        known = self.component_labels
        if not np.array_equal(labels, known) or int(known.max()) + 1 != self._files.n_components:
            raise self._files.damaged("components")
        self._files.check_sums()

    def to_memory(self) -> Graph:
        """Return the graph in memory; its files are compared with their checksums.

        Where an earlier version wrote it, without these, all of :meth:`check` is done.

        Raises
        ------
        NotEnoughMemoryError
            If it would not fit in the free memory; nothing is allocated then.
        GraphFileError
            If the files are damaged.
        """
        n_bytes = sum(file.length * file.dtype.itemsize for file in self._files.arrays.values())
        require_memory(
            n_bytes,
            f"the graph of {self._files.n_nodes:,} nodes in {self.path}",
            "LabelSpreading takes it as it is, from the disk.",
        )
        if self._files.has_sums:
            self._files.check_sums()
        else:
            self.check()
        affinity = self.rows(slice(0, self._files.n_nodes))
        return Graph._of_checked(
            with_small_indices(affinity),
            local_scales=self.local_scales,
            build_info=self._build_info,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Refuse: the graph is on disk; copy its folder, or save what `to_memory` returns."""
        raise self._not_in_memory("an NPZ file")

    def __reduce__(self) -> tuple[object, ...]:
        return (_reopen, (str(self.path), self.working_memory))

    def __repr__(self) -> str:
        return f"Disk{super().__repr__()}"

    def _not_in_memory(self, what: str) -> InvalidTypeError:
        return InvalidTypeError(
            f"{what} needs the graph in memory, and this one is on disk, in {self.path}. Use "
            "to_memory() if it fits."
        )


def open_graph(path: str | os.PathLike[str], *, working_memory: int = _WORKING_MEMORY) -> DiskGraph:
    """Open a graph written by :func:`write_graph`, without reading it.

    Header, sizes and dtypes are checked; :meth:`DiskGraph.check` reads everything.

    Parameters
    ----------
    path : path-like
    working_memory : int, default=640_000_000
        Bytes that a solve may use for its vectors, in addition to its result and 8 bytes per node.
        As many classes as fit are solved for at a time, at least one; a class takes 24 bytes per
        node (twice that if some nodes are too far from every label for one float64). The more
        classes at a time, the less often the graph is read.

    Returns
    -------
    DiskGraph

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    GraphFileError
        If it contains no graph or a damaged one, or was written by a later version.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import knn_graph, open_graph, write_graph
    >>> path = Path(tempfile.mkdtemp()) / "graph"
    >>> graph = knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1)
    >>> _ = write_graph(path, graph)
    >>> open_graph(path).n_nodes
    4
    """
    working_memory = check_integer("working_memory", working_memory, minimum=1)
    return DiskGraph(path, working_memory=working_memory)


def _reopen(path: str, working_memory: int) -> DiskGraph:
    return open_graph(path, working_memory=working_memory)
