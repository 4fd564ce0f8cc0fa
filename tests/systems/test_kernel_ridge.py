"""Kernel ridge regression beside the dense equations, and refits without each label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from fewlabels.systems import KernelRidge

GROUNDS = (1e-2, 0.1, 1.0, 30.0)


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """A kernel among some points, how much each is trusted, their labels, and a ground."""
    n = draw(st.integers(2, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    X = rng.normal(size=(n, 2))
    if draw(st.booleans()):
        X[-1] = X[0]  # a kernel matrix that has no inverse
    kernel = np.exp(-cdist(X, X)) if draw(st.booleans()) else X @ X.T
    trust = rng.choice([0.25, 1.0, 1.0, 4.0], n)
    return kernel, trust, rng.normal(size=(n, 3)), draw(st.sampled_from(GROUNDS))


@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_coefficients_solve_the_equation(problem) -> None:
    kernel, trust, Y, ground = problem
    expected = np.linalg.solve(kernel + ground * np.diag(1 / trust), Y)
    found = KernelRidge(kernel, trust).coefficients(Y, ground)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)


@given(problem=problems())
@settings(max_examples=60, deadline=None)
def test_labels_left_out_are_those_of_a_fit_without_them(problem) -> None:
    kernel, trust, Y, ground = problem
    ridge = KernelRidge(kernel, trust)
    found, weights = ridge.left_out(Y, ground), ridge.left_out_weights(ground)
    np.testing.assert_allclose(weights @ Y, found, atol=1e-8)
    assert not np.diagonal(weights).any()
    for j in range(len(Y)):
        rest = np.arange(len(Y)) != j
        matrix = kernel[np.ix_(rest, rest)] + ground * np.diag(1 / trust[rest])
        row = np.linalg.solve(matrix, kernel[rest, j])
        np.testing.assert_allclose(found[j], row @ Y[rest], atol=1e-7)
        np.testing.assert_allclose(weights[j, rest], row, atol=1e-7)


@given(problem=problems())
@settings(max_examples=30, deadline=None)
def test_the_response_of_a_point_times_the_labels_is_its_score(problem) -> None:
    kernel, trust, Y, ground = problem
    ridge = KernelRidge(kernel, trust)
    row = kernel[0]
    expected = row @ ridge.coefficients(Y, ground)
    np.testing.assert_allclose(ridge.response(row, ground) @ Y, expected, atol=1e-8)


def test_one_label_has_nobody_to_ask() -> None:
    ridge = KernelRidge(np.array([[1.0]]), np.ones(1))
    np.testing.assert_allclose(ridge.coefficients(np.ones((1, 2)), 1.0), 0.5)
    np.testing.assert_allclose(ridge.left_out(np.ones((1, 2)), 1.0), 0, atol=1e-15)


@pytest.mark.parametrize("trust", [1e-6, 1e6])
def test_trust_of_a_scale_is_a_ground_of_its_inverse(trust: float) -> None:
    X = np.random.default_rng(0).normal(size=(6, 3))
    kernel, Y = np.exp(-cdist(X, X)), np.eye(6)
    scaled = KernelRidge(kernel, np.full(6, trust)).left_out(Y, 0.3)
    plain = KernelRidge(kernel, np.ones(6)).left_out(Y, 0.3 / trust)
    np.testing.assert_allclose(scaled, plain, atol=1e-9)
