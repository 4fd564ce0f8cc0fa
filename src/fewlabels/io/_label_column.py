"""Read the column in which some rows have a label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fewlabels.exceptions import InvalidInputError
from fewlabels.io._table import Block, IntArray, Table, counted, quoted, row_list
from fewlabels.io._views import as_text, is_blank, parse_number

UNLABELLED = -1

# Classes with these names are classes (NA may be Namibia), but worth a word in the report.
_SUSPICIOUS = {"na", "n/a", "nan", "null", "none", "nil", "-", "?", "unknown", "unlabelled"}

# More different labels than this, over more than half of the labelled rows, are measurements.
_MANY_CLASSES = 20


@dataclass(frozen=True, eq=False)
class LabelColumn:
    """The labels of a table as codes.

    Attributes
    ----------
    name : str
    classes : tuple
        The different labels in order, each as it came; but whole numbers that came as floats,
        which tables with missing cells make of them, are integers.
    codes : ndarray of int, shape (n_rows,)
        Index into `classes`; -1 where the row has no label.
    notes : tuple of str
        What a person should know about how the column was read.
    """

    name: str
    classes: tuple[Any, ...]
    codes: IntArray
    notes: tuple[str, ...]

    @property
    def n_labelled(self) -> int:
        """Number of rows that have a label."""
        return int(np.count_nonzero(self.codes >= 0))

    @property
    def counts(self) -> IntArray:
        """Number of labelled rows of each class."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))


def read_labels(table: Table, name: str) -> LabelColumn:
    """Read the labels of a table.

    Unlabelled are the empty cells (null, NaN, blanks), and the number -1 in a column of whole
    numbers, as scikit-learn has it.

    Parameters
    ----------
    table : Table
    name : str
        The column that holds the labels.

    Returns
    -------
    LabelColumn

    Raises
    ------
    InvalidInputError
        If there is no such column, no labelled row or only one class; if -1 stands among
        labels that are text; if kinds of values are mixed; if the values are measurements.
    """
    table.require(name, "--label")
    if isinstance(table.view(name), Block):
        raise InvalidInputError(
            f"column {name!r} holds several numbers a row, not one label. Name another column."
        )
    cells: list[Any] = [None if is_blank(cell) else cell for cell in table.values(name)]
    if not table.untyped:
        _check_kinds(name, cells)
    present = dict.fromkeys(cell for cell in cells if cell is not None)
    numbers = _as_numbers(present, from_text=table.untyped)
    if numbers is None:
        notes = _check_text(name, present)
        classes = sorted(present)
    else:
        notes = _check_numbers(name, cells, numbers)
        whole = all(number.is_integer() for number in numbers.values())
        unlabelled = {cell for cell, number in numbers.items() if whole and number == UNLABELLED}
        classes = sorted(numbers.keys() - unlabelled, key=lambda cell: (numbers[cell], cell))
        if whole and not table.untyped and all(abs(numbers[cell]) < 2**53 for cell in classes):
            # floats only because cells are missing; 1 finds 1.0 in a dictionary
            classes = [int(cell) for cell in classes]
    code_of: dict[Any, int] = {label: code for code, label in enumerate(classes)}
    found = (code_of.get(cell, UNLABELLED) for cell in cells)
    codes = np.fromiter(found, dtype=np.intp, count=len(cells))
    column = LabelColumn(name, tuple(classes), codes, tuple(notes))
    _check_classes(table, column)
    return column


def _check_kinds(name: str, cells: Sequence[Any]) -> None:
    """Refuse labels of several kinds, such as the number 1 and the text "1"."""
    first: dict[str, int] = {}
    for row, cell in enumerate(cells):
        if cell is not None:
            is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
            first.setdefault("number" if is_number else type(cell).__name__, row)
            if isinstance(cell, (list, dict)):
                raise InvalidInputError(
                    f"column {name!r} holds {type(cell).__name__}s ({row_list([row])}), not "
                    "labels. Name another column."
                )
    if len(first) > 1:
        kinds = ", ".join(f"{kind} ({row_list([row])})" for kind, row in first.items())
        raise InvalidInputError(
            f"column {name!r} holds labels of several kinds: {kinds}. Make them all text or all "
            "numbers; leave unlabelled cells empty."
        )


def _as_numbers(present: Iterable[Any], *, from_text: bool) -> dict[Any, float] | None:
    """Return the number that each label is, without NaN; None if one of them is no number."""
    kinds = str if from_text else (int, float)
    numbers: dict[Any, float] = {}
    for label in present:
        if isinstance(label, bool) or not isinstance(label, kinds):
            return None
        number = parse_number(label) if isinstance(label, str) else float(label)
        if number is None or math.isinf(number):
            return None
        if not math.isnan(number):
            numbers[label] = number
    return numbers


def _check_text(name: str, present: Iterable[Any]) -> list[str]:
    texts = [label for label in present if isinstance(label, str)]
    if any(text.strip() == str(UNLABELLED) for text in texts):
        raise InvalidInputError(
            f'column {name!r} holds "-1" among labels that are text, where it would be a class. '
            "Leave the cells of unlabelled rows empty."
        )
    notes = []
    odd = sorted(text for text in texts if text.strip().casefold() in _SUSPICIOUS)
    if odd:
        notes.append(f"{quoted(odd)} counts as a class; leave the cells empty if it means no label")
    if len({text.strip() for text in texts}) < len(texts):
        notes.append("some labels differ only in blanks at their ends, and count as two classes")
    return notes


def _check_numbers(name: str, cells: Sequence[Any], numbers: dict[Any, float]) -> list[str]:
    if not all(number.is_integer() for number in numbers.values()):
        n_filled = sum(cell in numbers for cell in cells)
        if len(numbers) > _MANY_CLASSES and 2 * len(numbers) > n_filled:
            raise InvalidInputError(
                f"column {name!r} holds measurements ({len(numbers):,} different numbers in "
                f"{n_filled:,} rows), not classes. Name another column."
            )
        return []
    n_marked = sum(numbers.get(cell) == UNLABELLED for cell in cells)
    return [f'-1 is read as "no label" ({counted(n_marked, "row")})'] if n_marked else []


def _check_classes(table: Table, column: LabelColumn) -> None:
    if not column.classes:
        raise InvalidInputError(
            f"column {column.name!r} of {table.path} holds no label: all {table.n_rows:,} rows "
            "are unlabelled. Label at least one row of each of two classes."
        )
    if len(column.classes) == 1:
        raise InvalidInputError(
            f"column {column.name!r} of {table.path} holds one class only, "
            f"{as_text(column.classes[0])!r} ({counted(column.n_labelled, 'row')}). Label at least "
            "one row of another class."
        )
