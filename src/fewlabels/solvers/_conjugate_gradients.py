"""Conjugate gradients over many right-hand sides at once."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from fewlabels.solvers._columns import column_dots, row_totals
from fewlabels.solvers._evidence import Evidence
from fewlabels.solvers._krylov import Vectors, ratios, smallest_ritz_value
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import Accuracy, Solution

# A recursive residual that has fallen this far, relatively, no longer says anything of the true
# one; the columns then stop, and the rows are judged by the true residual.
_FLOOR = 1e-14
_ROWS_EVERY = 5


class ConjugateGradients:
    """Jacobi-preconditioned conjugate gradients, each column with its own step lengths.

    In the scaled unknowns y = D^1/2 x, D the diagonal of A, the matrix is I - N with
    N = D^-1/2 W D^-1/2, and its smallest eigenvalue lambda is bounded from below by
    min_i g_i / a_ii; if this bound is too small, the smallest Ritz value of the iteration is used
    instead.

    Stopping rule: with r_i the scaled residual of row i (summed over its columns) and t_i its
    scaled total,

        max_i r_i / t_i <= tol lambda,

    evaluated every five iterations. If the residual of every row is at most delta times its total,
    then its error is at most delta times the mean length of the walks that bring it
    its evidence, which is about 1 / lambda. This is far stricter than most answers need. If the
    exact totals of the rows are known, they show what no residual does: whether a slow mode is
    still missing. Then it is enough that

        |t_i - exact t_i| <= tol t_i   and   m_i s^5 / (1 - s^5) <= tol t_i

    in every row, where m_i is its change over the last five iterations, and s a factor by which
    each of them shrinks errors at least, s = (1 - sqrt(lambda / 2)) / (1 + sqrt(lambda / 2)).

    Conjugate gradients are accurate in norm, not row by row. If rounding prevents the rule from
    holding, rows are `trusted` if their total is large compared with
    |r| / lambda, which bounds every error. If `max_iter` ends the iteration early, too
    little is known about lambda, and no row is trusted.

    The solution of a zero column is zero, and takes no iteration. Cost: one product with W per
    iteration, O(edges m), and O(n m) for the vectors; five arrays of n x m.

    References
    ----------
    M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems",
    J. Res. NBS 49 (1952); Y. Saad, "Iterative methods for sparse linear systems" (2003),
    algorithm 6.18 and section 6.7.3 (the Ritz values).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, ConjugateGradients, GroundedLaplacian
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> b = np.array([[1.0], [0.0], [0.0]])
    >>> found = ConjugateGradients(A).solve(b, Accuracy(tol=1e-6, max_iter=1000))
    >>> found.values.ravel().round(4)
    array([0.75, 0.5 , 0.25])
    """

    def __init__(self, matrix: GroundedLaplacian) -> None:
        self.matrix = matrix

    def solve(self, B: FloatArray, accuracy: Accuracy, x0: FloatArray | None = None) -> Solution:
        """Solve A X = B from `x0` (default 0), row by row to `accuracy.tol`.

        Evidence must be able to reach every row: some entry of `B` lies in each component.
        """
        matrix, scale = self.matrix, self.matrix.scale[:, None]
        rows = _Rows(accuracy, matrix.scale)
        evidence = Evidence(matrix, B)
        y = np.zeros(B.shape) if x0 is None else x0 / scale
        r = B * scale
        largest = np.linalg.norm(r, axis=0)
        if x0 is not None:
            r -= y - matrix.apply_scaled_weights(y)
            largest = np.maximum(largest, np.linalg.norm(r, axis=0))
        floor = _FLOOR * largest
        vectors = Vectors(matrix, y, r)
        rho = column_dots(r, r)
        history: list[tuple[FloatArray, FloatArray]] = []
        active = np.sqrt(rho) > floor
        settled = not active.any()
        n_iter = 0
        while not settled and active.any() and n_iter < accuracy.max_iter:
            n_iter += 1
            curvature = vectors.apply()
            active &= curvature > 0  # 0 by rounding alone: the ground is lost beside the weights
            alpha = ratios(rho, curvature, active)
            rho_next = vectors.advance(alpha)
            beta = ratios(rho_next, rho, active)
            vectors.turn(beta)
            history.append((alpha, beta))
            rho = rho_next
            active &= np.sqrt(rho) > floor
            if n_iter % _ROWS_EVERY == 0:
                lowest = self._smallest_eigenvalue(history)
                error = rows.error(y, row_totals(np.abs(r)), lowest)
                accuracy.report(n_iter, error)
                settled = error <= accuracy.tol
        np.maximum(y, 0, out=y)  # as the answer is: this brings no entry farther from it
        left, lowest = evidence.residual(y).sizes, self._smallest_eigenvalue(history)
        error = rows.final_error(y, left, lowest, settled)
        accuracy.report(n_iter, error)
        settled = error <= accuracy.tol
        trusted = np.full(matrix.n, settled)
        if not settled and n_iter < accuracy.max_iter:  # where rounding ended it
            trusted = accuracy.tol * lowest * rows.totals(y) >= np.linalg.norm(left)
            trusted &= rows.totals(y) > 0
        y *= scale
        return Solution(
            values=y,
            n_iter=n_iter,
            converged=np.full(B.shape[1], settled),
            trusted=trusted,
        )

    def _smallest_eigenvalue(self, history: list[tuple[FloatArray, FloatArray]]) -> float:
        known = self.matrix.decay
        # Where the ground says enough, a Ritz value costs more than it saves.
        if self.matrix.well_grounded or not history:
            return max(known, np.finfo(float).tiny)
        lowest = smallest_ritz_value(history)
        if lowest is None:
            return max(known, np.finfo(float).tiny)
        return max(known, lowest, np.finfo(float).eps)


class _Rows:
    """The stopping rule."""

    def __init__(self, accuracy: Accuracy, scale: FloatArray) -> None:
        exact = accuracy.exact_totals
        self._tol = accuracy.tol
        self._others = accuracy.other_totals / scale
        self._exact = None if exact is None else exact / scale
        self._kept: FloatArray | None = None

    def totals(self, y: FloatArray) -> FloatArray:
        return np.asarray(row_totals(np.abs(y)) + self._others)

    def error(self, y: FloatArray, left: FloatArray, lowest: float) -> float:
        """Estimate the error of the worst row, relative to its total.

        Parameters
        ----------
        y : ndarray of shape (n, m)
        left : ndarray of shape (n,)
            Sizes of the residual's rows.
        lowest : float
            The smallest eigenvalue.
        """
        totals = self.totals(y)
        if not totals.all():
            return inf  # evidence is still to come
        strict = float(np.max(left / totals, initial=0.0)) / lowest
        if self._exact is None or strict <= self._tol:
            return strict
        off = _off(totals, self._exact)
        if off > self._tol:
            self._kept = None
            return off
        kept, self._kept = self._kept, y.copy()
        if kept is None:
            return strict
        root = sqrt(lowest / 2)
        shrinks = ((1 - root) / (1 + root)) ** _ROWS_EVERY
        moved = float(np.max(row_totals(np.abs(y - kept)) / totals))
        return min(strict, max(off, moved * shrinks / (1 - shrinks)))

    def final_error(self, y: FloatArray, left: FloatArray, lowest: float, settled: bool) -> float:
        """The same for the answer, which may be `settled` by the last look at it."""
        totals = self.totals(y)
        if not totals.all():
            return inf
        strict = float(np.max(left / totals, initial=0.0)) / lowest
        if self._exact is None or not settled:
            return strict
        return min(strict, _off(totals, self._exact))


def _off(totals: FloatArray, exact: FloatArray) -> float:
    return float(np.max(np.abs(totals / exact - 1), initial=0.0))
