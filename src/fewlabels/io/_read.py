"""Read a table in the format that its file name ends with."""

from __future__ import annotations

import os
from pathlib import Path

from fewlabels._files import explaining_errors
from fewlabels.exceptions import DataFileError
from fewlabels.io import _jsonlines, _npz, _text
from fewlabels.io._formats import parquet_module, table_format
from fewlabels.io._table import Progress, Table


def read_table(path: str | os.PathLike[str], *, progress: Progress | None = None) -> Table:
    """Read a CSV, TSV, Parquet, JSON Lines or NPZ table.

    Parameters
    ----------
    path : str or path-like
        The ending tells the format; CSV, TSV and JSON Lines may be gzipped (``.csv.gz``).
    progress : callable, optional
        Called now and then with the share that has been read, from 0 to 1.

    Returns
    -------
    Table

    Raises
    ------
    DataFileError
        If the file is missing, empty, of another format or damaged; names the line.
    MissingDependencyError
        If a Parquet file comes and pyarrow is not installed.
    """
    path = Path(path)
    if str(path) == "-":
        raise DataFileError("can't read a table from standard input. Save it to a file, name that.")
    with explaining_errors(path, writing=False, raising=DataFileError):
        if not path.exists():
            raise DataFileError(f"{path} does not exist. Check the path (now in {Path.cwd()}).")
        if not path.is_file():
            raise DataFileError(f"{path} is not a file. Give the path of one file.")
        form = table_format(path, writing=False)
        if path.stat().st_size == 0:
            raise DataFileError(f"{path} is empty. Give a table with a line of names and data.")
        if form.name == "csv":
            return _text.read_text(path, form.delimiter, progress)
        if form.name == "jsonl":
            return _jsonlines.read_json_lines(path, progress)
        if form.name == "npz":
            return _npz.read_npz(path)
        table: Table = parquet_module().read_parquet(path)
        return table
