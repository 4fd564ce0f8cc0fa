"""Write a table, with the columns that a model adds to it, in any of the formats."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
import numpy.typing as npt

from fewlabels._files import explaining_errors, replace_when_whole
from fewlabels._typing import Cells, Loaded, Objects, Package
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text
from fewlabels.io._formats import (
    STANDARD,
    TableFormat,
    named_format,
    parquet_module,
    table_format,
    workbook_module,
)
from fewlabels.io._jsonlines import JsonLinesTable, json_lines, write_json_lines
from fewlabels.io._npz import NpzTable, npz_column, write_npz
from fewlabels.io._table import Progress, Table, check_unique
from fewlabels.io._text import text_rows, write_text
from fewlabels.io._writable import check_writable

_Row = TypeVar("_Row")

_CHUNK = 4096

# Numbers, and no codes such as 007; a decimal one has a point or an exponent. Whether a float64
# or an int64 holds them is checked apart.
_INTEGER = re.compile(r"\+?(0|[1-9][0-9]*)|-[1-9][0-9]*")
_DECIMAL = re.compile(r"(?=.*[.eE])[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, eq=False)
class AddedColumns:
    """A model's answers for each row.

    Attributes
    ----------
    names : tuple of 4, 6 or 7 str
        The columns under which those below are written.
    label : list
        The class; None where the row has no answer.
    confidence, evidence : ndarray of shape (n_rows,)
    reached : ndarray of bool, shape (n_rows,)
    second : list, default=None
        The second most probable class; None where there is none.
    doubt : list of str, default=None
        Whether the answer is sure, and if not, what is missing. Both or neither are given.
    possible : list of str, default=None
        Of sets of classes, the classes that may be the true one.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels.io import AddedColumns
    >>> names = ("label", "confidence", "evidence", "reached")
    >>> sure, reached = np.array([1.0, 0.9]), np.array([True, True])
    >>> AddedColumns(names, ["cat", "dog"], sure, np.ones(2), reached).label
    ['cat', 'dog']
    """

    names: tuple[str, ...]
    label: Cells
    confidence: npt.NDArray[np.floating]
    evidence: npt.NDArray[np.floating]
    reached: npt.NDArray[np.bool_]
    second: Cells | None = None
    doubt: list[str] | None = None
    possible: list[str] | None = None

    def others(self) -> tuple[Objects, ...]:
        """The columns after the first four: classes, and words."""
        if self.second is None or self.doubt is None:
            return ()
        both = (self.second, self.doubt)
        return both if self.possible is None else (*both, self.possible)


def write_table(
    table: Table,
    added: AddedColumns,
    path: str | os.PathLike[str] | IO[bytes],
    *,
    file_format: str | None = None,
    replace: bool = True,
    progress: Progress | None = None,
) -> None:
    r"""Write a table with its added columns, completely or not at all.

    The original columns keep their values and their order. Where the format changes from one
    without types (CSV, TSV) to one with types, a column becomes numbers only if every cell keeps
    its value: ``007`` and integers beyond 64 bits stay text, and empty cells are missing.

    Parameters
    ----------
    table : Table
        As :func:`read_table` returned it.
    added : AddedColumns
    path : str, path-like or binary file
        The extension determines the format. An open file is written to.
    file_format : str, optional
        The format, if there is no name to determine it.
    replace : bool, default=True
        Whether a file that exists when the table is complete may be replaced.
    progress : callable, optional
        Called from time to time with the share written, from 0 to 1.

    Raises
    ------
    DataFileError
        If the file can't be written, or is there and may not be replaced, or can't hold what is
        in the table (see :func:`check_writable`); whatever stood at `path` is then untouched.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from fewlabels.io import AddedColumns, read_table, write_table
    >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
    >>> _ = path.write_text("weight,kind\n4,cat\n5,\n")
    >>> names = ("label", "confidence", "evidence", "reached")
    >>> sure, reached = np.array([1.0, 0.9]), np.array([True, True])
    >>> added = AddedColumns(names, ["cat", "cat"], sure, np.ones(2), reached)
    >>> write_table(read_table(path), added, path.with_name("labelled.csv"))
    >>> print(path.with_name("labelled.csv").read_text().splitlines()[-1])
    5,,cat,0.9,1,true
    """
    if not isinstance(path, (str, os.PathLike)):
        form = named_format(file_format or "csv", writing=True)
        check_unique("the output", [*table.taken, *added.names])
        check_writable(table, STANDARD, file_format=file_format or "csv")
        _write(path, form, table, added, progress)
        return
    path = Path(path)
    form = (
        table_format(path, writing=True)
        if file_format is None
        else named_format(file_format, writing=True)
    )
    check_unique(str(path), [*table.taken, *added.names])
    check_writable(table, path, file_format=file_format)
    try:
        with (
            explaining_errors(path, writing=True, raising=DataFileError),
            replace_when_whole(path, replace=replace) as file,
        ):
            _write(file, form, table, added, progress)
    except UnicodeEncodeError as error:
        raise DataFileError(f"{path} can't be written: {error.reason} (as UTF-8).") from None


def _write(
    file: IO[bytes],
    form: TableFormat,
    table: Table,
    added: AddedColumns,
    progress: Progress | None,
) -> None:
    if form.name == "csv":
        both = zip(text_rows(table), _added_text(added), strict=True)
        rows = (row + extra for row, extra in both)
        names = (*table.names, *added.names)
        counted = _counted(rows, table.n_rows, progress)
        write_text(file, names, counted, form.delimiter, packed=form.packed)
    elif form.name in ("json", "jsonl"):
        lines = _counted(_json_lines(table), table.n_rows, progress)
        values = _added_values(table, added)
        write_json_lines(
            file,
            lines,
            added.names,
            values,
            packed=form.packed,
            as_array=form.name == "json",
        )
    elif form.name == "npz":
        _write_npz(file, table, added)
    elif form.name == "sheet":
        cells = zip(*(_typed(table, name) for name in table.names), strict=True)
        both = zip(cells, _added_values(table, added), strict=True)
        rows = ((*row, *extra) for row, extra in both)
        counted = _counted(rows, table.n_rows, progress)
        workbook_module().write_workbook(file, (*table.names, *added.names), counted)
    else:
        _write_arrow(file, form, table, added)


def _counted(rows: Iterable[_Row], total: int, progress: Progress | None) -> Iterator[_Row]:
    for number, row in enumerate(rows):
        if progress is not None and number % _CHUNK == 0:
            progress(number / total)
        yield row


def _added_text(added: AddedColumns) -> Iterator[tuple[str, ...]]:
    return zip(
        map(as_text, added.label),
        _rounded(added.confidence),
        _rounded(added.evidence),
        map(as_text, added.reached.tolist()),
        *(map(as_text, column) for column in added.others()),
        strict=True,
    )


def _rounded(values: npt.NDArray[np.floating]) -> list[str]:
    """Return numbers as a text file gets them: six digits, which is all they mean."""
    return [f"{value:.6g}" for value in values.tolist()]


def _added_values(table: Table, added: AddedColumns) -> Iterator[tuple[Package, ...]]:
    return zip(
        _typed_label(table, added),
        map(float, _rounded(added.confidence)),
        map(float, _rounded(added.evidence)),
        added.reached.tolist(),
        *_typed_others(table, added),
        strict=True,
    )


def _json_lines(table: Table) -> Iterable[str]:
    if isinstance(table, JsonLinesTable):
        return table.lines
    columns = (
        table.as_they_came()
        if hasattr(table, "as_they_came")
        else {name: _typed(table, name) for name in table.names}
    )
    return json_lines(list(columns), list(columns.values()))


def _write_npz(file: IO[bytes], table: Table, added: AddedColumns) -> None:
    if isinstance(table, NpzTable):
        arrays = dict(table.arrays)
    else:
        arrays = {name: npz_column(_typed(table, name)) for name in table.names}
    label, confidence, evidence, reached, *others = added.names
    arrays[label] = npz_column(_typed_label(table, added), is_label=True)
    arrays[confidence] = added.confidence
    arrays[evidence] = added.evidence
    arrays[reached] = added.reached
    for name, column in zip(others, _typed_others(table, added), strict=True):
        arrays[name] = npz_column(column, is_label=True)
    write_npz(file, arrays)


def _write_arrow(file: IO[bytes], form: TableFormat, table: Table, added: AddedColumns) -> None:
    parquet = parquet_module()
    if isinstance(table, NpzTable):
        arrow = parquet.arrow_table(table.arrays)
    elif hasattr(table, "arrow"):
        arrow = table.arrow
    else:
        arrow = parquet.arrow_table({name: _typed(table, name) for name in table.names})
    label = _typed_label(table, added)
    others = _typed_others(table, added)
    columns = (label, added.confidence, added.evidence, added.reached, *others)
    named = dict(zip(added.names, columns, strict=True))
    if form.name == "parquet":
        parquet.write_parquet(file, arrow, named)
        return
    from fewlabels.io import _arrow  # needs pyarrow, an extra

    _arrow.write_arrow(file, parquet.with_columns(arrow, named))


def _typed(table: Table, name: str) -> Cells:
    values = table.values(name)
    return typed_cells([as_text(value) for value in values]) if table.untyped else values


def _typed_label(table: Table, added: AddedColumns) -> Cells:
    return _typed_classes(table, added.label)


def _typed_others(table: Table, added: AddedColumns) -> list[Cells]:
    return [_typed_classes(table, column) for column in added.others()]


def _typed_classes(table: Table, classes: Objects) -> Cells:
    return typed_cells([as_text(value) for value in classes]) if table.untyped else list(classes)


def typed_cells(cells: Sequence[str]) -> Cells:
    """Return cells of text as numbers if no cell loses anything by that; else as text.

    Empty cells become None. A cell is a number if it has no leading zero (``007`` is a code) and
    its value survives: integers of 64 bits, and decimal numbers that come back from a float64 as
    they went in, which those of up to 15 digits do, and those that a program wrote. The value
    is what is kept, not the spelling: ``5.10``, ``+1`` and ``1e3`` become 5.1, 1 and 1000.0.
    """
    found: Loaded = {"": None}
    for cell in set(cells) - {""}:
        number = _lossless(cell)
        if number is None:
            return [cell or None for cell in cells]
        found[cell] = number
    if any(isinstance(number, float) for number in found.values()):
        if any(isinstance(number, int) and abs(number) > 2**53 for number in found.values()):
            return [cell or None for cell in cells]
        found = {cell: None if number is None else float(number) for cell, number in found.items()}
    return [found[cell] for cell in cells]


def _lossless(cell: str) -> int | float | None:
    if _INTEGER.fullmatch(cell) and len(cell) <= 20:
        number = int(cell)
        return number if -(2**63) <= number < 2**63 else None
    if not _DECIMAL.fullmatch(cell):
        return None
    decimal = float(cell)
    if decimal == 0:  # of "0.0" and "1e-999" only the first is nought
        return None if re.search("[1-9]", re.split("[eE]", cell)[0]) else decimal
    if math.isinf(decimal):
        return None
    # what any program would write for this float has the value that came
    return decimal if Decimal(repr(decimal)) == Decimal(cell) else None
