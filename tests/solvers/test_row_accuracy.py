"""Rows far from every label, and clusters all but cut off: each row accurate in itself."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels.solvers import METHODS, GroundedLaplacian, PreparedSolver
from tests import textbook
from tests.gallery import path_graph, two_cliques

methods = pytest.mark.parametrize("method", METHODS)


def log_cosh(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(x, -x) - np.log(2)


def grounded_path(n: int, strength: float) -> GroundedLaplacian:
    """Unit weights in a row, each node with a ground of `strength` times its degree."""
    weights = path_graph(np.ones(n - 1)).affinity
    return GroundedLaplacian(weights, strength * weights.sum(axis=1))


@methods
@pytest.mark.parametrize("n", [100, 640, 648, 651, 2100])
def test_both_ends_shares_are_right_in_every_row_of_a_long_path(method, n: int) -> None:
    # 2 (1 + c) x_i = x_(i-1) + x_(i+1) inside and (1 + c) x = x' at the far end, so that a unit
    # at the one end is answered by cosh(theta d) at distance d from the other, cosh theta = 1 + c.
    # With c = 4 as for alpha = 0.2, a path of 650 nodes is the first to pass 1e-308 in its middle.
    theta = np.arccosh(5.0)
    B = np.zeros((n, 2))
    B[0, 0] = B[-1, 1] = 1.0
    answer = PreparedSolver(grounded_path(n, 4.0), method).solve(B, tol=1e-6, max_iter=50_000)
    d = np.arange(n, dtype=float)
    logs = np.column_stack([log_cosh(theta * d[::-1]), log_cosh(theta * d)])
    shares = 1 / (1 + np.exp(np.clip(logs[:, ::-1] - logs, -700, 700)))
    found = answer.values / answer.values.sum(axis=1, keepdims=True)
    assert answer.converged.all()
    np.testing.assert_allclose(found, shares, atol=1e-6)


@methods
@pytest.mark.parametrize("n", [100, 1000])
def test_the_evidence_itself_is_right_on_its_own_scale(method, n: int) -> None:
    theta = np.arccosh(5.0)
    B = np.zeros((n, 1))
    B[0] = 1.0
    answer = PreparedSolver(grounded_path(n, 4.0), method).solve(B, tol=1e-6, max_iter=50_000)
    logs = np.log(answer.values[:, 0]) + answer.log_scale
    falls = log_cosh(theta * np.arange(n)[::-1].astype(float))
    np.testing.assert_allclose(np.diff(logs), np.diff(falls), atol=1e-5)
    # cosh(theta) x_0 - x_1 = b_0, as node 0 has one neighbour
    first = np.exp(falls[0] - falls[1]) / (5 * np.exp(falls[0] - falls[1]) - 1)
    assert answer.scores[0, 0] == pytest.approx(first, rel=1e-6)


@methods
@pytest.mark.parametrize("offset", [0, 3])
def test_a_third_class_on_the_way_is_weighed_rightly_against_tiny_rows(method, offset) -> None:
    n = 41
    matrix = grounded_path(n, 9.0)
    B = np.zeros((n, 3))
    B[0, 0] = B[-1, 1] = 1.0
    B[n // 2 + offset, 2] = 1e-26
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-6, max_iter=10_000)
    inverse = textbook.exact_inverse(textbook.dense(matrix.weights), matrix.ground)
    sources = [0, n - 1, n // 2 + offset]
    exact = np.array([[float(row[source]) for source in sources] for row in inverse])
    exact[:, 2] *= 1e-26
    assert exact.sum(axis=1).min() < 1e-25
    errors = np.abs(answer.scores - exact).sum(axis=1) / exact.sum(axis=1)
    assert answer.converged.all()
    assert errors.max() <= 1e-6


@pytest.mark.parametrize("method", ["direct", "auto"])
@pytest.mark.parametrize("link", [1e-12, 1e-30, 1e-100, 1e-200])
def test_an_all_but_disconnected_cluster_takes_what_comes_over_its_link(method, link) -> None:
    ground = np.zeros(12)
    ground[[0, 1]] = [1.0, 3.0]
    B = np.zeros((12, 2))
    B[0, 0], B[1, 1] = 1.0, 3.0
    matrix = GroundedLaplacian(two_cliques(6, link), ground)
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-3, max_iter=1000)
    assert answer.converged.all()
    np.testing.assert_allclose(answer.scores.sum(axis=1), 1, rtol=1e-13)
    np.testing.assert_allclose(answer.scores[6:], answer.scores[[5] * 6], rtol=1e-13)


@methods
@pytest.mark.parametrize("link", [1e-3, 1e-6, 1e-9])
def test_converged_is_claimed_of_weakly_linked_clusters_only_when_it_is_true(method, link) -> None:
    ground = np.zeros(12)
    ground[[0, 1]] = [1.0, 3.0]
    B = np.zeros((12, 2))
    B[0, 0], B[1, 1] = 1.0, 3.0
    matrix = GroundedLaplacian(two_cliques(6, link), ground)
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-3, max_iter=1000)
    off = np.abs(answer.scores.sum(axis=1) - 1).max()
    assert off <= 1e-3 or not answer.converged.any()
    assert answer.converged.all() or method == "sweeps"


def test_evidence_that_vanishes_at_the_first_step_is_not_called_an_answer() -> None:
    # 1e-200 of 1e-200 is nothing that float64 can hold.
    W = np.array([[0.0, 1e-200], [1e-200, 0.0]])
    matrix = GroundedLaplacian(W, np.array([1.0, 1.0]))
    B = np.array([[1e-200], [0.0]])
    answer = PreparedSolver(matrix, "direct").solve(B, tol=1e-3, max_iter=10)
    assert answer.values[0, 0] == 1e-200
    assert not answer.converged.any()
