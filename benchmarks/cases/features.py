"""Oriented gradients beside the pixels: what they add in accuracy, and what they take."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

import fewlabels
from benchmarks.averages import gap, mean_entry
from benchmarks.bench import Bench, Contender, stored
from benchmarks.cases.accuracy import labels
from benchmarks.cases.digits import shuffled_digits
from benchmarks.data import draw_labels, fashion_mnist
from benchmarks.results import Entry, Row
from benchmarks.works.fits import ALPHA, label_spreading
from fewlabels.features import ImageDistortion
from fewlabels.graph import shared_neighbor_graph

K = 10
_FIRST_SEED = 1000
_OURS, _PIXELS = "`OrientedGradients`", "pixels"
_RANKED = "ranked by `ImageDistortion`"
# What oriented gradients were before small images were enlarged.
_BEFORE = {"n_orientations": 8, "smallest_side": 1}


def digits_features(bench: Bench) -> list[Row]:
    """Accuracy on the digits of 8 x 8 pixels: the published 330, and all."""
    few, all_digits = shuffled_digits(330), load_digits(return_X_y=True)
    n_draws = bench.size.n_draws
    return [
        *_accuracies("330 digits", *few, n_draws),
        *_accuracies("1,797 digits", *all_digits, n_draws),
    ]


def digits_shifts(bench: Bench) -> list[Row]:
    """Accuracy on the published 330 digits where neighbours are ranked by small local shifts."""
    X, truth = shuffled_digits(330)
    features, before = (
        fewlabels.OrientedGradients(**settings).fit_transform(X) for settings in ({}, _BEFORE)
    )
    distance = ImageDistortion().fit(X)
    ways = {
        _RANKED: (features, shared_neighbor_graph(features, distance=distance)),
        _OURS: (features, shared_neighbor_graph(features)),
        "8 directions, small as they are": (before, shared_neighbor_graph(before)),
        _PIXELS: (X, shared_neighbor_graph(X)),
    }
    n_draws = bench.size.n_draws
    rows = []
    for per_class in (1, 3):
        found: dict[str, list[float]] = {who: [] for who in ways}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = draw_labels(truth, per_class, seed)
            for who, (points, graph) in ways.items():
                answers = fewlabels.FewLabelsClassifier().fit(points, y, graph=graph).transduction_
                found[who].append(float(np.mean(answers[y < 0] == truth[y < 0])))
        mine, *others = (mean_entry(who, shares) for who, shares in found.items())
        gaps = [gap("ranked, beside features alone", "", found[_RANKED], found[_OURS])]
        measure = f"accuracy of `FewLabelsClassifier`, {labels(per_class)} a class"
        work = f"330 digits, {n_draws} draws"
        rows.append(Row(work, measure, "share", mine, others, gaps=gaps, headline=False))
    return rows


def fashion_features(bench: Bench) -> list[Row]:
    """Accuracy on Fashion-MNIST of 28 x 28 pixels, and seconds from pixels to graph."""
    X, truth = fashion_mnist(bench.size.n_fashion)
    name = f"{len(X):,} of Fashion-MNIST"
    contenders = [
        Contender(_OURS, "ours oriented gradients", {"k": K}),
        Contender(_PIXELS, "ours pixels", {"k": K}),
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as folder:
        found = bench.contest(contenders, stored(Path(folder), X=X))
    mine, peer = (
        Entry(
            who,
            outcome.total,
            recall=float(outcome.arrays["recall"]),
            peak=outcome.peak,
            runs=outcome.runs,
            note=", ".join(f"{part} {value:.3g} s" for part, value in outcome.seconds.items()),
        )
        for who, outcome in found.items()
    )
    work = f"images to graph, {name}, k = {K}"
    return [
        Row(work, "features and graph", "s", mine, [peer], headline=False),
        *_accuracies(name, X, truth, bench.size.n_fashion_draws),
    ]


def _accuracies(name: str, X: Any, truth: Any, n_draws: int) -> list[Row]:
    """Compare on the same draws of one and of five labels a class, class masses made equal."""
    graphs = {
        _OURS: fewlabels.knn_graph(fewlabels.OrientedGradients().fit_transform(X), K),
        _PIXELS: fewlabels.knn_graph(X, K),
    }
    rows = []
    for per_class in (1, 5):
        known: dict[str, list[float]] = {who: [] for who in graphs}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = draw_labels(truth, per_class, seed)
            for who, graph in graphs.items():
                known[who].append(_accuracy(graph, y, truth))
        mine, pixels = known[_OURS], known[_PIXELS]
        rows.append(
            Row(
                f"{name}, {n_draws} draws",
                f"accuracy at alpha {ALPHA}, {labels(per_class)} a class",
                "share",
                mean_entry(_OURS, mine),
                [mean_entry(_PIXELS, pixels)],
                gaps=[gap("difference", "", mine, pixels)],
                headline=False,
            )
        )
    return rows


def _accuracy(graph: Any, y: Any, truth: Any) -> float:
    hidden = y < 0
    model = label_spreading().fit(graph, y)
    shares = fewlabels.normalize_class_mass(
        model.label_distributions_, hidden, reached=model.reached_
    )
    predicted = model.classes_[shares.argmax(axis=1)]
    return float(np.mean(predicted[hidden] == truth[hidden]))
