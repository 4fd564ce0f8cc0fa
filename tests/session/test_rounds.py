"""The labelling loop."""

import numpy as np

from fewlabels.session.simulation.rounds import Fit, Round, play

TRUTH = np.array([0, 1, 0, 1, 1, 0])


class InOrder:
    """Asks for the lowest numbers that have no label, or for what it is told to ask."""

    def __init__(self, always=None):
        self.seen = []
        self.known = []
        self.always = always

    def learn(self, points, labels):
        self.seen.append((points.tolist(), labels.tolist()))
        self.known += points.tolist()
        return Fit(np.array([0, 1]), np.full((len(TRUTH), 2), 0.5))

    def ask(self, count):
        if self.always is not None:
            return np.array(self.always)
        return np.setdiff1d(np.arange(len(TRUTH)), self.known)[:count]


def test_each_round_has_the_answers_of_the_rounds_before():
    rounds = list(play(InOrder(), TRUTH, np.array([3, 0]), [2, 2, 2]))
    assert [r.labelled.tolist() for r in rounds] == [[3, 0], [3, 0, 1, 2], [3, 0, 1, 2, 4, 5]]
    assert [r.queried.tolist() for r in rounds] == [[1, 2], [4, 5], []]
    assert rounds[0].unlabelled.tolist() == [1, 2, 4, 5]
    assert all(r.seconds >= 0 for r in rounds)


def test_the_learner_is_told_new_labels_only_and_only_those_asked_for():
    learner = InOrder()
    list(play(learner, TRUTH, np.array([0, 1]), [1, 1, 0]))
    assert learner.seen == [([0, 1], [0, 1]), ([2], [0]), ([3], [1])]


def test_from_nothing_the_first_questions_come_before_the_first_fit():
    learner = InOrder()
    rounds = list(play(learner, TRUTH, np.empty(0, dtype=int), [1, 0], n_first=3))
    assert [r.labelled.tolist() for r in rounds] == [[0, 1, 2], [0, 1, 2, 3]]
    assert learner.seen == [([0, 1, 2], [0, 1, 0]), ([3], [1])]


def test_a_point_asked_about_again_is_counted_once():
    rounds = list(play(InOrder(always=[0, 4]), TRUTH, np.array([0]), [2, 2, 2]))
    assert rounds[-1].labelled.tolist() == [0, 4]


def test_accuracy_is_over_the_unlabelled_points():
    fit = Fit(np.array([0, 1]), np.tile([0.9, 0.1], (6, 1)))
    assert Round(np.array([0, 1]), fit, np.array([], dtype=int)).accuracy(TRUTH) == 0.5


def test_accuracy_of_no_point_is_nan():
    fit = Fit(np.array([0]), np.ones((6, 1)))
    assert np.isnan(Round(np.arange(6), fit, np.array([], dtype=int)).accuracy(TRUTH))


def test_a_point_without_an_answer_is_not_right():
    reached = np.array([True, True, False, True, True, True])
    fit = Fit(np.array([0, 1]), np.tile([0.9, 0.1], (6, 1)), reached)
    assert fit.is_right(TRUTH).tolist() == [True, False, False, False, False, True]


def test_string_labels_are_predicted_as_strings():
    fit = Fit(np.array(["cat", "dog"]), np.array([[0.2, 0.8], [1.0, 0.0]]))
    assert fit.predicted.tolist() == ["dog", "cat"]
