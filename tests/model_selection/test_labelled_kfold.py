"""Folds of the labelled points: what is tested, what trains, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewlabels import LabelledKFold, LabelPropagation, LabelSpreading, labelled_scorer
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from tests.strategies import partial_labels

X, TRUTH = make_blobs(60, centers=3, n_features=2, cluster_std=0.5, random_state=0)
KNOWN = np.arange(60) % 4 == 0
NAMES = np.array(["a", "b", "c"])


def _as_objects(missing: Any, names: bool) -> Any:
    y = np.empty(60, dtype=object)
    y[:] = missing
    y[KNOWN] = NAMES[TRUTH[KNOWN]] if names else TRUTH[KNOWN]
    return y


# The same labels, 15 of 60 points, in each form that says which points have none.
FORMS = {
    "integers": np.where(KNOWN, TRUTH, -1),
    "list": np.where(KNOWN, TRUTH, -1).tolist(),
    "floats": np.where(KNOWN, TRUTH, np.nan),
    "integers and None": _as_objects(None, names=False),
    "strings and None": _as_objects(None, names=True),
    "strings and NaN": _as_objects(np.nan, names=True),
    "list of strings and None": _as_objects(None, names=True).tolist(),
    "pandas Int64": pd.Series(_as_objects(None, names=False), dtype="Int64"),
    "pandas strings": pd.Series(_as_objects(None, names=True), dtype="string"),
    "polars": pl.Series(_as_objects(None, names=True).tolist()),
}


@st.composite
def labels_and_splitters(draw: st.DrawFn) -> tuple[Any, LabelledKFold]:
    y = draw(partial_labels(draw(st.integers(4, 30)), n_classes=4, min_labelled=4))
    shuffle, stratified = draw(st.booleans()), draw(st.booleans())
    counts = np.bincount(y[y >= 0])
    testable = int(counts[counts > 1].sum() if stratified else counts.sum())
    if testable < 2:
        y[:] = 0
        testable = len(y)
    n_splits = draw(st.integers(2, min(testable, 7)))
    seed = draw(st.integers(0, 5)) if shuffle else None
    return y, LabelledKFold(n_splits, shuffle=shuffle, random_state=seed, stratified=stratified)


@given(labels_and_splitters())
@pytest.mark.filterwarnings("ignore:.*have a single label")
def test_every_split_tests_labelled_points_and_trains_on_all_others(case) -> None:
    y, splitter = case
    splits = list(splitter.split(np.zeros((len(y), 2)), y))
    assert len(splits) == splitter.get_n_splits()
    for train, test in splits:
        assert (y[test] >= 0).all()
        np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()
    tested = np.concatenate([test for _, test in splits])
    assert len(np.unique(tested)) == len(tested)
    sizes = [len(test) for _, test in splits]
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1


@given(labels_and_splitters())
@pytest.mark.filterwarnings("ignore:.*have a single label")
def test_stratified_folds_share_each_class_evenly_and_leave_some_of_it_to_learn_from(case) -> None:
    y, splitter = case
    splitter.stratified = True
    counts = np.bincount(y[y >= 0])
    if counts[counts > 1].sum() < splitter.n_splits:
        return
    splits = list(splitter.split(None, y))
    for c in np.flatnonzero(counts):
        in_test = np.array([(y[test] == c).sum() for _, test in splits])
        in_train = np.array([(y[train] == c).sum() for train, _ in splits])
        assert (in_train >= 1).all()
        if counts[c] == 1:
            assert in_test.sum() == 0
        else:
            assert in_test.sum() == counts[c]
            assert in_test.max() - in_test.min() <= 1


@given(labels_and_splitters())
def test_without_strata_every_labelled_point_is_tested_once_in_order(case) -> None:
    y, splitter = case
    plain = LabelledKFold(splitter.n_splits, stratified=False)
    tested = np.concatenate([test for _, test in plain.split(None, y)])
    np.testing.assert_array_equal(tested, np.flatnonzero(y >= 0))


def test_a_seed_gives_the_same_folds_and_another_seed_others() -> None:
    y = FORMS["integers"]

    def folds(seed: int) -> list[list[int]]:
        splitter = LabelledKFold(3, shuffle=True, random_state=seed)
        assert [t.tolist() for _, t in splitter.split(X, y)] == [
            t.tolist() for _, t in splitter.split(X, y)
        ]
        return [test.tolist() for _, test in splitter.split(X, y)]

    assert folds(0) == folds(0)
    assert folds(0) != folds(1)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_missing_labels_gives_the_same_folds(form) -> None:
    expected = LabelledKFold(3).split(X, FORMS["integers"])
    for (train, test), (its_train, its_test) in zip(
        LabelledKFold(3).split(X, FORMS[form]), expected, strict=True
    ):
        np.testing.assert_array_equal(train, its_train)
        np.testing.assert_array_equal(test, its_test)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("estimator", [LabelSpreading, LabelPropagation])
def test_a_grid_search_scores_labelled_points_only_whatever_their_form(estimator, form) -> None:
    search = GridSearchCV(
        estimator("rbf"),
        {"gamma": [1.0, 1e-6]},
        cv=LabelledKFold(3),
        scoring=labelled_scorer(),
        return_train_score=True,
        error_score="raise",
    ).fit(X, FORMS[form])
    assert search.best_params_ == {"gamma": 1.0}
    assert search.best_score_ > 0.9  # the marker is nobody's class
    assert search.cv_results_["mean_train_score"][0] > 0.9
    assert len(search.best_estimator_.classes_) == 3


def test_scikit_learns_own_splitter_tests_on_unlabelled_points_and_ours_does_not() -> None:
    y = FORMS["integers"]
    model = LabelSpreading("rbf", gamma=1.0)
    theirs = cross_val_score(model, X, y, cv=StratifiedKFold(3), scoring="accuracy")
    ours = cross_val_score(model, X, y, cv=LabelledKFold(3), scoring="accuracy")
    assert theirs.max() < 0.5  # three in four points are unlabelled, and -1 is never predicted
    assert ours.min() > 0.9


def test_precomputed_affinities_and_pipelines_are_cut_as_features_are() -> None:
    y, cv = FORMS["strings and None"], LabelledKFold(3)
    expected = cross_val_score(LabelSpreading("rbf", gamma=1.0), X, y, cv=cv)
    found = cross_val_score(LabelSpreading("precomputed"), rbf_kernel(X, gamma=1.0), y, cv=cv)
    np.testing.assert_array_equal(found, expected)
    pipeline = make_pipeline(StandardScaler(), LabelSpreading("self-tuning"))
    frame = pd.DataFrame(X, columns=["width", "height"])
    assert cross_val_score(pipeline, frame, y, cv=cv, error_score="raise").min() > 0.9


def test_a_class_with_one_label_stays_in_training_and_is_warned_of() -> None:
    y = np.array(["lone", "a", "a", "b", "b", None, None], dtype=object)
    with pytest.warns(UserWarning, match=r"1 of 3 classes have a single label \('lone'\)") as seen:
        splits = list(LabelledKFold(2).split(None, y))
    assert seen[0].filename == __file__
    assert all(0 in train for train, _ in splits)
    assert sorted(np.concatenate([test for _, test in splits])) == [1, 2, 3, 4]


def test_groups_are_not_used_and_warned_of() -> None:
    with pytest.warns(UserWarning, match="does not use groups"):
        splits = LabelledKFold(2).split(X, FORMS["integers"], groups=np.arange(60))
    assert len(list(splits)) == 2


def test_measurements_are_split_without_strata_and_minus_one_is_one_of_them() -> None:
    y = [0.5, np.nan, -1.0, 2.0, np.nan, 3.5]
    tested = [test.tolist() for _, test in LabelledKFold(2, stratified=False).split(None, y)]
    assert tested == [[0, 2], [3, 5]]
    with pytest.raises(InvalidInputError, match=r"measurements.*stratified=False"):
        LabelledKFold(2).split(None, y)


def test_soft_labels_are_split_by_their_most_probable_class() -> None:
    soft = np.full((8, 2), np.nan)
    soft[:6] = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]]
    found = [test.tolist() for _, test in LabelledKFold(3).split(None, soft)]
    assert found == [[0, 3], [1, 4], [2, 5]]


def test_several_classes_a_point_are_split_without_strata() -> None:
    y = np.array([[1, 0], [-1, -1], [1, 1], [0, 0]])
    found = [test.tolist() for _, test in LabelledKFold(3, stratified=False).split(None, y)]
    assert found == [[0], [2], [3]]
    with pytest.raises(InvalidInputError, match=r"several classes per point.*stratified=False"):
        LabelledKFold(2).split(None, y)


def test_it_looks_as_it_was_made_and_clones_as_part_of_a_search() -> None:
    splitter = LabelledKFold(3, shuffle=True, random_state=7)
    words = "LabelledKFold(n_splits=3, random_state=7, shuffle=True, stratified=True)"
    assert repr(splitter) == words
    search = clone(GridSearchCV(LabelSpreading(), {}, cv=splitter))
    assert repr(search.cv) == words


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"n_splits": 1}, InvalidInputError, "n_splits must be at least 2, got 1"),
        ({"n_splits": 2.0}, InvalidTypeError, "n_splits must be an integer"),
        ({"shuffle": "yes"}, InvalidTypeError, "shuffle must be True or False, got 'yes'"),
        ({"stratified": None}, InvalidTypeError, "stratified must be True or False"),
        ({"random_state": 0}, InvalidInputError, "of no effect without shuffle=True"),
        ({"shuffle": True, "random_state": "a"}, InvalidTypeError, "random_state must be"),
    ],
)
def test_settings_out_of_range_are_refused(settings, error, words) -> None:
    with pytest.raises(error, match=words):
        LabelledKFold(**settings)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "needs y"),
        ([0, 0, 1, 1, -1], "n_splits=5 folds need.*y has 4, and 4 labels in all. Take fewer"),
        ([0, 1, 2, -1, -1], "has 0, and 3 labels in all; 3 classes have a single label"),
        ([-1] * 5, "has 0, and 0 labels in all"),
        (["-1", "a", "a", "a", "a"], "'-1' is among labels"),
    ],
)
def test_labels_that_cannot_be_split_are_refused_at_the_call(y, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        LabelledKFold(5).split(np.zeros((5, 1)), y)


def test_features_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="inconsistent numbers of samples"):
        LabelledKFold(2).split(X[:59], FORMS["integers"])
