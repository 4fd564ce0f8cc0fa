"""Rows of numbers from a Parquet file, one row group at a time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fewlabels._damage import refusing_damage
from fewlabels._files import explaining_errors
from fewlabels._typing import Frame
from fewlabels.exceptions import DataFileError
from fewlabels.io._parquet_size import checked_batches

_LISTS = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)


class ParquetBatches:
    """The numbers of a Parquet file as a matrix that is read in batches.

    A row group is decoded as a whole, and the last one is kept: memory grows with the size of
    the groups, which whoever writes the file chooses.
    """

    def __init__(self, path: Path, columns: Sequence[str] | None) -> None:
        self._path = path
        with self._refusing_damage():
            self._size = path.stat().st_size
            with pq.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
                rows = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
            known = list(schema.names)
            if min(rows, default=0) < 0:
                raise ValueError("a row group has less than no rows")
        self._metadata = metadata
        names = list(known if columns is None else columns)
        occurrences = Counter(known)
        for name in names:
            if occurrences[name] != 1:
                raise DataFileError(
                    f"{path} has {occurrences[name]} columns {name!r}. It has: "
                    f"{', '.join(known[:20])}."
                )
        self.columns = tuple(names)
        kinds = [schema.field(name).type for name in names]
        self._are_lists = [any(is_list(kind) for is_list in _LISTS) for kind in kinds]
        for i, name in enumerate(names):
            kind = kinds[i].value_type if self._are_lists[i] else kinds[i]
            if not (
                pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
            ):
                raise DataFileError(
                    f"column {name!r} of {path} holds {kind}, no numbers. Name the columns of "
                    "numbers: open_features(path, columns=[...])."
                )
            kinds[i] = kind
        self._bounds = np.concatenate([[0], np.cumsum(rows, dtype=np.int64)])
        self._lock = threading.Lock()
        self._kept: tuple[int, Frame] = (-1, None)
        small = all(
            np.dtype(kind.to_pandas_dtype()).itemsize <= 2 or kind == pa.float32() for kind in kinds
        )
        self.dtype = np.dtype(np.float32 if small else np.float64)
        n_rows = int(self._bounds[-1])
        self._width: int | None = None  # unknown until the first lists are seen
        filled = int(np.argmax(np.asarray(rows) > 0)) if n_rows else 0
        lists = any(self._are_lists) and n_rows > 0
        self._width = self._group(filled).shape[1] if lists else len(names)
        self.shape = (n_rows, self._width)

    @property
    def row_groups(self) -> tuple[int, ...]:
        """Where the row groups begin, and the number of all rows."""
        return tuple(self._bounds.tolist())

    def read(self, start: int, stop: int, dtype: np.dtype) -> np.ndarray:
        """Return the rows from `start` to before `stop`."""
        rows = np.empty((stop - start, self.shape[1]), dtype=dtype)
        first = int(np.searchsorted(self._bounds, start, side="right")) - 1
        done = start
        while done < stop:
            begin, end = self._bounds[first : first + 2]
            until = min(int(end), stop)
            if until > done:
                rows[done - start : until - start] = self._group(first)[
                    done - begin : until - begin
                ]
            done, first = until, first + 1
        return rows

    def _group(self, number: int) -> np.ndarray:
        with self._lock:
            if self._kept[0] != number:
                self._kept = (number, self._decoded(number))
            group: np.ndarray = self._kept[1]
            return group

    def _decoded(self, number: int) -> np.ndarray:
        with self._refusing_damage():
            if self._path.stat().st_size != self._size:
                raise self._changed()
            names = list(dict.fromkeys(self.columns))
            with pq.ParquetFile(
                self._path, metadata=self._metadata, page_checksum_verification=True
            ) as file:
                batches = list(checked_batches(self._path, file, [number], names))
            if not batches:
                raise ValueError("a row group is empty")
            table = pa.Table.from_batches(batches)
            if table.num_rows != self._bounds[number + 1] - self._bounds[number]:
                raise ValueError("a row group does not have the rows that it should have")
            table.validate(full=True)
        n_rows = table.num_rows
        parts = []
        for name, is_list in zip(self.columns, self._are_lists, strict=True):
            column = table.column(name)
            if not is_list:
                # a missing number becomes NaN, and is named by its row with the others
                values = column.cast(pa.from_numpy_dtype(self.dtype), safe=False).to_numpy()
                parts.append(values.reshape(-1, 1))
                continue
            lengths = pa.compute.list_value_length(column).to_numpy(zero_copy_only=False)
            wrong = ~(lengths == lengths[0]) if n_rows else np.zeros(0, dtype=bool)
            if wrong.any() or (n_rows and np.isnan(float(lengths[0]))):
                row = int(self._bounds[number]) + int(np.argmax(wrong))
                raise DataFileError(
                    f"the lists in column {name!r} of {self._path} differ in length, first at row "
                    f"{row} counted from 0. Give as many numbers in each row."
                )
            flat = pa.compute.list_flatten(column).to_numpy()
            parts.append(flat.reshape(n_rows, -1))
        group = np.concatenate(parts, axis=1)
        if self._width is not None and group.shape[1] != self._width:
            raise DataFileError(
                f"the lists in {self._path} differ in length, first at row "
                f"{int(self._bounds[number])} counted from 0. Give as many numbers in each row."
            )
        return group

    def _changed(self) -> DataFileError:
        return DataFileError(
            f"{self._path} has changed while it was read. Leave it as it is, and start again."
        )

    @contextmanager
    def _refusing_damage(self) -> Iterator[None]:
        advice = "Give a whole Parquet file."
        with (
            explaining_errors(self._path, writing=False, raising=DataFileError),
            refusing_damage(
                self._path, DataFileError, advice, kind="Parquet", also=(pa.ArrowException,)
            ),
        ):
            yield
