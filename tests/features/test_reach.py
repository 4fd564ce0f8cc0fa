"""Which distances leave points out of reach."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fewlabels.features import ImageDistortion, OrientedGradients
from fewlabels.features._reach import reach_of

POINTS = np.random.default_rng(0).normal(size=(300, 3))


class Apart:
    """Distances of points, some of which are farther from all others by a length of their own."""

    def __init__(self, points: np.ndarray, own: np.ndarray) -> None:
        self.points, self.own = points, own

    def between(self, rows, candidates) -> np.ndarray:
        apart = np.linalg.norm(self.points[rows][:, None] - self.points[candidates], axis=2)
        return apart + self.own[rows][:, None] + self.own[candidates]


def test_the_distance_of_the_values_changes_nothing() -> None:
    reach = reach_of(POINTS, Apart(POINTS, np.zeros(300)))
    assert reach.by_values == reach.by_distance
    assert reach.is_kept


def test_shares_are_those_of_points_in_nobodys_list() -> None:
    apart = np.linalg.norm(POINTS[:, None] - POINTS, axis=2)
    np.fill_diagonal(apart, np.inf)
    listed = np.unique(np.argsort(apart, axis=1)[:, :10])
    reach = reach_of(POINTS, Apart(POINTS, np.zeros(300)))
    assert reach.by_values == pytest.approx(1 - len(listed) / 300)


def test_points_that_are_far_from_all_are_out_of_reach() -> None:
    own = np.where(np.arange(300) < 30, 100.0, 0.0)
    reach = reach_of(POINTS, Apart(POINTS, own))
    assert reach.by_distance >= 0.1
    assert not reach.is_kept


def test_of_many_points_a_thousand_are_drawn_by_the_seed() -> None:
    points = np.random.default_rng(0).normal(size=(3_000, 3))
    distance = Apart(points, np.zeros(3_000))
    assert reach_of(points, distance) == reach_of(points, distance)
    assert reach_of(points, distance) != reach_of(points, distance, random_state=1)


@pytest.mark.parametrize("n", [1, 2, 11])
def test_few_points_are_all_in_reach(n) -> None:
    assert reach_of(POINTS[:n], Apart(POINTS, np.zeros(300))) == (0, 0)


def test_digits_stay_in_reach() -> None:
    images = load_digits().data[:330]
    values = OrientedGradients().fit_transform(images)
    assert reach_of(values, ImageDistortion().fit(images)).is_kept
