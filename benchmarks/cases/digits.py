"""Small and old: digits as published, and where scikit-learn's iteration goes wrong."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn.semi_supervised as theirs
from sklearn.datasets import load_digits

import fewlabels as ours
from benchmarks.bench import Bench
from benchmarks.results import Entry, Row

OURS, SCIKIT_LEARN = "fewlabels", "scikit-learn"


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


def shuffled_digits(n_points: int) -> tuple[Any, Any]:
    """Return the first digits in the published order, and what they are."""
    X, truth = load_digits(return_X_y=True)
    order = np.arange(len(X))
    np.random.RandomState(0).shuffle(order)
    return X[order[:n_points]], truth[order[:n_points]]
