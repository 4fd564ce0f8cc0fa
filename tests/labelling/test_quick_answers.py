"""Whoever answers faster than questions are chosen is asked as many random checks."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import knn_graph
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._points import Prepared
from fewlabels.session._events import Event
from fewlabels.session._questions import Answers

N = 400


@pytest.mark.parametrize("n_quick", [0, 2, 7])
def test_the_share_of_checks_is_of_all_that_is_asked(n_quick: int) -> None:
    """Between two choices, `n_quick` questions are drawn at random, and answered."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 2))
    mind = Mind(Prepared(X, knn_graph(X, n_neighbors=5)), 0)
    mind.take([Event("told", tuple(range(10)), ("a", "b") * 5)])
    answers = Answers(["a", "b"], np.zeros(N, dtype=np.intp), 10)
    n_asked = n_checks = 0
    for _ in range(20):
        if n_quick:
            drawn = rng.choice(np.flatnonzero(mind.state.open_points), n_quick, replace=False)
            mind.take([Event("asked", tuple(drawn.tolist()))], drawn=True)
        choice = mind.choose(2, (), answers)
        assert choice.asked is not None
        mind.take([choice.asked])
        n_asked += n_quick + len(choice.asked.indices)
        n_checks += len(choice.asked.audits)
        points = tuple(mind.state.pending)
        mind.take([Event("told", points, ("a",) * len(points))])
    assert abs(n_checks - 0.1 * n_asked) < 1


def test_questions_before_there_is_anything_to_check_are_not_made_up_for() -> None:
    X = np.random.default_rng(0).normal(size=(N, 2))
    mind = Mind(Prepared(X, knn_graph(X, n_neighbors=5)), 0)
    mind.take([Event("asked", tuple(range(100)))], drawn=True)
    mind.take([Event("told", tuple(range(100)), ("a", "b") * 50)])
    choice = mind.choose(20, (), Answers(["a", "b"], np.zeros(N, dtype=np.intp), 100))
    assert choice.asked is not None
    assert 1 <= len(choice.asked.audits) <= 3
