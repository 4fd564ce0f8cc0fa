"""The labelling loop."""

import numpy as np
import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.session import Fit, Round, simulate

TRUTH = np.array([0, 1, 0, 1, 1, 0])


def even_shares(labelled, labels):
    return Fit(np.unique(labels), np.full((len(TRUTH), len(np.unique(labels))), 0.5))


def in_order(fit, labelled, n):
    return np.setdiff1d(np.arange(len(TRUTH)), labelled)[:n]


def test_each_round_has_the_answers_of_the_rounds_before():
    rounds = simulate(TRUTH, [3, 0], fit=even_shares, rule=in_order, n_queries=2, n_rounds=3)
    assert [r.labelled.tolist() for r in rounds] == [[3, 0], [3, 0, 1, 2], [3, 0, 1, 2, 4, 5]]
    assert [r.queried.tolist() for r in rounds] == [[1, 2], [4, 5], []]
    assert rounds[0].unlabelled.tolist() == [1, 2, 4, 5]


def test_the_fit_sees_the_labels_of_labelled_points_only():
    seen = []

    def remember(labelled, labels):
        seen.append((labelled.tolist(), labels.tolist()))
        return even_shares(labelled, labels)

    simulate(TRUTH, [0, 1], fit=remember, rule=in_order, n_queries=1, n_rounds=2)
    assert seen == [([0, 1], [0, 1]), ([0, 1, 2], [0, 1, 0])]


def test_a_point_asked_about_again_is_counted_once():
    rounds = simulate(
        TRUTH, [0], fit=even_shares, rule=lambda *_: np.array([0, 4]), n_queries=2, n_rounds=3
    )
    assert rounds[-1].labelled.tolist() == [0, 4]


def test_accuracy_is_over_the_unlabelled_points():
    fit = Fit(np.array([0, 1]), np.tile([0.9, 0.1], (6, 1)))
    assert Round(np.array([0, 1]), fit, np.array([], dtype=int)).accuracy(TRUTH) == 0.5


def test_accuracy_of_no_point_is_nan():
    fit = Fit(np.array([0]), np.ones((6, 1)))
    assert np.isnan(Round(np.arange(6), fit, np.array([], dtype=int)).accuracy(TRUTH))


def test_string_labels_are_predicted_as_strings():
    fit = Fit(np.array(["cat", "dog"]), np.array([[0.2, 0.8], [1.0, 0.0]]))
    assert fit.predicted.tolist() == ["dog", "cat"]


@pytest.mark.parametrize("initial", [[], [6], [-1], [1, 1], [0.5], [[0]]])
def test_bad_initial_points_are_refused(initial):
    with pytest.raises(InvalidInputError, match="initial"):
        simulate(TRUTH, initial, fit=even_shares, rule=in_order)


@pytest.mark.parametrize("name", ["n_queries", "n_rounds"])
def test_numbers_below_one_are_refused(name):
    with pytest.raises(InvalidInputError, match=name):
        simulate(TRUTH, [0], fit=even_shares, rule=in_order, **{name: 0})
