"""Cells of a table as text, and as Python's values."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from fewlabels._labels import is_missing
from fewlabels._typing import Cells, Objects


def as_name(cell: object) -> str:
    """Return the name that a cell holds: without blanks around it, 1.0 as 1, True as true."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # floats only because cells are missing
    text = as_text(cell).strip()
    return text.lower() if text in ("True", "TRUE", "False", "FALSE") else text


def decoded(cells: Iterable[object]) -> Cells:
    """Return cells with their bytes as the text that they are in UTF-8.

    Raises
    ------
    UnicodeDecodeError
        If some are none.
    """
    return [cell.decode("utf-8") if isinstance(cell, bytes) else cell for cell in cells]


def text_of_bytes(cells: Sequence[object]) -> Objects:
    """Return cells with their bytes as text; as they are if not all are text in UTF-8."""
    with contextlib.suppress(UnicodeDecodeError):
        return decoded(cells)
    return cells


def as_text(value: object) -> str:
    """Return a value as a text file contains it; reading the text gives the same value.

    Examples
    --------
    >>> from datetime import date
    >>> from fewlabels.io import as_text
    >>> as_text(0.1), as_text(date(2026, 1, 31))
    ('0.1', '2026-01-31')
    """
    if isinstance(value, str):
        return value
    if is_missing(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return json.dumps(value, default=str, ensure_ascii=False)
    return str(value)


def plain_floats(values: npt.NDArray[np.floating]) -> Cells:
    """Return floats as Python's, by their shortest text: float32 0.1 is 0.1, not 0.1000000015.

    Those longer than 64 bits are text, unless none of them loses a digit.
    """
    if values.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            kept = values.astype(np.float64).astype(values.dtype)
        if not np.array_equal(kept, values, equal_nan=True):
            return ["" if np.isnan(value) else str(value) for value in values]
    if values.dtype.itemsize >= 8:
        plain: Cells = values.astype(np.float64).tolist()
        return plain
    return [float(str(value)) for value in values]
