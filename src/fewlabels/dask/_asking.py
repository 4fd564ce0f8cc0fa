"""The recommended query rule on the workers: what each does of choosing the next questions.

As :class:`fewlabels.queries.UncertainInfluence` with a sketch of the covariance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from distributed import Worker
from scipy import linalg

from fewlabels.dask._brought import Answered
from fewlabels.dask._kept_field import AT_ONCE, COLUMN_TOL, N_COLUMNS, KeptField
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import Line
from fewlabels.dask._seat import Seat, held_shard, work_seated
from fewlabels.dask._series import walk_series
from fewlabels.dask._views import filled
from fewlabels.queries._covariance_rule import shares
from fewlabels.queries.uncertain_influence import (
    WALK_ALPHA,
    doubts_of,
    forgotten,
    series_tol,
)
from fewlabels.solvers._matrix import FloatArray
from fewlabels.systems._covariance_sketch import JITTER
from fewlabels.systems._field import series_coefficients

AnyArray = np.ndarray
IntArray = npt.NDArray[np.intp]
Float32Array = npt.NDArray[np.float32]


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
    answers : Answered or None
        Of a fit on these labels; None below two classes.
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
    answers: Answered | None
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
        self._field = KeptField(question.folder, shard, line, question.batches)
        self._labelled = question.labelled
        self._own_labelled = self._field.own(question.labelled)
        self._picks: list[_Pick] = []

    def run(self) -> Chosen:
        """Choose rows one after the other, as if each had its label then."""
        question = self._question
        self._field.make_sketch()
        missing = np.array(
            [place for place in question.labelled.tolist() if not self._field.has(place)],
            dtype=np.intp,
        )
        for start in range(0, len(missing), AT_ONCE):
            self._field.solve(missing[start : start + AT_ONCE])
        self._observe()
        doubts = np.ones(self._n) if question.answers is None else self._doubts(question.answers)
        variances = self._variances()
        sums = self._sums(None if question.answers is None else doubts)
        numbers = self._graph.order(self._first, self._first + self._n)
        open_ = np.ones(self._n, dtype=bool)
        open_[self._own_labelled] = False
        open_[self._field.own(question.closed)] = False
        chosen: list[int] = []
        while True:
            gains = doubts * np.sqrt(shares(sums**2, variances, 0.0))
            row, place = self._best(np.where(open_, gains, -1.0), numbers)
            chosen.append(row)
            if len(chosen) == question.count:
                return Chosen(np.array(chosen, dtype=np.intp), tuple(self._field.batches))
            open_[self._field.own(np.array([place]))] = False
            self._suppose(place, variances, sums)

    def _observe(self) -> None:
        """Prepare for what the labels take away: A^-1, and A^-1 T_L of the sketch."""
        L = self._labelled
        self._weights = np.zeros((len(L), N_COLUMNS))
        if len(L) == 0:
            return
        A = self._field.gathered(L, lambda rows: self._field.columns_at(rows, L), len(L))
        A = (A + A.T) / 2
        A[np.diag_indices(len(L))] += JITTER * np.trace(A) / len(L)
        self._factor = linalg.cho_factor(A)
        sketch = self._field.gathered(L, self._field.sketch_at, N_COLUMNS)
        self._weights = linalg.cho_solve(self._factor, sketch)

    def _variances(self) -> FloatArray:
        """C_vv given the labels, of own rows."""
        variances = np.empty(self._n)
        weights = self._weights.astype(np.float32)
        for number, rows, here in self._field.blocks():
            X = np.hstack([part[rows] for part in self._field.sketch(number)])
            if len(self._labelled):
                X -= self._field.columns(number, rows, self._labelled) @ weights
            variances[here] = np.einsum("ij,ij->i", X, X)
        return variances

    def _sums(self, doubts: FloatArray | None) -> FloatArray:
        """C m given the labels, of own rows; None: of all 1."""
        if doubts is not None:
            b = np.zeros((self._shard.n, 1))
            b[: self._n, 0] = doubts
            return self._field.apply(b, 1.0, COLUMN_TOL, held=self._own_labelled)[:, 0]
        sums = np.empty(self._n)
        for number, rows, here in self._field.blocks():
            sums[here] = self._field.sums(number, rows)
        L = self._labelled
        if len(L):
            at = self._field.gathered(L, lambda rows: sums[rows, None], 1)[:, 0]
            self._take_away(sums, linalg.cho_solve(self._factor, at))
        return sums

    def _take_away(self, values: AnyArray, weights: FloatArray) -> None:
        """Values of own rows <- values - C_L `weights`."""
        weights = weights.astype(values.dtype)
        for number, rows, here in self._field.blocks():
            values[here] -= self._field.columns(number, rows, self._labelled) @ weights

    def _doubts(self, answers: Answered) -> FloatArray:
        """Return m of own rows: 0 where there is a label."""
        evidence = self._evidence()
        doubts = np.empty(self._n)
        for number, rows, here in self._field.blocks():
            found = answers.region_shares(number, rows).astype(np.float64)
            doubts[here] = doubts_of(evidence[here], filled(found, answers.prior))
        doubts[self._own_labelled] = 0
        return doubts

    def _evidence(self) -> FloatArray:
        """Return e of own rows: what all labels together lend them."""
        b = np.zeros((self._shard.n, 1))
        b[self._own_labelled, 0] = 1 / self._field.degrees[self._own_labelled]
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
        whole = dict(told)  # `told` may still be on its way
        for other in heard.values():
            whole |= other
        volumes = np.sum([whole[number] for number in sorted(whole)], axis=0)  # region by region
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
        _, row, place = min([own, *heard.values()])
        return row, place

    def _suppose(self, place: int, variances: FloatArray, sums: FloatArray) -> None:
        """Suppose that a row has a label; bring variances and sums up to date, in place."""
        v, L = np.array([place]), self._labelled
        if not self._field.has(place):
            self._field.solve(v)
        column = np.empty(self._n, dtype=np.float32)
        for number, rows, here in self._field.blocks():
            column[here] = self._field.columns(number, rows, v)[:, 0]
        a = self._field.gathered(v, self._field.sketch_at, N_COLUMNS)[0]
        if len(L):
            at = self._field.gathered(v, lambda rows: self._field.columns_at(rows, L), len(L))[0]
            self._take_away(column, linalg.cho_solve(self._factor, at))
            a = a - at @ self._weights
        # as it is without the rows that are supposed, and in their columns and sums
        stated: list[AnyArray] = [column, *(pick.column for pick in self._picks), sums]
        of_row = self._field.gathered(
            v, lambda rows: np.stack([values[rows] for values in stated], axis=1), len(stated)
        )
        at_v = of_row[0]
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
        for number, rows, here in self._field.blocks():
            along[here] = np.hstack([part[rows] for part in self._field.sketch(number)]) @ a
            if len(self._labelled):
                along[here] -= self._field.columns(number, rows, self._labelled) @ weights
        return along
