"""Wrong labels among few: who finds them, from the same features.

Inputs: X; graph, of ten neighbours; truth, the class of each point, from 0 on. Settings:
``finder``, one of FINDERS; ``kinds`` and ``shares`` of the wrong ones; ``n_labelled``; ``seeds``,
the first and how many.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.data import draw_random
from benchmarks.methods import START
from benchmarks.packages import load
from benchmarks.works.work import Clock, Work

KINDS = ("to any class", "to the nearest class")
SPREADING = "`LabelSpreading(alpha=0.9)`"
NEIGHBORS, REGRESSION = "cleanlab, nearest neighbours", "cleanlab, logistic regression"
FINDERS = (START, SPREADING, NEIGHBORS, REGRESSION)

# Suspicion of each label (the smaller, the more suspect), and which are called wrong.
Found = tuple[Any, Any]


def suspects(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return average precision, precision and recall: shape (n_kinds, n_shares, n_draws, 3)."""
    del clock
    import fewlabels

    graph, truth = fewlabels.Graph.load(inputs["graph"]), inputs["truth"]
    find = _finder(settings["finder"], inputs["X"], graph, int(truth.max()) + 1)
    nearest = nearest_classes(graph, truth)
    kinds, shares, (first, count) = settings["kinds"], settings["shares"], settings["seeds"]
    quality = np.empty((len(kinds), len(shares), count, 3))
    for i, kind in enumerate(kinds):
        for j, share in enumerate(shares):
            for draw in range(count):
                seed = first + draw
                labelled = np.flatnonzero(draw_random(truth, settings["n_labelled"], seed) >= 0)
                given, wrong = flipped(truth[labelled], share, kind, nearest, seed)
                quality[i, j, draw] = _quality(find(labelled, given), wrong)
    return {"quality": quality}


def _finder(name: str, X: Any, graph: Any, n_classes: int) -> Any:
    """Return what takes labelled points and their labels, and returns Found."""
    import fewlabels

    if name == START:
        model, kept = fewlabels.FewLabelsClassifier(), []

        def find(labelled: Any, given: Any) -> Found:
            if not kept:  # the graph that it builds, once
                y = np.full(len(X), -1)
                y[labelled] = given
                kept.append(model.fit(X, y).graph_)
            return of_ours(model, kept[0], labelled, given)

        return find
    if name == SPREADING:
        spreading = fewlabels.LabelSpreading(alpha=0.9, max_iter=1000)
        return lambda labelled, given: of_ours(spreading, graph, labelled, given)
    load("cleanlab")
    classifier = (
        KNeighborsClassifier(10)
        if name == NEIGHBORS
        else make_pipeline(StandardScaler(), LogisticRegression())
    )
    return lambda labelled, given: of_cleanlab(X[labelled], given, n_classes, classifier)


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


def of_ours(model: Any, graph: Any, labelled: Any, given: Any) -> Found:
    """Rank with `suspect_labels`; the graph knows the unlabelled points too."""
    y = np.full(graph.n_nodes, -1)
    y[labelled] = given
    found = model.fit(graph, y).suspect_labels()
    margins = np.empty(len(labelled))
    margins[np.searchsorted(labelled, found.nodes)] = found.margins
    return margins, margins < 0


def of_cleanlab(X: Any, given: Any, n_classes: int, classifier: Any) -> Found:
    """Rank with cleanlab, by the probabilities of a classifier in five-fold cross-validation."""
    filters, ranks = load("cleanlab").filter, load("cleanlab").rank
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    proba = np.full((len(given), n_classes), 1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes of fewer labels than folds; unfinished descents
        found = cross_val_predict(classifier, X, given, cv=folds, method="predict_proba")
        proba[:, np.unique(given)] += found
        proba /= proba.sum(axis=1, keepdims=True)
        called = filters.find_label_issues(given, proba, n_jobs=1)
        quality = ranks.get_label_quality_scores(given, proba, method="normalized_margin")
    return quality, called


def _quality(found: Found, wrong: Any) -> tuple[float, float, float]:
    """Average precision of the ranking; precision and recall of those that are called wrong."""
    suspicion, called = found
    hits = float((wrong & called).sum())
    return (
        float(average_precision_score(wrong, -suspicion)),
        hits / max(1, int(called.sum())),
        hits / int(wrong.sum()),
    )


WORKS = {"suspects": Work(suspects, ("fewlabels",))}
