"""Tables that hold texts beside numbers, categories and dates, and a class of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.sets import files, texts

# Columns of numbers, text and None, by name.
Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class MixedTable:
    """A table with a text column.

    Attributes
    ----------
    name : str
    read : callable
        Returns columns, and the class of each row.
    numbers, categories, texts : tuple of str
        What its columns are, for those who have to be told. Nobody tells us.
    tuned_on : bool
        Whether it was looked at while the features were made.
    """

    name: str
    read: Callable[[], tuple[Columns, list[str]]]
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...]
    tuned_on: bool = False
    most_classes: int = 20


def load(about: MixedTable, largest: int) -> tuple[Columns, Any]:
    """Return columns, and the class of each row as a number from 0 on.

    Of the `most_classes` most frequent classes so many rows each, drawn, that they are `largest`
    together at most; classes of too few rows to be answered are left out.

    Raises
    ------
    MissingDataError
        If its package, or its list, is not there.
    """
    columns, of_rows = about.read()
    _, place, counts = np.unique(of_rows, return_inverse=True, return_counts=True)
    order = np.random.default_rng(0).permutation(len(place))
    frequent = np.argsort(-counts, kind="stable")[: about.most_classes]
    drawn = [order[place[order] == code][: largest // len(frequent)] for code in frequent]
    rows = np.sort(np.concatenate([each for each in drawn if len(each) >= texts.FEWEST]))
    codes = np.unique(place[rows], return_inverse=True)[1]
    return {name: [cells[row] for row in rows] for name, cells in columns.items()}, codes


def _tweets() -> tuple[Columns, list[str]]:
    """Read tweets of two authors, without what names the author or the device."""
    names = {
        "Is retweet": "is_retweet",
        "Time": "time",
        "Language": "language",
        "Retweet count": "retweets",
        "Favorite count": "favorites",
        "Content": "content",
    }
    path = "orangecontrib/text/datasets/election-tweets-2016.tab"
    table = files.columns(path, delimiter="\t", skipped=2)
    return {new: [cell or None for cell in table[old]] for old, new in names.items()}, table[
        "Author"
    ]


def _packages() -> tuple[Columns, list[str]]:
    """Read Debian's packages and their sections, no description twice."""
    wanted = {
        "priority": "Priority",
        "size": "Size",
        "installed_size": "Installed-Size",
        "maintainer": "Maintainer",
        "tags": "Tag",
    }
    described = {
        e["Package"]: e.get("Description-en", "") for e in texts.entries(texts.TRANSLATIONS)
    }
    columns: Columns = {name: [] for name in (*wanted, "description")}
    sections: list[str] = []
    seen: set[str] = set()
    for entry in texts.entries(texts.PACKAGES):
        text = described.get(entry["Package"], "")
        if not text or text in seen:
            continue
        seen.add(text)
        sections.append(texts.section_of(entry))
        columns["description"].append(text)
        for name, field in wanted.items():
            cell = entry.get(field, "").replace("\n", " ").partition("<")[0].strip()
            columns[name].append(cell or None)
    return columns, sections


SETS = (
    MixedTable(
        "Debian's packages",
        _packages,
        numbers=("size", "installed_size"),
        categories=("priority", "maintainer"),
        texts=("tags", "description"),
        tuned_on=True,
    ),
    MixedTable(
        "tweets",
        _tweets,
        numbers=("retweets", "favorites"),
        categories=("is_retweet", "language"),
        texts=("content",),
    ),
)
