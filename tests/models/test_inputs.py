"""What can be passed in: features, tables, labels and settings; what is refused and how."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.metrics.pairwise import rbf_kernel

from fewlabels import (
    FewLabelsClassifier,
    FewLabelsRegressor,
    Graph,
    LabelSpreading,
    UnreachedWarning,
    rbf_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models import _kernels

X = np.array([[0.0, 1.0], [0.1, 0.0], [0.2, 0.0], [5.0, 0.0], [5.1, 1.0], [5.2, 0.0]])
Y = np.array([0, -1, -1, 1, -1, -1])
ANSWER = [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "bsr", "lil", "dok", "dia"])
@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("kernel", ["rbf", "knn", "self-tuning"])
def test_sparse_features_of_every_format_are_features(estimator, form, kind, kernel) -> None:
    features = getattr(sparse, f"{form}_{kind}")(X)
    settings = {"gamma": 1, "n_neighbors": 3}
    model = estimator(kernel, **settings).fit(features, Y)
    dense = estimator(kernel, **settings).fit(X, Y)
    np.testing.assert_allclose(model.label_distributions_, dense.label_distributions_, rtol=1e-6)
    assert model.predict(features).tolist() == ANSWER
    assert sparse.issparse(model.X_)


def test_of_pictures_the_error_says_how_to_make_rows(estimator) -> None:
    pictures = np.zeros((6, 2, 2))
    for given, array in ((pictures, "X"), (pictures.tolist(), r"np.asarray\(X\)")):
        with pytest.raises(
            InvalidInputError,
            match=rf"X has shape \(6, 2, 2\).*: {array}\.reshape\(len\(X\), -1\)",
        ):
            estimator().fit(given, Y)


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil"])
def test_sparse_affinities_of_every_format_are_affinities(estimator, form) -> None:
    affinity = rbf_kernel(X)
    model = estimator("precomputed").fit(getattr(sparse, f"{form}_array")(affinity), Y)
    dense = estimator("precomputed").fit(affinity, Y)
    np.testing.assert_allclose(model.label_distributions_, dense.label_distributions_, rtol=1e-9)


@pytest.mark.parametrize("table", [pd.DataFrame, pl.DataFrame])
def test_tables_are_features_with_names(estimator, table) -> None:
    frame = table({"width": X[:, 0], "height": X[:, 1]})
    model = estimator(gamma=1).fit(frame, Y)
    assert model.feature_names_in_.tolist() == ["width", "height"]
    assert model.n_features_in_ == 2
    assert model.predict(frame).tolist() == ANSWER
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(table({"height": X[:, 1], "width": X[:, 0]}))


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([0, None, None, 1, None, None], dtype="Int64"),
        pd.Series([0, -1, -1, 1, -1, -1]),
        pl.Series([0, None, None, 1, None, None]),
        [0, None, None, 1, None, None],
        [0.0, np.nan, np.nan, 1.0, np.nan, np.nan],
        (0, -1, -1, 1, -1, -1),
    ],
)
def test_columns_and_lists_of_numbers_are_labels(estimator, y) -> None:
    model = estimator(gamma=1).fit(X, y)
    assert model.transduction_.tolist() == ANSWER


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", None, None, "b", None, None]),
        pd.Series(["a", pd.NA, pd.NA, "b", pd.NA, pd.NA], dtype="string"),
        pd.Series(["a", None, None, "b", None, None], dtype="category"),
        pl.Series(["a", None, None, "b", None, None]),
        np.array(["a", None, np.nan, "b", None, pd.NA], dtype=object),
        ["a", None, None, "b", None, np.nan],
    ],
)
def test_columns_and_lists_of_strings_are_labels(estimator, y) -> None:
    model = estimator(gamma=1).fit(X, y)
    assert model.transduction_.tolist() == ["a"] * 3 + ["b"] * 3
    assert model.score(X, np.array(["a"] * 3 + ["b"] * 3)) == 1


def test_refitting_on_other_features_leaves_nothing_of_the_first(estimator) -> None:
    model = estimator(gamma=1).fit(pd.DataFrame(X, columns=["a", "b"]), Y)
    model.fit(rbf_graph(X), Y)
    assert {"X_", "n_features_in_", "feature_names_in_"}.isdisjoint(vars(model))
    model.fit(X[:, :1], ["p", None, None, "q", None, None])
    assert model.n_features_in_ == 1
    assert not hasattr(model, "feature_names_in_")
    assert model.predict([[0.0], [5.0]]).tolist() == ["p", "q"]
    model.set_params(kernel="precomputed").fit(rbf_kernel(X), Y)
    assert not hasattr(model, "X_")
    assert model.n_features_in_ == 6


def test_the_input_is_neither_changed_nor_frozen(estimator) -> None:
    for kernel, given in (("rbf", X.copy()), ("precomputed", rbf_kernel(X))):
        before, labels = given.copy(), Y.copy()
        estimator(kernel, gamma=1).fit(given, labels)
        np.testing.assert_array_equal(given, before)
        np.testing.assert_array_equal(labels, Y)
        assert given.flags.writeable
        assert labels.flags.writeable


def test_all_labelled_keeps_or_weighs_the_labels(estimator) -> None:
    y = np.array([0, 1, 0, 1, 1, 0])
    model = estimator(gamma=1).fit(X, y)
    np.testing.assert_array_equal(model.transduction_, y)
    assert model.reached_.all()
    assert model.n_iter_ >= 1


def test_a_single_class_is_everybodys(estimator) -> None:
    model = estimator(gamma=1).fit(X, ["only", None, None, "only", None, None])
    np.testing.assert_array_equal(model.label_distributions_, np.ones((6, 1)))
    assert model.transduction_.tolist() == ["only"] * 6


def test_labels_are_looked_at_before_the_graph_is_built(estimator, monkeypatch) -> None:
    monkeypatch.setattr(_kernels, "rbf_graph", None)
    with pytest.raises(InvalidInputError, match="holds no label"):
        estimator().fit(X, np.full(6, -1))
    with pytest.raises(InvalidInputError, match="inconsistent numbers"):
        estimator().fit(X, Y[:5])


def test_a_refit_that_fails_leaves_the_model_usable(estimator) -> None:
    model = estimator(gamma=1).fit(X, Y)
    with pytest.raises(InvalidInputError):
        model.fit(X[:3], [-1, -1, -1])
    assert model.predict(X).tolist() == ANSWER


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        (None, InvalidInputError, "requires y to be passed, but the target y is None"),
        (Y[:5], InvalidInputError, r"inconsistent numbers of samples: \[6, 5\]"),
        (np.tile(Y, (2, 1, 1)), InvalidInputError, r"one-dimensional.*got shape \(2, 1, 6\)"),
        ([0.5, -1, -1, 1.5, -1, -1], InvalidInputError, "Unknown label type: continuous.*got 0.5"),
        ([np.inf, -1, -1, 1, -1, -1], InvalidInputError, "whole, got inf"),
        (3, InvalidTypeError, "must be an array or a list.*got int"),
        ([{}, None, None, None, None, None], InvalidTypeError, "must be hashable, got a dict"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(estimator, y, error, words) -> None:
    with pytest.raises(error, match=words):
        estimator().fit(X, y)


@pytest.mark.parametrize(("graph_y", "words"), [(Y[:5], r"\[6, 5\]"), ([-1] * 6, "all 6 points")])
def test_labels_that_do_not_fit_a_graph_are_refused(estimator, graph_y, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        estimator().fit(rbf_graph(X), graph_y)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([[np.nan, 0.0]] * 6, "contains NaN"),
        ([[np.inf, 0.0]] * 6, "contains infinity"),
        (np.zeros((6, 0)), r"0 feature\(s\)"),
        ([1.0] * 6, "Expected 2D array"),
    ],
)
def test_features_that_cannot_be_used_are_refused(estimator, bad, words) -> None:
    with pytest.raises(ValueError, match=words):
        estimator().fit(bad, Y)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.ones((6, 5)), r"\(n_samples, n_samples\) = \(6, 6\); got shape \(6, 5\)"),
        (-np.ones((6, 6)), "non-negative"),
    ],
)
def test_affinities_that_cannot_be_used_are_refused(estimator, bad, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        estimator("precomputed").fit(bad, Y)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"kernel": "linear"}, InvalidInputError, "'precomputed', or a callable, got 'linear'"),
        ({"kernel": 3}, InvalidTypeError, "kernel must be one of"),
        ({"gamma": -1}, InvalidInputError, "gamma must be"),
        ({"gamma": "scale"}, InvalidTypeError, "gamma must be a number"),
        ({"n_neighbors": 0}, InvalidInputError, "n_neighbors must be at least 1, got 0"),
        ({"max_iter": 0}, InvalidInputError, "max_iter must be at least 1, got 0"),
        ({"max_iter": 3.5}, InvalidTypeError, "max_iter must be an integer"),
        ({"tol": -1.0}, InvalidInputError, "tol must be"),
        ({"tol": np.nan}, InvalidInputError, "tol must be"),
        ({"n_jobs": 0}, InvalidInputError, "n_jobs must be"),
        ({"solver": "lu"}, InvalidInputError, "'cg', 'direct', got 'lu'"),
    ],
)
def test_settings_out_of_range_are_refused_by_fit_and_not_before(
    estimator, settings, error, words
) -> None:
    model = estimator(**settings)
    with pytest.raises(error, match=words):
        model.fit(X, Y)


@pytest.mark.parametrize("alpha", [0, 1, -0.2, 1.5, np.inf])
def test_alpha_is_between_0_and_1(alpha) -> None:
    with pytest.raises(InvalidInputError, match="at least 1e-12 and less than 1"):
        LabelSpreading(alpha=alpha).fit(X, Y)


def test_dense_affinities_with_many_zeros_are_held_sparse(estimator) -> None:
    mostly_zero = np.kron(np.eye(3), np.ones((2, 2)))
    y = [0, -1, 1, -1, 0, -1]
    assert not estimator("precomputed").fit(mostly_zero, y).graph_.is_dense
    assert estimator("precomputed").fit(rbf_kernel(X), Y).graph_.is_dense
    assert isinstance(estimator(gamma=1).fit(X, Y).graph_, Graph)


def advice(model, X, y) -> str:
    with pytest.warns(UnreachedWarning) as caught:
        model.fit(X, y)
    return str(caught[0].message).partition("To reach them, ")[2]


def test_what_reaches_the_unreached_fits_the_model(estimator) -> None:
    features = np.array([[0.0], [0.1], [0.2], [9e3], [9.0001e3], [9.0002e3]])
    y = [0, -1, 1, -1, -1, -1]
    one_each = "label a point in each of those parts of the graph, or "
    for settings, rest in (
        ({"kernel": "knn", "n_neighbors": 2}, "raise n_neighbors (2 now)."),
        ({"kernel": "self-tuning", "n_neighbors": 1}, "raise n_neighbors (1 now)."),
        ({"kernel": "rbf"}, 'lower gamma, or take kernel="self-tuning".'),
        ({"kernel": rbf_kernel}, "take a kernel that joins them."),
    ):
        assert advice(estimator(**settings), features, y) == one_each + rest
    affinity = np.kron(np.eye(2), np.ones((3, 3)))
    given = one_each + "give affinities that join the parts."
    assert advice(estimator("precomputed"), affinity, y) == given
    graph = one_each + "build the graph with more neighbors."
    assert advice(estimator(), Graph.from_affinity(affinity), y) == graph


@pytest.mark.parametrize("make", [FewLabelsClassifier, FewLabelsRegressor])
def test_where_the_number_of_neighbors_was_chosen_the_advice_says_it(make) -> None:
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(size=(30, 2)), rng.normal(1e4, 1, size=(30, 2))])
    y = np.full(60, np.nan)
    y[:2] = 0, 1
    assert advice(make(), features, y).endswith("or raise n_neighbors (10 now).")
    assert advice(make(n_neighbors=4), features, y).endswith("or raise n_neighbors (4 now).")
