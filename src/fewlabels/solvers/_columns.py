"""Operations on the columns of tall, narrow arrays, at the speed of long rows.

An array of ten columns has rows of ten entries, and NumPy works on one row after the other. Seen
as rows of some hundred entries (several rows in one, the columns' coefficients repeated as often)
the same arithmetic runs several times as fast.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_LONG = 1_024


def column_dots(a: FloatArray, b: FloatArray) -> FloatArray:
    """Inner product of each column of `a` with that of `b`, shape (m,)."""
    m = a.shape[1]
    (long_a, rest_a), (long_b, rest_b) = _in_long_rows(a), _in_long_rows(b)
    sums = np.einsum("ij,ij->j", long_a, long_b).reshape(-1, m).sum(axis=0)
    return np.asarray(sums + np.einsum("ij,ij->j", rest_a, rest_b))


def row_totals(a: FloatArray) -> FloatArray:
    """Sum of each row, shape (n,); the same on any number of cores, as a BLAS product is not.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.solvers import row_totals
    >>> row_totals(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([3., 7.])
    """
    # NumPy's sum over short rows takes four times as long.
    return a[:, 0].copy() if a.shape[1] == 1 else np.asarray(np.einsum("ij->i", a))


def add_scaled(y: FloatArray, factors: FloatArray, x: FloatArray) -> None:
    """Add x diag(factors) to y, in place."""
    for rows, others in zip(_in_long_rows(y), _in_long_rows(x), strict=True):
        rows += others * _repeated(factors, rows)


def scale_columns(y: FloatArray, factors: FloatArray) -> None:
    """Multiply each column of y by its factor, in place."""
    for rows in _in_long_rows(y):
        rows *= _repeated(factors, rows)


def _in_long_rows(a: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Views of `a`, C-contiguous: most of it in long rows, and the last few rows as they are."""
    n, m = a.shape
    joined = max(1, _LONG // max(m, 1))
    whole = n - n % joined
    return a[:whole].reshape(-1, joined * m), a[whole:]


def _repeated(factors: FloatArray, rows: FloatArray) -> FloatArray:
    return np.tile(factors, rows.shape[1] // len(factors)) if len(factors) else factors


# The few roundings of a product with N, of its sum and of the scaling.
_ROUNDING = 16 * float(np.finfo(np.float64).eps)


def is_rounding(sizes: FloatArray, y: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell which entries of a residual b - (I - N) y are no more than its own rounding.

    An entry is the difference of two sums of about the size of y's entry, whose rounding remains
    whatever the answer, and may be far larger than b.

    Parameters
    ----------
    sizes : ndarray of shape (n, m)
        Absolute values of the residual.
    y : ndarray of shape (n, m)

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.solvers import is_rounding
    >>> residual = np.array([[1e-17], [1e-3]])
    >>> is_rounding(residual, y=np.array([[1.0], [1.0]])).ravel()
    array([ True, False])
    """
    return np.asarray(sizes <= _ROUNDING * np.abs(y))
