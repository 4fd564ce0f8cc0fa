"""Tables in workbooks of spreadsheet programs: Excel's .xlsx and .xls, and .ods."""

from __future__ import annotations

import contextlib
import datetime
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from fewlabels._memory import available_memory
from fewlabels._typing import Cells, Objects, Package
from fewlabels.exceptions import DataFileError, MissingDependencyError, NotEnoughMemoryError
from fewlabels.io._cells import as_text
from fewlabels.io._dates import day_of
from fewlabels.io._objects import ObjectTable
from fewlabels.io._sheet_formulas import Formulas, formulas_of
from fewlabels.io._sheet_hidden import n_hidden_rows
from fewlabels.io._sheet_size import largest_sheet
from fewlabels.io._sheet_spans import Span, spans_of
from fewlabels.io._source import Source
from fewlabels.io._spelled import is_missing_word
from fewlabels.io._table import counted, is_blank, quoted
from fewlabels.io._titles import about_title, n_title_lines, own_names

# What spreadsheet programs keep of a number.
_DIGITS = 15
# An empty cell of the reader's array and of Python's lists.
_CELL_BYTES = 40

_OF_A_DAY_OR_MORE = re.compile(r"PT(\d+)H(\d+)M(\d+(?:\.\d+)?)S")


@dataclass(frozen=True)
class _Sheet:
    """The cells of a sheet, and where else in the workbook the table might be.

    Attributes
    ----------
    name : str
    cells : sequence of rows
    others : tuple of str
        The other sheets, where none was asked for.
    notes : tuple of str
    formulas : Formulas
    """

    name: str
    cells: Sequence[Objects]
    others: tuple[str, ...]
    notes: tuple[str, ...]
    formulas: Formulas


def read_sheet(source: Source) -> ObjectTable:
    """Read one sheet, whose first filled row holds the names; rows without a value are no rows.

    Lines above the names are left out where it is plain that they are a title. Workbooks hold all
    numbers as floats; whole ones are read as integers. Cells with an error (#N/A, #DIV/0!) are
    empty. A cell that goes over several rows is in each of them.

    Raises
    ------
    DataFileError
        If no program has worked out the formulas of the sheet; if names are missing.
    """
    with _seekable(source) as file:
        sheet = _opened(source, file)
    hint = _elsewhere(source, sheet)
    warnings = _checked_formulas(source, sheet)
    rows = [row for row in sheet.cells if not all(is_blank(cell) for cell in row)]
    if not rows:
        raise DataFileError(f"{source.name}, sheet {sheet.name!r}, is empty. {hint}".rstrip())
    above = n_title_lines(rows)
    title, header, rest = rows[:above], rows[above], rows[above + 1 :]
    used = [
        column
        for column, name in enumerate(header)
        if not is_blank(name) or any(not is_blank(row[column]) for row in rest)
    ]
    titles = [_title(header[column], column) for column in used]
    if 2 * sum(is_blank(header[column]) for column in used) > len(used):
        raise DataFileError(
            f"{source.name}, sheet {sheet.name!r}: the first row has fewer names than there are "
            f"columns; it looks like a title. Delete the rows above the names. {hint}".rstrip()
        )
    titles, numbered = own_names(titles)
    columns = {
        title: _durations_alike([_plain(row[column]) for row in rest])
        for title, column in zip(titles, used, strict=True)
    }
    if not rest:
        raise DataFileError(
            f"{source.name}, sheet {sheet.name!r}, has columns ({quoted(titles)}) but no rows. "
            f"{hint or 'Give a table with data.'}"
        )
    table = ObjectTable(source.name, columns)
    about = about_title(title) if title else ""
    table.notes = (*sheet.notes, *filter(None, (about, numbered)))
    table.warnings = (*warnings, *filter(None, map(_about_digits, columns, columns.values())))
    table.elsewhere = hint
    return table


@contextlib.contextmanager
def _seekable(source: Source) -> Iterator[IO[bytes]]:
    """Open the bytes of a workbook as a file that can be sought in."""
    with source.open() as (file, _):
        yield io.BytesIO(file.read()) if source.member else file


def _opened(source: Source, file: IO[bytes]) -> _Sheet:
    try:
        import python_calamine as calamine  # an extra, loaded when a workbook is opened
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "workbooks (.xlsx, .ods) need python-calamine, which is not installed: "
            "pip install 'fewlabels[cli]'. Or save the sheet as CSV."
        ) from None
    _check_size(source, file)
    # what the parts of calamine raise for files that are damaged or of another kind
    damaged = (calamine.CalamineError, OSError, ValueError)
    try:
        with calamine.CalamineWorkbook.from_object(source.in_memory() or source.path) as book:
            shown = calamine.SheetVisibleEnum.Visible
            names = [meta.name for meta in book.sheets_metadata if meta.visible == shown]
            names = names or list(book.sheet_names)
            if source.part is not None and source.part not in book.sheet_names:
                raise DataFileError(
                    f"{source.path} has no sheet {source.part!r}. Its sheets are {quoted(names)}."
                )
            if not names:
                raise DataFileError(f"{source.name} has no sheet. Make the file anew.")
            name = source.part or names[0]
            cells, n_merged = _filled_down(book.get_sheet_by_name(name), spans_of(file, name))
    except damaged as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(_why_not(source.name, file, error)) from None
    others = () if source.part else tuple(other for other in names if other != name)
    note = f"sheet {name!r}"
    if others:
        note += f", the first (for another: {source.path}::{quoted(others)})"
    merged = f"{counted(n_merged, 'cell')} over several rows, whose value is taken for each of them"
    n_hidden = n_hidden_rows(file, name)
    hidden = f"{counted(n_hidden, 'hidden row')}, read as the others are"
    found = formulas_of(file, name)
    errors = f"{counted(found.n_errors, 'cell')} with an error (such as #N/A), read as empty"
    said = ((merged, n_merged), (hidden, n_hidden), (errors, found.n_errors))
    notes = (note, *(line for line, number in said if number))
    return _Sheet(name, cells, others, notes, found)


def _why_not(name: str, file: IO[bytes], error: Exception) -> str:
    """Say why a workbook can't be read: most are packed, and their list of parts is at the end."""
    file.seek(0)
    begins_as_packed = file.read(4) == b"PK\x03\x04"
    file.seek(0)
    if begins_as_packed and not zipfile.is_zipfile(file):
        return (
            f"{name} is cut off: it begins as a workbook, and its end is missing. Copy or download "
            "it again."
        )
    if isinstance(error, zipfile.BadZipFile) or "zip" in str(error).lower():
        return f"{name} is no workbook, or a damaged one. Save it anew, or as CSV."
    return f"{name} can't be read as a workbook: {error}. Save it anew, or as CSV."


def _filled_down(sheet: Package, spans: list[Span]) -> tuple[list[Cells], int]:
    """Return the cells, those that were merged over several rows in each of them, and how many."""
    cells = sheet.to_python()
    merged = spans or sheet.merged_cell_ranges or ()  # of .ods it tells none
    top, left = sheet.start or (0, 0)
    n_merged = 0
    for (first, column), (last, last_column) in merged:
        if first == last or column != last_column:
            continue  # over several columns: a title
        place, row = column - left, first - top
        if not (0 <= row < len(cells) and 0 <= place < len(cells[row])):
            continue
        n_merged += 1
        for below in cells[row + 1 : last - top + 1]:
            below[place] = cells[row][place]
    return cells, n_merged


def _elsewhere(source: Source, sheet: _Sheet) -> str:
    """Say how to name another sheet, if there is one."""
    if not sheet.others:
        return ""
    verb = "is the first sheet" if len(sheet.others) == 1 else "is the first sheet of several"
    return (
        f"{sheet.name!r} {verb}; the others are {quoted(sheet.others)}. To read one of them: "
        f"{source.path}::{sheet.others[0]}"
    )


def _checked_formulas(source: Source, sheet: _Sheet) -> tuple[str, ...]:
    """Raise if formulas have no values; return what to say if these may be old."""
    found = sheet.formulas
    instead = "or write values in their place."
    if found.n_without:
        where = f", the first in {found.first_without}" if found.first_without else ""
        raise DataFileError(
            f"{source.name}, sheet {sheet.name!r}: {counted(found.n_without, 'cell')} with a "
            f"formula that no program has worked out{where}; they would be read as empty. Open "
            f"the file in Excel or LibreOffice and save it, {instead}"
        )
    if found.n_formulas and found.asks_for_values:
        return (
            f"{source.name}, sheet {sheet.name!r}, has {counted(found.n_formulas, 'formula')}, and "
            "was written by a program that leaves it to others to work them out: their values may "
            f"be nought, or old. Open the file in Excel or LibreOffice, have all worked out anew "
            f"(Ctrl+Alt+F9; in LibreOffice Ctrl+Shift+F9) and save it, {instead}",
        )
    return ()


def _check_size(source: Source, file: IO[bytes]) -> None:
    rows, columns = largest_sheet(file)
    needed = rows * columns * _CELL_BYTES
    if needed > available_memory():
        raise NotEnoughMemoryError(
            f"{source.name} has a sheet of {rows:,} rows and {columns:,} columns, which takes "
            f"{needed / 1e9:,.1f} GB. If most of it is empty, delete the cells that lie far from "
            "the table, or save the sheet as CSV."
        )


def _title(cell: object, column: int) -> str:
    return f"Unnamed: {column}" if is_blank(cell) else as_text(_plain(cell)).strip()


def _plain(cell: object) -> object:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return None if cell == "" else cell


def _about_digits(name: str, cells: Cells) -> str:
    """Say that whole numbers may have lost their last digits; empty if they are short enough.

    Beyond 2^53 the reader loses them. Spreadsheet programs keep 15 digits, and write a nought for
    each that follows; times in microseconds are as long, and often end with three.
    """
    long = [
        cell
        for cell in cells
        if isinstance(cell, (int, float)) and abs(cell) >= 10**_DIGITS and float(cell).is_integer()
    ]
    lost = any(abs(cell) >= 2**53 for cell in long)
    cut = long and all(int(cell) % 10 == 0 for cell in long) and any(int(c) % 1000 for c in long)
    if not (lost or cut):
        return ""
    return (
        f"column {name!r} holds whole numbers of more than {_DIGITS} digits "
        f"({counted(len(long), 'cell')}), and workbooks keep no more: the last digits may not be "
        "those that were meant. If these are ids, have them written as text"
    )


def _durations_alike(cells: Cells) -> Cells:
    """Return durations as such: of .ods files come those below a day as times, others as text."""
    if not any(isinstance(cell, str) and _OF_A_DAY_OR_MORE.fullmatch(cell) for cell in cells):
        return cells
    found = [None if is_missing_word(cell) else _as_duration(cell) for cell in cells]
    if all(cell is None or isinstance(cell, datetime.timedelta) for cell in found):
        return found
    return cells


def _as_duration(cell: object) -> object:
    if isinstance(cell, datetime.time):
        return datetime.timedelta(days=day_of(cell))
    match = _OF_A_DAY_OR_MORE.fullmatch(cell) if isinstance(cell, str) else None
    if match is None:
        return cell
    hours, minutes, seconds = match.groups()
    return datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
