"""Read a column as the kind that it is to be, or was when it was fitted; or say why not."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewlabels._typing import Package
from fewlabels.exceptions import InvalidInputError
from fewlabels.features._date_numbers import as_written
from fewlabels.features._telling import is_file, split_items
from fewlabels.io._cells import as_text
from fewlabels.io._dates import (
    TextDates,
    dates_of,
    formatted_dates,
    is_own_form,
    object_dates,
    order_of,
    readable_dates,
    refuse_strange_dates,
    text_dates,
)
from fewlabels.io._durations import DURATIONS, new_duration
from fewlabels.io._otherwise import FRACTIONS, fraction_or_number
from fewlabels.io._several_numbers import numbers_of
from fewlabels.io._spelled import UNIT, is_missing_word, like_numbers
from fewlabels.io._table import (
    Block,
    Categories,
    Dates,
    FloatArray,
    Items,
    Mixed,
    Numbers,
    Table,
    Unusable,
    View,
    counted,
    is_blank,
    quoted,
    row_list,
    setting,
)
from fewlabels.io._views import best_reading, categories_of

# The form of numbers that are dates, as days.
DAYS = "days"

_NO_CATEGORY = Categories(np.empty(0, np.intp), ())


def read_as(
    table: Table, name: str, kind: str, form: str = "", decimal: str | None = None
) -> Package:
    """Return a column as what an encoder of `kind` takes.

    Parameters
    ----------
    table : Table
    name : str
    kind : str
        ``"number"``, ``"category"``, ``"date"``, ``"list"``, ``"array"``, ``"text"`` or
        ``"image"``.
    form : str
        Of dates, how they are written, as ``strptime`` has it, or as `Dates.form` has it; of
        numbers, `DAYS` if dates are to be numbers; of lists, what separates the items.
    decimal : {",", "."} or None
        The decimal mark of the column when it was fitted.

    Raises
    ------
    InvalidInputError
        If it can't be read so; names the rows.
    """
    if decimal is not None and table.reading.decimal is None:
        table = copy.copy(table)
        table.reading = replace(table.reading, decimal=decimal)
    if kind == "category":
        view = categories_of(table.cells(name))
        return view if isinstance(view, Categories) else _empty_categories(table)
    if kind == "text":
        return ["" if cell is None else as_text(cell).strip() for cell in table.cells(name)]
    if kind == "image":
        return _pictures(table, name)
    readers = {"number": _numbers, "date": _dates, "list": _items, "array": _block}
    return readers[kind](table, name, form)


def folder_of(table: Table) -> Path | None:
    """Return the folder that holds a table's file, where it came from one."""
    path = Path(table.path.partition("::")[0])
    return path.parent if path.is_file() else None


def _numbers(table: Table, name: str, form: str) -> Numbers:
    view = table.view(name)
    if form.startswith(DURATIONS):
        return _durations(table, name, view, form)
    if form == FRACTIONS and not isinstance(view, Numbers):
        view = _fractions(table, name) or view
    if isinstance(view, Dates) and form == DAYS:
        view = Numbers(view.days)
    if isinstance(view, Block) and view.values.shape[1] == 1:
        view = Numbers(view.values[:, 0].astype(np.float64))
    if not isinstance(view, Numbers):
        view = _forced_numbers(table, name, view)
    check_finite(table, name, view.values)
    if form.startswith(UNIT):
        _check_unit(name, form.removeprefix(UNIT), view)
    return view


def _check_unit(name: str, unit: str, view: Numbers) -> None:
    """Raise if new numbers have another unit, or none where 0.5 and 50 % could be one."""
    found = "durations" if view.form.startswith(DURATIONS) else view.form.removeprefix(UNIT)
    if found == unit or (not found and unit != "%") or np.isnan(view.values).all():
        return
    held, holds = (f"with {each!r}" if each else "without a unit" for each in (unit, found))
    raise InvalidInputError(
        f"column {name!r} held numbers {held} when the features were fitted, and holds others "
        f"{holds}. Write them alike."
    )


def _fractions(table: Table, name: str) -> Numbers | None:
    """Return fractions and numbers, also where few are fractions; None if a cell is neither."""
    cells = [None if is_missing_word(cell) else cell for cell in table.cells(name)]
    found = [math.nan if cell is None else fraction_or_number(as_text(cell)) for cell in cells]
    return None if None in found else Numbers(np.array(found, dtype=np.float64), form=FRACTIONS)


def _durations(table: Table, name: str, view: View, form: str) -> Numbers:
    """Return durations as days, also those that may be times of day, or have one unit in all."""
    if isinstance(view, Unusable) and view.reason == "empty":
        return Numbers(np.full(table.n_rows, math.nan))
    cells = table.cells(name)
    if not any(isinstance(cell, str) for cell in cells):
        if isinstance(view, Numbers) and view.form == DURATIONS:
            return view
        if isinstance(view, Dates) and view.clock_only:
            return Numbers(view.days)
    days = [
        new_duration(cell, form)
        if isinstance(cell, str) and not is_missing_word(cell)
        else math.nan
        for cell in cells
    ]
    strange = [
        row
        for row, (cell, day) in enumerate(zip(cells, days, strict=True))
        if day is None or not (cell is None or isinstance(cell, str))
    ]
    if strange:
        raise InvalidInputError(
            f"column {name!r} held durations when the features were fitted, and holds something "
            f"else in {row_list(strange)} (the first: {as_text(cells[strange[0]])[:40]!r}). Write "
            f"all as durations, such as '2 h 15 min' or '26:30:00'. {how_counted(table)}"
        )
    return Numbers(np.array(days, dtype=np.float64))


def _forced_numbers(table: Table, name: str, view: View) -> Numbers:
    """Return the numbers of a column that may be taken for something else."""
    cells = [float(cell) if isinstance(cell, bool) else cell for cell in table.cells(name)]
    filled = [as_text(cell) for cell in cells if cell is not None]
    counts = Counter(cell for cell in filled if not is_missing_word(cell))
    found: dict[str, float] = {}
    said: tuple[str, ...] = ()
    written = ""
    if counts:
        read = best_reading(counts, table.reading.decimal, lambda: table.decimal_mark)
        found, said, written = read.numbers, read.said, read.form
        strange = [
            row
            for row, cell in enumerate(cells)
            if cell is not None and as_text(cell) in counts and as_text(cell) not in found
        ]
        if strange:
            raise InvalidInputError(about_mixed(table, name, strange, as_text(cells[strange[0]])))
    values = (math.nan if cell is None else found.get(as_text(cell), math.nan) for cell in cells)
    return Numbers(np.fromiter(values, dtype=np.float64, count=len(cells)), said, form=written)


def decimal_mark_of(table: Table, name: str, view: Numbers) -> str | None:
    """Return the decimal mark that a column of numbers was read with; None if it shows none."""
    if "decimal comma" in view.said or "thousands separated by '.'" in view.said:
        return ","
    if "thousands separated by ','" in view.said:
        return "."
    texts = (cell for cell in table.values(name) if isinstance(cell, str))
    return "." if any("." in text and not is_missing_word(text) for text in texts) else None


def _dates(table: Table, name: str, form: str) -> Dates:
    cells = table.cells(name)
    if form and not is_own_form(form):
        cells = as_written(cells, form)
    is_text = any(isinstance(cell, str) for cell in cells)
    levels = {as_text(cell) for cell in cells if cell is not None}
    if is_text and form and not is_own_form(form):
        return _checked_dates(name, TextDates(formatted_dates(levels, form)), cells)
    form = form if is_own_form(form) else ""
    order = order_of(form)
    view = table.view(name)
    if isinstance(view, Dates) and (not is_text or not form or form == view.form):
        return view
    if not is_text:
        found = object_dates(cells)
        refuse_strange_dates(name, found.days, cells)
        return found
    read = text_dates(levels, form) or replace(readable_dates(levels, form), order=order)
    return _checked_dates(name, read, cells)


def _checked_dates(name: str, read: TextDates, cells: Sequence[object]) -> Dates:
    days = (math.nan if cell is None else read.days.get(as_text(cell), math.nan) for cell in cells)
    values = np.fromiter(days, dtype=np.float64, count=len(cells))
    refuse_strange_dates(name, values, cells)
    return dates_of(read, values)


def _items(table: Table, name: str, form: str) -> Items:
    view = table.view(name)
    if isinstance(view, Items):
        return view
    cells = table.cells(name)
    if any(isinstance(cell, list) for cell in cells):
        return Items(
            [
                tuple(as_text(entry).strip() for entry in cell if not is_blank(entry))
                if isinstance(cell, list)
                else None
                for cell in cells
            ]
        )
    between = form or _usual_between(cells)
    return Items([None if cell is None else split_items(as_text(cell), between) for cell in cells])


def _usual_between(cells: Sequence[object]) -> str:
    """Return what separates items in most of the cells."""
    texts = [as_text(cell) for cell in cells if cell is not None]
    return max(",;|", key=lambda sign: sum(sign in text for text in texts))


def _block(table: Table, name: str, form: str) -> Block:
    view = table.view(name)
    if isinstance(view, Unusable) and view.reason == "empty":
        return Block(np.full((table.n_rows, 1), math.nan))
    if isinstance(view, Numbers):
        view = Block(view.values[:, None])
    if not isinstance(view, Block):
        view = _several_numbers(table, name) or view
    if not isinstance(view, Block):
        what = view.reason if isinstance(view, Unusable) else "something else"
        if isinstance(view, Items):
            what = "lists of unequal length, or of text"
        raise InvalidInputError(
            f"column {name!r} is to hold as many numbers in each row, and holds {what}. Fix it, "
            f"or leave it out ({setting('columns', {name: 'drop'})})."
        )
    check_finite(table, name, view.values)
    return view


def _several_numbers(table: Table, name: str) -> Block | None:
    """Return cells of several numbers each, also where these are whole; None if some hold less."""
    cells = [None if is_missing_word(cell) else cell for cell in table.cells(name)]
    found = [numbers_of(cell) if isinstance(cell, str) else None for cell in cells]
    widths = {len(numbers) for numbers in found if numbers is not None}
    if len(widths) != 1 or any(
        cell is not None and numbers is None for cell, numbers in zip(cells, found, strict=True)
    ):
        return None
    nothing = (math.nan,) * widths.pop()
    return Block(np.array([nothing if numbers is None else numbers for numbers in found]))


def _pictures(table: Table, name: str) -> list[str | None]:
    folder = folder_of(table)
    found: list[str | None] = []
    for cell in table.cells(name):
        text = None if cell is None else as_text(cell).strip()
        if text is not None and folder is not None and not Path(text).is_file():
            text = str(folder / text) if is_file(text, folder) else text
        found.append(text)
    return found


def _empty_categories(table: Table) -> Categories:
    return replace(_NO_CATEGORY, codes=np.full(table.n_rows, -1, dtype=np.intp))


def check_finite(table: Table, name: str, values: FloatArray) -> None:
    """Raise if numbers are infinite; those that are missing may be."""
    infinite = np.isinf(values)
    if not infinite.any():
        return
    rows = np.flatnonzero(infinite if values.ndim == 1 else infinite.any(axis=1))
    cells = table.values(name) if values.ndim == 1 else []
    too_large = [_is_written_out(cells[row]) for row in rows] if cells else []
    kinds = []
    if not (too_large and all(too_large)):
        kinds.append("infinity")
    if any(too_large):
        kinds.append("a value too large for a number (beyond 1.8e308)")
    raise InvalidInputError(
        f"column {name!r} has {' or '.join(kinds)} in {row_list(rows)}. Fix them, leave their "
        f"cells empty, or leave the column out ({setting('columns', {name: 'drop'})}). "
        f"{how_counted(table)}"
    )


def _is_written_out(cell: object) -> bool:
    """Tell whether a cell that came to be infinite is digits (1e400), not the word or value."""
    return isinstance(cell, int) or (isinstance(cell, str) and any(map(str.isdigit, cell)))


def about_mixed(table: Table, name: str, rows: Sequence[int], example: str) -> str:
    """Say that a column of numbers has text among them."""
    example = example[:40]
    where = f"{row_list(rows)} (the first: {example!r})"
    if like_numbers([example]):
        start = f"column {name!r} holds numbers, but written in another way in {where}. "
        fix = "Write all of them alike"
    else:
        start = f"column {name!r} holds numbers, but other text in {where}. "
        fix = "Fix the cells, or make them missing (None)"
        if not table.in_memory:
            fix = f"Fix the cells, or say that they mean a missing number ({_missing([example])})"
    return (
        f"{start}{fix}, or leave the column out ({setting('columns', {name: 'drop'})}), or take "
        f"its values as names ({setting('columns', {name: 'category'})}). {how_counted(table)}"
    )


def refuse_mixed(table: Table, name: str, view: View) -> None:
    """Raise if a column of numbers has text among them."""
    if isinstance(view, Mixed):
        raise InvalidInputError(about_mixed(table, name, view.rows.tolist(), view.example))


def _missing(words: Sequence[str]) -> str:
    return setting("missing", list(words))


def about_words(table: Table, view: Categories) -> str:
    """Say that spellings of "missing" count as names; empty if there are none."""
    words = [level for level in view.levels if is_missing_word(level)]
    if not words:
        return ""
    counts = "counts as a value like any other" if len(words) == 1 else "count as values"
    means = "it means" if len(words) == 1 else "they mean"
    return (
        f"holds words, among which {quoted(words)} {counts}. If {means} that nothing is known: "
        f"{'make them None' if table.in_memory else _missing(words)}"
    )


def how_counted(table: Table) -> str:
    """Say how rows are counted; only text tables (CSV, TSV) have a header."""
    return (
        "Rows are counted from 1, without the header."
        if table.untyped
        else "Rows are counted from 1."
    )


def missing_said(view: Numbers) -> tuple[str, ...]:
    """Return how the numbers were written, and how many are missing."""
    n_missing = int(np.count_nonzero(np.isnan(view.values)))
    return (*view.said, f"{counted(n_missing, 'number')} missing") if n_missing else view.said
