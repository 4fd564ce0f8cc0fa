"""Rows of features that workers read by range: an ``.npy`` file, Parquet files, or Dask's chunks.

Whatever comes is cut into chunks of some MB, numbered from 0. Rows of an ``.npy`` file stay where
they are; those of the others are decoded once and written beside, since all of them are read
several times.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fewlabels._rows import row_blocks
from fewlabels.dask._stages import Said, Stage, save
from fewlabels.exceptions import DataFileError, InvalidInputError, InvalidTypeError
from fewlabels.io import open_features
from fewlabels.io._large import ParquetFeatures

AnyArray = np.ndarray

# Bytes of a chunk of rows, and the most rows: several of its size are in memory at a time.
_CHUNK_BYTES, _CHUNK_ROWS = 48_000_000, 250_000
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class Chunk:
    """Rows `start` to `stop` of a file; of a Dask chunk or an array, neither is known."""

    path: str | None = None
    start: int = 0
    stop: int = 0


@dataclass(frozen=True)
class Source:
    """What the rows are read from.

    Attributes
    ----------
    chunks : tuple of Chunk
    columns : tuple of str or None
        Of Parquet files.
    identity : str
        By which a build that goes on knows that the input is the same.
    files : tuple of int
        How many chunks each file or Dask chunk has, in order.
    blocks : tuple or None
        The rows of chunks that are no files: lazy ones of Dask, or arrays.
    lazy : bool
        Whether they are those of Dask.
    n_rows : int or None
        None where only the chunks know.
    """

    chunks: tuple[Chunk, ...]
    identity: str
    files: tuple[int, ...]
    columns: tuple[str, ...] | None = None
    blocks: tuple[object, ...] | None = None
    lazy: bool = False
    n_rows: int | None = None

    @property
    def is_read_in_place(self) -> bool:
        """Whether rows stay where they are."""
        first = self.chunks[0].path
        return first is not None and not _is_parquet(Path(first))

    def without_blocks(self) -> Source:
        """Return what a task has to know: small."""
        return Source(self.chunks, self.identity, self.files, self.columns)


def source_of(X: object, columns: Sequence[str] | None) -> Source:
    """Make a source of whatever holds rows.

    Raises
    ------
    InvalidInputError, InvalidTypeError, DataFileError
        If it holds none that can be used.
    """
    if isinstance(X, (str, Path)) or hasattr(X, "__fspath__"):
        return _of_path(Path(X).absolute(), columns)
    if columns is not None:
        raise InvalidInputError(
            "columns names columns of Parquet files; of a dask dataframe, pass X[columns]."
        )
    if hasattr(X, "dask") and hasattr(X, "to_delayed"):
        return _of_dask(X)
    if isinstance(X, np.ndarray):
        return _of_array(X)
    raise InvalidTypeError(
        "X must be a dask array, columns of a dask dataframe, a NumPy array, or the path of an "
        f".npy file, a Parquet file or a folder of Parquet files; got {type(X).__name__}."
    )


def _of_path(path: Path, columns: Sequence[str] | None) -> Source:
    named = None if columns is None else tuple(columns)
    files = parquet_files(path) if path.is_dir() else [path]
    parts = [_chunks_of(file, named) for file in files]
    stats = [file.stat() for file in files]
    told = [(str(f), s.st_size, s.st_mtime_ns) for f, s in zip(files, stats, strict=True)]
    return Source(
        tuple(chunk for part in parts for chunk in part),
        repr((told, named)),
        tuple(len(part) for part in parts),
        named,
        n_rows=sum(chunk.stop - chunk.start for part in parts for chunk in part),
    )


def parquet_files(folder: Path) -> list[Path]:
    """Return the Parquet files in a folder and below it, in the order of their names."""
    files = sorted(file for file in folder.rglob("*") if _is_parquet(file))
    files = [file for file in files if not file.name.startswith((".", "_"))]
    if not files:
        raise DataFileError(
            f"{folder} is a folder without Parquet files (.parquet). Give a folder that has some, "
            "or the path of an .npy file."
        )
    return files


def _chunks_of(path: Path, columns: tuple[str, ...] | None) -> list[Chunk]:
    features = open_features(path, columns)
    if not isinstance(features, ParquetFeatures):
        blocks = row_blocks(len(features), _chunk_rows(features.shape[1], features.dtype))
        return [Chunk(str(path), rows.start, rows.stop) for rows in blocks]
    # The rows of a row group are decoded together, so that chunks end where one does.
    bounds = features.row_groups()
    chunks, start = [], 0
    for begin, end in pairwise(bounds):
        if end - start > _CHUNK_ROWS and begin > start:
            chunks.append(Chunk(str(path), start, begin))
            start = begin
    chunks.append(Chunk(str(path), start, bounds[-1]))
    return chunks


def _chunk_rows(width: int, dtype: np.dtype) -> int:
    return max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // (width * dtype.itemsize)))


def _of_array(X: AnyArray) -> Source:
    _check_shape(X.shape)
    _check_dtype(X.dtype)
    blocks = tuple(X[rows] for rows in row_blocks(len(X), _chunk_rows(X.shape[1], X.dtype)))
    digest = hashlib.blake2b(digest_size=16)
    for block in blocks:
        digest.update(np.ascontiguousarray(block).data)
    identity = repr((X.shape, X.dtype.str, digest.hexdigest()))
    chunks = (Chunk(),) * len(blocks)
    return Source(chunks, identity, (len(blocks),), blocks=blocks, n_rows=len(X))


def _of_dask(X: Any) -> Source:
    n_rows = None
    if hasattr(X, "chunks"):  # an array
        _check_shape(X.shape)
        _check_dtype(X.dtype)
        if np.isnan(X.shape[1]):
            raise InvalidInputError(
                "X is a dask array with an unknown number of columns. Call X.compute_chunk_sizes()."
            )
        if X.numblocks[1] > 1:
            X = X.rechunk({1: -1})
        n_rows = None if np.isnan(X.shape[0]) else int(X.shape[0])
        blocks = tuple(X.to_delayed().ravel())
    else:
        blocks = tuple(X.to_delayed())
    return Source(
        (Chunk(),) * len(blocks),
        repr((type(X).__name__, getattr(X, "name", None) or X._name, len(blocks))),
        (1,) * len(blocks),
        blocks=blocks,
        lazy=True,
        n_rows=n_rows,
    )


def _check_shape(shape: Sequence[object]) -> None:
    if len(shape) != 2:
        raise InvalidInputError(
            f"X must have two dimensions, (n_samples, n_features); got shape {tuple(shape)}. "
            "Reshape your data: X.reshape(-1, 1) if it is one feature."
        )
    if 0 in shape:
        raise InvalidInputError(f"X must have rows and columns; got shape {tuple(shape)}.")


def _check_dtype(dtype: object) -> None:
    if getattr(dtype, "kind", "O") not in "biuf":
        raise InvalidTypeError(
            f"X must hold real numbers, got dtype {dtype}. Convert it: X.astype('float32')."
        )


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in _PARQUET


def as_rows(block: Any) -> AnyArray:
    """Return what a chunk of Dask's holds, or some columns of pandas, as an array of numbers."""
    if isinstance(block, np.ndarray):
        rows = block
    elif getattr(block, "ndim", 0) == 2 and hasattr(block, "to_numpy"):
        for name, dtype in block.dtypes.items():
            if dtype.kind not in "biuf":
                raise InvalidTypeError(
                    f"column {name!r} holds {dtype}, no numbers. Pass the columns of numbers: "
                    "X[[...]]."
                )
        narrow = all(_kept_dtype(np.dtype(dtype.type)) is np.float32 for dtype in block.dtypes)
        rows = block.to_numpy(np.float32 if narrow else np.float64, na_value=np.nan)
    elif hasattr(block, "to_numpy"):  # one column, of numbers or of lists of them
        values = block.to_numpy()
        if values.dtype.kind == "O" and len(values):
            widths = {np.shape(value) for value in values}
            if len(widths) != 1 or len(next(iter(widths))) != 1:
                raise InvalidTypeError(
                    f"column {block.name!r} must hold numbers, or in each row a list of as many; "
                    f"it holds {_first_types(values)}."
                )
            values = np.stack([np.asarray(value) for value in values])
        rows = values if values.ndim == 2 else values[:, None]
    else:
        raise InvalidTypeError(
            f"a chunk of X is a {type(block).__name__}; arrays and pandas' columns can be read."
        )
    _check_dtype(rows.dtype)
    return rows


def _first_types(values: AnyArray) -> str:
    return ", ".join(sorted({type(value).__name__ for value in values[:100]}))


def read_chunk(source: Source, stages: Path, number: int) -> AnyArray:
    """Return the rows of a chunk that has been surveyed."""
    chunk = source.chunks[number]
    if source.is_read_in_place:
        return np.asarray(open_features(str(chunk.path)).read(chunk.start, chunk.stop))
    return Stage(stages, "rows").read(number, "rows")


def survey(number: int, source: Source, stages: str, n_sampled: int, block: object = None) -> Said:
    """Look at a chunk: check it, draw a sample, and keep its rows if they can't be read again.

    The task of the first stage.
    """

    def write(work: Path) -> Said:
        chunk = source.chunks[number]
        if block is not None:
            rows = as_rows(block)
        else:
            features = open_features(str(chunk.path), source.columns)
            rows = np.asarray(features.read(chunk.start, chunk.stop))
        kept = rows.astype(_kept_dtype(rows.dtype), copy=False)
        if not source.is_read_in_place:
            save(work, rows=np.ascontiguousarray(kept))
        rng = np.random.default_rng([0, number])
        drawn = rng.permutation(len(rows))[:n_sampled]
        save(work, sample=kept[drawn], drawn=drawn)
        size = float(max(kept.max(initial=0), -kept.min(initial=0))) if kept.size else 0.0
        wrong = np.empty(0, np.int64)
        if not np.isfinite(size):
            size, wrong = 0.0, np.flatnonzero(~np.isfinite(kept).all(axis=1))
        return {
            "n_rows": len(rows),
            "n_features": rows.shape[1],
            "largest": size,
            "wrong": wrong[:5].tolist(),
            "n_wrong": len(wrong),
        }

    return Stage(Path(stages), "rows").make(number, write)


def _kept_dtype(dtype: np.dtype) -> type[np.float32 | np.float64]:
    small = dtype.kind in "biu" and dtype.itemsize <= 2
    return np.float32 if small or dtype in (np.float16, np.float32) else np.float64


def check_survey(said: Sequence[Said], what: str) -> tuple[list[int], int, float]:
    """Return the rows of each chunk, the number of features, and the largest of all.

    Raises
    ------
    InvalidInputError
        If rows hold NaN or infinity (they are named), or chunks differ in width.
    """
    n_rows = [int(each["n_rows"]) for each in said]
    widths = {int(each["n_features"]) for each in said if each["n_rows"]}
    if not widths:
        raise InvalidInputError("X must have rows; all of its chunks are empty.")
    if len(widths) > 1:
        raise InvalidInputError(
            f"the rows of X differ in length: {', '.join(map(str, sorted(widths)))} numbers. Give "
            "as many in each row."
        )
    n_wrong = sum(int(each["n_wrong"]) for each in said)
    if n_wrong:
        starts = np.concatenate([[0], np.cumsum(n_rows)])
        rows = [
            int(start) + row
            for start, each in zip(starts[:-1], said, strict=True)
            for row in each["wrong"]
        ][:5]
        listed = ", ".join(map(str, rows)) + (", ..." if n_wrong > len(rows) else "")
        raise InvalidInputError(
            f"{what} contains NaN or infinity. Rows that hold them, counted from 0: {listed} "
            f"({n_wrong} in all). Fill them or remove the rows."
        )
    return n_rows, widths.pop(), max(float(each["largest"]) for each in said)
