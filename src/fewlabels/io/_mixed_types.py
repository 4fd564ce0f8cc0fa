"""Columns of typed values of several kinds, as workbooks and databases let them be mixed."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from dataclasses import replace

import numpy as np

from fewlabels._typing import Objects
from fewlabels.io._cells import as_text
from fewlabels.io._dates import dates_of, object_dates, text_dates
from fewlabels.io._spelled import ambiguous_point, is_missing_word
from fewlabels.io._table import Dates, Numbers, Unusable, counted, is_blank

#: Of lists and objects within lists and objects.
NESTED = Unusable(
    "nested values",
    doubt="holds values within values, of which nothing is used. Make a column of each part that "
    "matters",
)


def about_grouped(view: Numbers, cells: Objects) -> Numbers:
    """Return numbers, with a doubt where text among them is smaller than all the others: 1.234."""
    if view.doubt:
        return view
    texts = [isinstance(cell, str) and not is_missing_word(cell) for cell in cells]
    typed = [not isinstance(cell, str) for cell in cells]
    words = [str(cell) for cell, is_text in zip(cells, texts, strict=True) if is_text]
    if not ambiguous_point(words):
        return view
    others = np.abs(view.values[typed])
    smallest = np.min(others[~np.isnan(others)], initial=math.inf)
    if not np.max(np.abs(view.values[texts])) < smallest < math.inf:
        return view
    doubt = (
        f"holds numbers as text (such as {words[0]!r}), smaller than all others. Their points were "
        "read as decimal points, and may separate thousands. Write all as numbers"
    )
    return replace(view, doubt=doubt)


def dates_and_text(cells: Objects) -> Dates | None:
    """Return dates of which some are text, as imports leave them; None if some text is no date."""
    texts = [None if is_blank(cell) or is_missing_word(cell) else as_text(cell) for cell in cells]
    read = text_dates({text for text in texts if text is not None})
    if read is None:
        return None
    written = [
        text
        for text, cell in zip(texts, cells, strict=True)
        if text is not None and isinstance(cell, str)
    ]
    if not written:
        return object_dates([cell if isinstance(cell, datetime.date) else None for cell in cells])
    n_dates = len(texts) - texts.count(None)
    order = f", read with the {read.order}" if read.order else ""
    doubt = (
        f"holds {counted(n_dates, 'date')}, {len(written):,} of them as text (such as "
        f"{written[0]!r}{order}). If a program took days for months where it could, the others are "
        "wrong: compare a few with where they come from, and write all as dates"
    )
    days = (math.nan if text is None else read.days.get(text, math.nan) for text in texts)
    values = np.fromiter(days, dtype=np.float64, count=len(texts))
    return dates_of(replace(read, doubt=doubt), values)


def of_one_type(reason: str) -> Unusable:
    """Return what to say of values that are all of a type of which nothing is known."""
    return Unusable(
        reason, doubt=f"holds {reason}, and is not used. Make numbers, text or dates of them"
    )


def unusable(cells: Objects) -> Unusable:
    """Return what to say of values that are neither numbers nor text, or not all alike."""
    if any(isinstance(cell, (dict, list)) for cell in cells):
        return NESTED
    kinds = Counter(type(cell).__name__ for cell in cells if not is_blank(cell))
    reason = f"values of type {' and '.join(sorted(kinds))}"
    if len(kinds) == 1:
        return of_one_type(reason)
    listed = ", ".join(f"{kind} in {count:,}" for kind, count in kinds.most_common())
    return Unusable(
        reason,
        doubt=f"holds values of several types ({listed} of {kinds.total():,} cells), and is not "
        "used. Write all alike",
    )
