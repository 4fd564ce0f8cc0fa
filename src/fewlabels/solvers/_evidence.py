"""The right-hand side, most of whose rows are zero, and its residual."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fewlabels.solvers._columns import is_rounding, row_totals
from fewlabels.solvers._matrix import FloatArray, ScaledMatrix
from fewlabels.solvers._threads import run_all

# Rows that take less to be added to than to be handed out.
_SCARCE = 1_000


@dataclass(frozen=True)
class Residual:
    """The residual of an answer.

    Attributes
    ----------
    sizes : ndarray of shape (n,)
        |r| of each row, summed over its columns.
    ratios : ndarray of shape (m,)
        |B - A X| / |B| of each column in the Euclidean norm; 0 for a zero column that is solved.
        Entries of B - A X that are rounding count as 0: where a cluster is tied to its labels by
        weights of 1e-100, they are 1e84 times as large as B, and say nothing of the answer.
    """

    sizes: FloatArray
    ratios: FloatArray


class Evidence:
    """b = D^-1/2 B, the scaled right-hand side, by the blocks of rows of the products with N.

    Parameters
    ----------
    matrix : ScaledMatrix
    B : ndarray of shape (n, m)

    Attributes
    ----------
    rows : ndarray of int
        Rows of `B` that are not zero, in ascending order.
    is_scarce : bool
        Whether these are so few that cores need not share them.
    """

    def __init__(self, matrix: ScaledMatrix, B: FloatArray) -> None:
        self._matrix = matrix
        self.n_columns = B.shape[1]
        self.rows = np.flatnonzero(B.any(axis=1))
        self._values = B[self.rows] * matrix.scale[self.rows, None]
        self.is_scarce = len(self.rows) <= _SCARCE
        starts = [product.rows.start for product in matrix.products(self.n_columns)]
        cuts = np.searchsorted(self.rows, [*starts, len(B)])
        self._parts = [
            (self.rows[first:last] - start, self._values[first:last])
            for start, (first, last) in zip(starts, pairwise(cuts), strict=True)
        ]

    def add_to(self, rows: FloatArray, k: int, factor: float = 1.0) -> None:
        """Add b, times `factor`, to the rows of block `k`."""
        places, values = self._parts[k]
        if len(places):
            rows[places] += factor * values

    def add_to_all(self, y: FloatArray, factor: float) -> None:
        """Add b, times `factor`, to all rows."""
        y[self.rows] += factor * self._values

    def residual(self, y: FloatArray) -> Residual:
        """Return the residual r = b - (I - N) y."""
        products = self._matrix.products(self.n_columns)
        root = 1 / self._matrix.scale[:, None]
        given = self._values * root[self.rows]
        largest = np.abs(given).max(axis=0, initial=0.0)
        unit = np.where(largest > 0, largest, 1.0)  # squares of huge or tiny entries leave float64
        sizes = np.zeros(len(y))  # of rows without products, which are others', nothing is known

        def block(k: int) -> FloatArray:
            rows = products[k].rows
            r = products[k](y)
            r -= y[rows]
            self.add_to(r, k)
            size = np.abs(r)
            sizes[rows] = row_totals(size)
            r[is_rounding(size, y[rows])] = 0
            r *= root[rows]
            r /= unit
            return np.asarray(np.einsum("ij,ij->j", r, r))

        left = np.sqrt(np.sum(run_all(block, len(products)), axis=0))
        norms = np.linalg.norm(given / unit, axis=0)
        return Residual(sizes, np.divide(left, norms, out=left.copy(), where=norms > 0))
