"""What a solver returns, and how close it was asked to come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
Callback: TypeAlias = Callable[[int, float], None]

# Below this a float64 has lost digits.
FAINT = float(np.finfo(np.float64).tiny / np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Accuracy:
    """When an iteration may stop.

    Attributes
    ----------
    tol : float
        No row of the answer, taken relative to the row's total, may be off by more.
    max_iter : int
        Most iterations.
    other_totals : ndarray of shape (n,) or float
        What each row holds in columns that are not being solved for; it counts towards the
        row's total.
    callback : callable or None
        Called after each iteration with its number and the estimated error of the worst row
        (infinity before evidence has arrived everywhere).
    """

    tol: float
    max_iter: int
    other_totals: FloatArray | float = 0.0
    callback: Callback | None = None

    def report(self, n_iter: int, error: float) -> None:
        """Call the callback, if there is one."""
        if self.callback is not None:
            self.callback(n_iter, error)


@dataclass(frozen=True)
class Solution:
    """Values X that solve A X = B, with what is known of their accuracy.

    Attributes
    ----------
    values : ndarray of shape (n, m), float64
    n_iter : int
        Iterations; a factorisation counts as one.
    converged : ndarray of shape (m,), bool
        Whether each column is as accurate as was asked, row by row.
    trusted : ndarray of shape (n,), bool
        Rows that are large enough against the error that is left to be accurate relatively.
    """

    values: FloatArray
    n_iter: int
    converged: npt.NDArray[np.bool_]
    trusted: npt.NDArray[np.bool_]
