"""Durations as people and programs write them, as days: ``26:30:00``, ``2 h 15 min``, ``PT90M``."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The form of numbers that are durations, in days.
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
    sign, days, second, hours, _, seconds, fraction = clock.groups()
    return not (sign or days or second or (fraction and seconds is None)) and int(hours) < 24


def all_durations(cells: Iterable[str]) -> dict[str, float] | None:
    """Return the days of durations; None if a cell is none, or all may be times of day."""
    found = {}
    certain = False
    for cell in cells:
        days = days_of_duration(cell)
        if days is None:
            return None
        certain = certain or not is_time_of_day(cell)
        found[cell] = days
    return found if certain else None


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
        unit = next((days for names, days in _DAYS_OF.items() if names.fullmatch(name)), None)
        if unit is None or unit >= last:  # the largest first, none twice
            return None
        total, last = total + _number(number) * unit, unit
    return -total if match[1] else total


def _number(text: str) -> float:
    return float(text.replace(",", "."))
