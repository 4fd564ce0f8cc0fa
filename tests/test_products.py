"""The compiled product is SciPy's to the last bit, and is left out where it does not apply."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels import _products
from fewlabels._products import multiply, multiply_minus

PRECISIONS = [(np.float64, np.float64), (np.float32, np.float64), (np.float32, np.float32)]
needs_compiled = pytest.mark.skipif(
    _products.compiled is None, reason="installed without a compiler"
)


def a_matrix(n_rows: int, n: int, share: float, seed: int, dtype=np.float64) -> sparse.csr_array:
    rng = np.random.default_rng(seed)
    dense = np.where(rng.random((n_rows, n)) < share, rng.normal(size=(n_rows, n)), 0)
    return sparse.csr_array(dense.astype(dtype))


@needs_compiled
@pytest.mark.parametrize("avx2", [False, True])
@pytest.mark.parametrize(("entries", "values"), PRECISIONS)
@given(
    shape=st.tuples(st.integers(0, 40), st.integers(1, 30), st.integers(0, 140)),
    share=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
    seed=st.integers(0, 1000),
)
def test_the_compiled_product_is_scipys(avx2, entries, values, shape, share, seed) -> None:
    n_rows, n, m = shape
    matrix = a_matrix(n_rows, n, share, seed, entries)
    y, before = (
        np.random.default_rng(seed).normal(size=(k, m)).astype(values) for k in (n, n_rows)
    )
    expected = matrix.astype(values) @ y
    arrays = matrix.indptr, matrix.indices, matrix.data, y
    found = np.full((n_rows, m), np.nan, dtype=values)
    _products.compiled(*arrays, found, False, avx2)
    np.testing.assert_array_equal(found, expected)
    _products.compiled(*arrays, before_left := before.copy(), True, avx2)
    np.testing.assert_array_equal(before_left, expected - before)


@needs_compiled
@pytest.mark.parametrize("m", range(1, 72))
def test_every_number_of_columns_is_covered(m) -> None:
    matrix, y = a_matrix(20, 15, 0.4, seed=m), np.random.default_rng(m).normal(size=(15, m))
    for entries, values in PRECISIONS:
        for avx2 in (False, True):
            A, x = matrix.astype(entries), y.astype(values)
            found = np.full((20, m), np.nan, dtype=values)
            _products.compiled(A.indptr, A.indices, A.data, x, found, False, avx2)
            np.testing.assert_array_equal(found, A.astype(values) @ x)


@pytest.mark.parametrize("has_compiler", [True, False])
@pytest.mark.parametrize(("entries", "values"), PRECISIONS)
def test_the_answer_is_the_same_without_a_compiler(
    monkeypatch, has_compiler, entries, values
) -> None:
    matrix = a_matrix(50, 50, 0.2, seed=1, dtype=entries)
    y, before = np.random.default_rng(2).normal(size=(2, 50, 7)).astype(values)
    expected = matrix.astype(values) @ y
    if not has_compiler:
        monkeypatch.setattr(_products, "compiled", None)
    found = multiply(matrix, y)
    assert found.dtype == values
    np.testing.assert_array_equal(found, expected)
    multiply_minus(matrix, y, after := before.copy())
    np.testing.assert_array_equal(after, expected - before)


def in_columns(y: np.ndarray) -> np.ndarray:
    return np.asfortranarray(y)


def every_other(y: np.ndarray) -> np.ndarray:
    return np.repeat(y, 2, axis=1)[:, ::2]


def as_integers(y: np.ndarray) -> np.ndarray:
    return (8 * y).astype(np.int64)


def the_first_column(y: np.ndarray) -> np.ndarray:
    return y[:, 0]


@pytest.mark.parametrize("changed", [in_columns, every_other, as_integers, the_first_column])
def test_other_arrays_are_left_to_scipy(changed) -> None:
    matrix, y = a_matrix(9, 12, 0.5, seed=3), np.random.default_rng(4).normal(size=(12, 4))
    np.testing.assert_array_equal(multiply(matrix, changed(y)), matrix @ changed(y))


def test_other_matrices_are_left_to_scipy() -> None:
    matrix, y = a_matrix(9, 12, 0.5, seed=3), np.random.default_rng(4).normal(size=(12, 4))
    long = matrix.copy()
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    for other in (long, matrix.astype(np.int64), matrix.toarray(), matrix.tocsc()):
        np.testing.assert_array_equal(multiply(other, y), other @ y)
        multiply_minus(other, y, after := np.ones((9, 4)))
        np.testing.assert_array_equal(after, other @ y - 1)


def test_a_product_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="mismatch"):
        multiply(a_matrix(9, 12, 0.5, seed=3), np.ones((11, 4)))


@needs_compiled
@pytest.mark.parametrize(
    ("at", "wrong", "message"),
    [
        (0, np.array([0, 1, 2], dtype=np.int64), "int32"),
        (1, np.array([0.0, 1.0], dtype=np.float32), "int32"),
        (0, np.array([0, 2, 1], dtype=np.int32), "ascend"),
        (0, np.array([-1, 1, 2], dtype=np.int32), "ascend"),
        (0, np.array([0, 1, 3], dtype=np.int32), "within the entries"),
        (0, np.array([], dtype=np.int32), "as long as|shape"),
        (1, np.array([0], dtype=np.int32), "as long as indices"),
        (2, np.array([1, 2], dtype=np.int64), "float32 or float64"),
        (2, np.array([[1.0, 2.0]]), "float32 or float64"),
        (3, np.ones((3, 2), dtype=np.float32), "no narrower than data"),
        (3, np.ones(3), "float32 or float64"),
        (3, np.ones((3, 5)), "shape of A y"),
        (3, np.ones((2, 3)).T, "contiguous"),
        (4, np.ones((2, 2), dtype=np.float32), "alike"),
        (4, np.ones((3, 2)), "shape of A y"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(at, wrong, message) -> None:
    arrays = [
        np.array([0, 1, 2], dtype=np.int32),
        np.array([0, 2], dtype=np.int32),
        np.array([1.0, 2.0]),
        np.ones((3, 2)),
        np.zeros((2, 2)),
    ]
    _products.compiled(*arrays, False)
    arrays[at] = wrong
    with pytest.raises(ValueError, match=message):
        _products.compiled(*arrays, False)


@needs_compiled
def test_a_result_that_must_not_be_written_to_is_refused() -> None:
    matrix, y, out = a_matrix(3, 3, 1.0, seed=0), np.ones((3, 2)), np.zeros((3, 2))
    out.flags.writeable = False
    with pytest.raises((ValueError, BufferError), match="read-only"):
        _products.compiled(matrix.indptr, matrix.indices, matrix.data, y, out, False)
    assert not out.any()


@needs_compiled
def test_anything_but_arrays_is_refused() -> None:
    with pytest.raises(TypeError):
        _products.compiled([0], [0], [1.0], [[1.0]], [[0.0]], False)
