"""Labels as people have them: masks, booleans, dates, tuples; how they are scored and warned of."""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, cross_validate

from fewlabels import (
    CorrectAndSmooth,
    FewLabelsClassifier,
    FewLabelsRegressor,
    LabelledKFold,
    LabelSpreading,
    LabelWarning,
    PoissonClassifier,
    labelled_scorer,
    transductive_cross_val_score,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError

X, TRUTH = make_blobs(60, centers=2, cluster_std=0.5, random_state=0)
KNOWN = np.arange(60) % 4 == 0
ANSWERED = LabelSpreading("self-tuning", n_neighbors=10, alpha=0.9, max_iter=1000)
MODELS = [ANSWERED, PoissonClassifier(), FewLabelsClassifier()]
EVERY = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)

DAYS = (datetime.date(2024, 1, 1), datetime.date(2024, 7, 1))
KINDS: dict[str, tuple[Any, Any]] = {
    "booleans": (False, True),
    "dates": DAYS,
    "times": (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-07-01")),
    "tuples": (("a", 1), ("b", 2)),
    "mixed": ("a", 2),
    "bytes": (b"left", b"right"),
    "strings": ("left", "right"),
}


def column(classes: tuple[Any, Any], known: Any = KNOWN) -> Any:
    y = np.empty(60, dtype=object)
    for row in np.flatnonzero(known):
        y[row] = classes[TRUTH[row]]
    return y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [np.array, list])
def test_classes_of_every_kind_survive_fit_predict_score_and_cross_validation(kind, form) -> None:
    y = column(KINDS[kind])
    everything = column(KINDS[kind], np.ones(60))
    y, everything = (list(y), list(everything)) if form is list else (y, everything)
    model = ANSWERED.fit(X, y)
    decoded = [c.decode() if isinstance(c, bytes) else c for c in KINDS[kind]]
    assert sorted(map(str, model.classes_.tolist())) == sorted(map(str, decoded))
    assert model.predict(X).tolist() == [decoded[k] for k in TRUTH]
    assert model.score(X, y) == model.score(X, everything) == 1
    np.testing.assert_array_equal(cross_val_score(ANSWERED, X, y, cv=LabelledKFold(3)), [1, 1, 1])
    np.testing.assert_array_equal(transductive_cross_val_score(ANSWERED, X, y, cv=3), [1, 1, 1])


@pytest.mark.parametrize(
    "y",
    [
        np.where(KNOWN, TRUTH == 1, None),
        pd.Series(np.where(KNOWN, TRUTH == 1, None), dtype="boolean"),
        pl.Series([bool(t) if k else None for t, k in zip(TRUTH, KNOWN, strict=True)]),
        np.ma.array(TRUTH == 1, mask=~KNOWN),
    ],
)
@EVERY
def test_the_answers_to_booleans_are_booleans(model, y) -> None:
    model.fit(X, y)
    assert model.classes_.dtype == bool
    np.testing.assert_array_equal(~model.predict(X), TRUTH == 0)
    np.testing.assert_array_equal(model.predict(X) & model.transduction_, TRUTH == 1)
    assert model.score(X, y) == 1


def test_dates_keep_their_dtype_even_where_there_is_no_answer() -> None:
    y = np.full(60, "NaT", dtype="M8[D]")
    y[KNOWN] = np.array(DAYS, dtype="M8[D]")[TRUTH[KNOWN]]
    far = np.vstack([X, X[:3] + 1e6])
    with pytest.warns(UserWarning, match="3 of 63 points"):
        model = LabelSpreading("knn", n_neighbors=3, max_iter=1000).fit(
            far, np.concatenate([y, y[1:4]])
        )
    assert model.transduction_.dtype == np.dtype("M8[D]")
    assert np.isnat(model.transduction_[-3:]).all()
    np.testing.assert_array_equal(ANSWERED.fit(X, y).predict(X), np.array(DAYS, "M8[D]")[TRUTH])
    assert ANSWERED.score(X, y.astype("M8[ns]")) == 1


@EVERY
@pytest.mark.parametrize("dtype", [int, float, "U1"])
def test_masked_labels_are_no_labels(model, dtype) -> None:
    wrong = (1 - TRUTH).astype(dtype)  # under the mask
    y = np.ma.array(np.where(KNOWN, TRUTH.astype(dtype), wrong), mask=~KNOWN)
    plain = model.fit(X, np.where(KNOWN, TRUTH.astype(dtype), None)).predict(X)
    assert model.fit(X, y).predict(X).tolist() == plain.tolist()
    assert model.classes_.dtype == np.dtype(dtype)
    assert model.score(X, y) == 1
    assert model._labels.labelled.sum() == KNOWN.sum()


def test_masked_rows_of_several_columns_are_no_labels() -> None:
    mask = np.repeat(~KNOWN[:, None], 2, axis=1)
    for matrix in (
        np.eye(2, dtype=int),
        np.eye(2, dtype=bool),
        np.eye(2),
        np.eye(2).astype(object),
    ):
        given = np.ma.array(matrix[TRUTH], mask=mask)
        model = ANSWERED.fit(X, given)
        np.testing.assert_array_equal(model._labels.labelled, KNOWN)
        assert (model.label_distributions_.argmax(axis=1) == TRUTH).all()
        assert model.score(X, given) == 1
    table = pd.DataFrame(np.eye(2, dtype=int)[TRUTH], dtype="Int64")
    table[mask] = pd.NA
    np.testing.assert_array_equal(ANSWERED.fit(X, table)._labels.labelled, KNOWN)
    assert ANSWERED._is_multilabel
    partly = np.ma.array(np.eye(2)[TRUTH], mask=False)
    partly[3, 0] = np.ma.masked
    with pytest.raises(InvalidInputError, match="Row 3"):
        ANSWERED.fit(X, partly)


def test_masked_numbers_are_no_numbers() -> None:
    values = X[:, 0].astype(np.float32)
    masked = np.ma.array(np.where(KNOWN, values, 1e6), mask=~KNOWN, dtype=np.float32)
    model = FewLabelsRegressor().fit(X, masked)
    plain = FewLabelsRegressor().fit(X, np.where(KNOWN, values, np.nan).astype(np.float32))
    np.testing.assert_array_equal(model.transduction_, plain.transduction_)
    assert model.transduction_.dtype == np.float32
    assert model.score(X, masked) == model.score(X[KNOWN], values[KNOWN])


def test_masked_weights_are_refused_with_the_remedy() -> None:
    weights = np.ma.array(np.ones(60), mask=~KNOWN)
    for model, y in ((ANSWERED, TRUTH), (FewLabelsRegressor(), X[:, 0])):
        with pytest.raises(InvalidInputError, match=r"masked entries.*sample_weight.filled\(0\)"):
            model.fit(X, y, sample_weight=weights)
    ANSWERED.fit(X, TRUTH, sample_weight=weights.filled(0))
    assert ANSWERED._labels.labelled.sum() == KNOWN.sum()


# -1 beside another marker


@EVERY
@pytest.mark.parametrize("marker", [None, np.nan])
def test_minus_one_may_be_a_class_where_the_marker_is_another_one(model, marker) -> None:
    y = np.where(KNOWN, 2 * TRUTH - 1, marker)
    with pytest.warns(LabelWarning, match="-1 is read as a class"):
        model.fit(X, y)
    assert model.classes_.tolist() == [-1, 1]
    np.testing.assert_array_equal(model.predict(X), 2 * TRUTH - 1)
    assert model.score(X, 2 * TRUTH - 1) == 1  # here -1 is known to be a class
    free = np.flatnonzero(~KNOWN)[:2]
    model.add_labels(free, [-1, 1]).remove_labels(free)
    assert model._labels.labelled.sum() == KNOWN.sum()
    with pytest.warns(LabelWarning):
        scores = cross_val_score(model, X, y, cv=LabelledKFold(3), scoring=labelled_scorer())
    np.testing.assert_array_equal(scores, [1, 1, 1])


def test_where_it_is_the_marker_it_can_not_be_added() -> None:
    model = ANSWERED.fit(X, np.where(KNOWN, TRUTH, -1))
    with pytest.raises(InvalidInputError, match="the label of point 1 is missing"):
        model.add_labels([1], [-1])


def test_measurements_of_minus_one_beside_nan_are_nothing_to_warn_of() -> None:
    y = np.where(KNOWN, np.where(TRUTH, X[:, 0], -1.0), np.nan)
    scores = cross_val_score(FewLabelsRegressor(), X, y, cv=LabelledKFold(3, stratified=False))
    assert np.isfinite(scores).all()


@EVERY
def test_unsigned_markers_are_told(model) -> None:
    with pytest.warns(LabelWarning, match="-1 becomes 255"):
        model.fit(X, np.where(KNOWN, TRUTH, -1).astype(np.uint8))


def test_booleans_and_numbers_in_one_column_are_refused_here_as_in_a_session() -> None:
    y = column((True, 0))
    with pytest.raises(InvalidTypeError, match="must not mix booleans and numbers"):
        ANSWERED.fit(X, y)
    with pytest.raises(InvalidTypeError, match="of the type of the fitted ones"):
        ANSWERED.fit(X, column((True, False))).score(X, TRUTH)


# names


@EVERY
def test_classes_with_nearly_the_same_name_are_told_by_fit_and_add_labels(model) -> None:
    y = column(("loyal", "lost"))
    y[0] = "Loyal"
    with pytest.warns(LabelWarning, match="nearly the same name.*'Loyal' and 'loyal'"):
        model.fit(X, y)
    model.fit(X, column(("loyal", "lost"))).add_labels([1], ["other"])
    with pytest.warns(LabelWarning, match="'loyal' and 'loyl'") as caught:
        model.add_labels([2], ["loyl"])
    assert caught[0].filename == __file__
    model.add_labels([3], ["loyl"])  # said before


@EVERY
def test_words_for_missing_labels_are_told_and_are_classes(model) -> None:
    y = column(("a", "b"))
    y[1] = "NA"
    with pytest.warns(LabelWarning, match="'NA' is read as a class.*None, NaN or pandas.NA"):
        model.fit(X, y)
    assert model.classes_.tolist() == ["NA", "a", "b"]


def test_a_warning_made_an_error_leaves_the_estimator_as_it_was() -> None:
    model = ANSWERED.fit(X, column(("loyal", "lost")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(LabelWarning):
            model.add_labels([2], ["Loyal"])
    assert model.classes_.tolist() == ["lost", "loyal"]
    assert model.add_labels([2], ["lost"])._labels.labelled.sum() == KNOWN.sum() + 1


# scores


@pytest.mark.parametrize(
    "y",
    [
        np.where(KNOWN, TRUTH, -1),
        np.where(KNOWN, TRUTH, np.nan),
        np.where(KNOWN, TRUTH, None),
        pd.Series(np.where(KNOWN, TRUTH, None), dtype="Int64"),
        pd.Series(np.where(KNOWN, TRUTH, pd.NA)),
        [int(t) if k else None for t, k in zip(TRUTH, KNOWN, strict=True)],
    ],
)
@EVERY
def test_unlabelled_rows_do_not_count_in_a_score(model, y) -> None:
    model.fit(X, np.where(KNOWN, TRUTH, -1))
    assert model.score(X, y) == 1
    wrong = np.where(KNOWN & (np.arange(60) < 30), 1 - TRUTH, y)
    share = (KNOWN & (np.arange(60) >= 30)).sum() / KNOWN.sum()
    assert model.score(X, wrong) == pytest.approx(share)


def test_weights_and_unknown_classes_count_in_a_score() -> None:
    model = ANSWERED.fit(X, np.where(KNOWN, TRUTH, -1))
    weights = np.where(TRUTH == 1, 3.0, 1.0)
    weights[~KNOWN] = np.nan  # not read
    y = np.where(KNOWN, np.where(TRUTH == 1, 7, 0), -1)
    expected = 1 - 3 * TRUTH[KNOWN].sum() / weights[KNOWN].sum()
    assert model.score(X, y, sample_weight=weights) == pytest.approx(expected)


def test_rows_of_several_columns_are_scored_where_known() -> None:
    several = np.where(KNOWN[:, None], np.eye(2, dtype=int)[TRUTH], -1)
    model = ANSWERED.fit(X, several)
    assert model.score(X, several) == 1
    several[0] = 1 - several[0]
    assert model.score(X, several) == pytest.approx(1 - 1 / KNOWN.sum())
    soft = np.where(KNOWN[:, None], np.eye(2)[TRUTH] * 0.6 + 0.2, np.nan)
    assert ANSWERED.fit(X, soft).score(X, soft) == 1
    with pytest.raises(InvalidInputError, match=r"one a row; got shape \(60, 2\)"):
        ANSWERED.score(X, several)
    with pytest.raises(InvalidInputError, match=r"2 columns of 0 and 1; got shape \(60,\)"):
        ANSWERED.fit(X, np.abs(several)).score(X, TRUTH)


def test_regressors_score_known_rows() -> None:
    y = np.where(KNOWN, X[:, 0], np.nan)
    model = FewLabelsRegressor().fit(X, y)
    assert model.score(X, y) == model.score(X[KNOWN], X[KNOWN, 0])
    assert model.score(X, np.where(KNOWN, X[:, 0], None)) == model.score(X, y)
    weights = np.where(KNOWN, 1.0 + np.arange(60), -1.0)
    expected = model.score(X[KNOWN], X[KNOWN, 0], sample_weight=weights[KNOWN])
    assert model.score(X, y, sample_weight=weights) == expected


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (ANSWERED, np.full(60, -1)),
        (ANSWERED, [None] * 60),
        (ANSWERED, np.full(60, np.nan)),
        (FewLabelsRegressor(), np.full(60, np.nan)),
    ],
)
def test_a_score_of_no_label_is_an_error_that_says_so(model, y) -> None:
    model.fit(X, np.where(KNOWN, TRUTH, np.nan))
    with pytest.raises(InvalidInputError, match=r"holds no label: all 60 rows.*LabelledKFold"):
        model.score(X, y)


def test_a_score_on_a_graph_says_what_to_do() -> None:
    model = ANSWERED.fit(X, TRUTH)
    with pytest.raises(InvalidInputError, match=r"X is a Graph\. Compare transduction_"):
        model.score(model.graph_, TRUTH)
    with pytest.raises(InvalidInputError, match="inconsistent numbers of samples"):
        model.score(X[:5], TRUTH)


def test_correct_and_smooth_scores_known_rows() -> None:
    y = column(("a", "b"))
    model = CorrectAndSmooth(LogisticRegression()).fit(X, y)
    assert model.score(X, y) == 1


# cross-validation with scikit-learn's own splitters


@pytest.mark.parametrize("y", [np.where(KNOWN, TRUTH, -1), np.where(KNOWN, TRUTH == 1, None)])
def test_scikit_learns_splitters_work_where_each_test_set_holds_a_label(y) -> None:
    np.testing.assert_array_equal(cross_val_score(ANSWERED, X, y, cv=3), [1, 1, 1])
    searched = GridSearchCV(ANSWERED, {"alpha": [0.5, 0.9]}, cv=3).fit(X, y)
    assert searched.best_score_ == 1


@pytest.mark.parametrize(
    ("model", "scoring"),
    [(ANSWERED, None), (ANSWERED, labelled_scorer("accuracy")), (FewLabelsRegressor(), None)],
)
@pytest.mark.parametrize("n_jobs", [None, 2])
def test_where_one_holds_none_cross_validation_stops_and_says_what_to_do(
    model, scoring, n_jobs
) -> None:
    y = np.where(np.arange(60) < 30, np.where(TRUTH, X[:, 0].round(), 0), np.nan)
    with pytest.raises(ValueError, match=r"none of the \d+ rows of a test set.*LabelledKFold\(\)"):
        cross_val_score(model, X, y, cv=KFold(4), scoring=scoring, n_jobs=n_jobs)
    scores = {"one": model.score, "two": labelled_scorer(None)}
    scoring = {name: labelled_scorer(None) for name in scores}
    with pytest.raises(ValueError, match=r"split with cv=LabelledKFold\(\)"):
        cross_validate(model, X, y, cv=KFold(4), scoring=scoring)
