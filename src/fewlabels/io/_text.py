"""CSV and TSV tables (plain or gzipped): cells are kept as text, exactly as they came."""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from fewlabels.exceptions import DataFileError
from fewlabels.io._table import Progress, Table, View, check_unique
from fewlabels.io._views import as_text, text_view
from fewlabels.io._watched import watched

_CHUNK = 4096

# Equal cells share one string, up to this many different ones: pixel values take an eighth of
# the memory, and a column of measurements costs no dictionary of its own.
_SHARED = 1 << 17


class TextTable(Table):
    """A table of text cells, column by column."""

    untyped = True

    def __init__(self, path: str, columns: dict[str, list[str]]) -> None:
        super().__init__(path, list(columns), len(next(iter(columns.values()), [])))
        self._columns = columns

    def values(self, name: str) -> list[Any]:
        """Return the cells of a column, all of them text."""
        return list(self._columns[name])

    def view(self, name: str) -> View:
        """Return what a model can make of a column."""
        return text_view(self._columns[name])

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Return the rows as they came."""
        return zip(*self._columns.values(), strict=True)


def read_text(path: Path, delimiter: str, progress: Progress | None = None) -> TextTable:
    """Read a CSV or TSV file with a header line, UTF-8, quoted as RFC 4180 says."""
    with open_lines(path, progress) as lines, _long_cells():
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            return _read_records(path, reader, delimiter)
        except csv.Error as error:
            raise DataFileError(
                f"{path} can't be read as a table near line {reader.line_num}: {error}. Check the "
                'quotes there (inside a quoted cell a quote is written twice: "").'
            ) from None


def _read_records(path: Path, reader: Any, delimiter: str) -> TextTable:
    header: list[str] = next((record for record in reader if record), [])
    if not header:
        raise DataFileError(f"{path} is empty. Give a table with a line of names and data.")
    _check_delimiter(path, header, delimiter)
    check_unique(str(path), header)
    columns: list[list[str]] = [[] for _ in header]
    shared: dict[str, str] = {}
    records: list[list[str]] = []
    last_line = reader.line_num
    for record in reader:
        if not record and len(header) == 1:
            record = [""]  # the writer of one column may leave an empty cell's line blank
        if record:  # any other blank line is no row
            if len(record) != len(header):
                raise DataFileError(_ragged(path, last_line + 1, len(record), len(header)))
            records.append(record)
        if len(records) == _CHUNK:
            _append(columns, records, shared)
        last_line = reader.line_num
    _append(columns, records, shared)
    return TextTable(str(path), dict(zip(header, columns, strict=True)))


def _append(columns: list[list[str]], records: list[list[str]], shared: dict[str, str]) -> None:
    for column, cells in zip(columns, zip(*records, strict=True), strict=False):
        if len(shared) < _SHARED:
            column.extend(map(shared.setdefault, cells, cells))
        else:
            column.extend(map(shared.get, cells, cells))
    records.clear()


def _ragged(path: Path, line: int, found: int, expected: int) -> str:
    few = "too few" if found < expected else "too many"
    return (
        f"{path}, line {line}: {few} cells, {found} where the header has {expected}. "
        "Mend that line (a cell with a separator or a line break in it needs quotes)."
    )


def _check_delimiter(path: Path, header: Sequence[str], delimiter: str) -> None:
    """Refuse a header that is one cell only because another character separates the cells."""
    if len(header) != 1:
        return
    for other, name in ((";", "semicolons"), ("\t", "tabs"), (",", "commas")):
        if other != delimiter and other in header[0]:
            ending = "rename it to .tsv" if other == "\t" else "rename it to .csv"
            advice = "save it with commas" if other == ";" else ending
            raise DataFileError(
                f"{path} seems to be separated by {name}: its header is one cell, "
                f"{header[0][:60]!r}. Please {advice}."
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
def open_lines(path: Path, progress: Progress | None = None) -> Iterator[Iterator[str]]:
    """Open a UTF-8 text file, gzipped if its name ends in .gz, as an iterator of its lines.

    Lines are decoded one by one, so that a byte that isn't UTF-8 can be named by its line.
    """
    try:
        with path.open("rb") as raw:
            size = path.stat().st_size

            def share() -> float:
                return raw.tell() / max(size, 1)

            if path.suffix.lower() == ".gz":
                with gzip.open(raw, "rb") as unpacked:
                    watched_file = watched(cast(IO[bytes], unpacked), share, str(path))
                    yield _decoded(path, watched_file, raw, size, progress)
            else:
                yield _decoded(path, watched(raw, share, str(path)), raw, size, progress)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataFileError(f"{path} can't be unpacked: {error}. Make the file anew.") from None


def _decoded(
    path: Path, lines: Iterable[bytes], raw: IO[bytes], size: int, progress: Progress | None
) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if number == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise DataFileError(f"{path} is UTF-16 text. Save it as UTF-8.")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if progress is not None and number % _CHUNK == 0:
            progress(raw.tell() / max(size, 1))
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataFileError(
                f"{path}, line {number}: byte {line[error.start]:#04x} is not UTF-8 text. "
                "Save the file as UTF-8."
            ) from None


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
