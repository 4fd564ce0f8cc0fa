"""A scorer that leaves unlabelled rows out: what it says, passes on and refuses."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn
from scipy import sparse
from sklearn.datasets import make_blobs
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, get_scorer, log_loss, make_scorer
from sklearn.model_selection import cross_validate
from sklearn.tree import DecisionTreeClassifier

from fewlabels import LabelledKFold, LabelSpreading, labelled_scorer
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

X, TRUTH = make_blobs(40, centers=2, n_features=2, cluster_std=2.5, random_state=0)
KNOWN = np.arange(40) % 3 == 0
MODEL = LogisticRegression().fit(X[KNOWN][::2], TRUTH[KNOWN][::2])
Y = np.where(KNOWN, TRUTH, -1)


@pytest.mark.parametrize("scoring", ["accuracy", "f1_macro", "roc_auc", "neg_log_loss", None])
def test_it_is_what_the_scorer_says_of_the_labelled_rows(scoring) -> None:
    expected = (
        MODEL.score(X[KNOWN], TRUTH[KNOWN])
        if scoring is None
        else get_scorer(scoring)(MODEL, X[KNOWN], TRUTH[KNOWN])
    )
    assert labelled_scorer(scoring)(MODEL, X, Y) == expected


@pytest.mark.parametrize("form", [list, np.array, sparse.coo_array, pd.DataFrame])
def test_rows_of_every_form_are_cut(form) -> None:
    given = X.tolist() if form is list else form(X)
    model = LogisticRegression().fit(given, TRUTH)
    assert labelled_scorer()(model, given, Y) == model.score(X[KNOWN].tolist(), TRUTH[KNOWN])


def test_it_takes_a_callable_and_weights_of_all_rows() -> None:
    scorer = labelled_scorer(make_scorer(accuracy_score))
    weights = np.arange(40.0)
    found = scorer(MODEL, X, Y, sample_weight=weights)
    expected = accuracy_score(TRUTH[KNOWN], MODEL.predict(X[KNOWN]), sample_weight=weights[KNOWN])
    assert found == expected


def test_labels_come_in_the_dtype_of_the_classes() -> None:
    seen: list[np.dtype[Any]] = []

    def scorer(estimator: Any, X: Any, y: Any) -> float:
        seen.append(y.dtype)
        return 0.0

    y = np.array([None] * 40, dtype=object)
    y[KNOWN] = TRUTH[KNOWN]
    labelled_scorer(scorer)(MODEL, X, y)
    labelled_scorer(scorer)(MODEL, X, np.where(KNOWN, TRUTH, np.nan))
    assert seen == [np.int64, np.float64]


def test_measurements_may_be_minus_one() -> None:
    y = np.array([0.5, -1.0, np.nan, 2.0])
    model = LinearRegression().fit([[0], [1], [3]], [0.5, -1.0, 2.0])
    points = np.arange(4)[:, None]
    expected = model.score(points[[0, 1, 3]], y[[0, 1, 3]])
    assert labelled_scorer("r2")(model, points, y) == expected


def test_rows_of_labels_are_scored_as_classes_or_as_rows() -> None:
    model = LogisticRegression().fit(X, TRUTH)
    soft = np.where(KNOWN[:, None], np.eye(2)[TRUTH] * 0.6 + 0.2, np.nan)
    assert labelled_scorer()(model, X, soft) == model.score(X[KNOWN], TRUTH[KNOWN])
    several = np.where(KNOWN[:, None], np.eye(2, dtype=int)[TRUTH], -1)
    forest = DecisionTreeClassifier(max_depth=1).fit(X, np.eye(2, dtype=int)[TRUTH])
    expected = get_scorer("f1_micro")(forest, X[KNOWN], np.eye(2, dtype=int)[TRUTH[KNOWN]])
    assert labelled_scorer("f1_micro")(forest, X, several) == expected


def test_log_loss_is_over_all_classes_even_where_the_test_set_lacks_one() -> None:
    X, truth = make_blobs(30, centers=3, random_state=0)
    model = LogisticRegression().fit(X, truth)
    y = np.where((truth < 2) & (np.arange(30) < 10), truth, -1)
    known = y >= 0
    assert set(y) == {-1, 0, 1}
    expected = -log_loss(y[known], model.predict_proba(X[known]), labels=[0, 1, 2])
    assert labelled_scorer("neg_log_loss")(model, X, y) == expected


def test_several_scores_and_training_scores_in_one_cross_validation() -> None:
    y = np.where(KNOWN, np.array(["no", "yes"])[TRUTH], None)
    scores = cross_validate(
        LabelSpreading("rbf", gamma=0.5),
        X,
        y,
        cv=LabelledKFold(3),
        scoring={name: labelled_scorer(name) for name in ("accuracy", "neg_log_loss")},
        return_train_score=True,
        error_score="raise",
    )
    assert (scores["test_neg_log_loss"] < 0).all()
    assert (scores["train_accuracy"] > 0.7).all()


def test_scikit_learns_metadata_routing_brings_the_weights_that_are_asked_for() -> None:
    weights = np.arange(40.0)
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = make_scorer(accuracy_score).set_score_request(sample_weight=True)
        model = LogisticRegression().set_fit_request(sample_weight=False)
        settings: dict[str, Any] = {"cv": LabelledKFold(2), "error_score": "raise"}
        settings["params"] = {"sample_weight": weights}
        found = cross_validate(model, X, TRUTH, scoring=labelled_scorer(scorer), **settings)
        expected = cross_validate(model, X, TRUTH, scoring=scorer, **settings)
    np.testing.assert_array_equal(found["test_score"], expected["test_score"])


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", None, make_scorer(accuracy_score)])
def test_it_can_be_pickled_and_says_what_it_wraps(scoring) -> None:
    scorer = labelled_scorer(scoring)
    copied = pickle.loads(pickle.dumps(scorer))
    assert copied(MODEL, X, Y) == scorer(MODEL, X, Y)
    assert repr(copied) == f"labelled_scorer({scoring!r})"


def test_nothing_to_score_on_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="all 40 rows to score on are marked"):
        labelled_scorer()(MODEL, X, np.full(40, -1))
    with pytest.raises(InvalidInputError, match="inconsistent numbers of samples"):
        labelled_scorer()(MODEL, X[:39], Y)


@pytest.mark.parametrize(
    ("scoring", "error", "words"),
    [
        ("acuracy", InvalidInputError, "'acuracy' is the name of no scorer"),
        (["accuracy"], InvalidTypeError, "name of a scorer, a callable.*got .'accuracy'.*list"),
    ],
)
def test_what_is_no_scorer_is_refused_at_once(scoring, error, words) -> None:
    with pytest.raises(error, match=words):
        labelled_scorer(scoring)
