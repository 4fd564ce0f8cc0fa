"""Which columns of a row differ from those of the rows near it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

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
    columns = [
        [value, *(each[place][1] for each in near)] for place, (_, value) in enumerate(cells)
    ]
    numbers = {place: known for place, each in enumerate(columns) if (known := _numbers(each))}
    far = _far(np.array(list(numbers.values()))) if numbers else []
    found = {cells[place][0] for place, is_far in zip(numbers, far, strict=True) if is_far}
    for place, (name, _) in enumerate(cells):
        if place not in numbers and _stands_alone(columns[place]):
            found.add(name)
    return found


def _numbers(values: Sequence[str]) -> list[float] | None:
    """Return a column as numbers, or None where it holds others."""
    try:
        return [float(value) for value in values]
    except ValueError:
        return None


def _far(columns: npt.NDArray[np.float64]) -> list[bool]:
    """Tell in which columns the first number is far from the others."""
    own, others = columns[:, 0], columns[:, 1:]
    middle = np.median(others, axis=1)
    usual = np.median(np.abs(others - middle[:, None]), axis=1)
    far: list[bool] = (np.abs(own - middle) > _FAR * usual + 1e-9 * np.abs(middle)).tolist()
    return far


def _stands_alone(column: Sequence[str]) -> bool:
    """Tell whether the first word is not that of the others, who agree."""
    own, *others = column
    ((most, count),) = Counter(others).most_common(1)
    few = others.count(own) <= _FEW * len(others)
    return own != most and few and count > len(others) / 2
