"""What rows of weights have to be before they are written, and what all of them have to be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels.exceptions import InvalidInputError, InvalidTypeError

AnyArray = np.ndarray

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def checked_rows(
    block: object, first: int, n_nodes: int, dtype: np.dtype, index_dtype: np.dtype
) -> sparse.csr_array:
    """Return rows `first` and on in canonical form: sorted, no diagonal, no zeros.

    Raises
    ------
    InvalidInputError
        If they do not have n_nodes columns, are too many, or hold a weight that is negative, not
        finite, or out of the range of `dtype`.
    """
    if isinstance(block, np.ndarray) and block.ndim != 2:
        raise InvalidInputError(f"a block must be rows of weights; got shape {block.shape}.")
    if not (sparse.issparse(block) or isinstance(block, np.ndarray)):
        raise InvalidTypeError(
            f"a block must be a sparse matrix or an array, got {type(block).__name__}. Yield the "
            "rows of the affinity in order, some at a time."
        )
    if block.dtype.kind not in "fiub":
        raise InvalidTypeError(f"affinities must be real numbers, got dtype {block.dtype}.")
    if block.ndim != 2 or block.shape[1] != n_nodes or first + block.shape[0] > n_nodes:
        raise InvalidInputError(
            f"the block that begins with row {first} has shape {block.shape}; it must have "
            f"{n_nodes} columns and at most {n_nodes - first} rows, for all blocks together are "
            f"the n_nodes x n_nodes = {n_nodes} x {n_nodes} affinity."
        )
    rows = sparse.csr_array(block.astype(np.float64) if block.dtype.kind in "iub" else block)
    try:
        rows.check_format(full_check=True)
    except ValueError as error:
        raise InvalidInputError(
            f"the block that begins with row {first} is not a valid CSR matrix: {error}"
        ) from error
    if not rows.has_canonical_format:
        rows = rows.copy()
        rows.sum_duplicates()
    numbers = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    _check_values(rows, numbers, first, dtype)
    drop = (rows.data == 0) | (rows.indices == numbers + first)
    data, indices, indptr = rows.data, rows.indices, rows.indptr
    if drop.any():
        keep = ~drop
        data, indices = data[keep], indices[keep]
        kept = np.bincount(numbers[keep], minlength=rows.shape[0])
        indptr = np.concatenate([[0], np.cumsum(kept)])
    parts = (
        data.astype(dtype, copy=False),
        indices.astype(index_dtype, copy=False),
        indptr.astype(index_dtype if len(data) <= np.iinfo(index_dtype).max else np.int64),
    )
    return sparse.csr_array(parts, shape=rows.shape)


def _check_values(rows: sparse.csr_array, numbers: AnyArray, first: int, dtype: np.dtype) -> None:
    values = rows.data
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InvalidInputError(
            f"affinities must be finite and non-negative; entry ({first + int(numbers[at])}, "
            f"{int(rows.indices[at])}) is {values[at]!s}."
        )
    if values.dtype.itemsize <= dtype.itemsize:
        return
    wrong = (values > np.finfo(dtype).max) | ((values < np.finfo(dtype).tiny) & (values > 0))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InvalidInputError(
            f"entry ({first + int(numbers[at])}, {int(rows.indices[at])}), {values[at]!s}, is out "
            f"of the range of {dtype}. Pass dtype=numpy.float64, or scale the affinities."
        )


def upper_edges(rows: sparse.csr_array, first: int) -> tuple[AnyArray, AnyArray]:
    """Return both ends of the edges in rows `first` and on that lead to a later node."""
    last = first + rows.shape[0]
    numbers = np.repeat(np.arange(first, last, dtype=rows.indices.dtype), np.diff(rows.indptr))
    upper = rows.indices > numbers
    return numbers[upper], rows.indices[upper]


class SymmetryCheck:
    """Tells in one pass over the rows, with one number a node, whether they are symmetric.

    Each entry is hashed, from its two nodes in ascending order and the bits of its weight. The
    hash is added to the sum of its row and taken from the sum of its column, modulo 2^64. All
    sums are 0 if every w_ij is w_ji; where that does not hold, the sums of both nodes are 0 by a
    chance of 2^-64 only. (The hash is a mixer of random number generators, and no safeguard
    against someone who wants to deceive.)

    References
    ----------
    The mixer: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014, figure 16.
    """

    def __init__(self, n_nodes: int) -> None:
        self._sums = np.zeros(n_nodes, dtype=np.uint64)

    def add(self, rows: sparse.csr_array, first: int) -> None:
        """Look at rows `first` and on."""
        if rows.nnz == 0:
            return
        hashed = edge_hashes(rows, first)
        np.subtract.at(self._sums, rows.indices, hashed)
        running = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashed)])  # wraps around, too
        ends = running[rows.indptr]
        self._sums[first : first + rows.shape[0]] += ends[1:] - ends[:-1]

    def wrong_rows(self) -> npt.NDArray[np.intp]:
        """Rows that differ from the column of the same number, when all rows were added."""
        return np.flatnonzero(self._sums)


def edge_hashes(rows: sparse.csr_array, first: int) -> npt.NDArray[np.uint64]:
    """Hash the entries of rows `first` and on, w_ij and w_ji to the same number; shape (nnz,)."""
    here = np.repeat(np.arange(first, first + rows.shape[0], dtype=np.uint64), np.diff(rows.indptr))
    there = rows.indices.astype(np.uint64)
    kind = np.uint32 if rows.data.itemsize == 4 else np.uint64
    bits: npt.NDArray[np.uint32 | np.uint64] = rows.data.view(kind)
    hashed = _mix(np.minimum(here, there) + _ODD)
    hashed = _mix(hashed + np.maximum(here, there))
    hashed += bits
    return _mix(hashed)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Mix the bits of 64-bit integers, in place."""
    values ^= values >> np.uint64(30)
    values *= _MIX_1
    values ^= values >> np.uint64(27)
    values *= _MIX_2
    values ^= values >> np.uint64(31)
    return values
