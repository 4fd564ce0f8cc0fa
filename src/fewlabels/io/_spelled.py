"""Numbers as people and spreadsheets write them, recognised for a whole column.

``3,10``, ``36.6 %``, ``$1,200``, ``3.10 EUR``, ``(5)``, ``="36.6"``, ``'36.6`` and ``0x1F`` are
numbers where all cells of a column are written in the same way; a single cell can't tell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from fewlabels._class_names import WORDS_FOR_MISSING

_ALIKE = str.maketrans(
    {letter: letter - 0xFEE0 for letter in range(0xFF01, 0xFF5F)}  # of full width
    | dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63", "-")  # minus signs and dashes
    | dict.fromkeys("\u00a0\u202f\u2007\u2009\u200a", " ")  # blanks that keep a line together
    | dict.fromkeys("\u2019\u02bc", "'")
    | dict.fromkeys("\ufeff\u200b\u200e\u200f\u2060", None)  # marks without width
)
_CODES = "EUR|USD|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|RUB|UAH"
_CODES += "|TRY|BRL|MXN|ARS|CLP|COP|ZAR|EGP|NGN|KES|KRW|SGD|HKD|TWD|THB|IDR|MYR|PHP|VND|ILS|AED|SAR"
_SIGNS = "$\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9\u20ba\u20aa\u0e3f\u20ab\u20b4\u20a6\u20b1\u00a2"
_CELL = re.compile(
    rf"""
    (?P<open>\()?\ *
    (?P<sign>[+-])?\ *
    (?P<before>[A-Z]{{0,3}}[{_SIGNS}]|(?:{_CODES}|Rs\.?|kr\.?|Fr\.)(?![A-Za-z]))?\ *
    (?P<second>[+-])?
    (?P<digits>\d+(?:[.,' _]\d+)*[.,]?|[.,]\d+)
    (?:(?:[eE]|(?P<fortran>(?<=[.\d])[dD]))(?P<exponent>[+-]?\d+))?
    (?P<gap>\ *)
    (?P<after>[^\s\d.,;:()<>=/\\+'"_-][^\d;:()<>=,"]{{0,11}})?
    (?P<close>\))?(?P<last>-)?
    """,
    re.VERBOSE,
)
_HEX = re.compile(r"[+-]?0[xX][0-9a-fA-F]+")
_FORMULA = re.compile(r'="(.*)"', re.DOTALL)  # how spreadsheets are told to keep a text

#: What the form of numbers with a unit begins with.
UNIT = "unit "

# What stands before a number that is not the whole truth: <5, ~30.
_ABOUT = "<>=~\u2264\u2265\u2248\u00b1 "

# Numbers in more ways than this, such as "1011 AB", are codes.
_MOST_WAYS = 5

_MAY_BE_DECIMAL = (
    "has commas that may be decimal commas, but were read as if they separated thousands. If they "
    "are, say so (decimal=',')"
)

_MAY_BE_THOUSANDS = (
    "has points that may separate thousands, but were read as decimal points. If they do separate "
    "thousands, say so (decimal=',')"
)

_MAY_BE_POINTS = (
    "has points that were read as if they separated thousands. If they are decimal points, say so "
    "(decimal='.')"
)

#: Numbers of three digits that people write where none is known: no proof of how others are meant.
STAND_INS = frozenset({777, 888, 997, 998, 999})

# 1,234 or 1.234.567, which may be thousands, or one of them decimals
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:([.,])\d{3})+")
_INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}")


@dataclass(frozen=True)
class Spelled:
    """Numbers found in a column.

    Attributes
    ----------
    numbers : dict of str to float
        By the cell.
    strangers : frozenset of str
        Cells that hold none, or one that is written in another way than most.
    said : tuple of str
        How the numbers are written, where that is not plain.
    doubt : str
        Why the reading may be wrong; empty if nothing speaks for another.
    unit : str
        What is written with each: a unit, a currency, a percent sign.
    """

    numbers: dict[str, float]
    strangers: frozenset[str]
    said: tuple[str, ...]
    doubt: str = ""
    unit: str = ""

    @property
    def form(self) -> str:
        """What new numbers are compared with; see :class:`fewlabels.io._table.Numbers`."""
        return f"{UNIT}{self.unit}" if self.unit else ""


def is_missing_word(cell: object) -> TypeGuard[str]:
    """Tell whether a cell is a usual spelling of "missing", such as ``n/a``."""
    return isinstance(cell, str) and cell.strip().casefold() in WORDS_FOR_MISSING


def unwrapped(cell: str) -> str:
    """Return a cell without what spreadsheets put around a text: ``="007"``, ``'007``."""
    text = (cell if cell.isascii() else cell.translate(_ALIKE)).strip()
    if text[:1] == "=":
        formula = _FORMULA.fullmatch(text)
        return text if formula is None else formula[1].strip()
    return text[1:].lstrip() if text[:1] == "'" else text


def ambiguous_point(cells: Iterable[str]) -> bool:
    """Tell whether all points in these numbers may separate thousands, as in ``1.234 EUR``."""
    found = False
    for cell in cells:
        if "." in cell:
            match = _CELL.fullmatch(unwrapped(cell))
            if match is None or not _GROUPED.fullmatch(match["digits"]):
                return False  # nearly always the first
            found = True
    return found


def about_points(of_table: str | None) -> str:
    """Say that points in numbers such as 1.234 may separate thousands, unless the table tells."""
    return "" if of_table == "." else _MAY_BE_THOUSANDS


def decimal_mark(columns: Iterable[Iterable[str]]) -> str | None:
    """Return the decimal mark of a table, "," or ".", where its columns agree; else None."""
    found: set[str] = set()
    for cells in columns:
        matches = [_CELL.fullmatch(unwrapped(cell)) for cell in cells if cell.strip()]
        numbers = [match["digits"] for match in matches if match is not None]
        if 2 * len(numbers) > len(matches):
            found |= {mark for mark in map(_sure_mark, numbers) if mark is not None}
    return found.pop() if len(found) == 1 else None


def spelled_numbers(
    counts: Mapping[str, int], decimal: str | None, of_table: Callable[[], str | None]
) -> Spelled | None:
    """Return the numbers of a column, written in the way that most of its cells have.

    Parameters
    ----------
    counts : mapping of str to int
        How often each filled cell occurs.
    decimal : str or None
        The decimal mark, where the user has said which it is.
    of_table : callable
        Returns the decimal mark of the other columns, asked where this one does not tell.

    Returns
    -------
    Spelled or None
        None if no cell holds a number.
    """
    if all(_HEX.fullmatch(unwrapped(cell)) for cell in counts):
        values = {cell: float(int(unwrapped(cell), 16)) for cell in counts}
        return Spelled(values, frozenset(), ("hexadecimal",))
    found = {}
    for cell in counts:
        match = _CELL.fullmatch(unwrapped(cell))
        if match is not None and _is_number(match):
            found[cell] = match
    if not found:
        return None
    ways: Counter[tuple[str, str]] = Counter()
    for cell, match in found.items():
        ways[_way(match)] += counts[cell]
    way = ways.most_common(1)[0][0]
    alike = {cell: match for cell, match in found.items() if _way(match) == way}
    mark, doubt = _mark_of([match["digits"] for match in alike.values()], decimal, of_table)
    values = {}
    for cell, match in alike.items():
        number = _value(match, mark)
        if number is not None:
            values[cell] = number
    strangers = frozenset(counts.keys() - values.keys())
    return Spelled(values, strangers, _said(alike.values(), values, mark), doubt, "".join(way))


def _is_number(match: re.Match[str]) -> bool:
    """Tell whether brackets are closed, and ``12D3`` is no code: Fortran writes ``12.D+03``."""
    is_code = match["fortran"] and (
        not set(match["digits"]) & set(".,") or len(match["exponent"]) < 2
    )
    return bool(match["open"]) == bool(match["close"]) and not is_code


def like_numbers(cells: Iterable[str]) -> list[str]:
    """Return the cells that hold a number, in one of a few ways of writing; else none."""
    found = []
    ways = set()
    for cell in cells:
        match = _CELL.fullmatch(unwrapped(cell).lstrip(_ABOUT))
        if (
            match is not None
            and _is_number(match)
            and any(_value(match, mark) is not None for mark in ".,")
        ):
            found.append(cell)
            ways.add(_way(match))
    return found if len(ways) <= _MOST_WAYS else []


def way_of(cell: str) -> tuple[str, ...] | None:
    """Return what a cell that holds a number has beside its digits; None if it holds none."""
    match = _CELL.fullmatch(unwrapped(cell))
    if match is None or not _is_number(match):
        return None
    return *_way(match), _sure_mark(match["digits"]) or ""


def _way(match: re.Match[str]) -> tuple[str, str]:
    if match["before"] is None and match["after"] is None:
        return "", ""
    after = (match["after"] or "").strip().casefold().rstrip(".")
    if after in ("st", "nd", "rd"):
        after = "th"
    if len(after) > 2:
        after = after.removesuffix("s")  # day, days
    return (match["before"] or "").strip(), after


def _sure_mark(digits: str) -> str | None:
    """Return the decimal mark of a number that leaves no doubt about it."""
    commas, points = digits.count(","), digits.count(".")
    if commas and points:
        last = max(digits.rfind(","), digits.rfind("."))
        return digits[last] if digits.count(digits[last]) == 1 else None
    mark = "," if commas else "."
    if commas + points == 0:
        return None
    if commas + points > 1:
        both = _GROUPED.fullmatch(digits) or _INDIAN.fullmatch(digits)
        return ("." if commas else ",") if both else None
    return None if _GROUPED.fullmatch(digits) else mark


def _mark_of(
    numbers: list[str], decimal: str | None, of_table: Callable[[], str | None]
) -> tuple[str, str]:
    """Return the decimal mark of a column, and why it may be the other one."""
    if decimal is not None:
        return decimal, ""
    votes = Counter(mark for mark in map(_sure_mark, numbers) if mark is not None)
    if votes:
        return votes.most_common(1)[0][0], ""
    unsure = {mark for digits in numbers for mark in ",." if mark in digits}
    if not unsure:
        return ".", ""
    known = of_table()
    if len(unsure) == 1 and _skips_no_group(numbers):
        (mark,) = unsure
        other = "." if mark == "," else ","
        if known == mark:
            return known, _MAY_BE_THOUSANDS if mark == "." else _MAY_BE_DECIMAL
        if known == other:
            return other, ""
        return other, _MAY_BE_POINTS if mark == "." else _MAY_BE_DECIMAL
    if known is not None:
        return known, ""
    if unsure == {","}:
        return ".", _MAY_BE_DECIMAL
    return ".", ""


def _skips_no_group(numbers: list[str]) -> bool:
    """Tell whether numbers without a mark end where those with one begin: 987 beside 1.234.

    Decimals of three places would be 987.000, or be larger than 987 now and then. Numbers that
    usually stand for "missing" are not counted: 999 beside 1.234 tells nothing.
    """
    plain = [int(digits) for digits in numbers if digits.isdecimal()]
    plain = [number for number in plain if number not in STAND_INS]
    marked = [int(re.split("[.,]", digits)[0]) for digits in numbers if not digits.isdecimal()]
    return max(marked, default=0) < max(plain, default=0) < 1000 and max(plain) >= 100


def _value(match: re.Match[str], mark: str) -> float | None:
    whole, _, fraction = match["digits"].partition(mark)
    if fraction and not fraction.isdecimal():
        return None
    groups = "" if whole.isdecimal() else "".join(sorted(set(whole) & set(",.' _")))
    if groups:
        if len(groups) > 1:
            return None
        parts = whole.split(groups)
        indian = groups == "," and _INDIAN.fullmatch(whole)
        if not indian and not (1 <= len(parts[0]) <= 3 and all(len(p) == 3 for p in parts[1:])):
            return None
        whole = "".join(parts)
    number = float(f"{whole or '0'}.{fraction or '0'}e{match['exponent'] or '0'}")
    signs = [match["sign"], match["second"], match["last"], match["open"]]
    minus = sum(sign in ("-", "(") for sign in signs if sign)
    return None if sum(map(bool, signs)) > 1 else -number if minus else number


def _said(
    matches: Iterable[re.Match[str]], values: Mapping[str, object], mark: str
) -> tuple[str, ...]:
    matches = list(matches)
    said = []
    digits = [match["digits"] for match in matches]
    if mark == "," and any("," in number for number in digits):
        said.append("decimal comma")
    other = "." if mark == "," else ","
    groups = [group for group in (other, " ", "'", "_") if any(group in n for n in digits)]
    said += [f"thousands separated by {group!r}" for group in groups]
    said += [f"written with {match['before']!r}" for match in matches[:1] if match["before"]]
    said += [f"unit {match['after'].strip()!r}" for match in matches[:1] if match["after"]]
    if any(match["fortran"] for match in matches):
        said.append("1.5D+03 is 1500")
    if any(match["open"] for match in matches):
        said.append("(5) is -5")
    if any(cell.strip()[:1] in ("=", "'") for cell in values):
        said.append("marked as text")
    return tuple(said)
