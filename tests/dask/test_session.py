"""A session on a cluster asks what its model is least sure of, and checks at random."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels import LabelSpreading as InMemorySpreading
from fewlabels import Session as InMemory
from fewlabels.dask import LabelSpreading, Session, _kept_field, regions_of
from fewlabels.dask._mail import PeerLostError
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.queries import UncertainInfluence


@pytest.fixture
def graph(blobs, tmp_path):
    return regions_of(blobs[0], tmp_path / "graph", n_regions=4)


@pytest.mark.long
def test_it_learns_and_tells_its_accuracy(graph, blobs, clusters):
    truth = blobs[1]
    session = Session(
        graph, model=LabelSpreading(0.9), query="margin", client=clusters(2), audit_share=0.5
    )
    for _ in range(6):
        asked = session.ask(10)
        assert len(np.unique(asked)) == 10
        session.tell(asked, truth[asked])
    assert session.model_ is not None
    assert (session.model_.transduction_.compute() == truth).mean() > 0.8
    estimate = session.estimate()
    assert estimate.n_checks > 10
    assert estimate.low <= (session.model_.transduction_.compute() == truth).mean() <= estimate.high


def test_it_asks_the_least_sure_rows_and_none_twice(graph, blobs, clusters):
    rows = np.flatnonzero(blobs[2] >= 0)
    model = LabelSpreading(0.9).fit(graph, blobs[2], client=clusters(2))
    session = Session(graph, model=model, query="entropy", audit_share=0, client=clusters(2))
    session.tell(rows, blobs[2][rows])
    asked = session.ask(3)
    assert np.array_equal(asked, model.most_uncertain(3, measure="entropy"))
    assert np.array_equal(session.ask(5)[:3], asked)
    session.skip(asked[0]).tell(asked[1], 1)
    session.undo()
    assert asked[0] not in session.ask(9)


@pytest.mark.parametrize(
    "n_workers",
    [pytest.param(1, marks=pytest.mark.long), 2, pytest.param(3, marks=pytest.mark.long)],
)
def test_it_asks_what_a_session_in_memory_asks(graph, blobs, clusters, n_workers):
    """By the recommended rule with the same sketch: before labels, below two classes, and after."""
    truth = blobs[1].astype(int)
    there = Session(graph, model=LabelSpreading(0.9), client=clusters(n_workers))
    beside = InMemory(
        graph.to_memory(),
        model=InMemorySpreading(alpha=0.9, max_iter=1000, solver="chebyshev"),
        query=UncertainInfluence(covariance="sketch"),
    )
    for count in (1, 3, 6):
        asked = there.ask(count)
        assert np.array_equal(asked, beside.ask(count))
        for session in (there, beside):
            session.tell(asked, truth[asked])
    for session in (there, beside):
        session.undo()
        session.skip(asked[0])
    assert np.array_equal(there.ask(3), beside.ask(3))


@pytest.mark.long
def test_a_worker_that_is_lost_while_rows_are_chosen_costs_nothing_else(
    graph, blobs, clusters, monkeypatch
):
    rows = np.flatnonzero(blobs[2] >= 0)[:5]
    asked = []
    for lost_in in ((), (2,), (6, 7)):
        session = Session(graph, model=LabelSpreading(0.9), client=clusters(2))
        session.tell(rows, blobs[2][rows])
        walk, n_walks, left = _kept_field.walk_series, [0], list(lost_in)

        def lose(*given, walk=walk, n_walks=n_walks, left=left):
            n_walks[0] += 1
            if left and n_walks[0] >= left[0]:
                left.pop(0)
                raise PeerLostError("lost")
            return walk(*given)

        with monkeypatch.context() as patch:
            patch.setattr(_kept_field, "walk_series", lose)
            asked.append(session.ask(3).tolist())
        assert not left
    assert asked[0] == asked[1] == asked[2]


@pytest.mark.long
def test_names_of_classes_and_withdrawn_labels(graph, clusters):
    session = Session(graph, classes=["a", "b"], model=LabelSpreading(0.9), client=clusters(2))
    session.tell([0, 700, 900], ["a", "b", "a"])
    session.ask(2)
    assert session.model_.classes_.tolist() == ["a", "b"]
    session.withdraw([900])
    session.ask(4)
    assert 900 not in session.model_._labels.rows


def test_what_a_cluster_has_not_is_refused(graph, blobs, clusters):
    session = Session(graph, client=clusters(2))
    for ask in (session.predictions, session.advice, session.save):
        with pytest.raises(InvalidTypeError, match="no such thing"):
            ask()
    with pytest.raises(InvalidTypeError, match=r"asked about by fewlabels\.Session"):
        Session(blobs[0])
    with pytest.raises(InvalidTypeError, match=r"model must be a fewlabels\.dask"):
        Session(graph, model=InMemory)
    with pytest.raises(InvalidInputError, match="query"):
        Session(graph, query="sigma-optimality")
