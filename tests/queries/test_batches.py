"""Batches of rules that only score: local maxima of the graph, or simply the largest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph, knn_graph
from fewlabels.queries import Entropy, FunctionRule, LabelledGraph, Margin
from tests.strategies import affinities


def path(n):
    return Graph.from_affinity(np.eye(n, k=1) + np.eye(n, k=-1))


def scoring(values, batch="local-max"):
    values = np.asarray(values, dtype=float)
    return FunctionRule(lambda model, candidates: values[candidates], batch=batch)


def test_of_neighbours_only_the_largest_is_chosen():
    values = [1, 8, 9, 7, 2, 5, 1]
    assert scoring(values).query(path(7), 2).tolist() == [2, 5]
    assert scoring(values, "top").query(path(7), 2).tolist() == [2, 1]


def test_too_few_maxima_are_filled_by_points_apart_and_then_by_any():
    values = [5, 4, 3, 2, 1]  # one maximum
    assert scoring(values).query(path(5), 5).tolist() == [0, 2, 4, 1, 3]


def test_of_equal_scores_the_lower_number_counts_as_larger():
    assert scoring(np.zeros(5)).query(path(5), 3).tolist() == [0, 2, 4]


def test_neighbours_that_are_no_candidates_do_not_matter():
    assert scoring([9, 8, 7]).query(path(3), 2, candidates=[1, 2]).tolist() == [1, 2]


@pytest.mark.parametrize("layout", ["csr", "dense"])
@given(data=st.data())
def test_maxima_are_those_of_the_definition(layout, data):
    W = data.draw(affinities(min_nodes=2, max_nodes=10))
    n = len(W)
    values = np.array(data.draw(st.permutations(range(n))), dtype=float)
    graph = Graph.from_affinity(W, layout=layout)
    maxima = [v for v in range(n) if (values[v] > values[W[v] > 0]).all()]
    maxima.sort(key=lambda v: -values[v])
    chosen = scoring(values).query(graph, len(maxima))
    assert chosen.tolist() == maxima


def test_a_batch_does_not_hold_a_near_duplicate_twice():
    # pairs of duplicates; the most uncertain pair would fill a batch of two
    X = np.repeat(np.random.default_rng(0).normal(size=(15, 2)), 2, axis=0)
    graph = knn_graph(X, n_neighbors=3)
    y = np.full(30, -1)
    y[[0, 29]] = [0, 1]
    u = np.linspace(0.1, 0.5, 15).repeat(2)
    p = np.column_stack([u, 1 - u])
    state = LabelledGraph(graph, y, p)
    candidates = np.arange(2, 28)
    for rule in (Margin(), Entropy()):
        assert len(set(rule.query(state, 2, candidates) // 2)) == 2
        rule.set_params(batch="top")
        assert len(set(rule.query(state, 2, candidates) // 2)) == 1


def test_an_unknown_way_is_refused():
    with pytest.raises(InvalidInputError, match="local-max"):
        Margin(batch="best").query(path(3))
