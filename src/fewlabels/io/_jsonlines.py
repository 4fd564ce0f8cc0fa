"""JSON Lines tables: an object a line; the text of each line is kept, exactly as it came."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from fewlabels.exceptions import DataFileError
from fewlabels.io._nesting import DEEPEST, is_too_deep
from fewlabels.io._table import Progress, Table, View
from fewlabels.io._text import open_lines, write_lines
from fewlabels.io._views import object_view


class JsonLinesTable(Table):
    """A table of JSON values, with the line that each row came from.

    Its columns are the keys of all rows, in the order of their first appearance; a key that
    a row doesn't have is missing there, as null is.
    """

    def __init__(self, path: str, names: Sequence[str], rows: list[Any], lines: list[str]) -> None:
        super().__init__(path, names, len(rows))
        self._rows = rows
        self.lines = lines

    def values(self, name: str) -> list[Any]:
        """Return the values of a column; None where null or absent."""
        return [row.get(name) for row in self._rows]

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        return object_view(self.values(name))


def read_json_lines(path: Path, progress: Progress | None = None) -> JsonLinesTable:
    """Read a file with one JSON object a line; blank lines are skipped."""
    names: dict[str, None] = {}
    rows: list[Any] = []
    lines: list[str] = []
    with open_lines(path, progress) as texts:
        for number, text in enumerate(texts, start=1):
            line = text.strip()
            if not line:
                continue
            row = _parse(path, number, line)
            names.update(dict.fromkeys(row))
            rows.append(row)
            lines.append(line)
    if not rows:
        raise DataFileError(f"{path} is empty. Give a table with a JSON object a line.")
    return JsonLinesTable(str(path), list(names), rows, lines)


def _parse(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise DataFileError(
            f"{path}, line {number}: not JSON ({error.msg}, column {error.colno}). "
            'Each line must be one JSON object, such as {"height": 1.8, "label": null}.'
        ) from None
    except (_DuplicateKeyError, RecursionError, ValueError) as error:
        raise DataFileError(f"{path}, line {number}: {error}. Mend that line.") from None
    if "\\ud" in line.lower() and _has_lone_surrogate(row):
        raise DataFileError(
            f"{path}, line {number}: half of a surrogate pair (such as \\ud800), which no text "
            "file can hold. Mend that line."
        )
    if line.count("[") + line.count("{") > DEEPEST and is_too_deep(row):
        raise DataFileError(
            f"{path}, line {number}: lists and objects in one another, more than {DEEPEST} deep. "
            "Mend that line."
        )
    if not isinstance(row, dict):
        raise DataFileError(
            f"{path}, line {number}: a JSON {type(row).__name__}, not an object. "
            'Each line must be one JSON object, such as {"height": 1.8, "label": null}.'
        )
    return row


def _has_lone_surrogate(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


class _DuplicateKeyError(Exception):
    """A key comes twice in one object, so that one of its values would be lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise _DuplicateKeyError(f"the key {twice!r} comes twice")
    return found


def write_json_lines(
    file: IO[bytes],
    lines: Iterable[str],
    names: Sequence[str],
    added: Iterable[Sequence[Any]],
    *,
    packed: bool = False,
) -> None:
    """Write each line (a JSON object as text) with the added values at its end."""
    texts = (
        _joined(line, dict(zip(names, values, strict=True)))
        for line, values in zip(lines, added, strict=True)
    )
    write_lines(file, texts, packed=packed)


def _joined(line: str, added: dict[str, Any]) -> bytes:
    tail = json.dumps(added, ensure_ascii=False, default=_plain)
    body = line.removesuffix("}").rstrip()
    comma = "" if body == "{" else ", "
    return f"{body}{comma}{tail[1:]}\n".encode()


def json_lines(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> Iterable[str]:
    """Return the rows of any columns as JSON objects, one a line."""
    for row in zip(*columns, strict=True):
        yield json.dumps(
            dict(zip(names, map(_finite, row), strict=True)), ensure_ascii=False, default=_plain
        )


def _finite(value: Any) -> Any:
    """Return null for NaN, which JSON doesn't know."""
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _plain(value: Any) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
