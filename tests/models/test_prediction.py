"""New points beside the fitted ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.metrics.pairwise import rbf_kernel

from fewlabels import LabelSpreading, UnreachedWarning
from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import knn_graph
from fewlabels.models import _kernels
from tests.strategies import features

KERNELS = ("rbf", "knn", "self-tuning")


def fitted(estimator, kernel="rbf", **settings):
    rng = np.random.default_rng(5)
    X = np.vstack([rng.normal(size=(15, 3)), rng.normal(size=(15, 3)) + 4])
    y = np.full(30, -1)
    y[[0, 1]], y[[15, 16]] = 0, 1
    return estimator(kernel, gamma=0.5, n_neighbors=20, max_iter=1000, **settings).fit(X, y)


def test_rbf_weighs_the_distributions_of_all_fitted_points(estimator) -> None:
    model = fitted(estimator)
    queries = np.random.default_rng(6).normal(size=(9, 3)) + 2
    votes = rbf_kernel(queries, model.X_, gamma=0.5) @ model.label_distributions_
    np.testing.assert_allclose(
        model.predict_proba(queries), votes / votes.sum(axis=1, keepdims=True), rtol=1e-9
    )


def test_knn_is_the_mean_of_the_nearest(estimator) -> None:
    model = fitted(estimator, "knn")
    queries = np.random.default_rng(6).normal(size=(9, 3)) + 2
    distances = np.linalg.norm(queries[:, None] - model.X_, axis=2)
    nearest = np.argsort(distances, axis=1)[:, :20]
    expected = model.label_distributions_[nearest].mean(axis=1)
    np.testing.assert_allclose(model.predict_proba(queries), expected, rtol=1e-12)


def test_self_tuning_weighs_the_nearest_by_both_scales(estimator) -> None:
    model = fitted(estimator, "self-tuning")
    queries = np.random.default_rng(6).normal(size=(9, 3)) + 2
    between = np.linalg.norm(model.X_[:, None] - model.X_, axis=2)
    scales = np.sort(between, axis=1)[:, 20]  # the 0th is the point itself
    distances = np.linalg.norm(queries[:, None] - model.X_, axis=2)
    own = np.sort(distances, axis=1)[:, 19]
    weights = np.exp(-4 * distances**2 / np.outer(own, scales)) * (distances <= own[:, None])
    votes = weights @ model.label_distributions_
    np.testing.assert_allclose(
        model.predict_proba(queries), votes / votes.sum(axis=1, keepdims=True), rtol=1e-6
    )


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=15)
@given(queries=st.lists(st.tuples(*[st.floats(-1e100, 1e100)] * 3), min_size=1, max_size=5))
def test_every_query_gets_a_distribution(estimator, kernel, queries) -> None:
    found = fitted(estimator, kernel).predict_proba(queries)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=20)
@given(X=features(min_samples=2, max_features=2))
def test_any_points_can_be_fitted_and_predicted(estimator, kernel, X) -> None:
    y = np.arange(len(X)) % 2
    found = estimator(kernel, n_neighbors=3).fit(X, y).predict_proba(X)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_and_dense_queries_of_sparse_and_dense_fits_agree(estimator, kernel, dtype) -> None:
    dense = fitted(estimator, kernel)
    X, y = dense.X_.astype(dtype), np.where(np.isin(np.arange(30), [0, 1]), 0, -1)
    y[15] = 1
    settings = {"gamma": 0.5, "n_neighbors": 20, "max_iter": 1000}
    queries = X[::4] + dtype(0.25)
    reference = estimator(kernel, **settings).fit(X, y).predict_proba(queries)
    tolerance = {"rtol": 1e-3, "atol": 1e-4} if dtype == np.float32 else {"rtol": 1e-7}
    for known in (X, sparse.csr_array(X)):
        for asked in (queries, sparse.csc_matrix(queries)):
            found = estimator(kernel, **settings).fit(known, y).predict_proba(asked)
            np.testing.assert_allclose(found, reference, **tolerance)


def test_rbf_in_blocks_is_rbf_at_once(estimator, monkeypatch) -> None:
    model = fitted(estimator)
    queries = np.random.default_rng(6).normal(size=(50, 3))
    at_once = model.predict_proba(queries)
    monkeypatch.setattr(_kernels, "_BLOCK_BYTES", 8 * 30 * 7)
    np.testing.assert_allclose(model.predict_proba(queries), at_once, rtol=1e-12)


def test_points_that_no_label_reaches_have_no_say(estimator) -> None:
    X = [[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]]
    with pytest.warns(UnreachedWarning):
        model = estimator("knn", n_neighbors=2).fit(X, [0, 1, 1, -1, -1, -1])
    # The prior, where all that are near are unreached
    np.testing.assert_allclose(model.predict_proba([[9.05]]), [[1 / 3, 2 / 3]])
    with pytest.warns(UnreachedWarning):
        near = estimator(gamma=20).fit(X, [0, 1, 1, -1, -1, -1])
    # and otherwise those that are reached, be they farther away
    np.testing.assert_allclose(
        near.predict_proba([[9.0]]), near.label_distributions_[[2]], atol=1e-6
    )


def test_affinity_to_nobody_is_the_prior(estimator) -> None:
    model = estimator("precomputed").fit(rbf_kernel([[0.0], [1.0], [2.0]]), [0, 1, 1])
    np.testing.assert_allclose(model.predict_proba(np.zeros((1, 3))), [[1 / 3, 2 / 3]])


@pytest.mark.parametrize("query", [[[1.0, -2.0, 0.0]], sparse.csr_array([[1.0, -2.0, 0.0]])])
def test_negative_affinities_of_queries_are_refused(estimator, query) -> None:
    model = estimator("precomputed").fit(rbf_kernel([[0.0], [1.0], [2.0]]), [0, 1, 1])
    with pytest.raises(InvalidInputError, match=r"finite, non-negative affinities; got -2.0"):
        model.predict_proba(query)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.array([[np.nan], [1.0]]), "finite, non-negative affinities; got nan"),
        (np.array([[-1.0], [1.0]]), "finite, non-negative affinities; got -1.0"),
        (np.ones((1, 2)), r"affinities of shape \(2, 1\); got shape \(1, 2\)"),
    ],
)
def test_a_kernel_function_that_answers_wrongly_is_found_out(estimator, answer, words) -> None:
    def kernel(A: np.ndarray, B: np.ndarray) -> np.ndarray:
        return rbf_kernel(A, B) if A is B else answer

    model = estimator(kernel).fit([[0.0], [1.0]], [0, 1])
    with pytest.raises(InvalidInputError, match=f"the kernel must return {words}"):
        model.predict_proba([[0.5]])


def test_a_kernel_function_must_give_a_square_at_fit(estimator) -> None:
    with pytest.raises(InvalidInputError, match=r"\(n_samples, n_samples\) = \(2, 2\); got shape"):
        estimator(lambda A, B: np.ones((2, 3))).fit([[0.0], [1.0]], [0, 1])


def test_an_estimator_fitted_on_a_graph_has_nowhere_to_put_new_points(estimator) -> None:
    X = np.arange(6.0)[:, None]
    model = estimator().fit(knn_graph(X, 2), [0, -1, -1, -1, -1, 1])
    for method in (model.predict, model.predict_proba):
        with pytest.raises(InvalidInputError, match=r"was fitted on a Graph.*Read transduction_"):
            method(X)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "add_labels", "remove_labels"])
def test_nothing_is_answered_before_fit(estimator, method) -> None:
    arguments = ([0], [1]) if method == "add_labels" else ([[0.0]],)
    with pytest.raises(NotFittedError):
        getattr(estimator(), method)(*arguments)


def test_a_single_point_is_fitted_and_predicted() -> None:
    for kernel in KERNELS:
        model = LabelSpreading(kernel).fit([[1.0]], ["only"])
        assert model.predict([[5.0]]).tolist() == ["only"]
        assert model.transduction_.tolist() == ["only"]


def test_scikit_learns_single_neighbour_is_the_point_itself(estimator) -> None:
    with pytest.warns(UnreachedWarning):
        model = estimator("knn", n_neighbors=1).fit([[0.0], [1.0], [2.0]], [0, 1, -1])
    assert model.graph_.n_edges == 0
    assert model.predict([[0.2], [0.8]]).tolist() == [0, 1]
