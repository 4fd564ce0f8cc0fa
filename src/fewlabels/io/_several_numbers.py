"""Cells of several numbers, such as coordinates, and numbers that are fractions or angles."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_BRACKETS = re.compile(
    r"(?:POINT\s*(?:Z\s*)?)?\((.*)\)|\[(.*)\]", re.IGNORECASE | re.DOTALL
)  # (0.1, 0.5] is an interval
_WITH_COMMA = re.compile(r"[+-]?\d+,\d+")
_COMMA = re.compile(r"\d,\d")
_MAY_BE_THOUSANDS = re.compile(r"(?<!\d)[1-9]\d{0,2},\d{3}(?!\d)")

# 3/8, 1 1/2, -1/4: of inches, of shares. Other denominators are dates, codes or pairs.
_FRACTION = re.compile(
    r"([+-])?\s*(?:(\d{1,3})[ +-])?\s*([1-9]\d{0,2})\s*[/\u2044]\s*([1-9]\d{0,3})"
)
_DENOMINATORS = frozenset((2, 3, 4, 5, 6, 8, 10, 12, 16, 32, 64, 100, 1000))
_PAIR = re.compile(r"\s*\d+\s*/\s*\d+\s*")

_DEGREES = re.compile(
    r"""
    (?P<before>[NSEW])?\s*(?P<sign>[+-])?(?P<degrees>\d{1,3}(?:[.,]\d+)?)\s*(?:[°º]|deg)?
    (?:(?<=[°ºg])\s*(?P<minutes>\d{1,2}(?:[.,]\d+)?)\s*['\u2032\u2019]
       (?:\s*(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:"|\u2033|\u201d|''|\u2032\u2032))?)?
    \s*(?P<after>[NSEW])?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SIGN_OF_DEGREES = re.compile(r"[°º]|deg", re.IGNORECASE)
_SIGN_OF_ANGLES = re.compile(r"[°º]|deg|\d[.,]\d", re.IGNORECASE)
# Longer text is no pair of angles, and not looked at.
_LONGEST = 60
_OF_ANGLES = ("degrees", "minutes", "seconds")
_BETWEEN_ANGLES = re.compile(
    r"\s*[,;]\s*|\s+|(?<=[NS])(?=[\d EW])|(?<=[EW])(?=[\d NS])", re.IGNORECASE
)


def all_numbers_of(cells: Iterable[str]) -> dict[str, tuple[float, ...]] | None:
    """Return the numbers of cells that hold as many each, two or more; None if some hold others.

    ``48.2, 16.37``, ``48,2; 16,37``, ``0.1 0.2 0.3``, ``(48.2, 16.37)``, ``POINT(16.37 48.2)``,
    ``48°12'N 16°22'E``. Most numbers must have a decimal mark or a degree sign: whole ones may be
    codes, or a number with separated thousands, as ``1,200 3,400`` may be.
    """
    found = {}
    width = n_fractional = n_commas = n_thousands = 0
    for cell in cells:
        numbers = numbers_of(cell)
        if numbers is None or len(numbers) != (width or len(numbers)):
            return None
        width = len(numbers)
        n_fractional += 2 if "\u00b0" in cell else sum(not n.is_integer() for n in numbers)
        if "." not in cell:
            n_commas += len(_COMMA.findall(cell))
            n_thousands += len(_MAY_BE_THOUSANDS.findall(cell))
        found[cell] = numbers
    if n_commas and n_commas == n_thousands:
        return None
    return found if 2 * n_fractional > width * len(found) else None


def numbers_of(cell: str) -> tuple[float, ...] | None:
    """Return the numbers of a cell, two or more; None if it holds something else."""
    text = cell.strip()
    inside = _BRACKETS.fullmatch(text)
    text = text if inside is None else (inside[1] or inside[2] or "").strip()
    parts = _parts(text)
    if parts is not None:
        return tuple(map(float, parts))
    return _two_angles(text)


def _parts(text: str) -> list[str] | None:
    words = text.split()
    if ";" in text:
        parts = [part.strip() for part in text.split(";")]
        if all("." not in part for part in parts):
            parts = [part.replace(",", ".") for part in parts]
    elif len(words) > 1 and all(map(_WITH_COMMA.fullmatch, words)):
        parts = [word.replace(",", ".") for word in words]
    else:
        parts = [part.strip() for part in text.split(",")] if "," in text else words
    return parts if len(parts) > 1 and all(map(_NUMBER.fullmatch, parts)) else None


def _two_angles(text: str) -> tuple[float, float] | None:
    """Return latitude and longitude, or two angles as they come."""
    if len(text) > _LONGEST:
        return None
    for cut in _BETWEEN_ANGLES.finditer(text):
        first, second = _angle(text[: cut.start()]), _angle(text[cut.end() :])
        if first is None or second is None:
            continue
        if _SIGN_OF_DEGREES.search(text) or (first[1] in "NS") != (second[1] in "NS"):
            swapped = first[1] in ("E", "W") and second[1] in ("N", "S")
            return (second[0], first[0]) if swapped else (first[0], second[0])
    return None


def angle_of(cell: str) -> float | None:
    """Return the degrees of an angle with minutes or a direction, ``48°12'30"N``; else None.

    Without a degree sign, ``10.5 W`` may be a size.
    """
    found = _angle(cell.strip()) if _SIGN_OF_DEGREES.search(cell) else None
    return None if found is None else found[0]


def _angle(text: str) -> tuple[float, str] | None:
    match = _DEGREES.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    direction = (match["before"] or match["after"] or "").upper()
    # 48.2 and 48° are plain numbers, N12 is a code
    is_angle = direction and _SIGN_OF_ANGLES.search(text)
    if match["minutes"] is None and not is_angle:
        return None
    parts = [float((match[part] or "0").replace(",", ".")) for part in _OF_ANGLES]
    if parts[0] > 360 or max(parts[1:]) >= 60:
        return None
    degrees = parts[0] + parts[1] / 60 + parts[2] / 3600
    minus = (match["sign"] == "-") != (direction in ("S", "W"))
    return (-degrees if minus else degrees), direction


def fraction_of(cell: str) -> float | None:
    """Return the number that a fraction is, ``3/8`` or ``1 1/2``; None of others, ``12/3``."""
    match = _FRACTION.fullmatch(cell.strip().rstrip('"\u2033'))
    if match is None or int(match[4]) not in _DENOMINATORS or int(match[3]) >= int(match[4]):
        return None
    value = int(match[2] or 0) + int(match[3]) / int(match[4])
    return -value if match[1] == "-" else value


def is_pair(cell: str) -> bool:
    """Tell whether a cell is two numbers with a slash between, ``120/80``."""
    return _PAIR.fullmatch(cell) is not None
