"""Weights from distances: the formulas, and what happens at their edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import edge_weights

DISTANCES = np.array([[1.0, 2.0], [0.5, 4.0]])
OWN = np.array([2.0, 4.0])
OTHER = np.array([[4.0, 1.0], [2.0, 8.0]])


def test_self_tuning_divides_by_the_scales_of_both_ends() -> None:
    expected = np.exp(-4 * DISTANCES**2 / (OWN[:, None] * OTHER))
    found = edge_weights(DISTANCES, OWN, OTHER, "self-tuning")
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_gaussian_divides_by_the_median_scale() -> None:
    expected = np.exp(-4 * DISTANCES**2 / 3.0**2)
    np.testing.assert_allclose(
        edge_weights(DISTANCES, OWN, OTHER, "gaussian"), expected, rtol=1e-14
    )


def test_binary_is_one_and_distance_is_the_inverse() -> None:
    np.testing.assert_array_equal(edge_weights(DISTANCES, OWN, OTHER, "binary"), np.ones((2, 2)))
    inverse = edge_weights(DISTANCES, OWN, OTHER, "distance")
    np.testing.assert_array_equal(inverse, 1 / DISTANCES)


def test_a_function_gets_the_distances_and_cannot_change_them() -> None:
    distances = DISTANCES.copy()

    def halve(d: np.ndarray) -> np.ndarray:
        d /= 2
        return d

    np.testing.assert_array_equal(edge_weights(distances, OWN, OTHER, halve), DISTANCES / 2)
    np.testing.assert_array_equal(distances, DISTANCES)


def test_the_weights_of_a_function_may_come_as_a_list_of_integers() -> None:
    weights = edge_weights(DISTANCES, OWN, OTHER, lambda d: [[1, 2], [3, 0]])
    np.testing.assert_array_equal(weights, [[1.0, 2.0], [3.0, 0.0]])
    assert weights.dtype == np.float64


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.ones(4), r"shape \(2, 2\); it returned shape \(4,\)"),
        (1.0, r"returned shape \(\)"),
        (None, "array of numbers"),
        ("text", "array of numbers"),
        ([[1], [1, 2]], "array of numbers"),
        (np.ones((2, 2)) * 1j, "array of numbers"),
        ([[1, np.nan], [1, 1]], "returned nan"),
        ([[1, 1], [np.inf, 1]], "returned inf"),
        ([[1, 1], [1, -0.5]], r"returned -0\.5"),
    ],
)
def test_what_a_function_may_not_return(returned: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        edge_weights(DISTANCES, OWN, OTHER, lambda d: returned)


@pytest.mark.parametrize("weights", ["self-tuning", "gaussian"])
def test_where_all_scales_are_zero_the_weights_are_one(weights: Any) -> None:
    zeros = np.zeros((3, 2))
    np.testing.assert_array_equal(edge_weights(zeros, np.zeros(3), zeros, weights), np.ones((3, 2)))


def test_a_scale_of_zero_is_replaced_by_that_of_the_other_end() -> None:
    distances, other = np.array([[3.0, 0.0]]), np.array([[0.0, 5.0]])
    own_known = edge_weights(distances, np.array([3.0]), other, "self-tuning")
    np.testing.assert_allclose(own_known, [[np.exp(-4), 1]], rtol=1e-14)
    own_zero = edge_weights(distances, np.array([0.0]), np.array([[6.0, 5.0]]), "self-tuning")
    np.testing.assert_allclose(own_zero, [[np.exp(-1), 1]], rtol=1e-14)


def test_duplicates_have_the_largest_inverse_distance() -> None:
    distances = np.array([[0.0, 0.5], [0.0, 2.0]])
    weights = edge_weights(distances, OWN, OTHER, "distance")
    np.testing.assert_array_equal(weights, [[2, 2], [2, 0.5]])
    only_duplicates = edge_weights(np.zeros((2, 1)), OWN, np.zeros((2, 1)), "distance")
    np.testing.assert_array_equal(only_duplicates, [[1], [1]])


@given(
    distances=hnp.arrays(np.float64, (3, 2), elements=st.floats(0, 1e150)),
    own=hnp.arrays(np.float64, 3, elements=st.floats(0, 1e150)),
    other=hnp.arrays(np.float64, (3, 2), elements=st.floats(0, 1e150)),
    weights=st.sampled_from(["self-tuning", "gaussian", "binary", "distance"]),
)
def test_weights_are_finite_whatever_the_distances(
    distances: np.ndarray, own: np.ndarray, other: np.ndarray, weights: Any
) -> None:
    found = edge_weights(distances, own, other, weights)
    assert np.isfinite(found).all()
    assert (found > 0).all()
    if weights != "distance":
        half = np.float32(0.5) * found.astype(np.float32)
        assert (half >= np.finfo(np.float32).tiny).all()  # no edge vanishes, nor when halved
        assert found.max() <= 1
        np.testing.assert_array_equal(found[distances == 0], 1)
    else:
        assert found.max() <= np.finfo(np.float32).max


@given(st.floats(1e-3, 1e3), st.sampled_from(["self-tuning", "gaussian"]))
def test_the_unit_of_the_distances_does_not_matter(unit: float, weights: Any) -> None:
    expected = edge_weights(DISTANCES, OWN, OTHER, weights)
    found = edge_weights(DISTANCES * unit, OWN * unit, OTHER * unit, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "error"), [("triangular", InvalidInputError), (None, InvalidTypeError)]
)
def test_weights_that_do_not_exist_are_refused(weights: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="'self-tuning', 'gaussian', 'binary', 'distance', or a call"):
        edge_weights(DISTANCES, OWN, OTHER, weights)
