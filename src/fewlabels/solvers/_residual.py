"""Measure what an answer leaves of its right-hand side."""

from __future__ import annotations

import numpy as np

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian
from fewlabels.solvers._solution import Solution


def relative_residual(matrix: GroundedLaplacian, B: FloatArray, x: FloatArray) -> FloatArray:
    """|b - A x| / |b| of each column, shape (m,); 0 for a zero column that x solves."""
    return column_ratios(B - matrix.apply(x), B)


def column_ratios(residual: FloatArray, B: FloatArray) -> FloatArray:
    """Norms of the columns of `residual` relative to those of `B`."""
    left, given = np.linalg.norm(residual, axis=0), np.linalg.norm(B, axis=0)
    return np.asarray(np.divide(left, given, out=left.copy(), where=given > 0))


def solution(
    matrix: GroundedLaplacian,
    B: FloatArray,
    x: FloatArray,
    n_iter: int,
    *,
    settled: bool,
) -> Solution:
    """Bundle an answer of which all rows, or none, are as accurate as was asked."""
    n, m = B.shape
    return Solution(
        values=x,
        n_iter=n_iter,
        residual=relative_residual(matrix, B, x),
        converged=np.full(m, settled),
        trusted=np.full(n, settled),
    )
