"""Tables in workbooks of spreadsheet programs: Excel's .xlsx and .xls, and .ods."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from fewlabels._memory import available_memory
from fewlabels.exceptions import DataFileError, MissingDependencyError, NotEnoughMemoryError
from fewlabels.io._objects import ObjectTable
from fewlabels.io._sheet_size import largest_sheet
from fewlabels.io._source import Source
from fewlabels.io._table import is_blank, quoted
from fewlabels.io._views import as_text

# An empty cell of the reader's array and of Python's lists.
_CELL_BYTES = 40


def read_sheet(source: Source) -> ObjectTable:
    """Read one sheet, whose first filled row holds the names; rows without a value are no rows.

    Workbooks hold all numbers as floats; whole ones are read as integers. Cells with an error
    (#N/A, #DIV/0!) are empty.
    """
    name, found, notes = _cells(source)
    rows = [row for row in found if not all(is_blank(cell) for cell in row)]
    if not rows:
        raise DataFileError(f"{source.name}, sheet {name!r}, is empty. Name another sheet.")
    header, *rest = rows
    used = [
        column
        for column, title in enumerate(header)
        if not is_blank(title) or any(not is_blank(row[column]) for row in rest)
    ]
    titles = [_title(header[column], column) for column in used]
    if 2 * sum(is_blank(header[column]) for column in used) > len(used):
        raise DataFileError(
            f"{source.name}, sheet {name!r}: the first row has fewer names than there are columns; "
            "it looks like a title. Delete the rows above the names."
        )
    twice = {title for title in titles if titles.count(title) > 1}
    if twice:
        raise DataFileError(
            f"{source.name}, sheet {name!r}, has more than one column named "
            f"{quoted(sorted(twice))}. Give each column its own name."
        )
    columns = {
        title: [_plain(row[column]) for row in rest]
        for title, column in zip(titles, used, strict=True)
    }
    table = ObjectTable(source.name, columns)
    table.notes = notes
    return table


def _cells(source: Source) -> tuple[str, Sequence[Sequence[Any]], tuple[str, ...]]:
    try:
        import python_calamine as calamine  # an extra, loaded when a workbook is opened
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "workbooks (.xlsx, .ods) need python-calamine, which is not installed: "
            "pip install 'fewlabels[cli]'. Or save the sheet as CSV."
        ) from None
    _check_size(source)
    # what the parts of calamine raise for files that are damaged or of another kind
    damaged = (calamine.CalamineError, OSError, ValueError)
    try:
        with calamine.CalamineWorkbook.from_object(source.in_memory() or source.path) as book:
            names = [meta.name for meta in book.sheets_metadata if "Visible" in str(meta.visible)]
            names = names or list(book.sheet_names)
            if source.part is not None and source.part not in book.sheet_names:
                raise DataFileError(
                    f"{source.path} has no sheet {source.part!r}. Its sheets are {quoted(names)}."
                )
            if not names:
                raise DataFileError(f"{source.name} has no sheet. Make the file anew.")
            name = source.part or names[0]
            cells = book.get_sheet_by_name(name).to_python()
    except damaged as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(
            f"{source.name} can't be read as a workbook: {error}. Save it anew, or as CSV."
        ) from None
    if source.part is not None or len(names) == 1:
        return name, cells, (f"sheet {name!r}",)
    others = quoted([other for other in names if other != name])
    return name, cells, (f"sheet {name!r}, the first (for another: {source.path}::{others})",)


def _check_size(source: Source) -> None:
    with source.open() as (file, _):
        rows, columns = largest_sheet(io.BytesIO(file.read()) if source.member else file)
    needed = rows * columns * _CELL_BYTES
    if needed > available_memory():
        raise NotEnoughMemoryError(
            f"{source.name} has a sheet of {rows:,} rows and {columns:,} columns, which takes "
            f"{needed / 1e9:,.1f} GB. If most of it is empty, delete the cells that lie far from "
            "the table, or save the sheet as CSV."
        )


def _title(cell: Any, column: int) -> str:
    return f"Unnamed: {column}" if is_blank(cell) else as_text(_plain(cell)).strip()


def _plain(cell: Any) -> Any:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return None if cell == "" else cell
