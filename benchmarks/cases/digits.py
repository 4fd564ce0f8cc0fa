"""Small and old: digits as published, and where scikit-learn's iteration goes wrong."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn.semi_supervised as theirs
from sklearn.datasets import load_digits

import fewlabels as ours
from benchmarks.bench import Bench
from benchmarks.data import draw_labels
from benchmarks.packages import MissingPackageError, load
from benchmarks.results import Entry, Row

OURS, SCIKIT_LEARN, GRAPHLEARNING = "fewlabels", "scikit-learn", "GraphLearning"


def published_example(bench: Bench) -> list[Row]:
    """Fit the published 330 digits, 30 labelled."""
    X, truth = shuffled_digits(330)
    y = np.where(np.arange(330) < 30, truth, -1)
    repeats = 10 * bench.size.n_repeats
    seconds = bench.in_turn(
        {
            OURS: lambda: ours.LabelSpreading(gamma=0.25).fit(X, y),
            SCIKIT_LEARN: lambda: theirs.LabelSpreading(gamma=0.25).fit(X, y),
        },
        repeats,
    )
    mine, peer = (Entry(name, value, runs=repeats) for name, value in seconds.items())
    return [Row("`LabelSpreading` on 330 digits", "fit", "s", mine, [peer])]


def digits_accuracy_few(bench: Bench) -> list[Row]:
    """Accuracy on all digits with one label a class."""
    return _digits_accuracy(bench, per_class=1)


def digits_accuracy_more(bench: Bench) -> list[Row]:
    """Accuracy on all digits with five labels a class."""
    return _digits_accuracy(bench, per_class=5)


def path_error(bench: Bench) -> list[Row]:
    """Largest error on a path of 200 points between two labels, where the answer is a line."""
    del bench
    X = np.arange(200.0)[:, None]
    y = np.full(200, -1)
    y[0], y[-1] = 0, 1
    line = np.linspace(0, 1, 200)

    def kernel(a: Any, b: Any) -> Any:
        return (np.abs(a - b.T) == 1).astype(float)

    errors = []
    for package in (ours, theirs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # not converged: that is what is measured
            model = package.LabelPropagation(kernel=kernel).fit(X, y)
        errors.append(float(np.abs(model.label_distributions_[:, 1] - line).max()))
    work = "`LabelPropagation` on a path of 200 points, defaults"
    mine, peer = Entry(OURS, errors[0]), Entry(SCIKIT_LEARN, errors[1])
    return [Row(work, "largest error", "error", mine, [peer])]


def unreachable_points(bench: Bench) -> list[Row]:
    """Count the points that get NaN where part of the graph holds no label."""
    del bench
    X = np.repeat([[0.0], [100.0]], 50, axis=0) + np.linspace(0, 1, 100)[:, None]
    y = np.full(100, -1)
    y[:2] = [0, 1]
    counts = []
    for package in (ours, theirs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the one warns, the other divides by zero
            model = package.LabelPropagation().fit(X, y)
            counts.append(float(np.isnan(model.predict_proba(X)).any(axis=1).sum()))
    work = "100 points, half of them joined to no label"
    mine, peer = Entry(OURS, counts[0]), Entry(SCIKIT_LEARN, counts[1])
    return [Row(work, "NaN predictions", "count", mine, [peer], headline=False)]


def _digits_accuracy(bench: Bench, per_class: int) -> list[Row]:
    """Compare on the same draws; GraphLearning on our graph, scikit-learn on its own.

    Ours are harmonic functions whose class masses are made equal; the digits nearly are.
    """
    X, truth = load_digits(return_X_y=True)
    graph = ours.knn_graph(X, 10)
    methods = _graphlearning_methods(bench, graph)
    known: dict[str, list[float]] = {}

    def score(name: str, predicted: Any) -> None:
        hidden = y < 0
        known.setdefault(name, []).append(float(np.mean(predicted[hidden] == truth[hidden])))

    for seed in range(2000, 2000 + bench.size.n_draws):
        y = draw_labels(truth, per_class, seed)
        model = ours.LabelPropagation(kernel="self-tuning", n_neighbors=10).fit(graph, y)
        balanced = ours.normalize_class_mass(model.label_distributions_, np.flatnonzero(y < 0))
        score(OURS, model.classes_[balanced.argmax(axis=1)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it divides by zero where no label reaches
            peer = theirs.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
        score(f"{SCIKIT_LEARN} `LabelSpreading`", peer.transduction_)
        labelled = np.flatnonzero(y >= 0)
        for name, method in methods.items():
            score(f"{GRAPHLEARNING} {name}", method.fit_predict(labelled, truth[labelled]))
    means = {name: float(np.mean(values)) for name, values in known.items()}
    mine = Entry(OURS, means.pop(OURS))
    labels = "one label" if per_class == 1 else f"{per_class} labels"
    work, measure = f"1,797 digits, {labels} a class", f"accuracy, {bench.size.n_draws} draws"
    peers = [Entry(name, value) for name, value in means.items()]
    return [Row(work, measure, "share", mine, peers)]


def _graphlearning_methods(bench: Bench, graph: Any) -> dict[str, Any]:
    try:
        ssl = load("graphlearning").ssl
    except MissingPackageError as error:
        bench.miss(str(error))
        return {}
    weights, equal = graph.affinity.astype(float), np.full(10, 0.1)
    return {
        "Laplace": ssl.laplace(weights),
        "Poisson": ssl.poisson(weights),
        "Poisson, equal class sizes given": ssl.poisson(weights, class_priors=equal),
    }


def shuffled_digits(n_points: int) -> tuple[Any, Any]:
    """Return the first digits in the published order, and what they are."""
    X, truth = load_digits(return_X_y=True)
    order = np.arange(len(X))
    np.random.RandomState(0).shuffle(order)
    return X[order[:n_points]], truth[order[:n_points]]
