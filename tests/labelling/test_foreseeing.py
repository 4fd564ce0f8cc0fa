"""While there is time, it is found what the next answers will do, whichever they are."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import knn_graph
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._points import Prepared
from fewlabels.models._ahead import MOST_KEPT
from fewlabels.session._events import Event

X = np.random.default_rng(0).random((60, 2))


@pytest.fixture
def seen() -> list[int]:
    """The points that were foreseen, in their order."""
    return []


@pytest.fixture
def mind(monkeypatch: pytest.MonkeyPatch, seen: list[int]) -> Mind:
    """One that has a label at 0, and more open questions than a model keeps columns: 1, 2, ..."""

    def foresee(point: int) -> bool:
        seen.append(point)
        return True

    mind = Mind(Prepared(X, knn_graph(X)), 0)
    monkeypatch.setattr(mind.learner, "foresee", foresee)
    mind.take([Event("told", (0,), ("a",)), Event("asked", tuple(range(1, MOST_KEPT + 10)))])
    return mind


def foresee_all(mind: Mind, seen: list[int]) -> list[int]:
    del seen[:]
    while mind.foresee(lambda: False):
        assert len(seen) <= 2 * MOST_KEPT
    return seen


def test_only_the_next_answers_are_foreseen_as_many_as_are_kept(
    mind: Mind, seen: list[int]
) -> None:
    assert foresee_all(mind, seen) == list(range(1, MOST_KEPT + 1))
    assert foresee_all(mind, seen) == []
    mind.take([Event("told", (3,), ("a",))])
    assert foresee_all(mind, seen) == [MOST_KEPT + 1]


def test_what_a_model_has_given_up_for_others_is_foreseen_again(
    mind: Mind, seen: list[int]
) -> None:
    foresee_all(mind, seen)
    mind.take([Event("dropped", (3,))])
    # the column of 3 is still kept: 1 has to go for the new one, and then 2 for 1
    assert foresee_all(mind, seen) == [MOST_KEPT + 1, 1, 2]
    assert foresee_all(mind, seen) == []


def test_nothing_is_foreseen_before_a_label(seen: list[int]) -> None:
    mind = Mind(Prepared(X, knn_graph(X)), 0)
    mind.take([Event("asked", (1, 2))])
    assert not mind.foresee(lambda: False)
