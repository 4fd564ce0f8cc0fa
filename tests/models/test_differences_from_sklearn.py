"""What scikit-learn's estimators get wrong, each fault a test of what happens here."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn import semi_supervised
from sklearn.metrics.pairwise import rbf_kernel

from fewlabels import (
    AsymmetryWarning,
    Graph,
    LabelPropagation,
    LabelSpreading,
    ScaleWarning,
    UnreachedWarning,
    knn_graph,
)
from fewlabels.exceptions import InvalidInputError
from fewlabels.models import _kernels
from tests.gallery import path_graph

X = np.array([[0.0], [0.1], [0.2], [0.3], [5.0], [5.1], [5.2], [5.3]])
Y = np.array([0, -1, -1, 0, 1, -1, -1, 1])


def test_a_component_without_labels_gets_the_prior_and_the_marker_and_no_nan(estimator) -> None:
    far = np.vstack([X, [[900.0], [900.1]]])
    y = np.r_[Y, -1, -1]
    y[3] = 1  # one 0, three 1
    with pytest.warns(UnreachedWarning, match="2 of 10 points can't be reached"):
        model = estimator().fit(far, y)
    np.testing.assert_array_equal(model.reached_, [True] * 8 + [False] * 2)
    np.testing.assert_array_equal(model.label_distributions_[8:], [[0.25, 0.75]] * 2)
    np.testing.assert_array_equal(model.transduction_[8:], [-1, -1])
    np.testing.assert_array_equal(model.evidence_[8:], [0, 0])
    np.testing.assert_allclose(model.predict_proba(far).sum(axis=1), 1)


def test_the_marker_of_string_labels_is_none(estimator) -> None:
    y = np.array(["a", None, None, None, None, None, None, None], dtype=object)
    with pytest.warns(UnreachedWarning):
        model = estimator("knn", n_neighbors=2).fit(X, y)
    assert model.transduction_.tolist() == ["a"] * 4 + [None] * 4


@pytest.mark.parametrize(
    "y", [np.full(8, -1), np.full(8, np.nan), [None] * 8, np.array([None] * 8, dtype=object)]
)
def test_labels_that_are_all_missing_are_a_clear_error(estimator, y) -> None:
    with pytest.raises(InvalidInputError, match="y holds no label: all 8 points"):
        estimator().fit(X, y)


@pytest.mark.parametrize("dtype", [str, object])
def test_minus_one_as_a_string_is_refused(estimator, dtype) -> None:
    y = np.array(["a", "-1", "-1", "a", "b", "-1", "-1", "b"], dtype=dtype)
    with pytest.raises(InvalidInputError, match=r"'-1' is among labels.*Mark unlabelled"):
        estimator().fit(X, y)


def test_object_labels_are_taken(estimator) -> None:
    y = np.array(["a", None, np.nan, "a", "b", None, None, "b"], dtype=object)
    model = estimator().fit(X, y)
    assert model.classes_.tolist() == ["a", "b"]
    assert model.transduction_.tolist() == ["a"] * 4 + ["b"] * 4
    assert model.predict([[0.0], [5.0]]).tolist() == ["a", "b"]


@pytest.mark.parametrize("kernel", ["rbf", "knn", "self-tuning", "precomputed"])
def test_float32_stays_float32(estimator, kernel) -> None:
    features = X.astype(np.float32)
    given = rbf_kernel(features) if kernel == "precomputed" else features
    model = estimator(kernel, n_neighbors=6).fit(given, Y)
    assert model.label_distributions_.dtype == np.float32
    assert model.predict_proba(given).dtype == np.float32
    assert model.graph_.dtype == np.float32
    wide = estimator(kernel, n_neighbors=6).fit(given.astype(np.float64), Y)
    assert wide.label_distributions_.dtype == np.float64


def test_a_path_of_200_nodes_is_right_at_the_default_settings() -> None:
    y = np.full(200, -1)
    y[[0, 199]] = 0, 1
    graph = path_graph(np.ones(199))
    harmonic = LabelPropagation().fit(graph, y)
    np.testing.assert_allclose(harmonic.label_distributions_[:, 1], np.arange(200) / 199, atol=1e-3)
    # Distances d and 199 - d: cosh(t d) to cosh(t (199 - d)) with cosh t = 1 / alpha
    spread = LabelSpreading().fit(graph, y)
    d = np.arange(200)
    t = np.arccosh(5)
    exact = 1 / (1 + np.cosh(t * (199 - d)) / np.cosh(t * d))
    exact[0], exact[-1] = 0, 1
    np.testing.assert_allclose(spread.label_distributions_[:, 1], exact, atol=1e-3)


def test_a_path_as_features_is_right_at_the_default_settings() -> None:
    y = np.full(200, -1)
    y[[0, 199]] = 0, 1
    features = np.arange(200.0)[:, None]
    # 5: so near that next neighbours alone count, exp(-4 gamma) / exp(-gamma) = 3e-7
    model = LabelPropagation(gamma=5).fit(features, y)
    np.testing.assert_allclose(model.label_distributions_[:, 1], np.arange(200) / 199, atol=2e-3)


def test_a_given_graph_is_not_built_again(estimator) -> None:
    graph = knn_graph(X, 6)
    model = estimator().fit(graph, Y)
    assert model.graph_ is graph
    assert model.add_labels([1], [0]).graph_ is graph


def test_the_graph_is_not_built_to_change_labels(estimator, monkeypatch) -> None:
    model = estimator().fit(X, Y)
    monkeypatch.setattr(_kernels, "rbf_graph", None)
    graph = model.graph_
    model.add_labels([1, 5], [0, 1]).remove_labels([0])
    assert model.graph_ is graph


def test_the_knn_graph_is_undirected_and_drops_no_point(estimator) -> None:
    # Nobody has the outlier among its two nearest; it has the last ones among its own.
    features = np.array([[0.0], [1.0], [2.0], [30.0]])
    model = estimator("knn", n_neighbors=2).fit(features, [0, -1, -1, -1])
    W = model.graph_.affinity.toarray()
    np.testing.assert_array_equal(W, W.T)
    assert W[2, 3] == 1
    assert model.reached_.all()


def test_prediction_calls_the_kernel_once_for_all_queries(estimator) -> None:
    calls = []

    def kernel(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        calls.append((len(A), len(B)))
        return rbf_kernel(A, B)

    model = estimator(kernel).fit(X, Y)
    model.predict_proba(np.linspace(0, 5, 500)[:, None])
    assert calls == [(8, 8), (8, 500)]


def test_the_neighbours_of_all_queries_are_searched_at_once(estimator, monkeypatch) -> None:
    searches = []
    search = _kernels.NearestNeighbors.kneighbors

    def counted(self, queries, *args):
        searches.append(len(queries))
        return search(self, queries, *args)

    model = estimator("knn", n_neighbors=6).fit(X, Y)
    monkeypatch.setattr(_kernels.NearestNeighbors, "kneighbors", counted)
    model.predict_proba(np.linspace(0, 5, 500)[:, None])
    assert searches == [500]


@pytest.mark.parametrize("kernel", ["rbf", "knn", "self-tuning"])
@pytest.mark.parametrize("far", [1e2, 1e9, 1e30, 1e200, 1e308])
def test_far_queries_get_a_distribution_and_no_nan(estimator, kernel, far) -> None:
    found = estimator(kernel, n_neighbors=6).fit(X, Y).predict_proba([[far], [-far]])
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    if kernel == "rbf":  # the nearest point's
        np.testing.assert_allclose(found[:, 1], [1, 0], atol=0.1)


def test_affinities_are_taken_in_place_of_features(estimator) -> None:
    W = rbf_kernel(X, gamma=20)
    for given in (W, sparse.csr_matrix(W)):
        model = estimator("precomputed").fit(given, Y)
        rbf = estimator("rbf").fit(X, Y)
        np.testing.assert_allclose(model.label_distributions_, rbf.label_distributions_, atol=1e-12)
        queries = np.array([[0.15], [5.05]])
        np.testing.assert_allclose(
            model.predict_proba(rbf_kernel(queries, X, gamma=20)), rbf.predict_proba(queries)
        )


def test_fit_predict_is_the_transduction(estimator) -> None:
    model = estimator()
    np.testing.assert_array_equal(model.fit_predict(X, Y), model.transduction_)


def test_verbose_shows_progress_on_standard_error_and_silence_is_the_default(
    estimator, capsys
) -> None:
    y = np.r_[Y[:1], [-1] * 6, Y[-1:]]
    settings = {"gamma": 0.05, "solver": "cg", "tol": 1e-9, "max_iter": 500}
    estimator(**settings).fit(X, y)
    assert capsys.readouterr() == ("", "")
    estimator(**settings, verbose=True).fit(X, y)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "solving" in captured.err
    assert "error" in captured.err
    estimator("knn", n_neighbors=6, verbose=True).fit(X, y)
    assert "neighbours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("y", "marker"),
    [
        (np.array([0, -1, 1, -1, -1]), -1),
        (np.array([0.0, -1.0, 1.0, -1.0, -1.0]), -1),
        (np.array([0.0, np.nan, 1.0, np.nan, np.nan]), np.nan),
        (np.array(["a", None, "b", None, None], dtype=object), None),
        ([("a", 1), None, ("b", 2), None, None], None),
        ([True, None, False, None, None], None),
    ],
)
def test_unreached_points_have_the_marker_that_the_labels_came_with(estimator, y, marker) -> None:
    affinity = np.kron(np.eye(2), np.ones((3, 3)))[:5, :5]
    with pytest.warns(UnreachedWarning, match="2 of 5"):
        found = estimator("precomputed").fit_predict(affinity, y)
    assert found[0] == y[0]
    if isinstance(marker, float):
        assert np.isnan(found[3:].astype(float)).all()
    else:
        assert found[3:].tolist() == [marker, marker]


def test_an_asymmetric_affinity_is_made_symmetric_and_that_is_said(estimator) -> None:
    affinity = rbf_kernel(X) * np.linspace(0.5, 1, 8)
    with pytest.warns(AsymmetryWarning):
        model = estimator("precomputed").fit(affinity, Y)
    mean = Graph.from_affinity((affinity + affinity.T) / 2, dtype=np.float64)
    np.testing.assert_allclose(
        model.label_distributions_, estimator().fit(mean, Y).label_distributions_, rtol=1e-9
    )


def test_masked_features_and_dates_are_refused_where_scikit_learn_reads_what_is_below(
    estimator,
) -> None:
    peer = getattr(semi_supervised, estimator.__name__)
    masked = np.ma.array(X, mask=X == 0.1)
    np.testing.assert_array_equal(
        peer().fit(masked, Y).label_distributions_, peer().fit(X, Y).label_distributions_
    )
    with pytest.raises(InvalidInputError, match="masked array"):
        estimator().fit(masked, Y)
    hours = (X * 10).astype(int).astype("datetime64[h]")
    np.testing.assert_array_equal(
        peer().fit(hours, Y).label_distributions_,
        peer().fit((X * 10).astype(int), Y).label_distributions_,
    )
    with pytest.raises(InvalidInputError, match="holds dates"):
        estimator().fit(hours, Y)


def test_columns_on_very_different_scales_are_named(estimator) -> None:
    shares = np.column_stack([np.arange(30) % 7 / 7, 1e4 * np.arange(30)])
    with pytest.warns(ScaleWarning, match="1 of 2 columns decides"):
        estimator("knn").fit(shares, np.arange(30) % 2)


def test_graphs_in_place_of_features_leave_no_features_behind(estimator) -> None:
    model = estimator().fit(X, Y)
    assert hasattr(model, "X_")
    model.fit(Graph.from_affinity(rbf_kernel(X)), Y)
    for attribute in ("X_", "n_features_in_", "feature_names_in_"):
        assert not hasattr(model, attribute)
