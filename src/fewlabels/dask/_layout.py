"""The folder of a graph in regions: what is in it, how it is opened and checked.

::

    regions.json     what the graph is, and the checksums of its regions; written last
    order.npy        the caller's row of each internal row, int64
    places.npy       the internal row of each of the caller's rows, int64
    components.npy   the connected component of each internal row
    regions/00000/   some rows of the affinity: indptr, indices, data, degrees, header.json

Internal rows are numbered region by region; rows of a region are in ascending order of these
numbers, and columns within a row, too: sums are taken in this order.
"""

from __future__ import annotations

import errno
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._memory import require_memory
from fewlabels._typing import Loaded
from fewlabels.dask._regions import (
    Region,
    read_checked,
    region_folder,
    sums_of_rows,
)
from fewlabels.exceptions import GraphFileError
from fewlabels.graph import Graph
from fewlabels.graph.disk._arrays import ArrayFile

AnyArray = np.ndarray
IntArray = npt.NDArray[np.int64]

FORMAT, VERSION = "fewlabels-graph-regions", 1
HEADER, STAGES = "regions.json", "stages"
_ROWS_AT_ONCE = 1_000_000

ARRAYS = ("order", "places", "components")


class RegionGraph:
    """A graph in a folder of regions, which are divided among the workers of a cluster.

    :func:`fewlabels.dask.knn_graph` builds one, :func:`open_graph` opens it, and
    :class:`fewlabels.dask.LabelSpreading` is fitted on it. Rows and labels are numbered as the
    caller has them; inside, rows are numbered region by region.

    Attributes
    ----------
    path : Path
        The folder, which all workers have to see under the same name.
    n_nodes, n_edges, n_regions, n_components : int
    starts : ndarray of shape (n_regions + 1,), int64
        The first internal row of each region, and the number of all.
    recall_ : float or None
        Share of the true nearest neighbours that the search found, on a sample.
    build_info : dict
        How the graph was made: plain numbers and strings.
    checksum : str
        Of the whole graph: no other one has it.

    Notes
    -----
    A pickle holds the path, not the graph.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import knn_graph
    >>> from fewlabels.dask import regions_of
    >>> graph = knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1)
    >>> regions_of(graph, Path(tempfile.mkdtemp()) / "graph", n_regions=2)
    RegionGraph(n_nodes=4, n_edges=2, n_regions=2, n_components=2)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(os.path.realpath(path))
        header = _read_header(self.path)
        self.n_nodes = int(header["n_points"])
        self.n_edges = int(header["n_entries"]) // 2
        self.n_components = int(header["n_components"])
        self.starts: IntArray = np.array(header["starts"], dtype=np.int64)
        self.starts.flags.writeable = False
        self.recall_: float | None = header["recall"]
        self.build_info: Loaded = header["build"]
        self.checksum: str = header["checksum"]
        self._header = header
        self._files = {name: ArrayFile(self.path / f"{name}.npy") for name in ARRAYS}
        for file in self._files.values():
            if file.length != self.n_nodes or file.dtype.kind != "i":
                raise GraphFileError(
                    f"{file.path} holds {file.length:,} entries of dtype {file.dtype}; "
                    f"{self.n_nodes:,} row numbers are due. Build the graph anew."
                )

    @property
    def n_regions(self) -> int:
        return len(self.starts) - 1

    @property
    def dtype(self) -> np.dtype:
        """Of the weights: float32 or float64."""
        return self.region(0).dtype

    @property
    def metric(self) -> str | None:
        """The distance that neighbours were sought by."""
        metric: str | None = self._header["metric"]
        return metric

    @property
    def n_neighbors(self) -> int | None:
        """How many neighbours of each row were sought."""
        k: int | None = self._header["k"]
        return k

    @property
    def n_features(self) -> int | None:
        n_features: int | None = self._header["n_features"]
        return n_features

    def region(self, number: int) -> Region:
        """Open a region; raise GraphFileError if it is not the one that belongs here."""
        found = Region(region_folder(self.path, number))
        due = (self._header["regions"][number], number, self.n_nodes)
        if (found.checksum, found.number, found.n_nodes) != due:
            raise GraphFileError(
                f"{found.folder} is a region of another graph, or was written anew. Build the "
                "graph anew."
            )
        return found

    def order(self, start: int, stop: int) -> IntArray:
        """The caller's rows of internal rows `start` to `stop`, from the disk."""
        order: IntArray = self._numbers("order", start, stop, self.n_nodes)
        return order

    def places(self, start: int, stop: int) -> IntArray:
        """The internal rows of the caller's rows `start` to `stop`, from the disk."""
        places: IntArray = self._numbers("places", start, stop, self.n_nodes)
        return places

    def places_of(self, rows: IntArray) -> IntArray:
        """The internal rows of some of the caller's rows, in any order."""
        found = np.empty(len(rows), dtype=np.int64)
        by_number = np.argsort(rows, kind="stable")
        ordered = rows[by_number]
        for start in range(0, self.n_nodes, _ROWS_AT_ONCE):
            a, b = np.searchsorted(ordered, (start, start + _ROWS_AT_ONCE))
            if a < b:
                first, last = int(ordered[a]), int(ordered[b - 1])
                found[by_number[a:b]] = self.places(first, last + 1)[ordered[a:b] - first]
        return found

    def components(self, start: int, stop: int) -> AnyArray:
        """The numbers of the components of internal rows `start` to `stop`, from the disk."""
        return self._numbers("components", start, stop, self.n_components)

    def _numbers(self, name: str, start: int, stop: int, below: int) -> AnyArray:
        values = self._files[name].read(start, stop)
        if len(values) and not 0 <= values.min() <= values.max() < below:
            raise self._damaged(name)
        return values

    def check(self) -> None:
        """Read everything once, and raise GraphFileError if it is not the graph that was built.

        Cost: one pass on this machine.
        """
        for number in range(self.n_regions):
            region = self.region(number)
            region.check()
            degrees = region.degrees()
            for first, rows in region.blocks():
                here = slice(first - region.first, first - region.first + rows.shape[0])
                if not np.array_equal(sums_of_rows(rows), degrees[here]):
                    raise GraphFileError(
                        f"{region.folder} is damaged: its degrees are not those of its rows. Build "
                        "the graph anew."
                    )
        for name, crc32 in self._header["crc32"].items():
            self._files[name].check_sum(crc32)

    def to_memory(self) -> Graph:
        """Return the graph in memory, its nodes in the caller's order.

        Raises
        ------
        NotEnoughMemoryError
            If it would not fit in the free memory; nothing is allocated then.
        """
        n_bytes = 12 * int(self._header["n_entries"]) + 40 * self.n_nodes
        require_memory(3 * n_bytes, f"the graph of {self.n_nodes:,} nodes in {self.path}", "")
        order = self.order(0, self.n_nodes)
        blocks = [rows for k in range(self.n_regions) for _, rows in self.region(k).blocks()]
        inside = sparse.vstack(blocks, format="csr").tocoo()
        entries = (inside.data, (order[inside.row], order[inside.col]))
        return Graph(
            sparse.csr_array(entries, shape=(self.n_nodes, self.n_nodes)),
            build_info=self.build_info,
        )

    def _damaged(self, name: str) -> GraphFileError:
        return GraphFileError(
            f"{self._files[name].path} is damaged: it does not fit the other files. Build the "
            "graph anew."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (RegionGraph, (str(self.path),))

    def __repr__(self) -> str:
        return (
            f"RegionGraph(n_nodes={self.n_nodes}, n_edges={self.n_edges}, "
            f"n_regions={self.n_regions}, n_components={self.n_components})"
        )


def open_graph(path: str | os.PathLike[str]) -> RegionGraph:
    """Open a graph in regions, without reading it; :meth:`RegionGraph.check` reads everything.

    Parameters
    ----------
    path : path-like
        The folder, which all workers have to see under the same name.

    Returns
    -------
    RegionGraph

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    GraphFileError
        If it holds no graph, one that is not finished, a damaged one, or one of a later version.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels import knn_graph
    >>> from fewlabels.dask import open_graph, regions_of
    >>> path = Path(tempfile.mkdtemp()) / "graph"
    >>> graph = knn_graph([[0.0], [1.0], [8.0], [9.0]], n_neighbors=1)
    >>> _ = regions_of(graph, path, n_regions=2)
    >>> open_graph(path).n_nodes
    4
    """
    return RegionGraph(path)


def _read_header(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, "there is no such graph", str(path))
    if not (path / HEADER).exists():
        raise GraphFileError(
            f"{path} holds no finished graph in regions: {HEADER} is missing. Build it with "
            "fewlabels.dask.knn_graph, which goes on where it was ended; a graph that write_graph "
            "wrote is opened by fewlabels.open_graph."
        )
    header = read_checked(path / HEADER, FORMAT, VERSION)
    try:
        starts = header["starts"]
        if not all(type(start) is int for start in starts) or starts[0] != 0:
            raise ValueError("its regions don't begin with row 0")
        if any(a > b for a, b in pairwise(starts)):
            raise ValueError("its regions are not in order")
        if starts[-1] != header["n_points"] or len(header["regions"]) != len(starts) - 1:
            raise ValueError("its regions are not all of its rows")
        if set(header["crc32"]) != {*ARRAYS}:
            raise ValueError("its checksums are not those of its files")
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise GraphFileError(f"{path / HEADER} is damaged: {error}.") from error
    return header
