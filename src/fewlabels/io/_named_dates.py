"""Dates whose month is a word: 5 Jan 2026, January 5th, 2026, 05/Jan/26, Mon, 5. März 2026."""

from __future__ import annotations

import re

# The months in English, German, French, Spanish and Italian, as far as they are written apart;
# shortened ones are their beginnings, three letters or more.
_MONTHS = (
    "january januar jänner janvier enero gennaio",
    "february februar février fevrier febrero febbraio",
    "march märz maerz mars marzo",
    "april avril abril aprile",
    "may mai mayo maggio",
    "june juni juin junio giugno",
    "july juli juillet julio luglio",
    "august août aout agosto",
    "september septembre septiembre settembre",
    "october oktober octobre octubre ottobre",
    "november novembre noviembre",
    "december dezember décembre decembre diciembre dicembre",
)
_SHORTENED = {"sept": 9, "juil": 7, "mrz": 3}
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_WORD = r"([^\W\d_]{3,10})\.?"
_CLOCK = r"(?:(?:[T ,]|\s+at|\s+um)\s*(\S.*))?"
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(\d{{1,2}})(?:st|nd|rd|th|er|\.)?(?:\s+(?:of\s|de\s)?\s*|[-/.]){_WORD},?"
    rf"(?:\s+(?:de\s+)?|[-/.])(\d{{4}}|\d{{2}}){_CLOCK}",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"{_WEEKDAY}{_WORD}[\s-]+(\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+|-)(\d{{4}}){_CLOCK}",
    re.IGNORECASE,
)
# Mon Jan 5 12:30:00 UTC 2026, and with +0100 at the end: of C, date, Git
_YEAR_AFTER_CLOCK = re.compile(
    rf"{_WEEKDAY}{_WORD}\s+(\d{{1,2}})\s+(\d{{1,2}}:\d{{2}}(?::\d{{2}})?(?:\s+\S{{1,6}})?)\s+(\d{{4}})"
    r"(\s+[+-]\d{4})?",
    re.IGNORECASE,
)
_HAS_WORD = re.compile(r"[^\W\d_]{3}")


def month_of(word: str) -> int | None:
    """Return the number of the month that a word names, or begins, in any of the languages."""
    word = word.casefold()
    found = {
        number
        for number, names in enumerate(_MONTHS, start=1)
        if any(name.startswith(word) for name in names.split())
    }
    if len(found) == 1:
        return found.pop()
    return _SHORTENED.get(word)


def named_parts(cell: str) -> tuple[str, int, str, str | None] | None:
    """Return year, month, day and clock of a date with a word for its month; None of all else."""
    if not _HAS_WORD.search(cell):
        return None
    match = _DAY_FIRST.fullmatch(cell)
    if match is not None:
        day, word, year, clock = match.groups()
    else:
        match = _MONTH_FIRST.fullmatch(cell)
        late = _YEAR_AFTER_CLOCK.fullmatch(cell) if match is None else None
        if match is not None:
            word, day, year, clock = match.groups()
        elif late is not None:
            word, day, clock, year, offset = late.groups()
            clock += offset or ""
        else:
            return None
    month = month_of(word)
    return None if month is None else (year, month, day, clock)
