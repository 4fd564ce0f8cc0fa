"""Dates and times as people write them, recognised for a whole column, as days since 1970."""

from __future__ import annotations

import datetime
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Objects
from fewlabels.exceptions import InvalidInputError
from fewlabels.io._named_dates import named_parts
from fewlabels.io._spelled import is_missing_word
from fewlabels.io._table import Dates, counted, is_blank, quoted, setting
from fewlabels.io._zones import cut_words, cut_zone, in_one_zone, minutes_ahead

_EPOCH = datetime.datetime(1970, 1, 1)
_DAY = 86_400.0

# 2026-01-31, 2026/1/31, each also with a time behind it
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\s*(\S.*))?")
# 31/01/2026, 31.1.26, 1-31-2026; those whose month is a word are in `_named_dates.py`
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4}|\d{2})(?:[T ,]\s*(\S.*))?")
_CLOCK = re.compile(
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(?:([AaPp]\.?[Mm]\.?)|[Uu]hr)?"
)
_HOURS = re.compile(r"\d{1,2}:\d{2}\s*-\s*\d{1,2}:\d{2}")  # 09:00-12:00, from and to
_ZONE = re.compile(r"[+-]\d{2}:\d{2}$")
_LOOKS_LIKE = re.compile(r"\s*\d{1,4}[-/.:]\d{1,2}([-/.:]\d|\s*$|\s*[A-Za-z+-])")

# A column of words in which few of the first cells are like dates is not doubted.
_LOOKED_AT, _FEWEST = 200, 3
_MOST_ENDS = 5

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
    zone : str
        The offset from UTC that the times are of; empty where it isn't known of all.
    said : tuple of str
        What was made of offsets that differ.
    doubt : str
        Why times may be others.
    """

    days: dict[str, float]
    clock_only: bool = False
    order: str = ""
    other_form: str = ""
    zone: str = ""
    said: tuple[str, ...] = ()
    doubt: str = ""


def text_dates(levels: Iterable[str], form: str = "") -> TextDates | None:
    """Return the dates in the cells of a column.

    None if one of them is neither a date nor a spelling of "missing". Times are as the clock on
    the wall shows them where all have the same offset from UTC, or where not all have one; where
    offsets differ, they are of UTC. `form` says which number is the day, and of which offset the
    times are, as :attr:`fewlabels.io._table.Dates.form` has it; empty: the first number, unless
    some cell contradicts.
    """
    order, zone = _parts(form)
    cells = [cell for cell in levels if not (is_blank(cell) or is_missing_word(cell))]
    if not cells or not all(map(_looks_like, cells)):
        return None
    clocks = {cell: share for cell in cells if (share := _time_of_day(cell)) is not None}
    if len(clocks) == len(cells):
        return _in_one_zone(TextDates(clocks, clock_only=True), zone)
    found = _most_days(cells, order)
    if len(found.days) < len(cells):
        return None
    if not order and found.order != MONTH_FIRST:
        found = replace(found, other_form=_other_form(cells, found.days))
    return _in_one_zone(found, zone)


def doubt_of_dates(counts: Mapping[str, int]) -> str:
    """Return what to say of a column that counts as words, and of which most cells are dates.

    Parameters
    ----------
    counts : mapping of str to int
        How often each filled cell occurs.
    """
    some = list(islice(counts, _LOOKED_AT))
    if 2 * sum(map(_looks_like, some)) < len(some):
        return ""
    read = _most_days(counts, "")
    dates = {cell for cell in counts if cell in read.days or _time_of_day(cell) is not None}
    n_dates, n_cells = sum(counts[cell] for cell in dates), sum(counts.values())
    if len(dates) < _FEWEST or 2 * n_dates <= n_cells or n_dates == n_cells:
        return _about_ends(counts)
    others = [cell[:40] for cell in counts if cell not in dates]
    how = f" with the {read.order}" if read.order else ""
    return (
        f"holds dates in {n_dates:,} of {n_cells:,} filled cells{how}, and others that can't be "
        f"read so (such as {quoted(others[:2])}), and is not used as dates. Fix these cells, or "
        "leave them empty"
    )


def _about_ends(counts: Mapping[str, int]) -> str:
    """Return what to say of dates and times with a few words behind them, which aren't known."""
    ends: Counter[str] = Counter()
    for cell, count in counts.items():
        text, end = cut_words(cell.strip())
        if end and (_clock(text) is not None or _of_either_order(text)):
            ends[end] += count
    if len(counts) < _FEWEST or 2 * ends.total() <= sum(counts.values()) or len(ends) > _MOST_ENDS:
        return ""
    return (
        f"holds dates or times with words behind them that are no time zone known here "
        f"({quoted(list(ends))}), and is not used as dates. Leave the words out, or write the "
        "offset from UTC in their place, such as +01:00"
    )


def _of_either_order(cell: str) -> bool:
    return any(_days(cell, day_first) is not None for day_first in (True, False))


def _looks_like(cell: str) -> bool:
    return bool(_LOOKS_LIKE.match(cell)) or named_parts(cell.strip()) is not None


def readable_dates(levels: Collection[str], form: str = "") -> TextDates:
    """Return the dates among the cells, all read in one order, and in one time zone."""
    order, zone = _parts(form)
    return _in_one_zone(_most_days(levels, order), zone)


def order_of(form: str) -> str:
    """Return which number is the day by the form of a column's dates; empty: it doesn't say."""
    return _parts(form)[0]


def is_own_form(form: str) -> bool:
    """Tell whether this is a form that this module made, and none of ``strptime``."""
    return "%" not in form


def _parts(form: str) -> tuple[str, str]:
    match = _ZONE.search(form)
    zone = "" if match is None else match[0]
    return form.removesuffix(zone).strip(), zone


def _in_one_zone(read: TextDates, zone: str) -> TextDates:
    """Return dates as the clocks of one zone show them: of `zone`, or of that of all, or UTC."""
    zones = {cell: _zone_of(cell.strip()) for cell in read.days}
    found = in_one_zone(read.days, zones, zone, clock_only=read.clock_only)
    return replace(read, days=found.days, zone=found.zone, said=found.said, doubt=found.doubt)


def _zone_of(cell: str) -> str:
    """Return the time zone of a date with a clock, or of a clock; empty if it doesn't say."""
    named = named_parts(cell)
    return cut_zone(cell if named is None else named[3] or "")[1]


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


def dates_of(read: TextDates, days: npt.NDArray[np.float64]) -> Dates:
    """Return a column of these days, read as the others of `read`."""
    return Dates(
        days, read.clock_only, read.other_form, read.order, read.zone, read.said, read.doubt
    )


def formatted_dates(levels: Iterable[str], form: str) -> dict[str, float]:
    """Return the days of cells written as `form` says, in the way of ``strptime``; NaN if not.

    Of UTC, where the form holds an offset (``%z``), or ends with a zone (``%Z``).
    """
    named = form.endswith("%Z")
    form = form.removesuffix("%Z").rstrip()
    found = {}
    for cell in levels:
        text, zone = cut_zone(cell.strip()) if named else (cell.strip(), "")
        try:
            day = day_of(_in_utc(datetime.datetime.strptime(text, form)))
        except ValueError:
            day = math.nan
        found[cell] = day - (minutes_ahead(zone, day) or 0) / 1440 if zone else day
    return found


def object_dates(cells: Sequence[object]) -> Dates:
    """Return Python's dates, times and both; NaN where a cell is none of them.

    Of one time zone as the clock on the wall shows them, of several as UTC.
    """
    filled = [cell for cell in cells if not is_blank(cell)]
    clock_only = all(isinstance(cell, datetime.time) for cell in filled)
    zones = {str(getattr(cell, "tzinfo", None)) for cell in filled}
    doubt = ""
    said: tuple[str, ...] = ()
    if len(zones) > 1 and not clock_only:
        said = ("time zones differ: as UTC",)
        if "None" in zones:
            doubt = "holds times with a time zone beside others without, which were read as UTC"
        cells = [_in_utc(cell) for cell in cells]
    days = (math.nan if is_blank(cell) else day_of(cell) for cell in cells)
    values = np.fromiter(days, dtype=np.float64, count=len(cells))
    return Dates(values, clock_only, said=() if doubt else said, doubt=doubt)


def _in_utc(cell: object) -> object:
    if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
        return cell.astimezone(datetime.UTC)
    return cell


def array_dates(values: np.ndarray) -> Dates:
    """Return the days of an array of datetime64."""
    days = values.astype("datetime64[D]")
    rest = (values - days) / np.timedelta64(1, "s")
    found = days.astype(np.int64).astype(np.float64) + rest / _DAY
    found[np.isnat(values)] = np.nan
    return Dates(found)


def array_durations(values: np.ndarray) -> npt.NDArray[np.float64]:
    """Return the days of an array of timedelta64, NaN where there is none."""
    found = values / np.timedelta64(1, "s") / _DAY
    found[np.isnat(values)] = np.nan
    return np.asarray(found, dtype=np.float64)


def day_of(cell: object) -> float:
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
    named = None if match is not None else named_parts(cell)
    if match is not None:
        year, month, day, clock = match.groups()
    elif named is not None:
        year, month, day, clock = named
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


def _time_of_day(cell: str) -> float | None:
    """Return the share of the day at a clock; None of hours from and to, whose end is no zone."""
    text = cell.strip()
    return None if _HOURS.fullmatch(text) else _clock(text)


def _clock(text: str) -> float | None:
    """Return the share of the day that has passed at "12:30" or "1:05:07.5 pm", in any zone."""
    match = _CLOCK.fullmatch(cut_zone(text)[0])
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
    time, zone = cut_zone(first[5] or "")
    clock = "" if not time else " %H:%M:%S" if time.count(":") == 2 else " %H:%M"
    if time[-1:] in ("m", "M"):
        clock = f"{clock.replace('H', 'I')}{' ' * (' ' in time)}%p"
    if zone:
        clock += " %z" if zone[0] in "+-" else " %Z"
    return f"%m{first[2]}%d{first[2]}%{'Y' if len(first[4]) == 4 else 'y'}{clock}"


def refuse_strange_dates(name: str, days: np.ndarray, cells: Objects) -> None:
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
