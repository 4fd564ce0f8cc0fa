"""What to say of labels that may be no classes: amounts, dates, and several classes in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fewlabels.io._dates import text_dates
from fewlabels.io._table import quoted

# Fewer classes may have one label each.
_FEWEST = 6
_BETWEEN = ";|"


def about_amounts(name: str, n_classes: int, n_labels: int, what: str) -> list[str]:
    """Say that labels of which hardly one comes twice count as classes.

    Parameters
    ----------
    name : str
        The column.
    n_classes, n_labels : int
    what : str
        What they are: "numbers with fractions", "dates".
    """
    if n_classes < _FEWEST or 2 * n_classes <= n_labels:
        return []
    return [
        f"column {name!r} holds {what} as labels, {n_classes:,} different ones in {n_labels:,} "
        "rows, and each counts as a class of its own. If they are amounts, name another column, or "
        "make a column of classes of it. (Numbers can be predicted in Python: FewLabelsRegressor.)"
    ]


def about_dates(name: str, counts: Mapping[str, int]) -> list[str]:
    """Say the same of dates."""
    if len(counts) < _FEWEST or text_dates(counts) is None:
        return []
    return about_amounts(name, len(counts), sum(counts.values()), "dates")


def about_several(name: str, classes: Sequence[str]) -> list[str]:
    """Say that labels name several classes each: "red; blue" beside "blue; green"."""
    for between in _BETWEEN:
        joint = [each for each in classes if len(_parts(each, between)) > 1]
        parts = Counter(part for each in classes for part in set(_parts(each, between)))
        again = [each for each in joint if any(parts[part] > 1 for part in _parts(each, between))]
        if again:
            return [
                f"column {name!r} holds labels that seem to name several classes each (such as "
                f"{quoted(again[:2])}). Each combination counts as a class of its own. If that "
                "isn't meant, make a column of each class, and label them one by one."
            ]
    return []


def _parts(text: str, between: str) -> list[str]:
    return [part.strip() for part in text.split(between) if part.strip()]
