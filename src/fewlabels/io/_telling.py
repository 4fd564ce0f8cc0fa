"""Which columns tell something of their rows, rather than only which row it is."""

from __future__ import annotations

import re

import numpy as np

from fewlabels.exceptions import InvalidInputError
from fewlabels.io._table import (
    Categories,
    FloatArray,
    Mixed,
    Numbers,
    Unusable,
    View,
    setting,
)

# A column with more categories than this, or with a new one in more than half of its rows, is
# a name or a free text: one-hot, it says only that every row is unlike every other.
_MOST_CATEGORIES = 200

# Tables of fewer rows don't show what is a row number or a name.
_FEW_ROWS = 10

_IDENTIFIER = re.compile(
    r"(?i:(.*[_ .-])?(id|index|uuid|guid)|unnamed: \d+|__index_level_\d+__|)|.*[a-z](Id|ID)"
)

# Text of so many words in the middle is written for readers, and no name of anything.
_FREE_TEXT_WORDS = 3


def without_free_text(name: str, view: View, *, asked: bool) -> View:
    """Return the view; or, if it is free text, why it is left out, or raise if it is asked for.

    One-hot, texts that all differ say only that every row is unlike every other.
    """
    if not isinstance(view, Categories) or len(view.codes) < _FEW_ROWS:
        return view
    n_filled = int(np.count_nonzero(view.codes >= 0))
    words = sorted(len(level.split()) for level in view.levels)
    if 2 * len(words) <= n_filled or words[len(words) // 2] < _FREE_TEXT_WORDS:
        return view
    found = (
        f"free text ({len(words):,} different texts in {n_filled:,} rows, of about "
        f"{words[len(words) // 2]} words)"
    )
    if asked:
        raise InvalidInputError(
            f"column {name!r} is {found}. Compared as a whole, no text is like another, and no "
            "label would reach it. Make an array of numbers of it (TF-IDF or an embedding), and "
            f"give that: {setting('names', 'embeddings.npy')}."
        )
    return Unusable(
        found,
        doubt=f"is {found}, and is left out. To use it, make an array of numbers of it (TF-IDF or "
        f"an embedding), and give that: {setting('names', 'embeddings.npy')}",
    )


def without_identifiers(name: str, view: View) -> View:
    """Return the view, or why the column says which row it is and nothing about the row."""
    if isinstance(view, Categories):
        n_filled = int(np.count_nonzero(view.codes >= 0))
        n_levels = len(view.levels)
        mostly_new = len(view.codes) >= _FEW_ROWS and 2 * n_levels > n_filled
        if n_levels > _MOST_CATEGORIES or mostly_new:
            return Unusable(
                f"text with {n_levels:,} different values in {n_filled:,} rows", view.doubt
            )
    if isinstance(view, Mixed) and _IDENTIFIER.fullmatch(name.strip()):
        return Unusable("an identifier")
    if isinstance(view, Numbers) and all_different(view.values):
        if np.ptp(view.values) == len(view.values) - 1:
            return Unusable("row numbers")
        if _IDENTIFIER.fullmatch(name.strip()):
            return Unusable("an identifier, different in every row")
    return view


def all_different(values: FloatArray) -> bool:
    """Tell whether these are whole numbers, each once, in a table of more than a few rows."""
    if len(values) < _FEW_ROWS or not np.isfinite(values).all():
        return False
    return bool((values == np.floor(values)).all()) and len(np.unique(values)) == len(values)
