"""Points that somebody else computed, in a file of NumPy's."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io._npz import load_arrays
from fewlabels.io._table import Block, FloatArray, Numbers, row_list
from fewlabels.io._views import array_view


def load_features(path: str | Path, n_rows: int) -> FloatArray:
    """Read a matrix of features that were computed elsewhere; it is used as it is.

    Parameters
    ----------
    path : str or Path
        An ``.npy`` file with an array of shape (n_rows, ...).
    n_rows : int
        How many rows the table has.

    Returns
    -------
    ndarray of float, shape (n_rows, n_features)
        Finite.

    Raises
    ------
    DataFileError
        If the file is missing, damaged, or holds Python objects.
    InvalidInputError
        If the number of rows differs, if it holds no numbers, or NaN or infinity (rows named).

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from fewlabels.io import load_features
    >>> path = Path(tempfile.mkdtemp()) / "embeddings.npy"
    >>> np.save(path, np.zeros((5, 3), dtype=np.float32))
    >>> load_features(path, n_rows=5).shape
    (5, 3)
    """
    path = Path(path)
    if not path.is_file():
        raise DataFileError(f"{path} does not exist. Check the path.")
    with explaining_errors(path, writing=False, raising=DataFileError):
        array = load_arrays(path)
    if isinstance(array, dict):
        raise DataFileError(f"{path} is an NPZ archive. Save one array with numpy.save.")
    if array.ndim == 0 or len(array) != n_rows:
        raise InvalidInputError(
            f"{path} holds an array of shape {array.shape}; the table has {n_rows:,} "
            "rows. Give one row of features for each row of the table, in the same order."
        )
    view = array_view(array)
    if isinstance(view, Numbers):
        view = Block(view.values.reshape(-1, 1))
    if not isinstance(view, Block):
        raise InvalidInputError(
            f"{path} holds values of type {array.dtype}. Give an array of numbers."
        )
    bad = ~np.isfinite(view.values).all(axis=1)
    if bad.any():
        what = "no number (NaN)" if np.isnan(view.values).any() else ""
        also = "infinity" if np.isinf(view.values).any() else ""
        raise InvalidInputError(
            f"{path} has {' or '.join(filter(None, (what, also)))} in "
            f"{row_list(np.flatnonzero(bad))}. Fill or fix them, or remove the rows. Rows are "
            "counted from 1."
        )
    return view.values
