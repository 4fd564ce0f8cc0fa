"""Ask about typical points of what has no label yet: the start from nothing."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from fewlabels._typing import Estimator
from fewlabels._validation import check_integer, check_real
from fewlabels.graph import Graph
from fewlabels.queries._checks import FloatArray, IntArray
from fewlabels.queries._labelled_graph import LabelledGraph, in_memory
from fewlabels.queries._rule import QueryRule
from fewlabels.systems import GaussianField

# Columns of the projection in which points are clustered.
_N_COLUMNS = 64
# Above so many points, k-means looks at a few of them at a time.
_MOST_AT_ONCE = 10_000
_BATCH = 4_096


class Typicality(QueryRule):
    """TypiClust: the most typical point of each cluster without a label, the largest first.

    The points are parted into as many clusters as there will be labels. Clusters with the fewest
    labels come first, of these the largest, and in each the candidate of the largest typicality,
    one a cluster and round. No label is needed, and no label's value is looked at.

    Clusters are those of k-means on the rows of a random projection of the Gaussian field's
    samples, scaled to length 1, so that the inner product of two points is about the correlation
    of their scores. Typicality is the inverse of the distance to the k-th neighbour where the
    graph knows it (`local_scales`), else the degree.

    Parameters
    ----------
    max_clusters : int, default=500
        At least 1. Labels beyond share clusters.
    min_cluster_size : int, default=5
        Smaller clusters come last; at least 1.
    alpha : float in (0, 1), default=0.99
        Of the field: how far two points may be from each other to correlate.

    Attributes
    ----------
    scores_ : ndarray of shape (n_nodes,), float64
        Typicality; NaN where a node was no candidate.

    Notes
    -----
    Cost: a projection of 64 columns, some 25 products with the weights each, and k-means.

    References
    ----------
    G. Hacohen, A. Dekel and D. Weinshall, "Active learning on a budget: opposite strategies suit
    high and low budgets", ICML 2022, https://doi.org/10.48550/arXiv.2202.02794. There, clusters are
    those of learned features, and typicality is the inverse mean distance to 20 neighbours.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import knn_graph
    >>> from fewlabels.queries import Typicality
    >>> X = np.concatenate([np.linspace(0, 1, 20), np.linspace(9, 10, 20)])[:, None]
    >>> chosen = Typicality().query(knn_graph(X, n_neighbors=4), batch_size=2, random_state=0)
    >>> sorted(X[chosen, 0] > 5)
    [np.False_, np.True_]
    """

    def __init__(
        self, *, max_clusters: int = 500, min_cluster_size: int = 5, alpha: float = 0.99
    ) -> None:
        self.max_clusters = max_clusters
        self.min_cluster_size = min_cluster_size
        self.alpha = alpha

    def _check_parameters(self) -> None:
        check_integer("max_clusters", self.max_clusters, minimum=1)
        check_integer("min_cluster_size", self.min_cluster_size, minimum=1)
        check_real("alpha", self.alpha, above=0, below=1)

    def _choose(
        self,
        model: object,
        known: LabelledGraph,
        count: int,
        candidates: IntArray,
        rng: np.random.RandomState,
    ) -> tuple[IntArray, FloatArray]:
        graph = in_memory(known.graph_, "Typicality")
        n_clusters = min(int(known.labelled_.sum()) + count, self.max_clusters, graph.n_nodes)
        clusters = self._clusters(graph, n_clusters, rng)
        typicality = _typicality(graph)
        sizes = np.bincount(clusters, minlength=n_clusters)
        labels = np.bincount(clusters[known.labelled_], minlength=n_clusters)
        by_typicality = candidates[np.argsort(-typicality[candidates], kind="stable")]
        left = [by_typicality[clusters[by_typicality] == c].tolist() for c in range(n_clusters)]
        chosen: list[int] = []
        while len(chosen) < count:
            small = sizes < self.min_cluster_size
            for cluster in np.lexsort((-sizes, labels, small)):
                if left[cluster] and len(chosen) < count:
                    chosen.append(left[cluster].pop(0))
                    labels[cluster] += 1
        return np.array(chosen, dtype=np.intp), typicality[candidates]

    def _clusters(self, graph: Graph, n_clusters: int, rng: np.random.RandomState) -> IntArray:
        signs = rng.choice(np.array([-1, 1], dtype=np.float32), size=(graph.n_nodes, _N_COLUMNS))
        rows = GaussianField(graph, self.alpha).samples(signs, np.empty(0, dtype=np.intp))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        if len(rows) <= _MOST_AT_ONCE:
            kmeans: Estimator = KMeans(n_clusters, n_init=1, random_state=rng)
        else:
            kmeans = MiniBatchKMeans(n_clusters, n_init=1, batch_size=_BATCH, random_state=rng)
        return np.asarray(kmeans.fit_predict(rows), dtype=np.intp)


def _typicality(graph: Graph) -> FloatArray:
    if graph.local_scales is None:
        return np.asarray(graph.degrees)
    scales = graph.local_scales.astype(np.float64)
    smallest = scales[scales > 0].min(initial=np.inf)
    return np.asarray(
        1 / np.maximum(scales, smallest)
    )  # duplicates are no more typical than the most so
