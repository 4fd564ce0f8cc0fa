"""Blocks of rows one below the other, without a second copy of all of them."""

from __future__ import annotations

from typing import Any, overload

import numpy as np
from scipy import sparse

from fewlabels._typing import Matrix


@overload
def stacked(blocks: list[sparse.csr_array]) -> sparse.csr_array: ...
@overload
def stacked(blocks: list[Matrix]) -> Matrix: ...
def stacked(blocks: list[Any]) -> Matrix:
    """Return blocks of rows as one array, or csr_array if they are sparse; `blocks` is emptied.

    Each block is let go of when it is copied, and memory that nobody has written to is not taken:
    beside the result there is room for one block.

    Parameters
    ----------
    blocks : list of {ndarray, csr_array} of shape (n_rows, n_features)
        One at least, all of one type.
    """
    n_rows, width = sum(block.shape[0] for block in blocks), blocks[0].shape[1]
    blocks.reverse()
    row = entry = 0
    if not sparse.issparse(blocks[0]):
        found = np.empty((n_rows, width), dtype=blocks[0].dtype)
        while blocks:
            block = blocks.pop()
            found[row : row + len(block)] = block
            row += len(block)
        return found
    n_entries = sum(block.nnz for block in blocks)
    places = np.int32 if max(n_entries, width) <= np.iinfo(np.int32).max else np.int64
    data = np.empty(n_entries, dtype=blocks[0].dtype)
    indices = np.empty(n_entries, dtype=places)
    indptr = np.zeros(n_rows + 1, dtype=places)
    while blocks:
        block = blocks.pop()
        end, below = entry + block.nnz, row + block.shape[0]
        data[entry:end], indices[entry:end] = block.data, block.indices
        np.add(block.indptr[1:], entry, out=indptr[row + 1 : below + 1], casting="unsafe")
        entry, row = end, below
    return sparse.csr_array((data, indices, indptr), shape=(n_rows, width))
