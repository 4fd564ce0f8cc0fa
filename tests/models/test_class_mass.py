"""Class-mass normalisation."""

import numpy as np
import pytest

from fewlabels import normalize_class_mass
from fewlabels.exceptions import InvalidInputError


def test_columns_are_divided_by_their_mass_and_rows_by_their_sum():
    p = np.array([[1.0, 0.0], [0.9, 0.1], [0.6, 0.4]])
    scaled = p[1:] / p[1:].sum(axis=0)
    expected = scaled / scaled.sum(axis=1, keepdims=True)
    normalized = normalize_class_mass(p, [1, 2])
    np.testing.assert_allclose(normalized[1:], expected)
    np.testing.assert_array_equal(normalized[0], p[0])


def test_equal_masses_change_nothing():
    p = np.array([[0.8, 0.2], [0.2, 0.8]])
    np.testing.assert_allclose(normalize_class_mass(p, [0, 1]), p)


def test_it_is_one_step_towards_the_shares_and_does_not_meet_them():
    p = np.array([[0.9, 0.1], [0.6, 0.4]])
    normalized = normalize_class_mass(p, [0, 1], prior=[0.8, 0.2])
    expected = p * [0.8 / 1.5, 0.2 / 0.5]
    np.testing.assert_allclose(normalized, expected / expected.sum(axis=1, keepdims=True))
    assert abs(normalized[:, 0].mean() - 0.8) > 0.001


def test_unreached_points_keep_the_prior_and_have_no_mass():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    normalized = normalize_class_mass(p, [0, 1, 2], reached=[True, True, False])
    np.testing.assert_array_equal(normalized[2], p[2])
    np.testing.assert_allclose(normalized[:2], normalize_class_mass(p[:2], [0, 1]))


def test_a_class_without_mass_stays_at_zero():
    p = np.array([[0.7, 0.3, 0.0], [0.4, 0.6, 0.0]])
    normalized = normalize_class_mass(p, [0, 1])
    np.testing.assert_array_equal(normalized[:, 2], 0)
    np.testing.assert_allclose(normalized.sum(axis=1), 1)


def test_the_argument_is_not_modified_and_no_points_are_fine():
    p = np.array([[0.9, 0.1]])
    np.testing.assert_array_equal(normalize_class_mass(p, []), p)
    normalize_class_mass(p, [0])
    np.testing.assert_array_equal(p, [[0.9, 0.1]])


def test_a_mask_names_points_too():
    p = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    mask = np.array([False, True, True])
    np.testing.assert_array_equal(normalize_class_mass(p, mask), normalize_class_mass(p, [1, 2]))


def test_a_row_without_mass_stays_as_it_is():
    p = np.array([[0.0, 0.0], [0.6, 0.4]])
    np.testing.assert_array_equal(normalize_class_mass(p, [0, 1])[0], [0, 0])


@pytest.mark.parametrize("points", [[7], [-1], [1.7], [0, 0], [True, False]])
def test_points_that_are_not_there_are_refused(points):
    with pytest.raises(InvalidInputError):
        normalize_class_mass([[0.9, 0.1]] * 3, points)


def test_a_wrong_shape_is_refused():
    with pytest.raises(InvalidInputError, match="label_distributions_"):
        normalize_class_mass([0.5, 0.5], [0])
