"""Do probabilities and sets mean what they say? Calibration and coverage from the labels alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

import fewlabels as ours
from benchmarks.bench import Bench
from benchmarks.data import MissingDataError, draw_labels, fashion_mnist
from benchmarks.results import Entry, Row
from fewlabels.insight import expected_calibration_error

_FIRST_SEED = 5000
_ALPHA = 0.99


def calibration_digits(bench: Bench) -> list[Row]:
    """Expected calibration error on the digits, 5 labels a class."""
    return _calibration(bench, *_digits())


def calibration_fashion(bench: Bench) -> list[Row]:
    """Expected calibration error on Fashion-MNIST, 5 labels a class."""
    found = _fashion(bench)
    return _calibration(bench, *found) if found else []


def coverage_digits(bench: Bench) -> list[Row]:
    """Coverage of conformal sets on the digits."""
    return _coverage(bench, *_digits())


def coverage_fashion(bench: Bench) -> list[Row]:
    """Coverage of conformal sets on Fashion-MNIST."""
    found = _fashion(bench)
    return _coverage(bench, *found) if found else []


def covered(sets: Any, classes: Any, truth: Any) -> Any:
    """Whether each point's set holds its class; a class that no label names is in no set."""
    column = np.full(int(truth.max()) + 1, -1)
    column[classes] = np.arange(len(classes))
    inside = sets[np.arange(len(truth)), column[truth]]
    return inside & (column[truth] >= 0)


def _digits() -> tuple[str, Any, Any]:
    X, truth = load_digits(return_X_y=True)
    return "1,797 digits", ours.knn_graph(X, 10), truth


def _fashion(bench: Bench) -> tuple[str, Any, Any] | None:
    try:
        X, truth = fashion_mnist(min(bench.size.n_fashion, 10_000))
    except MissingDataError as error:
        bench.miss(str(error))
        return None
    return f"{len(X):,} points of Fashion-MNIST", ours.knn_graph(X, 10), truth


def _calibration(bench: Bench, name: str, graph: Any, truth: Any) -> list[Row]:
    errors: dict[str, list[float]] = {}
    n_draws = max(2, min(bench.size.n_draws, 10))
    for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
        y = draw_labels(truth, 5, seed)
        hidden = y < 0
        model = ours.LabelSpreading(alpha=_ALPHA, max_iter=1000).fit(graph, y)
        shares = model.label_distributions_
        answers = {
            "calibrated on the labels left out": model.calibrated_proba(),
            "rows divided by their sums": shares,
            "softmax of the scores": softmax(shares * model.evidence_[:, None], axis=1),
        }
        for key, proba in answers.items():
            errors.setdefault(key, []).append(
                expected_calibration_error(truth[hidden], proba[hidden])
            )
    entries = [Entry(key, float(np.mean(values))) for key, values in errors.items()]
    work = f"{name}, 5 labels a class, `LabelSpreading(alpha={_ALPHA})`"
    measure = f"expected calibration error, {n_draws} draws"
    return [Row(work, measure, "error", entries[0], entries[1:])]


def _coverage(bench: Bench, name: str, graph: Any, truth: Any) -> list[Row]:
    rows = []
    n_draws = bench.size.n_draws
    for n_labelled in (50, 100):
        shares, sizes = [], []
        for seed in range(_FIRST_SEED, _FIRST_SEED + n_draws):
            y = np.full(len(truth), -1)
            rng = np.random.default_rng(seed)
            drawn = rng.choice(len(truth), n_labelled, replace=False)
            y[drawn] = truth[drawn]
            model = ours.LabelSpreading(alpha=_ALPHA, max_iter=1000).fit(graph, y)
            sets = model.predict_set(coverage=0.9)
            shares.append(covered(sets, model.classes_, truth)[y < 0].mean())
            sizes.append(sets[y < 0].sum(axis=1).mean())
        note = f"{np.mean(sizes):.2f} classes in a set"
        rows.append(
            Row(
                f"{name}, {n_labelled} random labels, `predict_set(coverage=0.9)`",
                f"coverage, {n_draws} draws",
                "share",
                Entry("fewlabels", float(np.mean(shares)), note=note),
                headline=n_labelled == 50,
            )
        )
    return rows
