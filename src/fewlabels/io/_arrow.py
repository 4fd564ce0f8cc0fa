"""Arrow files and streams (.arrow, .feather, .ipc): types and metadata stay as they came."""

from __future__ import annotations

from typing import IO

import pyarrow as pa

from fewlabels._typing import Frame
from fewlabels.exceptions import DataFileError
from fewlabels.io._parquet import ParquetTable
from fewlabels.io._source import Source


def read_arrow(source: Source) -> ParquetTable:
    """Read an Arrow file (Feather, version 2, is one) or an Arrow stream."""
    with source.open() as (file, _):
        data = file.read()
    try:
        try:
            table = pa.ipc.open_file(pa.py_buffer(data)).read_all()
        except pa.ArrowInvalid:
            table = pa.ipc.open_stream(pa.py_buffer(data)).read_all()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["damaged"])[0].rstrip(".")
        raise DataFileError(
            f"{source.name} can't be read as an Arrow file: {reason}. Give a whole Arrow or "
            "Feather (version 2) file, or the ending that its kind has (.csv, .parquet)."
        ) from None
    return ParquetTable(source.name, table)


def write_arrow(file: IO[bytes], table: Frame) -> None:
    """Write an Arrow table as an Arrow file."""
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
