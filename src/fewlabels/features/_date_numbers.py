"""Whole numbers that may be dates, such as 20260131 and 31012026."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

import numpy as np

from fewlabels._typing import Cells
from fewlabels.io._table import FloatArray, setting

# Where year, month and day stand: by what a number is divided, and what of it is left.
_FORMS = {
    "%Y%m%d": ((10**4, 10**4), (100, 100), (1, 100)),
    "%d%m%Y": ((1, 10**4), (10**4, 100), (10**6, 100)),
    "%m%d%Y": ((1, 10**4), (10**6, 100), (10**4, 100)),
}
_YEARS = (1900, 2099)
# Fewer different ones may be dates by chance.
_FEWEST = 5


def about_date_numbers(name: str, values: FloatArray) -> str:
    """Say that numbers may be dates, and how to have them read so; empty if they can't be.

    Parameters
    ----------
    name : str
        Of the column.
    values : ndarray of float
        NaN where there is none.
    """
    known = np.unique(values[np.isfinite(values)])
    if len(known) < _FEWEST or (known != np.floor(known)).any() or known[-1] >= 10**8:
        return ""
    form = next((form for form in _FORMS if _fits(known.astype(np.int64), form)), "")
    if not form:
        return ""
    return (
        f"holds whole numbers that are also dates, such as {known[0]:08.0f}. If they are meant so: "
        f"{setting('columns', {name: f'date:{form}'})}"
    )


def about_date_texts(name: str, levels: Sequence[str]) -> str:
    """Say the same of texts of eight digits."""
    if not all(len(level) == 8 and level.isdecimal() for level in levels):
        return ""
    return about_date_numbers(name, np.array([float(level) for level in levels]))


def as_written(cells: Cells, form: str) -> Cells:
    """Return whole numbers as the text of as many digits as a form of digits alone has."""
    example = datetime.datetime(2026, 12, 31, 23, 59, 59).strftime(form)
    if not example.isdecimal():
        return cells
    return [
        f"{int(cell):0{len(example)}d}"
        if isinstance(cell, (int, float, np.integer, np.floating)) and cell == cell // 1
        else cell
        for cell in cells
    ]


def _fits(numbers: np.ndarray, form: str) -> bool:
    year, month, day = (numbers // by % left for by, left in _FORMS[form])
    return bool(
        ((year >= _YEARS[0]) & (year <= _YEARS[1])).all()
        and ((month >= 1) & (month <= 12)).all()
        and ((day >= 1) & (day <= 31)).all()
    )
