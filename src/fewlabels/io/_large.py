"""Features that stay in their file and are read row by row: larger than memory, perhaps."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._array_files import read_npy_header
from fewlabels._damage import refusing_damage
from fewlabels._files import explaining_errors
from fewlabels._rows import row_blocks
from fewlabels.exceptions import DataFileError, MissingDependencyError

FloatArray = npt.NDArray[np.floating]

_BLOCK_BYTES = 32_000_000
# Rows that lie so near to each other in the file are read in one go.
_GAP_BYTES = 65_536


class FeatureFile(ABC):
    """A matrix of features in a file. `open_features` makes one.

    Attributes
    ----------
    path : Path
    shape : tuple of int
        (n_samples, n_features).
    dtype : dtype
        float32 or float64, that of the rows returned.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from fewlabels.io import open_features
    >>> path = Path(tempfile.mkdtemp()) / "features.npy"
    >>> np.save(path, np.zeros((5, 3), dtype=np.float32))
    >>> open_features(path).shape
    (5, 3)
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: np.dtype) -> None:
        self.path, self.shape = path, shape
        small = dtype.kind in "biu" and dtype.itemsize <= 2
        self.dtype = np.dtype(
            np.float32 if small or dtype in (np.float16, np.float32) else np.float64
        )
        for size, what in zip(shape, ("row", "column"), strict=True):
            if size == 0:
                raise DataFileError(
                    f"{path} holds no {what} of features: its shape is {shape}. Give a file with "
                    "at least one row and one column."
                )

    def __len__(self) -> int:
        return self.shape[0]

    @abstractmethod
    def read(self, start: int, stop: int) -> FloatArray:
        """Return the rows from `start` to before `stop`, as an array of shape (rows, features)."""

    def take(self, rows: npt.NDArray[np.integer]) -> FloatArray:
        """Return the rows of these numbers, in their order; the file is read in its own order."""
        taken = np.empty((len(rows), self.shape[1]), dtype=self.dtype)
        order = np.argsort(rows, kind="stable")
        ordered = np.asarray(rows)[order]
        at_most = self.rows_at_once()
        gap = max(1, _GAP_BYTES // (self.shape[1] * self.dtype.itemsize))
        first = 0
        while first < len(ordered):
            start = int(ordered[first])
            last = first
            while (
                last + 1 < len(ordered)
                and ordered[last + 1] - ordered[last] <= gap
                and ordered[last + 1] - start < at_most
            ):
                last += 1
            block = self.read(start, int(ordered[last]) + 1)
            taken[order[first : last + 1]] = block[ordered[first : last + 1] - start]
            first = last + 1
        return taken

    def rows_at_once(self) -> int:
        """Rows of a block of some 32 MB."""
        return max(1, _BLOCK_BYTES // (self.shape[1] * self.dtype.itemsize))

    def blocks(self) -> Iterator[tuple[slice, FloatArray]]:
        """Yield all rows, block by block, each with its slice."""
        for rows in row_blocks(len(self), self.rows_at_once()):
            yield rows, self.read(rows.start, rows.stop)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}, shape={self.shape}, dtype={self.dtype})"


class NpyFeatures(FeatureFile):
    """Rows of numbers that follow each other in a file, as in an ``.npy`` file.

    They are read and not mapped: where a file shrinks, a map ends the process; a read says so.
    """

    def __init__(self, path: Path, shape: tuple[int, int], stored: np.dtype, offset: int) -> None:
        if stored.kind not in "biuf" or stored.itemsize > 8:
            raise DataFileError(
                f"{path} holds values of dtype {stored}. Save features as float32 or float64."
            )
        super().__init__(path, shape, stored)
        self._stored, self._offset = stored, offset
        self._row_bytes = shape[1] * stored.itemsize
        self._check_size(_size_of(path))

    def read(self, start: int, stop: int) -> FloatArray:
        """Return the rows from `start` to before `stop`."""
        rows = np.empty((stop - start, self.shape[1]), dtype=self._stored)
        wanted = rows.data.cast("B")
        with _explaining(self.path), self.path.open("rb", buffering=0) as file:
            self._check_size(os.fstat(file.fileno()).st_size)
            file.seek(self._offset + start * self._row_bytes)
            while wanted:
                n_read = file.readinto(wanted)  # one system call reads 2 GB at most
                if not n_read:
                    raise self._shrunk(os.fstat(file.fileno()).st_size)
                wanted = wanted[n_read:]
        return rows.astype(self.dtype, copy=False)

    def _check_size(self, size: int) -> None:
        if size < self._offset + len(self) * self._row_bytes:
            raise self._shrunk(size)

    def _shrunk(self, size: int) -> DataFileError:
        present = max(0, (size - self._offset) // self._row_bytes)
        return DataFileError(
            f"{self.path} is cut short: {len(self):,} rows of features should be there, and "
            f"{present:,} are. Something has shortened the file, or did not finish it; write it "
            "anew, and leave it as it is while it is read."
        )


class ParquetFeatures(FeatureFile):
    """Columns of numbers in a Parquet file, and lists of numbers of one length."""

    def __init__(self, path: Path, columns: Sequence[str] | None) -> None:
        # pyarrow is an extra, loaded when a Parquet file is opened.
        from fewlabels.io import _parquet_batches as batches

        self._file = batches.ParquetBatches(path, columns)
        super().__init__(path, self._file.shape, self._file.dtype)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self._file.columns

    def row_groups(self) -> tuple[int, ...]:
        """Where the row groups of the file begin, and the number of all rows."""
        return self._file.row_groups

    def read(self, start: int, stop: int) -> FloatArray:
        """Return the rows from `start` to before `stop`."""
        return self._file.read(start, stop, self.dtype)


def open_features(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None
) -> FeatureFile:
    """Open a file of features that need not fit into memory.

    What comes back can be passed to :func:`fewlabels.graph.knn_graph` as `X`. It holds no rows
    itself: they are read when they are needed, some MB at a time.

    Parameters
    ----------
    path : str or PathLike
        An ``.npy`` file of shape (n_samples, n_features) with numbers, row after row (C order),
        or a ``.parquet`` file of columns with numbers.
    columns : sequence of str, default=None
        Columns of a Parquet file to use; None is all, each of which has to hold numbers.

    Returns
    -------
    FeatureFile

    Raises
    ------
    DataFileError
        If the file is missing, damaged or cut short, or holds no rows or other than numbers.
    MissingDependencyError
        If pyarrow, which reads Parquet, is not installed.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> from fewlabels.graph import knn_graph
    >>> from fewlabels.io import open_features
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(f"{folder}/X.npy", np.random.default_rng(0).normal(size=(100, 5)))
    ...     knn_graph(open_features(f"{folder}/X.npy"), 3).n_nodes
    100
    """
    path = Path(path)
    if not path.is_file():
        raise DataFileError(f"{path} does not exist, or is no file. Check the path.")
    if path.suffix.lower() in (".parquet", ".pq"):
        try:
            return ParquetFeatures(path, columns)
        except ImportError as error:
            raise MissingDependencyError(
                "Parquet files are read by pyarrow, which is not installed. "
                "Install it: pip install 'fewlabels[cli]'."
            ) from error
    if path.suffix.lower() != ".npy":
        raise DataFileError(
            f"{path}: features are read from .npy and .parquet files, not from "
            f"{path.suffix or 'a file without ending'}. Save them with numpy.save."
        )
    if columns is not None:
        raise DataFileError(f"{path} is an .npy file, which has no names of columns.")
    shape, stored, offset = _npy_header(path)
    features = NpyFeatures(path, shape, stored, offset)
    due, size = offset + shape[0] * shape[1] * stored.itemsize, _size_of(path)
    if size > due:
        raise DataFileError(
            f"{path} is longer than the array in it: {due:,} bytes are due, and there are "
            f"{size:,}. Save one array with numpy.save."
        )
    return features


def features_in_map(X: np.memmap) -> NpyFeatures | None:
    """Return the file behind a memory map; None if its rows are not contiguous there.

    Also None for a map whose changes stay in memory ("copy on write").

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from fewlabels.io import features_in_map
    >>> path = Path(tempfile.mkdtemp()) / "X.npy"
    >>> np.save(path, np.zeros((3, 2)))
    >>> features_in_map(np.load(path, mmap_mode="r")).shape
    (3, 2)
    """
    if X.mode == "c":
        return None
    if X.ndim != 2 or not X.flags.c_contiguous or X.filename is None or not X.dtype.isnative:
        return None
    # A slice of a map has the file and the offset of the whole map.
    whole = X
    while isinstance(whole.base, np.memmap):
        whole = whole.base
    skipped = X.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    shape = (int(X.shape[0]), int(X.shape[1]))
    return NpyFeatures(Path(str(X.filename)), shape, X.dtype, int(whole.offset) + skipped)


def _npy_header(path: Path) -> tuple[tuple[int, int], np.dtype, int]:
    damage = refusing_damage(
        path, DataFileError, "Save an array with numpy.save.", kind="an .npy file"
    )
    with _explaining(path), path.open("rb") as file, damage:
        shape, in_columns, dtype = read_npy_header(file)
        offset = file.tell()
    if len(shape) != 2:
        raise DataFileError(
            f"{path} holds an array of shape {shape}. Features have two dimensions: "
            "(n_samples, n_features)."
        )
    if in_columns and min(shape) > 1:
        raise DataFileError(
            f"{path} holds the array column after column (Fortran order), which can't be read by "
            "rows. Save numpy.ascontiguousarray(X)."
        )
    return (int(shape[0]), int(shape[1])), dtype, offset


def _size_of(path: Path) -> int:
    with _explaining(path):
        return path.stat().st_size


def _explaining(path: Path) -> AbstractContextManager[None]:
    return explaining_errors(path, writing=False, raising=DataFileError)
