"""Left-out scores for many alphas in one pass, against dense solves without the label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph
from fewlabels.systems import spreading_left_out
from tests import textbook
from tests.strategies import affinities, partial_labels

ALPHAS = (0.0, 0.3, 0.9, 0.99)


def dense_left_out(W: np.ndarray, Y: np.ndarray, nodes: np.ndarray, alpha: float) -> np.ndarray:
    result = np.empty((len(nodes), Y.shape[1]))
    for place, j in enumerate(nodes):
        others = Y.copy()
        others[j] = 0
        result[place] = textbook.spreading(W, others, alpha)[j]
    return result


@settings(max_examples=30)
@given(W=affinities(min_nodes=2), data=st.data())
def test_it_is_the_fit_without_the_label(W, data) -> None:
    n = len(W)
    y = data.draw(partial_labels(n))
    weights = data.draw(st.lists(st.sampled_from((0.5, 1.0, 3.0)), min_size=n, max_size=n))
    Y = np.zeros((n, 3))
    Y[y >= 0, y[y >= 0]] = np.array(weights)[y >= 0]
    nodes = np.array(data.draw(st.lists(st.integers(0, n - 1), unique=True, min_size=1)))
    graph = Graph.from_affinity(W, dtype=np.float64)
    found = spreading_left_out(graph, nodes, Y, ALPHAS, tol=1e-12, dtype=np.float64)
    for scores, alpha in zip(found, ALPHAS, strict=True):
        np.testing.assert_allclose(scores, dense_left_out(W, Y, nodes, alpha), atol=1e-9)


def test_float32_and_the_default_tolerance_are_close_in_every_row() -> None:
    rng = np.random.default_rng(0)
    graph = knn_graph(rng.normal(size=(400, 3)), 8)
    nodes = rng.choice(400, 12, replace=False)
    Y = np.zeros((400, 2))
    Y[nodes, np.arange(12) % 2] = 1
    alphas = [0.9, 0.99]
    found = spreading_left_out(graph, nodes, Y, alphas)
    W = textbook.dense(graph.affinity)
    for scores, alpha in zip(found, alphas, strict=True):
        expected = dense_left_out(W, Y, nodes, alpha)
        error = np.abs(scores - expected).max(axis=1) / expected.sum(axis=1)
        assert error.max() < 5e-3


def test_dense_weights_do_as_well() -> None:
    W = np.exp(-np.abs(np.subtract.outer(np.arange(6.0), np.arange(6.0))))
    np.fill_diagonal(W, 0)
    graph = Graph.from_affinity(W, layout="dense", dtype=np.float64)
    Y = np.eye(6)[:, :2]
    found = spreading_left_out(graph, [0, 1, 4], Y, [0.8], tol=1e-10, dtype=np.float64)[0]
    expected = dense_left_out(W, Y, np.array([0, 1, 4]), 0.8)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_no_node_or_no_alpha_give_empty_answers() -> None:
    graph = Graph.from_affinity(np.ones((3, 3)) - np.eye(3))
    assert spreading_left_out(graph, [], np.eye(3), [0.5]).shape == (1, 0, 3)
    assert spreading_left_out(graph, [1], np.eye(3), []).shape == (0, 1, 3)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"nodes": [0, 0]}, InvalidInputError, "at most once"),
        ({"nodes": [3]}, InvalidInputError, "nodes must be"),
        ({"alphas": [1.0]}, InvalidInputError, "alphas must be"),
        ({"Y": np.ones((2, 1))}, InvalidInputError, "a row for each of the 3 nodes"),
        ({"Y": -np.ones((3, 1))}, InvalidInputError, "non-negative"),
        ({"tol": 0.0}, InvalidInputError, "tol"),
        ({"tol": "small"}, InvalidTypeError, "tol"),
    ],
)
def test_what_can_not_be_used_is_refused(changes, error, message) -> None:
    given_ = {"nodes": [0], "Y": np.eye(3), "alphas": [0.5], "tol": 1e-3} | changes
    graph = Graph.from_affinity(np.ones((3, 3)) - np.eye(3))
    with pytest.raises(error, match=message):
        spreading_left_out(graph, given_["nodes"], given_["Y"], given_["alphas"], tol=given_["tol"])
