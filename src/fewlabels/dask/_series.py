"""Functions of the walk matrix, as sums of Chebyshev polynomials, on all workers together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._products import multiply_minus
from fewlabels.dask._mail import Line
from fewlabels.dask._shard import Shard
from fewlabels.solvers import run_all
from fewlabels.solvers._matrix import FloatArray

IntArray = npt.NDArray[np.intp]


def walk_series(
    shard: Shard, line: Line, b: FloatArray, a: FloatArray, held: IntArray | None = None
) -> FloatArray:
    """Return sum_k a_k T_k(P) b of own rows, P = D^-1 W; T_0 = 1, T_1 = x.

    With S = D^-1/2 W D^-1/2, f(S) = D^1/2 f(P) D^-1/2, so that no vector of scales is needed. As
    :class:`fewlabels.systems.GaussianField` has it, in float64; rows come out the same to the last
    bit on any number of workers.

    Parameters
    ----------
    shard : Shard
    line : Line
    b : ndarray of shape (n, m)
        Own rows are read; it is used up.
    a : ndarray of shape (n_terms,)
    held : ndarray of intp, default=None
        Own rows, counted from the shard's first, that are held at 0, as those columns are.

    Returns
    -------
    ndarray of shape (n_own, m)
    """
    held = np.empty(0, dtype=np.intp) if held is None else held
    b[held] = 0
    total: FloatArray = a[0] * b[: shard.n_own]
    now, before = b, np.zeros_like(b)
    blocks = list(shard.blocks())
    for k in range(1, len(a)):
        line.go_on()
        shard.exchange(line, now)

        def block(i: int, now: FloatArray = now, before: FloatArray = before, k: int = k) -> None:
            rows, weights = blocks[i]
            data, indices, indptr = weights()
            matrix = sparse.csr_array((data, indices, indptr), shape=(len(indptr) - 1, shard.n))
            ahead = before[rows]
            multiply_minus(matrix, now, ahead)  # 2 P now - before
            if k == 1:
                ahead *= 0.5
            total[rows] += a[k] * ahead

        run_all(block, len(blocks))
        before[held] = 0
        now, before = before, now
    total[held] = 0
    return total
