"""Both systems against their papers' equations, over generated graphs, layouts and methods."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.graph import Graph
from fewlabels.solvers import METHODS
from fewlabels.systems import HarmonicSystem, SpreadingSystem, normalized_affinity
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

GRID = pytest.mark.parametrize(
    ("method", "layout"), [(method, layout) for method in METHODS for layout in ("csr", "dense")]
)
TOL = 1e-7


def row_errors(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    totals = exact.sum(axis=1)
    return np.abs(found - exact).sum(axis=1) / np.where(totals > 0, totals, 1)


@GRID
@given(W=affinities(), data=st.data())
def test_spreading_is_that_of_the_paper(method, layout, W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    alpha = data.draw(st.sampled_from([0.01, 0.2, 0.5, 0.9, 0.99]))
    graph = Graph.from_affinity(W, layout=layout, dtype=np.float64)
    answer = SpreadingSystem(graph, alpha, method).solve(Y, tol=TOL, max_iter=50_000)
    exact = textbook.spreading(W, Y, alpha)
    assert answer.converged.all()
    assert row_errors(answer.scores, exact).max() <= TOL
    np.testing.assert_array_equal(answer.reached, textbook.reached(W, Y.any(axis=1)))


@GRID
@given(W=affinities(), data=st.data())
def test_the_harmonic_function_is_that_of_the_paper(method, layout, W, data) -> None:
    labels = data.draw(partial_labels(len(W)))
    Y = one_hot(labels, 3)
    graph = Graph.from_affinity(W, layout=layout, dtype=np.float64)
    answer = HarmonicSystem(graph, labels >= 0, method).solve(Y, tol=TOL, max_iter=100_000)
    assert answer.converged.all()
    assert row_errors(answer.scores, textbook.harmonic(W, Y)).max() <= TOL
    np.testing.assert_array_equal(answer.scores[labels >= 0], Y[labels >= 0])
    sums = answer.scores.sum(axis=1)
    np.testing.assert_allclose(sums, textbook.reached(W, labels >= 0), atol=TOL)


@given(W=affinities(), data=st.data())
def test_a_relabelling_of_the_nodes_relabels_the_answer(W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    order = np.array(data.draw(st.permutations(range(len(W)))))
    there = SpreadingSystem(Graph.from_affinity(W, dtype=np.float64), 0.8)
    here = SpreadingSystem(Graph.from_affinity(W[np.ix_(order, order)], dtype=np.float64), 0.8)
    F = there.solve(Y, tol=1e-10, max_iter=10_000).scores
    moved = here.solve(Y[order], tol=1e-10, max_iter=10_000).scores
    np.testing.assert_allclose(moved, F[order], rtol=1e-8, atol=1e-12)


@given(W=affinities(), data=st.data())
def test_the_scale_of_all_weights_does_not_matter(W, data) -> None:
    labels = data.draw(partial_labels(len(W)))
    Y = one_hot(labels, 3)
    scaled = [Graph.from_affinity(W * s, dtype=np.float64) for s in (1.0, 2.0**-600, 2.0**600)]
    for make in (lambda g: SpreadingSystem(g, 0.5), lambda g: HarmonicSystem(g, labels >= 0)):
        one, tiny, huge = (make(g).solve(Y, tol=1e-9, max_iter=10_000).scores for g in scaled)
        np.testing.assert_allclose(tiny, one, rtol=1e-12)
        np.testing.assert_allclose(huge, one, rtol=1e-12)


@given(W=affinities(), data=st.data())
def test_spreading_is_linear_in_the_labels(W, data) -> None:
    first, second = (one_hot(data.draw(partial_labels(len(W))), 3) for _ in range(2))
    system = SpreadingSystem(Graph.from_affinity(W, dtype=np.float64), 0.9, "direct")
    F, G, H = (
        system.solve(Y, tol=1e-9, max_iter=100).scores for Y in (first, second, first + second)
    )
    np.testing.assert_allclose(F + G, H, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("layout", ["csr", "dense"])
@given(W=affinities())
def test_the_normalised_affinity_is_that_of_the_paper(layout, W) -> None:
    graph = Graph.from_affinity(W, layout=layout, dtype=np.float32)
    degrees = W.sum(axis=1)
    root = np.sqrt(np.where(degrees > 0, degrees, 1))
    S = normalized_affinity(graph)
    assert S.dtype == np.float64
    np.testing.assert_allclose(textbook.dense(S), W / root[:, None] / root, rtol=1e-12)


@cache
def linked_halves(link: float) -> tuple[Graph, np.ndarray, np.ndarray]:
    """1,400 nodes, above what auto eliminates: only the link says what the second half holds."""
    graph = clustered(700, link)
    labels = np.full(1400, -1)
    labels[[3, 7, 50]] = [0, 1, 0]
    exact = HarmonicSystem(graph, labels >= 0, "direct").solve(
        one_hot(labels, 2), tol=1e-12, max_iter=10
    )
    assert exact.converged.all()
    np.testing.assert_allclose(exact.scores.sum(axis=1), 1, rtol=1e-11)
    return graph, labels, exact.scores


@pytest.mark.parametrize("method", ["cg", "auto"])
@pytest.mark.parametrize("link", [1e-3, 1e-6, 1e-9, 1e-12, 1e-20])
def test_a_harmonic_function_that_is_called_converged_is_within_the_tolerance(method, link) -> None:
    graph, labels, exact = linked_halves(link)
    answer = HarmonicSystem(graph, labels >= 0, method).solve(
        one_hot(labels, 2), tol=1e-3, max_iter=2000
    )
    off = row_errors(answer.scores, exact).max()
    assert off <= 1e-3 or not answer.converged.any()
    assert answer.converged.all() or link < 1e-8


@pytest.mark.parametrize("link", [1e-6, 1e-10, 1e-14, 1e-20])
def test_a_sparse_factorisation_claims_only_what_it_holds(link) -> None:
    graph = path_graph(np.r_[np.ones(2100), link, np.ones(2100)])
    labels = np.full(graph.n_nodes, -1)
    labels[[0, 5]] = [0, 1]
    answer = HarmonicSystem(graph, labels >= 0, "direct").solve(
        one_hot(labels, 2), tol=1e-3, max_iter=10
    )
    off = np.abs(answer.scores[6:] - [0, 1]).sum(axis=1).max()
    assert np.isfinite(answer.scores).all()
    assert off <= 1e-3 or not answer.converged.any()
    assert answer.converged.all() or link < 1e-8


def test_an_alpha_near_one_comes_near_the_stationary_distribution() -> None:
    # F -> (1 - alpha) / (1 - alpha) D^1/2 1 1' D^1/2 Y / sum d: every row tends to the shares
    graph = clustered(600, 1.0)
    labels = np.full(1200, -1)
    labels[[0, 300, 900]] = [0, 1, 1]
    Y = one_hot(labels, 2)
    answer = SpreadingSystem(graph, 1 - 1e-7, "auto").solve(Y, tol=1e-6, max_iter=5000)
    exact = SpreadingSystem(graph, 1 - 1e-7, "direct").solve(Y, tol=1e-6, max_iter=10)
    root = np.sqrt(graph.degrees)
    limit = np.outer(root, root @ Y) / graph.degrees.sum()
    assert answer.converged.all()
    assert row_errors(answer.scores, exact.scores).max() <= 1e-6
    assert row_errors(exact.scores, limit).max() <= 1e-3
