"""Lists of the nearest points found so far, of all points, and how they grow better."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._cells import partition, ranked_cells
from fewlabels.graph.search._codes import CodePair, Grid
from fewlabels.graph.search._nearest import (
    LOOKED_AT,
    Listed,
    is_compiled,
    nearest_among,
    nearest_in_cells,
    nearest_through,
    reverse_lists,
    squared_distances,
)
from fewlabels.graph.search._points import DensePoints, Points
from fewlabels.graph.search._rank import Ranked, best_of, rank_all
from fewlabels.graph.search._truth import true_nearest_within

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]
Report = Callable[[float], object]

# Neighbours of each cell that are known at first.
_CELLS_KNOWN = 96
# Candidates that a thread compares at once, and points whose lists it refines at once.
_CANDIDATES_AT_ONCE, _ROWS_REFINED = 300_000, 1_024
_LEAST_SCANNED = 4
# Rows made points at once, so that they stay in the cache.
_ROWS_COPIED = 512
# Cells in which enough is found to bound how far the true neighbours are.
_CELLS_BOUNDING = 10


class Lists:
    """The `width` nearest points found so far of each point.

    Points are held in the order of their cells, and lists hold places in that order.

    Parameters
    ----------
    points : Points
    k : int
    n_components : int or None
        Of the projection in which cells are made and looked through; None is all features.
    width : int
        Length of the lists, at least k.
    sample : ndarray of shape (n_sampled,)
    true : ndarray of shape (n_sampled, k), or None
        The sample's true neighbours, if they are known.
    workers : Workers
    rng : Generator

    Attributes
    ----------
    n_cells : int
    true : ndarray of shape (n_sampled, k)
    reach : ndarray of shape (n_sampled,)
        Squared distance of the sample's true k-th neighbours.
    """

    def __init__(
        self,
        points: Points,
        k: int,
        n_components: int | None,
        width: int,
        sample: IntArray,
        true: npt.NDArray[np.integer] | None,
        workers: Workers,
        rng: np.random.Generator,
    ) -> None:
        self._points, self._k, self._width, self._workers = points, k, width, workers
        self._sample, self._lifted = sample, points.spare is not None
        self._in_full = isinstance(points, DensePoints) and not points.in_file
        n = points.n_points
        if n_components is None and isinstance(points, DensePoints):
            self._cells = partition(points.take_lifted, n, workers, rng)
            self._coarse = self._in_order(points.take_lifted)
        else:
            axes = points.axes(n_components or points.n_features, rng)
            coarse = points.projected(axes, workers)
            self._cells = partition(coarse.__getitem__, n, workers, rng)
            if self._in_full:
                coarse = coarse[self._cells.order]
            else:
                _reorder(coarse, self._cells.order)
            self._coarse = coarse
        self._fine = self._coarse
        if isinstance(points, DensePoints) and self._in_full and n_components is not None:
            self._fine = self._in_order(points.take_lifted)
        self._grid = Grid.of(self._fine) if is_compiled(width) else None
        self._codes = None if self._grid is None else self._grid.round_all(self._fine, workers)
        self._query_cell = self._cells.cell
        if self._lifted:
            parts = row_blocks(n, 65_536)
            found = [self._cells.cell_of(workers, self._queries(self._coarse, p)) for p in parts]
            self._query_cell = np.concatenate(found)
        place = np.empty(n, dtype=np.int32)
        place[self._cells.order] = np.arange(n, dtype=np.int32)
        self._sampled = place[sample]
        self._near = self._cells.near(workers, min(_CELLS_KNOWN, self.n_cells))
        if true is None:
            true = self._true_nearest()
        self.true = true
        self.reach = points.squared(sample, true).max(axis=1)
        self._true_cell = self._cells.cell[place[true]]
        del place
        self._listed: Listed | None = None
        self._looked_at = LOOKED_AT
        self._rank_true_cells()

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return self._cells.n_cells

    @property
    def width(self) -> int:
        """Length of the lists."""
        return self._width

    @property
    def empty(self) -> bool:
        """Whether no cell has been looked into."""
        return self._listed is None

    def cells_to_find(self, share: float, most: int) -> int | None:
        """Return how many cells hold this share of the sample's true neighbours.

        At least as many as fill most lists; None if the share takes more than `most` cells.
        """
        enough = min(self.n_cells, 2 + 2 * self._width * self.n_cells // self._points.n_points)
        while True:
            rank = float(np.quantile(self._needed, share, method="higher"))
            if np.isfinite(rank):
                return max(enough, int(rank)) if rank <= most else None
            n_known = self._near.shape[1]
            if n_known >= min(2 * most, self.n_cells):
                return None
            self._near = self._cells.near(self._workers, min(4 * n_known, self.n_cells))
            self._rank_true_cells()

    def look(self, visited: range, report: Report) -> None:
        """Look into the `visited` nearest cells of each point."""
        n, width = self._points.n_points, self._width
        before, listed = self._listed, Listed.room(n, width)
        # Candidates beyond those kept, where they come from a projection.
        kept = 2 * width if self._fine is not self._coarse else width

        def look_up(rows: slice) -> None:
            queries = self._queries(self._coarse, rows)
            ranked = ranked_cells(
                self._cells, self._near, self._query_cell[rows], queries, visited.stop
            )
            found = nearest_in_cells(
                queries,
                self._coarse,
                ranked[:, visited.start :],
                self._cells.starts,
                kept,
                first=rows.start,
            )
            if kept > width or before is not None:
                places = found.places
                if before is not None:
                    places = np.hstack([places, before.places[rows]])
                # Half of them and more are kept: codes would not save enough.
                fine = self._queries(self._fine, rows)
                found = nearest_among(fine, self._fine, places, width, first=rows.start)
            listed.put(rows, found)

        mean_size = 1 + n / self.n_cells
        at_once = int(_CANDIDATES_AT_ONCE / (2 * mean_size * max(len(visited), _LEAST_SCANNED)))
        self._workers.map(look_up, row_blocks(n, max(32, min(1_024, at_once))), report)
        self._listed = listed

    def refine(self, report: Report, looked_at: int = LOOKED_AT) -> None:
        """Look among the neighbours of the neighbours, the first so many of each."""
        listed = self._filled
        n, width = listed.places.shape
        if looked_at > self._looked_at:
            listed.fresh.fill(True)  # their further neighbours have not been looked through
        self._looked_at = looked_at
        back = self._workers.map(lambda lists: reverse_lists(lists, looked_at), [listed.places])[0]
        better = Listed.room(n, width)

        def refine_rows(rows: slice) -> None:
            queries = self._queries(self._fine, rows)
            codes = self._codes_of(queries, rows)
            better.put(
                rows,
                nearest_through(
                    queries, self._fine, listed, back, rows, looked_at=looked_at, codes=codes
                ),
            )

        self._workers.map(refine_rows, row_blocks(n, _ROWS_REFINED), report)
        self._listed = better

    def recall(self) -> float:
        """Return the share of the sample's true neighbours that are in the lists; ties count."""
        found = self._filled.places[self._sampled]
        squared = np.asarray(
            self._points.squared(self._sample, self._cells.order[np.maximum(found, 0)]), np.float64
        )
        squared[found < 0] = np.inf
        near = np.partition(squared, self._k - 1, axis=1)[:, : self._k]
        return float(np.mean(near <= self.reach[:, None]))

    def result(self, report: Report) -> Ranked:
        """Return the `k` nearest of each point in the order of the points, and squared distances.

        The lists are given up.
        """
        lists, order, k = self._filled.places, self._cells.order, self._k
        n = len(lists)
        self._listed = None
        indices = np.empty((n, k), dtype=np.int64)
        short = np.flatnonzero((lists < 0).any(axis=1))
        if self._in_full:
            squared = np.empty((n, k), dtype=np.float32)

            def rank(rows: slice) -> None:
                found = lists[rows]
                near = squared_distances(self._queries(self._fine, rows), self._fine, found)
                own = order[rows]
                indices[own], squared[own] = best_of(order[found], near, k)

            self._workers.map(rank, row_blocks(n, 8_192))
        else:
            candidates = np.empty_like(lists)
            candidates[order] = order[lists]
            del lists, self._coarse, self._fine, self._codes
            ranked = rank_all(self._points, candidates, k, self._workers, report)
            indices, squared = ranked[0], ranked[1].astype(np.float64, copy=False)
        for rows in row_blocks(len(short), 512):  # the cells near them hold too few points
            own = order[short[rows]]
            true = self._points.true_nearest(own, k, self._workers)
            indices[own], squared[own] = best_of(true, self._points.squared(own, true), k)
        return indices, squared

    @property
    def _filled(self) -> Listed:
        if self._listed is None:
            raise RuntimeError("no cell has been looked into")
        return self._listed

    def _true_nearest(self) -> npt.NDArray[np.integer]:
        """Return the true neighbours of the sample."""
        if self._fine is not self._coarse:
            # What is found in some cells bounds the distance to the k-th.
            queries = [self._queries(held, self._sampled) for held in (self._coarse, self._fine)]
            cells = ranked_cells(
                self._cells,
                self._near,
                self._query_cell[self._sampled],
                queries[0],
                min(_CELLS_BOUNDING, self._near.shape[1]),
            )
            starts, k = self._cells.starts, self._k
            # A query may be among what is found: it is one more.
            some = nearest_in_cells(queries[0], self._coarse, cells, starts, 2 * k + 1, first=None)
            found = nearest_among(
                queries[1], self._fine, some.places, k + 1, first=None, distinct=True
            )
            bound = found.squared[:, k]
            if np.isfinite(bound).all():
                true = true_nearest_within(
                    bound,
                    self._sampled,
                    (queries[0], queries[1]),
                    (self._coarse, self._fine),
                    k,
                    self._workers,
                )
                if true is not None:
                    return np.asarray(self._cells.order[true])
        return self._points.true_nearest(self._sample, self._k, self._workers)

    def _rank_true_cells(self) -> None:
        """Find how many cells the sample has to look into for each of its true neighbours."""
        n_near = self._near.shape[1]
        self._needed = np.full(self._true_cell.shape, np.inf)
        for part in row_blocks(len(self._sample), 64):
            places = self._sampled[part]
            queries = self._queries(self._coarse, places)
            ranked = ranked_cells(
                self._cells, self._near, self._query_cell[places], queries, n_near
            )
            is_own = ranked[:, None, :] == self._true_cell[part][:, :, None]
            rank = np.where(is_own.any(axis=2), is_own.argmax(axis=2) + 1, np.inf)
            self._needed[part] = rank

    def _queries(self, held: Float32Array, rows: slice | np.ndarray) -> Float32Array:
        """Return rows as queries: with 0 in place of the lift."""
        queries = held[rows]
        if self._lifted:
            queries = queries.copy()
            queries[:, -1] = 0
        return queries

    def _codes_of(self, queries: Float32Array, rows: slice) -> CodePair | None:
        """Return the codes of queries in full, and of the points."""
        if self._grid is None or self._codes is None:
            return None
        # A lift of 0 has codes of its own.
        own = self._grid.round(queries) if self._lifted else self._codes[rows]
        return own, self._codes

    def _in_order(self, take: Callable[[IntArray], Float32Array]) -> Float32Array:
        """Return all points in the order of their cells."""
        order = self._cells.order
        first = take(order[:1])
        held = np.empty((len(order), first.shape[1]), dtype=np.float32)

        def fill(rows: slice) -> None:
            held[rows] = take(order[rows])

        self._workers.map(fill, row_blocks(len(order), _ROWS_COPIED))
        return held


def _reorder(held: Float32Array, order: IntArray) -> None:
    """Put rows into order, some columns at a time: there may be no room for all of them twice."""
    for first in range(0, held.shape[1], 8):
        columns = slice(first, first + 8)
        held[:, columns] = held[:, columns][order]
