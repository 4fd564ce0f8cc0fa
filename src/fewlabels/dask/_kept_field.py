"""The Gaussian field on the workers: a sketch of its covariance, and columns of it, kept in files.

What is kept are files of each region, which don't change once they are there::

    sketch-0-00003.npy           the first 16 columns of T, shape (n_rows, 16), float32
    sums-00003.npy               C 1, shape (n_rows,), float64
    columns-1f0c...-00003.npy    columns of C at some rows, shape (n_rows, m), float32

all without any label. What labels take away is small beside that: with A = C_LL of the labelled
rows L, X <- X - C_L A^-1 X_L, row by row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.dask._mail import Line
from fewlabels.dask._series import walk_series
from fewlabels.dask._shard import Shard
from fewlabels.queries._covariance_rule import GROUNDED_ALPHA
from fewlabels.solvers._matrix import FloatArray
from fewlabels.systems._field import series_coefficients

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]
Float32Array = npt.NDArray[np.float32]

# Columns of the sketch, and those that are solved for at a time; the seed of its signs.
N_COLUMNS, AT_ONCE, _SEED = 64, 16, 0
# Of the sketch and of single columns: about the error of a column, relative to its norm.
_SKETCH_TOL, COLUMN_TOL = 1e-3, 1e-2
# Rows that are worked on at a time, and rows of signs that are drawn at a time.
_ROWS_AT_ONCE, _ROWS_DRAWN = 20_000, 100_000


class KeptField:
    """A worker's rows of the covariance of :class:`fewlabels.systems.GaussianField`.

    Parameters
    ----------
    folder : Path
        Of what is kept.
    shard : Shard
    line : Line
    batches : sequence of ndarray of intp
        The internal rows whose columns stand in files already, file by file.

    Attributes
    ----------
    first, n : int
        The first own row, and how many there are.
    degrees : ndarray of shape (n,)
        1 for isolated nodes.
    batches : list of ndarray of intp
    """

    def __init__(self, folder: Path, shard: Shard, line: Line, batches: Iterable[IntArray]) -> None:
        self._folder, self._shard, self._line = folder, shard, line
        self.first, self.n = shard.first, shard.n_own
        self.degrees = np.where(shard.degrees == 0, 1.0, shard.degrees)
        self.batches: list[IntArray] = []
        self._stands: dict[int, tuple[str, int]] = {}  # of a row, the kind of file and the column
        for batch in batches:
            self._note(batch)

    def _note(self, batch: IntArray) -> None:
        self.batches.append(batch)
        name = _name_of(batch)
        self._stands |= {place: (name, k) for k, place in enumerate(batch.tolist())}

    def has(self, place: int) -> bool:
        """Tell whether the column of C at a row stands in a file."""
        return place in self._stands

    def own(self, places: IntArray) -> IntArray:
        """Return own ones of some internal rows, counted from the first."""
        here = (places >= self.first) & (places < self.first + self.n)
        return np.asarray(places[here] - self.first, dtype=np.intp)

    def blocks(self) -> Iterator[tuple[int, slice, slice]]:
        """Yield regions, some of their rows, and the same counted from the first own one.

        They are the same whoever holds the region, so that its rows come to the same bits.
        """
        for number, start, stop in self._shard.bounds:
            for rows in row_blocks(stop - start, _ROWS_AT_ONCE):
                yield number, rows, slice(start + rows.start, start + rows.stop)

    def apply(
        self, b: FloatArray, power: float, tol: float, *, held: IntArray | None = None
    ) -> FloatArray:
        """Return C^power b of own rows, without labels, or with rows that are `held`.

        C = alpha f(P) D^-1 with f(x) = 1 / (1 - alpha x), and with its root and D^-1/2 samples.
        """
        a = series_coefficients(GROUNDED_ALPHA, power, tol)
        b[: self.n] /= (self.degrees**power)[:, None]
        total = walk_series(self._shard, self._line, b, a, held)
        total *= GROUNDED_ALPHA**power
        return total

    def make_sketch(self) -> None:
        """Sketch the covariance that no label has touched, unless it stands already."""
        kinds = [*(f"sketch-{start}" for start in range(0, N_COLUMNS, AT_ONCE)), "sums"]
        stands = all(
            self._path(kind, number).exists()
            for kind in kinds
            for number, _, _ in self._shard.bounds
        )
        if self._line.maximum(float(not stands)) == 0:
            return
        signs = self._signs()
        for kind, start in zip(kinds, range(0, N_COLUMNS, AT_ONCE), strict=False):
            b = np.zeros((self._shard.n, AT_ONCE))
            b[: self.n] = signs[:, start : start + AT_ONCE]
            total = self.apply(b, 0.5, _SKETCH_TOL)
            total /= np.sqrt(N_COLUMNS)
            self._save(kind, total, np.float32)
        b = np.zeros((self._shard.n, 1))
        b[: self.n] = 1
        self._save("sums", self.apply(b, 1.0, _SKETCH_TOL)[:, 0], np.float64)

    def _signs(self) -> npt.NDArray[np.int8]:
        """The signs of own rows, as in memory: drawn for the caller's rows, one after another."""
        rng = np.random.default_rng(_SEED)
        signs = np.empty((self.n, N_COLUMNS), dtype=np.int8)
        for rows in row_blocks(self._shard.graph.n_nodes, _ROWS_DRAWN):
            drawn = rng.integers(0, 2, size=(rows.stop - rows.start, N_COLUMNS), dtype=np.int8)
            places = self._shard.graph.places(rows.start, rows.stop) - self.first
            here = (places >= 0) & (places < self.n)
            signs[places[here]] = drawn[here]
        signs *= 2
        signs -= 1
        return signs

    def solve(self, places: IntArray) -> None:
        """Solve for the columns of C at some rows, and keep them."""
        b = np.zeros((self._shard.n, len(places)))
        here = (places >= self.first) & (places < self.first + self.n)
        b[places[here] - self.first, np.flatnonzero(here)] = 1
        self._save(_name_of(places), self.apply(b, 1.0, COLUMN_TOL), np.float32)
        self._note(places)

    def gathered(
        self, places: IntArray, of: Callable[[IntArray], AnyArray], width: int
    ) -> FloatArray:
        """Return what `of` returns of rows, shape (len(places), width): everybody's own ones."""
        here = (places >= self.first) & (places < self.first + self.n)
        found = np.zeros((len(places), width))
        found[here] = of(self.own(places))
        others = self._line.others
        told = (np.flatnonzero(here), found[here])
        for at, values in self._line.exchange(
            "values", dict.fromkeys(others, told), others
        ).values():
            found[at] = values
        return found

    def sketch(self, number: int) -> list[AnyArray]:
        """Return the columns of a region's sketch, some in an array, of which rows are read."""
        starts = range(0, N_COLUMNS, AT_ONCE)
        return [np.load(self._path(f"sketch-{k}", number), mmap_mode="r") for k in starts]

    def sums(self, number: int, rows: slice) -> AnyArray:
        """Return C 1 at some rows of a region."""
        found: AnyArray = np.load(self._path("sums", number), mmap_mode="r")[rows]
        return found

    def sketch_at(self, rows: IntArray) -> Float32Array:
        """Return the sketch at own rows, shape (len(rows), 64)."""
        found = np.empty((len(rows), N_COLUMNS), dtype=np.float32)
        for number, at, here in self._by_region(rows):
            found[here] = np.hstack([part[at] for part in self.sketch(number)])
        return found

    def columns(self, number: int, rows: slice | IntArray, places: IntArray) -> Float32Array:
        """Return some rows of a region in the columns of C at `places`."""
        by_file: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for k, place in enumerate(places.tolist()):
            name, column = self._stands[place]
            by_file[name].append((k, column))
        n_rows = rows.stop - rows.start if isinstance(rows, slice) else len(rows)
        found = np.empty((n_rows, len(places)), dtype=np.float32)
        for name, pairs in by_file.items():
            here, there = np.array(pairs).T
            held = np.load(self._path(name, number), mmap_mode="r")
            found[:, here] = held[rows][:, there]
        return found

    def columns_at(self, rows: IntArray, places: IntArray) -> Float32Array:
        """Return own rows in the columns of C at `places`."""
        found = np.empty((len(rows), len(places)), dtype=np.float32)
        for number, at, here in self._by_region(rows):
            found[here] = self.columns(number, at, places)
        return found

    def _by_region(self, rows: IntArray) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Yield regions that hold some of the own rows, these as counted there, and which."""
        for number, start, stop in self._shard.bounds:
            here = np.flatnonzero((rows >= start) & (rows < stop))
            if len(here):
                yield number, rows[here] - start, here

    def _path(self, kind: str, number: int) -> Path:
        return self._folder / f"{kind}-{number:05d}.npy"

    def _save(self, kind: str, values: FloatArray, dtype: npt.DTypeLike) -> None:
        """Write values of own rows, by region; files appear whole. Wait till all have done so."""
        for number, start, stop in self._shard.bounds:
            path = self._path(kind, number)
            part = path.with_suffix(f".{secrets.token_hex(4)}.part")
            with part.open("wb") as file:
                np.save(file, values[start:stop].astype(dtype))
            part.replace(path)
        self._line.maximum(0.0)


def _name_of(places: IntArray) -> str:
    digest = hashlib.sha256(np.asarray(places, dtype=np.int64).tobytes()).hexdigest()
    return f"columns-{digest[:16]}"
