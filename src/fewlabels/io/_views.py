"""Recognise numbers, categories, dates and lists in columns of text, objects or arrays."""

from __future__ import annotations

import ast
import datetime
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from fewlabels._typing import Cells, Objects
from fewlabels.io._cells import as_name, as_text, decoded
from fewlabels.io._dates import (
    array_dates,
    array_durations,
    dates_of,
    day_of,
    doubt_of_dates,
    object_dates,
    text_dates,
)
from fewlabels.io._durations import DURATIONS
from fewlabels.io._mixed_types import (
    NESTED,
    about_grouped,
    dates_and_text,
    of_one_type,
    unusable,
)
from fewlabels.io._otherwise import doubt_of_otherwise, written_otherwise
from fewlabels.io._spelled import (
    Spelled,
    about_points,
    ambiguous_point,
    is_missing_word,
    like_numbers,
    spelled_numbers,
    unwrapped,
    way_of,
)
from fewlabels.io._table import (
    Block,
    Categories,
    IntArray,
    Items,
    Mixed,
    Numbers,
    Reading,
    Unusable,
    View,
    counted,
    is_blank,
    quoted,
)

PLAIN = Reading()

# A column of fewer different values is one of names, even if they begin with a number.
_FEW_VALUES = 3

_EMPTY = Unusable("empty")
_ONE_DAY = datetime.timedelta(days=1)
_DURATIONS = ("durations, in days",)
# "007" is a code (a postcode, a part number), not the number 7.
_CODE = re.compile(r"[^\S\n]*[+-]?0\d+[^\S\n]*")
_CODE_LINE = re.compile(rf"^{_CODE.pattern}$", re.MULTILINE)


def parse_number(text: str) -> float | None:
    """Return the number that a cell of text holds, or None; "1_000" is text to everyone else."""
    if "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None


def text_view(
    cells: Sequence[str],
    reading: Reading = PLAIN,
    of_table: Callable[[], str | None] = lambda: None,
    *,
    in_semicolons: bool = False,
) -> View:
    """Return what a column of text cells holds: the file has no types, so they are recognised.

    Numbers, if every filled cell is one, in whatever way they are all written (``3,10 EUR``), but
    for the usual spellings of "missing". A column of which more than half is numbers is `Mixed`,
    since that is nearly always a slip; everything else is categories. A column in which a number
    has a leading zero is categories too. Dates are recognised where all cells are, and lists where
    they are written in brackets.

    Parameters
    ----------
    cells : sequence of str
    reading : Reading
        What the user says of the cells.
    of_table : callable
        Returns the decimal mark of the other columns, asked where this one does not tell.
    in_semicolons : bool
        Whether the cells are separated by semicolons, as where the comma is the decimal mark.
    """
    if reading.missing:
        cells = ["" if reading.is_missing(cell) else cell for cell in cells]
    counts = Counter(cells)
    plain = reading.decimal != ","
    if plain and 2 * len(counts) > len(cells):  # else parsed below, where few are different
        numbers = _all_numbers(cells)
        if numbers is not None and not ambiguous_point(cells):
            return numbers
    filled = {cell: count for cell, count in counts.items() if cell.strip()}
    words = {cell: count for cell, count in filled.items() if is_missing_word(cell)}
    rest = {cell: count for cell, count in filled.items() if cell not in words}
    if not rest:
        return _EMPTY
    if any(_CODE.fullmatch(unwrapped(cell)) for cell in rest):
        return _text_categories(cells)
    found = best_reading(rest, reading.decimal, of_table)
    n_numbers = sum(count for cell, count in rest.items() if cell in found.numbers)
    if n_numbers == sum(rest.values()):
        values = (found.numbers.get(cell, math.nan) for cell in cells)
        said = (*found.said, *_said_of_words(words))
        column = np.fromiter(values, dtype=np.float64, count=len(cells))
        doubt = found.doubt
        told = any(word in line for line in found.said for word in ("thousands", "decimal"))
        if in_semicolons and not told and ambiguous_point(rest) and reading.decimal is None:
            doubt = doubt or about_points(of_table())
        return Numbers(column, said, doubt, found.form)
    otherwise = _otherwise(cells, rest, _said_of_words(words))
    if otherwise is not None:
        return otherwise
    if 2 * n_numbers > sum(rest.values()):
        return _mixed([cell in found.strangers for cell in cells], cells)
    doubt = doubt_of_dates(rest) or _doubt_of(rest) or doubt_of_otherwise(rest)
    return _text_categories(cells, doubt)


def _otherwise(
    cells: Sequence[str], rest: Mapping[str, int], said: Sequence[str]
) -> Numbers | Block | None:
    """Return durations, angles, fractions or several numbers a cell, if all cells are such."""
    found = written_otherwise(rest)
    if found is None:
        return None
    said = (*found.said, *said)
    widths = {len(value) for value in found.numbers.values() if isinstance(value, tuple)}
    nothing = (math.nan,) * widths.pop() if widths else math.nan
    values = np.array([found.numbers.get(cell, nothing) for cell in cells], dtype=np.float64)
    return Block(values, said) if values.ndim > 1 else Numbers(values, said, form=found.form)


def _all_numbers(cells: Sequence[str]) -> Numbers | None:
    """Return the numbers of a column without an empty cell or a code, at once."""
    joined = "\n".join(cells)
    if "_" in joined or _CODE_LINE.search(joined):
        return None
    try:
        return Numbers(np.fromiter(map(float, cells), dtype=np.float64, count=len(cells)))
    except ValueError:
        return None


def best_reading(
    counts: Mapping[str, int], decimal: str | None, of_table: Callable[[], str | None]
) -> Spelled:
    """Return the numbers as they are, or as people write them, whichever makes more of them."""
    parsed = {cell: parse_number(cell) for cell in counts}
    if decimal == ",":
        parsed = {cell: None if "." in cell else number for cell, number in parsed.items()}
    numbers = {cell: number for cell, number in parsed.items() if number is not None}
    plain = Spelled(numbers, frozenset(counts.keys() - numbers.keys()), ())
    if not plain.strangers and not ambiguous_point(counts):
        return plain
    spelled = spelled_numbers(counts, decimal, of_table)
    if spelled is None:
        return plain
    if not plain.strangers:
        tells = spelled.said or spelled.doubt
        return spelled if not spelled.strangers and tells else plain
    return min(plain, spelled, key=lambda way: sum(counts[cell] for cell in way.strangers))


def _said_of_words(words: Mapping[str, int]) -> list[str]:
    if not words:
        return []
    n_cells = sum(words.values())
    return [f"missing: {quoted(sorted(words))} ({counted(n_cells, 'cell')})"]


def _doubt_of(counts: Mapping[str, int]) -> str:
    """Return what to say of numbers in a column that counts as words; empty if there are few."""
    like = like_numbers(counts)
    n_like = sum(counts[cell] for cell in like)
    n_cells = sum(counts.values())
    if len(like) < 2 or len(counts) < _FEW_VALUES or 10 * n_like < n_cells:
        return ""
    how = "numbers" if n_like == n_cells else f"numbers in {n_like:,} of {n_cells:,} filled cells"
    return (
        f"holds {how}, not all written alike (such as {quoted(_unlike(like, counts))}), and its "
        "values count as names. Write all alike, with one unit and one decimal mark"
    )


def _unlike(like: Sequence[str], counts: Iterable[str]) -> list[str]:
    """Return the first number, and the first cell that is written in another way."""
    first = way_of(like[0])
    return [like[0], next((cell for cell in counts if way_of(cell) != first), like[1])]


def object_view(
    cells: Objects,
    reading: Reading = PLAIN,
    of_table: Callable[[], str | None] = lambda: None,
) -> View:
    """Return what a column of typed values holds (numbers, text, booleans, lists; None).

    Text is read as that of a file without types is, see :func:`text_view`.
    """
    if reading.missing:
        cells = [None if reading.is_missing(cell) else cell for cell in cells]
    if any(isinstance(cell, bytes) for cell in cells):
        try:
            cells = decoded(cells)
        except UnicodeDecodeError:
            return Unusable("bytes that are no text")
    kinds = Counter(_kind(cell) for cell in cells)
    kinds.pop("missing", None)
    if not kinds:
        return _EMPTY
    if kinds.keys() == {"number"}:
        return Numbers(_as_float([math.nan if is_blank(cell) else cell for cell in cells]))
    if "text" in kinds and kinds.keys() <= {"number", "text"}:
        view = text_view([as_text(cell) for cell in cells], reading, of_table)
        return about_grouped(view, cells) if isinstance(view, Numbers) else view
    if kinds.keys() == {"list"}:
        return list_view(cells)
    if kinds.keys() <= {"date", "time"}:
        return object_dates(cells)
    if kinds.keys() == {"date", "text"}:
        return dates_and_text(cells) or unusable(cells)
    if "duration" in kinds and kinds.keys() <= {"duration", "time"}:
        return _durations(cells)
    if kinds.keys() <= {"number", "text", "bool"}:
        return _text_categories(cells)
    return unusable(cells)


def _durations(cells: Objects) -> Numbers:
    """Return durations as days; in .ods files, those below a day come as times of day."""
    days = [
        cell / _ONE_DAY if isinstance(cell, datetime.timedelta) else day_of(cell) for cell in cells
    ]
    return Numbers(_as_float(days), said=_DURATIONS, form=DURATIONS)


def array_view(values: np.ndarray, reading: Reading = PLAIN) -> View:
    """Return what an array holds, whose first dimension is the rows."""
    if values.dtype.kind in "iuf":
        if values.ndim == 1:
            numbers = values.astype(np.float64)
            for word in reading.missing or ():
                marker = parse_number(word)
                numbers[numbers == (math.nan if marker is None else marker)] = math.nan
            return Numbers(numbers)
        if math.prod(values.shape[1:]) == 0:
            return _EMPTY
        flat = values.reshape(len(values), -1)
        return Block(flat if flat.dtype in (np.float32, np.float64) else flat.astype(np.float64))
    if values.ndim > 1:
        return Unusable(f"an array of {values.dtype} with {values.ndim} dimensions")
    if values.dtype.kind == "M":
        return array_dates(values)
    if values.dtype.kind == "m":
        return Numbers(array_durations(values), said=_DURATIONS, form=DURATIONS)
    if values.dtype.kind in "bUS":
        return object_view(values.tolist(), reading)
    return of_one_type(f"values of type {values.dtype}")


def categories_of(cells: Iterable[object]) -> Categories | Unusable:
    """Return any column as categories, by the text of each value; empty cells are missing."""
    texts = [None if is_blank(cell) else as_name(cell) for cell in cells]
    levels = tuple(sorted({text for text in texts if text is not None}))
    if not levels:
        return _EMPTY
    code_of: dict[str | None, int] = {level: code for code, level in enumerate(levels)}
    code_of[None] = -1
    codes = np.fromiter((code_of[text] for text in texts), dtype=np.intp, count=len(texts))
    return Categories(codes, levels)


def _text_categories(cells: Sequence[object], doubt: str = "") -> View:
    """Return text that holds no numbers: dates, lists in brackets, or names."""
    view = categories_of(cells)
    if not isinstance(view, Categories):
        return view
    dates = text_dates(view.levels)
    if dates is not None:
        known = np.array([*(dates.days.get(level, math.nan) for level in view.levels), math.nan])
        return dates_of(dates, known[view.codes])
    if all(level[:1] == "[" and level[-1:] == "]" for level in view.levels):
        lists = [None if code < 0 else _list_of(view.levels[code]) for code in view.codes]
        if all(
            found is not None for found, code in zip(lists, view.codes, strict=True) if code >= 0
        ):
            return list_view(lists)
    return replace(view, doubt=doubt)


def _list_of(text: str) -> Cells | None:
    """Return the list that a cell holds as text, as in ``[0.5, 1]`` or ``['a', 'b']``."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if isinstance(found, list):
            return found
    return None


def _mixed(strange: list[bool], cells: Sequence[object]) -> Mixed:
    rows: IntArray = np.flatnonzero(strange)
    return Mixed(rows, str(cells[int(rows[0])]))


def list_view(cells: Objects) -> View:
    """Return lists of as many numbers a row as a block, and all others as lists of names."""
    lists = [cell for cell in cells if isinstance(cell, list)]
    lengths = {len(entries) for entries in lists}
    kinds = Counter(_kind(entry) for entries in lists for entry in entries)
    if not lengths or lengths == {0}:
        return _EMPTY
    if len(lengths) == 1 and kinds.keys() <= {"number", "missing"}:
        gap = [math.nan] * lengths.pop()
        rows = (cell if isinstance(cell, list) else gap for cell in cells)
        flat = _as_float([math.nan if entry is None else entry for row in rows for entry in row])
        return Block(flat.reshape(len(cells), -1))
    if kinds.keys() <= {"number", "missing", "text", "bool"}:
        return Items([_names(cell) if isinstance(cell, list) else None for cell in cells])
    return NESTED


def _names(entries: Objects) -> tuple[str, ...]:
    return tuple(as_text(entry).strip() for entry in entries if not is_blank(entry))


def _kind(cell: object) -> str:
    if is_blank(cell):
        return "missing"
    if isinstance(cell, bool):
        return "bool"
    if isinstance(cell, (int, float, Decimal)):
        return "number"
    if isinstance(cell, str):
        return "text"
    if isinstance(cell, list):
        return "list"
    if isinstance(cell, datetime.timedelta):
        return "duration"
    if isinstance(cell, datetime.time):
        return "time"
    return "date" if isinstance(cell, datetime.date) else "other"


def _as_float(values: Objects) -> npt.NDArray[np.float64]:
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:  # an integer beyond 1.8e308
        return np.array([_clipped(value) for value in values], dtype=np.float64)


def _clipped(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
