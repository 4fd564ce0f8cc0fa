"""Which format a file name means, and whether a table can be written there."""

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

if TYPE_CHECKING:
    from types import ModuleType

# ending -> (format, the character between the cells of a text table)
_ENDINGS = {
    ".csv": ("csv", ","),
    ".tsv": ("csv", "\t"),
    ".tab": ("csv", "\t"),
    ".parquet": ("parquet", ""),
    ".pq": ("parquet", ""),
    ".jsonl": ("jsonl", ""),
    ".ndjson": ("jsonl", ""),
    ".npz": ("npz", ""),
}
_LISTED = ".csv, .tsv, .jsonl (each also with .gz), .parquet or .npz"


@dataclass(frozen=True)
class TableFormat:
    """The format of a table: "csv", "jsonl", "npz" or "parquet"."""

    name: str
    delimiter: str = ""
    packed: bool = False


def table_format(path: Path, *, writing: bool) -> TableFormat:
    """Return the format that the ending of `path` means; DataFileError if there is none."""
    endings = [ending.lower() for ending in path.suffixes]
    packed = endings[-1:] == [".gz"]
    name, delimiter = _ENDINGS.get("".join(endings[:-1][-1:] if packed else endings[-1:]), ("", ""))
    if not name or (packed and name not in ("csv", "jsonl")):
        aim = "write" if writing else "read"
        raise DataFileError(
            f"{path}: can't tell from the name which format to {aim}. Use a name that ends in "
            f"{_LISTED}."
        )
    return TableFormat(name, delimiter, packed)


def parquet_module() -> ModuleType:
    """Return the Parquet reader and writer, or say how to install what it needs."""
    try:
        from fewlabels.io import _parquet
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "pyarrow":
            raise
        raise MissingDependencyError(
            "Parquet files need pyarrow, which is not installed: pip install 'fewlabels[cli]'. "
            "CSV, TSV, JSON Lines and NPZ work without it."
        ) from None
    return _parquet


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
    """
    path = Path(path)
    if str(path) == "-":
        raise DataFileError("can't write a table to standard output. Name a file (-o out.csv).")
    with explaining_errors(path, writing=True, raising=DataFileError):
        _check_place(path, Path(os.path.realpath(path)), sources, replace)


def _check_place(path: Path, target: Path, sources: Iterable[Path], replace: bool) -> None:
    if target.is_dir():
        raise DataFileError(f"can't write {path}: it is a folder. Name a file (-o out.csv).")
    if table_format(path, writing=True).name == "parquet":
        parquet_module()  # found to be missing now, rather than after the work
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
        raise DataFileError(f"can't write {path}: it is not a file. Name a file (-o out.csv).")
    for source in sources:
        if source.exists() and source.samefile(target):
            raise DataFileError(f"can't write {path}: it is the input {source}. Use another name.")
    if not replace:
        raise DataFileError(f"{path} exists. Use another name, or replace it with --force.")
    if not os.access(target, os.W_OK):
        raise DataFileError(f"can't write {path}: it is read-only. Use another name.")
