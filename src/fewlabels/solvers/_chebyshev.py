"""Chebyshev's semi-iteration: sweeps that also use the previous one."""

from __future__ import annotations

from math import ceil, inf, log, sqrt
from typing import Self

import numpy as np

from fewlabels.solvers._columns import row_totals
from fewlabels.solvers._evidence import Evidence
from fewlabels.solvers._matrix import FloatArray, ScaledMatrix, divided, recurrence_factor
from fewlabels.solvers._peers import Alone, Peers, Step
from fewlabels.solvers._solution import Accuracy, Solution
from fewlabels.solvers._threads import run_all

# Errors this far below the start are below rounding: further steps bring nothing, but for evidence
# that is still on its way among what the rows hold already.
_EXHAUSTED, _STEPS_ON_THE_WAY = 1e-17, 100
# Behind j weak links an error goes like k^j s^k, and shrinks by s (1 + j / k) in step k.
_WEAK_LINKS, _SLOWEST = 3, 0.999
# The rule estimates an error; it has to be so many times smaller than asked for.
_SAFETY = 2.0
# The numbers of the recurrence grow like s^-k. From here on they are divided by that, far below
# what float64 holds, for B may be large, too.
_LARGE = 1e20
# Steps to the next look where some row has no evidence yet.
_PATIENCE = 4


class ChebyshevIteration:
    """Jacobi sweeps, accelerated by the polynomials that best suit their known spectrum.

    In the scaled unknowns y = D^1/2 x, D the diagonal of A, the system is y = N y + b with
    N = D^-1/2 W D^-1/2, whose eigenvalues lie between -rho and rho, rho = 1 - min_i g_i / a_ii.
    The error of y_k is T_k(N / rho) / T_k(1 / rho) times that of y_0, with Chebyshev's polynomials
    T_k. Multiplied by tau_k = T_k(1 / rho), y_k is t_k, and T_k+1(x) = 2 x T_k(x) - T_k-1(x) is

        t_0 = y_0,   t_1 = (N t_0 + tau_0 b) / rho,   t_k+1 = 2 / rho (N t_k + tau_k b) - t_k-1.

    After k steps, each eigenvector's share of the error is at most 2 s^k of what it was,
    s = rho / (1 + sqrt(1 - rho^2)); no other polynomial guarantees less. Conjugate gradients
    find the best polynomial for one right-hand side, and need a tenth fewer steps; here a step
    is the product with 2 / rho N and one subtraction, has no inner products, and needs two
    vectors, not four. All columns take the same steps, which depend on nothing but rho, so that
    the answer does not depend on how the rows are shared among the cores.

    The error after many steps alternates in sign from row to row and from step to step. One
    plain sweep z_k = N y_k + b, which each step computes anyway, removes this, and z_k is
    the answer. Stopping rule: with d_k,j the largest change of a row from z_k to z_k+j, summed over
    its columns and relative to its total, and with r = s (1 + 3 / k),

        d_k,1 max(1, r / (1 - r)) <= tol / 2   and   d_k,2 max(1, r^2 / (1 - r^2)) <= tol / 2.

    If the distance from the answer shrinks by r a step from here on, the steps to come sum to no
    more; r is a little more than s because behind j weak links errors go like k^j s^k. At least 1,
    for evidence on its way to rows that hold little: where it has arrived last it is then at most
    tol of what was there, and by the maximum principle no more beyond. Over one step and over two,
    because a component of the error that does not change over one step changes over two. Half of
    tol, because this is an estimate and no bound: it suits systems in which all nodes have a
    similar share of ground, as in label spreading.

    The rule is evaluated when s says that it may hold. If it does not hold before rounding or
    `max_iter` ends the iteration, rows are `trusted` by a bound: N v <= rho v for v = D^1/2 1, so
    that no row's error is more than v_i max_j (r_j / v_j) / (1 - rho), r the residual.

    Cost: one product with N per step, O(edges m); memory: three arrays of n x m.

    Parameters
    ----------
    matrix : ScaledMatrix
        Every node must have some ground; the number of steps grows with max_i sqrt(a_ii / g_i).
    peers : Peers, default=None
        The processes with the other rows, if `matrix` only has products for some of the rows. None:
        there are no others.

    References
    ----------
    G. H. Golub, R. S. Varga, "Chebyshev semi-iterative methods, successive overrelaxation
    iterative methods, and second order Richardson iterative methods", Numerische Mathematik 3
    (1961), part I; Y. Saad, "Iterative methods for sparse linear systems" (2003), section 12.3.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, ChebyshevIteration, GroundedLaplacian
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 1.0, 1.0]))
    >>> b = np.array([[1.0], [0.0], [0.0]])
    >>> found = ChebyshevIteration(A).solve(b, Accuracy(tol=1e-9, max_iter=1000))
    >>> found.values.ravel().round(4)
    array([0.625, 0.25 , 0.125])
    """

    def __init__(self, matrix: ScaledMatrix, peers: Peers | None = None) -> None:
        self.matrix = matrix
        self.peers = peers or Alone()

    def solve(
        self,
        B: FloatArray,
        accuracy: Accuracy,
        x0: FloatArray | None = None,
        *,
        overwrite_x0: bool = False,
        borrow_b: bool = False,
    ) -> Solution:
        """Solve A X = B from `x0` (default 0), row by row to `accuracy.tol`.

        Few rows of `B` are not zero. With `borrow_b`, these are set aside, and the memory of `B`
        serves as one of the three arrays if it is writable and C-contiguous; it contains
        `B` again when this returns or raises.

        Evidence must be able to reach every row: some entry of `B` lies in each component, or the
        row holds something in other columns.
        """
        matrix, peers, started = self.matrix, self.peers, x0 is not None
        rho = 2 / recurrence_factor(matrix)
        rate = rho / (1 + sqrt(1 - rho**2))
        last_look = _steps(_EXHAUSTED, rate)
        if matrix.decay < 1 and (started or self._all_hold(accuracy.other_totals)):
            last_look = max(last_look, _STEPS_ON_THE_WAY)
        look_at = min(_steps(accuracy.tol, rate), last_look)
        n_iter, settled = 0, False
        with _Vectors(matrix, B, self._start(B, x0, overwrite_x0), accuracy, borrow_b) as vectors:
            if (step := vectors.resume(peers)) is not None:
                n_iter, look_at = step.n_iter, step.look_at
            while not settled and n_iter < min(accuracy.max_iter, last_look + 2):
                n_iter += 1
                since = n_iter - look_at  # 0: what to compare with is kept
                moved = vectors.step(peers, keep=since in (0, 2), compare=since in (1, 2))
                if since in (1, 2):
                    slower = min(rate * (1 + _WEAK_LINKS / n_iter), _SLOWEST)
                    shrinks = slower**since
                    error = _SAFETY * peers.maximum(moved) * max(1.0, shrinks / (1 - shrinks))
                    accuracy.report(n_iter, error)
                    settled = since == 2 and error <= accuracy.tol
                    if error > accuracy.tol:
                        look_at = min(n_iter + _wait(error, accuracy.tol, rate), last_look)
                if look_at > n_iter:  # nothing is kept that is to be compared with
                    vectors.tell(peers, n_iter, look_at)
            if not settled:
                vectors.tell(peers, n_iter, look_at, last=True)
            y = vectors.take(settled)
            np.maximum(y, 0, out=y)  # as the answer is: this brings no entry farther from it
            trusted = np.ones(matrix.n, dtype=bool)
            if not settled:
                peers.exchange(y)
                totals = row_totals(y) + vectors.other_totals
                left = vectors.evidence.residual(y).sizes
                trusted = accuracy.tol * matrix.decay * totals * matrix.scale >= peers.maximum(
                    float(np.max(left * matrix.scale, initial=0.0))
                )
                trusted &= totals > 0
            y *= matrix.scale[:, None]
            return Solution(y, n_iter, np.full(y.shape[1], settled), trusted)

    def _start(self, B: FloatArray, x0: FloatArray | None, overwrite_x0: bool) -> FloatArray:
        y = np.zeros(B.shape) if x0 is None else x0 if overwrite_x0 else x0.copy()
        if x0 is not None:
            y /= self.matrix.scale[:, None]
        return y

    def _all_hold(self, totals: FloatArray | float) -> bool:
        """Tell whether every row of everybody holds something in other columns."""
        return self.peers.maximum(float(not np.all(np.asarray(totals) > 0))) == 0


class _Vectors:
    """The iterates t_k and t_k-1, updated in place, and a z that was kept to compare with."""

    def __init__(
        self,
        matrix: ScaledMatrix,
        B: FloatArray,
        y: FloatArray,
        accuracy: Accuracy,
        borrow_b: bool,
    ) -> None:
        # before anything else asks for products with N, which would be held beside these
        self._products = matrix.products(B.shape[1], recurrence=True)
        self.evidence = Evidence(matrix, B)
        self.other_totals = np.broadcast_to(divided(accuracy.other_totals, matrix.scale), matrix.n)
        self._factor = recurrence_factor(matrix)
        self._t, self._before = y, np.zeros(B.shape)
        self._tau, self._tau_before = 1.0, 0.0
        borrowed = borrow_b and B.flags.writeable and B.flags.c_contiguous
        self._lender = B if borrowed else None
        self._lent = B[self.evidence.rows] if borrowed else B[:0]
        self._kept = B if borrowed else np.empty(B.shape)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        """Put B back into its memory, if that was borrowed."""
        if self._lender is not None:
            self._lender[:] = 0
            self._lender[self.evidence.rows] = self._lent

    def resume(self, peers: Peers) -> Step | None:
        """Go on from vectors that somebody kept; None if nobody did."""
        step = peers.begin(self._t, self._before)
        if step is not None:
            self._tau, self._tau_before = step.tau, step.tau_before
        return step

    def tell(self, peers: Peers, n_iter: int, look_at: float, *, last: bool = False) -> None:
        """Say between two steps where the iteration stands."""
        step = Step(n_iter, look_at, self._tau, self._tau_before)
        peers.stepped(step, self._t, self._before, last=last)

    def step(self, peers: Peers, *, keep: bool, compare: bool) -> float:
        """Let t_k+1 take the place of t_k-1.

        Parameters
        ----------
        peers : Peers
        keep : bool
            Whether to keep z_k.
        compare : bool
            Whether to return how far z_k is from the one that was kept; else 0.
        """
        peers.exchange(self._t)
        first = self._tau_before == 0
        plain = not (first or keep or compare)  # nobody looks at z_k
        z_in_it = self._factor * self._tau  # 2 / rho (N t_k + tau_k b) is so many times z_k

        def block(k: int) -> float:
            product = self._products[k]
            new = self._before[product.rows]  # the place of the one before
            if plain:
                product.recur(self._factor, self._t, new)
                if not self.evidence.is_scarce:
                    self.evidence.add_to(new, k, z_in_it)
                return 0.0
            z = product.multiply(self._t)
            if product.factor != self._factor:
                z *= self._factor / product.factor
            self.evidence.add_to(z, k, z_in_it)
            rows, moved = product.rows, 0.0
            if compare or keep:
                swept = z / z_in_it
                if compare:
                    moved = _movement(self._kept[rows], swept, self.other_totals[rows])
                if keep:
                    self._kept[rows] = swept
            if first:
                np.divide(z, 2, out=new)
            else:
                np.subtract(z, new, out=new)
            return moved

        moved = max(run_all(block, len(self._products)), default=0.0)
        if plain and self.evidence.is_scarce:
            self.evidence.add_to_all(self._before, z_in_it)
        self._t, self._before = self._before, self._t
        following = self._factor / 2 if first else self._factor * self._tau - self._tau_before
        self._tau, self._tau_before = following, self._tau
        if self._tau > _LARGE:
            self._shrink()
        return moved

    def _shrink(self) -> None:
        """Divide t_k, t_k-1 and their taus by tau_k."""
        for vectors in (self._t, self._before):
            vectors /= self._tau
        self._tau, self._tau_before = 1.0, self._tau_before / self._tau

    def take(self, kept: bool) -> FloatArray:
        """Return the z that was kept, or the last y, in an array of its own."""
        if not kept:
            self._t /= self._tau
            return self._t
        if self._lender is None:
            return self._kept
        np.copyto(self._before, self._kept)
        return self._before


def _movement(old: FloatArray, new: FloatArray, others: FloatArray) -> float:
    """The largest change of a row relative to its total."""
    totals = row_totals(np.abs(new)) + others
    changes = row_totals(np.abs(new - old))
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
