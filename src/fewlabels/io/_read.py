"""Read a table in the format that its file name ends with, or that is named."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io import _databases, _jsonlines, _npz, _sheets, _text
from fewlabels.io._formats import (
    STANDARD,
    check_input,
    named_format,
    parquet_module,
    split_part,
    table_format,
)
from fewlabels.io._source import Source, source_in_archive
from fewlabels.io._table import Progress, Reading, Table, setting


def read_table(
    path: str | os.PathLike[str],
    *,
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    missing: Iterable[str] | None = None,
    file_format: str | None = None,
    progress: Progress | None = None,
) -> Table:
    r"""Read a table from a file of any common format.

    Text tables (.csv, .tsv, .tab, .txt), JSON arrays of objects (.json) and JSON Lines (.jsonl,
    .ndjson), each also with .gz; Parquet (.parquet), Arrow and Feather (.arrow, .feather), NumPy
    archives (.npz), workbooks (.xlsx, .xls, .ods), SQLite and DuckDB files, and a ZIP
    archive with one of these. In JSON, what Label Studio, Prodigy, doccano and Argilla export is
    made rows with a column of labels.

    Parameters
    ----------
    path : str or path-like
        The ending tells the format. A sheet, a table of a database or a file in a ZIP archive is
        named after two colons: ``book.xlsx::May``, ``shop.db::orders``. ``-`` is standard input.
    separator : str, optional
        The character between the cells of a text table; found out where it isn't said.
    encoding : str, optional
        Of text, such as ``"cp1252"``. Found out where it isn't said: UTF-8, UTF-16, or else a
        guess, which is among the table's warnings.
    decimal : {",", "."}, optional
        The decimal mark of numbers that are text; found out for each column where it isn't said.
    missing : iterable of str, optional
        Cells that are missing beside the empty ones, without case. By default spellings such as
        "n/a" are, in columns that are numbers otherwise.
    file_format : str, optional
        The format, if it isn't that of the name; needed for standard input.
    progress : callable, optional
        Called now and then with the share that has been read, from 0 to 1.

    Returns
    -------
    Table

    Raises
    ------
    DataFileError
        If the file is missing, empty, of another format or damaged; names the line.
    InvalidInputError
        If a setting is none of those above.
    MissingDependencyError
        If a package that reads the format is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import read_table
    >>> path = Path(tempfile.mkdtemp()) / "shoes.csv"
    >>> _ = path.write_text("price;kind\n12,90;clog\n990,00;\n")
    >>> table = read_table(path)
    >>> table.names, table.n_rows
    (('price', 'kind'), 2)
    """
    _check_settings(separator, encoding, decimal)
    source = _source(path, file_format)
    with explaining_errors(source.path, writing=False, raising=DataFileError):
        table = _read(source, separator, encoding, progress)
    table.notes = (*source.notes, *table.notes)
    words = None if missing is None else frozenset(word.strip().casefold() for word in missing)
    table.reading = Reading(decimal, words)
    return table


def _check_settings(separator: str | None, encoding: str | None, decimal: str | None) -> None:
    if decimal not in (None, ",", "."):
        raise InvalidInputError(
            f"decimal must be ',' or '.', got {decimal!r}.", parameter="decimal"
        )
    if separator is not None and (len(separator) != 1 or separator in '"\r\n'):
        raise InvalidInputError(
            f"separator must be one character, and no quote or line end, got {separator!r}.",
            parameter="separator",
        )
    if encoding is not None:
        try:
            known = codecs.lookup(encoding)
            "".encode(known.name)
        except (LookupError, ValueError, AssertionError):
            raise InvalidInputError(
                f"{setting('encoding', encoding)} is not known. Use a name such as 'utf-8', "
                "'utf-16', 'cp1252', 'latin-1' or 'shift_jis'.",
                parameter="encoding",
            ) from None


def _source(path: str | os.PathLike[str], file_format: str | None) -> Source:
    if os.fspath(path) == STANDARD:
        if file_format is None:
            raise DataFileError(
                "can't tell the format of standard input. Say which it is, such as "
                f"{setting('file_format', 'csv')}."
            )
        form = named_format(file_format, writing=False)
        return Source("standard input", Path(STANDARD), form, data=_standard_input())
    if file_format is None:
        check_input(path)
    file, part = split_part(path)
    if file_format is not None:
        form = named_format(file_format, writing=False)
        packed = file.suffix.lower() == ".gz"
        return Source(str(path), file, replace(form, packed=packed), part=part)
    if file.suffix.lower() == ".zip":
        with explaining_errors(file, writing=False, raising=DataFileError):
            return source_in_archive(file, part)
    return Source(str(path), file, table_format(file, writing=False), part=part)


def _standard_input() -> bytes:
    stream: IO[bytes] | None = getattr(sys.stdin, "buffer", None)
    data = b"" if stream is None else stream.read()
    if not data:
        raise DataFileError("standard input is empty. Give a table with names and data.")
    return data


def _read(
    source: Source, separator: str | None, encoding: str | None, progress: Progress | None
) -> Table:
    name = source.form.name
    if name == "csv":
        return _text.read_text(source, separator=separator, encoding=encoding, progress=progress)
    if separator is not None:
        raise InvalidInputError(
            f"separator belongs to tables of text (CSV, TSV), and {source.name} is none. Leave "
            "it out.",
            parameter="separator",
        )
    if name == "jsonl":
        return _jsonlines.read_json_lines(source, encoding, progress)
    if name == "json":
        return _jsonlines.read_json(source, encoding, progress)
    if encoding is not None:
        raise InvalidInputError(
            f"encoding belongs to files of text (CSV, TSV, JSON), and {source.name} is none. "
            "Leave it out.",
            parameter="encoding",
        )
    if name == "sheet":
        return _sheets.read_sheet(source)
    if name == "database":
        return _databases.read_database(source)
    if name == "npz":
        return _npz.read_npz(source.path, source.in_memory())
    parquet = parquet_module()
    if name == "arrow":
        from fewlabels.io import _arrow  # needs pyarrow, an extra

        return _arrow.read_arrow(source)
    table: Table = parquet.read_parquet(source.path, source.in_memory())
    return table
