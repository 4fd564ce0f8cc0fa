"""Pictures: from few labels beside pixels and plain models, and the time from files to points."""

from __future__ import annotations

import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

import fewlabels
from benchmarks.averages import gap_to_best, mean_entry, of_best_setting
from benchmarks.bench import Bench
from benchmarks.cases.accuracy import labels
from benchmarks.data import MissingDataError, draw_labels
from benchmarks.results import Entry, Row
from benchmarks.sets import pictures as picture_sets
from benchmarks.sets.preparing import part
from fewlabels.graph import shared_neighbor_graph
from fewlabels.session.simulation.digits import draw_digits

OURS = "`Images`, `FewLabelsClassifier`"
ALONE = "the same, without the distance"
PIXELS = "pixels, `FewLabelsClassifier`"
LOGISTIC = "logistic regression of `Images`"
OF_PIXELS = "logistic regression of pixels"
OVER_THE_BEST = "over the best"
MNIST = "of MNIST"
STAMPS = "stamps of Tux Paint"
DIGITS = "330 digits"
AT_RANDOM, CHOSEN = "30 labels, drawn at random", "30 labels, asked for"
FILES_TIME = "files to points"
_PENALTIES = (1.0, 10.0, 100.0, 1000.0)
_BUDGET = 30
_FIRST_SEED = 4_000


def pictures(bench: Bench) -> list[Row]:
    """Accuracy on shuffles of the 330 digits and on MNIST, beside pixels and a plain model."""
    rows = _digits(bench.size.n_picture_shuffles)
    try:
        images, truth = picture_sets.mnist()
    except MissingDataError as error:
        bench.miss(str(error))
        return rows
    chosen = part(truth, bench.size.n_pictures)
    return rows + _mnist(images[chosen], truth[chosen], bench.size.n_picture_draws)


def stamps(bench: Bench) -> list[Row]:
    """Accuracy on drawings in colour, beside a plain model of the same points."""
    paths, truth = picture_sets.stamps()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that accuracy will be poor is what is measured
        points = fewlabels.make_points(paths)
    graph = shared_neighbor_graph(points)
    n_draws = bench.size.n_stamp_draws
    work = f"{len(paths):,} {STAMPS}, {len(np.unique(truth))} classes, {n_draws} draws of labels"
    rows = []
    for per_class in (1, 5, 20):
        known: dict[str, list[float]] = {}
        penalised: dict[tuple[str, Any], list[float]] = {}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = _draw_up_to_half(truth, per_class, seed)
            known.setdefault(OURS, []).append(_right(points, graph, y, truth))
            _plainly({LOGISTIC: points.values}, y, truth, penalised)
        known |= of_best_setting(penalised)
        rows.append(_row(work, f"accuracy, {labels(per_class)} a class", known))
    return rows


def picture_time(bench: Bench) -> list[Row]:
    """Seconds from files of pictures to points."""
    n_files = bench.size.n_picture_files
    with tempfile.TemporaryDirectory(prefix="fewlabels-bench-") as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pictures of chance: what they show is not recognised
        folder = Path(name)
        picture_sets.write_files(folder, n_files)
        began, of_processor = time.perf_counter(), time.process_time()
        fewlabels.make_points(folder)
        seconds = time.perf_counter() - began
        of_processor = time.process_time() - of_processor
    note = f"{of_processor:.3g} s of the processor"
    work = f"{n_files:,} files of 256 x 256, JPEG and PNG"
    mine = Entry("`make_points`", seconds, runs=1, note=note)
    return [Row(work, FILES_TIME, "s", mine, headline=False)]


def _digits(n_shuffles: int) -> list[Row]:
    """Compare on shuffles of which none was published: one label a class, then 20 more."""
    found: dict[str, dict[str, list[float]]] = {AT_RANDOM: {}, CHOSEN: {}}
    penalised: dict[tuple[str, Any], list[float]] = {}
    for seed in range(_FIRST_SEED, _FIRST_SEED + n_shuffles):
        digits = draw_digits(330, seed=seed)
        of_images = fewlabels.make_points(digits.X.reshape(-1, 8, 8))
        y = _draw(digits.y, seed)
        for who, points in ((OURS, of_images), (PIXELS, digits.X)):
            right = _right(points, shared_neighbor_graph(points), y, digits.y)
            found[AT_RANDOM].setdefault(who, []).append(right)
            curve = fewlabels.simulate(points, digits.y, budget=_BUDGET, random_state=seed)
            found[CHOSEN].setdefault(who, []).append(float(curve.accuracy["auto"][0, -1]))
        _plainly({LOGISTIC: of_images.values, OF_PIXELS: digits.X / 16}, y, digits.y, penalised)
    found[AT_RANDOM] |= of_best_setting(penalised)
    work = f"{DIGITS}, {n_shuffles} fresh shuffles"
    return [_row(work, f"accuracy, {budget}", known) for budget, known in found.items()]


def _mnist(images: Any, truth: Any, n_draws: int) -> list[Row]:
    points, pixels = fewlabels.make_points(images), images.reshape(len(images), -1) / 255.0
    graphs = {
        OURS: (points, shared_neighbor_graph(points)),
        ALONE: (points.values, shared_neighbor_graph(points.values)),
        PIXELS: (pixels, shared_neighbor_graph(pixels)),
    }
    rows = []
    for per_class in (1, 5):
        known: dict[str, list[float]] = {}
        penalised: dict[tuple[str, Any], list[float]] = {}
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = draw_labels(truth, per_class, seed)
            for who, (X, graph) in graphs.items():
                known.setdefault(who, []).append(_right(X, graph, y, truth))
            _plainly({LOGISTIC: points.values, OF_PIXELS: pixels}, y, truth, penalised)
        work = f"{len(images):,} {MNIST}, {n_draws} draws of labels"
        known |= of_best_setting(penalised)
        rows.append(_row(work, f"accuracy, {labels(per_class)} a class", known))
    return rows


def _draw(truth: Any, seed: int) -> Any:
    """Label one point of each class, and others at random."""
    y = draw_labels(truth, 1, seed)
    others = np.random.default_rng(seed).permutation(np.flatnonzero(y < 0))
    others = others[: _BUDGET - np.count_nonzero(y >= 0)]
    y[others] = truth[others]
    return y


def _draw_up_to_half(truth: Any, per_class: int, seed: int) -> Any:
    """Label so many points of each class, and of small classes half."""
    rng = np.random.default_rng(seed)
    y = np.full(len(truth), -1)
    for c in np.unique(truth):
        rows = np.flatnonzero(truth == c)
        y[rng.choice(rows, min(per_class, len(rows) // 2), replace=False)] = c
    return y


def _right(X: Any, graph: Any, y: Any, truth: Any) -> float:
    answers = fewlabels.FewLabelsClassifier().fit(X, y, graph=graph).transduction_
    return float(np.mean((answers == truth)[y < 0]))


def _plainly(
    features: dict[str, Any], y: Any, truth: Any, found: dict[tuple[str, Any], list[float]]
) -> None:
    """Add what logistic regressions get right, by the features and the penalty."""
    hidden = y < 0
    for who, X in features.items():
        for penalty in _PENALTIES:
            model = LogisticRegression(C=penalty, max_iter=1_000).fit(X[~hidden], y[~hidden])
            right = float(np.mean(model.predict(X[hidden]) == truth[hidden]))
            found.setdefault((who, penalty), []).append(right)


def _row(work: str, measure: str, known: dict[str, list[float]]) -> Row:
    mine = known[OURS]
    others = {who: of for who, of in known.items() if who not in (OURS, ALONE)}
    also = [mean_entry(ALONE, known[ALONE])] if ALONE in known else []
    return Row(
        work,
        measure,
        "share",
        mean_entry(OURS, mine),
        [mean_entry(who, of) for who, of in others.items()],
        also,
        [gap_to_best(OVER_THE_BEST, mine, others)],
        headline=False,
    )
