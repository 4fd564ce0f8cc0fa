"""Graphs in which edges count by how many neighbours their ends share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from fewlabels._progress import Progress
from fewlabels._rows import row_blocks
from fewlabels._typing import State
from fewlabels._validation import check_integer, check_n_jobs, check_real, check_seed
from fewlabels.exceptions import InvalidTypeError
from fewlabels.features.points import Points
from fewlabels.graph._build import _directed
from fewlabels.graph._checked import features_to_join
from fewlabels.graph._graph import Graph
from fewlabels.graph._reranked import Distance, find_reranked, values_and_distance
from fewlabels.graph._symmetric import symmetric_csr
from fewlabels.graph._unread import without_edges
from fewlabels.graph._weights import _SMALLEST, edge_weights
from fewlabels.graph.search._neighbors import Neighbors, check_metric

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]

# Where few points are hubs: neighbours, and what an edge counts that one end lists alone.
_PLAIN = (10, 1 / 4)
# Where many are: on Fashion-MNIST, whose in-degrees have a skewness of 2.9, 0.02 more of the points
# got their class from one or five labels each than on the other; small sets with few hubs lost.
_HUBBY = (15, 3 / 400)
# What an edge counts that one end lists alone, where all neighbours count alike.
_OF_ALIKE = 1 / 2
# In-degrees are counted among so many neighbours, and are uneven from this skewness on.
_COUNTED, _UNEVEN = 10, 2.0
# Bytes of the table that says which points a block of rows lists: it has to stay in the cache.
_TABLE = 4_000_000
# Fewer look-ups than this are not worth a second thread.
_WORTH_SHARING = 4_000_000


def shared_neighbor_graph(
    X: object,
    n_neighbors: int | None = None,
    *,
    one_sided: float | None = None,
    metric: str | Callable[..., float] = "euclidean",
    exact: bool | None = None,
    min_recall: float = 0.98,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = None,
    progress: Progress = False,
    distance: Distance | None = None,
) -> Graph:
    """Connect every point to its nearest neighbours, with edges weighted by shared neighbours.

    With N_i the 2 k nearest neighbours of point i and i itself, and s_i its distance to the k-th,

        w_ij = m_ij exp(-4 d_ij^2 / (s_i s_j)) |N_i & N_j| / |N_i | N_j|

    for j among the k nearest of i or the other way round; m_ij is 1 where both hold, `one_sided`
    where one does. Two points that are near but have different neighbours, as at the border of two
    classes, are connected weakly.

    Points may specify that a number of nearest neighbours count equally (``Points.n_alike``), as
    texts in few dimensions do: then k is that number, `one_sided` 1/2, and w_ij = m_ij.

    Parameters
    ----------
    X : {array-like, sparse matrix, FeatureFile, Points} of shape (n_samples, n_features)
        As of :func:`fewlabels.knn_graph`.
    n_neighbors : int, default=None
        k, at least 1; with fewer than k + 1 points, all the others. None: 10, or 15 where many
        points are hubs, or as the points say.
    one_sided : float, default=None
        In [0, 1]: the factor of an edge if only one of its ends lists the other. None: 1/4, or
        3/400 if many points are hubs, or 1/2 if all count equally. At 0, points that are in
        nobody's list have no edges.
    metric : str or callable, default="euclidean"
    exact : bool, default=None
    min_recall : float, default=0.98
    n_jobs : int, default=None
    random_state : int, RandomState or None, default=None
    progress : bool or callable, default=False
    distance : object, default=None
        All as of :func:`fewlabels.knn_graph`.

    Returns
    -------
    Graph
        float32 weights in CSR. ``build_info`` holds ``n_neighbors``, ``one_sided``,
        ``hubness``, the skewness of the in-degrees, and ``alike``, whether all count alike.

    Raises
    ------
    InvalidInputError, InvalidTypeError
        If `X` contains NaN, infinity or masked entries, is a damaged sparse matrix, or a setting is
        out of range.
    NotEnoughMemoryError
        If the search would not fit in the free memory; nothing is allocated then.

    Warns
    -----
    ScaleWarning
        If a few columns dominate all distances, because the others have a smaller scale.

    Notes
    -----
    Hubs are points that are in very many lists. They are near all classes, and labels that travel
    through them end up everywhere. The skewness of the number of lists that a point is in, at 10
    neighbours, shows whether there are many: above 2 is many. Labels are not used for this.

    Cost: a search for 2 k neighbours (30 where k is chosen), then O(n k^2) time, in blocks of
    rows, and O(n k) memory.

    References
    ----------
    R. A. Jarvis, E. A. Patrick, "Clustering using a similarity measure based on shared near
    neighbors", IEEE Transactions on Computers 22 (1973). M. E. Houle, H.-P. Kriegel, P. Kroeger,
    E. Schubert, A. Zimek, "Can shared-neighbor distances defeat the curse of dimensionality?",
    SSDBM 2010. M. Radovanovic, A. Nanopoulos, M. Ivanovic, "Hubs in space", JMLR 11 (2010),
    section 2. L. Zelnik-Manor, P. Perona, "Self-tuning spectral clustering", NIPS 2004.

    Examples
    --------
    >>> from fewlabels.graph import shared_neighbor_graph
    >>> X = [[0.0], [1.0], [2.0], [3.0], [10.0], [11.0], [12.0], [13.0]]
    >>> graph = shared_neighbor_graph(X, n_neighbors=1)
    >>> graph
    Graph(n_nodes=8, n_edges=6, n_components=2, dtype=float32)
    >>> graph.affinity.toarray()[0, :3].astype(float).round(4).tolist()
    [0.0, 0.0183, 0.0]
    """
    if n_neighbors is not None:
        check_integer("n_neighbors", n_neighbors, minimum=1)
    if one_sided is not None:
        check_real("one_sided", one_sided, minimum=0, maximum=1)
    check_metric(metric)
    if exact is not None and not isinstance(exact, bool):
        raise InvalidTypeError(f"exact must be True, False or None, got {exact!r}.")
    check_real("min_recall", min_recall, above=0, maximum=1)
    check_seed(random_state)
    n_jobs = check_n_jobs(n_jobs)
    unread, n_alike = (X.unread, X.n_alike) if isinstance(X, Points) else ((), None)
    X, distance = values_and_distance(X, distance)
    features = features_to_join(X, metric)
    most = features.shape[0] - 1
    info: State = {
        "kind": "shared-neighbors",
        "metric": metric if isinstance(metric, str) else "callable",
        "alike": n_alike is not None,
    }
    if most == 0:  # a single point
        lonely = sparse.csr_array((1, 1), dtype=np.float32)
        info |= {"n_neighbors": 0, "one_sided": 1.0, "hubness": 0.0}
        info |= {"asymmetry": 0.0, "n_duplicates": 0, "recall": 1.0}
        return Graph._of_checked(lonely, local_scales=np.zeros(1), build_info=info)
    if n_alike is not None:
        searched = n_alike if n_neighbors is None else n_neighbors
    else:
        searched = 2 * (max(_PLAIN[0], _HUBBY[0]) if n_neighbors is None else n_neighbors)
    found, by_features = find_reranked(
        features,
        min(max(searched, _COUNTED), most),
        distance,
        metric=metric,
        exact=exact,
        min_recall=min_recall,
        n_jobs=n_jobs,
        random_state=random_state,
        progress=progress,
    )
    hubness = in_degree_skewness(found.indices[:, :_COUNTED])
    usual = _HUBBY if hubness > _UNEVEN else _PLAIN
    if n_alike is not None:
        usual = n_alike, _OF_ALIKE
    k = min(usual[0] if n_neighbors is None else n_neighbors, most)
    share = usual[1] if one_sided is None else float(one_sided)
    scales = found.distances[:, k - 1].copy()
    near = Neighbors(found.indices[:, :k].copy(), found.distances[:, :k].copy(), found.recall)
    if n_alike is not None:
        values = np.ones(near.distances.shape)
    else:
        values = edge_weights(near.distances, scales, scales[near.indices], "self-tuning")
        values *= shared_shares(found.indices[:, : 2 * k], k, n_jobs)
    n_duplicates = int(np.any(found.distances == 0, axis=1).sum())
    if distance is not None:  # new points are beside these by their features
        info["distance"], scales = type(distance).__name__, by_features[:, k - 1].copy()
    del found, by_features
    # A far outlier keeps its edges, as in edge_weights; room is left for `share`.
    directed = _directed(near, np.maximum(values, _SMALLEST / (share or 1)))
    either, asymmetry = symmetric_csr(directed.copy(), "union")
    both, _ = symmetric_csr(directed, "mutual")
    affinity, _ = symmetric_csr(
        sparse.csr_array(either * np.float32(share) + both * np.float32(1 - share)), "union"
    )
    info |= {"n_neighbors": k, "one_sided": share, "hubness": hubness}
    info |= {"asymmetry": asymmetry, "n_duplicates": n_duplicates, "recall": near.recall}
    graph = Graph._of_checked(affinity, local_scales=scales, build_info=info)
    return without_edges(graph, unread)


def in_degree_skewness(lists: IntArray) -> float:
    """Skewness of the number of lists that each point is in; 0 where all are in as many.

    Parameters
    ----------
    lists : ndarray of shape (n_points, k), dtype intp

    References
    ----------
    Radovanovic, Nanopoulos, Ivanovic, "Hubs in space", JMLR 11 (2010), equation 1.
    """
    counts = np.bincount(lists.ravel(), minlength=len(lists)).astype(np.float64)
    off = counts - counts.mean()
    deviation = float(np.sqrt(np.mean(off**2)))
    return float(np.mean(off**3)) / deviation**3 if deviation > 0 else 0.0


def shared_shares(lists: IntArray, k: int, n_jobs: int | None = None) -> FloatArray:
    """|N_i & N_j| / |N_i | N_j| for the first k entries j of each list.

    Parameters
    ----------
    lists : ndarray of shape (n_points, m), dtype intp
        Distinct others in each row, m >= k. N_i is row i, and i itself.
    k : int
    n_jobs : int, default=None
        Threads, of large inputs; None: all cores.

    Returns
    -------
    ndarray of shape (n_points, k), float64
        Positive: j is in both.
    """
    n, m = lists.shape
    members = np.empty((n, m + 1), dtype=np.int32 if n <= np.iinfo(np.int32).max else np.int64)
    members[:, 0], members[:, 1:] = np.arange(n), lists
    blocks = row_blocks(n, max(1, min(1_000, _TABLE // n)))
    count = partial(_counted, members, k)
    if n * k * m < _WORTH_SHARING:
        parts = [count(rows) for rows in blocks]
    else:
        from fewlabels.graph._parallel import Workers, thread_count  # loads FAISS

        with Workers(thread_count(n_jobs)) as workers:
            parts = workers.map(count, blocks)
    common = np.concatenate(parts).astype(np.float64)
    return np.asarray(common / (2 * (m + 1) - common))


def _counted(members: np.ndarray, k: int, rows: slice) -> npt.NDArray[np.int16]:
    """How many members each row has in common with its first k others."""
    own = members[rows]
    n, places = len(members), np.arange(len(own))[:, None]
    listed = np.zeros((len(own), n), dtype=bool)
    listed[places, own] = True
    of_others = members[own[:, 1 : k + 1]].astype(np.intp)
    of_others += (places * n)[:, :, None]
    return np.asarray(listed.ravel()[of_others].sum(axis=2, dtype=np.int16))
