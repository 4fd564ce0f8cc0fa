"""The rows of a graph that one worker holds, and their products."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._products import multiply, multiply_minus
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import Line
from fewlabels.graph.disk._arrays import ArrayFile, ArrayWriter
from fewlabels.solvers._matrix import (
    FloatArray,
    RowProduct,
    largest_eigenvalue,
    recurrence_factor,
)
from fewlabels.solvers._threads import run_all

AnyArray = np.ndarray
BoolArray = npt.NDArray[np.bool_]

# Entries of the vectors in a block of rows: so many stay in a core's cache while it is worked on.
_BLOCK_ENTRIES = 131_072
# Columns that blocks are cut for.
_COLUMNS = 16


class Shard:
    """Rows of some neighbouring regions: 2 / rho N = 2 / rho alpha D^-1 W, with their columns.

    Vectors hold the shard's own rows, and behind them the halo: copies of the other rows that its
    columns name, in ascending order of their numbers, hence worker by worker. Columns are
    numbered by their place there; within a row they stay in ascending order of the whole graph,
    in which sums are taken.

    Parameters
    ----------
    graph : RegionGraph
    regions : range
    alpha : float
    spill : Path or None
        A folder of this machine to make another one in, which ends with the shard, for the
        entries, which each step reads again; None holds them in memory.

    Attributes
    ----------
    first, stop, n_own : int
        Own rows.
    halo : ndarray of int64
        Numbers of the other rows, in ascending order.
    degrees : ndarray of shape (n_own,)
    bounds : list of tuple of int
        For each region its number and its first and last own row + 1, counted from `first`.
    """

    def __init__(
        self, graph: RegionGraph, regions: range, alpha: float, spill: Path | None
    ) -> None:
        starts = graph.starts
        self.graph, self.alpha = graph, alpha
        self.first, self.stop = int(starts[regions.start]), int(starts[regions.stop])
        self.n_own = self.stop - self.first
        self.bounds = [
            (k, int(starts[k]) - self.first, int(starts[k + 1]) - self.first) for k in regions
        ]
        self.halo = self._find_halo()
        self.n = self.n_own + len(self.halo)
        self.degrees = np.empty(self.n_own)
        if spill is not None:
            spill = Path(tempfile.mkdtemp(prefix="fewlabels-", dir=spill))
            weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        self._blocks: list[tuple[slice, Rows]] = []
        n_rows = max(1, _BLOCK_ENTRIES // _COLUMNS)
        for number, start, stop in self.bounds:
            region = graph.region(number)
            self.degrees[start:stop] = region.degrees()
            factors = self._factors(slice(start, stop))
            held = _Spilled(spill, number) if spill is not None else _Held()
            for first, rows in region.blocks():
                counts = np.diff(rows.indptr)
                here = slice(first - region.first, first - region.first + len(counts))
                data = np.repeat(factors[here], counts)
                data *= rows.data
                held.append(data, self._local(rows.indices), counts)
            held.finish()
            edges = [*range(start, stop, n_rows), stop]
            for a, b in pairwise(edges):
                self._blocks.append((slice(a, b), partial(held.rows, a - start, b - start)))

    def _factors(self, rows: slice) -> FloatArray:
        degrees = self.degrees[rows]
        doubled = 2 / largest_eigenvalue(1 - self.alpha) * self.alpha
        return np.divide(doubled, degrees, out=np.zeros(len(degrees)), where=degrees > 0)

    def roots(self) -> FloatArray:
        """D^1/2 of own rows, with 1 for isolated nodes."""
        return np.sqrt(np.where(self.degrees == 0, 1.0, self.degrees))

    def _find_halo(self) -> AnyArray:
        found = [np.empty(0, dtype=np.int64)]
        for number, _, _ in self.bounds:
            for _, rows in self.graph.region(number).blocks():
                away = rows.indices[(rows.indices < self.first) | (rows.indices >= self.stop)]
                found.append(np.unique(away).astype(np.int64))
            found = [np.unique(np.concatenate(found))]
        return found[0]

    def _local(self, columns: AnyArray) -> AnyArray:
        own = (columns >= self.first) & (columns < self.stop)
        places = np.searchsorted(self.halo, columns) + self.n_own
        return np.where(own, columns - self.first, places).astype(np.int32)

    def meet(self, line: Line, starts: AnyArray) -> None:
        """Tell the others which of their rows are needed here, and learn which they need.

        `starts` holds the first row of each worker, and the number of all.
        """
        cuts = np.searchsorted(self.halo, starts)
        wanted = {other: self.halo[cuts[other] : cuts[other + 1]] for other in line.others}
        asked = line.exchange("halo", wanted, line.others)
        self._gives = {
            other: np.asarray(rows) - self.first for other, rows in asked.items() if len(rows)
        }
        self._takes = {
            other: slice(self.n_own + int(cuts[other]), self.n_own + int(cuts[other + 1]))
            for other in line.others
            if cuts[other] < cuts[other + 1]
        }

    def exchange(self, line: Line, y: FloatArray) -> None:
        """Bring the halo of `y`, of shape (n, m), up to date."""
        given = {other: y[rows] for other, rows in self._gives.items()}
        for other, rows in line.exchange("rows", given, self._takes).items():
            y[self._takes[other]] = rows

    def with_halo(self, line: Line, own: AnyArray) -> FloatArray:
        """Return values of own rows, shape (n_own,), with those of the halo behind them."""
        y = np.empty((self.n, 1))
        y[: self.n_own, 0] = own
        self.exchange(line, y)
        return y[:, 0]

    def blocks(self) -> Iterator[tuple[slice, Rows]]:
        """Yield blocks of own rows, and what returns their weights."""
        yield from self._blocks


class Rows(Protocol):
    """Returns some rows of weights: data, columns, row pointers."""

    def __call__(self) -> tuple[AnyArray, AnyArray, AnyArray]: ...


class _Held:
    """Entries in memory."""

    def __init__(self) -> None:
        self._parts: list[tuple[AnyArray, AnyArray, AnyArray]] = []

    def append(self, data: AnyArray, indices: AnyArray, counts: AnyArray) -> None:
        self._parts.append((data, indices, counts))

    def finish(self) -> None:
        data, indices, counts = (np.concatenate(kind) for kind in zip(*self._parts, strict=True))
        self._parts = []
        self._data, self._indices = data, indices
        self._indptr = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    def rows(self, start: int, stop: int) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Views of the entries of rows `start` to `stop`."""
        indptr = self._indptr[start : stop + 1]
        entries = slice(int(indptr[0]), int(indptr[-1]))
        return self._data[entries], self._indices[entries], (indptr - indptr[0]).astype(np.int32)


class _Spilled:
    """Entries in files of this machine, read block by block into memory that is used again."""

    def __init__(self, folder: Path, number: int) -> None:
        self._paths = [folder / f"{number}-{name}.npy" for name in ("data", "indices")]
        self._counts: list[AnyArray] = []
        self._writers: list[ArrayWriter] = []
        self._buffers = threading.local()

    def append(self, data: AnyArray, indices: AnyArray, counts: AnyArray) -> None:
        if not self._writers:
            for path, values in zip(self._paths, (data, indices), strict=True):
                self._writers.append(ArrayWriter(path, values.dtype))
        for writer, values in zip(self._writers, (data, indices), strict=True):
            writer.append(values)
        self._counts.append(counts)

    def finish(self) -> None:
        for writer in self._writers:
            with writer:
                writer.finish()
        self._indptr = np.concatenate(
            [[0], np.cumsum(np.concatenate(self._counts), dtype=np.int64)]
        )
        self._files = [ArrayFile(path) for path in self._paths]
        self._writers, self._counts = [], []

    def rows(self, start: int, stop: int) -> tuple[AnyArray, AnyArray, AnyArray]:
        """The entries of rows `start` to `stop`, until this thread asks again."""
        indptr = self._indptr[start : stop + 1]
        ends = (int(indptr[0]), int(indptr[-1]))
        data, indices = (
            file.read(*ends, self._buffer(k, ends[1] - ends[0], file.dtype))
            for k, file in enumerate(self._files)
        )
        return data, indices, (indptr - indptr[0]).astype(np.int32)

    def _buffer(self, number: int, size: int, dtype: np.dtype) -> AnyArray:
        held = getattr(self._buffers, str(number), None)
        if held is None or len(held) < size:
            held = np.empty(size, dtype)
            setattr(self._buffers, str(number), held)
        return held


class ShardMatrix:
    """I - N of the whole graph, of which a shard's products are taken here.

    As :class:`fewlabels.solvers.StreamedLaplacian`, whose unknowns are those of the rows: the
    `scale` is 1. Rows come out the same to the last bit on any number of workers.

    Parameters
    ----------
    shard : Shard
    line : Line
    active : ndarray of shape (n,), bool, default=None
        The unknown rows, where not all are.
    on_product : callable, default=None
        Called whenever a product begins, on some thread.
    """

    def __init__(
        self,
        shard: Shard,
        line: Line,
        active: BoolArray | None = None,
        on_product: Callable[[], object] | None = None,
    ) -> None:
        self.n = shard.n
        self.decay = 1 - shard.alpha
        self.scale = np.broadcast_to(np.float64(1), self.n)  # takes no memory
        self._shard, self._line, self._active = shard, line, active
        self._on_product = on_product
        factor = recurrence_factor(self)
        self._products = [
            RowProduct(
                rows,
                partial(self._multiply, rows, weights),
                factor,
                partial(self._multiply_minus, rows, weights) if active is None else None,
            )
            for rows, weights in shard.blocks()
        ]

    def products(self, n_columns: int, *, recurrence: bool = False) -> list[RowProduct]:
        """Split the product N y into blocks of own rows."""
        return self._products

    def apply(self, y: FloatArray) -> FloatArray:
        """Return N y, shape (n, m), with 0 in the halo; the halo of `y` is brought up to date."""
        self._shard.exchange(self._line, y)
        result = np.zeros(y.shape)

        def block(k: int) -> None:
            product = self._products[k]
            result[product.rows] = product(y)

        run_all(block, len(self._products))
        return result

    def _multiply(self, rows: slice, weights: Rows, y: FloatArray) -> FloatArray:
        product = multiply(self._matrix(rows, weights), y)
        if self._active is not None:
            product[~self._active[rows]] = 0
        return product

    def _multiply_minus(
        self, rows: slice, weights: Rows, y: FloatArray, before: FloatArray
    ) -> None:
        multiply_minus(self._matrix(rows, weights), y, before)

    def _matrix(self, rows: slice, weights: Rows) -> sparse.csr_array:
        if rows.start == 0 and self._on_product is not None:
            self._on_product()
        data, indices, indptr = weights()
        return sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, self.n))
