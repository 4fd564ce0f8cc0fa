"""Which columns of a row differ from those of the rows near it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

Cells = Sequence[tuple[str, str]]

# A number that is so many times the usual distance from the middle; a word that so many lack.
_FAR, _FEW = 3.0, 0.2
_FEWEST = 4


def differing(cells: Cells, near: Sequence[Cells]) -> set[str]:
    """Return the columns in which a row differs from those near it.

    Numbers by their distance from the median, over the median of those distances; words where at
    most a fifth of the others have the same, and most of the others agree.

    Examples
    --------
    >>> others = [[("a", "1"), ("b", "red")], [("a", "1.1"), ("b", "red")]] * 3
    >>> differing([("a", "9"), ("b", "red")], others)
    {'a'}
    """
    if len(near) < _FEWEST:
        return set()
    found = set()
    for place, (name, value) in enumerate(cells):
        others = [each[place][1] for each in near]
        own, numbers = _number(value), [_number(other) for other in others]
        known = [number for number in numbers if number is not None]
        if own is not None and len(known) == len(others):
            middle = float(np.median(known))
            usual = float(np.median(np.abs(np.array(known) - middle)))
            if abs(own - middle) > _FAR * usual + 1e-9 * abs(middle):
                found.add(name)
            continue
        (most, count), *_ = Counter(others).most_common(1)
        same = others.count(value)
        if value != most and same <= _FEW * len(others) and count > len(others) / 2:
            found.add(name)
    return found


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
