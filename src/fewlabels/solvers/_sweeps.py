"""The iteration as published: every node takes the weighted mean of its neighbours."""

from __future__ import annotations

import numpy as np

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import FAINT, Accuracy, Solution


class Sweeps:
    """Jacobi's iteration, x_i <- (sum_j w_ij x_j + b_i) / a_ii.

    In the scaled unknowns y = D^1/2 x, D the diagonal of A, it is y <- N y + D^-1/2 b.

    For the system of label spreading this is F <- alpha S F + (1 - alpha) Y (Zhou et al.,
    NIPS 2003), for that of harmonic functions F_u <- D^-1 (W_uu F_u + W_ul Y_l) (Zhu,
    Ghahramani, Lafferty, ICML 2003). With B >= 0 nothing is subtracted: rows far from every
    label, however small, are as accurate relatively as those beside one.

    Stopping rule: with m_i the change of row i in a sweep (summed over its columns) relative to
    its total t_i,

        max_i m_i / t_i <= tol (1 - rho),

    rho being how much the largest change shrank in the last sweep or in the one before, whichever
    was less (it may shrink in every second sweep only). If the changes shrink no slower from
    there, those to come sum to at most m rho / (1 - rho), and what is left is at most tol. Rows
    that evidence has just reached keep the iteration going, for their change is all that they
    hold, and so do those that fill slowly through a weak link: from 0, their change stays large
    beside their total. (Where rows hold something in other columns, it may not; rho is then no
    less than 1 - min_i g_i / a_ii.) Rows too small for float64 to hold all their digits take no
    part, and are not `trusted`.

    Cost: one product with W a sweep, O(edges m).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, GroundedLaplacian, Sweeps
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> found = Sweeps(A).solve(np.array([[1.0], [0.0], [0.0]]), Accuracy(tol=1e-6, max_iter=1000))
    >>> found.values.ravel().round(4)
    array([0.75, 0.5 , 0.25])
    """

    def __init__(self, matrix: GroundedLaplacian) -> None:
        self.matrix = matrix

    def solve(self, B: FloatArray, accuracy: Accuracy) -> Solution:
        """Sweep from 0 until the stopping rule holds.

        Evidence must be able to reach every row: some entry of `B` lies in each component.
        """
        matrix = self.matrix
        b, others = B * matrix.scale[:, None], accuracy.other_totals / matrix.scale
        y = np.zeros_like(B)
        judged = np.zeros(len(B), dtype=bool)
        last, last_rate, settled, n_iter = np.inf, 1 - matrix.decay, False, 0
        # Beside what rows hold in other columns a slow mode may hide; then the bound counts.
        unseen_rate = 1 - matrix.decay if np.any(accuracy.other_totals) else 0.0
        for n_iter in range(1, accuracy.max_iter + 1):
            new = matrix.apply_scaled_weights(y) + b
            change = np.abs(new - y).sum(axis=1)
            total = new.sum(axis=1) + others
            y = new
            judged = total >= FAINT
            worst = float(np.max(change[judged] / total[judged], initial=0.0))
            rate = worst / last if last < np.inf else last_rate
            slower = max(rate, last_rate, unseen_rate)
            error = worst / (1 - slower) if slower < 1 else np.inf
            accuracy.report(n_iter, error)
            if worst == 0 or error <= accuracy.tol:
                settled = True
                break
            last, last_rate = worst, rate
        return Solution(
            values=y * matrix.scale[:, None],
            n_iter=n_iter,
            converged=np.full(B.shape[1], settled and bool(judged.all())),
            trusted=judged & settled,
        )
