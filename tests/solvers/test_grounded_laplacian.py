"""The matrix A = diag(W 1 + g) - W, dense and sparse."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.solvers import GroundedLaplacian, PreparedSolver, row_sums
from fewlabels.solvers._matrix import recurrence_factor
from tests import textbook
from tests.gallery import complete
from tests.strategies import affinities

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
LAYOUTS = pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array], ids=["dense", "csr"])


@LAYOUTS
@given(W=affinities(max_nodes=8), data=st.data())
def test_products_are_those_of_the_matrix_written_out(layout, W, data) -> None:
    ground = np.array(data.draw(st.lists(st.floats(0.1, 4), min_size=len(W), max_size=len(W))))
    x = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=len(W), max_size=len(W))))[:, None]
    matrix = GroundedLaplacian(layout(W), ground)
    A = textbook.grounded(W, ground)
    scaling = 1 / np.sqrt(np.diag(A))
    N = scaling[:, None] * W * scaling
    assert matrix.n == len(W)
    np.testing.assert_allclose(matrix.diagonal, np.diag(A), **CLOSE)
    np.testing.assert_allclose(matrix.apply_scaled_weights(x), N @ x, **CLOSE)
    np.testing.assert_allclose(matrix.dense_scaled_weights(), N, **CLOSE)


@LAYOUTS
@pytest.mark.parametrize("n_columns", [1, 3, 40_000])
def test_products_by_blocks_cover_all_rows_once(layout, n_columns) -> None:
    W = layout(complete(12))
    matrix = GroundedLaplacian(W, np.ones(12))
    y = np.linspace(-1, 1, 12)[:, None] * np.linspace(1, 2, n_columns)
    products = matrix.products(n_columns)
    whole = np.concatenate([product(y) for product in products])
    np.testing.assert_allclose(whole, matrix.apply_scaled_weights(y), **CLOSE)
    covered = np.concatenate([np.arange(*product.rows.indices(12)) for product in products])
    np.testing.assert_array_equal(covered, np.arange(12))


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("ground", [1.0, 1e-3])  # well grounded, and not
def test_products_by_blocks_hold_no_copy_of_the_matrix(ground) -> None:
    W = sparse.csr_array(complete(200))
    matrix = GroundedLaplacian(W, np.full(200, ground))
    assert len(matrix.products(40)) > 1  # made before, so that only the blocks are counted
    tracemalloc.start()
    try:
        matrix.products(50)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < W.data.nbytes / 4


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("method", ["sweeps", "chebyshev", "cg"])
def test_an_iteration_holds_the_scaled_weights_once(method) -> None:
    matrix = GroundedLaplacian(sparse.csr_array(complete(600)), np.full(600, 100.0))
    solver = PreparedSolver(matrix, method)
    B = np.eye(600, 2)
    if method == "chebyshev":
        assert len(matrix.products(2, recurrence=True)) > 1  # which makes its matrix
    else:
        matrix.apply_scaled_weights(B)
    tracemalloc.start()
    try:
        answer = solver.solve(B, tol=1e-3, max_iter=1000, x0=np.full((600, 2), 1e-3))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.converged.all()
    assert held < matrix.weights.data.nbytes / 4


@pytest.mark.usefixtures("all_work_shared")
def test_products_bring_a_factor_only_where_a_recurrence_asks_for_it() -> None:
    weights = sparse.csr_array(complete(600))
    ground = np.full(600, 100.0)
    y = np.linspace(-1, 1, 1200).reshape(600, 2)
    plain, asked = GroundedLaplacian(weights, ground), GroundedLaplacian(weights, ground)
    assert {product.factor for product in plain.products(2)} == {1.0}
    assert {product.factor for product in asked.products(2, recurrence=True)} == {
        recurrence_factor(asked)
    }
    expected = plain.apply_scaled_weights(y)
    for matrix in (plain, asked):  # the second has made no other matrix
        found = np.concatenate([product(y) for product in matrix.products(2)])
        np.testing.assert_allclose(found, expected, **CLOSE)
    assert {product.factor for product in asked.products(2)} == {recurrence_factor(asked)}


def test_float32_weights_are_summed_and_multiplied_in_float64() -> None:
    W = sparse.csr_array((0.1 * complete(30)).astype(np.float32))
    matrix, exact = (
        GroundedLaplacian(weights, np.full(30, 1e-3)) for weights in (W, W.astype(np.float64))
    )
    y = np.linspace(0, 1, 30)[:, None]
    np.testing.assert_array_equal(matrix.diagonal, exact.diagonal)
    np.testing.assert_array_equal(matrix.apply_scaled_weights(y), exact.apply_scaled_weights(y))
    keep = np.arange(30) < 20
    inner, boundary = matrix.restrict(keep)
    assert inner.weights.dtype == boundary.dtype == np.float64
    np.testing.assert_array_equal(inner.diagonal, exact.restrict(keep)[0].diagonal)


def test_a_pickle_holds_the_weights_once() -> None:
    matrix = GroundedLaplacian(sparse.csr_array(complete(200)), np.ones(200))
    bare = len(pickle.dumps(matrix))
    matrix.products(3)
    assert len(pickle.dumps(matrix)) == bare
    again = pickle.loads(pickle.dumps(matrix))
    y = np.ones((200, 3))
    np.testing.assert_array_equal(again.apply_scaled_weights(y), matrix.apply_scaled_weights(y))


@LAYOUTS
@given(W=affinities(max_nodes=8), data=st.data())
def test_decay_bounds_the_smallest_eigenvalue_of_the_scaled_matrix(layout, W, data) -> None:
    ground = np.array(data.draw(st.lists(st.floats(0.01, 4), min_size=len(W), max_size=len(W))))
    matrix = GroundedLaplacian(layout(W), ground)
    smallest = np.linalg.eigvalsh(np.eye(len(W)) - matrix.dense_scaled_weights())[0]
    assert 0 < matrix.decay <= smallest + 1e-12


@LAYOUTS
@given(W=affinities(min_nodes=2, max_nodes=8), data=st.data())
def test_restricting_fixes_the_other_nodes_values(layout, W, data) -> None:
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(W), max_size=len(W))))
    ground = np.linspace(0.5, 1.5, len(W))
    A = textbook.grounded(W, ground)
    matrix, boundary = GroundedLaplacian(layout(W), ground).restrict(keep)
    fixed = np.arange(1.0, 1 + (~keep).sum())[:, None]
    unknown = np.ones((int(keep.sum()), 1))
    x = np.zeros((len(W), 1))
    x[keep], x[~keep] = unknown, fixed
    kept = textbook.grounded(textbook.dense(matrix.weights), matrix.ground)
    np.testing.assert_allclose(kept @ unknown - boundary @ fixed, (A @ x)[keep], **CLOSE)


def test_a_thousandth_of_ground_is_well_grounded_and_less_is_not() -> None:
    W = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert GroundedLaplacian(W, np.array([0.01, 0.01])).well_grounded
    assert not GroundedLaplacian(W, np.array([0.01, 1e-4])).well_grounded


def test_the_weights_are_neither_copied_nor_changed_by_a_product() -> None:
    W = sparse.csr_array(np.array([[0.0, 2.0], [2.0, 0.0]]))
    before = W.data.copy()
    matrix = GroundedLaplacian(W, np.ones(2))
    matrix.apply_scaled_weights(np.ones((2, 1)))
    assert matrix.weights is W
    np.testing.assert_array_equal(W.data, before)


@LAYOUTS
def test_row_sums_are_flat(layout) -> None:
    sums = row_sums(layout(np.array([[0.0, 2.0], [2.0, 0.0], [1.0, 1.0]])))
    np.testing.assert_array_equal(sums, [2.0, 2.0, 2.0])
