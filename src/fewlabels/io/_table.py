"""A table with named columns, however it was stored, and what a model can make of a column."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import DataFileError, InvalidInputError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.intp]

# Called with the share of the work that is done, from 0 to 1.
Progress: TypeAlias = Callable[[float], None]

# How many rows an error message lists before it only counts them.
_LISTED = 8


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers: `values` of shape (n_rows,), NaN where there is none."""

    values: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Categories:
    """A column of categories: `codes` into `levels`, -1 where the cell is empty."""

    codes: IntArray
    levels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Block:
    """Several numbers a row, such as an image or an embedding: `values` (n_rows, n_columns)."""

    values: FloatArray


@dataclass(frozen=True, eq=False)
class Mixed:
    """A column of numbers in which some cells are text: those `rows`, and the first such cell."""

    rows: IntArray
    example: str


@dataclass(frozen=True)
class Unusable:
    """A column that no feature can be made of, and why."""

    reason: str


View: TypeAlias = Numbers | Categories | Block | Mixed | Unusable


class Table(ABC):
    """Columns of equal length, kept as they were read.

    Parameters
    ----------
    path : str
        Where it came from, for messages.
    names : sequence of str
        The columns, in order, each once.
    n_rows : int
        At least 1.

    Raises
    ------
    DataFileError
        If a column comes twice, or if there is no column or no row.
    """

    #: True where a file holds text only, so that numbers have to be recognised.
    untyped = False

    def __init__(self, path: str, names: Sequence[str], n_rows: int) -> None:
        self.path = path
        self.names = tuple(names)
        self.n_rows = n_rows
        check_unique(path, self.names)
        if not self.names:
            raise DataFileError(f"{path} has no columns. Give a table with names and data.")
        if n_rows == 0:
            raise DataFileError(
                f"{path} has columns ({quoted(self.names)}) but no rows. Give a table with data."
            )

    @abstractmethod
    def values(self, name: str) -> list[Any]:
        """Return the cells of a column as plain Python values; None where there is none."""

    @abstractmethod
    def view(self, name: str) -> View:
        """Return what a model can make of a column."""

    def require(self, name: str, option: str) -> str:
        """Return `name` if there is such a column; else raise, with the close names."""
        if name in self.names:
            return name
        near = {known.strip().casefold(): known for known in reversed(self.names)}
        close = difflib.get_close_matches(name.strip().casefold(), near, n=3, cutoff=0.6)
        if close:
            hint = "did you mean " + " or ".join(f"{near[match]!r}" for match in close) + "?"
        else:
            hint = f"its columns are {quoted(self.names)}."
        raise InvalidInputError(f"{self.path} has no column {name!r} ({option}): {hint}")


def check_unique(path: str, names: Sequence[str]) -> None:
    """Raise if a column name comes twice."""
    if len(set(names)) == len(names):
        return
    twice = [name for name, count in Counter(names).items() if count > 1]
    raise DataFileError(
        f"{path} has more than one column named {quoted(twice)}. Give each column its own name."
    )


def quoted(names: Sequence[str], most: int = 10) -> str:
    """Return the names in quotes, separated by commas; only the first ones of many."""
    listed = ", ".join(f"{name!r}" for name in names[:most])
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"


def row_list(indices: Iterable[int] | IntArray) -> str:
    """Return "row 4" or "rows 4, 17, 203 and 5 more": counted from 1, as people count."""
    rows = [int(index) + 1 for index in indices]
    if len(rows) == 1:
        return f"row {rows[0]}"
    listed = ", ".join(str(row) for row in rows[:_LISTED])
    if len(rows) > _LISTED:
        return f"rows {listed} and {len(rows) - _LISTED:,} more"
    return f"rows {', '.join(str(row) for row in rows[:-1])} and {rows[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 row" or "1,234 rows"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
