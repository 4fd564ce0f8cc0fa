"""Which labels are left out to learn from, and how sharply scores become probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from fewlabels.models._members.sharpness import (
    Taught,
    expected_sharpness,
    fitted_sharpness,
    fitted_sharpnesses,
    sharpened,
)
from tests.gallery import one_hot


def all_of(codes: list[int]) -> Taught:
    return Taught.of(one_hot(codes, max(codes) + 1), 100)


def test_only_labels_with_another_of_their_class_teach() -> None:
    taught = all_of([0, 1, 0, 2, 3, 3])
    assert taught.rows.tolist() == [0, 2, 4, 5]
    np.testing.assert_array_equal(taught.targets.argmax(axis=1), [0, 0, 3, 3])
    np.testing.assert_allclose(taught.weights, 1)
    assert len(all_of([0, 1, 2])) == 0
    assert all_of([0, 1, 2]).log_likelihood(np.ones((0, 3))) == 0


@given(counts=st.lists(st.integers(1, 60), min_size=1, max_size=5), most=st.integers(5, 40))
@settings(deadline=None)
def test_of_many_labels_all_classes_teach_alike(counts: list[int], most: int) -> None:
    codes = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    taught = Taught.of(one_hot(codes, len(counts)), most)
    able = [n if n > 1 else 0 for n in counts]
    assert len(taught) == min(sum(able), most)
    assert (np.diff(taught.rows) > 0).all()
    found = np.bincount(codes[taught.rows], minlength=len(counts))
    # no class has more than one above another that still had labels to give
    room = found < able
    assert not room.any() or found.max() <= found[room].min() + 1
    np.testing.assert_allclose(taught.weights.sum(), sum(able))


def test_weights_and_soft_labels_count_by_their_trust() -> None:
    Y = np.array([[2.0, 0], [0.5, 0.5], [0, 1], [0, 1]])
    taught = Taught.of(Y, 100)
    assert taught.rows.tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(taught.targets[1], [0.5, 0.5])
    np.testing.assert_allclose(taught.weights, np.array([2, 1, 1, 1]) * 4 / 5)
    scaled = Taught.of(Y * 1e6, 100)
    np.testing.assert_allclose(scaled.weights, taught.weights)


def test_no_single_label_decides() -> None:
    taught = all_of([0, 0, 1, 1])
    wrong = np.array([[0.0, 1], [1, 0], [0, 1], [0, 1]])
    assert np.isfinite(taught.log_likelihood(wrong))
    assert taught.log_likelihood(1 - wrong) < taught.log_likelihood(np.full((4, 2), 0.5))


def test_sharpened_scores_are_a_softmax_and_the_impossible_stays_so() -> None:
    logits = np.array([[0.0, 1.0, -np.inf], [700.0, -700.0, 0.0]])
    found = sharpened(logits, 2.0)
    np.testing.assert_allclose(found, softmax(2 * logits, axis=1), atol=1e-300)
    assert found[0, 2] == 0
    np.testing.assert_array_equal(logits[0], [0, 1, -np.inf])  # not changed


@given(seed=st.integers(0, 1000), confidence=st.floats(0.5, 0.99))
@settings(max_examples=40, deadline=None)
def test_expected_sharpness_meets_the_confidence(seed: int, confidence: float) -> None:
    logits = np.random.default_rng(seed).normal(size=(40, 3))
    sharpness = expected_sharpness(logits, confidence)
    assert sharpened(logits, sharpness).max(axis=1).mean() == pytest.approx(confidence, abs=1e-3)


def test_expected_sharpness_ends_where_there_is_no_difference() -> None:
    assert expected_sharpness(np.zeros((5, 3)), 0.75) == pytest.approx(1e4, rel=1e-3)
    assert expected_sharpness(np.zeros((5, 1)), 0.75) == pytest.approx(1e-2, rel=1e-3)
    assert expected_sharpness(np.zeros((0, 3)), 0.75) == 1


@given(seed=st.integers(0, 1000), deviation=st.floats(0.1, 1.0), expected=st.floats(0.2, 20))
@settings(max_examples=30, deadline=None)
def test_fitted_sharpness_is_the_most_probable_one(seed, deviation, expected) -> None:
    rng = np.random.default_rng(seed)
    codes = np.arange(20) % 2
    taught = all_of(codes.tolist())
    logits = rng.normal(size=(20, 2)) / expected
    logits[np.arange(20), codes] += rng.uniform(0, 2) / expected

    def value(steps: np.ndarray) -> np.ndarray:
        fits = [taught.log_likelihood(sharpened(logits, expected * np.exp(s))) for s in steps]
        return np.array(fits) - (steps / deviation) ** 2 / 2

    grid = np.linspace(-2.5, 2.5, 1001)
    found = fitted_sharpness(logits, taught, expected, deviation)
    assert value(np.log([found / expected]))[0] >= value(grid).max() - 1e-4


def test_several_models_are_sharpened_each_as_by_itself() -> None:
    rng = np.random.default_rng(0)
    taught = all_of([0, 1, 2] * 8)
    left_out = rng.normal(size=(7, 24, 3)) + np.linspace(-2, 2, 7)[:, None, None] * taught.targets
    expected = rng.uniform(0.2, 20, size=7)
    found = fitted_sharpnesses(left_out, taught, expected, 0.4)
    alone = [
        fitted_sharpness(each, taught, e, 0.4) for each, e in zip(left_out, expected, strict=True)
    ]
    np.testing.assert_allclose(found, alone, rtol=1e-9)


def test_without_labels_to_leave_out_sharpness_is_as_expected() -> None:
    assert fitted_sharpness(np.empty((0, 3)), all_of([0, 1, 2]), 5.0, 0.4) == 5.0


def test_labels_that_are_right_sharpen_and_wrong_ones_blur() -> None:
    codes = np.arange(40) % 2
    taught = all_of(codes.tolist())
    right = np.where(one_hot(codes, 2) > 0, 1.0, 0.0)
    assert fitted_sharpness(right, taught, 1.0, 0.7) > 1.5
    assert fitted_sharpness(1 - right, taught, 1.0, 0.7) < 0.7
