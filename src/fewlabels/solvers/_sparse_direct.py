"""Sparse factorisation, for systems too large for dense elimination."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian


class SparseFactorization:
    """SuperLU of the symmetrically scaled matrix, without pivoting.

    A grounded Laplacian needs no pivoting to be eliminated stably, and so the order can follow
    the sparsity alone (minimum degree on the pattern of A). Unlike :class:`Elimination` it
    subtracts on the diagonal, and loses the digits by which clusters are all but disconnected.

    Cost: the fill decides; on nearest-neighbour graphs of high dimension it grows nearly as n^2.

    References
    ----------
    J. W. Demmel, S. C. Eisenstat, J. R. Gilbert, X. S. Li, J. W. H. Liu, "A supernodal approach
    to sparse partial pivoting", SIAM J. Matrix Anal. Appl. 20 (1999).
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
