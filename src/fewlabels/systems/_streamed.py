"""The linear system of label spreading on a graph on disk."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels.graph import DiskGraph
from fewlabels.solvers import (
    Callback,
    LevelledSolution,
    StreamedIteration,
    solve_in_levels,
    solve_on_levels,
)
from fewlabels.systems._streamed_scores import StreamedScores

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Three vectors in float64: two of the iteration, and the right-hand side, whose memory it borrows.
_BYTES_A_COLUMN = 24
# One a node: the totals, twice; roots and masks on the way.
_BYTES_A_NODE = 40
# A start is of use where the ground takes at least this share; see PreparedSolver.solve.
_WELL_GROUNDED = 1e-3
_NODES_AT_ONCE = 250_000


class StreamedSpreadingSystem:
    """(I - alpha S) F = (1 - alpha) Y on a graph on disk; see :class:`SpreadingSystem`.

    Solved as G = alpha D^-1 W G + (1 - alpha) D^-1/2 Y, F = D^1/2 G, some classes at a time, so
    that the vectors stay within the graph's `working_memory`. Where all classes at once do not,
    the column of all labels together is solved for first: row by row it is the total that the
    error of a class is measured by. Errors of all classes together stay within the tolerance.

    Parameters
    ----------
    graph : DiskGraph
    alpha : float in [1e-12, 1)

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.systems import StreamedSpreadingSystem
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> system = StreamedSpreadingSystem(open_graph(folder), alpha=0.9)
    >>> found = system.solve(np.array([0, -1, 1]), 2, tol=1e-6, max_iter=1000)
    >>> found.shares[1].round(3)
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, graph: DiskGraph, alpha: float) -> None:
        self.graph = graph
        self.alpha = alpha

    @property
    def settings(self) -> tuple[object, ...]:
        """The settings on which the matrix depends."""
        return (self.alpha,)

    def solve(
        self,
        codes: IntArray,
        n_classes: int,
        *,
        tol: float,
        max_iter: int,
        weights: FloatArray | None = None,
        before: StreamedScores | None = None,
        old_columns: IntArray | None = None,
        callback: Callback | None = None,
    ) -> StreamedScores:
        """Solve for all classes.

        Parameters
        ----------
        codes : ndarray of int of shape (n_nodes,)
            Class of each node; -1 is unlabelled.
        n_classes : int
        tol : float
            No node's distribution is off by more.
        max_iter : int
            Maximum number of steps for each group of classes.
        weights : ndarray of shape (n_nodes,), default=None
            How much each label counts: positive where labelled. None: 1 each.
        before : StreamedScores, default=None
            Scores near the answer, to start from.
        old_columns : ndarray of shape (n_classes,), default=None
            Each class's place in `before`, or -1.
        callback : callable, default=None
            Called in each step with its number, over all groups, and the last known error.

        Raises
        ------
        NotEnoughMemoryError
            If the vectors and the answer would not fit the free memory.
        """
        n = self.graph.n_nodes
        width = self._columns_at_once(n_classes)
        self._require_memory(n_classes, width)
        iteration = StreamedIteration(self.graph, self.alpha, callback)
        right, reached = _RightHandSide(self, codes, weights), self._reached(codes)
        start = _Start(self, before, old_columns)
        groups = [range(c, min(c + width, n_classes)) for c in range(0, n_classes, width)]
        shares = np.empty((n, n_classes), dtype=np.float32)
        residual, converged = np.zeros(n_classes), np.ones(n_classes, dtype=bool)
        if len(groups) == 1:
            b = right.columns(groups[0])
            found = solve_in_levels(
                iteration, b, reached, tol=tol, max_iter=max_iter, x0=start.columns(groups[0])
            )
            totals = found.values.sum(axis=1)
            n_iter, log_scales, n_levels = found.n_iter, found.log_scales(), len(found.levels)
            residual[:] = _residual(iteration, b, found)
            converged[:] = found.converged
            totals[totals == 0] = 1
            _store(shares, groups[0], found.values, totals)
        else:
            share = tol / (len(groups) + 1)
            whole = solve_in_levels(
                iteration,
                right.columns(None),
                reached,
                tol=share,
                max_iter=max_iter,
                x0=start.columns(None),
            )
            totals = whole.values[:, 0]
            n_iter, log_scales, n_levels = whole.n_iter, whole.log_scales(), len(whole.levels)
            totals[totals == 0] = 1
            for group in groups:
                b = right.columns(group)
                found = solve_on_levels(
                    iteration,
                    b,
                    whole,
                    totals=totals,
                    tol=share,
                    max_iter=max_iter,
                    x0=start.columns(group),
                )
                n_iter = max(n_iter, found.n_iter)
                residual[group] = _residual(iteration, b, found)
                converged[group] = found.converged and (n_levels == 1 or whole.converged)
                _store(shares, group, found.values, totals)
                del b, found  # before the next group takes as much
        answered = self._finish(shares, totals, log_scales)
        return StreamedScores(shares, totals, answered, residual, converged, n_iter, n_levels > 1)

    def solve_change(
        self,
        before: StreamedScores,
        codes: IntArray,
        old_columns: IntArray,
        touched: IntArray,
        *,
        tol: float,
        max_iter: int,
        weights: FloatArray | None = None,
        callback: Callback | None = None,
    ) -> StreamedScores:
        """Solve for the touched classes only; others keep their scores. If necessary, for all.

        Parameters
        ----------
        before : StreamedScores
            Not modified.
        codes, tol, max_iter, weights, callback
            As of :meth:`solve`.
        old_columns : ndarray of shape (n_classes,)
            Each class's place in `before`, or -1.
        touched : ndarray of int
            Classes that gained a label or weight, where none lost any; else all.
        """
        n_classes = len(old_columns)
        reached = self._reached(codes)

        def of_all() -> StreamedScores:
            return self.solve(
                codes,
                n_classes,
                weights=weights,
                before=before,
                old_columns=old_columns,
                tol=tol,
                max_iter=max_iter,
                callback=callback,
            )

        if before.levelled or len(touched) == n_classes or not before.converged.all():
            return of_all()
        self._require_memory(n_classes, 1)
        iteration = StreamedIteration(self.graph, self.alpha, callback)
        right, start = _RightHandSide(self, codes, weights), _Start(self, before, old_columns)
        shares, totals = self._carried_over(before, old_columns)
        residual, n_iter = np.zeros(n_classes), 0
        kept = old_columns >= 0
        residual[kept] = before.residual[old_columns[kept]]
        for c in touched:
            group = range(c, c + 1)
            b, x0 = right.columns(group), start.columns(group)
            # Old totals without this class: labels are added only, so that the new ones are
            # larger, and rows are measured more strictly, if anything.
            others = totals * (1 - shares[:, c].astype(np.float64))
            if reached is not None:
                others[~reached] = 1
            found = iteration.solve(
                b, tol=tol, max_iter=max_iter, active=reached, other_totals=others, x0=x0
            )
            if not found.converged.all():
                return of_all()
            n_iter = max(n_iter, found.n_iter)
            residual[c] = iteration.matrix().residual_ratios(b, found.values)[0]
            del b, x0, others
            self._replace(shares, totals, int(c), found.values)
        answered = self._finish(shares, totals, 0.0)
        converged = np.ones(n_classes, dtype=bool)
        return StreamedScores(shares, totals, answered, residual, converged, n_iter, False)

    def _columns_at_once(self, n_classes: int) -> int:
        fit = self.graph.working_memory // (_BYTES_A_COLUMN * self.graph.n_nodes)
        return max(1, min(n_classes, int(fit)))

    def _require_memory(self, n_classes: int, width: int) -> None:
        n = self.graph.n_nodes
        require_memory(
            n * (4 * n_classes + _BYTES_A_COLUMN * width + _BYTES_A_NODE),
            f"label spreading of {n_classes} classes over {n:,} nodes, {width} at a time,",
            "Open the graph with a smaller working_memory, or label fewer classes.",
        )

    def _reached(self, codes: IntArray) -> npt.NDArray[np.bool_] | None:
        """Return which nodes labels can reach; None where all."""
        if self.graph.n_components == 1:
            return None
        reached = self.graph.reached_from(codes >= 0)
        return None if reached.all() else reached

    def roots(self, rows: slice) -> FloatArray:
        """D^1/2 of some rows, with 1 for isolated nodes."""
        degrees = self.graph.node_values("degrees", rows)
        return np.sqrt(np.where(degrees == 0, 1.0, degrees))

    def _finish(
        self, shares: npt.NDArray[np.float32], totals: FloatArray, log_scales: FloatArray | float
    ) -> npt.NDArray[np.bool_]:
        """Have each row sum to 1, and turn `totals` into the sums of F, in place."""
        answered = np.empty(len(shares), dtype=bool)
        for rows in row_blocks(len(shares), _NODES_AT_ONCE):
            sums = shares[rows].sum(axis=1, dtype=np.float64)
            answered[rows] = sums > 0
            sums[~answered[rows]] = 1
            shares[rows] /= sums[:, None]
            totals[rows] *= np.where(answered[rows], sums * self.roots(rows), 0)
            if isinstance(log_scales, np.ndarray):
                with np.errstate(under="ignore"):
                    totals[rows] *= np.exp(log_scales[rows])
        return answered

    def _carried_over(
        self, before: StreamedScores, old_columns: IntArray
    ) -> tuple[npt.NDArray[np.float32], FloatArray]:
        """Return the shares by the new classes, and the totals of G."""
        n = len(before.shares)
        shares = np.zeros((n, len(old_columns)), dtype=np.float32)
        totals = np.empty(n)
        kept = np.flatnonzero(old_columns >= 0)
        for rows in row_blocks(n, _NODES_AT_ONCE):
            answered = before.answered[rows]
            old = before.shares[rows]
            shares[rows, kept] = np.where(answered[:, None], old[:, old_columns[kept]], 0)
            totals[rows] = np.where(answered, before.totals[rows] / self.roots(rows), 0)
        return shares, totals

    @staticmethod
    def _replace(
        shares: npt.NDArray[np.float32], totals: FloatArray, c: int, values: FloatArray
    ) -> None:
        """Put the scores G of a class in the place of its old ones."""
        for rows in row_blocks(len(shares), _NODES_AT_ONCE):
            new = values[rows, 0]
            scores = shares[rows] * totals[rows, None]
            scores[:, c] = new
            sums = scores.sum(axis=1)
            shares[rows] = scores / np.where(sums > 0, sums, 1)[:, None]
            totals[rows] = sums


class _RightHandSide:
    """(1 - alpha) D^-1/2 Y, weighted, of which a few rows hold anything."""

    def __init__(
        self, system: StreamedSpreadingSystem, codes: IntArray, weights: FloatArray | None
    ) -> None:
        self._n = len(codes)
        self._nodes = np.flatnonzero(codes >= 0)
        self._codes = codes[self._nodes]
        self._values = np.empty(len(self._nodes))
        for rows in row_blocks(self._n, _NODES_AT_ONCE):
            here = slice(*np.searchsorted(self._nodes, (rows.start, rows.stop)))
            if here.start < here.stop:
                roots = system.roots(rows)[self._nodes[here] - rows.start]
                self._values[here] = (1 - system.alpha) / roots
        if weights is not None:
            self._values *= weights[self._nodes]

    def columns(self, group: range | None) -> FloatArray:
        """Return the columns of some classes, shape (n, m); None is the sum of all columns."""
        result = np.zeros((self._n, 1 if group is None else len(group)))
        if group is None:
            result[self._nodes, 0] = self._values
            return result
        here = (self._codes >= group.start) & (self._codes < group.stop)
        result[self._nodes[here], self._codes[here] - group.start] = self._values[here]
        return result


class _Start:
    """Columns of G from scores before, where they are of use."""

    def __init__(
        self,
        system: StreamedSpreadingSystem,
        before: StreamedScores | None,
        old_columns: IntArray | None,
    ) -> None:
        useful = before is not None and not before.levelled and 1 - system.alpha >= _WELL_GROUNDED
        self._before = before if useful else None
        self._old = old_columns
        self._system = system

    def columns(self, group: range | None) -> FloatArray | None:
        """Return the columns of some classes; None is the sum of all; None if there is no start."""
        before, old = self._before, self._old
        if before is None or old is None:
            return None
        n = len(before.totals)
        result = np.zeros((n, 1 if group is None else len(group)))
        for rows in row_blocks(n, _NODES_AT_ONCE):
            roots = self._system.roots(rows)
            if group is None:
                result[rows, 0] = before.totals[rows] * before.answered[rows] / roots
                continue
            for place, c in enumerate(group):
                if old[c] >= 0:
                    result[rows, place] = before.column(int(old[c]), rows) / roots
        return result


def _store(
    shares: npt.NDArray[np.float32], group: range, values: FloatArray, totals: FloatArray
) -> None:
    for rows in row_blocks(len(shares), _NODES_AT_ONCE):
        with np.errstate(under="ignore"):
            shares[rows, group.start : group.stop] = values[rows] / totals[rows, None]


def _residual(iteration: StreamedIteration, b: FloatArray, found: LevelledSolution) -> FloatArray:
    log_scales = found.log_scales()
    values = found.values
    if isinstance(log_scales, np.ndarray):
        values = values * np.exp(log_scales)[:, None]
    return iteration.matrix().residual_ratios(b, values)
