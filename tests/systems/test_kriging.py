"""Kriging: the textbook's bordered system, labels left out, and how far answers may be off."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels.systems import KernelRidge, Kriging

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(9, 3))
Y = RNG.normal(size=(9, 2))
TRUST = RNG.uniform(0.5, 2, 9)
GROUND = 0.3


def kernel(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return np.exp(-np.linalg.norm(A[:, None] - B, axis=2))


def prepared(rows: np.ndarray) -> Kriging:
    points = POINTS[rows]
    return Kriging(KernelRidge(kernel(points, points), TRUST[rows]), GROUND)


def textbook(points: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Weights of the labels by the system that is bordered with a Lagrange multiplier."""
    n, known = len(rows), POINTS[rows]
    A = np.ones((n + 1, n + 1))
    A[:n, :n] = kernel(known, known) + GROUND * np.diag(1 / TRUST[rows])
    A[n, n] = 0
    right = np.vstack([kernel(known, points), np.ones(len(points))])
    return np.linalg.solve(A, right)[:n].T


ALL = np.arange(9)
NEW = np.vstack([RNG.normal(size=(4, 3)), np.full((1, 3), 50.0)])


def test_answers_are_those_of_the_bordered_system_and_weights_sum_to_one() -> None:
    kriging, kernels = prepared(ALL), kernel(NEW, POINTS)
    weights = kriging.response(kernels)
    np.testing.assert_allclose(weights, textbook(NEW, ALL), atol=1e-10)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(kriging.response(kernels[0]), weights[0])
    answers = kernels @ kriging.coefficients(Y) + kriging.level @ Y
    np.testing.assert_allclose(answers, weights @ Y)
    np.testing.assert_allclose(kriging.coefficients(Y[:, 0]), kriging.coefficients(Y)[:, 0])


def test_far_from_all_labels_the_answer_is_the_level() -> None:
    kriging = prepared(ALL)
    np.testing.assert_allclose(kriging.response(kernel(NEW, POINTS))[-1], kriging.level)


def test_labels_left_out_are_as_in_a_system_without_them() -> None:
    kriging = prepared(ALL)
    values, _ = kriging.left_out(Y)
    weights = kriging.left_out_weights()
    assert not np.diagonal(weights).any()
    np.testing.assert_allclose(weights @ Y, values)
    for j in range(9):
        rest = np.delete(ALL, j)
        np.testing.assert_allclose(values[j], (textbook(POINTS[[j]], rest) @ Y[rest])[0])
    np.testing.assert_allclose(kriging.left_out(Y[:, 0])[0], values[:, 0])


def test_variances_of_labels_left_out_are_those_of_a_system_without_them() -> None:
    _, variances = prepared(ALL).left_out(Y)
    for j in range(9):
        rest = np.delete(ALL, j)
        found = prepared(rest).variances(kernel(POINTS[[j]], POINTS[rest]), np.ones(1))[0]
        noise = GROUND * (1 / TRUST[j] - 1)  # of its own trust
        assert variances[j] == pytest.approx(found + noise)


def test_labels_that_lie_together_count_for_less_in_the_level() -> None:
    points = np.vstack([np.zeros((4, 3)) + 0.01 * RNG.normal(size=(4, 3)), [[9, 0, 0], [0, 9, 0]]])
    level = Kriging(KernelRidge(kernel(points, points), np.ones(6)), 0.1).level
    assert level[4:].sum() > 0.6
