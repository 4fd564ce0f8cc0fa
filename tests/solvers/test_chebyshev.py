"""Chebyshev's iteration: its polynomials, its stopping rule, its start, its blocks of rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fewlabels.solvers import (
    Accuracy,
    ChebyshevIteration,
    GroundedLaplacian,
    Sweeps,
    _chebyshev,
)
from tests import textbook
from tests.gallery import clustered, complete, path_graph


def grounded(W: sparse.csr_array, share: float) -> GroundedLaplacian:
    """Every node has `share` of its degree as ground."""
    return GroundedLaplacian(W, share * np.asarray(W.sum(axis=1)).ravel())


def sources(n: int, m: int, n_rows: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    B = np.zeros((n, m))
    B[rng.choice(n, n_rows, replace=False), np.arange(n_rows) % m] = 1.0
    return B


def row_errors(found: np.ndarray, exact: np.ndarray) -> np.ndarray:
    return np.abs(found - exact).sum(axis=1) / exact.sum(axis=1)


def test_each_step_is_that_of_the_chebyshev_polynomial_in_the_sweep() -> None:
    # y_k - y = T_k(N / rho) / T_k(1 / rho) (y_0 - y), with T_k from its eigenvalues.
    W = path_graph(np.arange(1.0, 12.0)).affinity.astype(np.float64)
    matrix = grounded(W, 0.25)
    B = sources(12, 2, 3)
    A = textbook.grounded(textbook.dense(W), matrix.ground)
    exact = np.linalg.solve(A, B)
    root = np.sqrt(np.diag(A))
    values, vectors = np.linalg.eigh(textbook.dense(W) / np.outer(root, root))
    rho = 1 - 0.25 / 1.25
    for k in (1, 2, 3, 7):
        shrinks = np.polynomial.Chebyshev.basis(k)(values / rho)
        shrinks /= np.polynomial.Chebyshev.basis(k)(1 / rho)
        error = vectors @ (shrinks[:, None] * (vectors.T @ (-root[:, None] * exact)))
        wanted = np.maximum(exact + error / root[:, None], 0)
        found = ChebyshevIteration(matrix).solve(B, Accuracy(0.0, k))
        assert found.n_iter == k
        assert not found.converged.any()
        np.testing.assert_allclose(found.values, wanted, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("share", [1e-3, 0.01, 0.11, 1.0, 30.0])
@pytest.mark.parametrize("tol", [1e-2, 1e-3, 1e-6])
def test_every_row_is_within_the_tolerance(share: float, tol: float) -> None:
    W = clustered(150, 0.05).affinity.astype(np.float64)
    matrix = grounded(W, share)
    B = sources(300, 3, 12, seed=int(1e4 * share))
    exact = np.linalg.solve(textbook.grounded(textbook.dense(W), matrix.ground), B)
    found = ChebyshevIteration(matrix).solve(B, Accuracy(tol, 10_000))
    assert found.converged.all()
    assert found.trusted.all()
    assert row_errors(found.values, exact).max() <= tol


@pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-9])
def test_no_row_of_a_small_random_graph_is_off_by_more_than_the_tolerance(tol: float) -> None:
    rng = np.random.default_rng(int(-np.log10(tol)))
    for _ in range(150):
        n = int(rng.integers(2, 40))
        W = np.triu(rng.random((n, n)) < rng.uniform(0.05, 1), 1) * 10 ** rng.uniform(-3, 1, (n, n))
        W += W.T + 1e-3 * (np.eye(n, k=1) + np.eye(n, k=-1))
        matrix = GroundedLaplacian(W, W.sum(axis=1) * 10 ** rng.uniform(-3, 1))
        B = rng.random((n, 2)) * (rng.random((n, 1)) < 0.3)
        B[0] = 1.0
        found = ChebyshevIteration(matrix).solve(B, Accuracy(tol, 20_000))
        exact = np.linalg.solve(textbook.grounded(W, matrix.ground), B)
        assert found.converged.all()
        assert row_errors(found.values, exact).max() <= tol


@pytest.mark.parametrize("kind", ["bipartite", "nearly", "star", "pairs"])
@pytest.mark.parametrize("alpha", [0.2, 0.9, 0.99])
def test_spectra_that_reach_down_to_minus_one_are_answered_within_the_tolerance(
    kind: str, alpha: float
) -> None:
    rng = np.random.default_rng(int(100 * alpha))
    for _ in range(20):
        a, b = (int(size) for size in rng.integers(1, 25, 2))
        W = np.zeros((a + b, a + b))
        W[:a, a:] = rng.random((a, b)) + 0.01
        if kind == "star":
            W[1:a] = 0
            W[0, 1:a] = 1.0
        if kind == "nearly":
            W[0, a - 1] += 0.01 * (a > 1)
        if kind == "pairs":  # that all but have no other neighbour
            for i in range(0, a + b - 1, 2):
                W[i, i + 1] += 300.0
        W = np.triu(W, 1)
        W += W.T
        matrix = GroundedLaplacian(W, (1 - alpha) / alpha * W.sum(axis=1))
        n, tol = a + b, 10 ** rng.uniform(-6, -1)
        B = np.zeros((n, 3))
        B[rng.integers(n, size=4), rng.integers(3, size=4)] = 1.0
        exact = np.linalg.solve(textbook.grounded(W, matrix.ground), B)
        found = ChebyshevIteration(matrix).solve(B, Accuracy(tol, 10_000))
        assert found.converged.all()
        assert row_errors(found.values, exact).max() <= tol
        # one more label, from the answer before, as relabelling does
        more = np.zeros((n, 1))
        more[rng.integers(n)] = 1.0
        others = exact[:, 1:].sum(axis=1)
        then = np.linalg.solve(textbook.grounded(W, matrix.ground), B[:, :1] + more)
        again = ChebyshevIteration(matrix).solve(
            B[:, :1] + more, Accuracy(tol, 10_000, other_totals=others), found.values[:, :1]
        )
        assert again.converged.all()
        assert (np.abs(again.values - then)[:, 0] / (then[:, 0] + others)).max() <= tol


def test_numbers_that_are_divided_on_the_way_give_the_same_answer(monkeypatch) -> None:
    matrix = grounded(clustered(50, 0.1).affinity.astype(np.float64), 0.1)
    B = sources(100, 2, 5)
    whole = [ChebyshevIteration(matrix).solve(B, Accuracy(tol, 60)) for tol in (1e-6, 0.0)]
    monkeypatch.setattr(_chebyshev, "_LARGE", 10.0)
    for tol, expected in zip((1e-6, 0.0), whole, strict=True):
        found = ChebyshevIteration(matrix).solve(B, Accuracy(tol, 60))
        assert found.n_iter == expected.n_iter
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)


@pytest.mark.parametrize("unit", [1e-250, 1.0, 1e250])
@pytest.mark.parametrize("share", [0.1, 1e3, 1e12, 1e18])
def test_a_hundred_steps_stay_within_float64_however_strong_the_ground(
    unit: float, share: float
) -> None:
    W = path_graph(np.ones(11)).affinity.astype(np.float64)
    matrix = grounded(W, share)
    B, others = unit * sources(12, 1, 2), np.full(12, unit)
    exact = np.linalg.solve(textbook.grounded(textbook.dense(W), matrix.ground), B)
    found = ChebyshevIteration(matrix).solve(B, Accuracy(0.0, 100, other_totals=others))
    assert np.isfinite(found.values).all()
    assert np.abs(found.values - exact).max() <= 1e-14 * exact.max()


@pytest.mark.parametrize("max_iter", [*range(1, 30), 40, 60])
def test_rows_that_are_trusted_after_few_steps_are_right(max_iter: int) -> None:
    # A hub gathers many small residuals, which no single one of them bounds.
    W = np.zeros((300, 300))
    W[0, 1:] = W[1:, 0] = 1.0
    matrix = GroundedLaplacian(W, 0.01 * W.sum(axis=1))
    B = np.zeros((300, 3))
    B[[0, 150, 299], [0, 1, 2]] = 1.0
    exact = np.linalg.solve(textbook.grounded(W, matrix.ground), B)
    found = ChebyshevIteration(matrix).solve(B, Accuracy(1e-2, max_iter))
    assert row_errors(found.values, exact)[found.trusted].max(initial=0.0) <= 1e-2


@pytest.mark.parametrize("link", [1e-2, 1e-5, 1e-8])
def test_a_weakly_linked_cluster_is_right_relative_to_what_it_holds(link: float) -> None:
    W = clustered(80, link).affinity.astype(np.float64)
    matrix = grounded(W, 0.01)
    B = np.zeros((160, 2))
    B[[0, 1], [0, 1]] = 1.0  # both in the first cluster: the second holds what the link lets by
    exact = np.linalg.solve(textbook.grounded(textbook.dense(W), matrix.ground), B)
    found = ChebyshevIteration(matrix).solve(B, Accuracy(1e-4, 10_000))
    errors = row_errors(found.values, exact)
    assert found.converged.all()
    assert errors.max() <= 1e-4


def test_rows_below_rounding_are_not_trusted_and_the_others_are_right() -> None:
    n = 400
    matrix = grounded(path_graph(np.ones(n - 1)).affinity.astype(np.float64), 1.0)
    B = np.zeros((n, 1))
    B[0] = 1.0
    found = ChebyshevIteration(matrix).solve(B, Accuracy(1e-3, 10_000))
    exact = Sweeps(matrix).solve(B, Accuracy(1e-9, 10_000)).values
    assert not found.converged.any()
    assert 0 < found.trusted.sum() < n
    assert row_errors(found.values[found.trusted], exact[found.trusted]).max() <= 1e-3


def test_it_needs_about_the_root_of_the_sweeps() -> None:
    matrix = grounded(clustered(150, 0.05).affinity.astype(np.float64), 1e-3)
    B = sources(300, 2, 4)
    accuracy = Accuracy(1e-3, 100_000)
    swept = Sweeps(matrix).solve(B, accuracy)
    found = ChebyshevIteration(matrix).solve(B, accuracy)
    assert found.converged.all()
    assert found.n_iter < swept.n_iter / 5


def test_a_start_near_the_answer_spares_steps() -> None:
    matrix = grounded(clustered(150, 0.05).affinity.astype(np.float64), 0.01)
    B = sources(300, 2, 6)
    accuracy = Accuracy(1e-6, 1000)
    first = ChebyshevIteration(matrix).solve(B, accuracy)
    nearly = first.values * (1 + 1e-4 * np.sin(np.arange(300)))[:, None]
    again = ChebyshevIteration(matrix).solve(B, accuracy, nearly)
    assert again.converged.all()
    assert again.n_iter < first.n_iter
    assert row_errors(again.values, first.values).max() <= 2e-6


def test_a_zero_column_stays_zero_and_changes_no_other() -> None:
    matrix = grounded(clustered(50, 0.1).affinity.astype(np.float64), 0.1)
    B = sources(100, 2, 5)
    alone = ChebyshevIteration(matrix).solve(B, Accuracy(1e-6, 1000))
    beside = ChebyshevIteration(matrix).solve(np.insert(B, 1, 0.0, axis=1), Accuracy(1e-6, 1000))
    assert not beside.values[:, 1].any()
    np.testing.assert_allclose(beside.values[:, [0, 2]], alone.values, rtol=1e-13)


def test_other_columns_totals_count_towards_the_row() -> None:
    matrix = grounded(clustered(100, 0.05).affinity.astype(np.float64), 0.01)
    B = sources(200, 1, 1)
    alone = ChebyshevIteration(matrix).solve(B, Accuracy(1e-4, 1000))
    others = np.full(200, float(alone.values.max()))
    beside = ChebyshevIteration(matrix).solve(B, Accuracy(1e-4, 1000, other_totals=others))
    exact = np.linalg.solve(textbook.grounded(textbook.dense(matrix.weights), matrix.ground), B)
    assert beside.n_iter < alone.n_iter
    assert (np.abs(beside.values - exact)[:, 0] / (exact[:, 0] + others)).max() <= 1e-4


def test_the_callback_hears_of_the_last_step_and_an_error_below_the_tolerance() -> None:
    calls: list[tuple[int, float]] = []
    matrix = grounded(complete_csr(40), 0.2)
    accuracy = Accuracy(1e-5, 100, callback=lambda n, error: calls.append((n, error)))
    found = ChebyshevIteration(matrix).solve(np.eye(40)[:, :3], accuracy)
    assert found.converged.all()
    assert calls[-1][0] == found.n_iter
    assert calls[-1][1] <= 1e-5


def test_a_tolerance_of_zero_ends_where_rounding_does() -> None:
    matrix = grounded(complete_csr(40), 0.2)
    B = np.eye(40)[:, :3]
    found = ChebyshevIteration(matrix).solve(B, Accuracy(0.0, 100_000))
    exact = np.linalg.solve(textbook.grounded(complete(40), matrix.ground), B)
    assert found.n_iter < 200
    np.testing.assert_allclose(found.values, exact, rtol=1e-13)


def complete_csr(n: int) -> sparse.csr_array:
    return sparse.csr_array(complete(n))


@pytest.mark.parametrize("tol", [1e-6, 0.0])  # settled, and not
@pytest.mark.parametrize("n_rows", [0, 3])
def test_a_borrowed_right_hand_side_changes_no_bit_and_comes_back(tol: float, n_rows: int) -> None:
    W = clustered(60, 0.1).affinity.astype(np.float64)
    matrix, B = grounded(W, 0.25), sources(W.shape[0], 2, n_rows)
    accuracy = Accuracy(tol, 60, other_totals=1.0)
    alone = ChebyshevIteration(matrix).solve(B, accuracy)
    lent = B.copy()
    found = ChebyshevIteration(matrix).solve(lent, accuracy, borrow_b=True)
    np.testing.assert_array_equal(lent, B)
    np.testing.assert_array_equal(found.values, alone.values)
    np.testing.assert_array_equal(found.trusted, alone.trusted)
    assert not np.shares_memory(found.values, lent)


def test_a_borrowed_right_hand_side_comes_back_from_an_interrupt() -> None:
    W = path_graph(np.arange(1.0, 40.0)).affinity.astype(np.float64)
    matrix, B = grounded(W, 0.25), sources(40, 2, 3)

    def interrupt(n_iter: int, error: float) -> None:
        raise KeyboardInterrupt

    lent = B.copy()
    with pytest.raises(KeyboardInterrupt):
        ChebyshevIteration(matrix).solve(
            lent, Accuracy(1e-6, 100, callback=interrupt), borrow_b=True
        )
    np.testing.assert_array_equal(lent, B)
