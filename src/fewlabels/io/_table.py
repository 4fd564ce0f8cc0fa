"""A table with named columns, however it was stored, and what a model can make of a column."""

from __future__ import annotations

import copy
import difflib
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from fewlabels._labels import is_missing
from fewlabels._typing import Cells
from fewlabels.exceptions import DataFileError, InvalidInputError
from fewlabels.io._spelled import decimal_mark

FloatArray = npt.NDArray[np.floating]
IntArray = npt.NDArray[np.intp]

# Called with the share of the work that is done, from 0 to 1.
Progress: TypeAlias = Callable[[float], None]

# How many rows an error message lists before it only counts them.
_LISTED = 8
# Characters that nobody sees: zero-width blanks, byte order marks, marks of direction.
_WITHOUT_WIDTH = "\u200b\u2060\ufeff\u200e\u200f \t\xa0"
# Rows that are looked at for the decimal mark of a table.
_LOOKED_AT = 2000


@dataclass(frozen=True)
class Reading:
    """How the cells of a table are to be read, where the user says so.

    Attributes
    ----------
    decimal : {",", "."} or None
        The decimal mark of numbers that are text; None to tell it from the cells.
    missing : frozenset of str or None
        Spellings of "missing", without case, beside the empty cell. None: the usual ones among
        numbers, none among words.
    """

    decimal: str | None = None
    missing: frozenset[str] | None = None

    def is_missing(self, cell: object) -> bool:
        """Tell whether the user has said that this cell means "missing"."""
        return bool(self.missing) and _bare(cell) in (self.missing or ())


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers: `values` of shape (n_rows,), NaN where there is none.

    `said` is how they were written, where that is not plain; `doubt` why they may be others.
    `form` is what new rows are read as: durations have units, which numbers have not.
    """

    values: npt.NDArray[np.float64]
    said: tuple[str, ...] = ()
    doubt: str = ""
    form: str = ""


@dataclass(frozen=True, eq=False)
class Categories:
    """A column of categories: `codes` into `levels`, -1 where the cell is empty.

    `doubt` says why the column may be meant otherwise.
    """

    codes: IntArray
    levels: tuple[str, ...]
    doubt: str = ""


@dataclass(frozen=True, eq=False)
class Block:
    """Several numbers a row, such as an image or an embedding: `values` (n_rows, n_columns).

    `said` is how they were written, where that is not plain.
    """

    values: FloatArray
    said: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Dates:
    """A column of dates: `days` since 1970 of shape (n_rows,), NaN where there is none.

    Times are shares of a day; with `clock_only` they are all there is. `other_form` is how the
    column may be meant, too, as ``strptime`` has it: "%m/%d/%Y" where the day was taken for first.
    `order` is what was taken for first where that matters: "day first" or "month first". `zone` is
    the offset from UTC that the times are of, such as "+01:00"; empty where it isn't known of all.
    `said` is how they were read, where that is not plain; `doubt` why they may be others.
    """

    days: npt.NDArray[np.float64]
    clock_only: bool = False
    other_form: str = ""
    order: str = ""
    zone: str = ""
    said: tuple[str, ...] = ()
    doubt: str = ""

    @property
    def form(self) -> str:
        """What new rows are read by: order and zone, as far as there are any."""
        return " ".join(filter(None, (self.order, self.zone)))


@dataclass(frozen=True, eq=False)
class Items:
    """A column of lists of names, such as tags: one tuple a row, None where there is no list."""

    lists: Sequence[tuple[str, ...] | None]


@dataclass(frozen=True, eq=False)
class Mixed:
    """A column of numbers in which some cells are text: those `rows`, and the first such cell."""

    rows: IntArray
    example: str


@dataclass(frozen=True)
class Unusable:
    """A column that no feature can be made of, and why; `doubt` says why it may be useful."""

    reason: str
    doubt: str = ""


View: TypeAlias = Numbers | Categories | Dates | Items | Block | Mixed | Unusable


class Table(ABC):
    r"""Columns of equal length, kept as they were read.

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

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import read_table
    >>> path = Path(tempfile.mkdtemp()) / "shoes.csv"
    >>> _ = path.write_text("kind,price\nclog,12\nboot,90\n")
    >>> read_table(path).values("kind")
    ['clog', 'boot']
    """

    #: True where a file holds text only, so that numbers have to be recognised.
    untyped = False
    #: True where it was passed in, so that no setting of a reader can change it.
    in_memory = False
    #: True where one cell is read without the rest of its column.
    reads_cells = False
    #: What the user says of the cells.
    reading = Reading()
    #: What was found out about the file, such as its encoding.
    notes: tuple[str, ...] = ()
    #: What was found out, and may be wrong.
    warnings: tuple[str, ...] = ()
    #: Where else in the file a table might be that was meant, as a sentence.
    elsewhere = ""

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

    @property
    def taken(self) -> tuple[str, ...]:
        """The names that no added column may have."""
        return self.names

    @abstractmethod
    def values(self, name: str) -> Cells:
        """Return the cells of a column as plain Python values; None where there is none."""

    @abstractmethod
    def view(self, name: str) -> View:
        """Return what a model can make of a column."""

    def cells(self, name: str) -> Cells:
        """Return the cells of a column, None where they are blank or said to be missing."""
        is_missing = self.reading.is_missing
        return [None if is_blank(cell) or is_missing(cell) else cell for cell in self.values(name)]

    def cell(self, name: str, row: int) -> object:
        """Return one of :meth:`values`."""
        return self.values(name)[row]

    def head(self, n_rows: int) -> Self:
        """Return the first rows, or the whole table where that is as quick."""
        return self

    def rows_said(self, indices: Iterable[int] | IntArray) -> str:
        """Return what messages call rows: "rows 4, 17 and 5 more"; pictures by their files."""
        return row_list(indices)

    def only(self, names: Iterable[str]) -> Self:
        """Return the same table with these of its columns only, in this order."""
        other = copy.copy(self)
        other.names = tuple(dict.fromkeys(names))
        return other

    @cached_property
    def decimal_mark(self) -> str | None:
        """The decimal mark that the columns of text agree on, "," or "."; None if unknown."""
        columns = (islice(self.values(name), _LOOKED_AT) for name in self.names)
        return decimal_mark({cell for cell in cells if isinstance(cell, str)} for cells in columns)

    def require(self, name: str, parameter: str) -> str:
        """Return `name` if there is such a column; else raise, with the close names."""
        complaint = self.lacking(name, parameter)
        if complaint:
            raise InvalidInputError(complaint, parameter=parameter)
        return name

    def lacking(self, name: str, parameter: str) -> str:
        """Return what to say if there is no such column, with the close names; else nothing."""
        if name in self.names:
            return ""
        joint = _joint(self.names[0], name) if self.untyped and len(self.names) == 1 else ""
        if joint:
            return (
                f"{self.path} has one column only, {self.names[0][:80]!r}, and no {name!r} "
                f"({setting(parameter, name)}). Say what separates the cells: "
                f"{setting('separator', joint)}; where blanks align them, save the table as CSV."
            )
        near = {known.strip().casefold(): known for known in reversed(self.names)}
        close = difflib.get_close_matches(name.strip().casefold(), near, n=3, cutoff=0.6)
        if close:
            hint = "did you mean " + " or ".join(f"{near[match]!r}" for match in close) + "?"
        else:
            hint = f"its columns are {quoted(self.names)}."
        elsewhere = f" {self.elsewhere}" if self.elsewhere else ""
        return f"{self.path} has no column {name!r} ({setting(parameter, name)}): {hint}{elsewhere}"


def _joint(header: str, name: str) -> str:
    """Return the character that stands beside `name` in a line of names; empty if it isn't one."""
    match = re.search(rf"(?:([^\w\"'])|^)[\"']?{re.escape(name)}[\"']?(?:([^\w\"'])|$)", header)
    return "" if match is None else match[1] or match[2] or ""


def check_unique(path: str, names: Sequence[str]) -> None:
    """Raise if a column name comes twice."""
    if len(set(names)) == len(names):
        return
    twice = [name for name, count in Counter(names).items() if count > 1]
    if not any(name.strip() for name in twice):
        raise DataFileError(
            f"{path} has {names.count(twice[0])} columns without a name. Name them, or delete the "
            "separators at the ends of the lines."
        )
    raise DataFileError(
        f"{path} has more than one column named {quoted(twice)}. Give each column its own name."
    )


def quoted(names: Sequence[object], most: int = 10) -> str:
    """Return the names in quotes, separated by commas; only the first ones of many."""
    return a_few(names, most, repr)


def a_few(names: Sequence[object], most: int, said: Callable[[object], str] = str) -> str:
    """Return the names, separated by commas; of many, the first ones, and how many more."""
    listed = ", ".join(map(said, names[:most]))
    return listed if len(names) <= most else f"{listed} and {len(names) - most:,} more"


def row_list(indices: Iterable[int] | IntArray) -> str:
    """Return "row 4" or "rows 4, 17, 203 and 5 more": counted from 1, as people count.

    Examples
    --------
    >>> from fewlabels.io import row_list
    >>> row_list([3]), row_list([3, 16])
    ('row 4', 'rows 4 and 17')
    """
    rows = [int(index) + 1 for index in indices]
    if len(rows) == 1:
        return f"row {rows[0]}"
    listed = ", ".join(str(row) for row in rows[:_LISTED])
    if len(rows) > _LISTED:
        return f"rows {listed} and {len(rows) - _LISTED:,} more"
    return f"rows {', '.join(str(row) for row in rows[:-1])} and {rows[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return "1 row" or "1,234 rows".

    Examples
    --------
    >>> from fewlabels.io import counted
    >>> counted(1, "row"), counted(1234, "row")
    ('1 row', '1,234 rows')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def setting(name: str, value: object) -> str:
    """Return ``exclude=['x']``: how a message names a setting.

    The command line finds these again and writes its options in their place.
    """
    return f"{name}={value!r}"


def is_blank(cell: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN, or text or bytes of blanks."""
    if isinstance(cell, str):
        bare = cell.strip()
        return not bare or not (bare.isascii() or bare.strip(_WITHOUT_WIDTH))
    if isinstance(cell, bytes):
        return not cell.strip()
    return is_missing(cell)


def _bare(cell: object) -> str:
    """Return a cell as the spellings of "missing" are compared: 5.0 as "5", without case."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip().casefold()
