"""Read a column of labels as it comes, and which entries are missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Number, Real

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError, InvalidTypeError

BoolArray = npt.NDArray[np.bool_]
AnyArray = np.ndarray

_MISSING_TYPES = ("NAType", "NaTType", "MaskedConstant")


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Column:
    """A column of labels.

    Attributes
    ----------
    values : ndarray of shape (n_samples,)
        Of integers, floats, booleans, dates or text where all labels are; else of objects.
    missing : ndarray of shape (n_samples,), bool
        Where an entry is None, NaN, NaT, ``pandas.NA``, masked or empty bytes. `values` are then
        of no meaning. -1 is not looked for.
    """

    values: AnyArray
    missing: BoolArray


def is_missing(value: object) -> bool:
    """Tell whether `value` is None, a NaN, ``pandas.NA``, a ``NaT`` or masked."""
    if value is None or type(value).__name__ in _MISSING_TYPES:
        return True
    if isinstance(value, (np.datetime64, np.timedelta64)):
        return bool(np.isnat(value))
    if isinstance(value, Decimal):
        return value.is_nan()
    return isinstance(value, (float, np.floating)) and bool(np.isnan(value))


def read_column(y: object) -> Column:
    """Read a list, an array, a pandas or polars column.

    Raises
    ------
    InvalidInputError
        If `y` is not one-dimensional, or bytes in it are not UTF-8.
    InvalidTypeError
        If `y` is no array, or booleans are beside numbers in it.
    """
    values, missing = _as_array(y), None
    if isinstance(y, np.ma.MaskedArray):
        missing = np.ma.getmaskarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = _ravelled(values)
        missing = None if missing is None else missing.ravel()
    if values.ndim != 1:
        raise InvalidInputError(
            f"labels must be one-dimensional, one entry per point, got shape {values.shape}."
        )
    if missing is None:
        missing = np.zeros(len(values), dtype=bool)
    kind = values.dtype.kind
    if kind == "S":
        missing = missing | (values == b"")
        distinct, places = np.unique(values, return_inverse=True)
        values = np.array([decoded(value) for value in distinct] or [""])[places]
    elif kind == "f":
        missing = missing | np.isnan(values)
    elif kind in "mM":
        missing = missing | np.isnat(values)
    elif kind == "O":
        return _of_objects(values, missing)
    return Column(values, missing)


def object_array(entries: list[object] | tuple[object, ...]) -> AnyArray:
    """Return an array of these objects, none of them unpacked."""
    values = np.empty(len(entries), dtype=object)
    for i, entry in enumerate(entries):  # one by one: NumPy would unpack tuples
        values[i] = entry
    return values


def _as_array(y: object) -> AnyArray:
    if isinstance(y, (list, tuple)):
        return object_array(y) if any(_is_atom(entry) for entry in y) else _plain_array(y)
    if not hasattr(y, "__array__"):
        raise InvalidTypeError(
            f"labels must be an array or a list with one entry per point, got {type(y).__name__}."
        )
    if isinstance(y, np.ma.MaskedArray):
        return np.asarray(y.data)
    if isinstance(getattr(y, "dtype", None), np.dtype):
        values = np.asarray(y)
        # NumPy's StringDType, whose missing value is of any kind
        return object_array(values.tolist()) if values.dtype.kind == "T" else values
    # The column types of pandas, polars and pyarrow say "missing" with objects of their own; as
    # arrays they may turn whole numbers beside these into floats.
    for name in ("to_list", "to_pylist"):
        if hasattr(y, name):
            return object_array(getattr(y, name)())
    return np.asarray(y, dtype=object)


def _ravelled(values: AnyArray) -> AnyArray:
    from sklearn.utils import column_or_1d  # warns as scikit-learn's users know it

    column: AnyArray = column_or_1d(values, warn=True)
    return column


def _is_atom(entry: object) -> bool:
    """Tell whether NumPy would garble a list with this entry: NaN to "nan", tuples to rows."""
    return isinstance(entry, (str, tuple, frozenset)) or is_missing(entry)


def _plain_array(entries: list[object] | tuple[object, ...]) -> AnyArray:
    kinds = set(map(type, entries))
    if kinds & {bool, np.bool_} and not kinds <= {bool, np.bool_}:
        return object_array(entries)  # NumPy would make numbers of booleans
    try:
        return np.asarray(entries)
    except ValueError as error:  # rows of unequal length
        raise InvalidInputError(
            f"labels must be one-dimensional, one entry per point: {error}"
        ) from error


def _of_objects(values: AnyArray, missing: BoolArray) -> Column:
    """Decode bytes, and turn a column of integers, numbers or booleans into one of that dtype."""
    missing = missing | np.fromiter((is_missing(v) for v in values), bool, count=len(values))
    present = values[~missing].tolist()
    if any(issubclass(kind, bytes) for kind in set(map(type, present))):
        texts = [decoded(v) if isinstance(v, bytes) else v for v in present]
        values, rows = values.copy(), np.flatnonzero(~missing)
        values[rows] = object_array(texts)
        missing[rows] = [isinstance(v, bytes) and not v for v in present]
        present = values[~missing].tolist()
    return Column(_narrowed(values, missing, present), missing)


def _narrowed(values: AnyArray, missing: BoolArray, present: list[object]) -> AnyArray:
    kinds = set(map(type, present))
    booleans = {kind for kind in kinds if issubclass(kind, (bool, np.bool_))}
    numbers = {kind for kind in kinds - booleans if issubclass(kind, Number)}
    if booleans and numbers:
        _refuse_mixed(values, missing)
    dtype: type
    if not present or kinds not in (booleans, numbers):
        return values
    if booleans:
        dtype = bool
    elif all(issubclass(kind, Integral) for kind in numbers):
        dtype = np.int64
    elif all(issubclass(kind, Real) for kind in numbers):
        dtype = np.float64
    else:
        return values
    narrow = np.zeros(len(values), dtype=dtype)
    try:
        narrow[~missing] = present
    except OverflowError:
        return values
    return narrow


def _refuse_mixed(values: AnyArray, missing: BoolArray) -> None:
    """Raise, for True and 1 compare equal and would be one class."""
    rows = np.flatnonzero(~missing)
    flags = [row for row in rows if isinstance(values[row], (bool, np.bool_))]
    others = [
        row
        for row in rows
        if isinstance(values[row], Number) and not isinstance(values[row], (bool, np.bool_))
    ]
    one, other = flags[0], others[0]
    if all(values[row] == -1 for row in others):
        raise InvalidInputError(
            f"-1 is among booleans, first at row {other}. Mark unlabelled points with None or "
            "pandas.NA."
        )
    raise InvalidTypeError(
        f"labels must not mix booleans and numbers, for True and 1 are equal: got "
        f"{values[one]!r} at row {one} and {values[other]!r} at row {other}. Make them all of one "
        "type."
    )


def decoded(value: bytes) -> str:
    """Return the text of a label of bytes, which must be UTF-8."""
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"labels of bytes must be UTF-8, got {bytes(value)!r}. Decode them first: "
            "[label.decode('latin-1') for label in y], or whatever they are written in."
        ) from error
