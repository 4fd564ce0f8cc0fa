"""Sparse factorisation, for systems too large for dense elimination."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian


class SparseFactorization:
    """SuperLU of the symmetrically scaled matrix, without pivoting.

    Eliminating a grounded Laplacian is stable without pivoting, so the order can depend on
    the sparsity alone (minimum degree on the pattern of A). Unlike :class:`Elimination`, it
    subtracts on the diagonal, and loses the digits of very weak connections between clusters.

    Cost: depends on the fill-in, which grows nearly as n^2 on nearest-neighbour graphs of high
    dimension.

    References
    ----------
    J. W. Demmel, S. C. Eisenstat, J. R. Gilbert, X. S. Li, J. W. H. Liu, "A supernodal approach
    to sparse partial pivoting", SIAM J. Matrix Anal. Appl. 20 (1999).

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Graph
    >>> from fewlabels.solvers import GroundedLaplacian, SparseFactorization
    >>> path = Graph.from_affinity([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> A = GroundedLaplacian(path.affinity, np.array([1.0, 0.0, 1.0]))
    >>> SparseFactorization(A).solve(np.array([[1.0], [0.0], [0.0]])).ravel().round(4)
    array([0.75, 0.5 , 0.25])
    """

    def __init__(self, matrix: GroundedLaplacian) -> None:
        self._scale = matrix.scale[:, None]
        identity = sparse.eye_array(matrix.n, format="csr")
        scaled = sparse.csc_array(identity - matrix.scaled_weights)
        self._factors = splu(
            scaled,
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def solve(self, B: FloatArray) -> FloatArray:
        """Return A^-1 B."""
        solved = self._factors.solve(np.ascontiguousarray(B * self._scale))
        return np.asarray(solved) * self._scale
