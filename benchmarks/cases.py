"""What is measured: each case is one function that runs fewlabels and its peers in turn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import sklearn.semi_supervised as theirs
from sklearn.datasets import load_digits, make_moons

import fewlabels as ours

SCIKIT_LEARN = "scikit-learn"
GRAPHLEARNING = "GraphLearning"


@dataclass(frozen=True)
class Size:
    """How large the cases are."""

    n_points: int
    n_draws: int
    n_repeats: int


SIZES = {
    "tiny": Size(n_points=300, n_draws=2, n_repeats=1),  # for the tests
    "small": Size(n_points=10_000, n_draws=20, n_repeats=5),
}


@dataclass(frozen=True)
class Peer:
    """What a peer came to."""

    name: str
    value: float


@dataclass(frozen=True)
class Result:
    """One row of the table: the same work, done by us and by the peers."""

    work: str
    measure: str
    unit: str
    ours: float
    peers: list[Peer]

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)


def published_example(size: Size) -> Result:
    """Fit the published 330 digits, 30 labelled."""
    X, truth = _shuffled_digits(330)
    y = np.where(np.arange(330) < 30, truth, -1)
    seconds = _times(
        lambda: ours.LabelSpreading(gamma=0.25).fit(X, y),
        lambda: theirs.LabelSpreading(gamma=0.25).fit(X, y),
        repeats=4 * size.n_repeats,
    )
    return _timed("`LabelSpreading` on 330 digits", "fit", seconds)


def digits_accuracy_few(size: Size) -> Result:
    """Accuracy on all digits with one label a class."""
    return _digits_accuracy(size, per_class=1)


def digits_accuracy_more(size: Size) -> Result:
    """Accuracy on all digits with five labels a class."""
    return _digits_accuracy(size, per_class=5)


def many_points(size: Size) -> Result:
    """Build the graph and fit, of points in two moons with 20 dimensions of noise."""
    X, truth = _moons(size.n_points)
    y = _draw(truth, 10, seed=0)
    seconds = _times(
        lambda: _recommended().fit(X, y),
        lambda: theirs.LabelSpreading(kernel="knn", n_neighbors=11, alpha=0.9, max_iter=1000).fit(
            X, y
        ),
        repeats=size.n_repeats,
    )
    return _timed(f"graph and fit, {size.n_points:,} x 20, 20 labels", "fit", seconds)


def one_more_label(size: Size) -> Result:
    """Add one label to a fitted model."""
    X, truth = _moons(size.n_points)
    y = _draw(truth, 10, seed=0)
    model = _recommended().fit(X, y)
    point = int(np.flatnonzero(y < 0)[0])
    corrected = y.copy()
    corrected[point] = truth[point]

    def refit() -> None:
        theirs.LabelSpreading(kernel="knn", n_neighbors=11, alpha=0.9, max_iter=1000).fit(
            X, corrected
        )

    def add_and_remove() -> None:
        model.add_labels([point], [truth[point]])
        model.remove_labels([point])

    mine, others = _times(add_and_remove, refit, repeats=size.n_repeats)
    work = f"one more label, {size.n_points:,} points"
    return _timed(work, "`add_labels`, refit", (mine / 2, others))


def new_points(size: Size) -> Result:
    """Predict as many new points as were fitted."""
    X, truth = _moons(size.n_points)
    X_new, _ = _moons(size.n_points, seed=1)
    y = _draw(truth, 10, seed=0)
    mine = ours.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
    other = theirs.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
    seconds = _times(
        lambda: mine.predict(X_new), lambda: other.predict(X_new), repeats=size.n_repeats
    )
    return _timed(f"{size.n_points:,} new points", "`predict`", seconds)


def path_error(size: Size) -> Result:
    """Largest error on a path of 200 points between two labels, where the answer is a line."""
    del size
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
    return Result(work, "largest error", "error", errors[0], [Peer(SCIKIT_LEARN, errors[1])])


def unreachable_points(size: Size) -> Result:
    """Count the points that get NaN where part of the graph holds no label."""
    del size
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
    return Result(work, "NaN predictions", "count", counts[0], [Peer(SCIKIT_LEARN, counts[1])])


CASES: tuple[Callable[[Size], Result], ...] = (
    published_example,
    digits_accuracy_few,
    digits_accuracy_more,
    many_points,
    one_more_label,
    new_points,
    path_error,
    unreachable_points,
)


def _recommended() -> Any:
    return ours.LabelSpreading(kernel="self-tuning", n_neighbors=10, alpha=0.9, max_iter=1000)


def _digits_accuracy(size: Size, per_class: int) -> Result:
    """Compare on the same draws; GraphLearning on our graph, scikit-learn on its own.

    Ours are harmonic functions whose class masses are made equal; the digits nearly are.
    """
    import graphlearning  # an extra, needed by this case only

    X, truth = load_digits(return_X_y=True)
    graph = ours.knn_graph(X, 10)
    weights, equal = graph.affinity.astype(float), np.full(10, 0.1)
    methods = {
        "Laplace": graphlearning.ssl.laplace(weights),
        "Poisson": graphlearning.ssl.poisson(weights),
        "Poisson, equal class sizes given": graphlearning.ssl.poisson(weights, class_priors=equal),
    }
    known: dict[str, list[float]] = {}

    def score(name: str, predicted: Any) -> None:
        hidden = y < 0
        known.setdefault(name, []).append(float(np.mean(predicted[hidden] == truth[hidden])))

    for seed in range(2000, 2000 + size.n_draws):
        y = _draw(truth, per_class, seed)
        model = ours.LabelPropagation(kernel="self-tuning", n_neighbors=10).fit(graph, y)
        balanced = ours.normalize_class_mass(model.label_distributions_, np.flatnonzero(y < 0))
        score("fewlabels", model.classes_[balanced.argmax(axis=1)])
        peer = theirs.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
        score(f"{SCIKIT_LEARN} `LabelSpreading`", peer.transduction_)
        labelled = np.flatnonzero(y >= 0)
        for name, method in methods.items():
            score(f"{GRAPHLEARNING} {name}", method.fit_predict(labelled, truth[labelled]))
    means = {name: float(np.mean(values)) for name, values in known.items()}
    mine = means.pop("fewlabels")
    labels = "one label" if per_class == 1 else f"{per_class} labels"
    return Result(
        f"1,797 digits, {labels} a class",
        f"accuracy, {size.n_draws} draws",
        "share",
        mine,
        [Peer(name, value) for name, value in means.items()],
    )


def _timed(work: str, measure: str, seconds: tuple[float, float]) -> Result:
    return Result(work, measure, "s", seconds[0], [Peer(SCIKIT_LEARN, seconds[1])])


def _times(
    mine: Callable[[], object], other: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Return the median seconds of each, run in turn; the first run of each does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer may stop at its max_iter; its time is its time
        for _ in range(repeats + 1):
            for function, kept in zip((mine, other), seconds, strict=True):
                began = time.perf_counter()
                function()
                kept.append(time.perf_counter() - began)
    first, second = (float(np.median(kept[1:])) for kept in seconds)
    return first, second


def _shuffled_digits(n_points: int) -> tuple[Any, Any]:
    X, truth = load_digits(return_X_y=True)
    order = np.arange(len(X))
    np.random.RandomState(0).shuffle(order)
    return X[order[:n_points]], truth[order[:n_points]]


def _moons(n_points: int, seed: int = 0) -> tuple[Any, Any]:
    X, truth = make_moons(n_points, noise=0.08, random_state=seed)
    noise = np.random.default_rng(seed).normal(scale=0.08, size=(n_points, 18))
    return np.hstack([X, noise]), truth


def _draw(truth: Any, per_class: int, seed: int) -> Any:
    """Return labels with `per_class` random points of each class known, the others -1."""
    rng = np.random.default_rng(seed)
    y = np.full(len(truth), -1)
    for c in np.unique(truth):
        y[rng.choice(np.flatnonzero(truth == c), per_class, replace=False)] = c
    return y
