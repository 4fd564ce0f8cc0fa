"""The recommended query rule on the workers: what each does of choosing the next questions.

As :class:`fewlabels.queries.UncertainInfluence` with a sketch of the covariance. What is kept from
one choice to the next are files of each region, which don't change once they are there::

    sketch-0-00003.npy           the first 16 columns of T, shape (n_rows, 16), float32
    sums-00003.npy               C 1, shape (n_rows,), float64
    columns-1f0c...-00003.npy    columns of C at some rows, shape (n_rows, m), float32

all without any label. What labels take away is small beside that: with A = C_LL of the labelled
rows L, X <- X - C_L A^-1 X_L, row by row.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from distributed import Worker
from scipy import linalg

from fewlabels._rows import row_blocks
from fewlabels.dask._answers import read_region
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import Line
from fewlabels.dask._seat import Seat, held_shard, work_seated
from fewlabels.dask._series import walk_series
from fewlabels.queries._covariance_rule import GROUNDED_ALPHA, shares
from fewlabels.queries.uncertain_influence import (
    WALK_ALPHA,
    doubts_of,
    forgotten,
    series_tol,
)
from fewlabels.solvers._matrix import FloatArray
from fewlabels.systems._covariance_sketch import JITTER
from fewlabels.systems._field import series_coefficients

AnyArray = npt.NDArray[Any]
IntArray = npt.NDArray[np.intp]
Float32Array = npt.NDArray[np.float32]

# Columns of the sketch, and those that are solved for at a time; the seed of its signs.
N_COLUMNS, AT_ONCE, _SEED = 64, 16, 0
# Of the sketch and of single columns: about the error of a column, relative to its norm.
_SKETCH_TOL, _COLUMN_TOL = 1e-3, 1e-2
# Rows that are worked on at a time, and rows of signs that are drawn at a time.
_ROWS_AT_ONCE, _ROWS_DRAWN = 20_000, 100_000


@dataclass(frozen=True)
class Question:
    """What is to be chosen, the same for all workers.

    Attributes
    ----------
    graph : RegionGraph
    alpha : float
        Of the shard that workers hold; the field has its own.
    folder : Path
        Of what is kept.
    labelled, closed : ndarray of intp
        Internal rows in ascending order: with a label, and others that may not be chosen.
    batches : tuple of ndarray of intp
        The rows whose columns stand in files already, file by file.
    count : int
        Rows to choose, at most as many as are open.
    answers : Path or None
        Of a fit on these labels; None below two classes.
    prior : ndarray of shape (n_classes,)
        Its answer where no label reaches.
    reached : ndarray of int, or None
        The components that hold a label; None: there is one component.
    """

    graph: RegionGraph
    alpha: float
    folder: Path
    labelled: IntArray
    closed: IntArray
    batches: tuple[IntArray, ...]
    count: int
    answers: Path | None
    prior: FloatArray
    reached: IntArray | None


@dataclass(frozen=True)
class Chosen:
    """What was chosen, and which columns stand now.

    Attributes
    ----------
    rows : ndarray of intp
        The caller's numbers, in the order in which they were chosen.
    batches : tuple of ndarray of intp
    """

    rows: IntArray
    batches: tuple[IntArray, ...]


def choose_part(question: Question, seat: Seat) -> Chosen:
    """Do a worker's part of a choice."""
    return work_seated(seat, lambda worker, line: _Asking(question, seat, worker, line).run())


@dataclass(frozen=True, eq=False)
class _Pick:
    """A row that is supposed to have a label: its column then, C_vv, and a of the sketch."""

    column: Float32Array
    total: float
    share: FloatArray


class _Asking:
    """A worker's part of a choice."""

    def __init__(self, question: Question, seat: Seat, worker: Worker, line: Line) -> None:
        self._question, self._graph, self._line = question, question.graph, line
        self._shard = shard = held_shard(
            worker, line, seat, question.graph, question.alpha, AT_ONCE
        )
        self._first, self._n = shard.first, shard.n_own
        self._degrees = np.where(shard.degrees == 0, 1.0, shard.degrees)
        self._labelled = question.labelled
        self._own_labelled = self._own(question.labelled)
        self._batches = list(question.batches)
        self._picks: list[_Pick] = []

    def run(self) -> Chosen:
        """Choose rows one after the other, as if each had its label then."""
        question = self._question
        self._make_sketch()
        known = np.concatenate([np.empty(0, dtype=np.intp), *self._batches])
        missing = np.setdiff1d(question.labelled, known)
        for start in range(0, len(missing), AT_ONCE):
            self._solve(missing[start : start + AT_ONCE])
        self._observe()
        doubts = np.ones(self._n) if question.answers is None else self._doubts(question.answers)
        variances = self._variances()
        sums = self._sums(None if question.answers is None else doubts)
        numbers = self._graph.order(self._first, self._first + self._n)
        open_ = np.ones(self._n, dtype=bool)
        open_[self._own_labelled] = False
        open_[self._own(question.closed)] = False
        chosen: list[int] = []
        while True:
            gains = doubts * np.sqrt(shares(sums**2, variances, 0.0))
            row, place = self._best(np.where(open_, gains, -1.0), numbers)
            chosen.append(row)
            if len(chosen) == question.count:
                return Chosen(np.array(chosen, dtype=np.intp), tuple(self._batches))
            open_[self._own(np.array([place]))] = False
            self._suppose(place, variances, sums)

    def _own(self, places: IntArray) -> IntArray:
        """Own ones of some internal rows, counted from the first."""
        here = (places >= self._first) & (places < self._first + self._n)
        return np.asarray(places[here] - self._first, dtype=np.intp)

    def _blocks(self) -> Iterator[tuple[int, slice, slice]]:
        """Regions, some of their rows, and the same counted from the first own one.

        They are the same whoever holds the region, so that its rows come to the same bits.
        """
        for number, start, stop in self._shard.bounds:
            for rows in row_blocks(stop - start, _ROWS_AT_ONCE):
                yield number, rows, slice(start + rows.start, start + rows.stop)

    def _field(
        self, b: FloatArray, power: float, tol: float, *, held: IntArray | None = None
    ) -> FloatArray:
        """C^power b of own rows, without labels, or with rows that are `held`.

        C = alpha f(P) D^-1 with f(x) = 1 / (1 - alpha x), and with its root and D^-1/2 samples.
        """
        a = series_coefficients(GROUNDED_ALPHA, power, tol)
        b[: self._n] /= (self._degrees**power)[:, None]
        total = walk_series(self._shard, self._line, b, a, held)
        total *= GROUNDED_ALPHA**power
        return total

    def _make_sketch(self) -> None:
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
            b[: self._n] = signs[:, start : start + AT_ONCE]
            total = self._field(b, 0.5, _SKETCH_TOL)
            total /= np.sqrt(N_COLUMNS)
            self._save(kind, total, np.float32)
        b = np.zeros((self._shard.n, 1))
        b[: self._n] = 1
        self._save("sums", self._field(b, 1.0, _SKETCH_TOL)[:, 0], np.float64)

    def _signs(self) -> npt.NDArray[np.int8]:
        """The signs of own rows, as in memory: drawn for the caller's rows, one after another."""
        rng = np.random.default_rng(_SEED)
        signs = np.empty((self._n, N_COLUMNS), dtype=np.int8)
        for rows in row_blocks(self._graph.n_nodes, _ROWS_DRAWN):
            drawn = rng.integers(0, 2, size=(rows.stop - rows.start, N_COLUMNS), dtype=np.int8)
            places = self._graph.places(rows.start, rows.stop) - self._first
            here = (places >= 0) & (places < self._n)
            signs[places[here]] = drawn[here]
        signs *= 2
        signs -= 1
        return signs

    def _solve(self, places: IntArray) -> None:
        """Solve for the columns of C at some rows, and keep them."""
        b = np.zeros((self._shard.n, len(places)))
        here = (places >= self._first) & (places < self._first + self._n)
        b[places[here] - self._first, np.flatnonzero(here)] = 1
        self._save(_name_of(places), self._field(b, 1.0, _COLUMN_TOL), np.float32)
        self._batches.append(places)

    def _observe(self) -> None:
        """Prepare for what the labels take away: A^-1, and A^-1 T_L of the sketch."""
        L = self._labelled
        self._weights = np.zeros((len(L), N_COLUMNS))
        if len(L) == 0:
            return
        A = self._gathered(L, lambda row: self._columns_at(row, L), len(L))
        A = (A + A.T) / 2
        A[np.diag_indices(len(L))] += JITTER * np.trace(A) / len(L)
        self._factor = linalg.cho_factor(A)
        sketch = self._gathered(L, self._sketch_at, N_COLUMNS)
        self._weights = linalg.cho_solve(self._factor, sketch)

    def _variances(self) -> FloatArray:
        """C_vv given the labels, of own rows."""
        variances = np.empty(self._n)
        weights = self._weights.astype(np.float32)
        for number, rows, here in self._blocks():
            X = np.hstack([part[rows] for part in self._sketch(number)])
            if len(self._labelled):
                X -= self._columns(number, rows, self._labelled) @ weights
            variances[here] = np.einsum("ij,ij->i", X, X)
        return variances

    def _sums(self, doubts: FloatArray | None) -> FloatArray:
        """C m given the labels, of own rows; None: of all 1."""
        if doubts is not None:
            b = np.zeros((self._shard.n, 1))
            b[: self._n, 0] = doubts
            return self._field(b, 1.0, _COLUMN_TOL, held=self._own_labelled)[:, 0]
        sums = np.empty(self._n)
        for number, start, stop in self._shard.bounds:
            sums[start:stop] = np.load(self._path("sums", number))
        L = self._labelled
        if len(L):
            at = self._gathered(L, lambda row: sums[row : row + 1], 1)[:, 0]
            self._take_away(sums, linalg.cho_solve(self._factor, at))
        return sums

    def _take_away(self, values: AnyArray, weights: FloatArray) -> None:
        """Values of own rows <- values - C_L `weights`."""
        weights = weights.astype(values.dtype)
        for number, rows, here in self._blocks():
            values[here] -= self._columns(number, rows, self._labelled) @ weights

    def _doubts(self, answers: Path) -> FloatArray:
        """M of own rows: 0 where there is a label."""
        evidence = self._evidence()
        doubts = np.empty(self._n)
        for number, rows, here in self._blocks():
            found = np.asarray(read_region(answers, "shares", number)[rows], dtype=np.float64)
            found = np.where(found.any(axis=1)[:, None], found, self._question.prior)
            doubts[here] = doubts_of(evidence[here], found)
        doubts[self._own_labelled] = 0
        return doubts

    def _evidence(self) -> FloatArray:
        """E of own rows: what all labels together lend them."""
        b = np.zeros((self._shard.n, 1))
        b[self._own_labelled, 0] = 1 / self._degrees[self._own_labelled]
        tol = series_tol(self._graph.n_nodes, len(self._labelled))
        a = series_coefficients(WALK_ALPHA, 1.0, tol)
        heard = WALK_ALPHA * walk_series(self._shard, self._line, b, a)[:, 0]
        return np.asarray(np.maximum(heard, 0) * forgotten(self._volumes()))

    def _volumes(self) -> FloatArray:
        """The volumes of own rows' components, those without a label as 0."""
        graph, shard, reached = self._graph, self._shard, self._question.reached
        known = np.zeros(1, dtype=np.int64) if reached is None else reached
        own = np.zeros(self._n, dtype=np.int64)
        if reached is not None:
            own[:] = graph.components(self._first, self._first + self._n)
        at = np.minimum(np.searchsorted(known, own), len(known) - 1)
        at[known[at] != own] = len(known)
        told = {
            number: np.bincount(at[a:b], shard.degrees[a:b], len(known) + 1)
            for number, a, b in shard.bounds
        }
        heard = self._line.exchange(
            "volumes", dict.fromkeys(self._line.others, told), self._line.others
        )
        for other in heard.values():
            told |= other
        volumes = np.sum([told[number] for number in sorted(told)], axis=0)  # region by region
        volumes[-1] = 0
        return np.asarray(volumes[at])

    def _best(self, gains: FloatArray, numbers: AnyArray) -> tuple[int, int]:
        """The row with the largest gain of all, of equal ones the lowest, and its place."""
        equal = np.flatnonzero(gains == gains.max())
        k = int(equal[np.argmin(numbers[equal])])
        own = (-float(gains[k]), int(numbers[k]), k + self._first)
        heard = self._line.exchange(
            "best", dict.fromkeys(self._line.others, own), self._line.others
        )
        _, row, place = min([own, *(tuple(each) for each in heard.values())])
        return row, place

    def _suppose(self, place: int, variances: FloatArray, sums: FloatArray) -> None:
        """Suppose that a row has a label; bring variances and sums up to date, in place."""
        v, L = np.array([place]), self._labelled
        if not any(place in batch for batch in self._batches):
            self._solve(v)
        column = np.empty(self._n, dtype=np.float32)
        for number, rows, here in self._blocks():
            column[here] = self._columns(number, rows, v)[:, 0]
        a = self._gathered(v, self._sketch_at, N_COLUMNS)[0]
        if len(L):
            at = self._gathered(v, lambda row: self._columns_at(row, L), len(L))[0]
            self._take_away(column, linalg.cho_solve(self._factor, at))
            a = a - at @ self._weights
        # as it is without the rows that are supposed, and in their columns and sums
        stated = [column, *(pick.column for pick in self._picks), sums]
        at_v = self._gathered(v, lambda row: np.array([s[row] for s in stated]), len(stated))[0]
        least = JITTER * at_v[0]
        total = float(at_v[0])
        for pick, value in zip(self._picks, at_v[1:-1], strict=True):
            column -= pick.column * np.float32(value / pick.total)
            total -= value**2 / pick.total
            a = a - value * pick.share
        if total <= least:  # known already, up to rounding
            return
        a = a / total
        along = self._along(a)
        for pick in self._picks:
            along -= pick.column * (pick.share @ a)
        variances -= (2 * column) * along
        variances += column.astype(np.float64) ** 2 * (a @ a)
        np.maximum(variances, 0, out=variances)  # rounding may go below
        sums -= column * (at_v[-1] / total)
        self._picks.append(_Pick(column, total, a))

    def _along(self, a: FloatArray) -> FloatArray:
        """X a of own rows, X being the sketch given the labels."""
        along = np.empty(self._n)
        weights = self._weights @ a
        for number, rows, here in self._blocks():
            along[here] = np.hstack([part[rows] for part in self._sketch(number)]) @ a
            if len(self._labelled):
                along[here] -= self._columns(number, rows, self._labelled) @ weights
        return along

    def _gathered(self, places: IntArray, of: Any, width: int) -> FloatArray:
        """What `of` returns of rows, shape (len(places), width): everybody's own ones."""
        here = (places >= self._first) & (places < self._first + self._n)
        found = np.zeros((len(places), width))
        for k in np.flatnonzero(here).tolist():
            found[k] = of(int(places[k]) - self._first)
        others = self._line.others
        told = (np.flatnonzero(here), found[here])
        for at, values in self._line.exchange(
            "values", dict.fromkeys(others, told), others
        ).values():
            found[at] = values
        return found

    def _sketch(self, number: int) -> list[AnyArray]:
        starts = range(0, N_COLUMNS, AT_ONCE)
        return [np.load(self._path(f"sketch-{k}", number), mmap_mode="r") for k in starts]

    def _sketch_at(self, row: int) -> AnyArray:
        number, k = self._region_of(row)
        return np.concatenate([part[k] for part in self._sketch(number)])

    def _columns_at(self, row: int, places: IntArray) -> AnyArray:
        number, k = self._region_of(row)
        return self._columns(number, slice(k, k + 1), places)[0]

    def _region_of(self, row: int) -> tuple[int, int]:
        return next((k, row - a) for k, a, b in self._shard.bounds if a <= row < b)

    def _columns(self, number: int, rows: slice, places: IntArray) -> Float32Array:
        """Some rows of a region in the columns of C at `places`."""
        found = np.empty((rows.stop - rows.start, len(places)), dtype=np.float32)
        for batch in self._batches:
            _, here, there = np.intersect1d(places, batch, return_indices=True)
            if len(here):
                held = np.load(self._path(_name_of(batch), number), mmap_mode="r")
                found[:, here] = held[rows][:, there]
        return found

    def _path(self, kind: str, number: int) -> Path:
        return self._question.folder / f"{kind}-{number:05d}.npy"

    def _save(self, kind: str, values: FloatArray, dtype: npt.DTypeLike) -> None:
        """Write values of own rows, by region; files appear whole. Wait till all have done so."""
        for number, start, stop in self._shard.bounds:
            path = self._path(kind, number)
            part = path.with_suffix(f".{secrets.token_hex(4)}.part")
            with part.open("wb") as file:
                np.save(file, values[start:stop].astype(dtype))
            part.replace(path)
        self._line.maximum(0.0)


def _name_of(places: Sequence[int] | IntArray) -> str:
    digest = hashlib.sha256(np.asarray(places, dtype=np.int64).tobytes()).hexdigest()
    return f"columns-{digest[:16]}"
