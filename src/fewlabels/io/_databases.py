"""Tables and views in SQLite and DuckDB files, which are only read."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence

from fewlabels.exceptions import DataFileError, MissingDependencyError
from fewlabels.io._nesting import about_opened, opened
from fewlabels.io._objects import ObjectTable
from fewlabels.io._source import Source
from fewlabels.io._table import quoted

_SQLITE = b"SQLite format 3\0"
_DUCKDB = b"DUCK"  # after eight bytes of a checksum


def read_database(source: Source) -> ObjectTable:
    """Read the table (or view) that is named, or the only one."""
    with source.path.open("rb") as file:
        head = file.read(16)
    if head == _SQLITE:
        return _read_sqlite(source)
    if head[8:12] == _DUCKDB:
        return _read_duckdb(source)
    raise DataFileError(
        f"{source.path} is neither an SQLite nor a DuckDB file. Give one of these, or the ending "
        "that its kind has (.csv, .parquet)."
    )


def _read_sqlite(source: Source) -> ObjectTable:
    place = f"{source.path.absolute().as_uri()}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(place, uri=True)) as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') "
                "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            )
            name = _chosen(source, [row[0] for row in found])
            cursor = connection.execute(f"SELECT * FROM {_in_quotes(name)}")
            names = [column[0] for column in cursor.description]
            return _table(source, name, names, cursor.fetchall())
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise DataFileError(
            f"{source.path} can't be read as an SQLite file: {error}. Copy it whole, while "
            "nobody writes to it."
        ) from None


def _read_duckdb(source: Source) -> ObjectTable:
    try:
        import duckdb  # an extra, loaded when a DuckDB file is opened
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "DuckDB files need duckdb, which is not installed: pip install 'fewlabels[duckdb]'. "
            "Or export the table as Parquet."
        ) from None
    try:
        with duckdb.connect(str(source.path), read_only=True) as connection:
            found = connection.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = 'main' ORDER BY table_name"
            )
            name = _chosen(source, [row[0] for row in found.fetchall()])
            cursor = connection.execute(f"SELECT * FROM main.{_in_quotes(name)}")
            names = [column[0] for column in cursor.description or ()]
            return _table(source, name, names, cursor.fetchall())
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DataFileError(
            f"{source.path} can't be read as a DuckDB file: {reason}. Close the program that has "
            "it open, or export the table as Parquet."
        ) from None


def _chosen(source: Source, names: Sequence[str]) -> str:
    if source.part is not None:
        if source.part in names:
            return source.part
        raise DataFileError(
            f"{source.path} has no table {source.part!r}. Its tables are {quoted(names)}."
        )
    if len(names) == 1:
        return names[0]
    if not names:
        raise DataFileError(f"{source.path} holds no table. Give a file with data.")
    raise DataFileError(
        f"{source.path} holds several tables: {quoted(names)}. Name one of them, as in "
        f"{source.path}::{names[0]}."
    )


def _table(
    source: Source, name: str, names: Sequence[str], rows: Sequence[Sequence[object]]
) -> ObjectTable:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    if len(set(names)) < len(names):
        raise DataFileError(f"{source.path}: the view {name!r} has several columns of one name.")
    cells, in_objects = opened(dict(zip(names, map(list, columns), strict=True)))
    table = ObjectTable(source.name, cells)
    table.notes = (f"table {name!r}", *about_opened(in_objects))
    return table


def _in_quotes(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
