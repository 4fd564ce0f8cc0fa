"""A graph on disk, of which some rows are in memory at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from itertools import pairwise
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
from fewlabels.graph.disk._arrays import ArrayFile
from fewlabels.graph.disk._checks import SymmetryCheck, checked_rows, upper_edges
from fewlabels.graph.disk._components import ComponentMerger
from fewlabels.graph.disk._header import ARRAYS, read_header

_WORKING_MEMORY = 640_000_000
# Bytes of indices and weights that a thread reads at a time.
_BLOCK_BYTES = 4_000_000
# Entries of an array with one a node that are read at a time.
_NODES_AT_ONCE = 1_000_000

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INTEGERS = (np.dtype(np.int32), np.dtype(np.int64))
_DTYPES = {
    "indptr": (np.dtype(np.int64),),
    "indices": _INTEGERS,
    "data": _FLOATS,
    "degrees": (np.dtype(np.float64),),
    "components": _INTEGERS,
    "local_scales": _FLOATS,
}


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
        header = read_header(self.path)
        names = [*ARRAYS, "local_scales"] if header["local_scales"] else list(ARRAYS)
        self._files = {name: ArrayFile(self.path / f"{name}.npy") for name in names}
        self._n_nodes = int(header["n_nodes"])
        self._n_entries = int(header["n_entries"])
        self._n_components = int(header["n_components"])
        self._build_info = dict(header["build"])
        self._crc32: dict[str, int] = header["crc32"]  # empty of a graph of an earlier version
        self._check_arrays()
        self._blocks: list[slice] = []
        self._buffers = threading.local()

    def _check_arrays(self) -> None:
        """Raise if the arrays can't be those of one graph."""
        n, files = self._n_nodes, self._files
        lengths = dict.fromkeys(files, n) | {
            "indptr": n + 1,
            "indices": self._n_entries,
            "data": self._n_entries,
        }
        for name, file in files.items():
            if file.length != lengths[name] or file.dtype not in _DTYPES[name]:
                raise GraphFileError(
                    f"{file.path} holds {file.length:,} entries of dtype {file.dtype}; "
                    f"{lengths[name]:,} are due. Write the graph anew."
                )
        ends = [int(files["indptr"].read(i, i + 1)[0]) for i in (0, n)]
        if ends != [0, self._n_entries]:
            raise GraphFileError(
                f"{files['indptr'].path} runs from {ends[0]} to {ends[1]}, not from 0 to "
                f"{self._n_entries}, the number of entries. Write the graph anew."
            )

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
        return self._whole("local_scales") if "local_scales" in self._files else None

    @property
    def is_dense(self) -> bool:
        """False: the affinity is sparse."""
        return False

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the weights on disk: float32 or float64."""
        return self._files["data"].dtype

    @property
    def n_nodes(self) -> int:
        return self._n_nodes

    @property
    def n_edges(self) -> int:
        return self._n_entries // 2

    @property
    def n_components(self) -> int:
        return self._n_components

    @property
    def neighbor_counts(self) -> npt.NDArray[np.intp]:
        """Number of neighbours of each node, shape (n_nodes,)."""
        counts = np.diff(self._files["indptr"].read(0, self._n_nodes + 1))
        if (counts < 0).any():
            raise self._damaged("indptr")
        return counts.astype(np.intp, copy=False)

    @property
    def degrees(self) -> npt.NDArray[np.float64]:
        return self._whole("degrees")

    @property
    def component_labels(self) -> npt.NDArray[np.int32]:
        return self._whole("components")

    def reached_from(self, nodes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
        """Return which nodes share a component with any of `nodes` (indices or a mask)."""
        if self._n_components > 1:
            return super().reached_from(nodes)
        chosen = np.asarray(nodes)
        any_chosen = bool(chosen.any()) if chosen.dtype == bool else chosen.size > 0
        return np.full(self._n_nodes, any_chosen)

    def row_blocks(self) -> list[slice]:
        """Split the rows into blocks that are read at a time, in their order, all rows."""
        if not self._blocks:
            per_entry = self._files["indices"].dtype.itemsize + self.dtype.itemsize
            edges = [0, *self._block_edges(max(1, _BLOCK_BYTES // per_entry))]
            self._blocks = [slice(a, b) for a, b in pairwise(edges)]
        return self._blocks

    def _block_edges(self, size: int) -> Iterator[int]:
        """Yield where blocks of `size` entries end; a row counts as one more."""
        start, passed = 0, 0
        for first in range(0, self._n_nodes, _NODES_AT_ONCE):
            last = min(first + _NODES_AT_ONCE, self._n_nodes)
            # How much stands before each row from `first` to `last`.
            before = self._files["indptr"].read(first, last + 1)
            before += np.arange(first, last + 1)
            while True:
                stop = first + int(np.searchsorted(before, passed + size, side="right")) - 1
                stop = max(stop, start + 1)
                if stop >= last:  # the rows that come next may belong to it
                    break
                yield stop
                start, passed = stop, int(before[stop - first])
        yield self._n_nodes

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
        data, indices, indptr = self._parts(rows, reuse=False)
        return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, self._n_nodes))

    def weighted_sums(self, rows: slice, y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return (W y)[rows], a new array of float64, for y of shape (n_nodes, m), float64.

        Reads these rows into memory that the thread uses again and again; any thread may call.
        """
        data, indices, indptr = self._parts(rows, reuse=True)
        shape = (len(indptr) - 1, self._n_nodes)
        return multiply(sparse.csr_array((data, indices, indptr), shape=shape), y)

    def _parts(self, rows: slice, *, reuse: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read rows: weights, columns, row pointers."""
        files = self._files
        ends = files["indptr"].read(rows.start, rows.stop + 1)
        start, stop = int(ends[0]), int(ends[-1])
        if not 0 <= start <= stop <= self._n_entries or np.any(np.diff(ends) < 0):
            raise self._damaged("indptr")
        size, narrow = stop - start, files["indices"].dtype
        indices = files["indices"].read(
            start, stop, self._buffer("indices", size) if reuse else None
        )
        # As unsigned numbers, negative ones are large, too.
        unsigned = indices.view(np.uint32 if narrow.itemsize == 4 else np.uint64)
        if size and int(unsigned.max()) >= self._n_nodes:
            raise self._damaged("indices")
        data = files["data"].read(start, stop, self._buffer("data", size) if reuse else None)
        fits = size <= np.iinfo(narrow).max
        return data, indices, (ends - start).astype(narrow if fits else np.int64)

    def _buffer(self, name: str, size: int) -> np.ndarray:
        """Memory of this thread for `size` entries of an array, used again by the next read."""
        held = getattr(self._buffers, name, None)
        if held is None or len(held) < size:
            held = np.empty(size, self._files[name].dtype)
            setattr(self._buffers, name, held)
        return held

    def node_values(self, name: str, rows: slice) -> np.ndarray:
        """Return entries of an array with one a node, from the disk."""
        values = self._files[name].read(rows.start, rows.stop)
        if name == "components":
            wrong = len(values) and not 0 <= values.min() <= values.max() < self._n_components
        else:
            wrong = not (np.isfinite(values).all() and (values >= 0).all())
        if wrong:
            raise self._damaged(name)
        return values

    def _whole(self, name: str) -> np.ndarray:
        values = self.node_values(name, slice(0, self._n_nodes))
        values.flags.writeable = False
        return values

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
        n, narrow = self._n_nodes, self._files["indices"].dtype
        symmetry, merger, ones = SymmetryCheck(n), ComponentMerger(n, narrow), np.ones(n)
        for block in self.row_blocks():
            rows = self.rows(block)
            try:
                checked = checked_rows(rows, block.start, n, self.dtype, narrow)
            except FewLabelsError as error:
                raise GraphFileError(f"{self.path} is damaged: {error}") from error
            if checked.nnz != rows.nnz:
                raise self._damaged("indices")
            sums = self.weighted_sums(block, ones)
            if not np.array_equal(sums, self.node_values("degrees", block)):
                raise self._damaged("degrees")
            symmetry.add(checked, block.start)
            merger.join(*upper_edges(checked, block.start))
        wrong = symmetry.wrong_rows()
        if len(wrong):
            raise GraphFileError(
                f"{self.path} is damaged: {len(wrong):,} rows differ from the columns of the same "
                f"numbers, the first is row {wrong[0]}. Write the graph anew."
            )
        labels = merger.labels()
        known = self.component_labels
        if not np.array_equal(labels, known) or int(known.max()) + 1 != self._n_components:
            raise self._damaged("components")
        self._check_sums()

    def _check_sums(self) -> None:
        for name, crc32 in self._crc32.items():
            self._files[name].check_sum(crc32)

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
        n_bytes = sum(file.length * file.dtype.itemsize for file in self._files.values())
        require_memory(
            n_bytes,
            f"the graph of {self._n_nodes:,} nodes in {self.path}",
            "LabelSpreading takes it as it is, from the disk.",
        )
        if self._crc32:
            self._check_sums()
        else:
            self.check()
        affinity = self.rows(slice(0, self._n_nodes))
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

    def _damaged(self, name: str) -> GraphFileError:
        return GraphFileError(
            f"{self._files[name].path} is damaged: it does not fit the other files. Write the "
            "graph anew."
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
