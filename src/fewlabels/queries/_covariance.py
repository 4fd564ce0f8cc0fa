"""The covariance of the scores that are still unknown, and what one more label does to it."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from fewlabels._memory import require_memory
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray

# Added to the diagonal, as a share of the mean degree, so that a component without any label
# has a large but finite variance, rather than none at all.
_RIDGE = 1e-9

# The Laplacian, its factor and the factor's inverse exist at once.
_DENSE_COPIES = 3


class GroundedCovariance:
    """Covariance of the unlabelled scores: ``C = (L_UU + r I)^-1`` with ``L = D - W``.

    In the Gaussian field model of harmonic functions (Zhu, Ghahramani, Lafferty 2003), C is the
    covariance of the scores at the unlabelled nodes U, given those at the labelled ones.
    r is 1e-9 of the mean degree. C itself is never formed: its diagonal, its row sums and a few
    columns are enough. O(m^3) time for m unlabelled nodes (two thirds of m^3 operations) and
    O(m^2) memory.

    Parameters
    ----------
    graph : Graph
    labelled : ndarray of intp
        Distinct node numbers.

    Attributes
    ----------
    unlabelled : ndarray of shape (m,), intp
        Ascending; a position below is an index into it.
    variances : ndarray of shape (m,), float64
        Diagonal of C; 0 at positions that were conditioned on.
    row_sums : ndarray of shape (m,), float64
        C 1.

    Raises
    ------
    NotEnoughMemoryError
        If three m x m matrices do not fit.
    """

    def __init__(self, graph: Graph, labelled: IntArray) -> None:
        self.unlabelled: IntArray = np.setdiff1d(np.arange(graph.n_nodes), labelled)
        m = len(self.unlabelled)
        require_memory(
            8 * _DENSE_COPIES * m * m,
            f"the covariance of {m} unlabelled points",
            "Choose among fewer points, or use a rule that needs the predictions only, such as "
            "fewlabels.queries.least_margin.",
        )
        # C = (R'R)^-1, so that its diagonal holds the squared row norms of R^-1
        self._factor: FloatArray = linalg.cholesky(
            _grounded_laplacian(graph, self.unlabelled), overwrite_a=True, check_finite=False
        )
        inverse, _ = linalg.lapack.dtrtri(self._factor)
        self.variances: FloatArray = np.einsum("ij,ij->i", inverse, inverse)
        self.row_sums = self._solve(np.ones(m))
        # the downdates so far, one a column: C - sum_j d_j d_j'
        self._downdates: FloatArray = np.empty((m, 0))

    def condition_on(self, position: int) -> None:
        """Take in that the score at `position` becomes known: ``C <- C - C_v C_v' / C_vv``."""
        unit = np.zeros(len(self.unlabelled))
        unit[position] = 1.0
        column = self._solve(unit) - self._downdates @ self._downdates[position]
        if column[position] <= 0:  # known already, up to rounding
            self.variances[position] = 0.0
            return
        downdate = column / np.sqrt(column[position])
        self.row_sums = self.row_sums - downdate * downdate.sum()
        self.variances = np.maximum(self.variances - downdate**2, 0.0)  # rounding may go below
        self.variances[position] = 0.0
        self._downdates = np.column_stack([self._downdates, downdate])

    def _solve(self, right: FloatArray) -> FloatArray:
        solved: FloatArray = linalg.cho_solve((self._factor, False), right, check_finite=False)
        return solved


def _grounded_laplacian(graph: Graph, unlabelled: IntArray) -> FloatArray:
    weights = graph.affinity[unlabelled][:, unlabelled]
    dense = weights if isinstance(weights, np.ndarray) else weights.toarray()
    laplacian: FloatArray = -dense.astype(np.float64)
    # where there is no edge at all, any positive ridge will do
    ridge = _RIDGE * (float(graph.degrees.mean()) or 1.0)
    laplacian[np.diag_indices(len(unlabelled))] += graph.degrees[unlabelled] + ridge
    return laplacian
