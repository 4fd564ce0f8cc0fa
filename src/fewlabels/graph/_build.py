"""Build graphs from features."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn import config_context
from sklearn.metrics.pairwise import euclidean_distances

from fewlabels._memory import require_memory
from fewlabels._progress import Progress
from fewlabels._rows import row_blocks
from fewlabels._typing import Matrix
from fewlabels._validation import (
    check_choice,
    check_integer,
    check_n_jobs,
    check_real,
    check_seed,
)
from fewlabels.exceptions import InvalidTypeError
from fewlabels.features.points import Points
from fewlabels.graph._affinities import float_dtype
from fewlabels.graph._checked import features_to_join, read_whole
from fewlabels.graph._graph import Graph
from fewlabels.graph._reranked import Distance, find_reranked, values_and_distance
from fewlabels.graph._symmetric import SYMMETRIZATIONS, Symmetrize, symmetric_csr
from fewlabels.graph._unread import without_edges
from fewlabels.graph._weights import WEIGHTS, Weights, edge_weights
from fewlabels.graph.search._exact import centred
from fewlabels.graph.search._neighbors import Neighbors, check_metric

# Rows of a dense affinity that are computed at once.
_ROWS_AT_ONCE = 64


def knn_graph(
    X: object,
    n_neighbors: int = 10,
    *,
    metric: str | Callable[..., float] = "euclidean",
    weights: Weights = "self-tuning",
    symmetrize: Symmetrize = "mean",
    exact: bool | None = None,
    min_recall: float = 0.98,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    progress: Progress = False,
    distance: Distance | None = None,
) -> Graph:
    """Connect every point to its nearest neighbours.

    Parameters
    ----------
    X : {array-like, sparse matrix, FeatureFile, Points} of shape (n_samples, n_features)
        Features, finite. A memory map (``np.load(path, mmap_mode="r")``) or what
        :func:`fewlabels.io.open_features` returns is searched in its file if it is larger than 128
        MB: only a projection of it is held in memory.
    n_neighbors : int, default=10
        k, the number of *other* points that each point is connected to, at least 1; with fewer than
        k + 1 points, all the others.
    metric : str or callable, default="euclidean"
        ``"euclidean"``, ``"cosine"``, ``"inner_product"``, or any metric of
        :class:`sklearn.neighbors.NearestNeighbors`.
    weights : {"self-tuning", "gaussian", "binary", "distance"} or callable, default="self-tuning"
        With d_ij the distance and s_i that of point i to its k-th neighbour:
        exp(-4 d_ij^2 / (s_i s_j)); exp(-4 d_ij^2 / s^2), s the median scale; 1; 1 / d_ij; or a
        function from the array of distances to an array of weights of the same shape.
    symmetrize : {"mean", "union", "mutual"}, default="mean"
        The edge between two points of which only one has the other among its k nearest: half the
        weight, the whole weight, or no edge.
    exact : bool, default=None
        None searches exactly where that is fast: with few points, up to 15 features, or a metric
        other than the first three. True: always exact. False: approximate even for few points.
    min_recall : float, default=0.98
        In (0, 1]: the share of the true neighbours that an approximate search has to find. The
        share found, as measured on a sample, is in the graph's `recall_`.
    n_jobs : int, default=None
        Processes or threads, as in scikit-learn; in an approximate search, None means all cores.
        Does not affect the result.
    random_state : int, RandomState or None, default=None
        Seed of an approximate search; None means 0, so that the same input gives the same graph.
        Does not affect an exact one.
    progress : bool or callable, default=False
        True shows a progress bar on standard error; a function is called with the share done, from
        0 to 1.
    distance : object, default=None
        An object that compares candidates more finely than the features, such as
        :class:`fewlabels.features.ImageDistortion`, fitted on the same points:
        ``between(rows, candidates)`` returns distances. It reorders the 60 nearest by the features,
        and determines neighbours and weights. None: that of `X` if this is Points.

    Returns
    -------
    Graph
        float32 weights in CSR. Exponential weights do not fall below about 5e-38, so that no
        edge of a far outlier is lost to rounding.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `X` contains NaN, infinity or masked entries, is a damaged sparse matrix, or a setting is
        out of range.
    NotEnoughMemoryError
        If the search would not fit in the free memory; nothing is allocated then.
    DataFileError
        If `X` is a file that can't be read, or is cut short while it is read.

    Warns
    -----
    ScaleWarning
        If a few columns dominate all distances, because the others have a smaller scale.

    Notes
    -----
    Cost: the search, O(n^2 n_features) at worst if exact and about O(n n_features) if
    approximate; then O(n k) time and memory.

    References
    ----------
    L. Zelnik-Manor, P. Perona, "Self-tuning spectral clustering", NIPS 2004. J. Calder,
    B. Cook, M. Thorpe, D. Slepcev, "Poisson learning", ICML 2020.

    Examples
    --------
    >>> from fewlabels.graph import knn_graph
    >>> knn_graph([[0.0], [1.0], [2.0], [10.0], [11.0]], n_neighbors=1)
    Graph(n_nodes=5, n_edges=3, n_components=2, dtype=float32)
    """
    k = check_integer("n_neighbors", n_neighbors, minimum=1)
    check_metric(metric)
    if not callable(weights):
        check_choice("weights", weights, WEIGHTS, other=", or a callable")
    check_choice("symmetrize", symmetrize, SYMMETRIZATIONS)
    if exact is not None and not isinstance(exact, bool):
        raise InvalidTypeError(f"exact must be True, False or None, got {exact!r}.")
    check_real("min_recall", min_recall, above=0, maximum=1)
    check_seed(random_state)
    n_jobs = check_n_jobs(n_jobs)
    unread = X.unread if isinstance(X, Points) else ()
    X, distance = values_and_distance(X, distance)
    features = features_to_join(X, metric)
    n_samples = features.shape[0]
    k = min(k, n_samples - 1)
    info = {
        "kind": "knn",
        "n_neighbors": k,
        "metric": metric if isinstance(metric, str) else "callable",
        "weights": weights if isinstance(weights, str) else "callable",
        "symmetrize": symmetrize,
    }
    if k == 0:  # a single point
        lonely = sparse.csr_array((n_samples, n_samples), dtype=np.float32)
        info |= {"asymmetry": 0.0, "n_duplicates": 0, "recall": 1.0}
        return Graph._of_checked(lonely, local_scales=np.zeros(n_samples), build_info=info)
    found, by_features = find_reranked(
        features,
        k,
        distance,
        metric=metric,
        exact=exact,
        min_recall=min_recall,
        n_jobs=n_jobs,
        random_state=random_state,
        progress=progress,
    )
    scales = found.distances[:, -1].copy()
    values = edge_weights(found.distances, scales, scales[found.indices], weights)
    directed = _directed(found, values)
    n_duplicates = int(np.any(found.distances == 0, axis=1).sum())
    recall = found.recall
    if distance is not None:  # new points are beside these by their features
        info["distance"], scales = type(distance).__name__, by_features[:, k - 1].copy()
    del found, by_features, values  # large, and symmetrizing takes the most memory of all
    affinity, asymmetry = symmetric_csr(directed, symmetrize)
    info |= {"asymmetry": asymmetry, "n_duplicates": n_duplicates, "recall": recall}
    graph = Graph._of_checked(affinity, local_scales=scales, build_info=info)
    return without_edges(graph, unread)


def rbf_graph(X: object, gamma: float = 20.0, *, dtype: npt.DTypeLike | None = None) -> Graph:
    """Connect every point to every other by the radial basis function kernel.

    w_ij = exp(-gamma |x_i - x_j|^2) for i != j, and w_ii = 0.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Features, finite.
    gamma : float, default=20.0
        At least 0, in units of 1 / feature^2.
    dtype : {float32, float64}, default=None
        Dtype of the weights; None is that of `X`, float64 for integers.

    Returns
    -------
    Graph
        With a dense affinity.

    Raises
    ------
    NotEnoughMemoryError
        If the dense matrix would not fit in the free memory; nothing is allocated then.

    Warns
    -----
    ScaleWarning
        If a few columns dominate all distances, because the others have a smaller scale.

    Notes
    -----
    Cost O(n^2 n_features), memory O(n^2). For more than some thousand points use
    :func:`knn_graph`.

    Examples
    --------
    >>> from fewlabels.graph import rbf_graph
    >>> rbf_graph([[0.0], [1.0], [2.0]], gamma=1.0).affinity.round(3)
    array([[0.   , 0.368, 0.018],
           [0.368, 0.   , 0.368],
           [0.018, 0.368, 0.   ]])
    """
    gamma = check_real("gamma", gamma, minimum=0)
    features = read_whole(features_to_join(X, "euclidean" if gamma > 0 else None))
    chosen = float_dtype(features.dtype if dtype is None else dtype)
    n_samples = features.shape[0]
    computed = np.result_type(features.dtype, chosen)
    require_memory(
        n_samples**2 * (computed.itemsize + chosen.itemsize),
        f"a dense affinity of {n_samples:,} points",
        "Use knn_graph (kernel='knn' or 'self-tuning' in the estimators), whose memory grows "
        "with n and not with its square.",
    )
    # So far apart that the weight is 0, or so near that it is 1.
    with np.errstate(over="ignore", under="ignore"):
        affinity = _rbf(features.astype(computed, copy=False), gamma, chosen)
    return Graph._of_checked(affinity, build_info={"kind": "rbf", "gamma": gamma, "asymmetry": 0.0})


def _rbf(features: Matrix, gamma: float, chosen: np.dtype) -> npt.NDArray[np.floating]:
    """Return the weights of all pairs, computed in the precision of the features."""
    with config_context(assume_finite=True, skip_parameter_validation=True):  # looked at before
        affinity: np.ndarray = euclidean_distances(centred(features), squared=True)
    affinity *= -min(gamma, float(np.finfo(affinity.dtype).max))
    if gamma == 0:
        affinity[:] = 0  # also of infinite distances
    # Weights below the smallest normal number have lost their digits, and are slow to compute.
    smallest = np.log(np.finfo(chosen).tiny)
    for rows in row_blocks(len(affinity), _ROWS_AT_ONCE):
        lower = affinity[rows, : rows.stop]
        np.putmask(lower, lower < smallest, -np.inf)
        np.exp(lower, out=lower)
        # A blocked product may leave the two triangles different in the last bit.
        corner = np.tril(lower[:, rows], -1)
        lower[:, rows] = corner + corner.T
        affinity[: rows.start, rows] = lower[:, : rows.start].T
    return affinity.astype(chosen, copy=False)


def _directed(found: Neighbors, values: npt.NDArray[np.float64]) -> sparse.csr_array:
    """Row i holds the weights of the edges from point i to its neighbours."""
    n_samples, k = found.indices.shape
    shape = (n_samples, n_samples)
    weights = np.minimum(values, np.finfo(np.float32).max).astype(np.float32)
    small = n_samples * k <= np.iinfo(np.int32).max
    starts = np.arange(0, n_samples * k + 1, k, dtype=np.int32 if small else np.int64)
    indices = found.indices.ravel().astype(starts.dtype)
    directed = sparse.csr_array((weights.ravel(), indices, starts), shape=shape)
    duplicate = found.distances == 0
    if not duplicate.any():
        return directed
    # Of more duplicates than k, a point lists some only. All are equally near, so that each of
    # these edges holds both ways, whatever joins the two directions.
    rows = np.nonzero(duplicate)[0]
    reverse = (weights[duplicate], (found.indices[duplicate], rows))
    return sparse.csr_array(directed.maximum(sparse.csr_array(reverse, shape=shape)))
