"""The tasks that find neighbours: in each region, and the best of each row from all its regions.

From here on, rows have their internal numbers: cell by cell in the order of the cells, and within
a cell as the caller has them. Shards are runs of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.dask._cells import cell_order, shard_starts
from fewlabels.dask._plan import Plan
from fewlabels.dask._stages import Said, Stage, save
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search import _approximate
from fewlabels.graph.search._exact import nearest_euclidean
from fewlabels.graph.search._neighbors import by_distance, worth_approximating
from fewlabels.graph.search._points import DensePoints

AnyArray = np.ndarray
IntArray = npt.NDArray[np.int64]

# In place of a neighbour that was not found; and of its distance.
NONE = np.uint32(2**32 - 1)
# Beyond so many rows, numbers of neighbours don't fit.
MOST_POINTS = 2**32 - 2
_ROWS_MERGED = 65_536
# True neighbours of the sample are within this share of their k-th one's distance: regions round.
_ROUNDING = 1e-5
# True neighbours to measure the recall in a region by: of so many rows. All rows have theirs.
_SAMPLED = 300


@dataclass(frozen=True)
class Attempt:
    """A search with one overlap of the regions.

    Attributes
    ----------
    number : int
        In the names of its stages.
    overlap : tuple of float and int
    min_recall : float
        In a region.
    pieces : tuple of tuple of int
        Region, first and last row of what is searched at once.
    shards : tuple of int
        The first row of each shard, and the number of all rows.
    """

    number: int
    overlap: tuple[float, int]
    min_recall: float
    pieces: tuple[tuple[int, int, int], ...] = ()
    shards: tuple[int, ...] = ()

    def stage(self, name: str) -> str:
        """Return the name of one of its stages."""
        return f"{name}-{self.number}"


def number_rows(plan: Plan, attempt: Attempt) -> Attempt:
    """Decide on the order of the cells, the shards and the pieces; on the client.

    Of each chunk and cell, the number of its first row is kept on the disk.
    """
    parts = plan.stage(attempt.stage("parts"))

    def write(work: Path) -> Said:
        counts = np.stack([parts.read(c, "cell_counts") for c in range(plan.n_chunks)])
        pairs = np.concatenate([parts.read(c, "pairs") for c in range(plan.n_chunks)])
        times = np.concatenate([parts.read(c, "times") for c in range(plan.n_chunks)])
        sizes = counts.sum(axis=0)
        order = cell_order(pairs, times, sizes)
        ends = np.cumsum(sizes[order])
        firsts = np.empty(plan.n_cells, np.int64)
        firsts[order] = ends - sizes[order]
        save(work, firsts=firsts + np.cumsum(counts, axis=0) - counts)
        bounds = np.stack([parts.read(c, "starts") for c in range(plan.n_chunks)])
        sizes = np.diff(bounds.sum(axis=0)).tolist()
        pieces = []
        for region, size in enumerate(sizes):
            n_pieces = max(1, -(-size // plan.region_rows))
            cuts = np.linspace(0, size, n_pieces + 1).astype(int).tolist()
            pieces += [(region, a, b) for a, b in pairwise(cuts) if a < b]
        return {"pieces": pieces, "shards": shard_starts(ends, plan.n_shards).tolist()}

    said = plan.stage(attempt.stage("order")).make(0, write)
    return Attempt(
        attempt.number,
        attempt.overlap,
        attempt.min_recall,
        tuple((int(r), int(a), int(b)) for r, a, b in said["pieces"]),
        tuple(map(int, said["shards"])),
    )


def search_piece(number: int, plan: Plan, attempt: Attempt) -> Said:
    """Find the neighbours of a region's rows among them."""

    def write(work: Path) -> Said:
        points, internal, rows = _gathered(plan, attempt, *attempt.pieces[number])
        order = np.argsort(internal)
        points, internal, rows = points[order], internal[order], rows[order]
        k = min(plan.k, len(points) - 1)
        found = np.full((len(points), plan.k), NONE, np.uint32)
        distances = np.full((len(points), plan.k), np.inf, np.float32)
        recall = 1.0
        if k:
            indices, near, recall = _nearest(points, k, attempt.min_recall)
            found[:, :k], distances[:, :k] = internal[indices], near
        bounds = np.searchsorted(internal, attempt.shards)
        save(work, internal=internal, rows=rows, found=found, distances=distances, bounds=bounds)
        return {"recall": recall, "n_rows": len(points)}

    return plan.stage(attempt.stage("search")).make(number, write)


def _gathered(
    plan: Plan, attempt: Attempt, region: int, first: int, last: int
) -> tuple[AnyArray, IntArray, IntArray]:
    """Read the rows `first` to `last` of a region, in the order of the chunks."""
    stage = plan.stage(attempt.stage("parts"))
    numbers = plan.stage(attempt.stage("order"))
    points = np.empty((last - first, plan.array("region_centres").shape[1]), np.float32)
    internal, rows = np.empty(last - first, np.int64), np.empty(last - first, np.int64)
    passed = 0
    for chunk in range(plan.n_chunks):
        begin, end = stage.read(chunk, "starts", region, region + 2).tolist()
        a, b = max(first, passed), min(last, passed + end - begin)
        if a < b:
            here, there = slice(a - first, b - first), (begin + a - passed, begin + b - passed)
            points[here] = stage.read(chunk, "points", *there)
            rows[here] = stage.read(chunk, "row", *there)
            rows[here] += plan.starts[chunk]
            firsts = numbers.read(0, "firsts", chunk, chunk + 1)[0]
            internal[here] = firsts[stage.read(chunk, "cell", *there)]
            internal[here] += stage.read(chunk, "rank", *there)
        passed += end - begin
    return points, internal, rows


def _nearest(points: AnyArray, k: int, min_recall: float) -> tuple[AnyArray, AnyArray, float]:
    """Return the `k` nearest others of each point, their distances, and the recall."""
    with Workers(1) as workers:
        if worth_approximating(points):
            made = DensePoints(points, "euclidean", workers)
            found = _approximate.search(
                made,
                k,
                min_recall=min_recall,
                seed=0,
                workers=workers,
                report=lambda share: None,
                most_sampled=_SAMPLED,
            )
            if found is not None:
                return found.indices, np.sqrt(found.squared) * np.float32(made.scale), found.recall
        exact = by_distance(*nearest_euclidean(points, k, None, False))
        return exact.indices, exact.distances, 1.0


def merge_shard(number: int, plan: Plan, attempt: Attempt, reach: AnyArray) -> Said:
    """Keep the nearest of what the regions have found for each row of a shard."""

    def write(work: Path) -> Said:
        first, last = attempt.shards[number : number + 2]
        found, distances, rows = _merged(plan, attempt, number, first, last)
        hits, n_asked = _hits(plan, rows, distances, reach)
        found_all = np.isfinite(distances).sum(axis=1)
        at = np.maximum(found_all, 1) - 1
        scales = plan.frame.distances(np.take_along_axis(distances, at[:, None], axis=1)[:, 0])
        save(work, found=found, distances=distances, scales=scales, rows=rows)
        return {
            "hits": hits,
            "n_asked": n_asked,
            "n_short": int((found_all < plan.k).sum()),
            "n_duplicates": int((distances == 0).any(axis=1).sum()),
        }

    return plan.stage(attempt.stage("merged")).make(number, write)


def _merged(
    plan: Plan, attempt: Attempt, number: int, first: int, last: int
) -> tuple[AnyArray, AnyArray, IntArray]:
    stage = plan.stage(attempt.stage("search"))
    runs: list[list[AnyArray]] = []
    for piece in range(len(attempt.pieces)):
        a, b = stage.read(piece, "bounds", number, number + 2).tolist()
        if a < b:
            names = ("internal", "rows", "found", "distances")
            runs.append([stage.read(piece, name, a, b) for name in names])
    internal, all_rows, all_found, all_distances = (
        np.concatenate(part) for part in zip(*runs, strict=True)
    )
    del runs
    order = np.argsort(internal, kind="stable")
    starts = np.searchsorted(internal[order], np.arange(first, last + 1))
    copies = np.diff(starts)
    once = order[starts[:-1]]
    rows, found, distances = all_rows[once], all_found[once], all_distances[once]
    several = np.flatnonzero(copies > 1)
    for block in row_blocks(len(several), _ROWS_MERGED):
        which = several[block]
        width = int(copies[which].max())
        places = starts[which][:, None] + np.minimum(np.arange(width), copies[which][:, None] - 1)
        candidates = order[places]
        shape = (len(which), width * plan.k)
        found[which], distances[which] = best_of_all(
            all_found[candidates].reshape(shape), all_distances[candidates].reshape(shape), plan.k
        )
    return found, distances, rows


def best_of_all(found: AnyArray, distances: AnyArray, k: int) -> tuple[AnyArray, AnyArray]:
    """Return the `k` nearest different neighbours of each row, ties in the order of the number.

    Parameters
    ----------
    found : ndarray of shape (n_rows, any), uint32
    distances : ndarray of the same shape, float32
        Not negative. What was found twice may differ by rounding: the smaller one counts.
    k : int
    """
    # A float that is not negative is ordered as its bits are.
    near = np.ascontiguousarray(distances).view(np.uint32).astype(np.uint64)
    keys = (found.astype(np.uint64) << np.uint64(32)) | near
    keys.sort(axis=1)
    again = np.zeros(keys.shape, bool)
    again[:, 1:] = (keys[:, 1:] >> np.uint64(32)) == (keys[:, :-1] >> np.uint64(32))
    keys = (keys << np.uint64(32)) | (keys >> np.uint64(32))
    infinite = np.uint64(np.array(np.inf, np.float32).view(np.uint32))
    keys[again] = (infinite << np.uint64(32)) | np.uint64(NONE)
    keys.sort(axis=1)
    keys = keys[:, :k]
    nearest = (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
    return (keys & np.uint64(NONE)).astype(np.uint32), nearest


def _hits(plan: Plan, rows: IntArray, distances: AnyArray, reach: AnyArray) -> tuple[float, int]:
    """Count the true neighbours found of the sampled rows that are among these."""
    asked = plan.array("query_rows")  # in ascending order
    at = np.minimum(np.searchsorted(asked, rows), len(asked) - 1)
    here = np.flatnonzero(asked[at] == rows)
    within = distances[here].astype(np.float64) ** 2 <= reach[at[here], None] * (1 + _ROUNDING)
    return float(within.sum()), len(here)


def read_order(plan: Plan, attempt: Attempt) -> IntArray:
    """Return the caller's row of each internal row."""
    stage: Stage = plan.stage(attempt.stage("merged"))
    return np.concatenate([stage.read(s, "rows") for s in range(len(attempt.shards) - 1)])
