"""Estimators inside scikit-learn's: weights that reach them, and labels that are missing."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

import fewlabels
from fewlabels import LabelledKFold, LabelSpreading

X, TRUTH = load_iris(return_X_y=True)
KNOWN = np.arange(150) % 5 == 0
Y = np.where(KNOWN, TRUTH, -1)
WEIGHTS = np.where(KNOWN, 1.0 + np.arange(150) % 3, 1.0)
MODEL = LabelSpreading("self-tuning", alpha=0.9, max_iter=1000)
STACK = [("graph", MODEL), ("linear", LogisticRegression(max_iter=1000))]
ESTIMATORS = [
    getattr(fewlabels, name)
    for name in fewlabels.__all__
    if name.endswith(("Classifier", "Regressor", "Spreading", "Propagation", "Smooth"))
]


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_estimator_takes_weights_by_name_and_by_request(kind: Any) -> None:
    model = kind(LogisticRegression()) if kind.__name__ == "CorrectAndSmooth" else kind()
    assert has_fit_parameter(model, "sample_weight")
    assert inspect.signature(model.fit).parameters["sample_weight"].default is None
    with sklearn.config_context(enable_metadata_routing=True):
        asked = model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        requests = asked.get_metadata_routing().fit.requests
    assert requests["sample_weight"] is True


def test_routed_weights_reach_the_fit_in_a_pipeline_and_in_a_search() -> None:
    with sklearn.config_context(enable_metadata_routing=True):
        asked = clone(MODEL).set_fit_request(sample_weight=True)
        asked.set_score_request(sample_weight=False)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, asked).fit(X, Y, sample_weight=WEIGHTS)
        search = GridSearchCV(asked, {"alpha": [0.9]}, cv=LabelledKFold(3))
        found = search.fit(X, Y, sample_weight=WEIGHTS).best_estimator_
        scores = cross_validate(
            clone(MODEL).set_fit_request(sample_weight=True).set_score_request(sample_weight=True),
            *(X, Y),
            cv=LabelledKFold(3),
            params={"sample_weight": WEIGHTS},
        )
        with pytest.raises(UnsetMetadataPassedError):
            make_pipeline(scaler, clone(MODEL)).fit(X, Y, sample_weight=WEIGHTS)
    scaled = StandardScaler().fit_transform(X)
    for model, points in ((pipeline[-1], scaled), (found, X)):
        expected = clone(MODEL).fit(points, Y, sample_weight=WEIGHTS)
        np.testing.assert_array_equal(model.label_distributions_, expected.label_distributions_)
    assert scores["test_score"].min() > 0.9


def test_weights_reach_the_fit_without_routing_too() -> None:
    pipeline = make_pipeline(StandardScaler(), clone(MODEL))
    pipeline.fit(X, Y, labelspreading__sample_weight=WEIGHTS)
    expected = clone(MODEL).fit(StandardScaler().fit_transform(X), Y, WEIGHTS)
    np.testing.assert_array_equal(pipeline[-1].label_distributions_, expected.label_distributions_)
    search = GridSearchCV(MODEL, {"alpha": [0.9]}, cv=3).fit(X, Y, sample_weight=WEIGHTS)
    expected = clone(MODEL).fit(X, Y, WEIGHTS)
    np.testing.assert_array_equal(
        search.best_estimator_.label_distributions_, expected.label_distributions_
    )


def test_several_outputs_are_fitted_one_by_one_each_with_its_own_labels() -> None:
    both = np.column_stack([Y, np.where(KNOWN, TRUTH == 1, -1)])
    both[0, 1] = -1
    model = MultiOutputClassifier(MODEL).fit(X, both, sample_weight=WEIGHTS)
    for column, fitted in enumerate(model.estimators_):
        expected = clone(MODEL).fit(X, both[:, column], WEIGHTS)
        np.testing.assert_array_equal(fitted.transduction_, expected.transduction_)
    assert (model.predict(X)[:, 0] == TRUTH).mean() > 0.9


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_calibration_and_stacking_work_where_all_rows_are_labelled(weights: Any) -> None:
    calibrated = CalibratedClassifierCV(MODEL, cv=3).fit(X, TRUTH, sample_weight=weights)
    assert calibrated.score(X, TRUTH) > 0.95
    stacked = StackingClassifier(STACK).fit(X, TRUTH, sample_weight=weights)
    assert stacked.score(X, TRUTH) > 0.95


def test_a_model_of_few_labels_is_calibrated_and_stacked_once_it_is_fitted() -> None:
    fitted = clone(MODEL).fit(X, Y)
    calibrated = CalibratedClassifierCV(FrozenEstimator(fitted)).fit(X[KNOWN], Y[KNOWN])
    assert calibrated.classes_.tolist() == [0, 1, 2]
    assert (calibrated.predict(X) == TRUTH).mean() > 0.85
    linear = LogisticRegression(max_iter=1000).fit(X[KNOWN], Y[KNOWN])
    stacked = StackingClassifier([("graph", fitted), ("linear", linear)], cv="prefit")
    assert (stacked.fit(X[KNOWN], Y[KNOWN]).predict(X) == TRUTH).mean() > 0.9


def test_these_two_take_the_marker_for_a_class_before_the_model_sees_it() -> None:
    # which is why the guide says to fit first
    assert CalibratedClassifierCV(MODEL, cv=3).fit(X, Y).classes_.tolist() == [-1, 0, 1, 2]
    assert StackingClassifier(STACK).fit(X, Y).classes_.tolist() == [-1, 0, 1, 2]
    names = np.where(KNOWN, np.array(["a", "b", "c"])[TRUTH], None)
    for outer in (CalibratedClassifierCV(MODEL, cv=3), StackingClassifier(STACK)):
        with pytest.raises(TypeError, match="not supported between instances of 'NoneType'"):
            outer.fit(X, names)
