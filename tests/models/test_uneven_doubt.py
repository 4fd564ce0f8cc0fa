"""What FewLabelsClassifier calls sure where the labels don't show how frequent the classes are."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import FewLabelsClassifier

# One point in 16 is of the rare class, which overlaps with the other; 20 labels of each.
RNG = np.random.default_rng(3)
TRUTH = (np.arange(1500) % 16 == 0).astype(int)
X = RNG.normal(size=(1500, 3))
X[:, 0] += 2 * TRUTH
LABELS = np.full(1500, -1)
for _class in (0, 1):
    LABELS[RNG.choice(np.flatnonzero(_class == TRUTH), 20, replace=False)] = _class
FREE = LABELS < 0


def test_of_even_labels_answers_of_a_rare_class_are_not_sure_that_are_often_wrong() -> None:
    model = FewLabelsClassifier().fit(X, LABELS)
    answers, sure = model.transduction_, FREE & (model.doubt_ == "sure")
    seems = FREE & (answers == 1) & (model.label_distributions_[:, 1] >= 0.9)
    assert seems.sum() > 50  # of 74 that are there
    assert (TRUTH == 1)[seems].mean() < 0.5
    assert (sure & (answers == 1)).sum() < 5
    assert (model.doubt_[seems & ~sure] == "too few labels").all()
    assert sure.mean() > 0.4
    assert (answers == TRUTH)[sure].mean() > 0.95


@pytest.mark.parametrize("n_open", [1, 10, 30])
def test_where_few_are_left_without_a_label_new_points_are_judged_by_all(n_open: int) -> None:
    truth = np.repeat([0, 1], 60)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(120, 2)) + 20 * truth[:, None]
    y = truth.copy()
    y[:n_open] = -1  # all of class 0
    model = FewLabelsClassifier().fit(points, y)
    np.testing.assert_allclose(model.insight_.overall.shares, 0.5, atol=0.02)
    np.testing.assert_array_equal(model.doubt_, "sure")
    beside = points[[*range(20), *range(60, 120)]] + 1e-6
    np.testing.assert_array_equal(model.doubt(beside), "sure")


def test_new_points_are_judged_by_the_shares_of_the_fitted_ones() -> None:
    model = FewLabelsClassifier().fit(X, LABELS)
    few = np.flatnonzero(FREE)[:60]
    beside = model.doubt(X[few] + 1e-9)
    assert "sure" in beside
    answers = model.predict(X[few])
    assert not (beside[answers == 1] == "sure").any()


def test_known_shares_are_taken_as_they_are() -> None:
    model = FewLabelsClassifier(class_prior=[15 / 16, 1 / 16]).fit(X, LABELS)
    frequency = model.insight_.frequency
    np.testing.assert_allclose(frequency.shares, [15 / 16, 1 / 16])
    np.testing.assert_array_equal(model.insight_.overall.shares, frequency.shares)
    np.testing.assert_allclose(frequency.label_weights, [15 / 8, 1 / 8])
    said = model.label_distributions_[FREE]
    np.testing.assert_array_equal(frequency.confidence(said), said.max(axis=1))
    sure = FREE & (model.doubt_ == "sure")
    assert (model.transduction_ == TRUTH)[sure].mean() > 0.95


def test_even_classes_keep_what_is_sure_of_them() -> None:
    y = np.full(300, -1)
    truth = np.repeat([0, 1, 2], 100)
    points = np.random.default_rng(0).normal(size=(300, 2)) + 6 * truth[:, None]
    for c in range(3):
        y[100 * c : 100 * c + 8] = c
    model = FewLabelsClassifier().fit(points, y)
    np.testing.assert_allclose(model.insight_.frequency.shares, 1 / 3, atol=0.02)
    assert (model.doubt_[y < 0] == "sure").mean() > 0.9
