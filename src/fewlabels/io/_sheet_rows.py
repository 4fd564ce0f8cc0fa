"""Rows of a sheet of an .ods file, for what the reader of cells doesn't tell."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

#: The part of an .ods file that holds its sheets.
CONTENT = "content.xml"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
#: What looking into a workbook raises if it is damaged, or none: the reader of the cells, which
#: reads it anyway, then says what is wrong.
NOT_TOLD_HERE = (
    zipfile.BadZipFile,
    EOFError,
    ElementTree.ParseError,
    OSError,
    RuntimeError,  # also NotImplementedError
    ValueError,
    KeyError,
)


def rows_of(archive: zipfile.ZipFile, sheet: str) -> Iterator[ElementTree.Element]:
    """Yield the rows of a sheet, each of which is emptied when the next is asked for."""
    inside = False
    with archive.open(CONTENT) as part:
        for event, element in ElementTree.iterparse(part, ("start", "end")):
            if element.tag == f"{TABLE}table" and element.get(f"{TABLE}name") == sheet:
                if event == "end":
                    return
                inside = True
            elif element.tag == f"{TABLE}table-row" and event == "end":
                if inside:
                    yield element
                element.clear()


def repeated(element: ElementTree.Element, what: str) -> int:
    """Return how many "rows" or "columns" an element stands for."""
    return int(element.get(f"{TABLE}number-{what}-repeated", "1"))
