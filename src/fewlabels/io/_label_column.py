"""Read the column in which some rows have a label."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fewlabels._class_names import named_groups, near_equal_classes
from fewlabels._typing import Cells
from fewlabels.exceptions import InvalidInputError
from fewlabels.io._cells import as_text, decoded
from fewlabels.io._label_remarks import about_amounts, about_dates, about_several
from fewlabels.io._spelled import is_missing_word
from fewlabels.io._table import (
    Block,
    IntArray,
    Table,
    counted,
    is_blank,
    quoted,
    row_list,
    setting,
)
from fewlabels.io._views import best_reading, parse_number

UNLABELLED = -1

# -1 as an integer without a sign, of 8, 16, 32 and 64 bits
_UNSIGNED = {float(2**bits - 1) for bits in (8, 16, 32, 64)}

# More classes than this take minutes, and nobody has labels enough for them.
_MOST_CLASSES = 1_000
# Whole numbers are codes of classes where they lie close together, and amounts where they don't.
_MANY_NUMBERS, _CLOSE = 100, 4

# More different labels than this, over more than half of the labelled rows, are measurements.
_MANY_CLASSES = 20


@dataclass(frozen=True, eq=False)
class LabelColumn:
    r"""The labels of a table as codes.

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
    warnings : tuple of str
        What may have been misinterpreted.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import read_labels, read_table
    >>> path = Path(tempfile.mkdtemp()) / "shoes.csv"
    >>> _ = path.write_text("kind\nclog\nboot\nclog\n")
    >>> labels = read_labels(read_table(path), "kind")
    >>> [labels.classes[code] for code in labels.codes]
    ['clog', 'boot', 'clog']
    """

    name: str
    classes: tuple[object, ...]
    codes: IntArray
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def n_labelled(self) -> int:
        """Number of rows that have a label."""
        return int(np.count_nonzero(self.codes >= 0))

    @property
    def counts(self) -> IntArray:
        """Number of labelled rows of each class."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.classes))


def read_labels(table: Table, name: str) -> LabelColumn:
    r"""Read the labels of a table.

    Unlabelled are the empty cells (null, NaN, blanks, empty lists), those that the table was told
    to take for missing, and the number -1 in a column of whole numbers, as scikit-learn has it. A
    list of one is that label. Blanks around a label are not part of it.

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
        labels that are text, or beside empty cells; if kinds of values are mixed; if the values
        are measurements.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.io import read_labels, read_table
    >>> path = Path(tempfile.mkdtemp()) / "shoes.csv"
    >>> _ = path.write_text("price;kind\n12,90;clog\n990,00;\n11,50;boot\n")
    >>> labels = read_labels(read_table(path), "kind")
    >>> labels.classes, labels.codes
    (('boot', 'clog'), array([ 1, -1,  0]))
    """
    table.require(name, "label")
    view = None if table.untyped else table.view(name)
    if isinstance(view, Block) and view.values.shape[1] > 1:
        raise InvalidInputError(
            f"column {name!r} holds several numbers a row, not one label. Name another column."
        )
    notes: list[str] = []
    warnings: list[str] = []
    labels = _plain(table, name, table.cells(name), notes)
    words = _words(table, labels, notes)
    if not table.untyped:
        _check_kinds(name, labels)
    present: dict[Any, None] = dict.fromkeys(label for label in labels if label is not None)
    numbers = _as_numbers(present, from_text=table.untyped)
    if numbers is None:
        _check_text(name, present)
        _check_written_amounts(table, name, labels)
        if words:
            warnings.append(_about_words(name, words))
        texts = Counter(label for label in labels if isinstance(label, str))
        warnings += about_dates(name, texts) + about_several(name, list(texts))
        classes: Cells = sorted(present)
    else:
        marked = _marked(table, name, labels, numbers, notes)
        classes = sorted(numbers.keys() - marked, key=lambda label: (numbers[label], label))
        whole = all(number.is_integer() for number in numbers.values())
        if not whole:
            n_labels = sum(label in numbers for label in labels)
            warnings += about_amounts(name, len(classes), n_labels, "numbers with fractions")
        if whole and not table.untyped and all(abs(numbers[label]) < 2**53 for label in classes):
            # floats only because cells are missing; 1 finds 1.0 in a dictionary
            classes = [int(numbers[label]) for label in classes]
        warnings += _wrapped(name, [numbers[label] for label in classes])
        _check_amounts(name, [numbers[label] for label in classes])
    code_of: dict[object, int] = {label: code for code, label in enumerate(classes)}
    found = (code_of.get(label, UNLABELLED) for label in labels)
    codes = np.fromiter(found, dtype=np.intp, count=len(labels))
    column = LabelColumn(name, tuple(classes), codes, tuple(notes), tuple(warnings))
    _check_classes(table, column)
    alike = near_equal_classes(column.classes, column.counts.tolist())
    return replace(column, warnings=(*column.warnings, _about_alike(alike))) if alike else column


def _plain(table: Table, name: str, cells: Sequence[object], notes: list[str]) -> Cells:
    """Return the labels without lists around them, blanks at their ends, and bytes."""
    labels = list(cells)
    for row, cell in enumerate(labels):
        if isinstance(cell, list):
            labels[row] = _only(name, row, cell)
    try:
        labels = decoded(labels)
    except UnicodeDecodeError:
        raise InvalidInputError(
            f"column {name!r} holds bytes that are no text. Name another column."
        ) from None
    n_trimmed = 0
    for row, label in enumerate(labels):
        if isinstance(label, str):
            bare = label.strip()
            if bare != label:
                n_trimmed += 1
                labels[row] = None if not bare or table.reading.is_missing(bare) else bare
    if n_trimmed:
        notes.append(f"blanks around the label are left out ({counted(n_trimmed, 'row')})")
    return labels


def _only(name: str, row: int, cell: list[object]) -> object:
    if len(cell) > 1:
        raise InvalidInputError(
            f"column {name!r} holds several labels in {row_list([row])} ({quoted(cell[:3])}). Give "
            "each row one label, or none."
        )
    return cell[0] if cell and not is_blank(cell[0]) else None


def _words(table: Table, labels: Cells, notes: list[str]) -> dict[str, int]:
    """Return how often words such as "n/a" come among the labels; take them out among numbers."""
    if table.reading.missing is not None:
        return {}
    words = Counter(label for label in labels if is_missing_word(label))
    if not words:
        return {}
    others = {label for label in labels if label is not None and label not in words}
    kinds = (str,) if table.untyped else (int, float)
    are_numbers = (
        others
        and all(isinstance(label, kinds) for label in others)
        and _as_numbers(others, from_text=table.untyped) is not None
    )
    if not are_numbers:
        return dict(words)
    labels[:] = [None if label in words else label for label in labels]
    notes.append(f"{quoted(sorted(words))}: no label ({counted(sum(words.values()), 'row')})")
    return {}


def _about_alike(groups: Sequence[tuple[object, ...]]) -> str:
    return (
        f"classes with nearly equal names count as different ones: {named_groups(groups)}. If they "
        "are one class, write them alike."
    )


def _about_words(name: str, words: dict[str, int]) -> str:
    listed = ", ".join(
        f"{word!r} ({counted(count, 'row')})" for word, count in sorted(words.items())
    )
    which = "it means" if len(words) == 1 else "they mean"
    counts = "counts as a class" if len(words) == 1 else "count as classes"
    return (
        f"in column {name!r}, {listed} {counts}. If {which} that a row has no label: "
        f"{setting('missing', sorted(words))}."
    )


def _marked(
    table: Table,
    name: str,
    labels: Sequence[object],
    numbers: dict[object, float],
    notes: list[str],
) -> set[object]:
    """Return the labels that mean "no label": -1 among whole numbers, if nothing else does."""
    if not all(number.is_integer() for number in numbers.values()):
        _check_measurements(name, len(numbers), sum(label in numbers for label in labels))
        return set()
    marked = {label for label, number in numbers.items() if number == UNLABELLED}
    if not marked:
        return set()
    n_empty = sum(label is None or label not in numbers for label in labels)
    if n_empty and table.reading.missing is not None:
        return set()  # the user has said what is missing, and -1 is not among it
    if n_empty:
        raise InvalidInputError(
            f"column {name!r} has both -1 and empty cells. If -1 means that a row has no label, "
            f"too: {setting('missing', ['-1'])}. If it is a class: {setting('missing', [''])}, so "
            "that only empty cells are missing."
        )
    n_marked = sum(label in marked for label in labels)
    notes.append(f'-1 is read as "no label" ({counted(n_marked, "row")})')
    return marked


def _check_measurements(name: str, n_numbers: int, n_filled: int, example: str = "") -> None:
    """Refuse numbers of which hardly one comes twice."""
    if n_numbers > _MANY_CLASSES and 2 * n_numbers > n_filled:
        such = f", such as {example!r}" if example else ""
        raise InvalidInputError(
            f"column {name!r} holds measurements ({n_numbers:,} different numbers in "
            f"{n_filled:,} rows{such}), not classes. Name another column, or make a column of "
            "classes of it, such as low, middle and high. (Numbers can be predicted in Python: "
            "FewLabelsRegressor.)"
        )


def _check_written_amounts(table: Table, name: str, labels: Sequence[object]) -> None:
    """Refuse amounts that are written with a unit or as people write them: 143,52 EUR."""
    counts = Counter(label for label in labels if isinstance(label, str))
    if len(counts) <= _MANY_CLASSES:
        return
    read = best_reading(counts, table.reading.decimal, lambda: table.decimal_mark)
    if read.strangers:
        return
    numbers = list(read.numbers.values())
    if all(number.is_integer() for number in numbers):
        _check_amounts(name, numbers)
    else:
        _check_measurements(name, len(numbers), counts.total(), next(iter(counts)))


def _check_amounts(name: str, numbers: Sequence[float]) -> None:
    """Refuse whole numbers that are too many, and too far from one another, to be classes."""
    span = max(numbers, default=0) - min(numbers, default=0)
    if len(numbers) > _MANY_NUMBERS and span > _CLOSE * len(numbers):
        raise InvalidInputError(
            f"column {name!r} holds {len(numbers):,} different numbers from {min(numbers):,.0f} to "
            f"{max(numbers):,.0f}: amounts, or numbers of things, not classes. Name another "
            "column, or make a column of classes of it, such as low, middle and high. (Numbers can "
            "be predicted in Python: FewLabelsRegressor.)"
        )


def _wrapped(name: str, classes: Sequence[float]) -> list[str]:
    """Warn of a class that is -1 in a type that knows no sign."""
    if len(classes) < 2 or classes[-1] not in _UNSIGNED or 2 * classes[-2] > classes[-1]:
        return []
    value = str(int(classes[-1]))
    return [
        f"in column {name!r}, {value} counts as a class. It is what becomes of -1 in numbers "
        f"without a sign; if it means that a row has no label: {setting('missing', [value])}."
    ]


def _check_kinds(name: str, cells: Sequence[object]) -> None:
    """Refuse labels of several kinds, such as the number 1 and the text "1"."""
    first: dict[str, int] = {}
    for row, cell in enumerate(cells):
        if cell is not None:
            is_number = isinstance(cell, (int, float)) and not isinstance(cell, bool)
            first.setdefault("number" if is_number else type(cell).__name__, row)
            if isinstance(cell, dict):
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


def _as_numbers(present: Iterable[object], *, from_text: bool) -> dict[object, float] | None:
    """Return the number that each label is, without NaN; None if one of them is no number."""
    kinds = str if from_text else (int, float)
    numbers: dict[object, float] = {}
    for label in present:
        if isinstance(label, bool) or not isinstance(label, kinds):
            return None
        number = parse_number(label) if isinstance(label, str) else float(label)
        if number is None or math.isinf(number):
            return None
        if not math.isnan(number):
            numbers[label] = number
    return numbers


def _check_text(name: str, present: Iterable[object]) -> None:
    if any(label == str(UNLABELLED) for label in present):
        raise InvalidInputError(
            f'column {name!r} holds "-1" among labels that are text, where it would be a class. '
            "Leave the cells of unlabelled rows empty, or say that it means no label: "
            f"{setting('missing', ['-1'])}."
        )


def _check_classes(table: Table, column: LabelColumn) -> None:
    if not column.classes:
        raise InvalidInputError(
            f"column {column.name!r} of {table.path} holds no label: all "
            f"{len(column.codes):,} rows are unlabelled. Label at least one row of each of two "
            "classes."
        )
    if len(column.classes) > _MOST_CLASSES:
        raise InvalidInputError(
            f"column {column.name!r} of {table.path} holds {len(column.classes):,} different "
            f"labels in {counted(column.n_labelled, 'row')} (such as "
            f"{quoted([as_text(label) for label in column.classes[:3]])}); up to {_MOST_CLASSES:,} "
            "classes are possible. Name another column, or one of coarser classes."
        )
    if len(column.classes) == 1:
        raise InvalidInputError(
            f"column {column.name!r} of {table.path} holds one class only, "
            f"{as_text(column.classes[0])!r} ({counted(column.n_labelled, 'row')}). Label at least "
            "one row of another class."
        )
