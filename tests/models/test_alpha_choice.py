"""The rule by which alpha leaves its default, and the labels that it asks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler

from fewlabels import FewLabelsClassifier
from fewlabels.models._alpha_choice import (
    CANDIDATES,
    DEFAULT,
    LeftOutRows,
    choose_alpha,
    labels_to_leave_out,
    left_out_means,
)


def rows_of(probability: float | np.ndarray, codes: np.ndarray) -> LeftOutRows:
    """Shares of two classes, so much of them for the true one."""
    right = np.broadcast_to(probability, len(codes))
    shares = np.where(np.arange(2) == codes[:, None], right[:, None], 1 - right[:, None])
    return LeftOutRows(shares, np.ones(len(codes)))


CODES = np.arange(40) % 2
Y = np.eye(2)[CODES]
# Right in five cases of six, and sure of it or not.
MOSTLY = np.where(np.arange(40) % 6 == 0, 0.3, 0.7)


def test_what_is_clearly_better_is_taken() -> None:
    left_out = [rows_of(MOSTLY, CODES) for _ in CANDIDATES]
    left_out[1] = rows_of(np.full(40, 0.9), CODES)
    choice = choose_alpha(CANDIDATES, left_out, Y)
    assert choice.value == CANDIDATES[1]
    assert "40 labels left out" in choice.why
    assert choice.figures["log density at 0.98"] > choice.figures["log density at 0.995"]


def test_a_better_one_by_luck_is_not_taken() -> None:
    left_out = [rows_of(MOSTLY, CODES) for _ in CANDIDATES]
    luckier = MOSTLY.copy()
    luckier[0] = 0.7  # one case of forty
    left_out[1] = rows_of(luckier, CODES)
    choice = choose_alpha(CANDIDATES, left_out, Y)
    assert choice.figures["log density at 0.98"] > choice.figures["log density at 0.995"]
    assert choice.value == DEFAULT


def test_shares_of_another_sharpness_are_no_worse_for_it() -> None:
    # The same order of the points, on another scale: calibration makes them alike.
    left_out = [rows_of(MOSTLY, CODES) for _ in CANDIDATES]
    left_out[0] = rows_of(np.where(MOSTLY > 0.5, 0.56, 0.44), CODES)
    choice = choose_alpha(CANDIDATES, left_out, Y)
    assert choice.value == DEFAULT
    densities = choice.figures
    assert densities["log density at 0.9"] == pytest.approx(
        densities["log density at 0.995"], abs=0.1
    )


def test_fewer_than_twenty_labels_choose_nothing() -> None:
    few = CODES[:19]
    left_out = [rows_of(0.6, few) for _ in CANDIDATES]
    left_out[0] = rows_of(0.99, few)
    choice = choose_alpha(CANDIDATES, left_out, Y[:19])
    assert choice.value == DEFAULT
    assert "19 labels" in choice.why


def test_labels_that_hear_nothing_have_no_say() -> None:
    left_out = [rows_of(0.6, CODES) for _ in CANDIDATES]
    silent = LeftOutRows(left_out[0].shares, np.where(np.arange(40) < 30, 0.0, 1.0))
    assert "10 labels" in choose_alpha(CANDIDATES, [silent, *left_out[1:]], Y).why


def test_labels_with_a_companion_are_left_out_of_all_classes_alike() -> None:
    codes = np.repeat([0, 1, 2, 3], [100, 20, 5, 1])
    rows = labels_to_leave_out(np.eye(4)[codes], 30)
    assert np.bincount(codes[rows], minlength=4).tolist() == [13, 12, 5, 0]
    assert (np.diff(rows) > 0).all()
    assert len(labels_to_leave_out(np.eye(4)[codes], 1000)) == 125
    # of the large class, not only the first
    assert rows[codes[rows] == 0].max() > 75


def test_means_are_over_the_other_labels_of_a_class() -> None:
    found = left_out_means(np.array([[2.0, 3.0]]), np.array([[1.0, 0.0]]), np.array([5.0, 3.0]))
    np.testing.assert_allclose(found.shares, [[1 / 3, 2 / 3]])
    np.testing.assert_allclose(found.evidence, [1.5])
    alone = left_out_means(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([1.0, 3.0]))
    assert alone.evidence[0] == 0
    np.testing.assert_array_equal(alone.shares, [[0, 0]])


def test_many_labels_may_move_alpha_and_say_so() -> None:
    X, truth = load_wine(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    y = np.where(np.arange(178) % 2 == 0, truth, -1)
    model = FewLabelsClassifier().fit(X, y)
    assert model.alpha_ in CANDIDATES
    best = max(CANDIDATES, key=lambda a: model.choices_["alpha"].figures[f"log density at {a:g}"])
    if model.alpha_ != DEFAULT:
        assert model.alpha_ == best
