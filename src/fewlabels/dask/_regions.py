"""One region of a graph in a folder: some rows of the affinity, with all columns."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._checksums import checksum
from fewlabels._damage import UNREADABLE, reason
from fewlabels._parts import part_folder
from fewlabels._products import multiply
from fewlabels._rename import rename_without_replacing
from fewlabels.exceptions import GraphFileError, InvalidInputError
from fewlabels.graph.disk._arrays import ArrayFile, ArrayWriter
from fewlabels.graph.disk._checks import checked_rows, edge_hashes

AnyArray = np.ndarray

FORMAT, VERSION = "fewlabels-graph-region", 1
HEADER = "header.json"
ARRAYS = ("indptr", "indices", "data", "degrees")
# Node numbers are held in 32 bits up to here.
_LARGEST_INT32 = 2**31 - 1
# Entries that are read at a time.
_ENTRIES_AT_ONCE = 500_000
_COUNTS = ("number", "first", "n_rows", "n_nodes", "n_entries")


class Region:
    """Some rows of a graph, on disk, with columns numbered as in the whole graph.

    Parameters
    ----------
    folder : Path
        One that :func:`write_region` made.

    Attributes
    ----------
    number, first, n_rows, n_nodes, n_entries : int
        The rows are `first` to `first` + `n_rows` of `n_nodes`.
    links : dict of int to int
        For each other region that edges lead to, the sum of their hashes: that region has the
        same for this one, if the graph is symmetric.
    checksum : str
        Of the header, which holds those of all files: no other region has it.

    Raises
    ------
    GraphFileError
        If it is missing, damaged, or of a later version.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        header = _read_header(folder)
        self.number, self.first, self.n_rows, self.n_nodes, self.n_entries = (
            int(header[name]) for name in _COUNTS
        )
        self.links = {int(other): int(total, 16) for other, total in header["links"].items()}
        self.checksum = str(header["checksum"])
        self._crc32: dict[str, int] = header["crc32"]
        self._files = {name: ArrayFile(folder / f"{name}.npy") for name in ARRAYS}
        lengths = {"indptr": self.n_rows + 1, "degrees": self.n_rows}
        for name, file in self._files.items():
            due = lengths.get(name, self.n_entries)
            if file.length != due or file.dtype not in _dtypes(name):
                raise GraphFileError(
                    f"{file.path} holds {file.length:,} entries of dtype {file.dtype}; {due:,} are "
                    "due. Build the graph anew."
                )

    @property
    def stop(self) -> int:
        """The first row after the region's."""
        return self.first + self.n_rows

    @property
    def dtype(self) -> np.dtype:
        """Of the weights: float32 or float64."""
        return self._files["data"].dtype

    def degrees(self) -> npt.NDArray[np.float64]:
        """Degrees of the rows, shape (n_rows,), from the disk."""
        degrees = self._files["degrees"].read(0, self.n_rows)
        if not (np.isfinite(degrees).all() and (degrees >= 0).all()):
            raise self._damaged("degrees")
        return degrees

    def blocks(self) -> Iterator[tuple[int, sparse.csr_array]]:
        """Yield the rows in blocks, in order: the number of a block's first row, and its weights.

        The rows have all columns of the graph, shape (n_block, n_nodes).
        """
        indptr = self._files["indptr"].read(0, self.n_rows + 1)
        if indptr[0] != 0 or indptr[-1] != self.n_entries or (np.diff(indptr) < 0).any():
            raise self._damaged("indptr")
        cuts = row_cuts(indptr, _ENTRIES_AT_ONCE)
        for start, stop in pairwise(cuts):
            yield self.first + start, self._rows(indptr[start : stop + 1])

    def _rows(self, indptr: AnyArray) -> sparse.csr_array:
        start, stop = int(indptr[0]), int(indptr[-1])
        indices = self._files["indices"].read(start, stop)
        data = self._files["data"].read(start, stop)
        if len(indices) and not 0 <= indices.min() <= indices.max() < self.n_nodes:
            raise self._damaged("indices")
        if not (np.isfinite(data).all() and (data > 0).all()):
            raise self._damaged("data")
        fits = len(indices) <= np.iinfo(indices.dtype).max
        pointers = (indptr - start).astype(indices.dtype if fits else np.int64)
        shape = (len(indptr) - 1, self.n_nodes)
        return sparse.csr_array((data, indices, pointers), shape=shape)

    def check(self) -> None:
        """Read everything and raise GraphFileError if it is not what was written."""
        for name, crc32 in self._crc32.items():
            self._files[name].check_sum(crc32)

    def _damaged(self, name: str) -> GraphFileError:
        return GraphFileError(
            f"{self._files[name].path} is damaged: it does not fit the other files. Build the "
            "graph anew."
        )


def region_folder(path: Path, number: int) -> Path:
    """Return where region `number` of the graph in the folder `path` stands."""
    return path / "regions" / f"{number:05d}"


def write_region(
    path: str | os.PathLike[str],
    number: int,
    starts: npt.ArrayLike,
    blocks: Iterable[object],
    *,
    dtype: npt.DTypeLike = np.float32,
) -> Region:
    """Write a region of a graph, whole or not at all; one that stands there already is kept.

    Parameters
    ----------
    path : path-like
        The graph's folder, which exists.
    number : int
        Of the region, from 0.
    starts : array-like of int of shape (n_regions + 1,)
        The first row of each region, and the number of all rows.
    blocks : iterable of sparse matrices of shape (n_block, n_nodes)
        The region's rows in their order, some at a time: finite, non-negative, with columns
        numbered as in the whole graph. Zeros and the diagonal are dropped, columns are sorted.
        Not read where the region stands already.
    dtype : {float32, float64}, default=float32
        Of the weights on disk.

    Returns
    -------
    Region

    Raises
    ------
    InvalidInputError
        If the blocks are not the region's rows.

    Notes
    -----
    That w_ij is w_ji to the last bit is checked by :func:`finish_graph`, when all regions are
    there. Any process may write it; two at a time do no harm.
    """
    bounds = np.asarray(starts, dtype=np.int64)
    target = region_folder(Path(os.path.realpath(path)), number)
    target.parent.mkdir(exist_ok=True)
    if target.exists():
        return Region(target)
    with part_folder(target.parent) as work:
        header = _write_arrays(work, number, bounds, blocks, np.dtype(dtype))
        write_checked(work / HEADER, {"format": FORMAT, "version": VERSION} | header)
        with contextlib.suppress(FileExistsError):  # another worker was quicker with the same
            rename_without_replacing(work, target)
    return Region(target)


def write_checked(path: Path, entries: dict[str, object]) -> None:
    """Write entries as JSON with their checksum; return when the disk has them."""
    text = json.dumps(entries | {"checksum": checksum(entries)}, indent=1)
    with path.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_checked(path: Path, format_name: str, version: int) -> dict[str, Any]:
    """Read what :func:`write_checked` wrote; raise GraphFileError if it is anything else."""
    try:
        header = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(header, dict) or header.get("format") != format_name:
            raise ValueError("it is of another format")
        if type(header["version"]) is not int or header["version"] < 1:
            raise ValueError(f"its version is {header['version']!r}")
        newer = header["version"] > version
        rest = {key: value for key, value in header.items() if key != "checksum"}
        if not newer and checksum(rest) != header["checksum"]:
            raise ValueError("its checksum does not fit")
    except FileNotFoundError as error:
        raise GraphFileError(f"{path} is missing. Build the graph anew.") from error
    except OSError as error:
        raise GraphFileError(f"{path} can't be read: {error.strerror or error}.") from error
    except UNREADABLE as error:
        raise GraphFileError(
            f"{path} is damaged: {reason(error)}. Build the graph anew."
        ) from error
    if newer:
        raise GraphFileError(
            f"{path} has layout version {header['version']}; this fewlabels reads up to {version}. "
            "Install a newer fewlabels, or build the graph anew."
        )
    return header


def row_cuts(indptr: AnyArray, size: int) -> list[int]:
    """Cut rows into blocks of about `size` entries; a row counts as one more."""
    before = indptr + np.arange(len(indptr))
    cuts = [0]
    while cuts[-1] < len(indptr) - 1:
        stop = int(np.searchsorted(before, before[cuts[-1]] + size, side="right")) - 1
        cuts.append(max(stop, cuts[-1] + 1))
    return cuts


def sums_of_rows(rows: sparse.csr_array) -> npt.NDArray[np.float64]:
    """Return the sums of rows in the order of their entries, as a product with ones takes them."""
    column = (rows.data, np.zeros_like(rows.indices), rows.indptr)
    return multiply(sparse.csr_array(column, shape=(rows.shape[0], 1)), np.ones((1, 1)))[:, 0]


def _write_arrays(
    work: Path, number: int, starts: AnyArray, blocks: Iterable[object], dtype: np.dtype
) -> dict[str, Any]:
    n_nodes, n_regions = int(starts[-1]), len(starts) - 1
    first, stop = int(starts[number]), int(starts[number + 1])
    index_dtype = np.dtype(np.int32 if n_nodes <= _LARGEST_INT32 else np.int64)
    dtypes: list[npt.DTypeLike] = [np.int64, index_dtype, dtype, np.float64]
    at, n_entries = first, 0
    links = np.zeros(n_regions, dtype=np.uint64)
    with contextlib.ExitStack() as stack:
        files = {
            name: stack.enter_context(ArrayWriter(work / f"{name}.npy", kind))
            for name, kind in zip(ARRAYS, dtypes, strict=True)
        }
        files["indptr"].append(np.zeros(1, np.int64))
        for block in blocks:
            rows = checked_rows(block, at, n_nodes, dtype, index_dtype)
            degrees = sums_of_rows(rows)
            if not np.isfinite(degrees).all():
                raise InvalidInputError(
                    f"the affinities of node {at + int(np.argmin(np.isfinite(degrees)))} sum to "
                    "more than float64 holds; divide all by the largest, which changes no answer."
                )
            _add_links(links, rows, at, starts, number)
            files["indptr"].append(rows.indptr[1:] + np.int64(n_entries))
            files["indices"].append(rows.indices)
            files["data"].append(rows.data)
            files["degrees"].append(degrees)
            at, n_entries = at + rows.shape[0], n_entries + rows.nnz
        if at != stop:
            raise InvalidInputError(
                f"the blocks of region {number} have {at - first} rows together; it has "
                f"{stop - first}, from {first} to {stop}."
            )
        for file in files.values():
            file.finish()
    counts = dict(zip(_COUNTS, (number, first, stop - first, n_nodes, n_entries), strict=True))
    return counts | {
        "crc32": {name: file.crc32 for name, file in files.items()},
        "links": {str(k): f"{links[k]:016x}" for k in np.flatnonzero(links).tolist()},
    }


def _add_links(
    links: npt.NDArray[np.uint64],
    rows: sparse.csr_array,
    first: int,
    starts: AnyArray,
    number: int,
) -> None:
    """Add the hashes of the entries to the sum of the region that each leads to.

    Within the region, those above the diagonal count up and those below it down: symmetric rows
    leave 0.
    """
    if rows.nnz == 0:
        return
    hashed = edge_hashes(rows, first)
    to = np.searchsorted(starts, rows.indices, side="right") - 1
    numbers = np.repeat(np.arange(first, first + rows.shape[0]), np.diff(rows.indptr))
    below = (to == number) & (rows.indices < numbers)
    np.negative(hashed, out=hashed, where=below)  # modulo 2^64
    np.add.at(links, to, hashed)


def _dtypes(name: str) -> tuple[np.dtype, ...]:
    kinds = {"indptr": "i8", "degrees": "f8", "indices": "i4 i8", "data": "f4 f8"}
    return tuple(np.dtype(kind) for kind in kinds[name].split())


def _read_header(folder: Path) -> dict[str, Any]:
    header = read_checked(folder / HEADER, FORMAT, VERSION)
    wrong = [name for name in _COUNTS if type(header.get(name)) is not int or header[name] < 0]
    if wrong or not isinstance(header.get("links"), dict) or set(header["crc32"]) != {*ARRAYS}:
        raise GraphFileError(f"{folder / HEADER} is damaged: its entries are of the wrong kind.")
    return header
