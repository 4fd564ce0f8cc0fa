"""Formulas of a sheet whose values were never worked out, which readers show as empty cells.

Spreadsheet programs store a value beside each formula; libraries that write workbooks store the
formula alone, or nought, and leave the value to whoever opens the file.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass
from typing import IO
from xml.etree import ElementTree

from fewlabels.io._sheet_rows import CONTENT, NOT_TOLD_HERE, TABLE, repeated, rows_of

_CHUNK = 1 << 20
_MOST_KEPT = 1 << 17  # of a chunk, where no row ends in it; a formula has 8,192 characters at most
_OF_SHEET = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_ID = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_KIND_OF_VALUE = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"

# A cell that begins with a formula; what follows closes the cell if there is no value.
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*(</(?:\w+:)?c>)?"
)
_ERROR = re.compile(rb"""<(?:\w+:)?c\b[^>]*\bt=["']e["']""")
_PLACE = re.compile(rb"""\br=["']([A-Z]+\d+)["']""")
_IS_TEXT = re.compile(rb"""\bt=["']str["']""")
_ASKS_FOR_VALUES = re.compile(rb"""\bfullCalcOnLoad=["'](1|true)["']""")


@dataclass(frozen=True)
class Formulas:
    """What is known of the formulas of a sheet.

    Attributes
    ----------
    n_formulas : int
    n_without : int
        Those without a value; text that is empty is a value.
    first_without : str
        The place of the first of them, such as "B2"; empty where the file doesn't say.
    asks_for_values : bool
        Whether the file asks the program that opens it to work all values out anew.
    n_errors : int
        Cells whose value is an error, such as #N/A.
    """

    n_formulas: int = 0
    n_without: int = 0
    first_without: str = ""
    asks_for_values: bool = False
    n_errors: int = 0


def formulas_of(file: IO[bytes], sheet: str) -> Formulas:
    """Return what is known of the formulas of a sheet of an .xlsx or .ods file.

    Of another kind of file, such as ``.xls``, which can't do without values, and of one that is
    damaged: that there are none.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if CONTENT in names:
                return _of_open_document(archive, sheet)
            part_name = sheet_part(archive, sheet)
            if part_name not in names:
                return Formulas()
            asks = bool(_ASKS_FOR_VALUES.search(archive.read("xl/workbook.xml")))
            with archive.open(part_name) as part:
                return _of_xml(part, asks)
    except NOT_TOLD_HERE:
        return Formulas()


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part of an .xlsx file that holds a sheet; empty if none does."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    ids = {
        element.get("name"): element.get(_ID) or element.get(_STRICT_ID)
        for element in book.iter()
        if element.tag.rpartition("}")[2] == "sheet"
    }
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {each.get("Id"): each.get("Target", "") for each in relations.iter(_OF_SHEET)}
    target = targets.get(ids.get(sheet) or "", "")
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/") if target else ""


def _of_xml(part: IO[bytes], asks: bool) -> Formulas:
    n_formulas = n_without = n_errors = 0
    first = ""
    kept = b""
    while chunk := part.read(_CHUNK):
        text = kept + chunk
        end = max(text.rfind(b"row>"), len(text) - _MOST_KEPT)
        for match in _FORMULA.finditer(text, 0, end) if b"f>" in text or b"f " in text else ():
            n_formulas += 1
            if match[2] and not _IS_TEXT.search(match[1]):
                n_without += 1
                place = _PLACE.search(match[1])
                first = first or (place[1].decode() if place else "")
        n_errors += len(_ERROR.findall(text, 0, end))
        kept = text[end:]
    return Formulas(n_formulas, n_without, first, asks, n_errors)


def _of_open_document(archive: zipfile.ZipFile, sheet: str) -> Formulas:
    n_formulas = n_without = n_errors = 0
    for row in rows_of(archive, sheet):
        for cell in row.iter(f"{TABLE}table-cell"):
            if cell.get(_KIND_OF_VALUE) == "error":
                n_errors += repeated(row, "rows") * repeated(cell, "columns")
            if cell.get(f"{TABLE}formula"):
                n_formulas += 1
                # LibreOffice writes a value that is empty text as a paragraph without a type
                n_without += cell.get(f"{_OFFICE}value-type") is None and len(cell) == 0
    return Formulas(n_formulas, n_without, n_errors=n_errors)
