"""Columns of durations, angles, fractions and several numbers a cell, by all their cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

from fewlabels.io._durations import all_durations, days_of_duration
from fewlabels.io._several_numbers import (
    all_numbers_of,
    angle_of,
    fraction_of,
    is_pair,
    numbers_of,
)

#: The form of numbers that are fractions.
FRACTIONS = "fractions"

# A column of words in which none of the first cells is like these is not doubted.
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


def written_otherwise(counts: Mapping[str, int]) -> Otherwise | None:
    """Return the numbers of a column, if each of its cells is written in one of these ways.

    Parameters
    ----------
    counts : mapping of str to int
        How often each filled cell occurs.
    """
    durations = all_durations(counts)
    if durations is not None:
        days, form = durations
        return Otherwise(days, ("durations, in days",), form)
    angles = _all(counts, angle_of)
    if angles is not None:
        return Otherwise(angles, ("degrees, minutes and seconds",))
    fractions = _all_fractions(counts)
    if fractions is not None:
        return Otherwise(fractions, ("fractions, such as 3/8",), FRACTIONS)
    several = all_numbers_of(counts)
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
        how = what if n_like == n_cells else f"{what} in {n_like:,} of {n_cells:,} filled cells"
        return (
            f"holds {how} (such as {like[0]!r}), which are not read as numbers. If they matter, "
            "write all cells alike, one number in each"
        )
    return ""


def _several_not_whole(cell: str) -> bool:
    """Tell whether a cell is several numbers, not all whole: those may be of a telephone."""
    return any(not number.is_integer() for number in numbers_of(cell) or ())


def _may_be_so(cells: Iterable[str]) -> bool:
    return any(is_one(cell) for cell in islice(cells, _LOOKED_AT) for _, is_one in _KINDS)


_KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("durations", lambda cell: days_of_duration(cell) is not None),
    ("angles", lambda cell: angle_of(cell) is not None),
    ("fractions", lambda cell: fraction_of(cell) is not None),
    ("pairs of numbers", is_pair),
    ("several numbers in a cell", _several_not_whole),
)


def _all(cells: Iterable[str], read: Callable[[str], float | None]) -> dict[str, float] | None:
    found = {}
    for cell in cells:
        number = read(cell)
        if number is None:
            return None
        found[cell] = number
    return found


def _all_fractions(counts: Mapping[str, int]) -> dict[str, float] | None:
    """Return numbers of which most are fractions; None if two are written for one: 3/4 and 6/8."""
    found = _all(counts, fraction_or_number)
    if found is None:
        return None
    fractions = {cell: count for cell, count in counts.items() if fraction_of(cell) is not None}
    one_each = len({found[cell] for cell in fractions}) == len(fractions)
    return found if one_each and 2 * sum(fractions.values()) > sum(counts.values()) else None


def fraction_or_number(cell: str) -> float | None:
    """Return the number that a cell of fractions or plain numbers holds; None if it is neither."""
    number = fraction_of(cell)
    if number is None and cell.strip().replace(".", "", 1).isdecimal():
        number = float(cell)
    return number
