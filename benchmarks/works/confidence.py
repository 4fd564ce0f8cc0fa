"""Do probabilities and sets mean what they say? Judged on the points without a label.

Inputs: X; graph, of ten neighbours; truth, the class of each point, from 0 on. Settings:
``seeds``, the first and how many; ``number`` of labels, of each class or at random; ``coverage``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax

from benchmarks.data import draw_labels, draw_random
from benchmarks.methods import START
from benchmarks.works.work import Clock, Work

SPREADING = "`LabelSpreading(alpha=0.99)`"
CALIBRATED = f"{SPREADING}, calibrated"
ROWS, SOFTMAX = f"{SPREADING}, rows divided by their sums", f"{SPREADING}, softmax of the scores"
ANSWERS = (START, CALIBRATED, ROWS, SOFTMAX)
MODELS = (START, SPREADING)


def calibration(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return calibration errors and log losses of ANSWERS, each of shape (n_answers, n_draws)."""
    from fewlabels.insight import expected_calibration_error, log_loss_of

    del clock
    truth, (first, count) = inputs["truth"], settings["seeds"]
    errors, losses = np.empty((2, len(ANSWERS), count))
    start, spreading = _models(inputs)
    for draw in range(count):
        y = draw_labels(truth, settings["number"], first + draw)
        hidden = y < 0
        one, other = start(y), spreading(y)
        answers = {
            START: one.label_distributions_,
            CALIBRATED: other.calibrated_proba(),
            ROWS: other.label_distributions_,
            SOFTMAX: softmax(other.label_distributions_ * other.evidence_[:, None], axis=1),
        }
        for i, name in enumerate(ANSWERS):
            proba = np.asarray(answers[name], dtype=float)[hidden]
            errors[i, draw] = expected_calibration_error(truth[hidden], proba)
            losses[i, draw] = log_loss_of(proba, truth[hidden]).mean()
    return {"errors": errors, "losses": losses}


def coverage(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return coverage and mean size of the sets of MODELS, each of shape (n_models, n_draws)."""
    del clock
    truth, (first, count) = inputs["truth"], settings["seeds"]
    shares, sizes = np.empty((2, len(MODELS), count))
    models = _models(inputs)
    for draw in range(count):
        y = draw_random(truth, settings["number"], first + draw)
        hidden = y < 0
        for i, fit in enumerate(models):
            model = fit(y)
            sets = model.predict_set(coverage=settings["coverage"])
            shares[i, draw] = covered(sets, model.classes_, truth)[hidden].mean()
            sizes[i, draw] = sets[hidden].sum(axis=1).mean()
    return {"coverage": shares, "sizes": sizes}


def covered(sets: Any, classes: Any, truth: Any) -> Any:
    """Whether each point's set holds its class; a class that no label names is in no set."""
    column = np.full(int(truth.max()) + 1, -1)
    column[classes] = np.arange(len(classes))
    inside = sets[np.arange(len(truth)), column[truth]]
    return inside & (column[truth] >= 0)


def _models(inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return what fits each of MODELS to labels; the one keeps the graph that it built first."""
    import fewlabels

    graph = fewlabels.Graph.load(inputs["graph"])
    start, source = fewlabels.FewLabelsClassifier(), inputs["X"]
    spreading = fewlabels.LabelSpreading(alpha=0.99, max_iter=1000)

    def fit_start(y: Any) -> Any:
        nonlocal source
        start.fit(source, y)
        source = start.graph_
        return start

    return fit_start, lambda y: spreading.fit(graph, y)


WORKS = {
    "calibration": Work(calibration, ("fewlabels",)),
    "coverage": Work(coverage, ("fewlabels",)),
}
