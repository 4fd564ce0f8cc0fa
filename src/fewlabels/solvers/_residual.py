"""Measure what an answer leaves of its right-hand side."""

from __future__ import annotations

import numpy as np

from fewlabels.solvers._matrix import FloatArray, GroundedLaplacian


def relative_residual(matrix: GroundedLaplacian, B: FloatArray, x: FloatArray) -> FloatArray:
    """|b - A x| / |b| of each column, shape (m,); 0 for a zero column that x solves."""
    return column_ratios(B - matrix.apply(x), B)


def column_ratios(residual: FloatArray, B: FloatArray) -> FloatArray:
    """Norms of the columns of `residual` relative to those of `B`."""
    largest = np.abs(B).max(axis=0, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)  # squares of huge or tiny entries leave float64
    left, given = np.linalg.norm(residual / unit, axis=0), np.linalg.norm(B / unit, axis=0)
    return np.asarray(np.divide(left, given, out=left.copy(), where=given > 0))
