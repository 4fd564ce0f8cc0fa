"""Functions of least p-energy against closed forms, harmonic functions and their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from fewlabels.graph import Graph
from fewlabels.systems import p_harmonic
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

SETTINGS = {"tol": 1e-6, "max_iter": 2000}


@pytest.mark.parametrize("p", [2.0, 2.5, 4.0, 10.0])
def test_on_a_path_the_flow_is_the_same_through_every_edge(p) -> None:
    # w |du|^(p-1) is constant: du is proportional to w^(-1/(p-1))
    w = np.array([1.0, 4.0, 0.5, 2.0, 8.0, 1.0])
    labels = np.array([0, -1, -1, -1, -1, -1, 1])
    answer = p_harmonic(path_graph(w), labels >= 0, one_hot(labels, 2), p, **SETTINGS)
    falls = w ** (-1 / (p - 1))
    exact = np.r_[0, np.cumsum(falls)] / falls.sum()
    assert answer.converged.all()
    np.testing.assert_allclose(answer.scores[:, 1], exact, atol=1e-4)
    np.testing.assert_allclose(answer.scores.sum(axis=1), 1, atol=1e-8)


def test_a_large_p_comes_near_the_least_steep_function_of_a_path() -> None:
    w = np.array([1.0, 4.0, 0.5, 2.0, 8.0, 1.0, 3.0, 0.1])
    labels = np.array([0, -1, -1, -1, -1, -1, -1, -1, 1])
    steepness = []
    for p in (2.0, 5.0, 50.0):
        u = p_harmonic(path_graph(w), labels >= 0, one_hot(labels, 2), p, **SETTINGS).scores
        steepness.append(np.abs(np.diff(u[:, 1])).max())
    assert steepness[0] > steepness[1] > steepness[2]
    assert steepness[2] == pytest.approx(1 / 8, rel=0.1)


@given(W=affinities(), data=st.data())
def test_p_of_2_is_the_harmonic_function(W, data) -> None:
    labels = data.draw(partial_labels(len(W)))
    Y = one_hot(labels, 3)
    answer = p_harmonic(Graph.from_affinity(W, dtype=np.float64), labels >= 0, Y, 2.0, **SETTINGS)
    np.testing.assert_allclose(answer.scores, textbook.harmonic(W, Y), atol=1e-6)


@pytest.mark.parametrize("layout", ["csr", "dense"])
@pytest.mark.parametrize("p", [3.0, 6.0])
def test_a_general_minimiser_finds_no_lower_energy(p, layout) -> None:
    rng = np.random.default_rng(0)
    W = np.triu(rng.random((12, 12)) * (rng.random((12, 12)) < 0.5), 1) + np.eye(12, k=1) * 0.2
    W += W.T
    labels = np.full(12, -1)
    labels[[0, 5, 11]] = [0, 1, 2]
    Y = one_hot(labels, 3)
    free = labels < 0

    def energy(flat: np.ndarray) -> float:
        u = Y.copy()
        u[free] = flat.reshape(-1, 3)
        return float((W * np.linalg.norm(u[:, None] - u[None], axis=2) ** p).sum() / (2 * p))

    graph = Graph.from_affinity(W, layout=layout, dtype=np.float64)
    answer = p_harmonic(graph, ~free, Y, p, **SETTINGS)
    found = energy(answer.scores[free].ravel())
    best = minimize(energy, np.full(free.sum() * 3, 1 / 3), options={"gtol": 1e-9})
    assert answer.converged.all()
    assert found <= best.fun * (1 + 1e-5)
    np.testing.assert_allclose(answer.scores[free].ravel(), best.x, atol=2e-3)


@given(W=affinities(), data=st.data())
def test_rows_are_distributions_and_labels_stay(W, data) -> None:
    labels = data.draw(partial_labels(len(W)))
    Y = one_hot(labels, 3)
    answer = p_harmonic(
        Graph.from_affinity(W, dtype=np.float64), labels >= 0, Y, 4.0, tol=1e-3, max_iter=500
    )
    reached = textbook.reached(W, labels >= 0)
    assert answer.converged.all()
    np.testing.assert_array_equal(answer.scores[labels >= 0], Y[labels >= 0])
    np.testing.assert_allclose(answer.scores.sum(axis=1), reached, atol=1e-3)
    assert (answer.scores >= 0).all()


def test_a_pull_multiplies_the_edges_of_a_node() -> None:
    labels = np.array([0, -1, -1, 1])
    Y, pull = one_hot(labels, 2), np.array([5.0, 1, 1, 2])
    found = p_harmonic(path_graph(np.ones(3)), labels >= 0, Y, 3.0, pull=pull, **SETTINGS)
    same = p_harmonic(path_graph(np.array([5.0, 1, 2])), labels >= 0, Y, 3.0, **SETTINGS)
    np.testing.assert_allclose(found.scores, same.scores, atol=1e-9)


def test_conjugate_gradients_come_to_the_same_on_a_larger_graph() -> None:
    graph = clustered(300, 0.1)
    labels = np.full(600, -1)
    labels[[3, 70, 350, 500]] = [0, 1, 2, 0]
    Y = one_hot(labels, 3)
    answers = [
        p_harmonic(graph, labels >= 0, Y, 3.0, method=method, tol=1e-4, max_iter=2000)
        for method in ("cg", "direct")
    ]
    assert all(answer.converged.all() for answer in answers)
    np.testing.assert_allclose(answers[0].scores, answers[1].scores, atol=5e-3)
