"""Which character separates the cells of a text table, where nobody has said so."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from itertools import islice

from fewlabels.exceptions import DataFileError
from fewlabels.io._table import setting

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}

_RECORDS = 50
# Lines that may be a title above the names of the columns.
_TITLE_LINES = 30
_SEP_LINE = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)


def told_separator(line: str) -> str | None:
    """Return the separator that a first line ``sep=;`` tells, as Excel writes and reads it."""
    match = _SEP_LINE.fullmatch(line)
    return match[1] if match else None


def find_separator(path: str, lines: Sequence[str], usual: str, *, cut: bool) -> str:
    """Return the character between the cells of these lines, the first ones of a table.

    `cut` tells whether more follow. It is one by which the header has several cells, and all other
    rows have as many: the one by which they have most. Where none fits, one that fits the lines
    after the first few, which may be a title; else the usual one.

    Raises
    ------
    DataFileError
        If several fit equally well.
    """
    widths = {separator: _width(lines, separator, cut) for separator in SEPARATORS}
    most = max(widths.values())
    best = [separator for separator, width in widths.items() if width == most]
    if most < 2:
        return _below_title(lines, cut) or _by_header(lines, usual)
    if len(best) > 1:
        names = " or ".join(SEPARATORS[separator] for separator in best)
        raise DataFileError(
            f"{path}: can't tell whether {names} separate the cells. Say which, such as "
            f"{setting('separator', best[0])}."
        )
    return best[0]


def _width(lines: Sequence[str], separator: str, cut: bool) -> int:
    """Return how many cells each record has, 0 if they differ."""
    widths: set[int] = set()
    last = 0
    try:
        for record in islice(csv.reader(lines, delimiter=separator, strict=True), _RECORDS):
            if last:
                widths.add(last)
            last = len(record) or last
    except csv.Error:
        if not cut:
            return 0
    if not cut or not widths:  # else the last record may not be whole
        widths.add(last)
    return widths.pop() if len(widths) == 1 else 0


def _below_title(lines: Sequence[str], cut: bool) -> str:
    """Return the separator of the lines after the first few; empty if there is none."""
    for first in range(1, min(len(lines) - 1, _TITLE_LINES)):
        widths = {separator: _width(lines[first:], separator, cut) for separator in SEPARATORS}
        best = max(widths, key=lambda separator: widths[separator])
        if widths[best] > 1 and list(widths.values()).count(widths[best]) == 1:
            return best
    return ""


def _by_header(lines: Sequence[str], usual: str) -> str:
    """Return the separator of a table whose rows don't fit, for a message that names the line."""
    header = next((line for line in lines if line.strip()), "")
    if usual in header:
        return usual
    return max(SEPARATORS, key=lambda separator: (header.count(separator), separator == usual))
