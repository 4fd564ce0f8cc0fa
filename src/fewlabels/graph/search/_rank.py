"""The exact distances of candidates that a search in fewer dimensions found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fewlabels._memory import available_memory
from fewlabels._rows import row_blocks
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._nearest import squared_distances
from fewlabels.graph.search._points import DensePoints, Points

Int32Array = npt.NDArray[np.int32]
Ranked = tuple[npt.NDArray[np.int64], npt.NDArray[np.floating]]

# Of the memory that is free, and of the file, the share that rows may take; and at least so much.
_SHARE, _SHARE_OF_FILE, _LEAST_BYTES = 0.1, 0.15, 64_000_000
_ROWS_RANKED = 512


def best_of(
    candidates: npt.NDArray[np.integer], squared: npt.NDArray[np.floating], k: int
) -> Ranked:
    """Return the `k` nearest candidates, nearest first, ties in the order of the index."""
    best = np.argpartition(squared, k - 1, axis=1)[:, :k]
    candidates = np.take_along_axis(candidates, best, axis=1)
    squared = np.take_along_axis(squared, best, axis=1)
    order = np.lexsort((candidates, squared), axis=1)
    return (
        np.take_along_axis(candidates, order, axis=1).astype(np.int64),
        np.take_along_axis(squared, order, axis=1),
    )


def rank_all(
    points: Points,
    candidates: Int32Array,
    k: int,
    workers: Workers,
    report: Callable[[float], object],
) -> Ranked:
    """Return the `k` nearest candidates of each point, and their squared distances.

    Parameters
    ----------
    points : Points
    candidates : ndarray of shape (n_points, any)
        Of each point, in the order of the points; none is negative.
    k : int
    workers : Workers
    report : callable
        Told the share that is done.
    """
    if isinstance(points, DensePoints) and points.in_file:
        return _rank_file(points, candidates, k, workers, report)
    indices = np.empty((len(candidates), k), dtype=np.int64)
    squared = np.empty((len(candidates), k), dtype=np.float64)

    def rank(rows: slice) -> None:
        own = np.arange(rows.start, rows.stop)
        found = candidates[rows]
        indices[rows], squared[rows] = best_of(found, points.squared(own, found), k)

    workers.map(rank, row_blocks(len(candidates), _ROWS_RANKED), report)
    return indices, squared


def _rank_file(
    points: DensePoints,
    candidates: Int32Array,
    k: int,
    workers: Workers,
    report: Callable[[float], object],
) -> Ranked:
    """Rank with rows from a file, which is read from its start to its end.

    As many queries as fit are held, and the whole file passes by them in blocks: a file of b
    bytes is read about 1 + b / (memory for queries) times, always in its own order.
    """
    n = points.n_points
    indices = np.empty((n, k), dtype=np.int64)
    squared = np.empty((n, k), dtype=np.float32)
    width = points.n_features + 1
    room = min(_SHARE * available_memory(), _SHARE_OF_FILE * 4 * n * width)
    room = int(max(_LEAST_BYTES, room))
    n_held = max(1, room // (4 * (width + 2 * candidates.shape[1])))
    n_read = max(1, n_held // 8)
    held = row_blocks(n, n_held)
    passing = row_blocks(n, n_read)
    for turn, rows in enumerate(held):
        parts = row_blocks(rows.stop - rows.start, _ROWS_RANKED)
        found = candidates[rows]
        queries = np.empty((len(found), points.take_lifted(slice(0, 1)).shape[1]), np.float32)
        distances = np.full(found.shape, np.inf, dtype=np.float32)

        def load(
            part: slice,
            queries: npt.NDArray[np.float32] = queries,
            start: int = rows.start,
        ) -> None:
            queries[part] = points.take_lifted(slice(start + part.start, start + part.stop))
            if points.spare is not None:
                queries[part, -1] = 0

        workers.map(load, row_blocks(len(found), 16 * _ROWS_RANKED))
        for step, others in enumerate(passing):
            block = points.take_lifted(others)

            def compare(
                part: slice,
                block: npt.NDArray[np.float32] = block,
                others: slice = others,
                queries: npt.NDArray[np.float32] = queries,
                found: Int32Array = found,
                distances: npt.NDArray[np.float32] = distances,
            ) -> None:
                inside = (found[part] >= others.start) & (found[part] < others.stop)
                if inside.any():
                    wanted = np.where(inside, found[part] - others.start, -1)
                    near = squared_distances(queries[part], block, wanted)
                    distances[part][inside] = near[inside]

            workers.map(compare, parts)
            report((turn + (step + 1) / len(passing)) / len(held))
        for part in parts:
            to = slice(rows.start + part.start, rows.start + part.stop)
            indices[to], squared[to] = best_of(found[part], distances[part], k)
    return indices, squared
