"""The arrays of a graph on disk: some rows of them are read at a time, and checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from fewlabels.exceptions import GraphFileError
from fewlabels.graph.disk._arrays import ArrayFile
from fewlabels.graph.disk._header import ARRAYS, read_header

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


class GraphFiles:
    """The files of a graph on disk, opened: sizes and dtypes are checked, entries when read.

    Attributes
    ----------
    path : Path
    arrays : dict of str to ArrayFile
    n_nodes, n_entries, n_components : int
    build_info : dict
    has_sums : bool
        Whether the header holds checksums; an earlier version wrote none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        header = read_header(path)
        names = [*ARRAYS, "local_scales"] if header["local_scales"] else list(ARRAYS)
        self.arrays = {name: ArrayFile(path / f"{name}.npy") for name in names}
        self.n_nodes = header["n_nodes"]
        self.n_entries = header["n_entries"]
        self.n_components = header["n_components"]
        self.build_info = dict(header["build"])
        self._crc32 = header["crc32"]
        self.has_sums = bool(self._crc32)
        self._check_arrays()
        self._blocks: list[slice] = []
        self._buffers = threading.local()

    def _check_arrays(self) -> None:
        """Raise if the arrays can't be those of one graph."""
        n, files = self.n_nodes, self.arrays
        lengths = dict.fromkeys(files, n) | {
            "indptr": n + 1,
            "indices": self.n_entries,
            "data": self.n_entries,
        }
        for name, file in files.items():
            if file.length != lengths[name] or file.dtype not in _DTYPES[name]:
                raise GraphFileError(
                    f"{file.path} holds {file.length:,} entries of dtype {file.dtype}; "
                    f"{lengths[name]:,} are due. Write the graph again."
                )
        ends = [int(files["indptr"].read(i, i + 1)[0]) for i in (0, n)]
        if ends != [0, self.n_entries]:
            raise GraphFileError(
                f"{files['indptr'].path} runs from {ends[0]} to {ends[1]}, not from 0 to "
                f"{self.n_entries}, the number of entries. Write the graph again."
            )

    def row_blocks(self) -> list[slice]:
        """Split the rows into blocks that are read at a time, in their order, all rows."""
        if not self._blocks:
            per_entry = self.arrays["indices"].dtype.itemsize + self.arrays["data"].dtype.itemsize
            edges = [0, *self._block_edges(max(1, _BLOCK_BYTES // per_entry))]
            self._blocks = [slice(a, b) for a, b in pairwise(edges)]
        return self._blocks

    def _block_edges(self, size: int) -> Iterator[int]:
        """Yield where blocks of `size` entries end; a row counts as one more."""
        start, passed = 0, 0
        for first in range(0, self.n_nodes, _NODES_AT_ONCE):
            last = min(first + _NODES_AT_ONCE, self.n_nodes)
            # How much stands before each row from `first` to `last`.
            before = self.arrays["indptr"].read(first, last + 1)
            before += np.arange(first, last + 1)
            while True:
                stop = first + int(np.searchsorted(before, passed + size, side="right")) - 1
                stop = max(stop, start + 1)
                if stop >= last:  # the rows that come next may belong to it
                    break
                yield stop
                start, passed = stop, int(before[stop - first])
        yield self.n_nodes

    def read_rows(self, rows: slice, *, reuse: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Read rows: weights, columns, row pointers."""
        files = self.arrays
        ends = files["indptr"].read(rows.start, rows.stop + 1)
        start, stop = int(ends[0]), int(ends[-1])
        if not 0 <= start <= stop <= self.n_entries or np.any(np.diff(ends) < 0):
            raise self.damaged("indptr")
        size, narrow = stop - start, files["indices"].dtype
        indices = files["indices"].read(
            start, stop, self._buffer("indices", size) if reuse else None
        )
        # As unsigned numbers, negative ones are large, too.
        unsigned = indices.view(np.uint32 if narrow.itemsize == 4 else np.uint64)
        if size and int(unsigned.max()) >= self.n_nodes:
            raise self.damaged("indices")
        data = files["data"].read(start, stop, self._buffer("data", size) if reuse else None)
        fits = size <= np.iinfo(narrow).max
        return data, indices, (ends - start).astype(narrow if fits else np.int64)

    def _buffer(self, name: str, size: int) -> np.ndarray:
        """Memory of this thread for `size` entries of an array, used again by the next read."""
        held = getattr(self._buffers, name, None)
        if held is None or len(held) < size:
            held = np.empty(size, self.arrays[name].dtype)
            setattr(self._buffers, name, held)
        return held

    def node_values(self, name: str, rows: slice) -> np.ndarray:
        """Return entries of an array with one a node, from the disk."""
        values = self.arrays[name].read(rows.start, rows.stop)
        if name == "components":
            wrong = len(values) and not 0 <= values.min() <= values.max() < self.n_components
        else:
            wrong = not (np.isfinite(values).all() and (values >= 0).all())
        if wrong:
            raise self.damaged(name)
        return values

    def whole(self, name: str) -> np.ndarray:
        """Return all of an array with one entry per node, read-only."""
        values = self.node_values(name, slice(0, self.n_nodes))
        values.flags.writeable = False
        return values

    def check_sums(self) -> None:
        """Raise if a file differs from its checksum."""
        for name, crc32 in self._crc32.items():
            self.arrays[name].check_sum(crc32)

    def damaged(self, name: str) -> GraphFileError:
        """Return the error that says so of an array."""
        return GraphFileError(
            f"{self.arrays[name].path} is damaged: it does not fit the other files. Write the "
            "graph anew."
        )
