"""The answers of a fit on disk, by region, and how rows of them are read.

::

    shares-00003.npy    of region 3: each row's class distribution, shape (n_rows, n_classes);
                        zeros where there is no answer
    totals-00003.npy    the sum of each row's scores, float64; 0 where that can't hold it, too
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.dask._layout import RegionGraph
from fewlabels.exceptions import GraphFileError

AnyArray = np.ndarray
FloatArray = npt.NDArray[np.float64]

# Rows that are written at a time.
_ROWS_AT_ONCE = 50_000


def answer_path(folder: Path, kind: str, number: int) -> Path:
    """Return the file of a region's ``"shares"`` or ``"totals"``."""
    return folder / f"{kind}-{number:05d}.npy"


def read_region(folder: Path, kind: str, number: int) -> AnyArray:
    """Return a region's answers, of which the rows that are used are read.

    Raises
    ------
    GraphFileError
        If they are gone: labels were added meanwhile, or the model is closed.
    """
    path = answer_path(folder, kind, number)
    try:
        found: AnyArray = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise GraphFileError(
            f"{path} can't be read: {error}. Arrays of a model end with it, and with the next "
            "add_labels: compute what you want to keep."
        ) from error
    return found


def write_region(
    folder: Path,
    number: int,
    n_rows: int,
    n_classes: int,
    dtype: np.dtype,
    rows_of: Callable[[slice], tuple[AnyArray, FloatArray]],
) -> None:
    """Write a region's answers, some rows at a time; files appear whole.

    Parameters
    ----------
    rows_of : callable
        Returns the shares, shape (n, n_classes), and totals, shape (n,), of some of its rows.
    """
    paths = [answer_path(folder, kind, number) for kind in ("shares", "totals")]
    parts = [path.with_suffix(f".{secrets.token_hex(4)}.part") for path in paths]
    shapes = [((n_rows, n_classes), dtype), ((n_rows,), np.dtype(np.float64))]
    with parts[0].open("wb") as shares_file, parts[1].open("wb") as totals_file:
        files = (shares_file, totals_file)
        for file, (shape, kind) in zip(files, shapes, strict=True):
            header = {"descr": kind.str, "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
        for rows in row_blocks(n_rows, _ROWS_AT_ONCE):
            shares, totals = rows_of(rows)
            shares_file.write(np.ascontiguousarray(shares, dtype=dtype).data)
            totals_file.write(np.ascontiguousarray(totals, dtype=np.float64).data)
        for file in files:
            file.flush()
            os.fsync(file.fileno())
    for part, path in zip(parts, paths, strict=True):
        part.replace(path)


def read_rows(graph: RegionGraph, folder: Path, kind: str, start: int, stop: int) -> AnyArray:
    """Return the answers of the caller's rows `start` to `stop`, in the caller's order."""
    return gather(graph, folder, kind, graph.places(start, stop))


def gather(graph: RegionGraph, folder: Path, kind: str, places: AnyArray) -> AnyArray:
    """Return the answers of some internal rows, in any order."""
    regions = np.searchsorted(graph.starts, places, side="right") - 1
    found: AnyArray | None = None
    for number in np.unique(regions).tolist():
        held = read_region(folder, kind, number)
        here = np.flatnonzero(regions == number)
        if found is None:
            found = np.empty((len(places), *held.shape[1:]), held.dtype)
        found[here] = held[places[here] - graph.starts[number]]
    if found is None:
        held = read_region(folder, kind, 0)
        found = np.empty((0, *held.shape[1:]), held.dtype)
    return found
