"""Whether a format can hold the values of a table, told before any work is done for it."""

from __future__ import annotations

import math
import os
from pathlib import Path

from fewlabels._memory import require_memory
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text
from fewlabels.io._formats import named_format, table_format, workbook_module
from fewlabels.io._jsonlines import JsonLinesTable
from fewlabels.io._npz import NpzTable
from fewlabels.io._table import Table, row_list

# Columns that a model adds.
_MOST_ADDED = 7


def check_writable(
    table: Table, path: str | os.PathLike[str], *, file_format: str | None = None
) -> None:
    r"""Raise if the format of a file can't store the values of a table.

    CSV, TSV and Parquet hold everything, some of it as text. JSON has no infinity; text in NPZ
    arrays ends before its last zero characters, and takes the room of the longest in each row.
    A sheet of a workbook has limits.

    Parameters
    ----------
    table : Table
    path : str or path-like
        The ending tells the format.
    file_format : str, optional
        The format, if there is no name to determine it.

    Raises
    ------
    DataFileError
        Names the column and the row.
    NotEnoughMemoryError
        If the columns of text in an NPZ file would not fit the free memory.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import check_writable, read_table
    >>> path = Path(tempfile.mkdtemp()) / "shoes.csv"
    >>> _ = path.write_text("kind,price\nclog,12\nboot,90\n")
    >>> check_writable(read_table(path), "shoes.parquet")  # it can
    """
    if file_format is None:
        form = table_format(Path(path), writing=True).name
    else:
        form = named_format(file_format, writing=True).name
    if form in ("json", "jsonl") and not (table.untyped or isinstance(table, JsonLinesTable)):
        for name in table.names:
            _check_finite(table, name)
    if form == "sheet":
        workbooks = workbook_module()
        workbooks.check_sheet(table.path, table.taken, table.n_rows, _MOST_ADDED)
        for name in table.names:
            workbooks.check_texts(table.path, name, table.values(name))
    if form == "npz" and not isinstance(table, NpzTable):
        for name in table.names:
            _check_text(table, name)


def _check_finite(table: Table, name: str) -> None:
    for row, value in enumerate(table.values(name)):
        if _is_infinite(value):
            raise DataFileError(
                f"column {name!r} of {table.path} holds an infinite number ({row_list([row])}), "
                "which JSON does not know. Write another format (-o out.csv), or leave the cell "
                "empty."
            )


def _is_infinite(value: object) -> bool:
    if isinstance(value, float):
        return math.isinf(value)
    if isinstance(value, list):
        return any(map(_is_infinite, value))
    return isinstance(value, dict) and any(map(_is_infinite, value.values()))


def _check_text(table: Table, name: str) -> None:
    longest, has_text = 0, False
    for row, value in enumerate(table.values(name)):
        text = as_text(value)
        longest, has_text = max(longest, len(text)), has_text or not _is_number(value)
        if text.endswith("\0"):
            raise DataFileError(
                f"column {name!r} of {table.path} holds text that ends with a zero character "
                f"({row_list([row])}), which NPZ drops. Write another format (-o out.csv)."
            )
    if "\0" in name:
        raise DataFileError(
            f"column {name!r} of {table.path} has a zero character in its name, which NPZ cuts "
            "off there. Write another format (-o out.csv), or rename it."
        )
    if has_text:
        require_memory(
            4 * longest * table.n_rows,
            f"column {name!r} of {table.path}, in NPZ as wide in each row as its longest text,",
            "Write another format (-o out.csv).",
        )


def _is_number(value: object) -> bool:
    return value is None or isinstance(value, (int, float))
