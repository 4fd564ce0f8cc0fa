"""The grid estimator x solver x kernel against the papers' equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics.pairwise import laplacian_kernel, rbf_kernel

from fewlabels import Graph, LabelPropagation, LabelSpreading, UnreachedWarning, knn_graph
from fewlabels.solvers import METHODS, METHODS_WITH_GROUND
from tests import textbook
from tests.gallery import ESTIMATORS_AND_SOLVERS, one_hot
from tests.strategies import affinities, partial_labels

GAMMA, K, ALPHA, TOL = 3.0, 5, 0.8, 1e-6


def points() -> tuple[np.ndarray, np.ndarray]:
    """Two noisy arcs of 40 points with three labels each."""
    rng = np.random.default_rng(7)
    t = np.linspace(0, np.pi, 20)
    arcs = [
        np.column_stack([np.cos(t), np.sin(t)]),
        np.column_stack([1 - np.cos(t), 0.4 - np.sin(t)]),
    ]
    X = np.vstack(arcs) + rng.normal(scale=0.05, size=(40, 2))
    y = np.full(40, -1)
    y[[0, 9, 19]], y[[20, 30, 39]] = 3, 8
    return X, y


def zero_diagonal(W: np.ndarray) -> np.ndarray:
    return W - np.diag(np.diag(W))


def knn_weights(X: np.ndarray, k: int) -> np.ndarray:
    """1 where one of two points is among the k nearest others of the other."""
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    np.fill_diagonal(distances, np.inf)
    near = np.zeros(distances.shape)
    np.put_along_axis(near, np.argsort(distances, axis=1)[:, :k], 1.0, axis=1)
    return np.maximum(near, near.T)


def self_tuned_weights(X: np.ndarray, k: int) -> np.ndarray:
    """exp(-4 d^2 / (s_i s_j)), half of it where only one of two points has the other as near."""
    distances = np.linalg.norm(X[:, None] - X, axis=2)
    np.fill_diagonal(distances, np.inf)
    scales = np.sort(distances, axis=1)[:, k - 1]
    near = np.zeros(distances.shape)
    np.put_along_axis(near, np.argsort(distances, axis=1)[:, :k], 1.0, axis=1)
    weights = near * np.exp(-4 * distances**2 / np.outer(scales, scales))
    return (weights + weights.T) / 2


def case(name: str) -> tuple[Any, Any, np.ndarray]:
    """What to fit on, the kernel, and the weights that a reader of its definition writes down."""
    X, _ = points()
    rbf = zero_diagonal(rbf_kernel(X, gamma=GAMMA))
    knn = knn_weights(X, K)
    return {
        "rbf": (X, "rbf", rbf),
        # scikit-learn counts a point among its own neighbours
        "knn": (X, "knn", knn_weights(X, K - 1)),
        "self-tuning": (X, "self-tuning", self_tuned_weights(X, K)),
        "precomputed dense": (rbf + np.eye(40), "precomputed", rbf),
        "precomputed sparse": (sparse.coo_array(knn), "precomputed", knn),
        "callable dense": (X, laplacian_kernel, zero_diagonal(laplacian_kernel(X))),
        "callable sparse": (
            X,
            lambda a, b: sparse.csr_array(rbf_kernel(a, b, 1.0)),
            zero_diagonal(rbf_kernel(X, X, 1.0)),
        ),
        "graph": (Graph.from_affinity(rbf, dtype=np.float64), "rbf", rbf),
        "dense graph": (Graph.from_affinity(rbf, layout="dense", dtype=np.float64), "knn", rbf),
    }[name]


CASES = (
    "rbf",
    "knn",
    "self-tuning",
    "precomputed dense",
    "precomputed sparse",
    "callable dense",
    "callable sparse",
    "graph",
    "dense graph",
)


@pytest.mark.parametrize("solver", METHODS_WITH_GROUND)
@pytest.mark.parametrize("name", CASES)
def test_label_spreading(name: str, solver: str) -> None:
    X, kernel, W = case(name)
    y = points()[1]
    model = LabelSpreading(
        kernel, gamma=GAMMA, n_neighbors=K, alpha=ALPHA, tol=TOL, max_iter=2000, solver=solver
    ).fit(X, y)
    F = textbook.spreading(W, one_hot(np.where(y < 0, -1, y // 8), 2), ALPHA)
    # float32 weights of nearest-neighbour graphs are off by 6e-8, and so are their sums' ratios
    np.testing.assert_allclose(model.label_distributions_, F / F.sum(axis=1)[:, None], atol=2e-6)
    np.testing.assert_allclose(model.evidence_, F.sum(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(model.transduction_, np.array([3, 8])[F.argmax(axis=1)])
    assert model.reached_.all()


@pytest.mark.parametrize("solver", METHODS)
@pytest.mark.parametrize("name", CASES)
def test_label_propagation(name: str, solver: str) -> None:
    X, kernel, W = case(name)
    y = points()[1]
    model = LabelPropagation(
        kernel, gamma=GAMMA, n_neighbors=K, tol=TOL, max_iter=20_000, solver=solver
    ).fit(X, y)
    F = textbook.harmonic(W, one_hot(np.where(y < 0, -1, y // 8), 2))
    np.testing.assert_allclose(model.label_distributions_, F, atol=2e-6)
    np.testing.assert_allclose(model.evidence_, 1.0, atol=TOL)
    np.testing.assert_array_equal(model.transduction_, np.array([3, 8])[F.argmax(axis=1)])


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize(("estimator", "solver"), ESTIMATORS_AND_SOLVERS)
@settings(max_examples=25)
@given(W=affinities(), data=st.data())
def test_generated_graphs_hold_the_invariants(estimator, solver, W, data) -> None:
    y = data.draw(partial_labels(len(W)))
    graph = Graph.from_affinity(W, dtype=np.float64)
    model = estimator(solver=solver, max_iter=20_000, tol=1e-5).fit(graph, y)
    reached = textbook.reached(W, y >= 0)
    classes, counts = np.unique(y[y >= 0], return_counts=True)
    P = model.label_distributions_
    np.testing.assert_array_equal(model.classes_, classes)
    np.testing.assert_array_equal(model.reached_, reached)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    assert (P >= 0).all()
    assert (P <= 1).all()
    np.testing.assert_allclose(P[~reached], np.tile(counts / counts.sum(), ((~reached).sum(), 1)))
    np.testing.assert_array_equal(model.transduction_ == -1, ~reached)
    np.testing.assert_array_equal(model.evidence_ > 0, reached)
    assert model.residual_.shape == classes.shape
    assert model.n_iter_ >= 1


def test_a_graph_is_fitted_as_the_features_that_it_was_built_from(estimator) -> None:
    X, y = points()
    on_features = estimator("self-tuning", n_neighbors=K).fit(X, y)
    on_graph = estimator().fit(knn_graph(X, K), y)
    np.testing.assert_allclose(
        on_graph.label_distributions_, on_features.label_distributions_, rtol=1e-6
    )


def test_two_components_are_solved_as_if_alone(estimator) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 2))
    y = np.full(30, -1)
    y[[0, 1]], y[2] = 0, 1
    W = zero_diagonal(rbf_kernel(X))
    alone = estimator(kernel="precomputed", solver="direct").fit(W, y)
    with pytest.warns(UnreachedWarning, match="30 of 60 points"):
        both = estimator(kernel="precomputed", solver="direct").fit(
            sparse.block_diag([sparse.coo_array(W)] * 2), np.r_[y, np.full(30, -1)]
        )
    np.testing.assert_allclose(
        both.label_distributions_[:30], alone.label_distributions_, rtol=1e-12
    )
    np.testing.assert_array_equal(both.transduction_[30:], -1)
