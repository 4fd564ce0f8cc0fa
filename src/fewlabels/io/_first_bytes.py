"""Files whose name says one format and whose first bytes say another."""

from __future__ import annotations

from pathlib import Path

from fewlabels.exceptions import DataFileError

# What files of a format begin with, what to call them, and the ending that they should have.
_BEGINNINGS = (
    (b"PK\x03\x04", "a workbook of a spreadsheet program, or another packed file", ".xlsx"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of an old spreadsheet program", ".xls"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"ARROW1", "an Arrow file", ".arrow"),
    (b"SQLite format 3\x00", "an SQLite database", ".sqlite"),
    (b"\x1f\x8b", "a file packed with gzip", ".gz"),
    (b"%PDF", "a PDF", ""),
    (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
)
_TEXT = ("csv", "json", "jsonl")
_PACKED = ("sheet", "npz")  # formats in which a file may begin with PK
_WEB_PAGES = (b"<!doctype html", b"<html", b"<head", b"<table")
_LOOKED_AT = 512


def check_first_bytes(path: Path, form: str, *, packed: bool) -> None:
    """Raise if a file holds something else than its name, or the user, says.

    Parameters
    ----------
    path : Path
    form : str
        The name of the format, as of :class:`fewlabels.io._formats.TableFormat`.
    packed : bool
        Whether it is to be packed with gzip.

    Raises
    ------
    DataFileError
        Says what the file is, and what to rename it to.
    """
    with path.open("rb") as file:
        start = file.read(_LOOKED_AT)
    if form in (*_TEXT, "sheet") and start.lstrip().lower().startswith(_WEB_PAGES):
        raise DataFileError(
            f"{path} is a web page, not a table. Open it in a browser or a spreadsheet program and "
            "save it as .xlsx or .csv."
        )
    found = next((each for each in _BEGINNINGS if start.startswith(each[0])), None)
    if form in _TEXT and not packed and found is not None:
        _, what, ending = found
        advice = f"Rename it to {path.stem}{ending}" if ending else "Give a table"
        if ending == ".gz":
            advice = f"Rename it to {path.name}.gz"
        raise DataFileError(f"{path} is no text, but {what}. {advice}.")
    if form == "sheet" and found is None and start and _is_text(start):
        raise DataFileError(
            f"{path} is no workbook, but text, as tables in CSV are. Rename it to {path.stem}.csv."
        )


def _is_text(start: bytes) -> bool:
    """Tell whether these bytes may begin a text: none of them controls anything but lines."""
    return not any(byte < 32 and byte not in b"\t\n\r\x0c" for byte in start)
