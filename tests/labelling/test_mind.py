"""Which questions are chosen."""

from __future__ import annotations

import numpy as np

from fewlabels import knn_graph
from fewlabels.graph import without_edges
from fewlabels.labelling._mind import Mind
from fewlabels.labelling._points import Prepared
from fewlabels.session._events import Event


def test_what_can_not_be_read_is_asked_about_after_all_that_can() -> None:
    X = np.random.default_rng(0).normal(size=(60, 2))
    unread = np.arange(40, 60)
    mind = Mind(Prepared(X, without_edges(knn_graph(X, n_neighbors=5), unread)), 0)
    mind.take([Event("told", tuple(range(36)), ("a", "b") * 18)])
    choice = mind.choose(10, (), None)
    assert choice.asked is not None
    asked = choice.asked.indices
    assert len(set(asked)) == 10
    assert set(range(36, 40)) < set(asked)  # all that can be read
    mind.take([choice.asked])
    # those that are asked stay, for no other is better
    again = mind.choose(0, asked, None)
    assert (again.asked, again.dropped) == (None, ())
    more = mind.choose(3, asked, None)
    assert more.asked is not None
    assert (len(more.asked.indices), more.dropped) == (3, ())
    assert set(more.asked.indices) < set(unread.tolist()) - set(asked)
