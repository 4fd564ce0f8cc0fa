"""Columns of durations, angles, fractions and several numbers a cell, by all their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from fewlabels.io._durations import DURATIONS, all_durations, days_of_duration
from fewlabels.io._several_numbers import (
    all_numbers_of,
    angle_of,
    fraction_of,
    is_pair,
    numbers_of,
)

# A column in which none of the first cells is like these holds something else.
_LOOKED_AT = 100
# Fewer different values, or a smaller share, are names that happen to look so.
_FEWEST, _LEAST_SHARE = 3, 0.1


@dataclass(frozen=True)
class Otherwise:
    """Numbers of a column that are not written as numbers.

    Attributes
    ----------
    numbers : dict of str to float or tuple of float
        By the cell; as many in each.
    said : tuple of str
    form : str
        What new rows are read as.
    """

    numbers: Mapping[str, float | tuple[float, ...]]
    said: tuple[str, ...]
    form: str = ""


def written_otherwise(cells: Iterable[str]) -> Otherwise | None:
    """Return the numbers of a column, if each of its cells is written in one of these ways."""
    cells = list(cells)
    if not _may_be_so(cells):
        return None
    days = all_durations(cells)
    if days is not None:
        return Otherwise(days, ("durations, in days",), DURATIONS)
    angles = _all(cells, angle_of)
    if angles is not None:
        return Otherwise(angles, ("degrees, minutes and seconds",))
    fractions = _all(cells, _fraction_or_number)
    if fractions is not None and any(fraction_of(cell) is not None for cell in cells):
        return Otherwise(fractions, ("fractions, such as 3/8",))
    several = all_numbers_of(cells)
    if several is None:
        return None
    width = len(next(iter(several.values())))
    return Otherwise(several, (f"{width} numbers in a cell",))


def doubt_of_otherwise(counts: Mapping[str, int]) -> str:
    """Return what to say of a column that counts as words, and in part is written so."""
    if len(counts) < _FEWEST or not _may_be_so(counts):
        return ""
    for what, is_one in _KINDS:
        like = [cell for cell in counts if is_one(cell)]
        n_like, n_cells = sum(counts[cell] for cell in like), sum(counts.values())
        if len(like) < _FEWEST or n_like < _LEAST_SHARE * n_cells:
            continue
        how = what if n_like == n_cells else f"{what} in {n_like:,} of {n_cells:,} cells"
        return (
            f"holds {how} (such as {like[0]!r}), which are not read as numbers. If they matter, "
            "write all cells alike, one number in each"
        )
    return ""


def _has_fractions(cell: str) -> bool:
    """Tell whether a cell is several numbers, not all whole: those may be of a telephone."""
    return any(not number.is_integer() for number in numbers_of(cell) or ())


def _may_be_so(cells: Iterable[str]) -> bool:
    return any(is_one(cell) for cell in islice(cells, _LOOKED_AT) for _, is_one in _KINDS)


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("durations", lambda cell: days_of_duration(cell) is not None),
    ("angles", lambda cell: angle_of(cell) is not None),
    ("fractions", lambda cell: fraction_of(cell) is not None),
    ("pairs of numbers", is_pair),
    ("several numbers in a cell", _has_fractions),
)


def _all(cells: Iterable[str], read: Callable[[str], float | None]) -> dict[str, float] | None:
    found = {}
    for cell in cells:
        number = read(cell)
        if number is None:
            return None
        found[cell] = number
    return found


def _fraction_or_number(cell: str) -> float | None:
    number = fraction_of(cell)
    if number is None and cell.strip().replace(".", "", 1).isdecimal():
        number = float(cell)
    return number
