"""What every graph promises: its weights, its degrees, its components, and that they stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

import fewlabels
from fewlabels.graph import Graph, component_labels, knn_graph, rbf_graph
from tests.strategies import affinities

LAYOUTS = ("csr", "dense")
TRIANGLE_AND_PAIR = np.array(
    [
        [0, 1, 2, 0, 0, 0],
        [1, 0, 0.5, 0, 0, 0],
        [2, 0.5, 0, 0, 0, 0],
        [0, 0, 0, 0, 4, 0],
        [0, 0, 0, 4, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
)


def test_the_public_names_are_those_of_the_package() -> None:
    assert (fewlabels.Graph, fewlabels.knn_graph) == (Graph, knn_graph)
    assert fewlabels.rbf_graph is rbf_graph


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_graph_counts_nodes_edges_neighbours_and_components(layout: str) -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR, layout=layout)
    assert (graph.n_nodes, graph.n_edges, graph.n_components) == (6, 4, 3)
    np.testing.assert_array_equal(graph.neighbor_counts, [2, 2, 2, 1, 1, 0])
    np.testing.assert_array_equal(graph.degrees, [3, 1.5, 2.5, 4, 4, 0])
    np.testing.assert_array_equal(graph.component_labels, [0, 0, 0, 1, 1, 2])
    assert repr(graph) == "Graph(n_nodes=6, n_edges=4, n_components=3, dtype=float32)"
    assert graph.is_dense == (layout == "dense")
    assert graph.local_scales is None


@given(weights=affinities(extreme=True), layout=st.sampled_from(LAYOUTS))
def test_any_symmetric_weights_are_held_as_the_contract_says(
    weights: np.ndarray, layout: str
) -> None:
    graph = Graph.from_affinity(weights, layout=layout)
    held = graph.affinity
    dense = held if layout == "dense" else held.toarray()
    assert graph.dtype == held.dtype == np.float32
    np.testing.assert_array_equal(dense, weights.astype(np.float32))
    np.testing.assert_array_equal(dense, dense.T)
    assert not dense.diagonal().any()
    assert graph.degrees.dtype == np.float64
    # float64 sums of at most a dozen float32 numbers, in some order
    np.testing.assert_allclose(graph.degrees, dense.sum(axis=1, dtype=np.float64), rtol=1e-14)
    assert graph.n_edges == np.count_nonzero(weights) // 2
    if layout == "csr":
        assert isinstance(held, sparse.csr_array)
        assert held.indices.dtype == held.indptr.dtype == np.int32
        assert held.has_sorted_indices
        assert held.nnz == np.count_nonzero(weights)


def _components_by_search(weights: np.ndarray) -> list[int]:
    labels = [-1] * len(weights)
    for start in range(len(weights)):
        if labels[start] >= 0:
            continue
        number, waiting = max(labels) + 1, [start]
        while waiting:
            node = waiting.pop()
            labels[node] = number
            waiting += [j for j in np.flatnonzero(weights[node]) if labels[j] < 0]
    return labels


@given(weights=affinities(), layout=st.sampled_from(LAYOUTS))
def test_components_are_numbered_in_the_order_of_their_first_node(
    weights: np.ndarray, layout: str
) -> None:
    graph = Graph.from_affinity(weights, layout=layout)
    expected = _components_by_search(weights)
    np.testing.assert_array_equal(graph.component_labels, expected)
    np.testing.assert_array_equal(component_labels(graph.affinity), expected)
    assert graph.component_labels.dtype == np.int32
    assert graph.n_components == max(expected) + 1


def test_degrees_are_summed_in_float64_whatever_the_weights_are_held_in() -> None:
    n_leaves = 3000
    star = np.zeros((n_leaves + 1, n_leaves + 1), dtype=np.float32)
    star[0, 1:] = star[1:, 0] = np.float32(0.1)
    for layout in LAYOUTS:
        graph = Graph.from_affinity(star, layout=layout)
        exact = n_leaves * float(np.float32(0.1))
        assert graph.degrees[0] == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_graph_without_nodes_is_a_graph(layout: str) -> None:
    graph = Graph.from_affinity(np.zeros((0, 0)), layout=layout)
    assert (graph.n_nodes, graph.n_edges, graph.n_components) == (0, 0, 0)
    assert graph.degrees.shape == graph.component_labels.shape == (0,)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_reached_are_the_nodes_of_the_components_that_were_asked_for(layout: str) -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR, layout=layout)
    by_index = graph.reached_from([4, 3])
    np.testing.assert_array_equal(by_index, [False, False, False, True, True, False])
    mask = np.array([False, True, False, False, False, True])
    by_mask = graph.reached_from(mask)
    np.testing.assert_array_equal(by_mask, [True, True, True, False, False, True])


def test_the_order_of_locality_brings_neighbours_and_like_numbers_of_them_together() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(size=(2_000, 2))
    graph = knn_graph(points, n_neighbors=6)
    order = graph.locality_order
    np.testing.assert_array_equal(np.sort(order), np.arange(graph.n_nodes))
    counts = graph.neighbor_counts[order]
    rises = np.diff(counts) >= 0
    rises[127::128] = True  # a new run begins
    assert rises.all()
    edges = graph.affinity.tocoo()
    place = np.argsort(order)
    apart = np.abs(place[edges.coords[0]] - place[edges.coords[1]]).mean()
    assert apart < np.abs(edges.coords[0] - edges.coords[1]).mean() / 5


def test_from_no_nodes_none_are_reached() -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR)
    assert not graph.reached_from([]).any()
    assert not graph.reached_from(np.zeros(6, dtype=bool)).any()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_arrays_of_a_graph_refuse_to_be_written_to(layout: str) -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR, layout=layout)
    held = graph.affinity
    arrays = [graph.degrees, graph.component_labels, graph.neighbor_counts]
    arrays += [held] if layout == "dense" else [held.data, held.indices, held.indptr]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0
    assert graph.n_edges == 4


def test_local_scales_refuse_to_be_written_to() -> None:
    scales = knn_graph([[0.0], [1.0], [3.0]], n_neighbors=1).local_scales
    assert scales is not None
    with pytest.raises(ValueError, match="read-only"):
        scales[0] = 5
    np.testing.assert_array_equal(scales, [1, 1, 2])


@pytest.mark.parametrize("name", ["affinity", "build_info", "n_nodes", "local_scales"])
def test_what_a_graph_is_made_of_cannot_be_replaced(name: str) -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR)
    with pytest.raises(AttributeError):
        setattr(graph, name, None)


def test_changes_to_the_sparse_matrix_that_a_graph_hands_out_do_not_reach_the_graph() -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR)
    graph.affinity.resize((9, 9))
    graph.affinity.data = np.full(8, 9.0)
    np.testing.assert_array_equal(graph.affinity.toarray(), TRIANGLE_AND_PAIR)


def test_build_info_is_a_copy() -> None:
    graph = Graph.from_affinity(TRIANGLE_AND_PAIR)
    graph.build_info["kind"] = "forged"
    assert graph.build_info == {"kind": "affinity", "asymmetry": 0.0}
