"""Tables in memory: of pandas, polars and pyarrow (through narwhals), and columns by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from uuid import UUID

import narwhals.stable.v2 as nw
import numpy as np

from fewlabels._arrays import refuse_foreign, refuse_masked
from fewlabels._labels import is_missing
from fewlabels._typing import Cells, Fields, Frame, Loaded
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.io._cells import text_of_bytes
from fewlabels.io._dates import array_dates
from fewlabels.io._nesting import opened
from fewlabels.io._objects import columns_of
from fewlabels.io._table import Table, View, quoted
from fewlabels.io._views import array_view, categories_of, object_view

_HERE = "the table"


def table_of(data: Frame) -> Table:
    """Return data as a table, if it is one: rows and named columns.

    Parameters
    ----------
    data : Table, mapping of str to column, table of pandas, polars or pyarrow, or array
        The columns of an array of shape (n_rows, n_columns) are x0, x1, ...; those of a list of
        dicts and of an array of records are called as in these.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If it is no table, has no row, no column or two of one name, or columns differ in length.
    """
    if isinstance(data, Table):
        return data
    try:
        if isinstance(data, Mapping):
            return ColumnTable(data)
        if is_records(data):
            return ColumnTable(_columns_of_records(data))
        if _is_batch(data):
            data = {name: data[name].to_pylist() for name in data.schema.names}
            return ColumnTable(data)
        frame = nw.from_native(data, eager_only=True, pass_through=True)
        if isinstance(frame, nw.DataFrame):
            return FrameTable(frame)
    except nw.exceptions.DuplicateError:
        raise InvalidInputError(duplicate_names(data)) from None
    except DataFileError as error:
        raise InvalidInputError(str(error)) from None
    return _array_table(data)


def is_records(data: object) -> bool:
    """Tell whether this is a list of dicts, or an array whose rows have named fields."""
    if isinstance(data, np.ndarray):
        return data.ndim == 1 and data.dtype.names is not None
    return (
        isinstance(data, (list, tuple))
        and len(data) > 0
        and all(isinstance(row, Mapping) for row in data)
    )


def is_frame(data: object) -> bool:
    """Tell whether this is a table of pandas, polars, pyarrow or another that narwhals knows."""
    if _is_batch(data):
        return True
    try:
        return isinstance(nw.from_native(data, eager_only=True, pass_through=True), nw.DataFrame)
    except nw.exceptions.DuplicateError:
        raise InvalidInputError(duplicate_names(data)) from None


def duplicate_names(data: object) -> str:
    """Say which columns of a table come twice."""
    names = [str(name) for name in getattr(data, "columns", ())]
    twice = sorted({name for name in names if names.count(name) > 1})
    return f"the table has more than one column named {quoted(twice)}. Give each its own name."


def _is_batch(data: object) -> bool:
    """Tell whether this is a RecordBatch of pyarrow, which narwhals does not take."""
    kind = type(data)
    return kind.__name__ == "RecordBatch" and kind.__module__.startswith("pyarrow")


def _columns_of_records(data: Frame) -> Loaded:
    if isinstance(data, np.ndarray):
        return {name: data[name] for name in data.dtype.names or ()}
    return columns_of([{str(name): value for name, value in row.items()} for row in data])


class ColumnTable(Table):
    """Columns by name: arrays, lists of Python's values, or columns of another package."""

    in_memory = True

    def __init__(self, columns: Fields) -> None:
        self._columns, _ = opened({str(name): _column(held) for name, held in columns.items()})
        lengths = {len(column) for column in self._columns.values()}
        if len(lengths) > 1:
            shown = ", ".join(f"{name!r} {len(values)}" for name, values in self._columns.items())
            raise InvalidInputError(f"the columns must be of one length, got {shown}.")
        super().__init__(_HERE, list(self._columns), lengths.pop() if lengths else 0)

    def values(self, name: str) -> Cells:
        """Return the cells of a column as Python's values."""
        column = self._columns[name]
        return _plain(column.tolist() if isinstance(column, np.ndarray) else column)

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        column = self._columns[name]
        if isinstance(column, np.ndarray) and column.dtype.kind != "O":
            return array_view(column, self.reading)
        return object_view(self.values(name), self.reading, lambda: self.decimal_mark)


class FrameTable(Table):
    """A table of another package, whose types say what its columns hold."""

    in_memory = True

    def __init__(self, frame: nw.DataFrame[Frame]) -> None:
        columns = {str(name): _with_objects(frame.get_column(name)) for name in frame.columns}
        self._columns, _ = opened(columns)
        super().__init__(_HERE, list(self._columns), frame.shape[0])

    def values(self, name: str) -> Cells:
        """Return the cells of a column as Python's values."""
        column = self._columns[name]
        return _plain(column if isinstance(column, list) else column.to_list())

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        column = self._columns[name]
        if isinstance(column, list):
            return object_view(self.values(name), self.reading, lambda: self.decimal_mark)
        kind = column.dtype
        if kind.is_numeric() and not isinstance(kind, nw.Decimal):
            return array_view(_numbers(column), self.reading)
        if isinstance(kind, (nw.Categorical, nw.Enum)):
            return categories_of(self.cells(name))
        if isinstance(kind, nw.Datetime):
            if kind.time_zone is not None:
                column = column.dt.replace_time_zone(None)  # as the clock on the wall shows it
            return array_dates(column.to_numpy().astype("datetime64[us]"))
        return object_view(self.values(name), self.reading, lambda: self.decimal_mark)


def _with_objects(column: nw.Series[Frame]) -> object:
    """Return a column that may hold objects as a list."""
    return column.to_list() if isinstance(column.dtype, (nw.Object, nw.Struct)) else column


def _numbers(column: nw.Series[Frame]) -> np.ndarray:
    """Return a column of numbers, NaN where there is none."""
    if column.null_count():
        return column.cast(nw.Float64()).fill_null(float("nan")).to_numpy()
    return column.to_numpy()


def _array_table(data: object) -> ColumnTable:
    array = data if isinstance(data, np.ndarray) else None
    if isinstance(data, (list, tuple)):
        try:
            array = np.asarray(data)
        except ValueError:
            array = None
        if array is not None and array.dtype.kind == "U":
            array = np.asarray(data, dtype=object)  # numbers among texts stay numbers
    if array is None:
        refuse_foreign(data, "X")
        one_row = " If it is one row: X.to_frame().T" if type(data).__name__ == "Series" else ""
        raise InvalidTypeError(
            f"a table of pandas, polars or pyarrow, or a dict of columns is needed; got a "
            f"{type(data).__name__}.{one_row}"
        )
    if array.ndim != 2:
        raise InvalidInputError(
            f"a table has rows and columns; got an array of shape {array.shape}. Reshape your data "
            "with reshape(-1, 1) if it is one column."
        )
    return ColumnTable({f"x{place}": column for place, column in enumerate(array.T)})


def _column(values: object) -> object:
    """Return a column as an array or a list."""
    series = nw.from_native(values, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return series.to_list()
    if isinstance(values, np.ndarray):
        if values.ndim == 0:
            raise InvalidInputError("a column must be a list or an array, got a single value.")
        held = _without_mask(values) if isinstance(values, np.ma.MaskedArray) else values
        if isinstance(held, np.ndarray) and held.dtype == object and held.ndim == 1:
            return held.tolist()
        return held
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise InvalidTypeError(
            f"a column must be a list or an array, got a {type(values).__name__}. Pass a mapping "
            "of names to columns of one length."
        )
    return list(values)


def _without_mask(values: np.ma.MaskedArray) -> np.ndarray | Cells:
    """Return a column whose masked cells are missing, as NaN, NaT or None."""
    if values.ndim > 1:
        refuse_masked(values, "a column of arrays", "Fill them in, or leave those rows out")
        return values.data
    if values.dtype.kind in "fmM":
        nothing = np.nan if values.dtype.kind == "f" else "NaT"
        return np.asarray(values.filled(np.array([nothing], values.dtype)[0]))
    return values.tolist() if np.ma.is_masked(values) else values.data


def _plain(cells: Sequence[object]) -> Cells:
    """Return cells as Python's values, None where they are missing, arrays as lists."""
    plain = [_as_python(cell) for cell in cells]
    return list(text_of_bytes(plain))


def _as_python(cell: object) -> object:
    if isinstance(cell, np.ndarray):
        return cell.tolist()
    if isinstance(cell, tuple):
        return list(cell)
    if isinstance(cell, (set, frozenset)):
        return sorted(cell, key=str)
    if isinstance(cell, (nw.Series,)):
        return cell.to_list()
    if isinstance(cell, (np.datetime64, np.timedelta64)):
        cell = cell.astype(f"{cell.dtype.kind}8[us]")  # of nanoseconds, Python has a number only
    if isinstance(cell, np.generic):
        cell = cell.item()
    if is_missing(cell):
        return None
    if isinstance(cell, Enum) and not isinstance(cell, (str, int, float)):
        return cell.name
    if isinstance(cell, UUID) or _is_of_pandas(cell, "Interval"):
        return str(cell)
    if _is_of_pandas(cell, "Period"):
        return cell.to_timestamp()  # type: ignore[attr-defined]  # pandas need not be installed
    return cell


def _is_of_pandas(cell: object, name: str) -> bool:
    kind = type(cell)
    return kind.__name__ == name and kind.__module__.partition(".")[0] == "pandas"
