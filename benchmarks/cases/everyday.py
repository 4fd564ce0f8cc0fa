"""Ten thousand points: sizes at which scikit-learn is quick too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sklearn.semi_supervised as theirs

import fewlabels as ours
from benchmarks.bench import Bench
from benchmarks.data import draw_labels, moons
from benchmarks.results import Entry, Row

OURS, SCIKIT_LEARN = "fewlabels", "scikit-learn"


def many_points(bench: Bench) -> list[Row]:
    """Build the graph and fit, of points in two moons with 18 dimensions of noise."""
    X, truth = moons(bench.size.n_points)
    y = draw_labels(truth, 10, seed=0)
    work = f"graph and fit, {bench.size.n_points:,} x 20, 20 labels"
    return _timed(bench, work, "fit", lambda: _recommended().fit(X, y), lambda: _theirs().fit(X, y))


def one_more_label(bench: Bench) -> list[Row]:
    """Add labels to a fitted model, one at a time."""
    X, truth = moons(bench.size.n_points)
    y = draw_labels(truth, 10, seed=0)
    model = _recommended().fit(X, y)
    points = iter(np.random.default_rng(1).permutation(np.flatnonzero(y < 0)))
    corrected = y.copy()

    def add() -> None:
        point = next(points)
        model.add_labels([point], [truth[point]])
        corrected[point] = truth[point]

    work = f"one more label, {bench.size.n_points:,} points"
    return _timed(bench, work, "`add_labels`, refit", add, lambda: _theirs().fit(X, corrected))


def new_points(bench: Bench) -> list[Row]:
    """Predict as many new points as were fitted."""
    X, truth = moons(bench.size.n_points)
    X_new, _ = moons(bench.size.n_points, seed=1)
    y = draw_labels(truth, 10, seed=0)
    mine = ours.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
    other = theirs.LabelSpreading(kernel="knn", n_neighbors=11).fit(X, y)
    return _timed(
        bench,
        f"{bench.size.n_points:,} new points",
        "`predict`",
        lambda: mine.predict(X_new),
        lambda: other.predict(X_new),
        headline=False,
    )


def _recommended() -> Any:
    return ours.LabelSpreading(kernel="self-tuning", n_neighbors=10, alpha=0.9, max_iter=1000)


def _theirs() -> Any:
    return theirs.LabelSpreading(kernel="knn", n_neighbors=11, alpha=0.9, max_iter=1000)


def _timed(
    bench: Bench,
    work: str,
    measure: str,
    mine: Callable[[], object],
    other: Callable[[], object],
    *,
    headline: bool = True,
) -> list[Row]:
    seconds = bench.in_turn({OURS: mine, SCIKIT_LEARN: other})
    first, second = (
        Entry(name, value, runs=bench.size.n_repeats) for name, value in seconds.items()
    )
    return [Row(work, measure, "s", first, [second], headline=headline)]
