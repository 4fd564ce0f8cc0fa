"""What a solver returns, and the accuracy that was requested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
Callback: TypeAlias = Callable[[int, float], None]


class IterationSettings(TypedDict):
    """When an iteration may stop, and whom it tells; see :class:`Accuracy`."""

    tol: float
    max_iter: int
    callback: Callback | None


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
        Maximum number of iterations.
    other_totals : ndarray of shape (n,) or float
        The sum of each row in columns that are not part of this solve; it counts towards the
        row's total.
    exact_totals : ndarray of shape (n,) or None
        The sum of each row of the answer, if it is known in advance.
    callback : callable or None
        Called after each iteration with its number and the estimated error of the worst row
        (infinity before evidence has arrived everywhere).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, GroundedLaplacian, Sweeps
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> accuracy = Accuracy(tol=1e-6, max_iter=1000)
    >>> Sweeps(A).solve(np.array([[1.0], [0.0], [0.0]]), accuracy).converged
    array([ True])
    """

    tol: float
    max_iter: int
    other_totals: FloatArray | float = 0.0
    exact_totals: FloatArray | None = None
    callback: Callback | None = None

    def at(self, rows: np.ndarray) -> Accuracy:
        """Return the same for some rows, indices or a mask; the totals must be arrays."""
        exact = None if self.exact_totals is None else self.exact_totals[rows]
        return replace(self, other_totals=np.asarray(self.other_totals)[rows], exact_totals=exact)

    def in_units(self, unit: float) -> Accuracy:
        """Return the same for answers divided by `unit`."""
        exact = None if self.exact_totals is None else self.exact_totals / unit
        return replace(self, other_totals=self.other_totals / unit, exact_totals=exact)

    def report(self, n_iter: int, error: float) -> None:
        """Call the callback, if there is one."""
        if self.callback is not None:
            self.callback(n_iter, error)


@dataclass(frozen=True)
class Solution:
    """Values X that solve A X = B, and what is known about their accuracy.

    Attributes
    ----------
    values : ndarray of shape (n, m), float64
    n_iter : int
        Iterations; a factorisation counts as one.
    converged : ndarray of shape (m,), bool
        Whether each column is as accurate as was asked, row by row.
    trusted : ndarray of shape (n,), bool
        Rows that are large enough, compared with the remaining error, to be accurate relatively.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import Accuracy, GroundedLaplacian, Sweeps
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> accuracy = Accuracy(tol=1e-6, max_iter=1000)
    >>> found = Sweeps(A).solve(np.array([[1.0], [0.0], [0.0]]), accuracy)
    >>> found.values.shape, bool(found.converged.all())
    ((3, 1), True)
    """

    values: FloatArray
    n_iter: int
    converged: npt.NDArray[np.bool_]
    trusted: npt.NDArray[np.bool_]
