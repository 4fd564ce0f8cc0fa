"""Features, affinities and weights as people pass them in: sound, or refused with the remedy.

What NumPy would convert without a word, and wrongly, is refused here: masks are dropped by it, and
dates become counts of nanoseconds. A sparse matrix is checked before anything follows its indices.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Set
from io import IOBase
from typing import Any, TypeVar, overload

import numpy as np
from scipy import sparse

from fewlabels._labels import is_missing
from fewlabels._typing import AnySparse, Frame, Matrix, Objects, Sparse
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

Data = TypeVar("Data")

# Columns that an error names.
_MOST_NAMED = 5

# By package and class: what it is, and the call that makes an array or a graph of it.
_FOREIGN = {
    ("networkx", "Graph"): (
        "a networkx graph",
        "fewlabels.Graph.from_affinity(networkx.to_scipy_sparse_array({name})), with its nodes in "
        "the order of list({name})",
    ),
    ("igraph", "Graph"): (
        "an igraph graph",
        "fewlabels.Graph.from_affinity({name}.get_adjacency_sparse())",
    ),
    ("polars", "LazyFrame"): ("a polars LazyFrame", "{name}.collect()"),
    ("pyspark", "DataFrame"): ("a Spark DataFrame", "{name}.toPandas()"),
    ("duckdb", "DuckDBPyRelation"): ("a DuckDB relation", "{name}.df()"),
    ("cudf", "DataFrame"): ("a cuDF DataFrame", "{name}.to_pandas()"),
    ("cupy", "ndarray"): ("a CuPy array", "{name}.get()"),
}
_TEMPORAL = (
    datetime.date,  # and datetime, and pandas.Timestamp
    datetime.time,
    datetime.timedelta,
    np.datetime64,
    np.timedelta64,
)

FILL_FEATURES = (
    "Fill them in, such as with sklearn.impute.SimpleImputer().fit_transform("
    "{name}.astype(float).filled(numpy.nan)), or leave those rows out"
)
FILL_AFFINITIES = "{name}.filled(0) makes no edge of them"
FILL_WEIGHTS = "{name}.filled(0) makes those labels count for nothing"
FILL_NUMBERS = "Fill them in, such as with {name}.filled(0), or leave those rows out"
LEAVE_OUT = "{name}.compressed() leaves them out"


@overload
def checked_array(X: AnySparse, name: str = ..., *, fill: str = ...) -> Sparse: ...
@overload
def checked_array(X: Data, name: str = ..., *, fill: str = ...) -> Data: ...
def checked_array(X: object, name: str = "X", *, fill: str = FILL_FEATURES) -> object:
    """Return `X` if NumPy or scikit-learn may convert it, a sparse matrix as sound CSR; or raise.

    Cost: of an array, none; of a sparse matrix, two passes over its indices; of lists and of
    arrays of objects, that of their conversion.

    Parameters
    ----------
    X : object
    name : str, default="X"
        What messages call it.
    fill : str
        What to do about masked entries.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If entries are masked, dates, durations or complex; if a sparse matrix is damaged; or if
        another package's graph or unread table was passed.
    """
    if sparse.issparse(X):
        return sound_csr(X, name)
    refuse_masked(X, name, fill)
    if isinstance(X, np.ndarray):
        _refuse_dtype(X, name)
        if X.dtype.kind == "O":
            _refuse_temporal_cells(X, name)
        return X
    refuse_foreign(X, name)
    if hasattr(X, "to_frame") and not hasattr(X, "columns"):
        raise InvalidInputError(
            f"{name} is one column (a {type(X).__name__}), and features are a table, with a row a "
            f"point. Pass {name}.to_frame()."
        )
    if hasattr(X, "dtypes") and hasattr(X, "columns"):
        _refuse_temporal_columns(X, name)
        return X
    if isinstance(X, (list, tuple)):
        try:
            array = np.asarray(X)
        except (ValueError, TypeError, OverflowError):
            return X  # scikit-learn says what is wrong
        checked_array(array, name, fill=fill)
    return X


def array_or_csr(checked: object) -> Matrix:
    """Return what :func:`checked_array` returned as an array, or as the CSR matrix that it is."""
    if isinstance(checked, (sparse.csr_array, sparse.csr_matrix)):
        return checked
    return np.asarray(checked)


def sound_csr(matrix: AnySparse, name: str = "X") -> Sparse:
    """Return a sparse matrix in CSR, its indices checked, sorted and each there once.

    Repeated entries are summed, as SciPy means them. What is given is not changed; arrays that are
    in order are shared with it.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If an index is out of range, the row pointers are broken, or entries are no real numbers.
    """
    dtype = matrix.dtype
    if dtype.kind == "O":
        raise InvalidTypeError(
            f"{name} is a sparse matrix of Python objects (dtype object), on which SciPy can't "
            f"compute. Pass {name}.astype(float)."
        )
    _refuse_dtype(matrix, name)
    if matrix.ndim != 2:
        raise InvalidInputError(
            f"{name} must have two dimensions; got a sparse array of shape {matrix.shape}. Pass "
            f"{name}.reshape(1, -1) if it is one row."
        )
    try:
        fresh = _rewrapped(matrix)
        if dtype.kind in "iu" and not _is_canonical(fresh):
            fresh = fresh.astype(np.float64)  # sums of small integers wrap around
        csr: Sparse = fresh if fresh.format == "csr" else fresh.tocsr()
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise InvalidInputError(
            f"{name} is a damaged sparse matrix in {matrix.format} format, of shape "
            f"{matrix.shape}: {str(error).rstrip('.')}. Build it again from its entries: "
            "scipy.sparse.coo_array((values, (rows, columns)), shape=shape)."
        ) from error
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    return csr


def refuse_masked(values: object, name: str, fill: str = FILL_FEATURES) -> None:
    """Raise if entries of an array, or of a list of arrays, are masked: NumPy drops the mask."""
    if isinstance(values, np.ma.MaskedArray):
        masked = np.ma.getmaskarray(values)
    elif isinstance(values, (list, tuple)) and any(
        isinstance(row, np.ma.MaskedArray) for row in values
    ):
        masked = np.array([bool(np.ma.getmaskarray(row).any()) for row in values])
    else:
        return
    if not masked.any():
        return
    masked = np.atleast_1d(masked)
    rows = np.flatnonzero(masked.any(axis=tuple(range(1, masked.ndim))))
    raise InvalidInputError(
        f"{name} is a masked array with masked entries in {_counted(rows)}, and no mask is read "
        f"here. {fill.format(name=name)}."
    )


def first_few(names: Objects) -> str:
    """Return the first names, and how many more there are."""
    rest = "" if len(names) <= _MOST_NAMED else f" and {len(names) - _MOST_NAMED} more"
    return ", ".join(map(repr, names[:_MOST_NAMED])) + rest


def _counted(rows: np.ndarray) -> str:
    named = ", ".join(map(str, rows[:_MOST_NAMED])) + (", ..." if len(rows) > _MOST_NAMED else "")
    return f"{len(rows)} row{'s' * (len(rows) != 1)} (counted from 0: {named})"


def _rewrapped(matrix: Any) -> Any:
    """Return the same arrays in a new matrix, which knows nothing yet of their order; or raise."""
    kind = "array" if isinstance(matrix, sparse.sparray) else "matrix"
    form = matrix.format
    if form in ("csr", "csc", "bsr"):
        make = getattr(sparse, f"{form}_{kind}")
        fresh = make((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
        pointers = fresh.indptr  # of a matrix whose last one is 0, SciPy looks at none
        if (pointers[1:] < pointers[:-1]).any():
            raise ValueError("index pointer values must form a non-decreasing sequence")
        fresh.check_format(full_check=True)
        return fresh
    if form == "lil" and list(map(len, matrix.rows)) != list(map(len, matrix.data)):
        raise ValueError("a row has not as many values as columns")
    entries = matrix if form == "coo" else matrix.tocoo()
    if not (len(entries.data) == len(entries.row) == len(entries.col)):
        raise ValueError("values, rows and columns differ in number")
    parts = (entries.data, (entries.row, entries.col))
    return getattr(sparse, f"coo_{kind}")(parts, shape=matrix.shape)


def _is_canonical(matrix: Any) -> bool:
    return matrix.format in ("csr", "csc") and bool(matrix.has_canonical_format)


def _refuse_dtype(X: np.ndarray | AnySparse, name: str) -> None:
    kind = X.dtype.kind
    if kind == "c":
        raise InvalidTypeError(
            f"Complex data not supported: {name} has dtype {X.dtype}. Pass {name}.real, or both "
            f"parts as columns: scipy.sparse.hstack or numpy.hstack([{name}.real, {name}.imag])."
        )
    if kind in "mM":
        what = "durations" if kind == "m" else "dates"
        origin = name if kind == "m" else f"({name} - {name}.min())"
        raise InvalidTypeError(
            f"{name} holds {what} (dtype {X.dtype}), and features are numbers. Say in which unit: "
            f"{origin} / numpy.timedelta64(1, 's')."
        )


def refuse_foreign(X: object, name: str) -> None:
    """Raise, with the call that helps, if `X` is a thing of another package that is no array."""
    for kind in type(X).__mro__:
        found = _FOREIGN.get((kind.__module__.partition(".")[0].lstrip("_"), kind.__name__))
        if found is not None:
            what, call = found
            raise InvalidTypeError(
                f"{name} is {what}, which is not an array. Pass {call.format(name=name)}."
            )
    if isinstance(X, IOBase):
        raise InvalidTypeError(
            f"{name} is an open file, which is not an array. Read it first, or pass its path as a "
            "pathlib.Path."
        )
    if isinstance(X, (Mapping, Set, Iterator)):
        call = "pandas.DataFrame" if isinstance(X, Mapping) else "list"
        raise InvalidTypeError(
            f"{name} must be an array with one row per point, got a {type(X).__name__}. Pass "
            f"{call}({name})."
        )


def _refuse_temporal_columns(X: Frame, name: str) -> None:
    """Raise if a table has columns of dates, times or durations."""
    dtypes, names = list(X.dtypes), list(X.columns)
    if hasattr(X, "iloc"):  # a polars table holds no objects of Python's
        for place in (place for place, dtype in enumerate(dtypes) if dtype == "object"):
            _refuse_temporal_cells(X.iloc[:, place].to_numpy(), f"{name}[{names[place]!r}]")
    temporal = set(filter(_is_temporal, set(dtypes)))
    found = [place for place, dtype in enumerate(dtypes) if dtype in temporal]
    if not found:
        return
    column = names[found[0]]
    if type(X).__module__.startswith("polars"):
        call = f"{name}.with_columns(polars.selectors.temporal().cast(polars.Int64))"
    else:
        text = str(dtypes[found[0]])
        if text.startswith(("timedelta", "duration")):
            numbers = f"{name}[{column!r}].dt.total_seconds()"
        elif text.startswith("period"):
            numbers = f'{name}[{column!r}].astype("int64")'
        else:
            first = f"{name}[{column!r}].min()"
            numbers = f"({name}[{column!r}] - {first}).dt.total_seconds()"
        call = f"{name}[{column!r}] = {numbers}"
    raise InvalidTypeError(
        f"{name} must hold numbers; columns of dates or durations: "
        f"{first_few([names[place] for place in found])}. Drop them, or make numbers of them, such "
        f"as with {call}."
    )


def _is_temporal(dtype: object) -> bool:
    asked = getattr(dtype, "is_temporal", None)  # polars
    if callable(asked):
        return bool(asked())
    return getattr(dtype, "kind", "") in ("m", "M") or str(dtype).startswith("period")


def _refuse_temporal_cells(cells: np.ndarray, name: str) -> None:
    """Raise if a cell of an array of objects is a date, a time or a duration."""
    flat = cells.ravel()
    temporal = tuple(kind for kind in set(map(type, flat)) if issubclass(kind, _TEMPORAL))
    if not temporal:
        return
    wrong = [isinstance(cell, temporal) and not is_missing(cell) for cell in flat]
    if not any(wrong):
        return  # pandas.NaT
    where = np.reshape(wrong, cells.shape)
    columns = np.flatnonzero(where.any(axis=0)).tolist() if where.ndim == 2 else []
    cell = flat[int(np.argmax(wrong))]
    among = f" in columns (counted from 0) {first_few(columns)}" if columns else ""
    is_duration = isinstance(cell, (datetime.timedelta, np.timedelta64))
    call = "to_timedelta" if is_duration else "to_datetime"
    raise InvalidTypeError(
        f"{name} must hold numbers, and holds dates or durations{among}, such as {cell!r}. Drop "
        f"them, or make numbers of each column: pandas.{call}(column).astype('int64')."
    )
