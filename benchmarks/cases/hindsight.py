"""What choosing nothing costs: `FewLabelsClassifier` beside the others of ours, in hindsight."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_iris, load_wine, make_blobs
from sklearn.preprocessing import scale

import fewlabels
from benchmarks.averages import gap, gap_to_best, mean_entry
from benchmarks.bench import Bench, Contender, stored
from benchmarks.cases.accuracy import digits, fashion, labels, measured
from benchmarks.data import FIRST_SEED, draw_labels, moons
from benchmarks.methods import FIXED, START
from benchmarks.results import Entry, Row
from benchmarks.works.fits import store_graph

OVER_THE_BEST_FIXED, OVER_THE_MEDIAN = "less the best", "less the median"
_PER_CLASS = (1, 5)
_BLOB_SIZES = (400, 300, 200, 100)
FIXED_TIME = "`LabelSpreading(alpha=0.99)`"
_TIMED_PER_CLASS = 5


def hindsight(bench: Bench) -> list[Row]:
    """Accuracy against the best and the median of the fixed models, on seven sets."""
    return [row for data in _sets(bench) for row in _rows(bench, data)]


def choice_time(bench: Bench) -> list[Row]:
    """Fit on a graph that is there, beside one fixed model on the same graph."""
    name, X, truth = fashion(bench.size.n_trust)
    y = draw_labels(truth, _TIMED_PER_CLASS, FIRST_SEED)
    graph = fewlabels.FewLabelsClassifier().fit(X, y).graph_
    contenders = [
        Contender(who, "fit of ours", {"model": model, "given": given, "repeats": 5})
        for who, model, given in (
            (START, "FewLabelsClassifier", {}),
            (FIXED_TIME, "LabelSpreading", {"alpha": 0.99, "max_iter": 1000}),
        )
    ]
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as path:
        folder = Path(path)
        inputs = store_graph(graph, folder) | stored(folder, y=y)
        found = bench.contest(contenders, {key: inputs[key] for key in ("graph", "y")})
    hidden = y < 0
    mine, fixed = (
        Entry(
            who,
            outcome.seconds["fit"],
            accuracy=float(np.mean((outcome.arrays["predicted"] == truth)[hidden])),
            peak=outcome.peak,
            runs=outcome.runs,
        )
        for who, outcome in found.items()
    )
    work = f"{name}, {_TIMED_PER_CLASS} labels a class"
    return [Row(work, "fit, graph reused", "s", mine, also=[fixed], headline=False)]


def _sets(bench: Bench) -> list[tuple[str, Any, Any]]:
    """Return a name, features and classes of each set."""
    blobs = make_blobs(_BLOB_SIZES, n_features=10, cluster_std=4.0, random_state=0)
    return [
        digits(bench),
        fashion(bench.size.n_subset),
        ("wine", *_scaled(load_wine)),
        ("breast cancer", *_scaled(load_breast_cancer)),
        ("iris", *_scaled(load_iris)),
        ("two moons", *moons(min(bench.size.n_points, 1_000))),
        ("four uneven blobs", *blobs),
    ]


def _scaled(load: Any) -> tuple[Any, Any]:
    X, truth = load(return_X_y=True)
    return scale(X), truth


def _rows(bench: Bench, data: tuple[str, Any, Any]) -> list[Row]:
    """Return a row a number of labels: ours, the best and the median of the fixed models.

    The median is that of each draw.
    """
    plans = [("each", number) for number in _PER_CLASS]
    n_draws = bench.size.n_trust_draws
    work, found = measured(bench, (START, *FIXED), data, plans, n_draws)
    rows = []
    for column, number in enumerate(_PER_CLASS):
        fixed = {who: found[who][column] for who in FIXED}
        mine, middle = found[START][column], np.median(list(fixed.values()), axis=0)
        best = gap_to_best(OVER_THE_BEST_FIXED, mine, fixed)
        rows.append(
            Row(
                work,
                f"accuracy, {labels(number)} a class",
                "share",
                mean_entry(START, mine),
                also=[
                    mean_entry("the best fixed model", fixed[best.against], best.against),
                    mean_entry("the median of them", middle),
                ],
                gaps=[replace(best, against=""), gap(OVER_THE_MEDIAN, "", mine, middle)],
                headline=False,
            )
        )
    return rows
