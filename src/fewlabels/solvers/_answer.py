"""The solution of a prepared system: values, with a separate scale for each row."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fewlabels.solvers._matrix import FloatArray

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Answer:
    """Values X that solve A X = B, with a separate scale for each row.

    Attributes
    ----------
    values : ndarray of shape (n, m), float64
        The solution is ``values * exp(log_scale)[:, None]``.
    log_scale : ndarray of shape (n,)
        0 almost everywhere; negative for rows so far from every label that float64 could not
        represent them together with the others.
    reached : ndarray of shape (n,), bool
        Rows that some entry of B can reach. The others are 0.
    n_iter : int
        Sweeps and iterations; a factorisation counts as one.
    residual : ndarray of shape (m,)
        |b - A x| / |b| of each column in the Euclidean norm.
    converged : ndarray of shape (m,), bool

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, PreparedSolver
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> found = PreparedSolver(A).solve(np.array([[1.0], [0.0], [0.0]]), tol=1e-6, max_iter=1000)
    >>> bool(found.converged.all()), bool(found.reached.all())
    (True, True)
    """

    values: FloatArray
    log_scale: FloatArray
    reached: BoolArray
    n_iter: int
    residual: FloatArray
    converged: BoolArray

    def reordered(self, values: FloatArray, order: npt.NDArray[np.integer]) -> Answer:
        """Return the answer with `values`, and with row i moved to row order[i]."""
        placed, log_scale = np.empty_like(values), np.empty_like(self.log_scale)
        reached = np.empty_like(self.reached)
        placed[order], log_scale[order], reached[order] = values, self.log_scale, self.reached
        return replace(self, values=placed, log_scale=log_scale, reached=reached)

    @property
    def scores(self) -> FloatArray:
        """The solution itself; rows below float64's range are 0 or denormal here."""
        if not self.log_scale.any():
            return self.values
        return self.values * np.exp(self.log_scale)[:, None]
