"""Prepare once, solve many: each method, dense and sparse, against the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.graph import component_labels
from fewlabels.solvers import (
    METHODS_WITH_GROUND,
    GroundedLaplacian,
    PreparedSolver,
    SparseFactorization,
)
from tests import textbook
from tests.gallery import clustered, complete, path_graph, star
from tests.strategies import affinities

LAYOUTS = {"dense": np.asarray, "csr": sparse.csr_array}
GRID = [(method, layout) for method in METHODS_WITH_GROUND for layout in LAYOUTS]
grid = pytest.mark.parametrize(("method", "layout"), GRID)
methods = pytest.mark.parametrize("method", METHODS_WITH_GROUND)
STRICT = {"tol": 1e-9, "max_iter": 200_000}


def row_errors(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    totals = exact.sum(axis=1)
    return np.abs(found - exact).sum(axis=1) / np.where(totals > 0, totals, 1)


@grid
@given(W=affinities(max_nodes=9), data=st.data())
def test_every_row_is_within_the_tolerance_of_the_textbook(method, layout, W, data) -> None:
    n = len(W)
    ground = np.array(data.draw(st.lists(st.floats(0.1, 3), min_size=n, max_size=n)))
    if method == "chebyshev":  # its rule is for systems whose nodes have a like share of ground
        ground = ground[0] * np.where(W.any(axis=1), W.sum(axis=1), 1.0)
    entries = st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5])
    B = np.array(data.draw(st.lists(entries, min_size=3 * n, max_size=3 * n))).reshape(n, 3)
    matrix = GroundedLaplacian(LAYOUTS[layout](W), ground)
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-7, max_iter=10_000)
    exact = np.linalg.solve(textbook.grounded(W, ground), B)
    parts = component_labels(W)
    holds = np.isin(parts, parts[B.any(axis=1)])
    assert answer.converged.all()
    np.testing.assert_array_equal(answer.reached, holds)
    assert not answer.values[~holds].any()
    assert row_errors(answer.scores[holds], exact[holds]).max(initial=0.0) <= 1e-7
    assert (answer.values >= 0).all()


@methods
def test_the_residual_is_measured_for_each_column(method) -> None:
    matrix = GroundedLaplacian(path_graph(np.ones(19)).affinity, np.full(20, 0.3))
    B = np.zeros((20, 3))
    B[0, 0], B[10, 2] = 1.0, 5.0
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-3, max_iter=1000)
    A = textbook.grounded(textbook.dense(matrix.weights), matrix.ground)
    left = np.linalg.norm(B - A @ answer.scores, axis=0)
    norms = np.array([1.0, 1.0, 5.0])
    np.testing.assert_allclose(answer.residual, left / norms, rtol=1e-6, atol=1e-15)
    assert answer.residual[1] == 0


@methods
def test_solving_twice_is_solving_with_two_solvers(method) -> None:
    rng = np.random.default_rng(0)
    matrix = GroundedLaplacian(clustered(40, 0.1).affinity, np.full(80, 0.2))
    prepared = PreparedSolver(matrix, method)
    for _ in range(3):
        B = rng.random((80, 2))
        again = prepared.solve(B, tol=1e-6, max_iter=100_000)
        alone = PreparedSolver(matrix, method).solve(B, tol=1e-6, max_iter=100_000)
        np.testing.assert_array_equal(again.values, alone.values)
        assert again.n_iter == alone.n_iter


@methods
def test_zero_columns_are_solved_at_once_and_disturb_no_other(method) -> None:
    rng = np.random.default_rng(1)
    matrix = GroundedLaplacian(clustered(40, 0.1).affinity, np.full(80, 0.05))
    B = rng.random((80, 2))
    alone = PreparedSolver(matrix, method).solve(B, tol=1e-6, max_iter=100_000)
    padded = np.column_stack([np.zeros(80), B, np.zeros(80)])
    beside = PreparedSolver(matrix, method).solve(padded, tol=1e-6, max_iter=100_000)
    np.testing.assert_allclose(beside.values[:, 1:3], alone.values, rtol=1e-13)
    assert not beside.values[:, [0, 3]].any()
    assert beside.converged.all()
    assert beside.residual[[0, 3]].tolist() == [0, 0]


@methods
def test_nothing_but_zero_columns_takes_no_iteration(method) -> None:
    matrix = GroundedLaplacian(complete(4), np.ones(4))
    answer = PreparedSolver(matrix, method).solve(np.zeros((4, 2)), **STRICT)
    assert answer.n_iter == 0
    assert answer.converged.all()
    assert not answer.reached.any()
    assert not answer.values.any()


@grid
@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_systems_are_systems(method, layout, n: int) -> None:
    W = complete(n)
    matrix = GroundedLaplacian(LAYOUTS[layout](W), np.full(n, 2.0))
    answer = PreparedSolver(matrix, method).solve(np.ones((n, 2)), **STRICT)
    assert answer.converged.all()
    np.testing.assert_allclose(answer.values, np.full((n, 2), 0.5), rtol=1e-9)


@grid
def test_more_right_hand_sides_than_unknowns_are_solved(method, layout) -> None:
    W = star([1.0, 2.0, 3.0])
    matrix = GroundedLaplacian(LAYOUTS[layout](W), np.ones(4))
    B = np.random.default_rng(2).random((4, 40))
    answer = PreparedSolver(matrix, method).solve(B, **STRICT)
    exact = np.linalg.solve(textbook.grounded(W, np.ones(4)), B)
    assert row_errors(answer.values, exact).max() <= 1e-9


@pytest.mark.parametrize("method", ["sweeps", "cg", "auto"])
def test_one_iteration_is_not_called_converged(method) -> None:
    matrix = GroundedLaplacian(path_graph(np.ones(19)).affinity, np.full(20, 0.01))
    B = np.zeros((20, 2))
    B[0, 0] = 1.0
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-3, max_iter=1)
    assert answer.n_iter == 1
    assert answer.converged.tolist() == [False, True]  # the zero column is solved
    assert answer.residual[0] > 0


def test_one_iteration_is_enough_for_a_factorisation() -> None:
    matrix = GroundedLaplacian(path_graph(np.ones(19)).affinity, np.full(20, 0.01))
    answer = PreparedSolver(matrix, "direct").solve(np.ones((20, 1)), tol=1e-3, max_iter=1)
    assert answer.n_iter == 1
    assert answer.converged.all()


@pytest.mark.parametrize("method", ["sweeps", "cg", "auto"])
def test_an_error_in_the_callback_comes_through(method) -> None:
    def interrupt(n_iter: int, error: float) -> None:
        raise KeyboardInterrupt

    matrix = GroundedLaplacian(path_graph(np.ones(19)).affinity, np.full(20, 0.01))
    with pytest.raises(KeyboardInterrupt):
        PreparedSolver(matrix, method).solve(
            np.ones((20, 1)), tol=1e-3, max_iter=100, callback=interrupt
        )


def test_a_start_is_used_where_the_ground_is_strong() -> None:
    matrix = GroundedLaplacian(clustered(600, 0.1).affinity, np.full(1200, 0.02))
    rng = np.random.default_rng(3)
    B = rng.random((1200, 1))
    solver = PreparedSolver(matrix, "auto")
    first = solver.solve(B, tol=1e-8, max_iter=1000)
    B[5] += 1e-5
    again = solver.solve(B, tol=1e-8, max_iter=1000, x0=first.values)
    anew = solver.solve(B, tol=1e-8, max_iter=1000)
    assert again.n_iter < anew.n_iter
    assert row_errors(again.values, anew.values).max() <= 2e-8


@pytest.mark.parametrize("method", ["auto", "cg"])
def test_a_start_that_hides_where_it_is_wrong_does_no_harm(method) -> None:
    # The second half holds 1, which is right for it alone: only the link of 1e-7 says that it
    # should hold what the first half does.
    matrix = GroundedLaplacian(clustered(600, 1e-7).affinity, np.eye(1200)[0])
    B = np.zeros((1200, 2))
    B[0] = [0.25, 0.75]
    wrong = np.tile([0.25, 0.75], (1200, 1))
    wrong[600:] = [0.0, 1.0]
    answer = PreparedSolver(matrix, method).solve(B, tol=1e-3, max_iter=2000, x0=wrong)
    assert answer.converged.all()
    assert row_errors(answer.values, np.tile([0.25, 0.75], (1200, 1))).max() <= 1e-3


def test_direct_is_sparse_above_two_thousand_unknowns_and_agrees_with_the_iteration() -> None:
    matrix = GroundedLaplacian(clustered(1010, 0.1).affinity, np.full(2020, 0.1))
    B = np.random.default_rng(4).random((2020, 2))
    direct = PreparedSolver(matrix, "direct").solve(B, tol=1e-3, max_iter=1)
    np.testing.assert_array_equal(direct.values, SparseFactorization(matrix).solve(B))
    iterated = PreparedSolver(matrix, "cg").solve(B, tol=1e-9, max_iter=1000)
    assert row_errors(iterated.values, direct.values).max() <= 1e-9


def test_auto_above_a_thousand_sparse_unknowns_goes_on_with_conjugate_gradients() -> None:
    matrix = GroundedLaplacian(clustered(600, 0.1).affinity, np.full(1200, 0.01))
    B = np.zeros((1200, 2))
    B[0, 0] = B[700, 1] = 1.0
    answer = PreparedSolver(matrix, "auto").solve(B, tol=1e-6, max_iter=100_000)
    exact = PreparedSolver(matrix, "direct").solve(B, tol=1e-6, max_iter=100_000)
    assert answer.converged.all()
    assert answer.n_iter > 3
    assert row_errors(answer.values, exact.values).max() <= 1e-6
