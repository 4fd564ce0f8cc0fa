"""The tasks that part the rows: their sample's true neighbours, and what goes to which region."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels._threads import one_blas_thread
from fewlabels.dask._plan import MOST_REGIONS, Plan
from fewlabels.dask._rows import Source, read_chunk
from fewlabels.dask._stages import Said, save

AnyArray = npt.NDArray[Any]
Float32Array = npt.NDArray[np.float32]

_ROWS_AT_ONCE = 16_384
# Candidates beside those asked for: products round, and the last place may be contested.
_SPARE = 4


def true_neighbours(number: int, plan: Plan, source: Source) -> Said:
    """Find the neighbours of the sampled rows among a chunk's, and the regions that they are in."""

    def write(work: Path) -> Said:
        points = plan.frame.points(read_chunk(source, Path(plan.folder), number))
        queries, asked = plan.array("queries"), plan.array("query_rows")
        centres = plan.array("region_centres")
        start, width = plan.starts[number], plan.k
        squared = np.full((len(queries), width), np.inf, np.float32)
        n_near = min(MOST_REGIONS, len(centres))
        near = np.full((len(queries), width, n_near), -2, np.int32)
        ratio = np.full((len(queries), width, n_near), np.inf, np.float32)
        if len(points):
            with one_blas_thread(and_of_openmp=True):
                n_found = min(len(points), width + 1 + _SPARE)
                found = faiss.knn(queries, points, n_found)[1]
                differences = _squared(queries, points, found)
                differences[found + start == asked[:, None]] = np.inf  # the row itself
                order = np.argsort(differences, axis=1, kind="stable")[:, :width]
                kept = order.shape[1]
                squared[:, :kept] = np.take_along_axis(differences, order, axis=1)
                rows = np.take_along_axis(found, order, axis=1)
                flat = nearest_regions(points[rows.ravel()], centres, n_near)
            near[:, :kept] = flat[1].reshape(len(queries), kept, -1)
            ratio[:, :kept] = flat[0].reshape(len(queries), kept, -1)
        save(work, squared=squared, near=near, ratio=ratio)
        return {}

    return plan.stage("truth").make(number, write)


def _squared(queries: Float32Array, points: Float32Array, found: AnyArray) -> Float32Array:
    """Return squared distances from the differences."""
    squared = np.empty(found.shape, np.float32)
    for column in range(found.shape[1]):
        difference = queries - points[found[:, column]]
        squared[:, column] = np.einsum("ij,ij->i", difference, difference)
    return squared


def nearest_regions(
    points: Float32Array, centres: Float32Array, n_near: int
) -> tuple[Float32Array, npt.NDArray[np.int64]]:
    """Return the nearest regions, and their distances as multiples of that of the nearest."""
    squared, regions = faiss.knn(points, centres, n_near)
    squared = np.maximum(squared, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sqrt(squared / squared[:, :1])
    ratio[np.isnan(ratio)] = 1.0  # on the centre of both
    return ratio.astype(np.float32, copy=False), regions


def collect_truth(plan: Plan) -> tuple[npt.NDArray[np.float64], tuple[AnyArray, AnyArray]]:
    """Merge the true neighbours of all chunks.

    Returns
    -------
    reach : ndarray of shape (n_queries,)
        Squared distance to the k-th neighbour.
    regions : tuple of two ndarray of shape (n_queries, k + 1, n_near)
        As `predicted` takes them: of the query and its neighbours.
    """
    stage = plan.stage("truth")
    parts: list[AnyArray] = []
    for number in range(plan.n_chunks):
        new = [stage.read(number, name) for name in ("squared", "near", "ratio")]
        if parts:
            new = [np.concatenate([old, more], axis=1) for old, more in zip(parts, new, strict=True)]
            order = np.argsort(new[0], axis=1, kind="stable")[:, : plan.k]
            new = [
                np.take_along_axis(each, order.reshape(*order.shape, *(1,) * (each.ndim - 2)), axis=1)
                for each in new
            ]
        parts = new
    squared, near, ratio = parts
    own = nearest_regions(plan.array("queries"), plan.array("region_centres"), near.shape[2])
    near = np.concatenate([own[1][:, None].astype(np.int32), near], axis=1)
    ratio = np.concatenate([own[0][:, None], ratio], axis=1)
    return squared.max(axis=1).astype(np.float64), (near, ratio)


def part_rows(number: int, plan: Plan, source: Source, stage: str, overlap: tuple[float, int]) -> Said:
    """Sort a chunk's rows, with copies, by the regions that they go to."""

    def write(work: Path) -> Said:
        points = plan.frame.points(read_chunk(source, Path(plan.folder), number))
        centres, cells = plan.array("region_centres"), plan.array("cell_centres")
        factor, most = overlap
        rows, regions, near_cells = [], [], []
        with one_blas_thread(and_of_openmp=True):
            for block in row_blocks(len(points), _ROWS_AT_ONCE):
                ratio, near = nearest_regions(points[block], centres, min(most, len(centres)))
                row, place = np.nonzero(ratio <= factor)
                rows.append((row + block.start).astype(np.int32))
                regions.append(near[row, place].astype(np.int32))
                near_cells.append(_two_nearest(points[block], cells))
        row = np.concatenate([np.empty(0, np.int32), *rows])
        region = np.concatenate([np.empty(0, np.int32), *regions])
        nearest = np.concatenate([np.empty((0, 2), np.int32), *near_cells])
        order = np.argsort(region, kind="stable")
        row, cell = row[order], nearest[:, 0]
        counts = np.bincount(cell, minlength=plan.n_cells)
        rank = np.empty(len(cell), np.int32)  # of a row among those of its cell
        by_cell = np.argsort(cell, kind="stable")
        rank[by_cell] = np.arange(len(cell)) - np.repeat(np.cumsum(counts) - counts, counts)
        codes, times = np.unique(
            cell.astype(np.int64) * plan.n_cells + nearest[:, 1], return_counts=True
        )
        save(
            work,
            points=points[row],
            row=row,
            cell=cell[row],
            rank=rank[row],
            starts=np.searchsorted(region[order], np.arange(plan.n_regions + 1)),
            cell_counts=counts,
            pairs=np.stack(np.divmod(codes, plan.n_cells), axis=1),
            times=times,
        )
        return {"n_copies": len(row)}

    return plan.stage(stage).make(number, write)


def _two_nearest(points: Float32Array, cells: Float32Array) -> npt.NDArray[np.int32]:
    found = faiss.knn(points, cells, min(2, len(cells)))[1].astype(np.int32)
    return np.ascontiguousarray(found[:, [0, -1]])
