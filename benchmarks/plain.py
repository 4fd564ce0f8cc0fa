"""Models that answer from features: the plain ones that every user has at hand, and two of ours.

Each is started on the points and then asked again and again with other labels. The plain ones are
at their best settings: those that matter are chosen by five-fold cross-validation where two
classes or more have five labels each, and else are what is named here.

| model | chosen by cross-validation | else |
| --- | --- | --- |
| logistic regression | C of 0.01 to 100 | C = 1 |
| SVC, cross-validated | C of 0.1 to 1000, gamma of 1/16 to 4 times its default | C = 10 |
| nearest neighbours | k of 1 to 20 | k = 1 |
| forest | nothing: 200 trees | |
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import fewlabels
from benchmarks.methods import START

N_FOLDS = 5
N_TREES = 200
# What is chosen from, the setting of few labels first: of equally good ones, the first is taken.
PENALTIES = (1, 10, 0.1, 100, 0.01)  # C of the logistic regression
SVC_PENALTIES, SVC_GAMMAS = (10, 1, 100, 0.1, 1000), (1, 1 / 4, 4, 1 / 16)
NEIGHBORS = (1, 3, 5, 10, 20)
LOGISTIC, FOREST, NEAREST = "logistic regression", f"forest, {N_TREES} trees", "nearest neighbours"
SVC_FIXED, SVC_TUNED = "SVC, C = 10", "SVC, cross-validated"
HARMONIC = "`LabelPropagation`, uniform prior"


@dataclass(frozen=True)
class Answer:
    """What a model says of all points.

    Attributes
    ----------
    predicted : ndarray of shape (n_points,), int
    classes : ndarray of shape (n_classes,), int
        Those that the model knows, in the order of `proba`'s columns.
    proba : ndarray of shape (n_points, n_classes) or None
    doubt : ndarray of shape (n_points,) of str, or None
    """

    predicted: Any
    classes: Any
    proba: Any = None
    doubt: Any = None


# Takes labels, -1 where there is none.
Ask = Callable[[Any], Answer]
# Takes points, standardised where they should be.
Start = Callable[[Any], Ask]


def of_estimator(make: Callable[[], Any]) -> Start:
    """Return what fits a new estimator of this package to the points, as its users would.

    Parameters
    ----------
    make : callable
        Takes nothing, and returns an estimator with `transduction_` and `label_distributions_`
        once it is fitted; of `doubt_`, what it says is kept too.
    """

    def start(X: Any) -> Ask:
        def ask(y: Any) -> Answer:
            model = make().fit(X, y)
            return Answer(
                model.transduction_,
                model.classes_,
                np.asarray(model.label_distributions_, dtype=float),
                getattr(model, "doubt_", None),
            )

        return ask

    return start


def _harmonic(X: Any) -> Ask:
    """Start harmonic functions with even classes; the graph is built once."""
    kept: list[Any] = []

    def ask(y: Any) -> Answer:
        model = fewlabels.LabelPropagation("self-tuning", class_prior="uniform")
        model.fit(kept[0] if kept else X, y)
        kept[:] = [model.graph_]
        proba = np.asarray(model.label_distributions_, dtype=float)
        return Answer(model.transduction_, model.classes_, proba)

    return ask


def _plain(choose: Callable[[Any, Any], Any], *, in_span: bool = False) -> Start:
    """Return what fits a model to the labelled points alone.

    Parameters
    ----------
    choose : callable
        Takes labelled points and their labels, and returns the model to fit.
    in_span : bool, default=False
        Whether the model is the same where points are first projected onto the span of the
        labelled ones, as linear ones with a square penalty are; it is quicker.
    """

    def start(X: Any) -> Ask:
        def ask(y: Any) -> Answer:
            labelled = np.flatnonzero(y >= 0)
            given = y[labelled]
            classes = np.unique(given)
            if len(classes) == 1:  # which no classifier takes
                return Answer(np.full(len(X), given[0]), classes, np.ones((len(X), 1)))
            points, all_points = X[labelled], X
            if in_span and X.shape[1] > len(labelled):
                span = np.linalg.svd(points, full_matrices=False)[2].T
                points, all_points = points @ span, X @ span
            model = choose(points, given).fit(points, given)
            if not hasattr(model, "predict_proba"):
                return Answer(model.predict(all_points), classes)
            proba = model.predict_proba(all_points)
            return Answer(classes[proba.argmax(axis=1)], classes, proba)

        return ask

    return start


def enough(given: Any) -> bool:
    """Whether so many labels let settings be chosen: five of each of two classes."""
    counts = np.sort(np.bincount(given))
    return len(counts) > 1 and int(counts[-2]) >= N_FOLDS


def _tuned(model: Any, grid: dict[str, list[Any]], given: Any) -> Any:
    """Return the model, which chooses from the grid if there are labels enough.

    Of settings that are equally good, the first of the grid is taken.
    """
    if not enough(given):
        return model
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    return GridSearchCV(model, grid, cv=folds, scoring="accuracy")


def _logistic(X: Any, given: Any) -> Any:
    del X
    return _tuned(LogisticRegression(C=PENALTIES[0]), {"C": list(PENALTIES)}, given)


def _svc(X: Any, given: Any) -> Any:
    scale = 1 / max(X.shape[1] * X.var(), 1e-12)  # gamma="scale"
    grid = {"C": list(SVC_PENALTIES), "gamma": [scale * factor for factor in SVC_GAMMAS]}
    return _tuned(SVC(C=SVC_PENALTIES[0]), grid, given)


def _nearest(X: Any, given: Any) -> Any:
    del X
    most = len(given) - len(given) // N_FOLDS - 1
    grid = {"n_neighbors": [k for k in NEIGHBORS if k <= most]}
    return _tuned(KNeighborsClassifier(NEIGHBORS[0]), grid, given)


def _forest(X: Any, given: Any) -> Any:
    del X, given
    return RandomForestClassifier(N_TREES, random_state=0)


def _fixed_svc(X: Any, given: Any) -> Any:
    del X, given
    return SVC(C=10)


PEERS: dict[str, Start] = {
    LOGISTIC: _plain(_logistic, in_span=True),
    SVC_FIXED: _plain(_fixed_svc),
    SVC_TUNED: _plain(_svc),
    FOREST: _plain(_forest),
    NEAREST: _plain(_nearest),
}
OURS: dict[str, Start] = {START: of_estimator(fewlabels.FewLabelsClassifier), HARMONIC: _harmonic}
MODELS: dict[str, Start] = {**OURS, **PEERS}


def started(model: str | Callable[[], Any]) -> Start:
    """Return a model of MODELS by its name, or what `of_estimator` makes of a callable."""
    return MODELS[model] if isinstance(model, str) else of_estimator(model)


def answered(ask: Ask, y: Any) -> Answer:
    """Return the answer; warnings, as of few labels a fold, are not heard."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ask(y)


def source() -> str:
    """Return the text of this module, by which answers that were kept are told from others."""
    return inspect.getsource(sys.modules[__name__])
