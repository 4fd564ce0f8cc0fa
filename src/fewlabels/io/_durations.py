"""Durations as people and programs write them, as days: ``26:30:00``, ``2 h 15 min``, ``PT90M``."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What the form of numbers that are durations, in days, begins with.
DURATIONS = "durations"

_SECOND, _MINUTE, _HOUR = 1 / 86_400, 1 / 1_440, 1 / 24
_MONTH, _YEAR = 365.2425 / 12, 365.2425

# In English, German, French and Spanish.
_NAMES = {
    _SECOND / 1000: "ms|msec|milliseconds?|millisekunden?",
    _SECOND: "s|secs?|seconds?|sek|sekunden?|secondes?|segundos?",
    _MINUTE: "m|mins?|minutes?|minuten|minutos?",
    _HOUR: "h|hrs?|hours?|std|stdn|stunden?|heures?|horas?",
    1.0: "d|days?|tage?n?|jours?|d[ií]as?",
    7.0: "w|wks?|weeks?|wochen?|semaines?|semanas?",
    _MONTH: "mo|mos|mths?|months?|monate?n?|mois|mes|meses",
    _YEAR: "y|yrs?|years?|jahre?n?|ans?|ann[ée]es?|años?",
}
_DAYS_OF = {re.compile(names, re.IGNORECASE): days for days, names in _NAMES.items()}

_NUMBER = r"\d+(?:[.,]\d+)?"
_PART = re.compile(rf"({_NUMBER})\s*([^\W\d_]+)\.?")
_PARTS = re.compile(
    rf"(-\s*)?({_PART.pattern}(?:\s*(?:[,&]\s*|(?:and|und|et|y)\s+)?{_PART.pattern})*)"
)
# 26:30, 26:30:00, 3 days 02:00:00, -1 day, 23:59:50, 3.02:00:00
_CLOCK = re.compile(
    r"([+-])?\s*(?:(\d+)(?:\s*(?:d|days?|Tage?)\s*,?\s*|[.]))?([+-])?"
    r"(\d+):([0-5]\d)(?::([0-5]\d))?(?:[.,](\d+))?",
    re.IGNORECASE,
)
_ISO = re.compile(
    rf"([+-])?P(?=.)(?:({_NUMBER})Y)?(?:({_NUMBER})M)?(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?=.)(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?"
)
_MAY_BE_THOUSANDS = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
# Ways of writing that don't tell alone what is meant: hours and minutes or minutes and seconds,
# minutes or months or metres.
_SHORT_CLOCK, _BARE_M = "h:mm", "m"
# Longer text is no duration, and not looked at.
_LONGEST = 60
_ISO_UNITS = (_YEAR, _MONTH, 7.0, 1.0, _HOUR, _MINUTE, _SECOND)


def days_of_duration(cell: str) -> float | None:
    """Return the days that a duration takes; None if this is none.

    A clock with two numbers is hours and minutes, but minutes and seconds where these have a
    fraction: ``3:45.2``. Years have 365.2425 days, and months a twelfth of that.

    Examples
    --------
    >>> from fewlabels.io._durations import days_of_duration
    >>> days_of_duration("1 day, 12:00:00"), days_of_duration("36 h"), days_of_duration("PT36H")
    (1.5, 1.5, 1.5)
    """
    text = cell.strip()
    if len(text) > _LONGEST:
        return None
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return _of_clock(*clock.groups())
    iso = _ISO.fullmatch(text)
    if iso is not None:
        sign, *numbers = iso.groups()
        days = sum(
            _number(number) * unit
            for number, unit in zip(numbers, _ISO_UNITS, strict=True)
            if number is not None
        )
        return -days if sign == "-" else days
    return _of_parts(text)


def is_time_of_day(cell: str) -> bool:
    """Tell whether a cell may be the time on a clock as well as a duration."""
    clock = _CLOCK.fullmatch(cell.strip())
    if clock is None:
        return False
    sign, days, second, hours, minutes, seconds, fraction = clock.groups()
    if sign or days or second or (fraction and seconds is None):
        return False
    at_midnight = int(hours) == 24 and not any(map(int, (minutes, seconds or 0, fraction or 0)))
    return int(hours) < 24 or at_midnight


def all_durations(cells: Iterable[str]) -> tuple[dict[str, float], str] | None:
    """Return the days of durations, and their form; None if they may be something else.

    They may be where a cell is none, all may be times of day, ``4:13`` stands beside what is no
    clock of two numbers, or ``4m`` beside years or days, and not beside hours or seconds.
    """
    found = {}
    ways = set()
    units: set[float] = set()
    certain = False
    for cell in cells:
        days = days_of_duration(cell)
        if days is None:
            return None
        certain = certain or not is_time_of_day(cell)
        ways.add(_unclear_way(cell))
        units |= _units_of(cell)
        found[cell] = days
    may_be_months = _BARE_M in ways and max(units) >= 1 and not units & {_HOUR, _SECOND}
    if not certain or may_be_months or (_SHORT_CLOCK in ways and len(ways) > 1):
        return None
    return found, " ".join([DURATIONS, *sorted(ways - {""})])


def new_duration(cell: str, form: str) -> float | None:
    """Return the days of a duration in a new row; None also if those before don't tell how many."""
    way, ways = _unclear_way(cell), form.split()
    clear = way == _SHORT_CLOCK if _SHORT_CLOCK in ways else not way or way in ways
    return days_of_duration(cell) if clear else None


def _unclear_way(cell: str) -> str:
    clock = _CLOCK.fullmatch(cell.strip())
    if clock is not None:
        _, days, _, _, _, seconds, fraction = clock.groups()
        return _SHORT_CLOCK if days is None and seconds is None and fraction is None else ""
    is_bare = any(name == "m" for _, name in _PART.findall(cell))
    return _BARE_M if is_bare and not _units_of(cell) & {_HOUR, _SECOND} else ""


def _units_of(cell: str) -> set[float]:
    return {unit for _, name in _PART.findall(cell) if (unit := _unit(name)) is not None}


def _unit(name: str) -> float | None:
    """Return the days of a unit; one letter is small, for 3M are months or metres, and S a size."""
    if len(name) == 1 and name.isupper():
        return None
    return next((days for names, days in _DAYS_OF.items() if names.fullmatch(name)), None)


def _of_clock(
    sign: str | None,
    days: str | None,
    of_clock: str | None,
    first: str,
    second: str,
    third: str | None,
    fraction: str | None,
) -> float:
    share = float(f"0.{fraction}") if fraction else 0.0
    if third is None and fraction is not None:
        clock = int(first) * _MINUTE + (int(second) + share) * _SECOND
    else:
        clock = int(first) * _HOUR + int(second) * _MINUTE + (int(third or 0) + share) * _SECOND
    if days is None:
        return -clock if "-" in (sign, of_clock) else clock
    if of_clock is None:  # -1 day, 23:59:50 is Python's -10 seconds
        return (-1 if sign == "-" else 1) * int(days) + clock
    return (-1 if sign == "-" else 1) * int(days) + (-clock if of_clock == "-" else clock)


def _of_parts(text: str) -> float | None:
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    total, last = 0.0, float("inf")
    for number, name in _PART.findall(match[2]):
        unit = _unit(name)
        if unit is None or unit >= last or _MAY_BE_THOUSANDS.fullmatch(number):
            return None  # the largest comes first, none twice
        total, last = total + _number(number) * unit, unit
    return -total if match[1] else total


def _number(text: str) -> float:
    return float(text.replace(",", "."))
