"""What the models say of labels that the one that answers has not learned yet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from fewlabels.graph import Graph
from fewlabels.labelling._mind import Opinion
from fewlabels.labelling._saying import Said, first_said, moved
from fewlabels.labelling._snapshot import DOUBTS, Predicted
from fewlabels.session._questions import Answers

NUMBERS = {"a": 10, "b": 11, "c": 12}
ALL = np.ones(4, dtype=bool)
LEAST = 1e-3


def opinion(shares: npt.ArrayLike, classes: str = "ab") -> Opinion:
    return Opinion(list(classes), np.asarray(shares, dtype=np.float64), ALL)


def said(shares: npt.ArrayLike, classes: str = "ab") -> Said:
    values = np.asarray(shares, dtype=np.float64)
    now = first_said(opinion(values, classes), NUMBERS)
    told = replace(now, evidence=np.arange(4, dtype=np.float32), doubt=np.zeros(4, np.uint8))
    codes = values.argmax(axis=1).astype(np.intp)
    return Said(7, list(classes), values, told, Answers(list(classes), codes, 3))


SAID = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.5, 0.5]]


def test_without_news_all_stays_as_it_was_said() -> None:
    then = opinion([[0.5, 0.5]] * 4)
    heard = said(SAID)
    found = moved(heard, then, opinion([[0.5001, 0.4999]] * 4), NUMBERS)
    for name in ("codes", "second", "confidence", "evidence", "doubt"):
        np.testing.assert_array_equal(getattr(found, name), getattr(heard.predicted, name))


def test_answers_move_as_far_as_the_quick_model_has_moved() -> None:
    then = np.array([[0.5, 0.5]] * 4)
    now = np.array([[0.5, 0.5], [0.2, 0.8], [0.3, 0.7], [0.9, 0.1]])
    heard = said(SAID)
    found = moved(heard, opinion(then), opinion(now), NUMBERS)
    wanted = np.array(SAID) * (now + LEAST) / (then + LEAST)
    wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(found.codes, np.array([10, 11])[wanted.argmax(axis=1)])
    np.testing.assert_allclose(found.confidence, wanted.max(axis=1), rtol=1e-6)
    assert found.doubt.tolist() == [0, DOUBTS.index("classes disagree"), 0, 0]
    np.testing.assert_array_equal(heard.predicted.codes, [10, 10, 11, 10])  # that one stays


def test_a_class_that_came_since_is_as_probable_as_the_quick_model_says() -> None:
    then = opinion([[0.5, 0.5]] * 4)
    now = opinion([[0.02, 0.02, 0.96], [0.4, 0.4, 0.2], [0.5, 0.5, 0], [0.5, 0.5, 0]], "abc")
    found = moved(said(SAID), then, now, NUMBERS)
    assert found.codes.tolist() == [12, 10, 11, 10]
    assert found.second[0] == 10


def test_a_class_whose_last_label_went_is_no_answer() -> None:
    heard = said([[0.1, 0.1, 0.8], [0.6, 0.3, 0.1], [0.2, 0.8, 0], [0.0, 0.0, 1.0]], "abc")
    then = opinion([[0.2, 0.2, 0.6], [0.5, 0.4, 0.1], [0.4, 0.6, 0], [0.1, 0.2, 0.7]], "abc")
    now = opinion([[0.5, 0.5], [0.5, 0.5], [0.4, 0.6], [0.3, 0.7]])
    found = moved(heard, then, now, NUMBERS)
    assert not np.isin(found.codes, 12).any()
    assert found.codes[3] == 11  # nothing was said of the others: what the quick model thinks


def test_points_of_which_nothing_was_said_get_what_the_quick_model_thinks() -> None:
    heard = said(SAID)
    codes = heard.predicted.codes.copy()
    codes[2] = -1
    heard = replace(heard, predicted=replace(heard.predicted, codes=codes))
    same = opinion([[0.7, 0.3]] * 4)
    found = moved(heard, same, same, NUMBERS)
    assert found.codes.tolist() == [10, 10, 10, 10]
    np.testing.assert_allclose(found.confidence[2], 0.7)
    reached = np.array([True, True, False, True])
    silent = Opinion(same.classes, same.shares, reached)
    assert moved(heard, silent, silent, NUMBERS).codes[2] == -1


def test_before_anything_was_said_the_quick_model_speaks_and_is_never_sure() -> None:
    now = Opinion(["a", "b"], np.array(SAID), np.array([True, True, True, False]))
    found: Predicted = first_said(now, NUMBERS)
    assert found.codes.tolist() == [10, 10, 11, -1]
    words = [DOUBTS[place] for place in found.doubt]
    assert words == ["too few labels"] * 3 + ["unreached"]


def test_of_a_point_without_edges_nothing_is_said() -> None:
    graph = Graph.from_affinity(np.kron(np.diag([1, 0]), 1 - np.eye(2)))
    told = said([[0.9, 0.1]] * 4).predicted.without_unread(graph)
    assert told.codes.tolist() == [10, 10, -1, -1]
    assert told.second.tolist() == [11, 11, -1, -1]
    assert told.confidence[2:].tolist() == told.evidence[2:].tolist() == [0, 0]
    assert (told.confidence[:2] > 0).all()
    assert told.evidence[:2].tolist() == [0, 1]
    assert [DOUBTS[place] for place in told.doubt[2:]] == ["unreached"] * 2
