"""From features to answers: graph and fit in one.

Inputs: X of shape (n_points, n_features), float32; y, -1 where a point has no label; the numbers
of the sample's points. Settings: k.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import curved_classes, draw_labels
from benchmarks.packages import load
from benchmarks.steps import Sampler
from benchmarks.works.fits import label_spreading
from benchmarks.works.neighbors import MANY_ENOUGH, neighbors_seen
from benchmarks.works.work import Clock, Work


def ours(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Build the graph, then fit."""
    import fewlabels

    with neighbors_seen(inputs["sample"]) as seen, clock("graph"):
        graph = fewlabels.knn_graph(inputs["X"], settings["k"], exact=settings.get("exact"))
    with clock("fit"):
        model = label_spreading().fit(graph, inputs["y"])
    affinity: Any = graph.affinity
    n_bytes = affinity.data.nbytes + affinity.indices.nbytes + affinity.indptr.nbytes
    return {
        "found": seen[-1],
        "predicted": model.transduction_,
        "bytes": np.array(inputs["X"].nbytes + n_bytes),
    }


def ours_steps(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Do the same while it is watched, and return the seconds of each step."""
    del clock
    import fewlabels

    with Sampler() as sampler:
        graph = fewlabels.knn_graph(inputs["X"], settings["k"], exact=settings.get("exact"))
        label_spreading().fit(graph, inputs["y"])
    steps = sampler.seconds()
    return {"names": np.array(list(steps)), "seconds": np.array(list(steps.values()))}


def scikit_learn(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Spread labels at the same alpha; its tolerance is a sum over all points."""
    from sklearn.semi_supervised import LabelSpreading

    with clock("fit"):
        model = LabelSpreading(
            kernel="knn", n_neighbors=settings["k"] + 1, alpha=0.99, max_iter=1000
        ).fit(inputs["X"], inputs["y"])
    return {"predicted": model.transduction_}


def graphlearning(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """PyNNDescent's neighbours, GraphLearning's weights and Poisson learning."""
    search, package = load("pynndescent"), load("graphlearning")
    X, y, k = inputs["X"], inputs["y"], settings["k"]
    labelled = np.flatnonzero(y >= 0)
    with clock("graph"):
        found = search.NNDescent(X, n_neighbors=k + 1, random_state=0).neighbor_graph
        W = package.weightmatrix.knn(X, k, knn_data=found)
    with clock("fit"):
        predicted = package.ssl.poisson(W).fit_predict(labelled, y[labelled])
    return {"predicted": predicted}


def few_points(folder: Path) -> dict[str, Any]:
    """Return inputs for a first run that does not count."""
    del folder
    X, truth = curved_classes(MANY_ENOUGH, n_features=32, n_classes=4)
    return {"X": X, "y": draw_labels(truth, 5, seed=0), "sample": np.arange(10)}


WORKS = {
    "ours whole": Work(ours, ("fewlabels",), few_points, {"exact": False}),
    "ours steps": Work(ours_steps, ("fewlabels",), few_points, {"exact": False}),
    "scikit-learn whole": Work(scikit_learn, ("scikit-learn",), few_points),
    "PyNNDescent + GraphLearning": Work(
        graphlearning, ("pynndescent", "graphlearning"), few_points
    ),
}
