"""Texts as they come: a list, an array or a column; missing ones, bytes and very long ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fewlabels._labels import is_missing
from fewlabels._typing import Objects
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features.kinds import items_of

# What comes after so many characters of a text is not read, so that memory stays bounded.
LONGEST = 200_000


@dataclass(frozen=True)
class TextItems:
    """Texts, and what was found on the way.

    Attributes
    ----------
    texts : list of str
        Missing ones are empty.
    n_missing, n_cut : int
        Texts that are missing, and of which only the beginning is read.
    """

    texts: list[str]
    n_missing: int
    n_cut: int


def read_items(data: object) -> TextItems:
    """Return texts, or raise if there is anything else among them.

    Parameters
    ----------
    data : sequence of {str, bytes or missing}, array or column of these
        Bytes are UTF-8. Missing: None, NaN and what pandas has for it.
    """
    items = _items(data)
    texts, n_missing, n_cut = [], 0, 0
    for row, item in enumerate(items):
        if isinstance(item, str):
            text = item
        elif isinstance(item, bytes):
            text = _decoded(item, row)
        elif is_missing(item):
            n_missing += 1
            text = ""
        else:
            raise InvalidTypeError(
                f"texts must be str, got {item!r:.80} of type {type(item).__name__} in row {row} "
                "(counted from 0). Pass str(x) for each, or a table of columns."
            )
        n_cut += len(text) > LONGEST
        texts.append(text[:LONGEST])
    return TextItems(texts, n_missing, n_cut)


def _items(data: object) -> Objects:
    if isinstance(data, (str, bytes)):
        raise InvalidTypeError(
            "texts must be a list of texts, got a single one. Pass [text], or read the file first."
        )
    items = items_of(data)
    if items is None and hasattr(data, "__array__"):
        array = np.asarray(data)
        if array.size == len(array) and array.dtype.kind in "OUS":  # one column
            items = array.ravel().tolist()
    if items is None:
        shape = getattr(data, "shape", None)
        came = f"a {type(data).__name__}" + (f" of shape {shape}" if shape is not None else "")
        raise InvalidTypeError(f"texts must be a list or a column of texts, got {came}.")
    if not len(items):
        raise InvalidInputError("texts must hold at least one text, got none.")
    return items


def _decoded(item: bytes, row: int) -> str:
    try:
        return item.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"the bytes in row {row} (counted from 0) are not UTF-8: {error.reason} at byte "
            f"{error.start}. Decode them first, such as item.decode('cp1252')."
        ) from error
