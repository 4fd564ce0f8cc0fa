"""Check features, and decide whether those in a file are read or searched where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils import check_array

from fewlabels._arrays import checked_array
from fewlabels._memory import require_memory
from fewlabels._rows import row_blocks
from fewlabels._typing import Cells, Matrix, Objects
from fewlabels._validation import naming_rows
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph._graph import Graph
from fewlabels.graph._scales import warn_of_scales
from fewlabels.io import FeatureFile, features_in_map

# Sums of squares up to this size are finite.
_LARGEST_FEATURE = 1e150
# Squares of differences lose digits, or vanish, where no feature is as large as this.
_SMALLEST_FEATURE = 1e-140
# Files whose features take no more than this are read as a whole.
_READ_WHOLE = 128_000_000


# Features in memory, or where they are.
Features: TypeAlias = "Matrix | FeatureFile"

# Rows that hold no number, and the largest size of the others.
_Looked: TypeAlias = tuple[npt.NDArray[np.intp], float]


@dataclass(frozen=True)
class ValidatedFeatures:
    """Features that an estimator has validated as scikit-learn does.

    Attributes
    ----------
    values : {ndarray, csr_matrix} of shape (n_samples, n_features)
    names : sequence of length n_features, or None
        What the columns were called where they came in.
    scaled : bool
        Whether they are on scales that are meant.
    """

    values: Matrix
    names: Objects | None = None
    scaled: bool = False


def features_to_join(X: object, metric: object) -> Features:
    """Return the features of which a graph is built, checked; warn of their scales.

    Raises
    ------
    InvalidInputError, InvalidTypeError, DataFileError
        As :func:`checked_features`.

    Warns
    -----
    ScaleWarning
        If few columns decide all distances.
    """
    features: Features
    names: Objects | None
    if isinstance(X, ValidatedFeatures):
        _check_sizes(X.values)
        if X.scaled:
            return X.values
        features, names = X.values, X.names
    else:
        features, names = checked_features(X), _column_names(X)
    warn_of_scales(features, metric, names)
    return features


def checked_features(X: object) -> Features:
    """Return features as a float array, a CSR matrix, or a file too large to be read as a whole.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `X` is no matrix of numbers, or holds NaN, infinity or more than 1e150 (rows are
        named), or nothing but numbers below 1e-140. Of a large file, only the search finds out.
    DataFileError
        If a file can't be read.
    """
    if isinstance(X, Graph):
        raise InvalidTypeError("X must be an array of features; this is a Graph already.")
    if isinstance(X, np.memmap):
        in_file = features_in_map(X) if X.size else None
        X = np.asarray(X) if in_file is None else in_file
    if isinstance(X, FeatureFile):
        if len(X) * X.shape[1] * X.dtype.itemsize > _READ_WHOLE:
            return X
        X = X.read(0, len(X))
    return _checked_array(X)


def _checked_array(X: object) -> Matrix:
    """Return features in memory as a float array or a CSR matrix; see :func:`checked_features`."""
    X = checked_array(X)
    try:
        features: Matrix = check_array(
            X, accept_sparse="csr", dtype=(np.float64, np.float32), ensure_min_samples=1
        )
    except TypeError as error:
        raise InvalidTypeError(naming_rows(X, str(error))) from error
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(naming_rows(X, str(error))) from error
    _check_sizes(features)
    return features


def _check_sizes(features: Matrix) -> None:
    values = features.data if sparse.issparse(features) else features
    _check_size(max(float(values.max(initial=0)), -float(values.min(initial=0))))


def _column_names(X: object) -> Cells | None:
    return list(X.columns) if hasattr(X, "columns") and hasattr(X, "dtypes") else None


def read_whole(X: Features) -> Matrix:
    """Return the features of a file as an array, if they fit into memory."""
    if not isinstance(X, FeatureFile):
        return X
    require_memory(
        2 * len(X) * X.shape[1] * X.dtype.itemsize,
        f"an exact search among the {len(X):,} rows of {X.path}",
        "Leave exact=None and the metric 'euclidean', 'cosine' or 'inner_product', which are "
        "searched in the file.",
    )
    return _checked_array(X.read(0, len(X)))


def check_blocks(
    X: FeatureFile,
    map_blocks: Callable[[Callable[[slice], _Looked], list[slice]], Iterable[_Looked]],
) -> None:
    """Raise if features in a file are NaN, infinite or too large; rows are named.

    Parameters
    ----------
    X : FeatureFile
    map_blocks : callable
        Maps a function over slices of rows, as `Workers.map` does.
    """

    def look(rows: slice) -> _Looked:
        block = X.read(rows.start, rows.stop)
        size = max(float(block.max()), -float(block.min()))
        if np.isfinite(size):
            return np.empty(0, dtype=np.intp), size
        return rows.start + np.flatnonzero(~np.isfinite(block).all(axis=1)), 0.0

    parts = list(map_blocks(look, row_blocks(len(X), X.rows_at_once())))
    bad = np.concatenate([part[0] for part in parts])
    if len(bad):
        listed = ", ".join(map(str, bad[:5])) + (", ..." if len(bad) > 5 else "")
        raise InvalidInputError(
            f"{X.path} contains NaN or infinity. Rows that hold them, counted from 0: {listed} "
            f"({len(bad)} in all). Fill them or remove the rows."
        )
    _check_size(max(part[1] for part in parts))


def _check_size(largest: float) -> None:
    """Raise if features of this size have no squares that float64 holds."""
    if largest > _LARGEST_FEATURE:
        raise InvalidInputError(
            f"features must be at most {_LARGEST_FEATURE:g} in size, for their squares to be "
            f"finite; got {largest:g}. Scale them."
        )
    if 0 < largest < _SMALLEST_FEATURE:
        raise InvalidInputError(
            f"the largest feature must be at least {_SMALLEST_FEATURE:g} in size, for squares not "
            f"to vanish; got {largest:g}. Scale them: X / numpy.abs(X).max()."
        )
