"""What a Parquet file takes in memory, told before it is read, and while it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fewlabels._memory import available_memory, require_memory
from fewlabels._typing import Frame, Package

# Bytes of a value of each physical type whose values are all of one size.
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 8, "FLOAT": 4, "DOUBLE": 8}

_TEXTS = (
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_binary,
    pa.types.is_large_binary,
)

# The share of the free memory that one batch may take at worst.
_BATCH_SHARE = 0.02
# Rows of lists of which the length is not known that are read at a time.
_ROWS_OF_LISTS = 1024


def checked_batches(
    path: Path,
    file: Package,
    groups: Sequence[int],
    columns: Sequence[str] | None = None,
    *,
    source: IO[bytes] | None = None,
) -> Iterator[Frame]:
    """Yield the record batches of some row groups, as long as all of them will fit the memory.

    A value of a dictionary is stored once, and may be a megabyte that comes in each of a million
    rows; a list may hold a million zeros. So the batches have as many rows as surely fit, which
    in most files are all of a row group, and what is to come is estimated from what came.

    Parameters
    ----------
    path : Path
    file : pyarrow.parquet.ParquetFile
    groups : sequence of int
    columns : sequence of str, optional
        The columns to read. Without it all are read, and where some are nested, the file is
        scanned first: only so is known how many values their lists hold.
    source : binary file, optional
        Where the bytes are, if they are not in the file at `path`.

    Raises
    ------
    NotEnoughMemoryError
        With the estimate.
    """
    schema, metadata = file.schema_arrow, file.metadata
    fields = [schema.field(name) for name in columns] if columns else list(schema)
    nested = any(pa.types.is_nested(field.type) for field in fields)
    if nested and columns is None:
        file.scan_contents()  # pyarrow ends the process over the sizes of damaged columns, else
    counts = [metadata.row_group(group).num_rows for group in groups]
    room = _BATCH_SHARE * available_memory()
    n_read = n_bytes = 0
    for group, n_rows in zip(groups, counts, strict=True):
        if nested and columns is None:
            least, most = _sizes_of_values(metadata, group)
        else:
            least, most = _sizes_of_rows(
                source or path, metadata.row_group(group), group, fields, room
            )
        _require(n_bytes + least, path)
        at_once = n_rows if most <= room else int(room * n_rows / most)
        if nested and columns is not None:
            at_once = min(at_once, _ROWS_OF_LISTS)
        for batch in file.iter_batches(
            batch_size=max(1, at_once), row_groups=[group], columns=columns
        ):
            yield batch
            n_read += batch.num_rows
            n_bytes += batch.nbytes
            if n_read < sum(counts):
                _require(n_bytes / max(1, n_read) * sum(counts) - n_bytes, path)


def _sizes_of_rows(
    stored: Path | IO[bytes], group: Package, number: int, fields: Sequence[Package], room: float
) -> tuple[float, float]:
    """Return the least and the most bytes that a row group without nested columns takes."""
    n_rows = max(0, group.num_rows)
    least = n_rows * sum(_width(field.type) for field in fields)
    texts = [field.name for field in fields if any(is_kind(field.type) for is_kind in _TEXTS)]
    most = least
    if texts and least <= room:
        most += n_rows * float(max(0, group.total_byte_size))
        if most > room:
            most = least + n_rows * _longest(stored, number, texts)
    return least, most


def _width(kind: Package) -> float:
    """Return the bytes of a value, or 0 where they differ."""
    try:
        return float(kind.bit_width) / 8
    except ValueError:
        return 0.0


def _longest(stored: Path | IO[bytes], number: int, names: Sequence[str]) -> float:
    """Return the sum of the lengths of the longest values of some columns.

    They are read as dictionaries, each value once, which take no more than the file does.
    """
    found = dict.fromkeys(names, 0)
    with pq.ParquetFile(stored, read_dictionary=list(names)) as file:
        for batch in file.iter_batches(row_groups=[number], columns=list(names)):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
                found[name] = max(found[name], longest)
    return float(sum(found.values())) + 8 * len(names)  # and where each begins


def _sizes_of_values(metadata: Package, group: int) -> tuple[float, float]:
    """Return the same where columns are nested, by the number of values of each."""
    least = others = 0.0
    for number in range(metadata.num_columns):
        chunk = metadata.row_group(group).column(number)
        kind, count = chunk.physical_type, max(0, chunk.num_values)
        if kind == "FIXED_LEN_BYTE_ARRAY":
            least += count * metadata.schema.column(number).length
        elif kind in _WIDTHS:
            least += count * _WIDTHS[kind]
        else:
            others += count * max(0, chunk.total_uncompressed_size)
    return least, least + others


def _require(n_bytes: float, path: Path) -> None:
    require_memory(
        int(n_bytes),
        f"what {path} holds when it is unpacked",
        "Use fewer rows or columns.",
    )
