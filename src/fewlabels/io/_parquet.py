"""Parquet tables, through Apache Arrow: types and metadata stay as they came."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fewlabels._damage import reason, refusing_damage
from fewlabels._typing import Cells, Frame, Objects, Package
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text, plain_floats, text_of_bytes
from fewlabels.io._dates import array_dates
from fewlabels.io._nesting import MOST_LEVELS, about_opened, opened
from fewlabels.io._parquet_size import checked_batches
from fewlabels.io._table import Block, Numbers, Table, View, check_unique
from fewlabels.io._views import array_view, list_view, object_view


class ParquetTable(Table):
    """A table of Arrow columns: `arrow` as they came, each field of a structure a column here."""

    reads_cells = True

    def __init__(self, path: str, table: Frame) -> None:
        check_unique(path, table.column_names)
        self.arrow = table
        columns = dict(zip(table.column_names, table.columns, strict=True))
        self._columns, structures = opened(columns, _keys, _fields)
        super().__init__(path, list(self._columns), table.num_rows)
        self.notes = about_opened(structures)

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns, and the structures that they came in, which an Arrow file keeps."""
        return tuple(dict.fromkeys((*self.names, *self.arrow.column_names)))

    def values(self, name: str) -> Cells:
        """Return the values of a column as Python's; None where null."""
        with self._as_python(name):
            return _plain(self._columns[name])

    def as_they_came(self) -> dict[str, Cells]:
        """Return the values of all columns, structures whole."""
        found = {}
        for name in self.arrow.column_names:
            with self._as_python(name):
                found[name] = _plain(self.arrow.column(name))
        return found

    def cell(self, name: str, row: int) -> Frame:
        """Return one of :meth:`values`."""
        with self._as_python(name):
            return _plain(self._columns[name].slice(row, 1))[0]

    @contextlib.contextmanager
    def _as_python(self, name: str) -> Iterator[None]:
        """Raise a clear error where Arrow holds what Python can't, such as the year 20000."""
        try:
            yield
        except (OverflowError, ValueError) as error:
            raise DataFileError(
                f"{self.path}: column {name!r} holds a value that can't be read: {reason(error)}. "
                "Dates are of the years 1 to 9999. Write such values as text, or leave the column "
                "out."
            ) from error

    def head(self, n_rows: int) -> ParquetTable:
        """Return the first rows."""
        other = copy.copy(self)
        other.arrow = self.arrow.slice(0, n_rows)
        other._columns = {name: each.slice(0, n_rows) for name, each in self._columns.items()}
        other.n_rows = len(other.arrow)
        return other

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        column = self._columns[name]
        kind = column.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            if self.reading.missing:
                return object_view(self.values(name), self.reading)
            return Numbers(column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64))
        if pa.types.is_timestamp(kind):
            return array_dates(_on_the_wall(column).to_numpy())
        if pa.types.is_duration(kind):
            return array_view(column.to_numpy())
        if _is_list_of_numbers(kind):
            return _list_block(column)
        return object_view(self.values(name), self.reading, lambda: self.decimal_mark)


def _keys(column: Frame) -> list[str]:
    """Return the names of the fields of structures; none if it holds none, or too deep ones."""
    kind = column.type
    return [field.name for field in kind] if 0 < _levels(kind) <= MOST_LEVELS else []


def _levels(kind: Package) -> int:
    """Return how many levels of structures a type has."""
    if not pa.types.is_struct(kind):
        return 0
    return 1 + max((_levels(field.type) for field in kind), default=0)


def _fields(column: Frame, _: Objects) -> list[Frame]:
    """Return the fields of a column of structures; null where the structure is."""
    return [pa.compute.struct_field(column, [place]) for place in range(column.type.num_fields)]


def _plain(column: Frame) -> Cells:
    """Return what an Arrow column holds as Python values."""
    if pa.types.is_float16(column.type) or pa.types.is_float32(column.type):
        plain = plain_floats(column.to_numpy())
        nulls = column.is_null().to_pylist()
        return [None if null else value for null, value in zip(nulls, plain, strict=True)]
    return list(text_of_bytes(column.to_pylist()))


def _is_list_of_numbers(kind: Package) -> bool:
    is_list = (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )
    return bool(
        is_list and (pa.types.is_integer(kind.value_type) or pa.types.is_floating(kind.value_type))
    )


def _list_block(column: Frame) -> View:
    """Return embeddings and the like at once: as many numbers in each row."""
    lengths = set(pa.compute.list_value_length(column).to_pylist())
    if len(lengths) != 1 or lengths & {None, 0}:
        return list_view(column.to_pylist())
    flat = pa.compute.list_flatten(column)
    dtype = np.float32 if pa.types.is_float32(flat.type) else np.float64
    return Block(flat.to_numpy().astype(dtype).reshape(len(column), -1))


def _on_the_wall(column: Frame) -> Frame:
    """Return times as the clock shows them where they were taken, to the microsecond."""
    if column.type.tz is not None:
        column = pa.compute.local_timestamp(column)
    return column.cast(pa.timestamp("us"), safe=False)


def read_parquet(path: Path, source: IO[bytes] | None = None) -> ParquetTable:
    """Read one Parquet file, from `source` if given; nothing in it is followed unchecked."""
    advice = "Give a whole Parquet file, or the ending that its kind has (.csv, .jsonl, .npz)."
    with refusing_damage(path, DataFileError, advice, kind="Parquet", also=(pa.ArrowException,)):
        # not read_table, which makes columns of folder names such as "year=2026"
        with pq.ParquetFile(source or path, page_checksum_verification=True) as file:
            groups = range(file.metadata.num_row_groups)
            batches = list(checked_batches(path, file, groups, source=source))
            schema = batches[0].schema if batches else file.schema_arrow
            table = pa.Table.from_batches(batches, schema)
            table = table.replace_schema_metadata(file.schema_arrow.metadata)
        if table.num_rows != file.metadata.num_rows:
            raise ValueError(f"{file.metadata.num_rows:,} rows are due, {table.num_rows:,} came")
        table.validate(full=True)
        return ParquetTable(str(path), table)


def write_parquet(file: IO[bytes], table: object, added: Mapping[str, object]) -> None:
    """Write an Arrow table with the added columns."""
    pq.write_table(with_columns(table, added), file, write_page_checksum=True)


def with_columns(table: Frame, added: Mapping[str, object]) -> Frame:
    """Return an Arrow table with the added columns."""
    for name, values in added.items():
        table = table.append_column(name, arrow_column(values))
    return table


def arrow_table(columns: Mapping[str, object]) -> Frame:
    """Return an Arrow table of any columns."""
    return pa.table({name: arrow_column(values) for name, values in columns.items()})


def arrow_column(values: Frame) -> Frame:
    """Return an Arrow column of an array, or of Python values; as text where Parquet has no type.

    So it is where they are mixed, beyond 64 bits, complex, or nested deeper than Parquet can be.
    """
    try:
        column = _arrow_array(values)
        if pa.types.is_nested(column.type):
            # written without a row, and opened again, which has limits of its own
            trial = pa.BufferOutputStream()
            pq.write_table(pa.table({"x": column.slice(0, 0)}), trial)
            pq.ParquetFile(pa.BufferReader(trial.getvalue())).close()
        return column
    except _NO_TYPE:
        plain = values.tolist() if isinstance(values, np.ndarray) and values.ndim > 1 else values
        return pa.array([None if value is None else as_text(value) for value in plain], pa.string())


# What pyarrow raises over values that it has no type for.
_NO_TYPE = (
    pa.ArrowException,
    ValueError,
    TypeError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    OSError,
)


def _arrow_array(values: object) -> Frame:
    if isinstance(values, np.ndarray) and values.ndim > 1:
        flat = pa.array(np.ascontiguousarray(values).reshape(-1))
        return pa.FixedSizeListArray.from_arrays(flat, int(np.prod(values.shape[1:])))
    return pa.array(values)
