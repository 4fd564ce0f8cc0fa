"""Products of the rows of a sparse matrix with an array, compiled where they can be.

The compiled product (`_csr.c`) keeps the sums of a row in registers, and takes a third of the time
of SciPy's with ten columns. Both add up a row in the order of its entries, and give the same to
the last bit where SciPy does not fuse multiplications with additions (its packages for x86-64).
SciPy's is used where there is no compiled one, and for arrays that it does not take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._compiled import compiled_module

_Multiply: TypeAlias = Callable[
    [np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, bool], None
]
_module = compiled_module("fewlabels._csr")
compiled: _Multiply | None = None if _module is None else _module.multiply

Real = TypeVar("Real", bound=np.floating)
Weights: TypeAlias = "sparse.csr_array | npt.NDArray[np.floating]"


def multiply(matrix: Weights, y: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """Return A y, a new array.

    Parameters
    ----------
    matrix : {csr_array, ndarray} of shape (n_rows, n), float32 or float64
        A. Column numbers are not looked at, as SciPy does not: they have to be below n.
    y : ndarray of shape (n, m), float32 or float64
    """
    if compiled is not None and _taken(matrix, y):
        product = np.empty_like(y, shape=(matrix.shape[0], y.shape[1]))
        compiled(matrix.indptr, matrix.indices, matrix.data, y, product, False)
        return product
    return matrix @ y


def multiply_minus(matrix: Weights, y: npt.NDArray[Real], out: npt.NDArray[Real]) -> None:
    """Let A y - out take the place of `out`, C-contiguous and of the dtype of `y`."""
    if compiled is not None and _taken(matrix, y):
        compiled(matrix.indptr, matrix.indices, matrix.data, y, out, True)
    else:
        np.subtract(matrix @ y, out, out=out)


def _taken(matrix: Weights, y: np.ndarray) -> TypeGuard[sparse.csr_array]:
    return (
        isinstance(matrix, sparse.csr_array)
        and matrix.indices.dtype == matrix.indptr.dtype == np.int32
        and y.ndim == 2
        and len(y) == matrix.shape[1]
        and all(_in_row(array) for array in (matrix.indptr, matrix.indices, matrix.data, y))
        and (y.dtype == np.float64 or y.dtype == matrix.dtype == np.float32)
        and matrix.dtype in (np.float32, np.float64)
    )


def _in_row(array: np.ndarray) -> bool:
    return bool(array.flags.c_contiguous and array.flags.aligned)
