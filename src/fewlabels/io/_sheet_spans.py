"""Cells of an .ods sheet that go over several rows, which the reader of cells doesn't tell."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, TypeAlias
from xml.etree import ElementTree

from fewlabels.io._sheet_rows import CONTENT, NOT_TOLD_HERE, TABLE, repeated, rows_of

_SPANNED = b"number-rows-spanned"
_CHUNK = 1 << 20

#: The first and the last row and column, counted from 0.
Span: TypeAlias = tuple[tuple[int, int], tuple[int, int]]


def spans_of(file: IO[bytes], sheet: str) -> list[Span]:
    """Return the cells of a sheet that go over several rows; none of what is no .ods file."""
    try:
        with zipfile.ZipFile(file) as archive:
            if CONTENT not in archive.namelist() or not _has_spans(archive):
                return []
            return _spans(archive, sheet)
    except NOT_TOLD_HERE:
        return []


def _has_spans(archive: zipfile.ZipFile) -> bool:
    before = b""
    with archive.open(CONTENT) as part:
        while chunk := part.read(_CHUNK):
            if _SPANNED in before + chunk:
                return True
            before = chunk[-len(_SPANNED) :]
    return False


def _spans(archive: zipfile.ZipFile, sheet: str) -> list[Span]:
    found: list[Span] = []
    row = 0
    for element in rows_of(archive, sheet):
        found += _in_row(element, row)
        row += repeated(element, "rows")
    return found


def _in_row(element: ElementTree.Element, row: int) -> Iterator[Span]:
    column = 0
    for cell in element:
        n_rows, n_columns = _spanned(cell, "rows"), _spanned(cell, "columns")
        if n_rows > 1:
            yield (row, column), (row + n_rows - 1, column + n_columns - 1)
        column += repeated(cell, "columns")


def _spanned(element: ElementTree.Element, what: str) -> int:
    return int(element.get(f"{TABLE}number-{what}-spanned", "1"))
