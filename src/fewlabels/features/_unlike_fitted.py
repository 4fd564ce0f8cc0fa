"""Columns of new rows that hold something else than the rows that were fitted."""

from __future__ import annotations

import numpy as np

from fewlabels.features._encoders import CategoryEncoder, NumberEncoder
from fewlabels.io._table import Categories, Numbers, View, quoted

# Fewer cells may be as they are by chance.
_FEWEST = 10
# By so many times numbers are larger or smaller if their unit or decimal mark is another.
_TIMES = 8


def about_unlike(name: str, encoder: object, view: View) -> str:
    """Say that a column of new rows is hardly what was fitted; empty if nothing speaks for it."""
    if isinstance(encoder, NumberEncoder) and isinstance(view, Numbers):
        return _about_size(name, encoder, view)
    if isinstance(encoder, CategoryEncoder) and isinstance(view, Categories):
        return _about_names(name, encoder, view)
    return ""


def _about_size(name: str, encoder: NumberEncoder, view: Numbers) -> str:
    """Say that numbers are of another size than they can be by chance, in the middle.

    Smaller ones by more than the deviation, of numbers that lie on one side of nought then; larger
    ones by far more, for numbers around nought have no size.
    """
    known = view.values[~np.isnan(view.values)]
    if len(known) < _FEWEST:
        return ""
    median = float(np.median(known))
    size, fitted = abs(median), abs(encoder.median)
    moved = abs(median - encoder.median) / (encoder.spread or encoder.deviation)
    if min(size, fitted) * _TIMES > max(size, fitted) or moved <= (_TIMES if size > fitted else 1):
        return ""
    return (
        f"column {name!r} holds numbers of another size (around {median:,.4g}) than when the "
        f"features were fitted (around {encoder.median:,.4g}). If the unit or the decimal mark is "
        "another, write them alike"
    )


def _about_names(name: str, encoder: CategoryEncoder, view: Categories) -> str:
    """Say that most of the names were not there when the features were fitted."""
    filled = view.codes >= 0
    strange = encoder.unknown(view) & filled
    if filled.sum() < _FEWEST or 2 * strange.sum() <= filled.sum():
        return ""
    some = [view.levels[code] for code in dict.fromkeys(view.codes[strange].tolist())]
    return (
        f"column {name!r} holds names that were not there when the features were fitted in "
        f"{strange.sum():,} of {filled.sum():,} filled cells (such as {quoted(some[:3])}). If they "
        "mean the same, write them alike"
    )
