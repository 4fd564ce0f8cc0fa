"""A map of the points: the graph laid out in two dimensions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import eigh

from fewlabels._progress import Progress, reporting
from fewlabels._threads import one_blas_thread
from fewlabels._validation import check_n_jobs, check_seed
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph._graph import Graph
from fewlabels.graph._parallel import thread_count
from fewlabels.graph.layouts._apart import (
    Nodes,
    beside,
    groups,
    isolated_places,
    new_places,
    spread_out,
    upright,
)
from fewlabels.graph.layouts._forces import Places
from fewlabels.graph.layouts._levels import Level, levels
from fewlabels.graph.layouts._rounds import Report, move

# The coarsest level has at most so many nodes; eigenvectors of it are computed. In its rounds
# neighbours pull hard at first, so that what belongs together gathers.
_COARSEST, _HARD, _GATHERING, _LOOSENING = 1500, 12.0, 100, 200
# Rounds of the levels between, and of the finest: fewer where each takes long.
_BETWEEN, _MOST_ROUNDS, _LEAST_ROUNDS, _POINT_ROUNDS = 100, 300, 60, 20_000_000
# How far a point is put from where the node stood that stood for it: a fraction of the distance
# of neighbours.
_STIRRED = 0.1
# Differences and squares of places up to this are finite in float32.
_FARTHEST = 1e15
# Nodes from which their order in memory matters.
_WORTH_ORDERING = 100_000
# Rounds that go on from a layout.
_AGAIN = 50


def layout(
    graph: Graph,
    *,
    start: npt.ArrayLike | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
    progress: Progress = False,
) -> Places:
    r"""Lay out a graph in two dimensions: neighbours near one another, clusters apart.

    With places :math:`y_i`, :math:`q_{ij} = 1 / (1 + |y_i - y_j|^2)` and
    :math:`a_{ij} = (w_{ij} / d_i + w_{ij} / d_j) / 2`, each point takes, in rounds, a step along

    .. math::

        \sum_j a_{ij} q_{ij} (y_j - y_i)
        + \frac{n}{\rho Z} \sum_j q_{ij}^2 (y_i - y_j),
        \qquad Z = \sum_{ij} q_{ij}:

    neighbours pull, and all others push. That is the gradient of t-SNE, with the graph's weights
    in place of its own, and an exaggeration rho of 1.5, or up to 3 in large graphs: between t-SNE,
    which uses the space best, and UMAP, which sets clusters apart most.

    Parameters
    ----------
    graph : Graph
    start : array-like of shape (n_nodes, 2), default=None
        Start from these places, such as those of the graph before points were added: the
        orientation is kept, and old points move little. A row of NaN is a point without a place,
        which starts among its neighbours. None: start from scratch.
    random_state : int, RandomState or None, default=None
        None means 0: the same graph has the same layout each time, to the last bit, with any number
        of threads.
    n_jobs : int, default=None
        Number of threads; None is all cores that may be used, -1 all of them.
    progress : bool or callable, default=False
        True shows a bar; a function is called with the share that is done, from 0 to 1.

    Returns
    -------
    places : ndarray of shape (n_nodes, 2), float32
        x and y, in a unit that is about the distance of neighbours. Anew, the longest direction is
        the first. Components with less than 2 % of the largest one's points, and points
        without neighbours, lie apart, below on the right.

    Raises
    ------
    InvalidTypeError
        If `graph` is no :class:`Graph`.
    InvalidInputError
        If `start` has another shape, or infinite entries, or half a place.

    Notes
    -----
    Points are joined with neighbours until 1,500 or fewer are left. These begin at the second and
    third eigenvector of the random walk on them; each level then begins where the coarser one
    ended (Hu 2005). That a layout begins with the large structure decides what it shows of it
    (Kobak, Linderman 2021). All rounds move all points at once. The pull is a sum over edges, the
    push a convolution on a grid (Linderman et al. 2019), so that a round costs O(edges + n); there
    are 300 of the whole, or fewer beyond 66,000 points. No points are sampled, so that
    nothing shivers. Nodes without edges between them are held together by a slight pull
    to the middle.

    Distances between clusters, their sizes and their densities mean little; what matters is which
    points are neighbours.

    References
    ----------
    Tang, Liu, Zhang, Mei (2016). Visualizing large-scale and high-dimensional data. WWW: layouts
    of a graph of nearest neighbours.
    Böhm, Berens, Kobak (2022). Attraction-repulsion spectrum in neighbor embeddings. JMLR 23:
    t-SNE, UMAP (McInnes, Healy, Melville 2018) and others are one method with different rho.
    Linderman, Rachh, Hoskins, Steinerberger, Kluger (2019). Fast interpolation-based t-SNE for
    improved visualization of single-cell RNA-seq data. Nature Methods 16.
    Kobak, Linderman (2021). Initialization is critical for preserving global data structure in
    both t-SNE and UMAP. Nature Biotechnology 39.
    Hu (2005). Efficient, high-quality force-directed graph drawing. Mathematica Journal 10.

    Examples
    --------
    .. plot::
        :alt: Three kinds of iris on the map of their graph, each in a colour of its own.

        >>> import matplotlib.pyplot as plt
        >>> from sklearn.datasets import load_iris
        >>> from fewlabels.graph import knn_graph, layout
        >>> iris = load_iris()
        >>> places = layout(knn_graph(iris.data))
        >>> places.shape
        (150, 2)
        >>> points = plt.scatter(*places.T, c=iris.target)
    """
    if not isinstance(graph, Graph):
        raise InvalidTypeError(
            f"graph must be a Graph, got {type(graph).__name__}; build one with knn_graph(X)."
        )
    check_seed(random_state)
    n_threads = thread_count(check_n_jobs(n_jobs))
    rng = _generator(random_state)
    n = graph.n_nodes
    if n == 0:
        return np.zeros((0, 2), dtype=np.float32)
    weights = _normalised(graph)
    if start is not None:
        begun = new_places(weights, _checked_start(start, n))
        with reporting(progress, _AGAIN * n, doing="layout", unit="points") as report:
            return move(
                Level(weights, np.ones(n, dtype=np.float32), None),
                _stirred(begun, rng),
                np.full(_AGAIN, _attraction(n)),
                n_threads=n_threads,
                report=report,
                centred=False,
            )
    together, alone = groups(graph.component_labels)
    if n >= _WORTH_ORDERING:
        together = [_near_in_memory(graph, nodes) for nodes in together]
    plans = [_Plan(weights[nodes][:, nodes], rng) for nodes in together]
    with reporting(
        progress, sum(plan.work for plan in plans) or 1, doing="layout", unit="points"
    ) as report:
        blocks = [upright(plan.carry_out(n_threads, report)) for plan in plans]
    if len(alone):
        blocks.append(isolated_places(len(alone)))
        together = [*together, alone]
    places = np.empty((n, 2), dtype=np.float32)
    for nodes, block in zip(together, beside(blocks), strict=True):
        places[nodes] = block
    return places


def _near_in_memory(graph: Graph, nodes: Nodes) -> Nodes:
    """Return the nodes with neighbours near each other, where vectors of all leave the cache."""
    chosen = np.zeros(graph.n_nodes, dtype=bool)
    chosen[nodes] = True
    order = graph.locality_order
    return order[chosen[order]].astype(np.intp)


class _Plan:
    """The levels of a graph, and how many rounds each gets."""

    def __init__(self, weights: sparse.csr_array, rng: np.random.Generator) -> None:
        self._rng = rng
        self._levels = levels(weights, _COARSEST, rng)
        sizes = [len(level.masses) for level in self._levels]
        self._attraction = _attraction(sizes[0])
        finest = int(np.clip(_POINT_ROUNDS // sizes[0], _LEAST_ROUNDS, _MOST_ROUNDS))
        hard = np.full(_GATHERING, _HARD)
        loosening = np.geomspace(_HARD, self._attraction, _LOOSENING)
        self._rounds = [np.full(finest, self._attraction)]
        self._rounds += [np.full(_BETWEEN, self._attraction) for _ in sizes[1:]]
        self._rounds[-1] = np.concatenate([hard, loosening, self._rounds[-1]])
        self.work = sum(
            size * len(rounds) for size, rounds in zip(sizes, self._rounds, strict=True)
        )

    def carry_out(self, n_threads: int, report: Report) -> Places:
        coarsest = self._levels[-1]
        places = _first_places(coarsest)
        for level, rounds in zip(self._levels[::-1], self._rounds[::-1], strict=True):
            if level.parents is not None:
                places = places[level.parents]
            places = move(
                level, _stirred(places, self._rng), rounds, n_threads=n_threads, report=report
            )
        return _stirred(places, self._rng)


def _stirred(places: Places, rng: np.random.Generator) -> Places:
    """Part what lies on one place: duplicates, and nodes that stood for one another."""
    stirred = places + rng.normal(scale=_STIRRED, size=places.shape)
    return np.ascontiguousarray(stirred, dtype=np.float32)


def _attraction(n: int) -> float:
    """Return rho: 1.5 up to 10,000 points, 3 from a million on."""
    return float(np.clip(1.5 * 2 ** (np.log10(n) / 2 - 2), 1.5, 3))


def _normalised(graph: Graph) -> sparse.csr_array:
    """Return a_ij = (w_ij / d_i + w_ij / d_j) / 2 as a CSR matrix of float32."""
    weights = sparse.csr_array(graph.affinity)
    shares = 1 / np.where(graph.degrees > 0, graph.degrees, 1.0)
    of_row = np.repeat(shares, np.diff(weights.indptr))
    data = (weights.data * (of_row + shares[weights.indices]) / 2).astype(np.float32)
    indices, indptr = (a.astype(np.int32, copy=False) for a in (weights.indices, weights.indptr))
    return sparse.csr_array((data, indices, indptr), shape=weights.shape)


def _first_places(level: Level) -> Places:
    n = len(level.masses)
    if n > _COARSEST:  # of many components
        return spread_out(level.masses)
    dense = level.weights.toarray().astype(np.float64)
    root = np.sqrt(np.maximum(dense.sum(axis=1), 1e-12))
    walk = dense / root[:, None] / root
    with one_blas_thread():
        vectors = eigh(walk, subset_by_index=[max(n - 3, 0), n - 1])[1][:, ::-1] / root[:, None]
    places = np.zeros((n, 2))
    places[:, : vectors.shape[1] - 1] = vectors[:, 1:]
    largest = np.abs(places).max(axis=0)
    return (5 * places / np.where(largest > 0, largest, 1)).astype(np.float32)


def _generator(random_state: int | np.random.RandomState | None) -> np.random.Generator:
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31))
    return np.random.default_rng(0 if random_state is None else int(random_state))


def _checked_start(start: npt.ArrayLike, n: int) -> Places:
    try:
        with np.errstate(over="ignore"):  # infinite then, and refused
            places = np.array(start, dtype=np.float32, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidTypeError(f"start must hold numbers: {error}", parameter="start") from None
    if places.shape != (n, 2):
        raise InvalidInputError(
            f"start has shape {places.shape}; the graph has {n:,} nodes, so that it must be "
            f"({n}, 2).",
            parameter="start",
        )
    unknown = np.isnan(places)
    if (np.abs(places) > _FARTHEST).any() or (unknown[:, 0] != unknown[:, 1]).any():
        raise InvalidInputError(
            f"start must hold places of at most {_FARTHEST:g}, and NaN twice for a point without "
            "one.",
            parameter="start",
        )
    if unknown.all():
        raise InvalidInputError("start holds no place; leave it out.", parameter="start")
    return places
