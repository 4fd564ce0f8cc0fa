"""Cells of an .ods sheet that go over several rows, which the reader of cells doesn't tell."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, TypeAlias
from xml.etree import ElementTree

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_SPANNED = b"number-rows-spanned"
_CHUNK = 1 << 20

#: The first and the last row and column, counted from 0.
Span: TypeAlias = tuple[tuple[int, int], tuple[int, int]]


def spans_of(file: IO[bytes], sheet: str) -> list[Span]:
    """Return the cells of a sheet that go over several rows; none of what is no .ods file."""
    try:
        with zipfile.ZipFile(file) as archive:
            if "content.xml" not in archive.namelist():
                return []
            with archive.open("content.xml") as part:
                if not _has_spans(part):
                    return []
            with archive.open("content.xml") as part:
                return _spans(part, sheet)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ElementTree.ParseError):
        return []  # the reader of the cells says what is wrong
    except (OSError, RuntimeError, ValueError):
        return []


def _has_spans(part: IO[bytes]) -> bool:
    before = b""
    while chunk := part.read(_CHUNK):
        if _SPANNED in before + chunk:
            return True
        before = chunk[-len(_SPANNED) :]
    return False


def _spans(part: IO[bytes], sheet: str) -> list[Span]:
    found: list[Span] = []
    row = 0
    for _, element in ElementTree.iterparse(part):
        if element.tag == f"{_TABLE}table-row":
            found += _in_row(element, row)
            row += _number(element, "rows-repeated")
            element.clear()
        elif element.tag == f"{_TABLE}table":
            if element.get(f"{_TABLE}name") == sheet:
                return found
            found, row = [], 0
            element.clear()
    return []


def _in_row(element: ElementTree.Element, row: int) -> Iterator[Span]:
    column = 0
    for cell in element:
        n_rows, n_columns = _number(cell, "rows-spanned"), _number(cell, "columns-spanned")
        if n_rows > 1:
            yield (row, column), (row + n_rows - 1, column + n_columns - 1)
        column += _number(cell, "columns-repeated")


def _number(element: ElementTree.Element, what: str) -> int:
    return int(element.get(f"{_TABLE}number-{what}", "1"))
