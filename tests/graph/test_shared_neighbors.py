"""Graphs of shared neighbours against their definition, and the look at the hubs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import skew

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features import Points
from fewlabels.graph import Graph, _shared_neighbors, knn_graph, shared_neighbor_graph
from fewlabels.graph._shared_neighbors import in_degree_skewness, shared_shares
from tests.graph import brute_force
from tests.strategies import features


def textbook(X: np.ndarray, k: int, one_sided: float) -> np.ndarray:
    """w_ij = m_ij exp(-4 d_ij^2 / (s_i s_j)) |N_i & N_j| / |N_i | N_j|, pair by pair."""
    n = len(X)
    m = min(2 * k, n - 1)
    lists, near = brute_force.nearest(X, m, "euclidean")
    d = brute_force.distances(X, "euclidean")
    members = [{i, *map(int, row)} for i, row in enumerate(lists)]
    W = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            both = (j in lists[i, :k]) + (i in lists[j, :k])
            if both:
                factor = 1.0 if both == 2 else one_sided
                tuned = np.exp(-4 * d[i, j] ** 2 / (near[i, k - 1] * near[j, k - 1]))
                shared = len(members[i] & members[j]) / len(members[i] | members[j])
                W[i, j] = factor * tuned * shared
    return W


@pytest.mark.parametrize(("k", "one_sided"), [(1, 0.25), (3, 0.25), (5, 0.0), (4, 1.0)])
def test_weights_are_those_of_the_definition(k, one_sided) -> None:
    X = np.random.default_rng(k).normal(size=(40, 3))
    graph = shared_neighbor_graph(X, k, one_sided=one_sided)
    expected = textbook(X, k, one_sided)
    np.testing.assert_allclose(graph.affinity.toarray(), expected, rtol=1e-5, atol=1e-12)


def test_defaults_are_ten_neighbours_and_a_quarter_where_few_points_are_hubs() -> None:
    X = np.random.default_rng(0).uniform(size=(60, 2))
    graph = shared_neighbor_graph(X)
    assert graph.build_info["n_neighbors"] == 10
    assert graph.build_info["one_sided"] == 0.25
    assert graph.build_info["hubness"] <= 2
    np.testing.assert_allclose(graph.affinity.toarray(), textbook(X, 10, 0.25), rtol=1e-5)


def test_many_hubs_ask_for_more_neighbours_and_for_both_ends() -> None:
    # Points of many independent features: the few nearest to the centre are in everyone's list.
    X = np.random.default_rng(0).normal(size=(300, 200))
    graph = shared_neighbor_graph(X)
    assert graph.build_info["hubness"] > 2
    assert graph.build_info["n_neighbors"] == 15
    assert graph.build_info["one_sided"] == 3 / 400
    expected = textbook(X, 15, 3 / 400)
    np.testing.assert_allclose(graph.affinity.toarray(), expected, rtol=1e-4)


def test_what_is_given_is_not_chosen() -> None:
    X = np.random.default_rng(0).normal(size=(300, 200))
    info = shared_neighbor_graph(X, 7, one_sided=0.5).build_info
    assert (info["n_neighbors"], info["one_sided"]) == (7, 0.5)


@settings(max_examples=40)
@given(X=features(min_samples=2), k=st.integers(1, 6))
def test_any_points_give_a_sound_graph(X, k) -> None:
    graph = shared_neighbor_graph(X, k)
    W = graph.affinity.toarray()
    np.testing.assert_array_equal(W, W.T)
    assert not W.diagonal().any()
    assert np.isfinite(W).all()
    assert W.max() <= 1
    assert graph.neighbor_counts.min() >= min(k, len(X) - 1)
    # of equally near points, either search may list any
    np.testing.assert_allclose(graph.local_scales, knn_graph(X, k).local_scales)


def test_edges_however_weak_are_those_of_the_plain_graph() -> None:
    X = np.random.default_rng(2).normal(size=(200, 5))
    weighed, plain = shared_neighbor_graph(X, 4), knn_graph(X, 4)
    np.testing.assert_array_equal(weighed.affinity.toarray() > 0, plain.affinity.toarray() > 0)


def test_a_far_outlier_keeps_its_edges() -> None:
    X = np.append(np.linspace(0, 1, 30), 1e9)[:, None]
    graph = shared_neighbor_graph(X)
    assert graph.n_components == 1
    positive = graph.affinity.data
    assert positive.min() >= np.finfo(np.float32).tiny


def test_a_single_point_has_no_neighbour() -> None:
    graph = shared_neighbor_graph([[1.0]])
    assert (graph.n_nodes, graph.n_edges) == (1, 0)


def test_the_graph_can_be_saved_with_what_was_seen(tmp_path) -> None:
    graph = shared_neighbor_graph(np.random.default_rng(0).normal(size=(30, 2)))
    graph.save(tmp_path / "graph.npz")
    loaded = Graph.load(tmp_path / "graph.npz")
    assert loaded.build_info == graph.build_info
    np.testing.assert_array_equal(loaded.affinity.toarray(), graph.affinity.toarray())


def test_threads_and_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lists, _ = brute_force.nearest(np.random.default_rng(1).normal(size=(50, 4)), 8, "euclidean")
    alone = shared_shares(lists, 4)
    monkeypatch.setattr(_shared_neighbors, "_WORTH_SHARING", 0)
    monkeypatch.setattr(_shared_neighbors, "_TABLE", 150)
    np.testing.assert_array_equal(shared_shares(lists, 4, n_jobs=2), alone)


def test_points_on_a_line_share_what_one_counts_by_hand() -> None:
    # N_0 = {0, 1, 2}, N_1 = {1, 0, 2}, N_2 = {2, 1, 3}, N_3 = {3, 2, 1}
    lists = np.array([[1, 2], [0, 2], [1, 3], [2, 1]])
    np.testing.assert_allclose(shared_shares(lists, 1)[:, 0], [1, 1, 2 / 4, 1])


def test_skewness_is_that_of_the_in_degrees() -> None:
    lists = np.array([[1, 2], [0, 2], [1, 0], [2, 1], [2, 0]])
    counts = np.array([3, 3, 4, 0, 0])
    assert in_degree_skewness(lists) == pytest.approx(skew(counts))
    assert in_degree_skewness(np.array([[1], [2], [0]])) == 0


@pytest.mark.parametrize(
    ("settings_", "error"),
    [
        ({"n_neighbors": 0}, InvalidInputError),
        ({"n_neighbors": 2.5}, InvalidTypeError),
        ({"one_sided": 1.5}, InvalidInputError),
        ({"one_sided": "half"}, InvalidTypeError),
        ({"metric": "taxi"}, InvalidInputError),
        ({"exact": "yes"}, InvalidTypeError),
        ({"min_recall": 0}, InvalidInputError),
        ({"n_jobs": 0}, InvalidInputError),
        ({"random_state": "x"}, InvalidTypeError),
    ],
)
def test_settings_out_of_range_are_refused(settings_, error) -> None:
    with pytest.raises(error):
        shared_neighbor_graph(np.zeros((5, 2)), **settings_)


def test_points_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="NaN"):
        shared_neighbor_graph([[0.0], [np.nan]])


def test_points_whose_neighbours_count_alike_are_joined_whatever_their_distance() -> None:
    X = np.random.default_rng(2).normal(size=(60, 3))
    points = Points(X, "texts", n_alike=4)
    lists, near = brute_force.nearest(X, 4, "euclidean")
    listed = np.zeros((60, 60))
    np.put_along_axis(listed, lists, 1.0, axis=1)
    graph = shared_neighbor_graph(points)
    np.testing.assert_array_equal(graph.affinity.toarray(), (listed + listed.T) / 2)
    np.testing.assert_allclose(graph.local_scales, near[:, 3], rtol=1e-6)
    info = graph.build_info
    assert (info["n_neighbors"], info["one_sided"], info["alike"]) == (4, 0.5, True)
    asked = shared_neighbor_graph(points, 2, one_sided=1.0)
    assert set(asked.affinity.data.tolist()) == {1.0}
    assert asked.build_info["n_neighbors"] == 2
    assert shared_neighbor_graph(X).build_info["alike"] is False
