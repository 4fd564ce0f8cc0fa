"""Sweeps and conjugate gradients: their stopping rules, what they report, what they admit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.solvers import (
    Accuracy,
    ChebyshevIteration,
    ConjugateGradients,
    GroundedLaplacian,
    Sweeps,
)
from tests import textbook
from tests.gallery import complete, path_graph, two_cliques
from tests.strategies import affinities

ITERATIONS = pytest.mark.parametrize("method", [Sweeps, ConjugateGradients])
WITH_GROUND = pytest.mark.parametrize("method", [Sweeps, ChebyshevIteration, ConjugateGradients])


def path_system(n: int = 30) -> tuple[GroundedLaplacian, np.ndarray]:
    """Unit weights in a row, both ends tied to the ground; evidence at either end."""
    ground = np.zeros(n)
    ground[[0, -1]] = 1.0
    B = np.zeros((n, 2))
    B[0, 0] = B[-1, 1] = 1.0
    return GroundedLaplacian(path_graph(np.ones(n - 1)).affinity, ground), B


def row_errors(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    return np.abs(found - exact).sum(axis=1) / exact.sum(axis=1)


@ITERATIONS
@pytest.mark.parametrize("tol", [1e-2, 1e-5, 1e-9])
@given(W=affinities(max_nodes=10), data=st.data())
def test_no_row_is_off_by_more_than_the_tolerance_once_converged(method, tol, W, data) -> None:
    shares = st.floats(0.05, 3)
    ground = np.array(data.draw(st.lists(shares, min_size=len(W), max_size=len(W))))
    B = np.array(data.draw(st.lists(shares, min_size=2 * len(W), max_size=2 * len(W))))
    B = B.reshape(-1, 2)
    answer = method(GroundedLaplacian(W, ground)).solve(B, Accuracy(tol, 10_000))
    exact = np.linalg.solve(textbook.grounded(W, ground), B)
    assert answer.converged.all()
    assert row_errors(answer.values, exact).max() <= tol


@ITERATIONS
def test_a_long_path_is_within_the_tolerance(method) -> None:
    matrix, B = path_system()
    answer = method(matrix).solve(B, Accuracy(1e-4, 10_000))
    exact = np.linspace(0, 1, 32)[1:-1]
    assert answer.converged.all()
    assert row_errors(answer.values, np.column_stack([exact[::-1], exact])).max() <= 1e-4


@ITERATIONS
@pytest.mark.parametrize("max_iter", [1, 7])
def test_an_end_by_max_iter_is_admitted(method, max_iter: int) -> None:
    matrix, B = path_system()
    answer = method(matrix).solve(B, Accuracy(1e-4, max_iter))
    assert answer.n_iter == max_iter
    assert not answer.converged.any()
    assert not answer.trusted.all()


@ITERATIONS
def test_the_callback_gets_each_number_and_an_error_that_ends_below_the_tolerance(method) -> None:
    matrix, B = path_system()
    calls: list[tuple[int, float]] = []
    answer = method(matrix).solve(
        B, Accuracy(1e-3, 10_000, callback=lambda n, error: calls.append((n, error)))
    )
    numbers, errors = zip(*calls, strict=True)
    assert list(numbers) == sorted(numbers)
    assert numbers[-1] == answer.n_iter
    assert errors[0] > 1e-3 >= errors[-1]


@ITERATIONS
def test_a_zero_column_stays_zero_and_leaves_the_others_as_they_are(method) -> None:
    matrix, B = path_system()
    alone = method(matrix).solve(B, Accuracy(1e-6, 10_000))
    beside = method(matrix).solve(np.insert(B, 1, 0.0, axis=1), Accuracy(1e-6, 10_000))
    assert not beside.values[:, 1].any()
    np.testing.assert_allclose(beside.values[:, [0, 2]], alone.values, rtol=1e-13, atol=1e-15)


def test_other_columns_totals_spare_iterations_where_they_drown_the_rest() -> None:
    matrix, B = path_system(60)
    alone = ConjugateGradients(matrix).solve(B, Accuracy(1e-3, 100_000))
    others = Accuracy(1e-3, 100_000, other_totals=np.full(60, 1e7))
    beside = ConjugateGradients(matrix).solve(B, others)
    assert beside.converged.all()
    assert beside.n_iter < alone.n_iter


@WITH_GROUND
def test_a_system_without_weights_takes_its_ground(method) -> None:
    matrix = GroundedLaplacian(np.zeros((3, 3)), np.array([1.0, 2.0, 4.0]))
    answer = method(matrix).solve(np.ones((3, 1)), Accuracy(0.0, 10))
    np.testing.assert_allclose(answer.values[:, 0], [1.0, 0.5, 0.25])
    assert answer.converged.all()


def test_sweeps_are_jacobis_iteration() -> None:
    matrix, B = path_system()
    A = textbook.grounded(textbook.dense(matrix.weights), matrix.ground)
    x = np.zeros_like(B)
    for _ in range(5):
        x += (B - A @ x) / np.diag(A)[:, None]
    answer = Sweeps(matrix).solve(B, Accuracy(0.0, 5))
    np.testing.assert_allclose(answer.values, x, rtol=1e-13)


def test_sweeps_that_only_every_second_one_changes_much_do_not_stop_too_early() -> None:
    # Two nodes: what the one passes on shrinks to 0.999, what the other does to 0.01.
    W = np.array([[0.0, 1.0], [1.0, 0.0]])
    matrix = GroundedLaplacian(W, np.array([1 / 999, 99.0]))
    B = np.array([[1e-3, 0.0], [0.0, 1.0]])
    answer = Sweeps(matrix).solve(B, Accuracy(1e-3, 1000))
    exact = np.linalg.solve(textbook.grounded(W, matrix.ground), B)
    assert answer.converged.all()
    assert row_errors(answer.values, exact).max() <= 1e-3


def test_sweeps_do_not_stop_while_a_cluster_fills_through_a_weak_link() -> None:
    ground = np.zeros(8)
    ground[0] = 1.0
    matrix = GroundedLaplacian(two_cliques(4, 1e-2), ground)
    B = ground[:, None].copy()
    few = Sweeps(matrix).solve(B, Accuracy(1e-2, 100))
    many = Sweeps(matrix).solve(B, Accuracy(1e-2, 100_000))
    assert not few.converged.any()
    assert many.converged.all()
    assert row_errors(many.values, np.ones((8, 1))).max() <= 1e-2


def test_sweeps_trust_no_row_that_float64_cannot_hold() -> None:
    n = 700
    weights = path_graph(np.ones(n - 1)).affinity
    degrees = weights.sum(axis=1)
    B = np.zeros((n, 1))
    B[0] = 1.0
    answer = Sweeps(GroundedLaplacian(weights, 4 * degrees)).solve(B, Accuracy(1e-3, 10_000))
    np.testing.assert_array_equal(answer.trusted, answer.values[:, 0] * np.sqrt(10) > 1e-292)
    assert 0 < answer.trusted.sum() < n
    assert not answer.converged.any()


def test_conjugate_gradients_end_after_as_many_steps_as_there_are_eigenvalues() -> None:
    matrix = GroundedLaplacian(complete(50), np.ones(50))  # two different ones
    B = np.eye(50)[:, :3]
    answer = ConjugateGradients(matrix).solve(B, Accuracy(1e-10, 100))
    assert answer.converged.all()
    assert answer.n_iter <= 5
    exact = np.linalg.solve(textbook.grounded(complete(50), np.ones(50)), B)
    np.testing.assert_allclose(answer.values, exact, rtol=1e-10)


def test_conjugate_gradients_from_the_answer_have_nothing_left_to_do() -> None:
    path, B = path_system()
    matrix = GroundedLaplacian(path.weights, path.ground + 1)
    A = textbook.grounded(textbook.dense(matrix.weights), matrix.ground)
    exact = np.linalg.solve(A, B)
    answer = ConjugateGradients(matrix).solve(B, Accuracy(1e-3, 100), exact)
    assert answer.n_iter <= 5  # the rule is looked at every five iterations
    assert answer.converged.all()
    np.testing.assert_allclose(answer.values, exact, rtol=1e-9)


def test_conjugate_gradients_return_nothing_negative() -> None:
    matrix, B = path_system(200)
    answer = ConjugateGradients(matrix).solve(B, Accuracy(1e-3, 20))
    assert not answer.converged.any()
    assert answer.values.min() >= 0


def test_conjugate_gradients_stop_at_once_where_rounding_leaves_them_no_curvature() -> None:
    # 1 + 1e-30 is 1: in float64 the matrix is singular and the right-hand side its null vector.
    matrix = GroundedLaplacian(complete(2), np.full(2, 1e-30))
    answer = ConjugateGradients(matrix).solve(np.full((2, 1), 1e-30), Accuracy(1e-3, 100))
    assert answer.n_iter == 1
    assert not answer.converged.any()
    assert not answer.trusted.any()


@pytest.mark.parametrize("link", [1e-10, 1e-14, 1e-17, 1e-30, 1e-100])
def test_conjugate_gradients_claim_no_answer_that_rounding_took_from_them(link: float) -> None:
    # From link 1e-17 on, the second clique's matrix is singular in float64.
    ground = np.zeros(12)
    ground[[0, 1]] = 1.0
    matrix = GroundedLaplacian(two_cliques(6, link), ground)
    B = np.zeros((12, 2))
    B[0, 0] = B[1, 1] = 1.0
    answer = ConjugateGradients(matrix).solve(B, Accuracy(1e-3, 500))
    off = np.abs(answer.values.sum(axis=1) - 1)
    assert np.isfinite(answer.values).all()
    assert off[answer.trusted].max(initial=0.0) <= 1e-3
    assert answer.trusted[:6].all()
