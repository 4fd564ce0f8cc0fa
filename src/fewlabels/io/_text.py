"""CSV and TSV tables (plain or gzipped): cells are kept as text, exactly as they came."""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, islice
from typing import IO

from fewlabels._typing import Cells, Package
from fewlabels.exceptions import DataFileError
from fewlabels.io._cells import as_text
from fewlabels.io._encodings import encoding_of
from fewlabels.io._separators import SEPARATORS, find_separator, told_separator
from fewlabels.io._source import Source
from fewlabels.io._table import Progress, Table, View, check_unique, counted, setting
from fewlabels.io._titles import about_title, n_title_lines, own_names
from fewlabels.io._views import text_view

_CHUNK = 4096
# Lines that are looked at for what separates the cells.
_LOOKED_AT = 200


class TextTable(Table):
    """A table of text cells, column by column."""

    untyped = True

    def __init__(self, path: str, columns: dict[str, list[str]]) -> None:
        super().__init__(path, list(columns), len(next(iter(columns.values()), [])))
        self._columns = columns
        self.separator = ""

    def values(self, name: str) -> Cells:
        """Return the cells of a column, all of them text."""
        return list(self._columns[name])

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        return text_view(
            self._columns[name],
            self.reading,
            lambda: self.decimal_mark,
            in_semicolons=self.separator == ";",
        )

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Return the rows as they came."""
        return zip(*self._columns.values(), strict=True)


def read_text(
    source: Source,
    *,
    separator: str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> TextTable:
    """Read a CSV or TSV file with a header line, quoted as RFC 4180 says.

    Lines above the header are left out where it is plain that they are a title. What separates
    the cells and the encoding are found out where they are None.
    """
    with open_lines(source, encoding, progress) as (lines, notes, doubts), _long_cells():
        head = list(islice(lines, _LOOKED_AT + 1))
        told = told_separator(head[0]) if head else None
        skipped = 0 if told is None else 1
        chosen = separator or told
        if chosen is None:
            chosen = find_separator(
                source.name, head[:_LOOKED_AT], source.form.delimiter, cut=len(head) > _LOOKED_AT
            )
        if chosen not in (source.form.delimiter, separator):
            notes.append(f"cells separated by {SEPARATORS.get(chosen, repr(chosen))}")
        title = _title_lines(head[skipped:], chosen)
        if title:
            notes.append(about_title(title))
        reader = csv.reader(chain(head[skipped:], lines), delimiter=chosen, strict=True)
        try:
            table = _read_records(source.name, reader, skipped, len(title))
        except csv.Error as error:
            raise DataFileError(
                f"{source.name} can't be read as a table near line {reader.line_num + skipped}: "
                f"{error}. Check the quotes there (inside a quoted cell a quote is written twice: "
                f'""), or say what separates the cells, such as '
                f"{setting('separator', _beside_quotes(head[skipped], chosen))}."
            ) from None
    table.separator = chosen
    table.notes, table.warnings = (*notes, *table.notes), tuple(doubts)
    return table


def _beside_quotes(line: str, chosen: str) -> str:
    """Return what stands behind the first quoted name, if that is not what was chosen."""
    match = re.match(r'"[^"]*"([^\w"\r\n])', line)
    return ";" if match is None or match[1] == chosen else match[1]


def _title_lines(lines: Sequence[str], separator: str) -> list[list[str]]:
    """Return the records above the names of the columns, blank ones among them."""
    records: list[list[str]] = []
    with suppress(csv.Error):  # where a record goes on after these lines, or is damaged
        records.extend(csv.reader(lines, delimiter=separator, strict=True))
    return records[: n_title_lines(records)]


def _read_records(path: str, reader: Package, skipped: int, n_above: int) -> TextTable:
    header: list[str] = next((record for record in islice(reader, n_above, None) if record), [])
    if not header:
        raise DataFileError(f"{path} is empty. Give a table with a line of names and data.")
    names, numbered = own_names(header)
    columns: list[list[str]] = [[] for _ in header]
    kept: list[dict[str, str] | None] = [{} for _ in header]
    records: list[list[str]] = []
    last_line = reader.line_num
    for record in reader:
        if not record and len(header) == 1:
            record = [""]  # the writer of one column may leave an empty cell's line blank
        if record:  # any other blank line is no row
            if len(record) != len(header):
                line = last_line + 1 + skipped
                is_first = not records and not columns[0]
                raise DataFileError(
                    _ragged(path, line, len(record), len(header), is_first=is_first)
                )
            records.append(record)
        if len(records) == _CHUNK:
            _append(columns, records, kept)
        last_line = reader.line_num
    _append(columns, records, kept)
    named, left_out = _without_nothing(names, columns)
    check_unique(path, [name for name, _ in named])
    table = TextTable(path, dict(named))
    table.notes = tuple(filter(None, (numbered, left_out)))
    return table


def _without_nothing(
    names: Sequence[str], columns: Sequence[list[str]]
) -> tuple[list[tuple[str, list[str]]], str]:
    """Return the columns but those, of several without a name, that hold nothing; and say so."""
    named = list(zip(names, columns, strict=True))
    if sum(not name.strip() for name in names) < 2:
        return named, ""
    kept = [(name, cells) for name, cells in named if name.strip() or any(map(str.strip, cells))]
    n_empty = len(named) - len(kept)
    note = f"{counted(n_empty, 'column')} without a name and without a value left out"
    return kept, note if n_empty else ""


def _append(
    columns: list[list[str]], records: list[list[str]], kept: list[dict[str, str] | None]
) -> None:
    """Move records to the columns; equal cells of a column share one string while that pays."""
    for place, cells in enumerate(zip(*records, strict=True)):
        known = kept[place]
        if known is None:
            columns[place].extend(cells)
            continue
        before = len(known)
        columns[place].extend(map(known.setdefault, cells, cells))
        if 2 * (len(known) - before) > len(cells):
            kept[place] = None
    records.clear()


def _ragged(path: str, line: int, found: int, expected: int, *, is_first: bool) -> str:
    few = "too few" if found < expected else "too many"
    unnamed = (
        " If the names of the rows have no name themselves, as R's write.table leaves it, put one "
        "in front of the header."
        if found == expected + 1 and is_first
        else ""
    )
    return (
        f"{path}, line {line}: {few} cells, {found} where the header has {expected}. "
        "Fix that line (a cell with a separator or a line break in it needs quotes), or say what "
        f"separates the cells, such as {setting('separator', ';')}.{unnamed}"
    )


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be longer than the 128 KiB that the csv module allows by default."""
    limit = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


@contextmanager
def open_lines(
    source: Source, encoding: str | None = None, progress: Progress | None = None
) -> Iterator[tuple[Iterator[str], list[str], list[str]]]:
    """Open a text file as an iterator of its lines, with what was found out and what was guessed.

    Lines end with LF, CR LF or CR, and keep their ends.
    """
    notes: list[str] = []
    doubts: list[str] = []
    if encoding is None:
        with source.open() as (file, _):
            encoding, guessed = encoding_of(file)
        if guessed:
            doubts.append(
                f"{source.name} is not UTF-8; it was read as {encoding}, which is a guess. If "
                f"letters look wrong, say what it is, such as {setting('encoding', 'cp1250')}."
            )
        elif not encoding.startswith("utf-8"):
            notes.append(f"text in {encoding.upper()}")
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"  # the same, with or without a mark
    with (
        source.open() as (file, share),
        io.TextIOWrapper(file, encoding=encoding, newline="") as text,
    ):
        yield _counted(source, text, encoding, progress, share), notes, doubts


def _counted(
    source: Source,
    lines: Iterable[str],
    encoding: str,
    progress: Progress | None,
    share: Callable[[], float],
) -> Iterator[str]:
    number = 0
    try:
        for number, line in enumerate(lines, start=1):
            if progress is not None and number % _CHUNK == 0:
                progress(share())
            yield line
    except UnicodeError as error:
        raise _undecodable(source, encoding, error) from None


def _undecodable(source: Source, encoding: str, error: UnicodeError) -> DataFileError:
    """Return an error that names the line, which a decoder of blocks does not know."""
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    advice = f"Save the file as UTF-8, or say what it is, such as {setting('encoding', 'cp1252')}."
    if name == "UTF-8":
        with source.open() as (file, _):
            for number, line in enumerate(file, start=1):
                try:
                    line.decode(encoding)
                except UnicodeDecodeError as found:
                    return DataFileError(
                        f"{source.name}, line {number}: byte {line[found.start]:#04x} is not "
                        f"UTF-8 text. {advice}"
                    )
    reason = getattr(error, "reason", error)
    return DataFileError(f"{source.name} can't be read as {name} text: {reason}. {advice}")


def write_text(
    file: IO[bytes],
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    delimiter: str,
    *,
    packed: bool = False,
) -> None:
    """Write a CSV or TSV file: a header, a line a row, line feeds, quotes where needed."""
    write_lines(file, _encoded(names, rows, delimiter), packed=packed)


def write_lines(file: IO[bytes], lines: Iterable[bytes], *, packed: bool) -> None:
    """Write lines, gzipped if `packed`."""
    if packed:
        # no name and no time in it: the same table gives the same bytes
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as zipped:
            zipped.writelines(lines)
    else:
        file.writelines(lines)


class _Line:
    """What csv.writer writes to: holds one line."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text

    def encoded(self) -> bytes:
        return (self.text.removesuffix("\r\n") + "\n").encode()


def _encoded(
    names: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str
) -> Iterator[bytes]:
    line = _Line()
    # The line end has both characters so that the writer quotes cells with either of them.
    writer = csv.writer(line, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(names)
    yield line.encoded()
    for row in rows:
        writer.writerow(row)
        yield line.encoded()


def text_rows(table: Table) -> Iterator[tuple[str, ...]]:
    """Return the rows of any table as text."""
    if isinstance(table, TextTable):
        return table.rows()
    columns = (map(as_text, table.values(name)) for name in table.names)
    return zip(*columns, strict=True)
