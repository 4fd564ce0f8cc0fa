"""Rows and left-out weights of the response, beside the dense equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph
from fewlabels.systems import (
    HarmonicResponse,
    Response,
    SpreadingResponse,
    SpreadingSystem,
    spreading_block,
)
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph, two_cliques
from tests.strategies import affinities, partial_labels

ALPHA = 0.7


def spreading(graph: Graph, labelled: np.ndarray, alpha: float = ALPHA) -> SpreadingResponse:
    return SpreadingResponse(graph, SpreadingSystem(graph, alpha), labelled, tol=1e-9)


def harmonic(graph: Graph, labelled: np.ndarray) -> HarmonicResponse:
    return HarmonicResponse(graph, labelled, tol=1e-9)


def scores_of(kind: str, W: np.ndarray, Y: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    return textbook.spreading(W, Y, alpha) if kind == "spreading" else textbook.harmonic(W, Y)


def response_of(kind: str, graph: Graph, labelled: np.ndarray) -> Response:
    return spreading(graph, labelled) if kind == "spreading" else harmonic(graph, labelled)


def relabelled_without(y: np.ndarray, node: int) -> np.ndarray:
    rest = y.copy()
    rest[node] = -1
    return rest


@pytest.mark.parametrize("kind", ["spreading", "harmonic"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_rows_times_the_labels_are_the_scores(kind: str, data: st.DataObject) -> None:
    W = data.draw(affinities(layout="dense"))
    y = data.draw(partial_labels(len(W)))
    Y = one_hot(y, 3)
    labelled = np.flatnonzero(y >= 0)
    response = response_of(kind, Graph.from_affinity(W, dtype=np.float64), labelled)
    expected = scores_of(kind, W, Y)
    for node in range(len(W)):
        row, log_scale = response.row(node)
        found = row * np.exp(log_scale) @ Y[labelled]
        np.testing.assert_allclose(found, expected[node], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kind", ["spreading", "harmonic"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_left_out_scores_are_those_of_a_fit_without_the_label(
    kind: str, data: st.DataObject
) -> None:
    W = data.draw(affinities(layout="dense", min_nodes=2))
    y = data.draw(partial_labels(len(W), min_labelled=2))
    labelled = np.flatnonzero(y >= 0)
    response = response_of(kind, Graph.from_affinity(W, dtype=np.float64), labelled)
    left_out = response.left_out()
    found = left_out.scores(one_hot(y, 3)[labelled]) * np.exp(left_out.log_scale)[:, None]
    for row, node in zip(found, labelled, strict=True):
        rest = one_hot(relabelled_without(y, node), 3)
        expected = scores_of(kind, W, rest)[node] if rest.any() else np.zeros(3)
        np.testing.assert_allclose(row, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kind", ["spreading", "harmonic"])
def test_more_labels_than_a_block_holds(kind: str) -> None:
    graph = clustered(60, 0.5, seed=3)
    W = textbook.dense(graph.affinity)
    y = np.full(120, -1)
    y[::2] = np.arange(60) % 3
    labelled = np.flatnonzero(y >= 0)
    response = response_of(kind, graph, labelled)
    Y = one_hot(y, 3)
    found = response.left_out().scores(Y[labelled])
    for j in (0, 7, 33, 59):
        expected = scores_of(kind, W, one_hot(relabelled_without(y, labelled[j]), 3))
        np.testing.assert_allclose(found[j], expected[labelled[j]], rtol=1e-6)


@pytest.mark.parametrize("kind", ["spreading", "harmonic"])
def test_iterations_on_large_graphs_leave_labels_out_as_exactly(kind: str) -> None:
    graph = clustered(700, 1e-4, seed=1)  # above what is eliminated
    W = textbook.dense(graph.affinity)
    y = np.full(1400, -1)
    y[[0, 300, 800]] = [0, 0, 1]  # what is left of class 1's cluster hears through the weak link
    labelled = np.flatnonzero(y >= 0)
    left_out = response_of(kind, graph, labelled).left_out()
    found = left_out.scores(one_hot(y, 2)[labelled]) * np.exp(left_out.log_scale)[:, None]
    for row, node in zip(found, labelled, strict=True):
        expected = scores_of(kind, W, one_hot(relabelled_without(y, node), 2))[node]
        np.testing.assert_allclose(row, expected, rtol=1e-5)


@pytest.mark.parametrize("alpha", [0.2, 0.9, 0.99])
def test_moments_leave_labels_out_as_columns_do(alpha: float) -> None:
    graph = clustered(700, 1e-4, seed=1)
    labelled = np.array([0, 5, 300, 640, 800, 1100])
    system = SpreadingSystem(graph, alpha)
    quick = SpreadingResponse(graph, system, labelled, tol=1e-5).left_out()
    exact = SpreadingResponse(graph, system, labelled, tol=1e-9).left_out()
    gaps = np.abs(quick.weights - exact.weights).sum(axis=1) / exact.weights.sum(axis=1)
    assert 0 < gaps.max() < 1e-5  # 0 would be the same path taken twice


def test_left_out_rows_below_the_floats_range_keep_their_proportions() -> None:
    # 400 steps at alpha = 0.01: scores of about 1e-900
    graph = path_graph(np.ones(800))
    left_out = spreading(graph, np.array([0, 400, 800]), alpha=0.01).left_out()
    assert left_out.log_scale[1] < -1500
    np.testing.assert_allclose(left_out.weights[1, 0], left_out.weights[1, 2], rtol=1e-9)
    assert left_out.weights[1, 0] > 0


def test_the_left_out_middle_of_a_path_is_the_line_between_the_ends() -> None:
    left_out = harmonic(path_graph(np.ones(9)), np.array([0, 3, 9])).left_out()
    np.testing.assert_allclose(left_out.weights[1], [2 / 3, 0, 1 / 3], rtol=1e-9)
    np.testing.assert_allclose(left_out.weights[0], [0, 1, 0], rtol=1e-9)


def test_a_label_that_hardly_escapes_its_cluster_is_left_out_exactly() -> None:
    graph = Graph.from_affinity(two_cliques(5, 1e-12), dtype=np.float64)
    left_out = harmonic(graph, np.array([0, 6, 8])).left_out()
    np.testing.assert_allclose(left_out.weights.sum(axis=1), 1, rtol=1e-9)
    np.testing.assert_allclose(left_out.weights[0], [0, 0.5, 0.5], rtol=1e-9)


def test_a_label_alone_in_its_component_hears_nothing() -> None:
    W = np.zeros((5, 5))
    W[0, 1] = W[1, 0] = W[2, 3] = W[3, 2] = 1
    graph = Graph.from_affinity(W, dtype=np.float64)
    labelled = np.array([0, 2, 3])
    for response in (spreading(graph, labelled), harmonic(graph, labelled)):
        np.testing.assert_array_equal(response.left_out().weights[0], 0)
        np.testing.assert_array_equal(response.row(4)[0], 0)


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_block_from_moments_is_that_of_the_dense_inverse(data: st.DataObject) -> None:
    W = data.draw(affinities(layout=data.draw(st.sampled_from(("dense", "csr")))))
    graph = Graph.from_affinity(W, dtype=np.float64)
    dense = textbook.dense(graph.affinity)
    alphas = [0.0, 0.2, 0.9, 0.99]
    found = spreading_block(graph, range(len(dense)), alphas, tol=1e-10, dtype=np.float64)
    for block, alpha in zip(found, alphas, strict=True):
        expected = textbook.spreading(dense, np.eye(len(dense)), alpha)
        np.testing.assert_allclose(block, expected, rtol=1e-9, atol=1e-12)


def test_the_block_leaves_labels_out_in_single_precision_for_every_alpha() -> None:
    graph = clustered(300, 0.1, seed=2)
    labelled = np.arange(0, 600, 25)
    alphas = [0.5, 0.9, 0.99]
    found = spreading_block(graph, labelled, alphas, tol=1e-7)
    for block, alpha in zip(found, alphas, strict=True):
        expected = spreading(graph, labelled, alpha).left_out().weights
        others = block - np.diag(np.diagonal(block))
        gaps = np.abs(others - expected).sum(axis=1) / expected.sum(axis=1)
        assert gaps.max() < 1e-3


def test_an_isolated_node_answers_for_itself_alone() -> None:
    graph = Graph.from_affinity(np.zeros((2, 2)))
    np.testing.assert_allclose(spreading_block(graph, [1], [0.25], tol=1e-9), [[[0.75]]])
    assert spreading_block(graph, [], [0.25]).shape == (1, 0, 0)


@pytest.mark.parametrize(
    ("nodes", "alphas", "message"),
    [([3], [0.5], "0 to 2"), ([0.5], [0.5], "integers"), ([0], [1.0], "less than 1")],
)
def test_bad_nodes_and_alphas_are_refused(nodes: list, alphas: list, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        spreading_block(path_graph([1.0, 1.0]), nodes, alphas)
