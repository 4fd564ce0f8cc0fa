"""Weights made symmetric: both directions of an edge joined into one."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse

FloatArray: TypeAlias = npt.NDArray[np.floating]
Symmetrize: TypeAlias = Literal["mean", "union", "mutual"]

SYMMETRIZATIONS = ("mean", "union", "mutual")


def symmetric_csr(weights: sparse.csr_array, how: str) -> tuple[sparse.csr_array, float]:
    """Make a directed CSR matrix symmetric; drop its diagonal and zeros.

    Returns the canonical matrix and max |w_ij - w_ji| / max w_ij as it was before. `weights` is
    used up.
    """
    weights.sum_duplicates()
    weights.setdiag(0)
    weights.eliminate_zeros()
    transposed = weights.T.tocsr()
    largest = weights.data.max(initial=0)
    difference = (weights - transposed).data
    widest = max(difference.max(initial=0), -difference.min(initial=0))
    del difference
    asymmetry = float(widest / largest) if largest else 0.0
    if asymmetry == 0:
        joined = weights
    elif how == "mean":
        half = weights.dtype.type(0.5)  # of each, for the sum may overflow
        weights.data *= half
        transposed.data *= half
        joined = weights + transposed
    elif how == "union":
        joined = weights.maximum(transposed)
    else:
        joined = weights.minimum(transposed)
    del weights, transposed
    result = sparse.csr_array(joined)
    result.eliminate_zeros()
    result.sort_indices()
    # SciPy leaves room behind the entries for as many as there might have been.
    result.data, result.indices = _trimmed(result.data), _trimmed(result.indices)
    return with_small_indices(result), asymmetry


def _trimmed(values: np.ndarray) -> np.ndarray:
    """Return the values in an array of their own size."""
    return values if values.base is None else values.copy()


def with_small_indices(matrix: sparse.csr_array) -> sparse.csr_array:
    """Hold the indices in int32 while they fit."""
    fits = max(matrix.nnz, *matrix.shape) <= np.iinfo(np.int32).max
    index_dtype = np.int32 if fits else np.int64
    return sparse.csr_array(
        (
            matrix.data,
            matrix.indices.astype(index_dtype, copy=False),
            matrix.indptr.astype(index_dtype, copy=False),
        ),
        shape=matrix.shape,
    )


def symmetric_dense(weights: FloatArray, how: str) -> tuple[FloatArray, float]:
    np.fill_diagonal(weights, 0)
    transposed = weights.T
    largest = weights.max(initial=0)
    asymmetry = float(np.abs(weights - transposed).max(initial=0) / largest) if largest else 0.0
    if asymmetry == 0:
        return weights, asymmetry
    if how == "mean":
        half = weights.dtype.type(0.5)  # of each, for the sum may overflow
        return weights * half + transposed * half, asymmetry
    join = np.maximum if how == "union" else np.minimum
    return join(weights, transposed), asymmetry
