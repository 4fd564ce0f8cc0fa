"""Chebyshev's semi-iteration: sweeps that remember the one before."""

from __future__ import annotations

from math import ceil, inf, log, sqrt

import numpy as np

from fewlabels.solvers._evidence import Evidence, large_rows
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import Accuracy, Solution
from fewlabels.solvers._threads import run_all

# Errors this far below the start are below rounding: further steps bring nothing.
_EXHAUSTED = 1e-17
# Steps to the next look where some row has no evidence yet.
_PATIENCE = 4


class ChebyshevIteration:
    """Jacobi's sweeps, accelerated by the polynomials that suit their known spectrum best.

    In the scaled unknowns y = D^1/2 x, D the diagonal of A, the system is y = N y + b with
    N = D^-1/2 W D^-1/2, whose eigenvalues lie between -rho and rho, rho = 1 - min_i g_i / a_ii.
    With omega_1 = 1, omega_2 = 2 / (2 - rho^2) and omega_k+1 = 1 / (1 - rho^2 omega_k / 4),

        y_k+1 = omega_k+1 (N y_k + b) + (1 - omega_k+1) y_k-1.

    After k steps, each eigenvector's share of the error is at most 2 s^k of what it was,
    s = rho / (1 + sqrt(1 - rho^2)); no other polynomial guarantees less. Conjugate gradients
    find the best polynomial for one right-hand side, and need a tenth fewer steps; here a step
    is little more than the product with N, has no inner products, and needs two vectors, not
    four. All columns take the same steps, which depend on nothing but rho, so that the answer
    does not depend on how the rows are shared among the cores.

    What is left after many steps oscillates, in sign from row to row and from step to step. One
    plain sweep z_k = N y_k + b, which each step computes on its way, takes that out, and z_k is
    the answer. Stopping rule: with d_k,j the largest change of a row from z_k to z_k+j, summed over
    its columns and relative to its total,

        d_k,1 s / (1 - s) <= tol   and   d_k,2 s^2 / (1 - s^2) <= tol.

    If the distance from the answer shrinks by s a step from here on, the steps to come sum to no
    more. Over one step and over two, for a component of the error that stands still over the one
    moves over the other. The rule is looked at when s says that it may hold. Where it does not
    before rounding ends all progress, those rows are `trusted` of which the total is large
    against the residual.

    Cost: one product with N a step, O(edges m); memory: three arrays of n x m.

    Parameters
    ----------
    matrix : GroundedLaplacian
        Every node must have some ground; the number of steps grows with max_i sqrt(a_ii / g_i).

    References
    ----------
    G. H. Golub, R. S. Varga, "Chebyshev semi-iterative methods, successive overrelaxation
    iterative methods, and second order Richardson iterative methods", Numerische Mathematik 3
    (1961), part I; Y. Saad, "Iterative methods for sparse linear systems" (2003), section 12.3.
    """

    def __init__(self, matrix: GroundedLaplacian) -> None:
        self.matrix = matrix

    def solve(self, B: FloatArray, accuracy: Accuracy, x0: FloatArray | None = None) -> Solution:
        """Solve A X = B from `x0` (default 0), row by row to `accuracy.tol`.

        Evidence must be able to reach every row: some entry of `B` lies in each component.
        """
        matrix, scale = self.matrix, self.matrix.scale[:, None]
        vectors = _Vectors(matrix, B, x0, accuracy.other_totals)
        rho = 1 - matrix.decay
        rate = rho / (1 + sqrt(1 - rho**2))
        last_look = _steps(_EXHAUSTED, rate)
        look_at = min(_steps(accuracy.tol, rate), last_look)
        omega, n_iter, settled = 1.0, 0, False
        while not settled and n_iter < min(accuracy.max_iter, last_look + 2):
            n_iter += 1
            since = n_iter - look_at  # 0: what to compare with is kept
            moved = vectors.step(omega, keep=since in (0, 2), compare=since in (1, 2))
            omega = 1 / (1 - rho**2 * omega / (2 if n_iter == 1 else 4))
            if since in (1, 2):
                shrinks = rate**since
                error = moved * shrinks / (1 - shrinks)
                accuracy.report(n_iter, error)
                settled = since == 2 and error <= accuracy.tol
                if error > accuracy.tol:
                    look_at = min(n_iter + _wait(error, accuracy.tol, rate), last_look)
        y = vectors.kept if settled else vectors.y
        np.maximum(y, 0, out=y)  # as the answer is: this brings no entry farther from it
        trusted = np.ones(matrix.n, dtype=bool)
        if not settled:
            totals = y.sum(axis=1) + vectors.other_totals
            left = vectors.evidence.residual(y).sizes
            trusted = large_rows(left, totals, accuracy.tol * matrix.decay)
        y *= scale
        return Solution(y, n_iter, np.full(B.shape[1], settled), trusted)


class _Vectors:
    """The iterates y_k and y_k-1, updated in place, and a z that was kept to compare with."""

    def __init__(
        self,
        matrix: GroundedLaplacian,
        B: FloatArray,
        x0: FloatArray | None,
        other_totals: FloatArray | float,
    ) -> None:
        self.evidence = Evidence(matrix, B)
        self.other_totals = np.broadcast_to(np.asarray(other_totals / matrix.scale), matrix.n)
        self.y = np.zeros(B.shape) if x0 is None else x0 / matrix.scale[:, None]
        self.before = np.zeros(B.shape)
        self.kept = np.empty(B.shape)
        self._products = matrix.products(B.shape[1])

    def step(self, omega: float, *, keep: bool, compare: bool) -> float:
        """Let y_k+1 take the place of y_k-1.

        Parameters
        ----------
        omega : float
        keep : bool
            Whether to keep z_k.
        compare : bool
            Whether to return how far z_k is from the one that was kept; else 0.
        """

        def block(k: int) -> float:
            z = self._products[k](self.y)
            self.evidence.add_to(z, k)
            rows = self._products[k].rows
            moved = _movement(self.kept[rows], z, self.other_totals[rows]) if compare else 0.0
            if keep:
                self.kept[rows] = z
            z *= omega
            new = self.before[rows]  # the place of the one before
            new *= 1 - omega
            new += z
            return moved

        moved = max(run_all(block, len(self._products)), default=0.0)
        self.y, self.before = self.before, self.y
        return moved


def _movement(old: FloatArray, new: FloatArray, others: FloatArray) -> float:
    """The largest change of a row relative to its total."""
    ones = np.ones(new.shape[1])
    totals = np.abs(new) @ ones + others
    changes = np.abs(new - old) @ ones
    if not totals.all():
        return inf  # evidence is still to come
    return float(np.max(changes / totals, initial=0.0))


def _steps(ratio: float, rate: float) -> float:
    """Steps in which an error that shrinks by `rate` in each comes down to `ratio`."""
    if ratio <= 0:
        return inf
    return 1 + ceil(log(ratio) / log(rate)) if 0 < rate < 1 and ratio < 1 else 1


def _wait(error: float, tol: float, rate: float) -> float:
    """Steps until an error that is too large may do."""
    return _PATIENCE if error == inf else max(1, _steps(tol / error, rate) - 1)
