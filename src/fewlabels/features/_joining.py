"""The features of a table's columns side by side, without a second copy of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._typing import Matrix
from fewlabels.features._table_columns import FittedColumn

_ROWS_AT_ONCE = 4096
_REMEDY = "Leave columns out, or take part of the rows."


def joined(columns: Sequence[FittedColumn], raws: Sequence[Matrix], dtype: npt.DTypeLike) -> Matrix:
    """Return the columns' features, centred and scaled: in CSR if some are sparse, else an array.

    Parameters
    ----------
    columns : sequence of FittedColumn
    raws : sequence of {ndarray, sparse matrix} of shape (n_rows, n_features of the column)
    dtype : dtype

    Returns
    -------
    {ndarray, csr_matrix} of shape (n_rows, n_features)

    Notes
    -----
    Made a block of rows at a time: memory beside the result is that of `raws`.
    """
    dtype = np.dtype(dtype)
    n_rows, width = raws[0].shape[0], sum(column.width for column in columns)
    blocks = row_blocks(n_rows, _ROWS_AT_ONCE)
    if any(map(sparse.issparse, raws)):
        return _sparse(columns, raws, dtype, blocks)
    require_memory(dtype.itemsize * n_rows * width, f"{n_rows:,} x {width:,} features", _REMEDY)
    found = np.empty((n_rows, width), dtype=dtype)
    start = 0
    for column, raw in zip(columns, raws, strict=True):
        end = start + column.width
        for rows in blocks:
            found[rows, start:end] = column.scaled(raw[rows])
        start = end
    return found


def _sparse(
    columns: Sequence[FittedColumn], raws: Sequence[Matrix], dtype: np.dtype, blocks: list[slice]
) -> sparse.csr_matrix:
    n_rows, width = raws[0].shape[0], sum(column.width for column in columns)
    n_entries = 0  # exactly
    for column, raw in zip(columns, raws, strict=True):
        if sparse.issparse(raw):
            n_entries += raw.nnz
        else:
            n_entries += sum(
                int(np.count_nonzero(np.asarray(column.scaled(raw[rows])))) for rows in blocks
            )
    places = np.dtype(np.int32 if n_entries <= np.iinfo(np.int32).max else np.int64)
    require_memory(
        (dtype.itemsize + places.itemsize) * n_entries,
        f"{n_rows:,} x {width:,} features, {n_entries:,} of them not 0,",
        _REMEDY,
    )
    data, indices = np.empty(n_entries, dtype=dtype), np.empty(n_entries, dtype=places)
    indptr = np.zeros(n_rows + 1, dtype=places)
    end = 0
    for rows in blocks:
        parts = [
            sparse.csr_matrix(column.scaled(raw[rows]))
            for column, raw in zip(columns, raws, strict=True)
        ]
        block = sparse.hstack(parts, format="csr").astype(dtype)
        block.sum_duplicates()
        start, end = end, end + block.nnz
        data[start:end], indices[start:end] = block.data, block.indices
        indptr[rows.start + 1 : rows.stop + 1] = block.indptr[1:].astype(places) + places.type(
            start
        )
    return sparse.csr_matrix((data[:end], indices[:end], indptr), shape=(n_rows, width))
