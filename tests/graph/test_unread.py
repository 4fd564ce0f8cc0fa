"""Nodes of which nothing is known are joined to no other, and the rest stays as it was."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fewlabels.features import Points
from fewlabels.graph import Graph, knn_graph, shared_neighbor_graph, without_edges

POINTS = np.random.default_rng(0).normal(size=(30, 3))


def full(graph: Graph) -> np.ndarray:
    weights = graph.affinity
    return weights if graph.is_dense else weights.toarray()


@pytest.mark.parametrize("dense", [False, True])
def test_their_edges_are_gone_and_no_others(dense: bool) -> None:
    graph = knn_graph(POINTS, 5)
    if dense:
        graph = Graph.from_affinity(full(graph), layout="dense")
    found = without_edges(graph, [3, 7])
    expected = full(graph).copy()
    expected[[3, 7]] = 0
    expected[:, [3, 7]] = 0
    np.testing.assert_array_equal(full(found), expected)
    assert (found.is_dense, found.dtype, found.build_info) == (
        dense,
        graph.dtype,
        graph.build_info,
    )
    if not dense:
        np.testing.assert_array_equal(found.local_scales, graph.local_scales)


@pytest.mark.parametrize("build", [knn_graph, shared_neighbor_graph])
def test_graphs_of_points_leave_out_what_could_not_be_read(build: Any) -> None:
    made_by = SimpleNamespace(unread_={4: "cut short", 2: ""})
    points = Points(POINTS, "images", made_by)
    assert points.unread.tolist() == [2, 4]
    graph = build(points, 5)
    assert np.flatnonzero(graph.neighbor_counts == 0).tolist() == [2, 4]
    np.testing.assert_array_equal(full(graph), full(without_edges(build(POINTS, 5), [2, 4])))


def test_without_such_nodes_the_graph_is_the_same() -> None:
    graph = knn_graph(POINTS, 5)
    assert without_edges(graph, []) is graph
