"""Dates and times as people write them, recognised for a whole column, as days since 1970."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError
from fewlabels.io._spelled import is_missing_word
from fewlabels.io._table import Dates, counted, is_blank, quoted, setting

_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = 86_400.0

# 2026-01-31, 2026/1/31, each also with a time behind it
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\s*(\S.*))?")
# 31/01/2026, 31.1.26, 1-31-2026
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:[T ,]\s*(\S.*))?")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([AaPp]\.?[Mm]\.?)?"
    r"\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)
_LOOKS_LIKE = re.compile(r"\s*\d{1,4}[-/.:]\d{1,2}([-/.:]\d|\s*$|\s*[AaPp]\.?[Mm])")


# Which of two numbers before a year is the day.
DAY_FIRST, MONTH_FIRST = "day first", "month first"
ORDERS = (DAY_FIRST, MONTH_FIRST)


@dataclass(frozen=True)
class TextDates:
    """Dates that were read in cells of text.

    Attributes
    ----------
    days : dict of str to float
        By the cell.
    clock_only : bool
        Whether all cells are times.
    order : {"", "day first", "month first"}
        How dates with the year at their end were read; empty where there are none.
    other_form : str
        How else the cells may be meant, as ``strptime`` has it.
    """

    days: dict[str, float]
    clock_only: bool = False
    order: str = ""
    other_form: str = ""


def text_dates(levels: Iterable[str], order: str = "") -> TextDates | None:
    """Return the dates in the cells of a column.

    None if one of them is neither a date nor a spelling of "missing". Times are as the clock on
    the wall shows them: what is said of the time zone is left out. `order` says which number is
    the day; empty: the first, unless some cell contradicts.
    """
    cells = [cell for cell in levels if not (is_blank(cell) or is_missing_word(cell))]
    if not cells or not all(_LOOKS_LIKE.match(cell) for cell in cells):
        return None
    clocks = {cell: share for cell in cells if (share := _clock(cell.strip())) is not None}
    if len(clocks) == len(cells):
        return TextDates(clocks, clock_only=True)
    found = _most_days(cells, order)
    if len(found.days) < len(cells):
        return None
    asked = order or found.order == MONTH_FIRST
    return found if asked else replace(found, other_form=_other_form(cells, found.days))


def readable_dates(levels: Collection[str], order: str = "") -> dict[str, float]:
    """Return the days of those cells that are dates, all read in one order."""
    return _most_days(levels, order).days


def _most_days(cells: Collection[str], order: str) -> TextDates:
    """Return the dates in the order, of those that are allowed, in which most can be read."""
    found = []
    for each in (order,) if order else ORDERS:
        days = {cell: _days(cell.strip(), each == DAY_FIRST) for cell in cells}
        found.append({cell: day for cell, day in days.items() if day is not None})
    best = max(found, key=len)
    if not any(_YEAR_LAST.fullmatch(cell.strip()) for cell in best):
        return TextDates(best)
    return TextDates(best, order=order or ORDERS[found.index(best)])


def formatted_dates(levels: Iterable[str], form: str) -> dict[str, float]:
    """Return the days of cells written as `form` says, in the way of ``strptime``; NaN if not."""
    found = {}
    for cell in levels:
        try:
            found[cell] = day_of(datetime.datetime.strptime(cell.strip(), form))
        except ValueError:
            found[cell] = math.nan
    return found


def object_dates(cells: Sequence[Any]) -> Dates:
    """Return Python's dates, times and both; NaN where a cell is none of them."""
    clock_only = all(isinstance(cell, datetime.time) for cell in cells if not is_blank(cell))
    days = (math.nan if is_blank(cell) else day_of(cell) for cell in cells)
    return Dates(np.fromiter(days, dtype=np.float64, count=len(cells)), clock_only)


def array_dates(values: npt.NDArray[Any]) -> Dates:
    """Return the days of an array of datetime64."""
    days = values.astype("datetime64[D]")
    rest = (values - days) / np.timedelta64(1, "s")
    found = days.astype(np.int64).astype(np.float64) + rest / _DAY
    found[np.isnat(values)] = np.nan
    return Dates(found)


def array_durations(values: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the days of an array of timedelta64, NaN where there is none."""
    found = values / np.timedelta64(1, "s") / _DAY
    found[np.isnat(values)] = np.nan
    return np.asarray(found, dtype=np.float64)


def day_of(cell: Any) -> float:
    """Return the days since 1970 of a date; of a time, the share of the day; NaN of others."""
    if isinstance(cell, datetime.datetime):
        return float((cell.replace(tzinfo=None) - _EPOCH) / datetime.timedelta(days=1))
    if isinstance(cell, datetime.date):
        return float(cell.toordinal() - _EPOCH.toordinal())
    if isinstance(cell, datetime.time):
        return (cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6) / _DAY
    return math.nan


def _days(cell: str, day_first: bool) -> float | None:
    match = _YEAR_FIRST.fullmatch(cell)
    if match is not None:
        year, month, day, clock = match.groups()
    else:
        match = _YEAR_LAST.fullmatch(cell)
        if match is None:
            return None
        first, _, second, year, clock = match.groups()
        day, month = (first, second) if day_first else (second, first)
    share = 0.0 if clock is None else _clock(clock.strip())
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 69 else 1900
    try:
        date = datetime.date(number, int(month), int(day))
    except ValueError:
        return None
    return None if share is None else day_of(date) + share


def _clock(text: str) -> float | None:
    """Return the share of the day that has passed at "12:30" or "1:05:07.5 pm"."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if match[5]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (match[5][0] in "Pp")
    if hour > 23 or minute > 59 or second > 60:
        return None
    return (hour * 3600 + minute * 60 + second + float(f"0.{match[4] or 0}")) / _DAY


def _other_form(cells: Sequence[str], read: Mapping[str, float]) -> str:
    """Return the form with the month first, if slashes leave that open and it changes dates."""
    matches = [_YEAR_LAST.fullmatch(cell.strip()) for cell in cells]
    slashes = [match for match in matches if match is not None and match[2] != "."]
    if not slashes or any(_days(cell.strip(), False) is None for cell in read):
        return ""
    if all(match[1].zfill(2) == match[3].zfill(2) for match in slashes):
        return ""
    first = slashes[0]
    clock = "" if first[5] is None else " %H:%M:%S" if first[5].count(":") == 2 else " %H:%M"
    return f"%m{first[2]}%d{first[2]}%{'Y' if len(first[4]) == 4 else 'y'}{clock}"


def refuse_strange_dates(name: str, days: Any, cells: Sequence[Any]) -> None:
    """Raise if cells that are filled hold no date."""
    strange = [
        row
        for row, (day, cell) in enumerate(zip(days.tolist(), cells, strict=True))
        if math.isnan(day) and not is_blank(cell) and not is_missing_word(cell)
    ]
    if strange:
        shown = quoted([cells[row] for row in strange[:3]])
        raise InvalidInputError(
            f"column {name!r} is to hold dates, but {counted(len(strange), 'cell')} can't be read "
            f"as one (such as {shown}). Say how they are written: "
            f"{setting('columns', {name: 'date:%d.%m.%Y'})}."
        )
