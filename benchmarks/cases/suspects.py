"""Wrong labels among few: who finds them, from the same features."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import fewlabels as ours
from benchmarks.bench import Bench
from benchmarks.data import MissingDataError, fashion_mnist
from benchmarks.packages import MissingPackageError, load
from benchmarks.results import Entry, Row

OURS = "fewlabels"
SHARES = (0.05, 0.1, 0.2)
KINDS = ("to any class", "to the nearest class")
_N_DIGITS, _N_FASHION = 200, 300
_FIRST_SEED = 4000

# Suspicion of each label (the smaller, the more suspect), and which are called wrong.
Found = tuple[Any, Any]


def suspects_digits(bench: Bench) -> list[Row]:
    """Find the wrong ones among 200 labels of the digits."""
    X, truth = load_digits(return_X_y=True)
    return _rows(bench, f"{_N_DIGITS} labels of the 1,797 digits", X, truth, _N_DIGITS)


def suspects_fashion(bench: Bench) -> list[Row]:
    """Find the wrong ones among 300 labels of Fashion-MNIST."""
    try:
        X, truth = fashion_mnist(min(bench.size.n_fashion, 10_000))
    except MissingDataError as error:
        bench.miss(str(error))
        return []
    work = f"{_N_FASHION} labels of {len(X):,} points of Fashion-MNIST"
    return _rows(bench, work, X, truth, _N_FASHION)


def flipped(labels: Any, share: float, kind: str, nearest: Any, seed: int) -> tuple[Any, Any]:
    """Return the labels with a share of them made wrong, and which those are.

    Parameters
    ----------
    labels : ndarray of shape (n_labelled,), int
    share : float
    kind : {"to any class", "to the nearest class"}
    nearest : ndarray of shape (n_classes,), int
        The class that each is taken for most easily: see `nearest_classes`.
    seed : int
    """
    rng = np.random.default_rng(seed)
    wrong = np.zeros(len(labels), dtype=bool)
    wrong[rng.choice(len(labels), max(1, round(share * len(labels))), replace=False)] = True
    given = labels.copy()
    if kind == KINDS[0]:
        n_classes = len(nearest)
        given[wrong] += rng.integers(1, n_classes, int(wrong.sum()))
        given[wrong] %= n_classes
    else:
        given[wrong] = nearest[given[wrong]]
    return given, wrong


def nearest_classes(graph: Any, truth: Any) -> Any:
    """For each class the other one that most weight of the graph leads to."""
    edges = graph.affinity.tocoo()
    weight = np.zeros((truth.max() + 1, truth.max() + 1))
    np.add.at(weight, (truth[edges.row], truth[edges.col]), edges.data)
    np.fill_diagonal(weight, 0)
    return weight.argmax(axis=1)


def suspects_of_ours(graph: Any, labelled: Any, given: Any) -> Found:
    """Rank with `suspect_labels`; the graph knows the unlabelled points too."""
    y = np.full(graph.n_nodes, -1)
    y[labelled] = given
    found = ours.LabelSpreading(alpha=0.9, max_iter=1000).fit(graph, y).suspect_labels()
    margins = np.empty(len(labelled))
    margins[np.searchsorted(labelled, found.nodes)] = found.margins
    return margins, margins < 0


def suspects_of_cleanlab(X: Any, given: Any, n_classes: int, classifier: Any) -> Found:
    """Rank with cleanlab, by the probabilities of a classifier in five-fold cross-validation."""
    filters, ranks = load("cleanlab").filter, load("cleanlab").rank
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    proba = np.full((len(given), n_classes), 1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes of fewer labels than folds; unfinished descents
        found = cross_val_predict(classifier, X, given, cv=folds, method="predict_proba")
        proba[:, np.unique(given)] += found
        proba /= proba.sum(axis=1, keepdims=True)
        called = filters.find_label_issues(given, proba)
        quality = ranks.get_label_quality_scores(given, proba, method="normalized_margin")
    return quality, called


def _rows(bench: Bench, where: str, X: Any, truth: Any, n_labelled: int) -> list[Row]:
    graph = ours.knn_graph(X, 10)
    nearest, n_classes = nearest_classes(graph, truth), int(truth.max()) + 1
    n_draws = min(bench.size.n_draws, 10)
    peers = _peers(bench)
    rows = []
    for kind in KINDS:
        for share in SHARES:
            found: dict[str, list[Any]] = {}
            for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
                rng = np.random.default_rng(seed)
                labelled = np.sort(rng.choice(len(truth), n_labelled, replace=False))
                given, wrong = flipped(truth[labelled], share, kind, nearest, seed)
                mine = suspects_of_ours(graph, labelled, given)
                found.setdefault(OURS, []).append(_quality(mine, wrong))
                for name, classifier in peers.items():
                    theirs = suspects_of_cleanlab(X[labelled], given, n_classes, classifier())
                    found.setdefault(name, []).append(_quality(theirs, wrong))
            entries = [_entry(name, np.mean(values, axis=0)) for name, values in found.items()]
            rows.append(
                Row(
                    f"{where}, {share:.0%} flipped {kind}",
                    f"average precision, {n_draws} draws",
                    "share",
                    entries[0],
                    entries[1:],
                    headline=share == SHARES[1],
                )
            )
    return rows


def _peers(bench: Bench) -> dict[str, Callable[[], Any]]:
    try:
        load("cleanlab")
    except MissingPackageError as error:
        bench.miss(str(error))
        return {}
    return {
        "cleanlab on nearest neighbours": lambda: KNeighborsClassifier(10),
        "cleanlab on logistic regression": lambda: make_pipeline(
            StandardScaler(), LogisticRegression(max_iter=200)
        ),
    }


def _quality(found: Found, wrong: Any) -> tuple[float, float, float]:
    """Average precision of the ranking; precision and recall of those that are called wrong."""
    suspicion, called = found
    hits = float((wrong & called).sum())
    return (
        float(average_precision_score(wrong, -suspicion)),
        hits / max(1, int(called.sum())),
        hits / int(wrong.sum()),
    )


def _entry(name: str, quality: Any) -> Entry:
    average, precision, recall = quality
    return Entry(
        name, float(average), note=f"called wrong: precision {precision:.2f}, recall {recall:.2f}"
    )
