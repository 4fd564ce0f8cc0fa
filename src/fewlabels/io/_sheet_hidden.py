"""Rows of a sheet that are hidden, by hand or by a filter: the reader of cells doesn't tell."""

from __future__ import annotations

import re
import zipfile
from typing import IO

from fewlabels.io._sheet_formulas import sheet_part
from fewlabels.io._sheet_rows import CONTENT, NOT_TOLD_HERE, TABLE, repeated, rows_of

_CHUNK = 1 << 20
_LONGEST = 1 << 10  # of what begins a row
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\bhidden=["'](?:1|true)["']""")
_NOT_VISIBLE = (b'visibility="filter"', b'visibility="collapse"')


def n_hidden_rows(file: IO[bytes], sheet: str) -> int:
    """Return the number of hidden rows of a sheet of an .xlsx or .ods file; 0 of others."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if CONTENT in names:
                return _of_open_document(archive, sheet)
            part = sheet_part(archive, sheet)
            return _of_xml(archive, part) if part in names else 0
    except NOT_TOLD_HERE:
        return 0


def _of_xml(archive: zipfile.ZipFile, name: str) -> int:
    found, before = 0, b""
    with archive.open(name) as part:
        while chunk := part.read(_CHUNK):
            text = before + chunk
            end = max(text.rfind(b"<"), len(text) - _LONGEST, 0)
            found += sum(1 for _ in _HIDDEN.finditer(text, 0, end))
            before = text[end:]
    return found


def _of_open_document(archive: zipfile.ZipFile, sheet: str) -> int:
    before = b""
    with archive.open(CONTENT) as part:
        while chunk := part.read(_CHUNK):
            if any(word in before + chunk for word in _NOT_VISIBLE):
                break
            before = chunk[-len(_NOT_VISIBLE[1]) :]
        else:
            return 0
    return sum(
        repeated(row, "rows")
        for row in rows_of(archive, sheet)
        if row.get(f"{TABLE}visibility", "visible") != "visible"
        and any(len(cell) for cell in row)  # filters also hide what is empty below the table
    )
