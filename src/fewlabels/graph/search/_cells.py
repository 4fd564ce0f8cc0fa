"""A partition of the points into small cells, and the search in the cells near a point.

Cells are made in two levels of k-means: the points are parted into about sqrt(c) regions and each
region into about sqrt(c) cells, so that a point is compared with 2 sqrt(c) centres and not with
c. For each cell, the cells whose centres are nearest are kept; those of the regions around its
own are looked at. A search ranks these for each point by the distance from the point itself, and
compares the point with all points of the first few (an inverted file; Jegou, Douze, Schmid,
"Product quantization for nearest neighbor search", IEEE PAMI 33 (2011), section IV).

Points are held in the order of their cells, so that what is searched together lies together.
Positions in that order are called places here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from fewlabels._rows import row_blocks
from fewlabels.graph._parallel import Workers
from fewlabels.graph.search._nearest import nearest_among

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
Float32Array = npt.NDArray[np.float32]

# Points in a cell, on average. Smaller cells fit the neighbourhoods better, but then there are
# more centres to compare with; from 20 to 50 the time is about the same.
_CELL_SIZE = 25
# A cell holds this many times as many points at most: larger ones (duplicates) are cut.
_LARGEST_CELL = 2
# k-means is trained on so many points a centre, for so many rounds: good cells, not the best.
_REGION_TRAINING, _REGION_ROUNDS = 50, 10
_CELL_TRAINING, _CELL_ROUNDS = 8, 4
# The regions whose cells are looked at for the cells near a cell.
_REGIONS_AROUND = 16
_ROWS_ASSIGNED = 16_384


@dataclass(frozen=True)
class Cells:
    """Points in the order of their cells.

    Attributes
    ----------
    order : ndarray of shape (n_samples,), int32 or int64
        The point at each place.
    cell : ndarray of shape (n_samples,), int32
        The cell of the point at each place.
    starts : ndarray of shape (n_cells + 1,), int64
        The first place of each cell.
    centres : ndarray of shape (n_cells, n_features), float32
    regions : ndarray of shape (n_regions + 1,), int64
        The first cell of each region.
    region_centres : ndarray of shape (n_regions, n_features), float32
    """

    order: IntArray
    cell: Int32Array
    starts: IntArray
    centres: Float32Array
    regions: IntArray
    region_centres: Float32Array

    @property
    def n_cells(self) -> int:
        return len(self.centres)

    def near(self, workers: Workers, n_near: int) -> Int32Array:
        """Return for each cell the `n_near` cells of nearest centres; -1 where there are fewer."""
        near = np.full((self.n_cells, n_near), -1, dtype=np.int32)
        n_regions = len(self.region_centres)
        n_around = min(n_regions, max(_REGIONS_AROUND, -(-4 * n_near * n_regions // self.n_cells)))
        around = faiss.knn(self.region_centres, self.region_centres, n_around)[1]

        def link(region: int) -> None:
            own = slice(self.regions[region], self.regions[region + 1])
            others = np.concatenate(
                [np.arange(self.regions[r], self.regions[r + 1]) for r in around[region]]
            )
            found = faiss.knn(self.centres[own], self.centres[others], min(n_near, len(others)))[1]
            found = others[found].astype(np.int32)
            # The cell itself comes first, also where other centres are at the same place.
            itself = np.arange(own.start, own.stop, dtype=np.int32)
            rows, columns = np.nonzero(found == itself[:, None])
            found[rows, columns] = found[rows, 0]
            found[:, 0] = itself
            near[own, : found.shape[1]] = found

        workers.map(link, (r for r in range(n_regions) if self.regions[r] < self.regions[r + 1]))
        return near

    def cell_of(self, workers: Workers, queries: Float32Array) -> Int32Array:
        """Return the cell of nearest centre in the region of nearest centre."""
        cell = np.empty(len(queries), dtype=np.int32)
        filled = np.flatnonzero(np.diff(self.regions))
        region = filled[faiss.knn(queries, self.region_centres[filled], 1)[1].ravel()]

        def assign(number: int) -> None:
            rows = np.flatnonzero(region == number)
            own = slice(self.regions[number], self.regions[number + 1])
            found = faiss.knn(queries[rows], self.centres[own], 1)[1].ravel()
            cell[rows] = self.regions[number] + found

        workers.map(assign, np.unique(region).tolist())
        return cell


def partition(
    take: Callable[[IntArray | slice], Float32Array],
    n_points: int,
    workers: Workers,
    rng: np.random.Generator,
) -> Cells:
    """Part points into cells of about 25 points.

    Parameters
    ----------
    take : callable
        Returns the rows asked for, float32, C-contiguous.
    n_points : int
    workers : Workers
    rng : Generator

    Notes
    -----
    Cost O(n_points^1.5 n_features / 5), and memory O(n_points) besides the centres.
    """
    n_cells = max(1, n_points // _CELL_SIZE)
    n_regions = max(1, round(np.sqrt(n_cells)))
    n_training = min(n_points, n_regions * _REGION_TRAINING)
    training = take(np.sort(rng.choice(n_points, n_training, replace=False)))
    seed = int(rng.integers(2**31))
    centres = workers.map(
        lambda points: _k_means(points, n_regions, _REGION_ROUNDS, seed), [training]
    )[0]
    region = np.empty(n_points, dtype=np.int32)

    def assign(rows: slice) -> None:
        region[rows] = faiss.knn(take(rows), centres, 1)[1].ravel()

    workers.map(assign, row_blocks(n_points, _ROWS_ASSIGNED))
    by_region = np.argsort(region, kind="stable")
    bounds = np.searchsorted(region[by_region], np.arange(n_regions + 1))

    def split(number: int) -> tuple[IntArray, IntArray, Float32Array]:
        rows = by_region[bounds[number] : bounds[number + 1]]
        return _split(rows, take(rows), np.random.default_rng([seed, number]))

    parts = workers.map(split, range(n_regions))
    sizes = np.concatenate([part[1] for part in parts])
    return Cells(
        order=np.concatenate([part[0] for part in parts]),
        cell=np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
        starts=np.concatenate([[0], np.cumsum(sizes)]),
        centres=np.concatenate([part[2] for part in parts]),
        regions=np.concatenate([[0], np.cumsum([len(part[1]) for part in parts])]),
        region_centres=centres,
    )


def _split(
    rows: IntArray, points: Float32Array, rng: np.random.Generator
) -> tuple[IntArray, IntArray, Float32Array]:
    """Return the rows in the order of their cells, the cells' sizes, and their centres."""
    n = len(rows)
    if n == 0:
        return rows, np.empty(0, dtype=np.int64), points
    n_cells = max(1, round(n / _CELL_SIZE))
    some = points
    if n > _CELL_TRAINING * n_cells:
        some = points[np.sort(rng.choice(n, _CELL_TRAINING * n_cells, replace=False))]
    centres = _k_means(some, n_cells, _CELL_ROUNDS, int(rng.integers(2**31)))
    cell = faiss.knn(points, centres, 1)[1].ravel()
    order = np.argsort(cell, kind="stable")
    sizes = np.bincount(cell, minlength=n_cells)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    largest = _LARGEST_CELL * _CELL_SIZE
    if sizes.max() <= largest:
        filled = sizes > 0
        return rows[order], sizes[filled], centres[filled]
    new_sizes: list[int] = []
    new_centres: list[Float32Array] = []
    for number in np.flatnonzero(sizes):
        places = slice(starts[number], starts[number + 1])
        if sizes[number] <= largest:
            new_sizes.append(int(sizes[number]))
            new_centres.append(centres[number])
            continue
        # Slabs across the feature that varies most; of duplicates, any.
        own = points[order[places]]
        widest = int(np.argmax(own.var(axis=0)))
        by_value = np.argsort(own[:, widest], kind="stable")
        order[places] = order[places][by_value]
        for slab in np.array_split(own[by_value], -(-len(own) // _CELL_SIZE)):
            new_sizes.append(len(slab))
            new_centres.append(slab.mean(axis=0))
    return rows[order], np.array(new_sizes), np.ascontiguousarray(new_centres, dtype=np.float32)


def _k_means(points: Float32Array, n_centres: int, n_rounds: int, seed: int) -> Float32Array:
    points = np.ascontiguousarray(points)
    if n_centres == 1:
        return np.asarray(points.mean(axis=0, keepdims=True))
    training = faiss.Clustering(points.shape[1], n_centres)
    training.niter, training.seed = n_rounds, seed
    training.min_points_per_centroid, training.max_points_per_centroid = 1, 2**30
    training.train(points, faiss.IndexFlatL2(points.shape[1]))
    return np.asarray(faiss.vector_to_array(training.centroids)).reshape(n_centres, -1)


def ranked_cells(
    cells: Cells,
    near: Int32Array,
    query_cell: Int32Array,
    queries: Float32Array,
    n_visited: int,
) -> Int32Array:
    """Return the cells nearest to each query, nearest first; -1 where there are fewer."""
    candidates = near[query_cell]
    own = candidates[:, :1]  # with the point's duplicates: it is always looked into
    if n_visited == 1:
        return own
    others = nearest_among(
        queries, cells.centres, candidates[:, 1:], n_visited - 1, first=None, distinct=True
    )
    return np.hstack([own, others.places])
