"""How large a sheet is when it is read as a whole, told before that is tried.

The reader of workbooks makes one array of all cells from the first to the last, and ends the
process where there is no room for it. One cell far from the others is enough for that.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO
from xml.etree import ElementTree

from fewlabels.io._sheet_rows import CONTENT, NOT_TOLD_HERE, TABLE, repeated

_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_CHUNK = 1 << 20
_OVERLAP = 64  # of two chunks, so that no cell is cut


def largest_sheet(file: IO[bytes]) -> tuple[int, int]:
    """Return the number of rows and of columns of the sheet with most cells, empty ones included.

    0 and 0 for what is no ZIP archive, such as ``.xls``, whose sheets have 65,536 rows and 256
    columns at most, and for what is damaged.
    """
    sizes = [(0, 0)]
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with archive.open(name) as part:
                        sizes.append(_size_of_xml(part))
                elif name == CONTENT:
                    with archive.open(name) as part:
                        sizes += _sizes_of_open_document(part)
    except NOT_TOLD_HERE:
        return 0, 0
    return max(sizes, key=lambda size: size[0] * size[1])


def _size_of_xml(part: IO[bytes]) -> tuple[int, int]:
    rows, columns, before = 0, 0, b""
    while chunk := part.read(_CHUNK):
        found = _CELL.findall(before + chunk)
        if found:
            rows = max(rows, max(int(row) for _, row in found))
            columns = max(columns, max(map(_column, {letters for letters, _ in found})))
        before = chunk[-_OVERLAP:]
    return rows, columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _sizes_of_open_document(part: IO[bytes]) -> list[tuple[int, int]]:
    """Return the size of each sheet up to its last filled cell; rows and cells may be repeated."""
    sizes = []
    rows = filled_rows = columns = 0
    for _, element in ElementTree.iterparse(part):
        if element.tag == f"{TABLE}table-row":
            rows += repeated(element, "rows")
            width = _filled_width(element)
            if width:
                filled_rows, columns = rows, max(columns, width)
            element.clear()
        elif element.tag == f"{TABLE}table":
            sizes.append((filled_rows, columns))
            rows = filled_rows = columns = 0
            element.clear()
    return sizes


def _filled_width(row: ElementTree.Element) -> int:
    place = width = 0
    for cell in row:
        place += repeated(cell, "columns")
        if len(cell):
            width = place
    return width
