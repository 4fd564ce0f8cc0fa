"""Rows too far from every label for one float64, on a graph on disk: solved for in levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt

from fewlabels.solvers._matrix import FloatArray
from fewlabels.solvers._streamed import RowIteration

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Level:
    """A scale on which some rows are held.

    Attributes
    ----------
    divisor : float
        What the right-hand side was divided by, coming from the level before.
    log_scale : float
        The values of these rows are to be multiplied by exp(log_scale).
    n_iter : int
        Steps that it took.
    """

    divisor: float = 1.0
    log_scale: float = 0.0
    n_iter: int = 0


@dataclass(frozen=True)
class LevelledSolution:
    """The solution of (I - N) G = b, each row on the scale of its level.

    Attributes
    ----------
    values : ndarray of shape (n, m)
    level_of : ndarray of shape (n,), int32, or None
        The level of each row, from 0; -1 for rows that nothing reaches. None: 0 for all.
    levels : list of Level
    converged : bool
    n_iter : int
        Steps, on all levels together.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.solvers import StreamedIteration, solve_in_levels
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> iteration = StreamedIteration(open_graph(folder), alpha=0.5)
    >>> b = np.array([[1.0], [0.0], [0.0]])
    >>> found = solve_in_levels(iteration, b, None, tol=1e-6, max_iter=1000)
    >>> found.values.ravel().round(3), found.level_of  # one level is enough
    (array([1.167, 0.333, 0.167]), None)
    """

    values: FloatArray
    level_of: npt.NDArray[np.int32] | None
    levels: list[Level]
    converged: bool
    n_iter: int

    def log_scales(self) -> FloatArray | float:
        """Return what row i's values are to be multiplied by, as a logarithm: (n,), or 0."""
        if self.level_of is None or len(self.levels) == 1:
            return 0.0
        scales = np.array([*(level.log_scale for level in self.levels), 0.0, 0.0])
        return np.asarray(scales[self.level_of])  # the last are of rows without a level


def solve_in_levels(
    iteration: RowIteration,
    b: FloatArray,
    reached: BoolArray | None,
    *,
    tol: float,
    max_iter: int,
    x0: FloatArray | None = None,
) -> LevelledSolution:
    """Solve (I - N) G = b, and find the levels that are needed.

    Rows that are large against the error are kept, become fixed values for the rest, and the rest
    is solved for again on a scale of its own, as :class:`PreparedSolver` does it in memory.

    Parameters
    ----------
    iteration : RowIteration
    b, x0 : ndarray of shape (n, m)
    reached : ndarray of shape (n,), bool, or None
        Rows that evidence can reach; None is all.
    tol : float
        As :class:`fewlabels.solvers.Accuracy`.
    max_iter : int
        Most steps on all levels together: each reads the whole graph.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.solvers import StreamedIteration, solve_in_levels
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> iteration = StreamedIteration(open_graph(folder), alpha=0.5)
    >>> b = np.array([[1.0], [0.0], [0.0]])
    >>> found = solve_in_levels(iteration, b, None, tol=1e-6, max_iter=1000)
    >>> found.values.ravel().round(3)
    array([1.167, 0.333, 0.167])
    """
    level_of = None if reached is None else np.where(reached, np.int32(0), np.int32(-1))
    levels, values, right, n_iter = [Level()], np.empty((0, 0)), b, 0
    while True:
        number = len(levels) - 1
        active = None if level_of is None else level_of == number
        # The rows that are not active must not count as still without evidence.
        others = 0.0 if active is None else (~active).astype(float)
        left = max_iter - n_iter
        found = iteration.solve(
            right, tol=tol, max_iter=left, active=active, other_totals=others, x0=x0
        )
        del others
        n_iter, x0 = n_iter + found.n_iter, None
        levels[-1] = replace(levels[-1], n_iter=found.n_iter)
        settled = bool(found.converged.all())
        if level_of is not None and number > 0 and n_iter >= max_iter and not settled:
            # Only what is right already: the rows beyond stay without an answer, which is said.
            values = _put(values, found.values, found.trusted)
            level_of[(level_of == number) & ~found.trusted] = -1
            return LevelledSolution(values, level_of, levels, False, n_iter)
        if settled or n_iter >= max_iter or not iteration.anywhere(found.trusted):
            # As near as it came, which is said.
            values = _put(values, found.values, active)
            return LevelledSolution(values, level_of, levels, settled, n_iter)
        kept = found.trusted
        values = _put(values, found.values, kept)
        unknown = ~kept if active is None else active & ~kept
        if not iteration.anywhere(unknown):
            return LevelledSolution(values, level_of, levels, True, n_iter)
        if level_of is None:
            level_of = np.zeros(len(values), dtype=np.int32)
        level_of[unknown] = number + 1
        right = _boundary(iteration, right, found.values, kept, unknown)
        divisor = iteration.peers.maximum(float(right.max(initial=0.0)))
        if divisor == 0:  # below the smallest float64 already at the boundary
            level_of[unknown] = -1
            return LevelledSolution(values, level_of, levels, False, n_iter)
        right /= divisor
        levels.append(Level(divisor, levels[-1].log_scale + log(divisor)))


def solve_on_levels(
    iteration: RowIteration,
    b: FloatArray,
    whole: LevelledSolution,
    *,
    totals: FloatArray,
    tol: float,
    max_iter: int,
    x0: FloatArray | None = None,
) -> LevelledSolution:
    """Solve for some columns on the levels that were found for their sum.

    Parameters
    ----------
    iteration, b, tol, max_iter, x0
        As of :func:`solve_in_levels`.
    whole : LevelledSolution
        The solution for one column, the sum of all, to the same `tol`.
    totals : ndarray of shape (n,)
        That column, and 1 where it has nothing: each row is as accurate as asked beside its total
        and what it holds in `b`'s columns together.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from fewlabels import Graph, open_graph, write_graph
    >>> from fewlabels.solvers import StreamedIteration, solve_in_levels, solve_on_levels
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> folder = tempfile.mkdtemp() + "/graph"
    >>> _ = write_graph(folder, path)
    >>> iteration = StreamedIteration(open_graph(folder), alpha=0.5)
    >>> b = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    >>> both = b.sum(axis=1, keepdims=True)
    >>> whole = solve_in_levels(iteration, both, None, tol=1e-6, max_iter=1000)
    >>> totals = whole.values.ravel()
    >>> found = solve_on_levels(iteration, b, whole, totals=totals, tol=1e-6, max_iter=1000)
    >>> found.values.round(3)
    array([[1.167, 0.167],
           [0.333, 0.333],
           [0.167, 1.167]])
    """
    level_of, levels = whole.level_of, whole.levels
    values, right, n_iter, converged = np.empty((0, 0)), b, 0, True
    for number in range(len(levels)):
        active = None if level_of is None else level_of >= number
        kept = None if level_of is None else level_of == number
        others = totals if kept is None or len(levels) == 1 else np.where(kept, totals, 1.0)
        found = iteration.solve(
            right,
            tol=tol,
            max_iter=max_iter,
            active=active,
            other_totals=others,
            x0=x0,
        )
        del others
        n_iter, x0 = n_iter + found.n_iter, None
        converged &= bool(found.converged.all())
        values = _put(values, found.values, kept)
        if level_of is not None and number + 1 < len(levels):
            right = _boundary(iteration, right, found.values, kept, level_of > number)
            right /= levels[number + 1].divisor
    return LevelledSolution(values, level_of, levels, converged, n_iter)


def _boundary(
    iteration: RowIteration,
    b: FloatArray,
    values: FloatArray,
    kept: BoolArray | None,
    unknown: BoolArray,
) -> FloatArray:
    """Return what `b` and the values of the kept rows give to the unknown ones."""
    fixed = values if kept is None else np.where(kept[:, None], values, 0.0)
    given = iteration.matrix().apply(fixed)
    given += b
    given[~unknown] = 0
    return given


def _put(values: FloatArray, found: FloatArray, kept: BoolArray | None) -> FloatArray:
    """Take the kept rows over into `values`, which is empty before the first level."""
    if kept is None:
        kept = np.ones(len(found), dtype=bool)
    if len(values) == 0:  # needs no array of its own
        found[~kept] = 0
        return found
    values[kept] = found[kept]
    return values
