"""What a column is taken for, and whether it tells more of a row than which row it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fewlabels.features._date_numbers import about_date_texts
from fewlabels.features._encoders import MOST_NAMES
from fewlabels.io._picture_names import is_picture_name
from fewlabels.io._table import (
    Block,
    Categories,
    Dates,
    FloatArray,
    IntArray,
    Items,
    Mixed,
    Numbers,
    Table,
    Unusable,
    View,
    counted,
    quoted,
    setting,
)
from fewlabels.io._views import categories_of

# Tables of fewer rows don't show what is a row number or a name.
_FEW_ROWS = 10

_IDENTIFIER = re.compile(
    r"(?i:(.*[_ .-])?(id|index|uuid|guid)|row[_.]?names?|\.\.\.\d+|unnamed: \d+"
    r"|__index_level_\d+__|)|.*[a-z](Id|ID)"
)

_CODE_NAME = re.compile(
    r"(?i:(.*[_ .-])?(zip|plz|postal|postcode|postleitzahl|zipcode|code|sku|ean|isbn|gtin|nr|no"
    r"|phone|telephone|telefon|tel|mobile|fax|account|konto)([ _.-]?number)?)"
)

# Text of so many words in the middle is written for readers, and no name of anything.
_FREE_TEXT_WORDS = 3
# Between the items of a list that is written as text, how long an item may be, and how often those
# come that are written like sentences: the answers that a form offers, say.
_BETWEEN_ITEMS = (",", ";", "|")
_LONGEST_ITEM = 60
_OFFERED = 10


# Codes such as TK-10000, SKU 12-AB or an IBAN: each part has a digit or is short, and hardly one
# comes twice.
_LONGEST_CODE, _LONGEST_PREFIX, _NEARLY = 48, 4, 0.9
_NUMBERED = re.compile(r"(\D{1,40})\d+")
_IF_AMOUNT = "if the number is an amount, make a column of it"
_NUMBER_IN_TEXT = (
    "has texts that differ in the number at their end only, and are compared as texts. If the "
    "number is an amount, make a column of it"
)
# As a share of the day.
_NOON = 0.5


@dataclass(frozen=True)
class Taken:
    """What a column is taken for.

    Attributes
    ----------
    kind : str
        ``"number"``, ``"category"``, ``"date"``, ``"list"``, ``"array"``, ``"text"``, ``"image"``
        or ``"left out"``.
    form : str
        What is between the items of a list.
    reason : str
        Why it is left out.
    doubt : str
        Why it may be meant otherwise.
    by_labels : bool
        Whether it is used only if labels left out speak for it.
    """

    kind: str
    form: str = ""
    reason: str = ""
    doubt: str = ""
    by_labels: bool = False


def taken_for(
    name: str, view: View, folder: Path | None, *, asked: bool, numbered: bool = False
) -> Taken:
    """Return what a column is taken for, from what it holds; `asked` if it is to be used.

    With `numbered`, names that differ in the number at their end only are texts, and no codes.
    """
    if isinstance(view, Unusable):
        return Taken("left out", reason=view.reason, doubt=view.doubt)
    if isinstance(view, Numbers):
        reason = "" if asked else _only_counts(name, view)
        return Taken("left out", reason=reason) if reason else Taken("number")
    if isinstance(view, Mixed):
        is_name = not asked and _IDENTIFIER.fullmatch(name.strip())
        return Taken("left out", reason="an identifier") if is_name else Taken("number")
    if isinstance(view, Dates):
        doubts = (_about_order(name, view), _about_clock(name, view), view.doubt)
        return Taken("date", doubt=". It ".join(filter(None, doubts)))
    if isinstance(view, Block):
        return Taken("array")
    if isinstance(view, Items):
        return Taken("list")
    return _names_or_texts(name, view, folder, asked=asked, numbered=numbered)


def _names_or_texts(
    name: str, view: Categories, folder: Path | None, *, asked: bool, numbered: bool
) -> Taken:
    n_filled = int(np.count_nonzero(view.codes >= 0))
    n_levels = len(view.levels)
    if n_levels and all(is_picture_name(level) for level in view.levels):
        if any(is_file(level, folder) for level in view.levels):
            return Taken("image")
        if not asked:
            return _lost_pictures(view, folder)
    if n_filled < _FEW_ROWS:
        return Taken("category", doubt=view.doubt)
    counts = np.bincount(view.codes[view.codes >= 0], minlength=n_levels)
    between = _between_items(view.levels, counts)
    if between:
        return Taken("list", form=between)
    mostly_new = 2 * n_levels > n_filled
    is_identifier = _IDENTIFIER.fullmatch(name.strip()) is not None
    if not asked and n_levels >= _NEARLY * n_filled:
        what = "an identifier" if is_identifier else "codes"
        if _are_codes(view.levels):
            doubt = view.doubt or about_date_texts(name, view.levels)
            return Taken("left out", reason=f"{what}, {_how_many(view)}", doubt=doubt)
        if _differ_in_number(view.levels):
            if numbered and not is_identifier:
                return Taken("text", doubt=view.doubt or _NUMBER_IN_TEXT)
            reason = f"{what}, {_how_many(view)}; {_IF_AMOUNT}"
            return Taken("left out", reason=reason, doubt=view.doubt)
    n_words = sorted(len(level.split()) for level in view.levels)[n_levels // 2]
    if n_words >= _FREE_TEXT_WORDS and (mostly_new or n_levels > MOST_NAMES):
        return Taken("text", doubt=view.doubt)
    if not mostly_new:
        return Taken("category", doubt=view.doubt)
    if asked:
        return Taken("text")
    if is_identifier or not any(sign.isalpha() for level in view.levels for sign in level):
        reason = f"{'an identifier' if is_identifier else 'numbers or codes'}, {_how_many(view)}"
        return Taken("left out", reason=reason, doubt=view.doubt)
    reason = f"text with {_how_many(view)}"
    return Taken("text", reason=reason, doubt=view.doubt, by_labels=True)


def _are_codes(levels: Sequence[str]) -> bool:
    """Tell whether nearly all of these are codes that name things: tickets, articles, accounts."""
    return sum(map(_is_code, levels)) >= _NEARLY * len(levels)


def _differ_in_number(levels: Sequence[str]) -> bool:
    """Tell whether names differ in the number at their end only: Customer number 12."""
    numbered = _NUMBERED.fullmatch(levels[0])
    name = "" if numbered is None else numbered[1]
    return bool(name) and all(
        level.startswith(name) and level[len(name) :].isdecimal() for level in levels
    )


def _is_code(text: str) -> bool:
    """Tell whether each part of a short text has a digit, or is a few letters before one."""
    parts = text.split()
    with_digit = [any(map(str.isdigit, part)) for part in parts]
    return (
        len(text) <= _LONGEST_CODE
        and any(with_digit)
        and all(
            has or (len(part) <= _LONGEST_PREFIX and not part.islower())
            for part, has in zip(parts, with_digit, strict=True)
        )
    )


def _lost_pictures(view: Categories, folder: Path | None) -> Taken:
    """Return what becomes of names of pictures that are not there: they say nothing."""
    here = Path.cwd()
    places = [str(here)] if folder is None or folder.resolve() == here else [str(folder), str(here)]
    doubt = (
        f"names {counted(len(view.levels), 'picture')} (such as {quoted(list(view.levels[:1]))}), "
        f"and none of them is there. Looked in {' and in '.join(places)}. Put the table beside its "
        "pictures, or write their whole paths"
    )
    return Taken("left out", reason="names of pictures that are not there", doubt=doubt)


def _how_many(view: Categories) -> str:
    n_filled = int(np.count_nonzero(view.codes >= 0))
    return f"{len(view.levels):,} different values in {n_filled:,} rows"


def _between_items(levels: Sequence[str], counts: IntArray) -> str:
    """Return what separates the items of lists that are written as text; nothing if they are none.

    Short items, most of which come again and again, in other company each time. Items of several
    words come often: sentences with a comma are no lists, though many begin with the same greeting.
    """
    for between in _BETWEEN_ITEMS:
        several = [level for level in levels if between in level]
        if 2 * len(several) < len(levels):
            continue
        items: Counter[str] = Counter()
        for level, count in zip(levels, counts.tolist(), strict=True):
            for item in split_items(level, between):
                items[item] += count
        again = sum(count for count in items.values() if count > 1)
        few = len(items) <= len(levels) and len(levels) > 2
        short = max(map(len, items), default=0) <= _LONGEST_ITEM
        if few and short and 10 * again >= 9 * items.total() and not _are_sentences(items):
            return between
    return ""


def _are_sentences(items: Counter[str]) -> bool:
    n_words = np.median([len(item.split()) for item in items])
    return bool(n_words > _FREE_TEXT_WORDS) and items.total() < _OFFERED * len(items)


def split_items(text: str, between: str) -> tuple[str, ...]:
    """Return the items of a list that is written as text."""
    return tuple(item for part in text.split(between) if (item := part.strip()))


def _only_counts(name: str, view: Numbers) -> str:
    """Return why numbers say which row it is and nothing about the row; empty if they may."""
    if not all_different(view.values):
        return ""
    if np.ptp(view.values) == len(view.values) - 1:
        return "row numbers"
    return "an identifier, different in every row" if _IDENTIFIER.fullmatch(name.strip()) else ""


def all_different(values: FloatArray) -> bool:
    """Tell whether these are whole numbers, each once, in a table of more than a few rows."""
    if len(values) < _FEW_ROWS or not np.isfinite(values).all():
        return False
    return bool((values == np.floor(values)).all()) and len(np.unique(values)) == len(values)


def is_like_a_code(name: str, view: Numbers) -> bool:
    """Tell whether whole numbers without a unit are in a column whose name says "code"."""
    known = view.values[np.isfinite(view.values)]
    whole = bool(len(known)) and bool((known == np.floor(known)).all())
    return whole and not view.said and _CODE_NAME.fullmatch(name.strip()) is not None


def is_the_label(table: Table, name: str, y: np.ndarray | None) -> bool:
    """Tell whether a column is the labels: filled where these are, and a name for each class."""
    if y is None or not (y < 0).any() or not (y >= 0).any():
        return False
    view = table.view(name)
    if isinstance(view, Categories):
        return _are_alike(view.codes, y)
    if isinstance(view, Numbers):
        values = np.where(view.values == -1, np.nan, view.values)
        codes = np.unique(values, return_inverse=True)[1]
        if _are_alike(np.where(np.isnan(values), -1, codes), y):
            return True
    if isinstance(view, (Numbers, Block, Dates)):  # a quick look first
        values = view.days if isinstance(view, Dates) else view.values.reshape(len(y), -1)[:, 0]
        if not np.array_equal(np.isnan(values), y < 0):
            return False
    return names_classes(table, name, y)


def names_classes(table: Table, name: str, y: np.ndarray | None) -> bool:
    """Tell whether the cells of a column, as text, are a name for each class of `y`."""
    if y is None:
        return False
    # 3/4 and 6/8 are one number, and two classes
    named = categories_of(table.cells(name))
    return isinstance(named, Categories) and _are_alike(named.codes, y)


def _are_alike(codes: np.ndarray, y: np.ndarray) -> bool:
    if not np.array_equal(codes >= 0, y >= 0):
        return False
    pairs = set(zip(codes[y >= 0].tolist(), y[y >= 0].tolist(), strict=True))
    return len(pairs) == len({code for code, _ in pairs}) == len({label for _, label in pairs})


def is_file(name: str, folder: Path | None) -> bool:
    """Tell whether there is such a file, from here or from the table's folder."""
    try:
        return Path(name).is_file() or (folder is not None and (folder / name).is_file())
    except (OSError, ValueError):
        return False


def _about_order(name: str, view: Dates) -> str:
    if not view.other_form:
        return ""
    return (
        "has dates that were read with the day first. If the month is first: "
        f"{setting('columns', {name: f'date:{view.other_form}'})}"
    )


def _about_clock(name: str, view: Dates) -> str:
    """Say that times may be durations, where all are of the hours before noon."""
    if not view.clock_only or np.nanmax(view.days, initial=0.0) >= _NOON:
        return ""
    return (
        "has times before noon only, which were read as times of day. If they are durations: "
        f"{setting('columns', {name: 'number'})}"
    )
