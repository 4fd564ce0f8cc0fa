"""Cross-validation that hides labels and leaves the graph whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import make_moons
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.semi_supervised import LabelSpreading as TheirLabelSpreading

from fewlabels import (
    LabelledKFold,
    LabelPropagation,
    LabelSpreading,
    knn_graph,
    transductive_cross_val_score,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError, UnreachedWarning
from fewlabels.models import _kernels

X, TRUTH = make_moons(80, noise=0.15, random_state=0)
Y = np.where(np.arange(80) % 5 == 0, TRUTH, -1)
NAMED = np.array(["left", "right", None], dtype=object)[Y]
CV = LabelledKFold(4)
MODELS = [LabelSpreading("self-tuning", alpha=0.9), LabelPropagation("self-tuning", max_iter=500)]


@pytest.mark.parametrize("model", MODELS)
def test_each_fold_is_a_fit_on_all_points_without_the_labels_of_the_fold(model) -> None:
    found = transductive_cross_val_score(model, X, Y, cv=CV, scoring="neg_log_loss")
    expected = []
    for _, test in CV.split(X, Y):
        hidden = Y.copy()
        hidden[test] = -1
        model.fit(X, hidden)
        expected.append(-log_loss(Y[test], model.label_distributions_[test], labels=[0, 1]))
    # the first fit is on features in float64, those after it on a graph in float32
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found.dtype == np.float64


@pytest.mark.parametrize("model", MODELS)
def test_features_a_graph_strings_and_a_pipeline_give_the_same_scores(model) -> None:
    found = transductive_cross_val_score(model, X, Y, cv=4)
    graph = knn_graph(X, model.n_neighbors)
    for other, given, y in (
        (model, graph, Y),
        (model, X, NAMED),
        (make_pipeline("passthrough", model), X, Y.tolist()),
    ):
        np.testing.assert_array_equal(transductive_cross_val_score(other, given, y, cv=4), found)


def test_the_graph_is_built_once(monkeypatch) -> None:
    built = []

    def build(*args: Any, **kwargs: Any) -> Any:
        built.append(1)
        return knn_graph(*args, **kwargs)

    monkeypatch.setattr(_kernels, "knn_graph", build)
    transductive_cross_val_score(MODELS[0], X, Y)
    assert len(built) == 1


def test_it_differs_from_induction_and_the_estimator_stays_unfitted() -> None:
    model = LabelSpreading("self-tuning", n_neighbors=5, alpha=0.9)
    settings: dict[str, Any] = {"cv": CV, "scoring": "neg_log_loss"}
    transductive = transductive_cross_val_score(model, X, Y, **settings)
    inductive = cross_val_score(model, X, Y, **settings)
    assert np.abs(transductive - inductive).max() > 1e-3
    assert not hasattr(model, "graph_")


def test_scikit_learns_models_and_pipelines_with_a_scaler_are_fitted_anew_for_each_fold() -> None:
    theirs = TheirLabelSpreading("rbf", gamma=20, max_iter=1000, tol=1e-9)
    ours = LabelSpreading("rbf", gamma=20, solver="direct")
    expected = transductive_cross_val_score(ours, X, Y, scoring="neg_log_loss")
    found = transductive_cross_val_score(theirs, X, Y, scoring="neg_log_loss")
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    scaled = transductive_cross_val_score(
        make_pipeline(StandardScaler(), ours), X, Y, scoring="neg_log_loss"
    )
    by_hand = transductive_cross_val_score(
        ours, StandardScaler().fit_transform(X), Y, scoring="neg_log_loss"
    )
    np.testing.assert_allclose(scaled, by_hand, rtol=1e-12)


def test_only_the_labelled_points_of_another_splitters_test_sets_are_tested() -> None:
    found = transductive_cross_val_score(MODELS[0], X, Y, cv=KFold(4))
    expected = []
    for _, test in KFold(4).split(X):
        labelled = test[Y[test] >= 0]
        hidden = Y.copy()
        hidden[labelled] = -1
        answer = MODELS[0].fit(X, hidden).transduction_[labelled]
        expected.append((answer == TRUTH[labelled]).mean())
    np.testing.assert_array_equal(found, expected)


def test_a_test_point_out_of_reach_counts_as_the_prior_says() -> None:
    graph = knn_graph([[0.0], [1.0], [2.0], [90.0], [91.0], [92.0]], 2)
    y = ["a", None, "b", "a", None, None]
    hide_all_of_a_component = [(np.array([0]), np.array([3]))]
    with pytest.warns(UnreachedWarning):
        scores = transductive_cross_val_score(
            LabelSpreading(), graph, y, cv=hide_all_of_a_component, scoring="neg_log_loss"
        )
    np.testing.assert_allclose(scores, [-np.log(2)], rtol=1e-6)


@pytest.mark.parametrize("scoring", ["accuracy", "roc_auc", "f1_macro", None])
def test_every_kind_of_scorer_gets_what_it_asks_for(scoring) -> None:
    scores = transductive_cross_val_score(MODELS[0], X, Y, cv=2, scoring=scoring)
    assert ((scores > 0.5) & (scores <= 1)).all()


def test_a_callable_scorer_sees_point_numbers_classes_and_answers() -> None:
    def scorer(estimator: Any, points: Any, y: Any) -> float:
        assert points.shape == (len(y), 1)
        np.testing.assert_array_equal(TRUTH[points[:, 0]], y)
        np.testing.assert_array_equal(estimator.classes_, [0, 1])
        assert estimator.predict_proba(points).shape == (len(y), 2)
        return float((estimator.predict(points) == y).mean())

    found = transductive_cross_val_score(MODELS[0], X, Y, scoring=scorer)
    np.testing.assert_array_equal(found, transductive_cross_val_score(MODELS[0], X, Y))


class _MeanOfTheKnown(RegressorMixin, BaseEstimator):
    def fit(self, X: Any, y: Any) -> _MeanOfTheKnown:
        self.transduction_ = np.full(len(y), np.nanmean(y))
        return self


def test_of_a_regressor_minus_one_is_a_measurement_and_nan_is_none() -> None:
    y = np.array([-1.0, np.nan, 2.0, 4.0, 7.0])  # all whole, as classes would be
    found = transductive_cross_val_score(
        _MeanOfTheKnown(), X[:5], y, cv=2, scoring="neg_mean_absolute_error"
    )
    # the folds are rows 0 and 2, and rows 3 and 4; each is scored by the mean of the other
    np.testing.assert_allclose(found, [-(6.5 + 3.5) / 2, -(3.5 + 6.5) / 2])


def test_rows_of_labels_are_hidden_whole() -> None:
    model = LabelSpreading("self-tuning", alpha=0.9)
    expected = transductive_cross_val_score(model, X, Y, cv=2)
    soft = np.where((Y >= 0)[:, None], np.eye(2)[Y], np.nan)
    np.testing.assert_array_equal(transductive_cross_val_score(model, X, soft, cv=2), expected)
    several = np.where((Y >= 0)[:, None], np.eye(2, dtype=int)[Y], -1)
    unstratified = LabelledKFold(2, stratified=False)
    np.testing.assert_array_equal(
        transductive_cross_val_score(model, X, several, cv=2),
        transductive_cross_val_score(model, X, Y, cv=unstratified),
    )


def test_a_class_with_one_label_is_warned_of_where_the_call_stands() -> None:
    y = np.where(np.arange(80) == 1, 2, Y)
    with pytest.warns(UserWarning, match="have a single label") as seen:
        transductive_cross_val_score(MODELS[0], X, y, cv=2)
    assert seen[0].filename == __file__


def test_weights_are_given_to_every_fit() -> None:
    weights = np.where(np.arange(80) < 40, 1.0, 0.0)
    test = np.flatnonzero(Y >= 0)[:3]
    hidden = np.where(weights > 0, Y, -1)
    hidden[test] = -1
    found = transductive_cross_val_score(
        MODELS[0],
        X,
        Y,
        cv=[(None, test)],
        scoring="neg_log_loss",
        params={"sample_weight": weights},
    )
    answers = MODELS[0].fit(X, hidden).label_distributions_[test]
    np.testing.assert_allclose(found, [-log_loss(Y[test], answers, labels=[0, 1])])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"y": Y[:79]}, InvalidInputError, "inconsistent numbers of samples"),
        ({"X": knn_graph(X, 5), "y": Y[:79]}, InvalidInputError, "80 points and y 79 entries"),
        ({"cv": "loo"}, InvalidTypeError, "cv must be None, a number of splits, a splitter"),
        ({"cv": 1}, InvalidInputError, "n_splits must be at least 2"),
        ({"scoring": "best"}, InvalidInputError, "'best' is the name of no scorer"),
        ({"y": np.full(80, -1)}, InvalidInputError, "y has 0, and 0 labels"),
        ({"cv": KFold(80)}, InvalidInputError, r"split 1 \(from 0\) of KFold.*no labelled point"),
        ({"estimator": LogisticRegression()}, InvalidTypeError, "LogisticRegression is not trans"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, error, words) -> None:
    given = {"estimator": MODELS[0], "X": X, "y": Y, **changes}
    with pytest.raises(error, match=words):
        transductive_cross_val_score(
            given.pop("estimator"), given.pop("X"), given.pop("y"), **given
        )
