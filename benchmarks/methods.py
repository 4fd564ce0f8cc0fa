"""The methods whose answers are compared: ours, each on the graph that it is given, and the peers'.

Each method is started on its inputs and then asked again and again with other labels. Inputs are
the features ``X``; ``graph``, this package's of ten neighbours; ``W``, the same as SciPy's matrix
in float64; ``own``, GraphLearning's weights. None of them has seen a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

import fewlabels
from benchmarks.packages import load

OURS, GRAPHLEARNING, SCIKIT_LEARN = "fewlabels", "GraphLearning", "scikit-learn"
N_NEIGHBORS = 10

# Takes labels, -1 where there is none; returns a class for every point.
Predict = Callable[[Any], Any]


@dataclass(frozen=True)
class Method:
    """One way to get labels.

    Attributes
    ----------
    start : callable
        Takes inputs, and the share of each class where it is known, else None.
    package : str
        The distribution that it needs.
    inputs : tuple of str
        What it reads.
    """

    start: Callable[[dict[str, Any], Any], Predict]
    package: str
    inputs: tuple[str, ...]


def _from_features(inputs: dict[str, Any], shares: Any) -> Predict:
    """Start `FewLabelsClassifier` as a user does; its graph is built once, for no label counts."""
    settings = {} if shares is None else {"class_prior": shares}
    model, source = fewlabels.FewLabelsClassifier(**settings), inputs["X"]

    def predict(y: Any) -> Any:
        nonlocal source
        model.fit(source, y)
        source = model.graph_
        return model.transduction_

    return predict


def _on_the_graph(name: str, **settings: Any) -> Method:
    """Return a method of ours, on the graph of ten neighbours."""

    def start(inputs: dict[str, Any], shares: Any) -> Predict:
        given = settings if shares is None else settings | {"class_prior": shares}
        graph = fewlabels.Graph.load(inputs["graph"])
        model = getattr(fewlabels, name)(**given)
        return lambda y: model.fit(graph, y).transduction_

    return Method(start, "fewlabels", ("graph",))


def _graphlearning(matrix: str, name: str, **settings: Any) -> Method:
    """Return a method of GraphLearning at its defaults, but for what is named."""

    def start(inputs: dict[str, Any], shares: Any) -> Predict:
        ssl = load("graphlearning").ssl
        W = sparse.csr_matrix(sparse.load_npz(inputs[matrix]))
        given = settings if shares is None else settings | {"class_priors": shares}

        def predict(y: Any) -> Any:
            labelled = np.flatnonzero(y >= 0)
            # a new one each time: its correction of class sizes starts where the last ended
            return getattr(ssl, name)(W, **given).fit_predict(labelled, y[labelled])

        return predict

    return Method(start, "graphlearning", (matrix,))


def _scikit_learn(inputs: dict[str, Any], shares: Any) -> Predict:
    """Start scikit-learn's on neighbours; it counts the point itself."""
    del shares
    from sklearn.semi_supervised import LabelSpreading

    model = LabelSpreading(kernel="knn", n_neighbors=N_NEIGHBORS + 1)
    return lambda y: model.fit(inputs["X"], y).transduction_


START = "`FewLabelsClassifier`"
# The others of ours at their defaults, but for alpha: what a user might have chosen instead.
FIXED: dict[str, Method] = {
    "`LabelSpreading(alpha=0.2)`": _on_the_graph("LabelSpreading"),
    "`LabelSpreading(alpha=0.9)`": _on_the_graph("LabelSpreading", alpha=0.9, max_iter=1000),
    "`LabelSpreading(alpha=0.99)`": _on_the_graph("LabelSpreading", alpha=0.99, max_iter=1000),
    "`LabelPropagation`": _on_the_graph("LabelPropagation"),
    "`PoissonClassifier`": _on_the_graph("PoissonClassifier"),
    "`ReweightedLaplaceClassifier`": _on_the_graph("ReweightedLaplaceClassifier"),
    "`PLaplacianClassifier`": _on_the_graph("PLaplacianClassifier"),
}
METHODS_OF_GRAPHLEARNING: dict[str, tuple[str, dict[str, Any]]] = {
    "Laplace": ("laplace", {}),
    "random walk": ("randomwalk", {}),
    "Poisson": ("poisson", {}),
    "Poisson by gradient descent": ("poisson", {"solver": "gradient_descent"}),
    "Poisson-reweighted Laplace": ("laplace", {"reweighting": "poisson"}),
    "Poisson MBO": ("poisson_mbo", {}),
}
OWN_GRAPH = ", its own graph"
METHODS: dict[str, Method] = {
    START: Method(_from_features, "fewlabels", ("X",)),
    **FIXED,
    "`PoissonMBOClassifier`": _on_the_graph("PoissonMBOClassifier"),
    **{
        f"{GRAPHLEARNING} {name}{suffix}": _graphlearning(matrix, method, **settings)
        for matrix, suffix in (("W", ""), ("own", OWN_GRAPH))
        for name, (method, settings) in METHODS_OF_GRAPHLEARNING.items()
    },
    f"{SCIKIT_LEARN} `LabelSpreading`": Method(_scikit_learn, "scikit-learn", ("X",)),
}


def graphlearning_weights(X: Any) -> Any:
    """Return GraphLearning's weights, at its defaults, of ten neighbours that this package found.

    Its own search needs a package that has to be compiled; it counts the point itself besides.
    """
    from fewlabels.graph import find_neighbors

    found = find_neighbors(X, N_NEIGHBORS)
    itself = np.arange(len(X))[:, None]
    indices = np.hstack([itself, found.indices])
    distances = np.hstack([np.zeros((len(X), 1)), found.distances])
    return load("graphlearning").weightmatrix.knn(None, N_NEIGHBORS, knn_data=(indices, distances))
