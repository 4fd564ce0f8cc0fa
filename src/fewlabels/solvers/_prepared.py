"""Prepare a system once, and solve it for many right-hand sides, each row accurate in itself."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from math import log, log1p, sqrt
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import reverse_cuthill_mckee

from fewlabels._threads import one_blas_thread
from fewlabels._typing import State
from fewlabels.graph import component_labels
from fewlabels.solvers._answer import Answer
from fewlabels.solvers._chebyshev import ChebyshevIteration
from fewlabels.solvers._cholesky import Cholesky
from fewlabels.solvers._conjugate_gradients import ConjugateGradients
from fewlabels.solvers._elimination import Elimination
from fewlabels.solvers._evidence import Evidence
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import FAINT, Accuracy, Callback, Solution
from fewlabels.solvers._sparse_direct import SparseFactorization
from fewlabels.solvers._sweeps import Sweeps

BoolArray = npt.NDArray[np.bool_]
Factorization: TypeAlias = Cholesky | Elimination | SparseFactorization
Method: TypeAlias = Literal["auto", "sweeps", "chebyshev", "cg", "direct"]

# Chebyshev's iteration needs some ground at every node, which not every system has.
METHODS = ("auto", "sweeps", "cg", "direct")
METHODS_WITH_GROUND = ("auto", "sweeps", "chebyshev", "cg", "direct")

# Dense elimination is quick below this (0.2 s at 1,000 unknowns on two cores), and for weights
# that are dense anyway below that (some 3 s); above, conjugate gradients are.
_AUTO_DIRECT = 1_000
_AUTO_DIRECT_DENSE = 3_000
# A direct answer that was asked for is dense up to here, sparse above.
_DENSE_DIRECT = 2_000

# Hundreds of products of so few unknowns spend their time waiting for a second thread, and many
# times that where another process uses its core.
_TINY = 500

# Mean distance from the diagonal, over the root of the unknowns, up to which a sparse factorisation
# is a matter of moments: chains, and points in a plane, but not in more dimensions.
_NARROW = 4

# Sweeps of a small system that converge within this many are cheaper than to eliminate it.
_FEW_SWEEPS = 32

# Where the ground takes less than this share of a sweep, few sweeps never suffice.
_SHRINKS = 0.1

# Rows below this share of the largest may have lost digits to underflow; they are solved again
# on a scale of their own. Far above the smallest float64, and its root, which products need.
_UNDERFLOW = 1e-140


class PreparedSolver:
    """Solves A X = B for non-negative B, by one method, to a relative accuracy of each row.

    Scores decay geometrically with the distance to the labels. A method that is accurate in
    norm, or a float that underflows, leaves nothing but rounding in distant rows. Here they are
    solved in levels: rows that are large compared with the error are kept and become fixed values
    for the rest, which is solved again on its own scale, until no row is left.
    A level of a factorisation reaches ten times as far as one of iterations. Therefore ``"auto"``
    continues with a sparse factorisation if iterations would not finish within `max_iter`
    and the graph is long and narrow, such as a chain, whose factorisation has little fill-in.

    Parameters
    ----------
    matrix : GroundedLaplacian
        Every component must have some ground.
    method : {"auto", "sweeps", "chebyshev", "cg", "direct"}, default="auto"
        ``"chebyshev"`` needs some ground at every node. ``"direct"`` is a dense factorisation up
        to 2,000 unknowns, a sparse one above; it is done once. ``"auto"`` up to 1,000 unknowns
        (3,000 where W is dense) sweeps if that converges in a few sweeps and takes a dense
        factorisation if not; above, Chebyshev's iteration where every node has some ground,
        conjugate gradients where not.
    components : ndarray of shape (n,), dtype int32, default=None
        The connected component of each node, if it is known already.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, PreparedSolver
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> solver = PreparedSolver(A)  # once; then as many right-hand sides as you like
    >>> found = solver.solve(np.array([[1.0], [0.0], [0.0]]), tol=1e-6, max_iter=1000)
    >>> found.values.ravel().round(4)
    array([0.75, 0.5 , 0.25])
    """

    def __init__(
        self,
        matrix: GroundedLaplacian,
        method: Method = "auto",
        *,
        components: npt.NDArray[np.int32] | None = None,
    ) -> None:
        self.matrix = matrix
        self.method = method
        self._components = component_labels(matrix.weights) if components is None else components
        self._restriction: tuple[BoolArray, GroundedLaplacian] | None = None
        self._factored: tuple[GroundedLaplacian, Factorization] | None = None

    def solve(
        self,
        B: FloatArray,
        *,
        tol: float,
        max_iter: int,
        x0: FloatArray | None = None,
        other_totals: FloatArray | float = 0.0,
        exact_totals: FloatArray | None = None,
        callback: Callback | None = None,
    ) -> Answer:
        """Solve for the columns of `B`.

        Parameters
        ----------
        B : ndarray of shape (n, m), float64
            Non-negative. Its memory may be used meanwhile; it holds the same again at the end.
        tol : float
            No row of the answer, relative to the row's total, may be off by more.
        max_iter : int
            Maximum number of sweeps and iterations, on all levels together, and of factorisations
            in addition. Rows for which none are left stay 0, and are not converged. With
            ``method="direct"``, and where the system is so small that ``"auto"`` eliminates,
            levels are not limited.
        x0 : ndarray of shape (n, m), default=None
            Start of the iteration. Ignored if the ground is weak: a start may hide the very modes
            in which it is wrong from the residual, and so from the Ritz values of conjugate
            gradients.
        other_totals : ndarray of shape (n,), default=0.0
            The sum of each row in columns that are not part of this solve.
        exact_totals : ndarray of shape (n,), default=None
            The sum of each row of the answer, if it is known in advance.
        callback : callable, default=None
            Called with the number of the iteration and the worst row's estimated error.

        Returns
        -------
        Answer
            Failure to converge is reported in `converged`, never raised.
        """
        accuracy = Accuracy(tol, max_iter, other_totals, exact_totals, callback)
        with one_blas_thread() if self.matrix.n <= _TINY else nullcontext():
            answer = self._solve_levels(B, accuracy, x0)
            given = Evidence(self.matrix, B)
            del B  # where the caller does not hold it: the residual takes as much again
            left = given.residual(answer.scores / self.matrix.scale[:, None])
            return replace(answer, residual=left.ratios)

    def residual(self, B: FloatArray, x: FloatArray) -> FloatArray:
        """|b - A x| / |b| of each column, shape (m,); 0 for a zero column that x solves."""
        return Evidence(self.matrix, B).residual(x / self.matrix.scale[:, None]).ratios

    def _solve_levels(self, B: FloatArray, accuracy: Accuracy, x0: FloatArray | None) -> Answer:
        n, m = B.shape
        reached = self._reached(B)
        values, log_scale = np.zeros((n, m)), np.zeros(n)  # no memory until written to
        rows = np.flatnonzero(reached)
        matrix = self._restricted_to(reached)
        b, start = B, x0 if matrix.well_grounded else None
        others = np.broadcast_to(np.asarray(accuracy.other_totals, dtype=float), n)
        accuracy, max_iter = replace(accuracy, other_totals=others), accuracy.max_iter
        if len(rows) < n:
            b, start = b[rows], None if start is None else start[rows]
            accuracy = accuracy.at(rows)
        converged, n_iter, level = np.ones(m, dtype=bool), 0, 0.0
        n_factored, pace = 0, 0.0  # pace: iterations a row, where a factorisation would be cheap
        holds = np.any(B != 0, axis=0)
        while len(rows):
            limited = self._iterates(matrix)
            eliminated = limited and pace * len(rows) > max_iter - n_iter
            if eliminated and n_factored < max_iter:
                found = self._solve_directly(matrix, b, accuracy)
                n_factored += 1
            elif limited and n_iter - n_factored >= max_iter:  # these rows stay without an answer
                converged &= ~holds
                break
            else:
                left = max_iter - n_iter + n_factored if limited else max_iter
                solve = self._way(matrix, replace(accuracy, max_iter=left), start)
                found = solve(b)
            n_iter += found.n_iter
            done = found.trusted
            cut_short = limited and level == 0 and found.n_iter >= max_iter
            stuck = not done.all() and (cut_short or not done.any())
            if done.all() or stuck:
                if len(rows) == n:
                    values = found.values
                else:
                    values[rows], log_scale[rows] = found.values, level
                converged &= ~holds | (not stuck)
                break
            if level == 0 and limited and self.method == "auto":
                pace = found.n_iter / done.sum() if _is_narrow(matrix) else 0.0
            values[rows[done]], log_scale[rows[done]] = found.values[done], level
            matrix, boundary = matrix.restrict(~done)
            b = b[~done] + np.asarray(boundary @ found.values[done])
            rows, start, accuracy = rows[~done], None, accuracy.at(~done)
            largest = float(b.max(initial=0.0))
            if largest == 0:  # below the smallest float64 already at the boundary
                converged[:] = False
                break
            b, accuracy, level = b / largest, accuracy.in_units(largest), level + log(largest)
        return Answer(values, log_scale, reached, n_iter, np.zeros(m), converged)

    def _reached(self, B: FloatArray) -> BoolArray:
        holds = np.zeros(int(self._components.max(initial=-1)) + 1, dtype=bool)
        holds[self._components[np.any(B != 0, axis=1)]] = True
        return holds[self._components]

    def __getstate__(self) -> State:
        """Leave out what can be computed again: it may be large, and SuperLU can't be pickled."""
        return self.__dict__ | {"_restriction": None, "_factored": None}

    def _restricted_to(self, reached: BoolArray) -> GroundedLaplacian:
        """Return the matrix of these nodes; the same object as long as they are the same."""
        if reached.all():
            return self.matrix
        if self._restriction is None or not np.array_equal(self._restriction[0], reached):
            self._restriction = (reached, self.matrix.restrict(reached)[0])
        return self._restriction[1]

    def _iterates(self, matrix: GroundedLaplacian) -> bool:
        """Tell whether a level is solved by iterations alone, which `max_iter` limits."""
        if self.method == "auto":
            return matrix.n > _most_eliminated(matrix)
        return self.method != "direct"

    def _way(
        self, matrix: GroundedLaplacian, accuracy: Accuracy, x0: FloatArray | None
    ) -> Callable[[FloatArray], Solution]:
        """Choose what solves a level; `x0` is where it may start."""
        method = self.method
        if method == "auto":
            if matrix.n <= _most_eliminated(matrix):
                return partial(self._solve_small, matrix, accuracy=accuracy)
            if not matrix.well_grounded:
                return partial(self._solve_large, matrix, accuracy=accuracy)
            method = "chebyshev"
        if method == "chebyshev":
            iteration = ChebyshevIteration(matrix)
            return partial(iteration.solve, accuracy=accuracy, x0=x0, borrow_b=True)
        if method == "cg":
            return partial(ConjugateGradients(matrix).solve, accuracy=accuracy, x0=x0)
        if method == "sweeps":
            return partial(Sweeps(matrix).solve, accuracy=accuracy)
        return partial(self._solve_directly, matrix, accuracy=accuracy)

    def _solve_small(
        self, matrix: GroundedLaplacian, b: FloatArray, accuracy: Accuracy
    ) -> Solution:
        if matrix.n <= _TINY and matrix.well_grounded and accuracy.max_iter > 1:
            # It costs no more than a few sweeps. Of a single one, they are what was asked for.
            return self._solve_directly(matrix, b, accuracy)
        n_sweeps = _first_sweeps(matrix.decay, accuracy)
        first = Sweeps(matrix).solve(b, replace(accuracy, max_iter=n_sweeps))
        if first.converged.all() or first.n_iter >= accuracy.max_iter:
            return first
        then = self._solve_directly(matrix, b, accuracy)
        return replace(then, n_iter=first.n_iter + then.n_iter)

    def _solve_large(
        self, matrix: GroundedLaplacian, b: FloatArray, accuracy: Accuracy
    ) -> Solution:
        found = ConjugateGradients(matrix).solve(b, accuracy)
        if found.trusted.any() or matrix.n > _AUTO_DIRECT_DENSE:
            return found
        # All but singular, or max_iter was too little: elimination does not mind.
        direct = self._solve_directly(matrix, b, accuracy)
        return replace(direct, n_iter=found.n_iter + 1)

    def _solve_directly(
        self, matrix: GroundedLaplacian, b: FloatArray, accuracy: Accuracy
    ) -> Solution:
        x = self._factors(matrix).solve(b)
        accuracy.report(1, 0.0)
        finite = np.isfinite(x).all(axis=1)
        x[~finite] = 0
        np.maximum(x, 0, out=x)  # a sparse factorisation may leave -0.0 and less by rounding
        totals = np.abs(x).sum(axis=1) + accuracy.other_totals
        trusted = finite & (totals >= max(_UNDERFLOW * totals.max(initial=0.0), FAINT))
        return Solution(
            values=x,
            n_iter=1,
            converged=np.full(b.shape[1], bool(trusted.all())),
            trusted=trusted,
        )

    def _factors(self, matrix: GroundedLaplacian) -> Factorization:
        """Factorise once as long as the matrix is the same; levels below are not kept."""
        if self._factored is not None and self._factored[0] is matrix:
            return self._factored[1]
        factors = _factorize(matrix)
        if matrix is self.matrix or (self._restriction and matrix is self._restriction[1]):
            self._factored = (matrix, factors)
        return factors


def _most_eliminated(matrix: GroundedLaplacian) -> int:
    return _AUTO_DIRECT_DENSE if isinstance(matrix.weights, np.ndarray) else _AUTO_DIRECT


def _is_narrow(matrix: GroundedLaplacian) -> bool:
    """Tell whether a sparse factorisation would hardly fill up; O(edges)."""
    weights = matrix.weights
    if isinstance(weights, np.ndarray):
        return False
    place = np.empty(matrix.n, dtype=np.intp)
    place[reverse_cuthill_mckee(weights, symmetric_mode=True)] = np.arange(matrix.n)
    filled = np.flatnonzero(np.diff(weights.indptr))
    first = np.minimum.reduceat(place[weights.indices], weights.indptr[filled])
    return bool(np.maximum(place[filled] - first, 0).mean() <= _NARROW * sqrt(matrix.n))


def _factorize(matrix: GroundedLaplacian) -> Factorization:
    small = matrix.n <= _DENSE_DIRECT or isinstance(matrix.weights, np.ndarray)
    if not small:
        return SparseFactorization(matrix)
    # There the subtractions of a Cholesky factorisation cost three of sixteen digits at most.
    return Cholesky(matrix) if matrix.well_grounded else Elimination(matrix)


def _first_sweeps(decay: float, accuracy: Accuracy) -> int:
    """Sweeps to try before anything else: a few if they may do, else two to warm up.

    A right answer by the second sweep (a node with labelled neighbours only) is found, too.
    """
    promising = decay > _SHRINKS and accuracy.tol > 0
    if promising:  # evidence has some way to go before it shrinks, but needs at least
        needed = log(accuracy.tol * decay) / log1p(-min(decay, 1 - _SHRINKS))
        promising = needed <= _FEW_SWEEPS
    # One iteration is left for what comes after, which may be a factorisation.
    return min(_FEW_SWEEPS if promising else 2, max(1, accuracy.max_iter - 1))
