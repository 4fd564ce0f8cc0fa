"""Fits on a graph that is given.

Inputs: the graph's file, ``graph`` as fewlabels stores it and ``W`` as SciPy does; y of shape
(n_points,), -1 where a point has no label. Each returns a class for every point.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.data import curved_classes, draw_labels
from benchmarks.packages import load
from benchmarks.works.work import Clock, Work

ALPHA = 0.99
TOLERANCE = 1e-3


def ours(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Spread the labels: the first fit on this graph, then more of them."""
    import fewlabels

    graph, y = fewlabels.Graph.load(inputs["graph"]), inputs["y"]
    model = label_spreading()
    with clock("first fit"):
        model.fit(graph, y)
    for _ in range(settings["repeats"]):
        with clock("fit"):
            model.fit(graph, y)
    return {"predicted": model.transduction_, "iterations": np.array(model.n_iter_)}


def ours_by_name(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Fit any model of ours, again and again on the same graph."""
    import fewlabels

    graph, y = fewlabels.Graph.load(inputs["graph"]), inputs["y"]
    model = getattr(fewlabels, settings["model"])(**settings["given"]).fit(graph, y)
    for _ in range(settings["repeats"]):
        with clock("fit"):
            model.fit(graph, y)
    return {"predicted": model.transduction_}


def ours_labels_added(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Add the labels of ``points`` to a fitted model, one after the other."""
    del settings
    import fewlabels

    graph, truth = fewlabels.Graph.load(inputs["graph"]), inputs["truth"]
    model = label_spreading().fit(graph, inputs["y"])
    for point in inputs["points"]:
        with clock("add"):
            model.add_labels([point], [truth[point]])
    return {"predicted": model.transduction_}


def graphlearning(method: str) -> Any:
    """Return a work: fit a method of GraphLearning at its defaults."""

    def run(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
        package = load("graphlearning")
        W, y = sparse.csr_matrix(sparse.load_npz(inputs["W"])), inputs["y"]
        labelled = np.flatnonzero(y >= 0)
        predicted = None
        for _ in range(settings["repeats"]):
            with clock("fit"):
                model = getattr(package.ssl, method)(W)
                predicted = model.fit_predict(labelled, y[labelled])
        return {"predicted": predicted}

    return run


def scikit_network(
    inputs: dict[str, Any], settings: dict[str, Any], clock: Clock
) -> dict[str, Any]:
    """Diffuse for 10 steps, the default."""
    load("scikit-network")
    from sknetwork.classification import DiffusionClassifier

    W, y = sparse.csr_matrix(sparse.load_npz(inputs["W"])), inputs["y"]
    predicted = None
    for _ in range(settings["repeats"]):
        with clock("fit"):
            predicted = DiffusionClassifier().fit_predict(W, y)
    return {"predicted": predicted}


def scikit_learn(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Fit on features: scikit-learn can't be given a graph, and refits to add a label."""
    del settings
    from sklearn.semi_supervised import LabelSpreading

    with clock("refit"):
        model = LabelSpreading(kernel="knn", n_neighbors=11).fit(inputs["X"], inputs["y"])
    return {"predicted": model.transduction_}


def label_spreading(**settings: Any) -> Any:
    """Return the model that is measured."""
    import fewlabels

    return fewlabels.LabelSpreading(
        kernel="self-tuning",
        n_neighbors=10,
        alpha=ALPHA,
        tol=TOLERANCE,
        max_iter=1000,
        **settings,
    )


def store_graph(graph: Any, folder: Path) -> dict[str, Path]:
    """Write a graph as fewlabels does and, in float64, as SciPy does; return the two inputs."""
    paths = {"graph": folder / "graph.npz", "W": folder / "W.npz"}
    graph.save(paths["graph"])
    sparse.save_npz(paths["W"], graph.affinity.astype(float), compressed=False)
    return paths


def few_points(folder: Path) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    import fewlabels

    X, truth = curved_classes(2_000, n_features=12, n_classes=4)
    y = draw_labels(truth, 5, seed=0)
    graph = fewlabels.knn_graph(X, 10)
    paths = store_graph(graph, folder)
    points = np.flatnonzero(y < 0)[:2]
    return {**paths, "X": X, "y": y, "truth": truth, "points": points}


WORKS = {
    "ours fit": Work(ours, ("fewlabels",), few_points, {"repeats": 1}),
    "fit of ours": Work(ours_by_name, ("fewlabels",), few_points, {"repeats": 1}),
    "ours labels added": Work(ours_labels_added, ("fewlabels",), few_points),
    "GraphLearning Poisson": Work(
        graphlearning("poisson"), ("graphlearning",), few_points, {"repeats": 1}
    ),
    "GraphLearning Laplace": Work(
        graphlearning("laplace"), ("graphlearning",), few_points, {"repeats": 1}
    ),
    "scikit-network diffusion": Work(
        scikit_network, ("scikit-network",), few_points, {"repeats": 1}
    ),
    "scikit-learn refit": Work(scikit_learn, ("scikit-learn",), few_points),
}
