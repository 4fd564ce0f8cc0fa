"""Poisson learning against the paper's equations, closed forms, and where it is hard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.graph import Graph
from fewlabels.systems import PoissonSystem
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

TOL = 1e-6
FloatArray = np.ndarray


def off(found, exact: FloatArray) -> float:
    """The worst row's error, in the units that the system states."""
    wrong = np.abs(found.values - exact).sum(axis=1)
    noise = 1e-11 * np.abs(exact).max(initial=0)
    return float(np.max(wrong / np.where(found.unit > noise, found.unit, 1), initial=0))


@pytest.mark.parametrize("layout", ["csr", "dense"])
@pytest.mark.parametrize("method", ["auto", "cg", "direct"])
@given(W=affinities(), data=st.data())
def test_the_potentials_are_those_of_the_paper(method, layout, W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    Y *= np.array(
        data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=len(W), max_size=len(W)))
    )[:, None]
    graph = Graph.from_affinity(W, layout=layout, dtype=np.float64)
    found = PoissonSystem(graph, method).solve(Y, tol=TOL, max_iter=1000)
    assert found.converged.all()
    assert off(found, textbook.poisson(W, Y)) <= TOL
    np.testing.assert_allclose(found.values.sum(axis=1), 0, atol=1e-9 * (1 + found.unit.max()))
    for nodes in textbook.components_of(W):
        d = W[np.ix_(nodes, nodes)].sum(axis=1)
        np.testing.assert_allclose(d @ found.values[nodes], 0, atol=1e-9 * (1 + found.unit.max()))


@pytest.mark.parametrize("n_steps", [1, 2, 7, 500])
@given(W=affinities(), data=st.data())
def test_a_walk_is_the_iteration_of_the_paper(n_steps, W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    B, d = textbook.poisson_sources(W, Y), W.sum(axis=1, keepdims=True)
    u = np.zeros_like(B)
    inverse = np.divide(1, d, out=np.zeros_like(d), where=d > 0)
    for _ in range(n_steps):
        u = u + inverse * (B - (d * u - W @ u))
    graph = Graph.from_affinity(W, dtype=np.float64)
    found = PoissonSystem(graph).walk(Y, n_steps, max_iter=1000)
    assert found.n_iter == n_steps
    np.testing.assert_allclose(found.values, u, rtol=1e-8, atol=1e-9 * np.abs(u).max(initial=1))


def test_a_walk_ends_when_it_is_mixed() -> None:
    graph = clustered(60, 1.0)
    W = graph.affinity.toarray()
    d = W.sum(axis=0)
    Y = one_hot([0, 1] + [-1] * 118, 2)
    p, limit, steps = Y.sum(axis=1) / 2, d / d.sum(), 0
    while steps < 50 or np.abs(p - limit).max() > 1 / 120:
        p, steps = W @ (p / d), steps + 1
    found = PoissonSystem(graph).walk(Y, None, max_iter=5000)
    assert found.converged.all()
    assert found.n_iter == steps > 50
    short = PoissonSystem(graph).walk(Y, None, max_iter=steps - 1)
    assert not short.converged.any()
    assert short.n_iter == steps - 1


def test_a_walk_on_a_bipartite_graph_never_mixes() -> None:
    found = PoissonSystem(path_graph(np.ones(9))).walk(
        one_hot([0, -1, -1, -1, -1, -1, -1, -1, 1, -1], 2), None, max_iter=400
    )
    assert not found.converged.any()
    assert np.isfinite(found.values).all()


@pytest.mark.parametrize("method", ["direct", "cg"])
@pytest.mark.parametrize("n_nodes", [50, 2500])
def test_on_a_path_the_potential_is_a_straight_line(method, n_nodes) -> None:
    # flux 1/2 from one end to the other: u falls by 1/2 an edge, and is 0 in the middle
    Y = np.zeros((n_nodes, 2))
    Y[0, 0] = Y[-1, 1] = 1
    found = PoissonSystem(path_graph(np.ones(n_nodes - 1)), method).solve(
        Y, tol=1e-5, max_iter=5 * n_nodes
    )
    line = np.linspace(1, -1, n_nodes) * (n_nodes - 1) / 4
    assert found.converged.all()
    assert off(found, np.column_stack([line, -line])) <= 1e-5


@pytest.mark.parametrize("method", ["direct", "cg", "auto"])
@pytest.mark.parametrize("link", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
def test_what_is_called_converged_is_within_the_tolerance_of_weakly_joined_clusters(
    method, link
) -> None:
    # Balanced labels in each half: the sources say nothing of the mode that joins the halves.
    size = 300
    graph = clustered(size, link)
    labels = np.full(2 * size, -1)
    labels[[3, 70, 250]], labels[[size + 9, size + 80, size + 200]] = [0, 1, 2], [0, 1, 2]
    Y = one_hot(labels, 3)
    found = PoissonSystem(graph, method).solve(Y, tol=1e-3, max_iter=3000)
    # No flux crosses the link: each half by itself, shifted to meet at the link's ends.
    W = graph.affinity.toarray()
    u = np.zeros_like(Y)
    for half in (slice(0, size), slice(size, None)):
        w = W[half, half]
        laplacian, B = np.diag(w.sum(axis=1)) - w, Y[half] @ (np.eye(3) - 1 / 3)
        u[half][1:] = np.linalg.solve(laplacian[1:, 1:], B[1:])  # 0 at the link's end
    d = W.sum(axis=1)
    exact = u - d @ u / d.sum()
    assert off(found, exact) <= 1e-3 or not found.converged.any()
    assert found.converged.all() or link < 1e-8


@given(W=affinities(min_nodes=2), data=st.data())
def test_a_change_of_labels_changes_the_potentials_as_a_new_solve_would(W, data) -> None:
    before = one_hot(data.draw(partial_labels(len(W))), 3)
    after = one_hot(data.draw(partial_labels(len(W))), 3)
    system = PoissonSystem(Graph.from_affinity(W, dtype=np.float64))
    settings = {"tol": TOL, "max_iter": 1000}
    first = system.solve(before, **settings)
    changed = system.solve_change(before, after, first, **settings)
    again = system.solve(after, **settings)
    assert changed.converged.all()
    assert off(changed, again.values) <= 1e-7
    np.testing.assert_allclose(changed.unit, again.unit, rtol=1e-6, atol=1e-9)


@given(W=affinities(), data=st.data())
def test_the_unit_of_the_weights_scales_the_potentials(W, data) -> None:
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    small, large = (
        PoissonSystem(Graph.from_affinity(scale * W, dtype=np.float64)).solve(
            Y, tol=TOL, max_iter=1000
        )
        for scale in (1.0, 1024.0)
    )
    np.testing.assert_allclose(small.values, 1024 * large.values, rtol=1e-9, atol=1e-9)


def test_labels_that_agree_and_components_without_any_have_no_potential() -> None:
    W = np.kron(np.eye(3), np.ones((4, 4)) - np.eye(4))
    labels = [0, 1, -1, -1, 0, 0, -1, -1, -1, -1, -1, -1]
    found = PoissonSystem(Graph.from_affinity(W)).solve(one_hot(labels, 2), tol=TOL, max_iter=100)
    assert found.converged.all()
    assert not found.values[4:].any()
    assert not found.unit[4:].any()
    assert (found.unit[:4] > 0).all()


def test_a_change_after_which_all_labels_agree_leaves_no_potential() -> None:
    system = PoissonSystem(path_graph([0.125, 0.125]))
    before, after = one_hot([0, 0, 1], 2), one_hot([0, 0, 0], 2)
    first = system.solve(before, tol=TOL, max_iter=100)
    changed = system.solve_change(before, after, first, tol=TOL, max_iter=100)
    assert first.values.any()
    assert not changed.values.any()
    assert not changed.unit.any()
