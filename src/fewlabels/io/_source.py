"""Where the bytes of a table come from: a file, a packed one, one in an archive, or memory."""

from __future__ import annotations

import contextlib
import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from fewlabels.exceptions import DataFileError
from fewlabels.io._formats import TableFormat, table_format
from fewlabels.io._table import quoted
from fewlabels.io._watched import watched

# What archivers put in beside what they were given.
_ASIDE = ("__MACOSX/", ".DS_Store")

# What the standard library raises for packed files that are damaged, or packed otherwise.
_DAMAGED = (EOFError, NotImplementedError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class Source:
    """A table that has not been read yet.

    Attributes
    ----------
    name : str
        For messages.
    path : Path
        Of the file; of no meaning if `data` is there.
    form : TableFormat
    part : str or None
        Which table of a database, or which sheet of a workbook.
    member : str or None
        Which file of a ZIP archive.
    data : bytes or None
        What is in memory already.
    notes : tuple of str
        What was chosen on the way.
    """

    name: str
    path: Path
    form: TableFormat
    part: str | None = None
    member: str | None = None
    data: bytes | None = None
    notes: tuple[str, ...] = ()

    @contextlib.contextmanager
    def open(self) -> Iterator[tuple[IO[bytes], Callable[[], float]]]:
        """Open the bytes, and a function that returns which share of them has been read."""
        try:
            with contextlib.ExitStack() as stack:
                if self.data is not None:
                    raw: IO[bytes] = stack.enter_context(io.BytesIO(self.data))
                    size = len(self.data)
                else:
                    raw = stack.enter_context(self.path.open("rb"))
                    size = self.path.stat().st_size
                file = raw
                if self.member is not None:
                    archive = stack.enter_context(zipfile.ZipFile(raw))
                    file = stack.enter_context(archive.open(self.member))
                if self.form.packed:
                    file = cast(IO[bytes], stack.enter_context(gzip.open(file, "rb")))

                def share() -> float:
                    return raw.tell() / max(size, 1)

                yield watched(file, share, self.name), share
        except _DAMAGED as error:
            raise DataFileError(
                f"{self.name} can't be unpacked: {error}. Make the file anew."
            ) from None

    def in_memory(self) -> IO[bytes] | None:
        """Return the bytes as a file that can be sought in; None if they are a file already."""
        if self.data is None and self.member is None:
            return None
        with self.open() as (file, _):
            return io.BytesIO(file.read())


def source_in_archive(path: Path, part: str | None) -> Source:
    """Return the one table in a ZIP archive, or the one that is called `part`."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
    except (*_DAMAGED, IndexError, ValueError, struct.error) as error:
        raise DataFileError(
            f"{path} can't be read as a ZIP archive: {error}. Make the file anew."
        ) from None
    names = [info.filename for info in infos if not _is_aside(info.filename)]
    tables = {name: form for name in names if (form := _form(name)) is not None}
    if part is not None:
        if part not in tables:
            raise DataFileError(
                f"{path} holds no table {part!r}. Its tables are {quoted(list(tables))}."
            )
        name = part
    elif len(tables) == 1:
        (name,) = tables
    elif not tables:
        inside = f"it holds {quoted(names)}" if names else "it is empty"
        raise DataFileError(f"{path} holds no table that can be read: {inside}.")
    else:
        raise DataFileError(
            f"{path} holds several tables: {quoted(list(tables))}. Name one of them, as in "
            f"{path}::{next(iter(tables))}."
        )
    if next(info for info in infos if info.filename == name).flag_bits & 0x1:
        raise DataFileError(f"{path} is encrypted. Unpack it, and give the table in it.")
    notes = (f"{name} in {path.name}",)
    return Source(f"{path}::{name}", path, tables[name], member=name, notes=notes)


def _is_aside(name: str) -> bool:
    return name.startswith(_ASIDE[0]) or name.endswith(_ASIDE[1])


def _form(name: str) -> TableFormat | None:
    try:
        form = table_format(Path(name), writing=False)
    except DataFileError:
        return None
    return None if form.name == "database" else form
