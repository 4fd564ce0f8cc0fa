"""One-dimensional ``.npy`` files: written piece by piece, read range by range.

Plain reads into the caller's memory, and no memory map: what is resident stays bounded, and a
file that was cut short is an error that says so and no bus error.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy

from fewlabels._array_files import read_npy_header
from fewlabels._damage import UNREADABLE, reason
from fewlabels.exceptions import GraphFileError

AnyArray = np.ndarray

_CHECKED_AT_ONCE = 4_000_000  # bytes


class ArrayWriter:
    """Writes an array of which the length is known at the end only.

    Parameters
    ----------
    path : Path
        A file that does not exist yet.
    dtype : dtype
    """

    def __init__(self, path: Path, dtype: npt.DTypeLike) -> None:
        self.dtype = np.dtype(dtype)
        self.length = 0
        self.crc32 = 0  # of the values
        self._file = path.open("xb")
        self._write_header()
        self._starts_at = self._file.tell()

    def append(self, values: AnyArray) -> None:
        """Write `values`, of shape (n,), after what was written before."""
        written = np.ascontiguousarray(values, dtype=self.dtype).data
        self._file.write(written)
        self.crc32 = zlib.crc32(written, self.crc32)
        self.length += len(values)

    def finish(self) -> None:
        """Write the header with the true length; return when the disk has it all."""
        self._file.seek(0)
        self._write_header()
        if self._file.tell() != self._starts_at:  # NumPy leaves room for a longer number
            raise GraphFileError(f"NumPy {np.__version__} changes the size of its headers.")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_header(self) -> None:
        npy.write_array_header_1_0(
            self._file,
            {"descr": self.dtype.str, "fortran_order": False, "shape": (self.length,)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._file.close()  # writes what is buffered still
        except OSError:
            if kind is None:
                raise


class ArrayFile:
    """Reads ranges of an array, each time from the file, from any thread.

    Parameters
    ----------
    path : Path

    Raises
    ------
    GraphFileError
        If the file is missing, is no one-dimensional array of plain numbers, or is longer or
        shorter than its header says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                shape, fortran, self.dtype = read_npy_header(file)
                self._starts_at = file.tell()
                self._identity = _identity(file)
        except FileNotFoundError as error:
            raise GraphFileError(f"{path} is missing. Write the graph again.") from error
        except OSError as error:
            raise GraphFileError(f"{path} can't be read: {error.strerror or error}.") from error
        except UNREADABLE as error:
            raise GraphFileError(
                f"{path} is not an array file: {reason(error)}. Write the graph again."
            ) from error
        if len(shape) != 1 or fortran or self.dtype.hasobject or self.dtype.kind not in "fi":
            raise GraphFileError(
                f"{path} holds an array of shape {shape} and dtype {self.dtype}, not one row of "
                "numbers. Write the graph again."
            )
        if not self.dtype.isnative:
            raise GraphFileError(
                f"{path} holds numbers in the byte order of another kind of machine "
                f"({self.dtype}). Write the graph again on this one."
            )
        self.length = int(shape[0])
        expected = self._starts_at + self.length * self.dtype.itemsize
        if self._identity[0] != expected:
            raise GraphFileError(
                f"{path} has {self._identity[0]:,} bytes where {expected:,} are due. It was cut "
                "short, or is damaged; write the graph again."
            )

    def read(self, start: int, stop: int, into: AnyArray | None = None) -> AnyArray:
        """Return entries `start` to `stop`, in the first part of `into` where that is given.

        Raises
        ------
        GraphFileError
            If the file is not as it was when it was opened first.
        """
        values = np.empty(stop - start, self.dtype) if into is None else into[: stop - start]
        view = values.view(np.uint8).data
        try:
            with self.path.open("rb", buffering=0) as file:
                if _identity(file) != self._identity:
                    raise self._changed()
                file.seek(self._starts_at + start * self.dtype.itemsize)
                while len(view):
                    n_read = file.readinto(view)
                    if not n_read:
                        raise self._changed()
                    view = view[n_read:]
        except OSError as error:
            raise GraphFileError(
                f"{self.path} can't be read any more: {error.strerror or error}."
            ) from error
        return values

    def check_sum(self, crc32: int) -> None:
        """Read all values; raise GraphFileError if their checksum is another one. Cost: 1 GB/s."""
        found = 0
        per_read = _CHECKED_AT_ONCE // self.dtype.itemsize
        for start in range(0, self.length, per_read):
            found = zlib.crc32(self.read(start, min(start + per_read, self.length)).data, found)
        if found != crc32:
            raise GraphFileError(
                f"{self.path} is damaged: its checksum does not match. Write the graph again."
            )

    def _changed(self) -> GraphFileError:
        return GraphFileError(
            f"{self.path} was changed or cut short since it was opened. Nothing may write to a "
            "graph in use; open it again, or write it anew."
        )


def _identity(file: IO[bytes]) -> tuple[int, int, int]:
    status = os.fstat(file.fileno())
    return (status.st_size, status.st_mtime_ns, status.st_ino)
