"""The iteration as published: every node takes the weighted mean of its neighbours."""

from __future__ import annotations

import numpy as np

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._residual import solution
from fewlabels.solvers._solution import Accuracy, Solution


class Sweeps:
    """Jacobi's iteration, x_i <- (sum_j w_ij x_j + b_i) / a_ii.

    For the system of label spreading this is F <- alpha S F + (1 - alpha) Y (Zhou et al.,
    NIPS 2003), for that of harmonic functions F_u <- D^-1 (W_uu F_u + W_ul Y_l) (Zhu,
    Ghahramani, Lafferty, ICML 2003). With B >= 0 nothing is subtracted: rows far from every
    label, however small, are as accurate relatively as those beside one.

    Stopping rule: with m_i the change of row i in a sweep (summed over its columns) relative to
    its total t_i,

        max_i m_i / t_i <= tol (1 - rho),

    rho being how much the largest change shrank in the last sweep, but at most the known rate
    1 - min_i g_i / a_ii. As the changes to come sum to at most m rho / (1 - rho), what is left
    is at most tol. A row without evidence so far, t_i = 0, keeps the iteration going, and so does
    one that fills slowly through a weak link: from 0, its change stays large beside its total.

    Cost: one product with W a sweep, O(edges m).
    """

    def __init__(self, matrix: GroundedLaplacian) -> None:
        self.matrix = matrix

    def solve(self, B: FloatArray, accuracy: Accuracy) -> Solution:
        """Sweep from 0 until the stopping rule holds.

        Evidence must be able to reach every row: some entry of `B` lies in each component.
        """
        matrix = self.matrix
        diagonal = matrix.diagonal[:, None]
        x = np.zeros_like(B)
        known_rate = 1 - matrix.decay
        last, settled, n_iter = np.inf, False, 0
        for n_iter in range(1, accuracy.max_iter + 1):
            new = (np.asarray(matrix.weights @ x) + B) / diagonal
            change = np.abs(new - x).sum(axis=1)
            total = np.abs(new).sum(axis=1) + accuracy.other_totals
            x = new
            worst = float(np.max(change / np.maximum(total, np.finfo(float).tiny), initial=0.0))
            missing = bool(np.any(total == 0))
            if missing and worst == 0:  # the rest of the evidence is below the smallest float64
                break
            worst = np.inf if missing else worst
            rate = min(known_rate, worst / last if np.isfinite(last) and last > 0 else known_rate)
            error = worst / (1 - rate) if rate < 1 else np.inf
            accuracy.report(n_iter, error)
            if worst == 0 or error <= accuracy.tol:
                settled = True
                break
            last = worst
        return solution(matrix, B, x, n_iter, settled=settled)
