"""A last row that is no row but a total, as sheets have it: told by its numbers, or its name."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from fewlabels.features._telling import names_classes
from fewlabels.io._table import IntArray, Numbers, Table, counted, quoted, row_list

# In fewer rows, or in one column of few, a number is the sum of those above it by chance.
_FEWEST_ROWS, _ENOUGH_ROWS, _CLOSE = 4, 10, 1e-6


_NAMED = re.compile(
    r"(?i:(grand |overall |sub-?)?(totals?|sums?)|averages?|avg\.?|means?"
    r"|(gesamt)?summen?|gesamt|insgesamt|durchschnitt|mittelwerte?|total général|moyenne)\s*:?"
)


def about_named_total(
    table: Table, columns: Mapping[str, object], codes: IntArray | None = None
) -> tuple[str, ...]:
    """Return a warning where the last row is called a total, and no other row is.

    Parameters
    ----------
    table : Table
    columns : mapping of str to View
        What is used of the table.
    codes : ndarray of int, or None
        The classes, -1 where unlabelled. A column that names them is not looked at: a class may be
        called "mean".
    """
    row = table.n_rows - 1
    numbers = any(
        isinstance(view, Numbers) and not np.isnan(view.values[-1]) for view in columns.values()
    )
    if table.n_rows < _FEWEST_ROWS or not numbers:
        return ()
    for name in table.names:
        if isinstance(columns.get(name), Numbers):
            continue
        cell = table.cell(name, row)
        if not isinstance(cell, str) or not _NAMED.fullmatch(cell.strip()):
            continue
        if table.values(name).count(cell) == 1 and not names_classes(table, name, codes):
            return (
                f"{row_list([row])}, the last, is called {cell.strip()!r} in column {name!r}, and "
                f"counts as a row like any other. If it sums up the {counted(row, 'row')} above "
                "it, delete it.",
            )
    return ()


def about_totals(columns: Mapping[str, object]) -> tuple[str, ...]:
    """Return a warning where the last row holds the sums of all rows above it.

    So it is where each number of the last row is one, in two columns or more, or in a table of ten
    rows.
    """
    sums = []
    n_rows = 0
    for name, view in columns.items():
        if not isinstance(view, Numbers) or np.isnan(view.values[-1]):
            continue
        n_rows = len(view.values)
        above, last = view.values[:-1], float(view.values[-1])
        if last == 0 or np.count_nonzero(above > 0) < _FEWEST_ROWS - 1:
            return ()
        if abs(np.nansum(above) - last) > _CLOSE * np.nansum(np.abs(above)):
            return ()
        sums.append(name)
    if not sums or (len(sums) == 1 and n_rows < _ENOUGH_ROWS):
        return ()
    return (
        f"{row_list([n_rows - 1])}, the last, holds the sums of the rows above it in column"
        f"{'s' * (len(sums) > 1)} {quoted(sums)}, and counts as a row like any other. If it is a "
        "total, delete it.",
    )
