"""The vectors of conjugate gradients for many right-hand sides, and what they reveal about A."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigvalsh_tridiagonal

from fewlabels.solvers._columns import add_scaled, column_dots, scale_columns
from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._threads import run_all


class Vectors:
    """The iterates y, r and p of algorithm 6.18, updated in place, block of rows by block of rows.

    Parameters
    ----------
    matrix : GroundedLaplacian
    y, r : ndarray of shape (n, m)
        Start and residual; modified.
    """

    def __init__(self, matrix: GroundedLaplacian, y: FloatArray, r: FloatArray) -> None:
        self._products = matrix.products(y.shape[1])
        self._whole_p = r.copy()
        self._y, self._r, self._p, self._q = (
            [array[product.rows] for product in self._products]
            for array in (y, r, self._whole_p, np.empty_like(r))
        )

    def apply(self) -> FloatArray:
        """Line 2: q = A p; return (p, q) of each column."""

        def block(k: int) -> FloatArray:
            np.subtract(self._p[k], self._products[k](self._whole_p), out=self._q[k])
            return column_dots(self._p[k], self._q[k])

        return self._sum(block)

    def advance(self, alpha: FloatArray) -> FloatArray:
        """Lines 3 and 4: y += alpha p, r -= alpha q; return (r, r) of each column."""

        def block(k: int) -> FloatArray:
            add_scaled(self._y[k], alpha, self._p[k])
            add_scaled(self._r[k], -alpha, self._q[k])
            return column_dots(self._r[k], self._r[k])

        return self._sum(block)

    def turn(self, beta: FloatArray) -> None:
        """Line 6: p = r + beta p."""

        def block(k: int) -> None:
            scale_columns(self._p[k], beta)
            self._p[k] += self._r[k]

        run_all(block, len(self._products))

    def _sum(self, block: Callable[[int], FloatArray]) -> FloatArray:
        return np.asarray(np.sum(run_all(block, len(self._products)), axis=0))


def ratios(above: FloatArray, below: FloatArray, active: npt.NDArray[np.bool_]) -> FloatArray:
    """Divide where a column is active, otherwise return 0: a finished column no longer changes."""
    quotients = np.zeros_like(above)
    np.divide(above, below, out=quotients, where=active & (below > 0))
    return quotients


def smallest_ritz_value(history: list[tuple[FloatArray, FloatArray]]) -> float | None:
    """Estimate the smallest eigenvalue from the column that went on for longest; from above.

    Parameters
    ----------
    history : list of (alpha, beta)
        Of each iteration the step lengths and the conjugations of all columns, each of shape (m,).

    Returns
    -------
    float or None
        The smallest eigenvalue of the Lanczos matrix (Saad 2003, section 6.7.3); None where no
        column took a step.
    """
    alphas = np.array([alpha for alpha, _ in history])
    betas = np.array([beta for _, beta in history])
    steps = (alphas > 0).sum(axis=0)
    column = int(np.argmax(steps))
    m = int(steps[column])
    if m == 0:
        return None
    a, b = alphas[:m, column], betas[: m - 1, column]
    diagonal = 1 / a
    diagonal[1:] += b / a[:-1]
    off_diagonal = np.sqrt(b) / a[:-1]
    ritz = eigvalsh_tridiagonal(diagonal, off_diagonal, select="i", select_range=(0, 0))
    return float(ritz[0])
