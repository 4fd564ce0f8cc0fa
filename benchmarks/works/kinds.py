"""Models on one of the sets of many kinds, over draws of labels.

Settings: ``set``, a name of `benchmarks.sets`; ``largest``, points of it at most; ``models``, by
their names; ``draws``; ``keep``, a file to keep what is found in, or nothing: what it holds is
not computed again. Of classes also ``finder``, who ranks suspect labels, or nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import sets
from benchmarks.data import FIRST_SEED
from benchmarks.kinds import BUDGETS, of_set, suspected
from benchmarks.methods import START
from benchmarks.regressors import of_numbers
from benchmarks.works.suspects import REGRESSION, of_cleanlab
from benchmarks.works.work import Clock, Work


def classes(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what `benchmarks.kinds.of_set` does, for each model, and ``suspects`` by draw."""
    del inputs, clock
    kept = _kept(settings)
    if kept is not None:
        return kept
    name, largest, draws = settings["set"], settings["largest"], settings["draws"]
    of_models = [
        of_set(model, name, BUDGETS, draws, largest=largest) for model in settings["models"]
    ]
    found = {key: np.stack([of_one[key] for of_one in of_models]) for key in of_models[0]}
    if settings["finder"]:
        find = FINDERS[settings["finder"]]
        found["suspects"] = suspected(find, sets.load(name, largest), draws)
    return _keep(settings, found)


def numbers(inputs: dict[str, Any], settings: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """Return what `benchmarks.regressors.of_numbers` does, for each model."""
    del inputs, clock
    kept = _kept(settings)
    if kept is not None:
        return kept
    data = sets.load(settings["set"], settings["largest"])
    of_models = [
        of_numbers(model, data, settings["draws"], FIRST_SEED) for model in settings["models"]
    ]
    found = {key: np.stack([of_one[key] for of_one in of_models]) for key in of_models[0]}
    return _keep(settings, found)


def ours(X: Any, labelled: Any, given: Any, n_classes: int) -> Any:
    """Return the margins of `suspect_labels`; the unlabelled points are seen too."""
    del n_classes
    import fewlabels

    y = np.full(len(X), -1)
    y[labelled] = given
    found = fewlabels.FewLabelsClassifier().fit(X, y).suspect_labels()
    margins = np.empty(len(labelled))
    margins[np.searchsorted(labelled, found.nodes)] = found.margins
    return margins


def cleanlab(X: Any, labelled: Any, given: Any, n_classes: int) -> Any:
    """Return cleanlab's quality of labels, by a logistic regression in cross-validation."""
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return of_cleanlab(X[labelled], given, n_classes, model)[0]


FINDERS = {START: ours, REGRESSION: cleanlab}


def _kept(settings: dict[str, Any]) -> dict[str, Any] | None:
    if not settings["keep"] or not Path(settings["keep"]).exists():
        return None
    with np.load(settings["keep"]) as stored:
        return {key: stored[key] for key in stored.files}


def _keep(settings: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Store what was found, if asked to; the file is there only when it is whole."""
    if settings["keep"]:
        path = Path(settings["keep"])
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"partial-{path.name}")
        np.savez(partial, **found)
        partial.replace(path)
    return found


WORKS = {
    "models on a set of some kind": Work(classes, ("fewlabels",)),
    "regressors on a set of some kind": Work(numbers, ("fewlabels",)),
}
