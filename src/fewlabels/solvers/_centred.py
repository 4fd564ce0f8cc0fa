"""Conjugate gradients for Laplacians without ground, on centred vectors."""

from __future__ import annotations

from math import inf

import numpy as np
import numpy.typing as npt

from fewlabels.solvers._columns import column_dots, row_totals
from fewlabels.solvers._krylov import Vectors, ratios, smallest_ritz_value
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import Accuracy, Solution

# As in ConjugateGradients: a recursive residual that has fallen so far says nothing any more.
_FLOOR = 1e-14
_ROWS_EVERY = 10
# The probe holds about 1 of each mode. It is solved when its residual is below this; what a mode
# that no iteration has met yet leaves there is less with a probability of 1 %.
_PROBED = 0.0125


class Components:
    """Sums and means over the connected components of a graph, weighted by degree.

    Parameters
    ----------
    labels : ndarray of shape (n,), int
        The component of each node, from 0.
    degrees : ndarray of shape (n,)
        Positive.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.solvers import Components
    >>> two = Components(np.array([0, 0, 1]), degrees=np.array([1.0, 3.0, 2.0]))
    >>> two.mean(np.array([4.0, 0.0, 5.0]))
    array([1., 1., 5.])
    """

    def __init__(self, labels: npt.NDArray[np.integer], degrees: FloatArray) -> None:
        self.labels = labels
        self.degrees = degrees
        self.volumes = self.sums(degrees)

    def sums(self, x: FloatArray) -> FloatArray:
        """Sum of x over each component, shape (n_components,)."""
        return np.asarray(np.bincount(self.labels, weights=x), dtype=np.float64)

    def mean(self, x: FloatArray) -> FloatArray:
        """sum_i d_i x_i / sum_i d_i over each node's component, shape (n,)."""
        return np.asarray((self.sums(self.degrees * x) / self.volumes)[self.labels])

    def centre(self, x: FloatArray) -> None:
        """Bring that mean of each column to 0, in place."""
        for column in x.T:
            column -= self.mean(column)

    def unit(self, x: FloatArray) -> FloatArray:
        """The mean of |x_i| = sum_c |x_ic| / 2 over each node's component, shape (n,)."""
        return self.mean(row_totals(np.abs(x)) / 2)


class CentredConjugateGradients:
    """Solves L X = B, L = D - W, where the columns of B sum to 0 in every component.

    L is singular: in each component X is known up to a constant per column, and the answer is the
    one with sum_i d_i x_i = 0. In the scaled unknowns y = D^1/2 x the matrix is I - N, N = D^-1/2 W
    D^-1/2; B lies in its range, which conjugate gradients never leave, and only lambda, its
    smallest positive eigenvalue, matters for them.

    Stopping rule: entries may have any sign, and rows are near 0 where classes meet. So
    the error of a row is not measured relative to the row but to the mean of its component,

        unit = sum_i d_i |x_i| / sum_i d_i,    |x_i| = sum_c |x_ic| / 2.

    With the residual R of the unscaled system and f = max_i |r_i| / d_i, no row is off by more
    than the smaller of

        f (1 + log k) / lambda,   k = (sum_i d_i / min_i d_i)^1/2,   and
        sum_c |D^-1/2 R_c|_2 / (lambda d_i^1/2),

    and the iteration stops when that is at most tol times the unit in every row. (The first:
    e = sum_t ((I + P) / 2)^t D^-1 r / 2, P = D^-1 W; no entry of a term exceeds f, and in norm they
    shrink by 1 - lambda / 2 each.)

    lambda is the smallest Ritz value. A right-hand side that is balanced in each of two weakly
    joined clusters contains almost nothing of the mode that joins them, and would find it last.
    Therefore a column of noise is solved along with the others, until no mode can be missing
    from it.

    Cost: one product with W per iteration, O(edges m), and O(n m) for the vectors; five arrays of
    n x (m + 1).

    References
    ----------
    M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems",
    J. Res. NBS 49 (1952). E. F. Kaasschieter, "Preconditioned conjugate gradients for solving
    singular systems", J. Comput. Appl. Math. 24 (1988).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, CentredConjugateGradients
    >>> from fewlabels.solvers import Components, GroundedLaplacian
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> L = GroundedLaplacian(path.affinity, np.zeros(3))
    >>> component = Components(np.zeros(3, dtype=int), path.degrees)
    >>> B = np.array([[1.0], [0.0], [-1.0]])
    >>> accuracy = Accuracy(tol=1e-6, max_iter=1000)
    >>> found = CentredConjugateGradients(L, component).solve(B, accuracy)
    >>> found.values.ravel().round(4) + 0.0
    array([ 1.,  0., -1.])
    """

    def __init__(self, matrix: GroundedLaplacian, components: Components) -> None:
        self.matrix = matrix
        self._components = components

    def solve(self, B: FloatArray, accuracy: Accuracy) -> Solution:
        """Solve L X = B from 0.

        Parameters
        ----------
        B : ndarray of shape (n, m)
            Of any sign; its columns sum to 0 in every component.
        accuracy : Accuracy
            `other_totals`, if it is an array, gives the unit of each row.

        Returns
        -------
        Solution
            All rows are `trusted`, or none is.
        """
        matrix, m, components = self.matrix, B.shape[1], self._components
        others = np.asarray(accuracy.other_totals)
        given = others if others.ndim else None
        r = np.empty((matrix.n, m + 1))
        r[:, :m] = B * matrix.scale[:, None]
        sourced = components.sums(row_totals(np.abs(B)))[components.labels] > 0
        probe = np.random.default_rng(0).standard_normal((matrix.n, 1)) * sourced[:, None]
        root = np.sqrt(components.degrees)[:, None]
        probe /= root
        components.centre(probe)
        r[:, m:] = probe * root
        y = np.zeros_like(r)
        floor = _FLOOR * np.linalg.norm(r, axis=0)
        vectors = Vectors(matrix, y, r)
        rho = column_dots(r, r)
        history: list[tuple[FloatArray, FloatArray]] = []
        active = np.sqrt(rho) > floor
        error, n_iter = inf, 0
        if not B.any():
            active[:], error = False, 0.0
        while error > accuracy.tol and active.any() and n_iter < accuracy.max_iter:
            n_iter += 1
            curvature = vectors.apply()
            active &= curvature > 0
            alpha = ratios(rho, curvature, active)
            rho_next = vectors.advance(alpha)
            beta = ratios(rho_next, rho, active)
            vectors.turn(beta)
            history.append((alpha, beta))
            rho = rho_next
            active &= np.sqrt(rho) > floor
            if n_iter % _ROWS_EVERY == 0:
                error = self._error(y, r, rho, history, given)
                accuracy.report(n_iter, error)
        x = y[:, :m] / root
        if history:
            components.centre(x)
            y[:, :m] = x * root
            # the recursive one may have come away from it
            r[:, :m] = B / root - (y[:, :m] - matrix.apply_scaled_weights(y[:, :m]))
            error = self._error(y, r, column_dots(r, r), history, given)
            accuracy.report(n_iter, error)
        settled = error <= accuracy.tol
        return Solution(
            values=x,
            n_iter=n_iter,
            converged=np.full(m, settled),
            trusted=np.full(matrix.n, settled),
        )

    def _error(
        self,
        y: FloatArray,
        r: FloatArray,
        rho: FloatArray,
        history: list[tuple[FloatArray, FloatArray]],
        given: FloatArray | None,
    ) -> float:
        """Bound the error of the worst row, relative to its unit; infinity where lambda is open."""
        found = smallest_ritz_value(history)
        lowest = max(found or 0.0, np.finfo(float).eps)
        if np.sqrt(rho[-1]) > _PROBED:
            return inf
        components = self._components
        root = np.sqrt(components.degrees)
        left = row_totals(np.abs(r[:, :-1])) / root
        unit = given if given is not None else components.unit(y[:, :-1] / root[:, None])
        judged = (left > 0) | (unit > 0)
        if not (unit[judged] > 0).all():
            return inf
        left, unit, root = left[judged], unit[judged], root[judged]
        volume = components.volumes[components.labels[judged]].max(initial=0.0)
        walks = 1 + np.log(np.sqrt(volume) / root.min(initial=np.sqrt(volume)))
        largest = float(left.max(initial=0.0)) * walks
        in_norm = float(np.sqrt(rho[:-1]).sum()) / root
        return float(np.max(np.minimum(largest, in_norm) / unit, initial=0.0)) / lowest
