"""The tasks that part the rows: their sample's true neighbours, and what goes to which region."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels._threads import one_blas_thread
from fewlabels.dask._plan import MOST_REGIONS, Plan
from fewlabels.dask._rows import Source, read_chunk
from fewlabels.dask._stages import Said, save

AnyArray = np.ndarray
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

_ROWS_AT_ONCE = 16_384
# True neighbours: no more than about so many of each chunk are looked at closer.
_BOUND_FROM = 8_192
# More than products round, relative to squared lengths.
_ROUNDING = 1e-5


def true_neighbours(number: int, plan: Plan, source: Source) -> Said:
    """Find the neighbours of the sampled rows among a chunk's, and the regions that they are in."""

    def write(work: Path) -> Said:
        points = plan.frame.points(read_chunk(source, Path(plan.folder), number))
        queries, asked = plan.array("queries"), plan.array("query_rows")
        centres = plan.array("region_centres")
        start, width = plan.starts[number], plan.k
        n_near = min(MOST_REGIONS, len(centres))
        squared = np.full((len(queries), width), np.inf, np.float32)
        near = np.full((len(queries), width, n_near), -2, np.int32)
        ratio = np.full((len(queries), width, n_near), np.inf, np.float32)
        with one_blas_thread(and_of_openmp=True):
            query, row, distance = _nearest(queries, points, asked - start, width)
            place = np.arange(len(query)) - np.searchsorted(query, query)
            squared[query, place] = distance
            if len(row):
                found = nearest_regions(points[row], centres, n_near)
                ratio[query, place], near[query, place] = found
        save(work, squared=squared, near=near, ratio=ratio)
        return {}

    return plan.stage("truth").make(number, write)


def _nearest(
    queries: Float32Array, points: Float32Array, own: IntArray, k: int
) -> tuple[IntArray, IntArray, Float32Array]:
    """Find the `k` nearest points of each query, itself left out, which is the point `own`.

    Returns
    -------
    query, row, squared : ndarray of shape (n_found,)
        Query by query, nearest first; fewer than `k` of each where there are fewer points.
    """
    doubled, norms = -2 * queries, np.einsum("ij,ij->i", points, points)
    # Some rows bound the distance to the k-th: of the others, only what is nearer is looked at.
    some = np.unique(np.linspace(0, len(points) - 1, min(len(points), _BOUND_FROM)).astype(int))
    bound = np.full((len(queries), 1), np.inf, np.float32)
    if len(some) > k:  # the query may be one of them
        near = doubled @ points[some].T + norms[some]
        bound = np.partition(near, k, axis=1)[:, k : k + 1]
        bound += _ROUNDING * (np.abs(bound) + 2 * np.einsum("ij,ij->i", queries, queries)[:, None])
    none = np.empty(0, np.int64)
    hits = [(none, none)]
    for block in row_blocks(len(points), _ROWS_AT_ONCE):
        near = doubled @ points[block].T
        near += norms[block]
        query, row = np.divmod(np.flatnonzero(near <= bound), near.shape[1])
        hits.append((query, row + block.start))
    query, row = (np.concatenate(part) for part in zip(*hits, strict=True))
    others = row != own[query]
    query, row = query[others], row[others]
    squared = np.concatenate(
        [np.empty(0, np.float32)]
        + [
            np.square(queries[query[part]] - points[row[part]]).sum(axis=1)
            for part in row_blocks(len(row), _ROWS_AT_ONCE)
        ]
    )
    order = np.lexsort((row, squared, query))
    query, row, squared = query[order], row[order], squared[order]
    kept = np.arange(len(query)) - np.searchsorted(query, query) < k
    return query[kept], row[kept], squared[kept]


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
            new = [
                np.concatenate([old, more], axis=1) for old, more in zip(parts, new, strict=True)
            ]
            order = np.argsort(new[0], axis=1, kind="stable")[:, : plan.k]
            new = [
                np.take_along_axis(
                    each, order.reshape(*order.shape, *(1,) * (each.ndim - 2)), axis=1
                )
                for each in new
            ]
        parts = new
    squared, near, ratio = parts
    own = nearest_regions(plan.array("queries"), plan.array("region_centres"), near.shape[2])
    near = np.concatenate([own[1][:, None].astype(np.int32), near], axis=1)
    ratio = np.concatenate([own[0][:, None], ratio], axis=1)
    return squared.max(axis=1).astype(np.float64), (near, ratio)


def part_rows(
    number: int, plan: Plan, source: Source, stage: str, overlap: tuple[float, int]
) -> Said:
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
