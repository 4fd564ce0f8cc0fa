"""Values that may stand for something else: -999 for "missing", "Red" for "red"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set

import numpy as np

from fewlabels.io._spelled import STAND_INS
from fewlabels.io._table import Dates, FloatArray, Numbers, View, counted, quoted

# What statistics packages, databases and people write where no number is known.
_NUMBERS = frozenset(
    [
        *(-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -888.0, -8888.0),
        *map(float, STAND_INS),
        *(9999.0, 99999.0, 999999.0, 8888.0, 888888.0),
        *(-32768.0, -2147483648.0, 2147483647.0),
    ]
)
_DAYS = {
    float(np.datetime64(day).astype(np.int64)): day
    for day in ("9999-12-31", "2999-12-31", "1900-01-01", "1899-12-30", "1970-01-01", "0001-01-01")
}
# Fewer other values don't show what is usual; a single such number may be one.
_FEWEST_OTHERS, _FEWEST = 10, 2


def about_stand_ins(view: View) -> str:
    """Say that an outermost value may mean that nothing is known; empty if none does.

    It has to be a usual one, come twice at least (of dates, once), and lie farther from all others
    than these do from each other; or be the only negative number.
    """
    if isinstance(view, Dates):
        values = np.floor(view.days[np.isfinite(view.days)])
        for value, how in _outermost(values, _DAYS.keys(), fewest=1):
            n_rows = int((values == value).sum())
            return _may_be_missing(f"the date {_DAYS[value]}", n_rows, how, "date")
    elif isinstance(view, Numbers):
        values = view.values[np.isfinite(view.values)]
        for value, how in _outermost(values, _NUMBERS, fewest=_FEWEST):
            return _may_be_missing(f"{value:.0f}", int((values == value).sum()), how, "number")
    return ""


def _may_be_missing(value: str, n_rows: int, how: str, kind: str) -> str:
    return (
        f"has {value} in {counted(n_rows, 'row')}, {how}. It counts as a {kind} like any other. If "
        "it means that nothing is known, leave these cells empty"
    )


def _outermost(values: FloatArray, usual: Set[float], fewest: int) -> list[tuple[float, str]]:
    """Return the least or the largest value, if it is a usual one, and how it differs."""
    found = []
    for value in (values.min(), values.max()) if len(values) else ():
        if float(value) not in usual or np.count_nonzero(values == value) < fewest:
            continue
        others = values[values != value]
        if len(np.unique(others)) < _FEWEST_OTHERS:
            continue
        far = float(np.abs(others - value).min()) > float(np.ptp(others))
        only_negative = value < 0 <= others.min() and value in _NUMBERS
        if far or only_negative:
            how = "far from all other values" if far else "the only negative value"
            found.append((float(value), how))
    return found


def about_alike(levels: Sequence[str]) -> str:
    """Say that names differ only in case or in blanks within them; empty if none do."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for level in levels:
        if len(level) > 1:
            groups[" ".join(level.casefold().split())].append(level)
    alike = [names for names in groups.values() if len(names) > 1]
    if not alike:
        return ""
    return (
        f"has names that differ only in case or blanks (such as {quoted(alike[0], 3)}). These "
        "count as different categories. If they are one, write them alike"
    )
