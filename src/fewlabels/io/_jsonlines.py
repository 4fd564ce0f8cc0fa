"""Tables of JSON objects, one a line or in an array; the text of each is kept as it came."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO

from fewlabels._typing import Objects, State
from fewlabels.exceptions import DataFileError
from fewlabels.io._exports import flattened
from fewlabels.io._nesting import DEEPEST, about_opened, is_too_deep, opened
from fewlabels.io._objects import ObjectTable, columns_of
from fewlabels.io._source import Source
from fewlabels.io._table import Progress, quoted
from fewlabels.io._text import open_lines, write_lines

_BLANKS = re.compile(r"\s*")
_EXAMPLE_ARRAY = '[{"height": 1.8, "label": null}, ...]'
_ONE_OBJECT = 'Each row must be one JSON object, such as {"height": 1.8, "label": null}.'


class JsonLinesTable(ObjectTable):
    """A table of JSON values, with the text that each row came from."""

    def __init__(
        self, path: str, columns: Mapping[str, Objects], lines: list[str], kept: Iterable[str]
    ) -> None:
        super().__init__(path, columns)
        self.lines = lines
        self._keys = tuple(kept)

    @property
    def taken(self) -> tuple[str, ...]:
        """The columns, and the keys of the rows as they came, which an export nests."""
        return tuple(dict.fromkeys((*self.names, *self._keys)))


def read_json_lines(
    source: Source, encoding: str | None = None, progress: Progress | None = None
) -> JsonLinesTable:
    """Read a file with one JSON object a line; blank lines are skipped."""
    rows: list[State] = []
    lines: list[str] = []
    with open_lines(source, encoding, progress) as (texts, notes, doubts):
        for number, text in enumerate(texts, start=1):
            line = text.strip()
            if not line:
                continue
            if number == 1 and line.startswith("["):
                raise DataFileError(
                    f"{source.name}, line 1: a JSON list, not an object. A JSON array of objects "
                    "belongs in a file that ends in .json."
                )
            rows.append(_parse(f"{source.name}, line {number}", line))
            lines.append(line)
    return _table(source, rows, lines, notes, doubts)


def read_json(
    source: Source, encoding: str | None = None, progress: Progress | None = None
) -> JsonLinesTable:
    """Read a JSON array of objects; what turns out to be JSON Lines is read as such."""
    with open_lines(source, encoding, progress) as (texts, notes, doubts):
        text = "".join(texts)
    if not text.lstrip().startswith("["):
        if "\n" in text.strip() or "\r" in text.strip():
            with contextlib.suppress(DataFileError):
                return read_json_lines(source, encoding)
        raise DataFileError(
            f"{source.name} holds no JSON array{_held(text)}. Give an array of objects, "
            f"{_EXAMPLE_ARRAY}, or one object a line (.jsonl)."
        )
    rows: list[State] = []
    lines: list[str] = []
    place = _after_blanks(text, text.index("[") + 1)
    while text[place : place + 1] != "]":
        where = f"{source.name}, entry {len(rows) + 1}"
        row, end = _decoded(where, text, place)
        rows.append(_checked(where, row, text[place:end]))
        # a line break can't be in a string of JSON, so that it is one between values
        lines.append(" ".join(part.strip() for part in text[place:end].splitlines()))
        place = _after_blanks(text, end)
        if text[place : place + 1] == ",":
            place = _after_blanks(text, place + 1)
        elif text[place : place + 1] != "]":
            raise DataFileError(
                f"{where}: not JSON, a comma or the end of the array is missing. Fix that entry."
            )
    if text[place + 1 :].strip():
        raise DataFileError(f"{source.name} holds more than one JSON array. Give one.")
    return _table(source, rows, lines, notes, doubts)


def _held(text: str) -> str:
    """Say what a file holds in place of an array: where in it one is, or how pandas wrote it."""
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(held, dict) or not held:
        return ""
    arrays = [
        name
        for name, value in held.items()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    ]
    if len(arrays) == 1:
        return f", but an object. Its {arrays[0]!r} is one: write that to a file of its own"
    if all(isinstance(value, dict) for value in held.values()) or {"columns", "data"} <= set(held):
        return ", but an object, as pandas writes one: to_json(orient='records') writes an array"
    return f", but an object of {quoted(list(held), 3)}"


def _after_blanks(text: str, place: int) -> int:
    match = _BLANKS.match(text, place)
    return match.end() if match else place


def _table(
    source: Source,
    rows: list[dict[str, object]],
    lines: list[str],
    notes: list[str],
    doubts: list[str],
) -> JsonLinesTable:
    if not rows:
        raise DataFileError(f"{source.name} is empty. Give a table with JSON objects.")
    kept = dict.fromkeys(name for row in rows for name in row)
    flat, program = flattened(source.name, rows)
    columns = columns_of(flat)
    if program:
        notes.append(f"an export of {program}")
    else:
        columns, names = opened(columns)
        notes += about_opened(names)
    table = JsonLinesTable(source.name, columns, lines, kept)
    table.notes, table.warnings = tuple(notes), tuple(doubts)
    return table


def _parse(where: str, line: str) -> State:
    row, end = _decoded(where, line, 0)
    if line[end:].strip():
        raise DataFileError(
            f"{where}: not JSON (more text after the object, column {end + 1}). {_ONE_OBJECT}"
        )
    return _checked(where, row, line)


def _decoded(where: str, text: str, place: int) -> tuple[object, int]:
    try:
        return _DECODER.raw_decode(text, place)
    except json.JSONDecodeError as error:
        raise DataFileError(
            f"{where}: not JSON ({error.msg}, column {error.colno}). {_ONE_OBJECT}"
        ) from None
    except (_DuplicateKeyError, RecursionError, ValueError) as error:
        raise DataFileError(f"{where}: {error}. Fix it.") from None


def _checked(where: str, row: object, text: str) -> State:
    if "\\ud" in text.lower() and _has_lone_surrogate(row):
        raise DataFileError(
            f"{where}: half of a surrogate pair (such as \\ud800), which no text file can hold. "
            "Fix it."
        )
    if text.count("[") + text.count("{") > DEEPEST and is_too_deep(row):
        raise DataFileError(
            f"{where}: lists and objects in one another, more than {DEEPEST} deep. Fix it."
        )
    if not isinstance(row, dict):
        raise DataFileError(f"{where}: a JSON {type(row).__name__}, not an object. {_ONE_OBJECT}")
    return row


def _has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


class _DuplicateKeyError(Exception):
    """A key comes twice in one object, so that one of its values would be lost."""


def _object(pairs: list[tuple[str, object]]) -> State:
    found = dict(pairs)
    if len(found) != len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise _DuplicateKeyError(f"the key {twice!r} comes twice")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def write_json_lines(
    file: IO[bytes],
    lines: Iterable[str],
    names: Sequence[str],
    added: Iterable[Sequence[object]],
    *,
    packed: bool = False,
    as_array: bool = False,
) -> None:
    """Write each line (a JSON object as text) with the added values at its end.

    As a JSON array of all of them if `as_array`.
    """
    texts = (
        _joined(line, dict(zip(names, values, strict=True)))
        for line, values in zip(lines, added, strict=True)
    )
    write_lines(file, _as_array(texts) if as_array else texts, packed=packed)


def _as_array(texts: Iterable[bytes]) -> Iterable[bytes]:
    before = b"[\n"
    for text in texts:
        yield before + text.removesuffix(b"\n")
        before = b",\n"
    yield b"\n]\n"


def _joined(line: str, added: dict[str, object]) -> bytes:
    tail = json.dumps(added, ensure_ascii=False, default=_plain)
    body = line.removesuffix("}").rstrip()
    comma = "" if body == "{" else ", "
    return f"{body}{comma}{tail[1:]}\n".encode()


def json_lines(names: Sequence[str], columns: Sequence[Sequence[object]]) -> Iterable[str]:
    """Return the rows of any columns as JSON objects, one a line."""
    for row in zip(*columns, strict=True):
        yield json.dumps(
            dict(zip(names, map(_finite, row), strict=True)), ensure_ascii=False, default=_plain
        )


def _finite(value: object) -> object:
    """Return null for NaN, which JSON doesn't know."""
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def _plain(value: object) -> str:
    return str(value.isoformat() if hasattr(value, "isoformat") else value)
