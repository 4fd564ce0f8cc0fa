"""Neighbour searches: ours, with the graph that comes of it, and the peers'.

Inputs: X of shape (n_points, n_features), float32, and ``sample``, the numbers of some points.
Settings: k. Each returns the neighbours that it found of the sample's points.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import curved_classes
from benchmarks.packages import load
from benchmarks.works.work import Clock, Work

# Both reach a recall of about 0.99 on Fashion-MNIST.
HNSW_LINKS = 16
FAISS_CONSTRUCTION, FAISS_SEARCH = 40, 32
# Where there are many features, a projection is searched, and the distances of the candidates in
# all features decide: so many candidates for each neighbour asked for.
FAISS_COMPONENTS, FAISS_CANDIDATES = 128, 2
# Of points whose features have fewer dimensions: half of them, and twice the candidates.
FAISS_FEW_CANDIDATES = 4
_FAISS_TRAINED_ON = 65_536
HNSWLIB_CONSTRUCTION, HNSWLIB_SEARCH = 100, 50
# Points of a first run that does not count: below 4,096, PyNNDescent compiles other functions.
MANY_ENOUGH = 5_000


def ours(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Run `knn_graph` at its defaults: the neighbours, weights and the symmetric matrix."""
    import fewlabels

    with neighbors_seen(inputs["sample"]) as seen, clock("graph"):
        graph = fewlabels.knn_graph(inputs["X"], settings["k"], exact=settings.get("exact"))
    return {"found": seen[-1], "recall": np.array(graph.recall_)}


def scikit_learn(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Compare all pairs."""
    from sklearn.neighbors import NearestNeighbors

    with clock("search"):
        search = NearestNeighbors(n_neighbors=settings["k"], algorithm="brute").fit(inputs["X"])
        _, indices = search.kneighbors()
    return {"found": indices[inputs["sample"]]}


def pynndescent(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Nearest neighbour descent (Dong, Moses, Li 2011) at the defaults; it counts the point too."""
    package = load("pynndescent")
    with clock("search"):
        index = package.NNDescent(inputs["X"], n_neighbors=settings["k"] + 1, random_state=0)
        indices, _ = index.neighbor_graph
    return {"found": indices[inputs["sample"]]}


def hnswlib(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Hierarchical navigable small world graphs (Malkov, Yashunin 2018), their own library."""
    package, X = load("hnswlib"), inputs["X"]
    with clock("build"):
        index = package.Index(space="l2", dim=X.shape[1])
        index.init_index(
            max_elements=len(X), M=HNSW_LINKS, ef_construction=HNSWLIB_CONSTRUCTION, random_seed=0
        )
        index.add_items(X)
        index.set_ef(HNSWLIB_SEARCH)
    with clock("search"):
        indices, _ = index.knn_query(X, k=settings["k"] + 1)
    return {"found": indices[inputs["sample"]].astype(np.int64)}


def faiss_hnsw(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """FAISS's index of the same kind."""
    package, X = load("faiss-cpu"), inputs["X"]
    with clock("build"):
        index = package.IndexHNSWFlat(X.shape[1], HNSW_LINKS)
        index.hnsw.efConstruction = FAISS_CONSTRUCTION
        index.add(X)
    with clock("search"):
        index.hnsw.efSearch = FAISS_SEARCH
        _, indices = index.search(X, settings["k"] + 1)
    return {"found": indices[inputs["sample"]]}


def faiss_projected(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """FAISS's index on principal components, its candidates ranked by all features.

    Its own recipe for many features, ``"PCA128,HNSW16,RFlat"`` in the words of its factory.
    """
    package, X = load("faiss-cpu"), inputs["X"]
    many = X.shape[1] > FAISS_COMPONENTS
    n_components = FAISS_COMPONENTS if many else X.shape[1] // 2
    with clock("build"):
        index = package.index_factory(X.shape[1], f"PCA{n_components},HNSW{HNSW_LINKS},RFlat")
        index.k_factor = FAISS_CANDIDATES if many else FAISS_FEW_CANDIDATES
        projected = package.downcast_index(index.base_index)
        graph = package.downcast_index(projected.index)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = FAISS_CONSTRUCTION, FAISS_SEARCH
        index.train(X[:: max(1, len(X) // _FAISS_TRAINED_ON)])
        index.add(X)
    with clock("search"):
        _, indices = index.search(X, settings["k"] + 1)
    return {"found": indices[inputs["sample"]]}


@contextlib.contextmanager
def neighbors_seen(sample: Any) -> Iterator[list[Any]]:
    """Keep what `knn_graph` finds for a sample's points.

    The graph itself holds both directions of an edge, and not which point found the other.
    """
    searching: Any = import_module("fewlabels.graph._reranked")
    search, seen = searching.find_neighbors, []

    def kept(*arguments: Any, **settings: Any) -> Any:
        found = search(*arguments, **settings)
        seen.append(found.indices[sample])
        return found

    searching.find_neighbors = kept
    try:
        yield seen
    finally:
        searching.find_neighbors = search


def few_points(folder: Path) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    del folder
    X, _ = curved_classes(MANY_ENOUGH, n_features=32, n_classes=4)
    return {"X": X, "sample": np.arange(10)}


WORKS = {
    "ours graph": Work(ours, ("fewlabels",), few_points, {"exact": False}),
    "scikit-learn brute force": Work(scikit_learn, ("scikit-learn",), few_points),
    "PyNNDescent": Work(pynndescent, ("pynndescent",), few_points),
    "PyNNDescent, first call": Work(pynndescent, ("pynndescent",)),
    "hnswlib": Work(hnswlib, ("hnswlib",), few_points),
    "FAISS HNSW": Work(faiss_hnsw, ("faiss-cpu",), few_points),
    "FAISS PCA, HNSW": Work(faiss_projected, ("faiss-cpu",), few_points),
}
