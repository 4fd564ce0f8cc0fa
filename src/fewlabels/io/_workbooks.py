"""Write a table as a workbook (.xlsx), whose cells mean what they meant in the table."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO

import xlsxwriter

from fewlabels._typing import Package
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text
from fewlabels.io._table import is_blank, row_list

# What a sheet of Excel holds.
MOST_ROWS, MOST_COLUMNS, LONGEST_TEXT = 1_048_576, 16_384, 32_767
# Integers beyond are not all numbers of a workbook, which has floats alone.
_LARGEST = 2**53
_WIDTH = 14  # of columns, in characters
_FIRST_DAY = datetime.date(1900, 3, 1)  # the calendar of Excel has a 29th of February before it
_FORMATS = {datetime.date: "yyyy-mm-dd", datetime.datetime: "yyyy-mm-dd hh:mm:ss"}


def write_workbook(file: IO[bytes], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under their names to the one sheet of a workbook.

    Text stays text, also if it begins as a formula or an address does. Numbers that a workbook
    can't hold (integers beyond 2^53, infinity), times and dates with a time zone or before March
    1900 are written as text; lists are as in CSV.

    Parameters
    ----------
    file : binary file
    names : sequence of str
    rows : iterable of sequences
        Python values; None and NaN are empty cells.
    """
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    # the same table makes the same file
    book.set_properties({"created": datetime.datetime(2000, 1, 1)})
    formats: dict[type, Package] = {
        kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()
    }
    sheet = book.add_worksheet()
    sheet.set_column(0, len(names) - 1, _WIDTH)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, name in enumerate(names):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _write(sheet, number, column, value, formats)
    book.close()


def _write(
    sheet: Package, row: int, column: int, value: Package, formats: dict[type, Package]
) -> None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif _is_number(value):
        sheet.write_number(row, column, value)
    elif type(value) in formats and _is_date(value):
        sheet.write_datetime(row, column, value, formats[type(value)])
    else:
        sheet.write_string(row, column, as_text(value))


def _is_number(value: object) -> bool:
    """Tell whether a workbook holds this number as it is."""
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    if isinstance(value, Decimal):
        return value.is_finite() and Decimal(float(value)) == value
    return isinstance(value, float) and math.isfinite(value)


def _is_date(value: datetime.date) -> bool:
    if isinstance(value, datetime.datetime):
        # milliseconds are the finest that the dates of a workbook keep
        return value.tzinfo is None and value.date() >= _FIRST_DAY and not value.microsecond % 1000
    return value >= _FIRST_DAY


def check_sheet(path: str, names: Sequence[str], n_rows: int, n_added: int) -> None:
    """Raise if a table has more rows or columns than a sheet."""
    if n_rows + 1 > MOST_ROWS or len(names) + n_added > MOST_COLUMNS:
        raise DataFileError(
            f"{path} has {n_rows:,} rows and {len(names):,} columns; a sheet holds "
            f"{MOST_ROWS - 1:,} and {MOST_COLUMNS:,}. Write another format (-o out.csv)."
        )


def check_texts(path: str, name: str, values: Iterable[object]) -> None:
    """Raise if a text is too long for a cell."""
    for row, value in enumerate(values):
        if is_blank(value) or isinstance(value, (int, float)):
            continue
        length = len(as_text(value))
        if length > LONGEST_TEXT:
            raise DataFileError(
                f"column {name!r} of {path} holds a text of {length:,} characters "
                f"({row_list([row])}); a cell of a workbook holds {LONGEST_TEXT:,}. Write another "
                "format (-o out.csv)."
            )
