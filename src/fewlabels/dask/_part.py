"""What one worker does of a fit: hold a shard, solve for it together with the others, write."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt
from distributed import Worker

from fewlabels.dask._answers import read_region, write_region
from fewlabels.dask._checkpoint import Checkpoint
from fewlabels.dask._layout import RegionGraph
from fewlabels.dask._mail import Line
from fewlabels.dask._seat import Seat, held_shard, topic_of, work_seated
from fewlabels.dask._shard import ShardMatrix
from fewlabels.dask._shares import ChangedShares, Shares, WholeShares
from fewlabels.solvers import LevelledSolution, solve_in_levels
from fewlabels.solvers._matrix import FloatArray
from fewlabels.solvers._peers import Step
from fewlabels.solvers._streamed import RowIteration

IntArray = npt.NDArray[np.intp]

# A start is of use where the ground takes at least this share; see PreparedSolver.solve.
_WELL_GROUNDED = 1e-3
# Seconds between two words of progress.
_PROGRESS = 0.5


@dataclass(frozen=True)
class Problem:
    """What is to be solved, the same for all workers.

    Attributes
    ----------
    graph : RegionGraph
    alpha, tol : float
    max_iter : int
    rows, codes : ndarray of shape (n_labels,)
        Labelled internal rows in ascending order, and their classes.
    weights : ndarray of shape (n_labels,), float64
    n_classes : int
    reached : ndarray of int, or None
        The components that hold a label; None: there is one component.
    dtype : dtype
        Of the distributions.
    answers : Path
        Where to write.
    checkpoint : Path or None
    checkpoint_every : int
    identity : str
    before : Path or None
        Answers to start from.
    old_columns : ndarray of shape (n_classes,)
        Each class's place there, or -1.
    touched : ndarray of int or None
        The classes to solve for, others keep their scores; None: all.
    """

    graph: RegionGraph
    alpha: float
    tol: float
    max_iter: int
    rows: IntArray
    codes: IntArray
    weights: FloatArray
    n_classes: int
    reached: IntArray | None
    dtype: np.dtype
    answers: Path
    checkpoint: Path | None
    checkpoint_every: int
    identity: str
    before: Path | None = None
    old_columns: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    touched: IntArray | None = None


@dataclass(frozen=True)
class Outcome:
    """What a worker's part came to.

    Attributes
    ----------
    n_iter : int
    converged, levelled : bool
        As all workers have them.
    n_open : int
        Own rows that labels reach and that have no answer.
    n_own, n_halo : int
    figures : dict
        Bytes sent, steps taken in this epoch, processor seconds, peak memory: for measurements.
    """

    n_iter: int
    converged: bool
    levelled: bool
    n_open: int
    n_own: int
    n_halo: int
    figures: dict[str, float]


def solve_part(problem: Problem, seat: Seat) -> Outcome:
    """Do a worker's part of a fit."""
    return work_seated(seat, lambda worker, line: Part(problem, seat, worker, line).run())


class Part:
    """A worker's part of a fit; the `Peers` of its iterations."""

    def __init__(self, problem: Problem, seat: Seat, worker: Worker, line: Line) -> None:
        self.problem, self.seat, self.line = problem, seat, line
        self._worker = worker
        self._began = resource.getrusage(resource.RUSAGE_SELF)
        self.shard = held_shard(worker, line, seat, problem.graph, problem.alpha, problem.n_classes)
        self._solve, self._saved_at, self.n_steps = -1, 0, 0
        self._told, self._error = 0.0, np.inf
        self._checkpoint: Checkpoint | None = None
        if problem.checkpoint is not None:
            self._checkpoint = Checkpoint(
                problem.checkpoint, problem.identity, self.shard, self.line
            )

    def exchange(self, y: FloatArray) -> None:
        self.shard.exchange(self.line, y)

    def maximum(self, value: float) -> float:
        return self.line.maximum(value)

    def begin(self, now: FloatArray, before: FloatArray) -> Step | None:
        self._solve += 1
        self._saved_at = 0
        step = None
        if self._checkpoint is not None:
            step = self._checkpoint.restore(self._solve, now, before)
        if step is not None:
            self._saved_at = step.n_iter
            self._tell(step.n_iter, "resumed")
        return step

    def stepped(self, step: Step, now: FloatArray, before: FloatArray, *, last: bool) -> None:
        due = step.n_iter - self._saved_at >= self.problem.checkpoint_every
        if self._checkpoint is not None and step.n_iter > self._saved_at and (due or last):
            self._checkpoint.save(self._solve, step, now, before)
            self._saved_at = step.n_iter
            self._tell(step.n_iter, "saved")

    def looked(self, n_iter: int, error: float) -> None:
        self._error = error

    def product_begun(self) -> None:
        self.line.go_on()
        self.n_steps += 1
        if self.seat.rank == 0 and monotonic() - self._told > _PROGRESS:
            self._tell(self.n_steps, "step")

    def _tell(self, n_iter: int, what: str) -> None:
        if self.seat.rank == 0:
            self._told = monotonic()
            told = {"what": what, "n_iter": n_iter, "error": self._error, "epoch": self.seat.epoch}
            self._worker.log_event(topic_of(self.seat.fit), told)

    def run(self) -> Outcome:
        problem = self.problem
        iteration = _Iteration(self)
        reached = self._reached()
        shares: Shares
        if problem.before is None or problem.touched is None:
            settled = False
        else:
            changed = ChangedShares(
                self.shard, problem.before, problem.old_columns, problem.touched
            )
            others = self.shard.with_halo(self.line, changed.other_totals())
            if reached is not None:
                others[~reached] = 1
            some = iteration.solve(
                self.right(problem.touched),
                tol=problem.tol,
                max_iter=problem.max_iter,
                active=reached,
                other_totals=others,
                x0=self.start(problem.touched),
            )
            shares, changed.values = changed, some.values
            n_iter, settled, levelled = some.n_iter, bool(some.converged.all()), False
        if not settled:
            found = self._solve_all(iteration, reached)
            shares, n_iter, settled = WholeShares(self.shard, found), found.n_iter, found.converged
            levelled = len(found.levels) > 1
        n_open = 0
        own = None if reached is None else reached[: self.shard.n_own]
        for number, start, stop in self.shard.bounds:

            def rows_of(rows: slice, start: int = start) -> tuple[FloatArray, FloatArray]:
                nonlocal n_open
                here = slice(start + rows.start, start + rows.stop)
                found, totals = shares.rows(here)
                without = ~found.any(axis=1)
                n_open += int((without if own is None else without & own[here]).sum())
                return found, totals

            write_region(
                problem.answers, number, stop - start, problem.n_classes, problem.dtype, rows_of
            )
        used = resource.getrusage(resource.RUSAGE_SELF)
        figures = {
            "bytes": float(self.line.n_bytes),
            "steps": float(self.n_steps),
            "seconds": used.ru_utime + used.ru_stime - self._began.ru_utime - self._began.ru_stime,
            "peak": used.ru_maxrss * 1024.0,
        }
        counts = (self.shard.n_own, len(self.shard.halo))
        return Outcome(n_iter, settled, levelled, n_open, *counts, figures)

    def _reached(self) -> npt.NDArray[np.bool_] | None:
        if self.problem.reached is None:
            return None
        shard = self.shard
        own = shard.graph.components(shard.first, shard.stop)
        reached = np.isin(own, self.problem.reached)
        everywhere = self.maximum(float(not reached.all())) == 0
        return None if everywhere else shard.with_halo(self.line, reached) > 0

    def right(self, columns: IntArray | None) -> FloatArray:
        """(1 - alpha) D^-1/2 Y of some classes, shape (n, m); 0 in the halo."""
        problem, shard = self.problem, self.shard
        m = problem.n_classes if columns is None else len(columns)
        place = np.full(problem.n_classes, -1)
        place[np.arange(m) if columns is None else columns] = np.arange(m)
        here = (problem.rows >= shard.first) & (problem.rows < shard.stop)
        here &= place[problem.codes] >= 0
        rows = problem.rows[here] - shard.first
        b = np.zeros((shard.n, m))
        values = (1 - problem.alpha) / shard.roots()[rows] * problem.weights[here]
        b[rows, place[problem.codes[here]]] = values
        return b

    def start(self, columns: IntArray) -> FloatArray | None:
        """Columns of G from the answers before, where they are of use; 0 in the halo."""
        problem, shard = self.problem, self.shard
        if problem.before is None or 1 - problem.alpha < _WELL_GROUNDED:
            return None
        y = np.zeros((shard.n, len(columns)))
        old = problem.old_columns[columns]
        roots = shard.roots()
        for number, start, stop in shard.bounds:
            shares = read_region(problem.before, "shares", number)
            totals = read_region(problem.before, "totals", number) / roots[start:stop]
            for place in np.flatnonzero(old >= 0):
                y[start:stop, place] = shares[:, old[place]] * totals
        return y

    def _solve_all(
        self, iteration: _Iteration, reached: npt.NDArray[np.bool_] | None
    ) -> LevelledSolution:
        problem = self.problem
        x0 = self.start(np.arange(problem.n_classes))
        return solve_in_levels(
            iteration,
            self.right(None),
            reached,
            tol=problem.tol,
            max_iter=problem.max_iter,
            x0=x0,
        )


class _Iteration(RowIteration):
    """As on a graph on disk, with a shard's matrix and its peers."""

    def __init__(self, part: Part) -> None:
        self.peers = part
        self._part = part

    def matrix(self, active: npt.NDArray[np.bool_] | None = None) -> ShardMatrix:
        return ShardMatrix(self._part.shard, self._part.line, active, self._part.product_begun)

    def looked(self, n_iter: int, error: float) -> None:
        self._part.looked(n_iter, error)
