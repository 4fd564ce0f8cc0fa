"""Which format a file name means, and whether a table can be read or written there.

Nothing here needs NumPy, so that a wrong name is an error at once.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fewlabels._files import explaining_errors
from fewlabels._parts import part_file
from fewlabels.exceptions import DataFileError, MissingDependencyError
from fewlabels.io._first_bytes import check_first_bytes

if TYPE_CHECKING:
    from types import ModuleType

# ending -> (format, the character between the cells of a text table)
_ENDINGS = {
    ".csv": ("csv", ","),
    ".tsv": ("csv", "\t"),
    ".tab": ("csv", "\t"),
    ".txt": ("csv", "\t"),
    ".parquet": ("parquet", ""),
    ".pq": ("parquet", ""),
    ".arrow": ("arrow", ""),
    ".feather": ("arrow", ""),
    ".ipc": ("arrow", ""),
    ".jsonl": ("jsonl", ""),
    ".ndjson": ("jsonl", ""),
    ".json": ("json", ""),
    ".npz": ("npz", ""),
    ".xlsx": ("sheet", ""),
    ".xlsm": ("sheet", ""),
    ".xls": ("sheet", ""),
    ".ods": ("sheet", ""),
    ".db": ("database", ""),
    ".db3": ("database", ""),
    ".sqlite": ("database", ""),
    ".sqlite3": ("database", ""),
    ".duckdb": ("database", ""),
}
_PACKED = ("csv", "json", "jsonl")
_WRITTEN = ("csv", "json", "jsonl", "parquet", "arrow", "npz", "sheet")
# Endings of formats that are written, and yet only read themselves.
_ONLY_READ = (".txt", ".xls", ".xlsm", ".ods")
_LISTED = {
    True: ".csv, .tsv, .json, .jsonl (each also with .gz), .parquet, .arrow, .npz or .xlsx",
    False: ".csv, .tsv, .json, .jsonl (each also with .gz), .parquet, .arrow, .npz, .xlsx, .ods, "
    ".sqlite, .duckdb or .zip",
}

#: Formats by the names that people give them where there is no file name.
FORMATS = {
    "csv": ".csv",
    "tsv": ".tsv",
    "json": ".json",
    "jsonl": ".jsonl",
    "parquet": ".parquet",
    "arrow": ".arrow",
    "npz": ".npz",
    "xlsx": ".xlsx",
    "ods": ".ods",
}

#: Stands for standard input or output, where a path is expected.
STANDARD = "-"


@dataclass(frozen=True)
class TableFormat:
    """The format of a table: a value of `_ENDINGS`, what separates its cells, and if gzipped."""

    name: str
    delimiter: str = ""
    packed: bool = False


def table_format(path: Path, *, writing: bool) -> TableFormat:
    """Return the format that the ending of `path` means; DataFileError if there is none."""
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    name, delimiter = _ENDINGS.get("".join(endings[:-1][-1:] if packed else endings[-1:]), ("", ""))
    if (
        not name
        or (packed and name not in _PACKED)
        or (writing and (name not in _WRITTEN or endings[-1] in _ONLY_READ))
    ):
        if name and not packed and endings[-1] != ".txt":
            raise DataFileError(
                f"{path}: {endings[-1]} files are read, but not written. Use a name that ends in "
                f"{_LISTED[True]}."
            )
        aim = "write" if writing else "read"
        raise DataFileError(
            f"{path}: can't tell from the name which format to {aim}. Use a name that ends in "
            f"{_LISTED[writing]}."
        )
    return TableFormat(name, delimiter, packed)


def named_format(name: str, *, writing: bool) -> TableFormat:
    """Return a format by its name, such as "csv"; DataFileError if there is none."""
    known = [each for each in FORMATS if not writing or FORMATS[each] not in _ONLY_READ]
    if name not in known:
        raise DataFileError(f"there is no format {name!r}; choose one of {', '.join(known)}.")
    return TableFormat(*_ENDINGS[FORMATS[name]])


def split_part(path: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """Return a path and the part of the file that is named after it: ``file.db::table``."""
    text = os.fspath(path)
    before, mark, part = text.rpartition("::")
    if not mark or not before or Path(text).exists():
        return Path(text), None
    return Path(before), part


def check_input(path: str | os.PathLike[str]) -> None:
    """Raise if there is no table at `path`, without reading it.

    Parameters
    ----------
    path : str or path-like
        As :func:`fewlabels.io.read_table` takes it.

    Raises
    ------
    DataFileError
        If the file is missing or empty, if its name has no known ending, or another than what it
        holds: a workbook that is named .csv.

    Examples
    --------
    >>> from fewlabels.exceptions import DataFileError
    >>> from fewlabels.io import check_input
    >>> try:
    ...     check_input("no-such-table.csv")
    ... except DataFileError:
    ...     print("no table")
    no table
    """
    if os.fspath(path) == STANDARD:
        return
    file, _ = split_part(path)
    with explaining_errors(file, writing=False, raising=DataFileError):
        if not file.exists():
            raise DataFileError(f"{file} does not exist. Check the path (now in {Path.cwd()}).")
        if not file.is_file():
            raise DataFileError(f"{file} is not a file. Give the path of one file.")
        form = None if file.suffix.lower() == ".zip" else table_format(file, writing=False)
        if file.stat().st_size == 0:
            raise DataFileError(f"{file} is empty. Give a table with a line of names and data.")
        if form is not None:
            check_first_bytes(file, form.name, packed=form.packed)


def parquet_module() -> ModuleType:
    """Return the Parquet reader and writer, or say how to install what it needs."""
    try:
        from fewlabels.io import _parquet
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pyarrow":
            raise
        raise MissingDependencyError(
            "Parquet and Arrow files need pyarrow, which is not installed: "
            "pip install 'fewlabels[cli]'. CSV, TSV, JSON and NPZ work without it."
        ) from None
    return _parquet


def workbook_module() -> ModuleType:
    """Return the writer of workbooks, or say how to install what it needs."""
    try:
        from fewlabels.io import _workbooks
    except ModuleNotFoundError as error:
        if error.name != "xlsxwriter":
            raise
        raise MissingDependencyError(
            "to write workbooks (.xlsx) needs XlsxWriter, which is not installed: "
            "pip install 'fewlabels[cli]'. CSV, which Excel opens, works without it."
        ) from None
    return _workbooks


def check_output(
    path: str | os.PathLike[str], *, sources: Iterable[Path] = (), replace: bool = False
) -> None:
    """Raise if a table can't be written to `path`, before any work is done for it.

    Parameters
    ----------
    path : str or path-like
        Where a table will be written.
    sources : iterable of Path
        Files that are read, and must not be written to.
    replace : bool, default=False
        Whether an existing file may be replaced.

    Raises
    ------
    DataFileError
        If the name has no known ending, if the folder is missing or can't be written to, if
        the file is one of `sources`, or if it exists and may not be replaced.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fewlabels.exceptions import DataFileError
    >>> from fewlabels.io import check_output
    >>> check_output(Path(tempfile.mkdtemp()) / "answers.csv")
    >>> try:
    ...     check_output("answers.docx")
    ... except DataFileError:
    ...     print("no such format")
    no such format
    """
    if os.fspath(path) == STANDARD:
        return
    path = Path(path)
    with explaining_errors(path, writing=True, raising=DataFileError):
        form = "" if path.is_dir() else table_format(path, writing=True).name
        if form in ("parquet", "arrow"):
            parquet_module()  # found to be missing now, rather than after the work
        elif form == "sheet":
            workbook_module()
    check_place(path, sources=sources, replace=replace)


def check_place(
    path: str | os.PathLike[str], *, sources: Iterable[Path] = (), replace: bool = False
) -> None:
    """Raise if a file of any kind can't be written to `path`; see :func:`check_output`.

    Examples
    --------
    >>> from fewlabels.io import check_place
    >>> check_place("no such folder/labels.csv")
    Traceback (most recent call last):
        ...
    fewlabels.exceptions.DataFileError: can't write no such folder/labels.csv: ...
    """
    path = Path(path)
    with explaining_errors(path, writing=True, raising=DataFileError):
        _check_place(path, Path(os.path.realpath(path)), sources, replace)


def _check_place(path: Path, target: Path, sources: Iterable[Path], replace: bool) -> None:
    if target.is_dir():
        raise DataFileError(f"can't write {path}: it is a folder. Name a file.")
    if not target.parent.is_dir():
        raise DataFileError(
            f"can't write {path}: there is no folder {str(target.parent)!r}. Create it first "
            f"(mkdir -p {shlex.quote(str(target.parent))})."
        )
    if target.exists():
        _check_existing(path, target, sources, replace)
    with contextlib.suppress(FileNotFoundError):
        target.lstat()  # a name may be too long for the system
    with part_file(target.parent):
        pass


def _check_existing(path: Path, target: Path, sources: Iterable[Path], replace: bool) -> None:
    if not target.is_file():
        raise DataFileError(f"can't write {path}: it is not a file. Name a file.")
    for source in sources:
        if source.exists() and source.samefile(target):
            raise DataFileError(f"can't write {path}: it is the input {source}. Use another name.")
    if not replace:
        raise DataFileError(f"{path} exists. Use another name, or replace it (replace=True).")
    if not os.access(target, os.W_OK):
        raise DataFileError(f"can't write {path}: it is read-only. Use another name.")
