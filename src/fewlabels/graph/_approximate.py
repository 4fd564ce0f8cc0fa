"""An approximate search for nearest neighbours that measures how good it is.

The points are sorted into the cells of a k-means partition, in a projection to the leading
principal components where they have many features. A point's neighbours are looked for in the
cells nearest to it (an inverted file; Jegou, Douze, Schmid, "Product quantization for nearest
neighbor search", IEEE PAMI 33 (2011), section IV), and the candidates are ranked by their distances
in all features.

How many cells to visit and how many candidates to rank is found out on a sample of the points,
whose true neighbours are computed. Nothing depends on the number of threads: what is trained is
trained in one, and every point is searched for by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt
from scipy import linalg
from threadpoolctl import threadpool_limits

from fewlabels.graph._progress import Progress, reporting

IntArray = npt.NDArray[np.int64]
Float32Array = npt.NDArray[np.float32]

# Beyond this many features, candidates are found in a projection. Its directions are those of
# a sample of this many points.
_PROJECTED, _PROJECTED_FROM = 128, 10_000
# The k-means of c cells is trained on 20 c points, in 5 rounds: good cells, not the best.
_TRAINING_POINTS, _TRAINING_ROUNDS = 20, 5
# Operations to spend on the sample's true neighbours, and the sizes that the sample may have.
_SAMPLE_COST, _SMALLEST_SAMPLE, _LARGEST_SAMPLE = 2e10, 200, 1_000
# The recall on the sample has to be this much better than asked for: it is an estimate.
_MARGIN = 0.003
_ROWS_AT_ONCE = 8_192


@dataclass(frozen=True)
class Found:
    """Neighbours from an approximate search.

    Attributes
    ----------
    indices : ndarray of shape (n_samples, k), dtype int64
        In no order; a point itself is never among them.
    squared : ndarray of shape (n_samples, k), float32
        Squared distances, summed from the differences of all features.
    recall : float
        Share of the sample's true neighbours that were found.
    """

    indices: IntArray
    squared: Float32Array
    recall: float


@dataclass(frozen=True)
class _Setting:
    n_cells_visited: int
    n_candidates: int


def search(
    points: Float32Array,
    queries: Float32Array,
    k: int,
    *,
    min_recall: float,
    seed: int,
    progress: Progress,
) -> Found | None:
    """Find the `k` nearest points of each query; None if `min_recall` takes an exact search.

    Parameters
    ----------
    points, queries : ndarray of shape (n_samples, n_features), float32, C-contiguous
        Query i is point i, perhaps with other features; it is not its own neighbour. Near
        the origin.
    k : int
    min_recall : float in (0, 1]
    seed : int
    progress : bool
    """
    rng = np.random.default_rng(seed)
    n, d = points.shape
    size = int(np.clip(_SAMPLE_COST / (n * d), _SMALLEST_SAMPLE, _LARGEST_SAMPLE))
    sample = np.sort(rng.choice(n, min(size, n), replace=False))
    reach = _true_reach(points, queries, sample, k)
    n_components = min(_PROJECTED, d)
    while True:
        cells = _Cells(points, queries, n_components, rng)
        setting = cells.cheapest_setting(sample, reach, k, min_recall)
        if setting is not None:
            break
        if n_components == d:
            return None
        n_components = min(2 * n_components, d)
    indices = np.empty((n, k), dtype=np.int64)
    squared = np.empty((n, k), dtype=np.float32)
    with reporting(progress, n) as report:
        for start in range(0, n, _ROWS_AT_ONCE):
            rows = np.arange(start, min(start + _ROWS_AT_ONCE, n))
            indices[rows], squared[rows] = cells.nearest(rows, k, setting)
            report(len(rows))
    return Found(indices, squared, _recall(squared[sample], reach))


class _Cells:
    """The points in the cells of a k-means partition of a projection."""

    def __init__(
        self,
        points: Float32Array,
        queries: Float32Array,
        n_components: int,
        rng: np.random.Generator,
    ) -> None:
        self._points, self._queries = points, queries
        self._projected = n_components < points.shape[1]
        self._places, self._query_places = points, queries
        if self._projected:
            axes = _principal_axes(points, n_components, rng)
            self._places = _product(points, axes)
            self._query_places = self._places if queries is points else _product(queries, axes)
        n = len(points)
        self._n_cells = max(1, round(2 * np.sqrt(n)))
        quantizer = faiss.IndexFlatL2(n_components)
        self._index = faiss.IndexIVFFlat(quantizer, n_components, self._n_cells)
        self._index.cp.niter = _TRAINING_ROUNDS
        self._index.cp.seed = int(rng.integers(2**31))
        self._index.cp.min_points_per_centroid = 1
        trained_on = rng.choice(n, min(n, _TRAINING_POINTS * self._n_cells), replace=False)
        with threadpool_limits(1):
            self._index.train(self._places[np.sort(trained_on)])
        self._index.add(self._places)

    def cheapest_setting(
        self, sample: IntArray, reach: Float32Array, k: int, min_recall: float
    ) -> _Setting | None:
        """Return the first setting that finds enough of the sample's neighbours."""
        wanted = min(1.0, min_recall + _MARGIN)
        n_visited = 8
        while n_visited <= max(8, self._n_cells // 4):
            for factor in (2, 4, 8) if self._projected else (1,):
                setting = _Setting(min(n_visited, self._n_cells), factor * k)
                if _recall(self.nearest(sample, k, setting)[1], reach) >= wanted:
                    return setting
            n_visited *= 2
        return None

    def nearest(self, rows: IntArray, k: int, setting: _Setting) -> tuple[IntArray, Float32Array]:
        """Return the `k` nearest candidates of the queries `rows`, and their distances."""
        self._index.nprobe = setting.n_cells_visited
        squared, found = self._index.search(self._query_places[rows], setting.n_candidates + 1)
        if self._projected:
            squared = _squared_distances(self._queries[rows], self._points, found)
        squared[(found == rows[:, None]) | (found < 0)] = np.inf
        best = np.argpartition(squared, k - 1, axis=1)[:, :k]
        found = np.take_along_axis(found, best, axis=1)
        squared = np.take_along_axis(squared, best, axis=1)
        short = np.flatnonzero(np.isinf(squared).any(axis=1))
        if len(short):  # the cells visited hold too few points
            found[short], squared[short] = _true_nearest(
                self._points, self._queries, rows[short], k
            )
        return found, squared


def _true_reach(
    points: Float32Array, queries: Float32Array, sample: IntArray, k: int
) -> Float32Array:
    """Return the squared distance to the k-th neighbour of each query of the sample."""
    return np.asarray(_true_nearest(points, queries, sample, k)[1].max(axis=1))


def _true_nearest(
    points: Float32Array, queries: Float32Array, rows: IntArray, k: int
) -> tuple[IntArray, Float32Array]:
    _, found = faiss.knn(queries[rows], points, k + 1)
    squared = _squared_distances(queries[rows], points, found)
    squared[found == rows[:, None]] = np.inf
    best = np.argpartition(squared, k - 1, axis=1)[:, :k]
    return np.take_along_axis(found, best, axis=1), np.take_along_axis(squared, best, axis=1)


def _recall(squared: Float32Array, reach: Float32Array) -> float:
    """Share of neighbours found that are no farther than the true ones; ties count."""
    return float(np.mean(squared <= reach[:, None]))


def _squared_distances(
    queries: Float32Array, points: Float32Array, found: IntArray
) -> Float32Array:
    """Squared distance of each query to the points found for it, from the differences."""
    queries = np.ascontiguousarray(queries)
    found = np.ascontiguousarray(found)
    squared = np.empty(found.shape, dtype=np.float32)
    faiss.fvec_L2sqr_by_idx(
        faiss.swig_ptr(squared),
        faiss.swig_ptr(queries),
        faiss.swig_ptr(points),
        faiss.swig_ptr(found),
        points.shape[1],
        *found.shape,
    )
    return squared


def _principal_axes(
    points: Float32Array, n_components: int, rng: np.random.Generator
) -> Float32Array:
    n, d = points.shape
    some = points[np.sort(rng.choice(n, min(n, _PROJECTED_FROM), replace=False))]
    with threadpool_limits(1):
        centred = some - some.mean(axis=0)
        covariance = (centred.T @ centred).astype(np.float64)
        axes = linalg.eigh(covariance, subset_by_index=[d - n_components, d - 1])[1]
    return np.ascontiguousarray(axes, dtype=np.float32)


def _product(points: Float32Array, axes: Float32Array) -> Float32Array:
    """Return `points @ axes`, block by block of fixed size whatever the number of threads."""
    product = np.empty((len(points), axes.shape[1]), dtype=np.float32)
    for start in range(0, len(points), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        np.matmul(points[rows], axes, out=product[rows])
    return product
