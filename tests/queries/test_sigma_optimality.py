"""Sigma-optimality against the dense textbook version."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError, NotEnoughMemoryError
from fewlabels.graph import Graph, knn_graph
from fewlabels.queries import sigma_optimality
from fewlabels.queries._covariance import GroundedCovariance


def textbook(graph, labelled, n_points, weights):
    """Greedy choice that inverts the grounded Laplacian again for every candidate."""
    W = graph.affinity if graph.is_dense else graph.affinity.toarray()
    W = W.astype(float)
    L = np.diag(W.sum(axis=1)) - W
    known = list(labelled)
    chosen = []
    for _ in range(n_points):
        unlabelled = np.setdiff1d(np.arange(len(W)), known)
        C = np.linalg.inv(L[np.ix_(unlabelled, unlabelled)])
        moves = C.sum(axis=0) / np.sqrt(np.diag(C))
        best = unlabelled[np.argmax(weights[unlabelled] * moves)]
        chosen.append(best)
        known.append(best)
    return chosen


def random_graph(rng, n, *, layout="csr"):
    W = rng.random((n, n)) * (rng.random((n, n)) < 0.4)
    W += np.eye(n, k=1)  # connected
    return Graph.from_affinity(W, layout=layout, dtype=np.float64)


def path(n):
    return Graph.from_affinity(np.eye(n, k=1) + np.eye(n, k=-1))


@pytest.mark.parametrize("layout", ["csr", "dense"])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(6, 14))
def test_a_batch_is_what_the_textbook_chooses(layout, seed, n):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, n, layout=layout)
    weights = rng.random(n)  # no ties
    labelled = rng.choice(n, size=2, replace=False)
    chosen = sigma_optimality(graph, labelled, 4, weights=weights)
    np.testing.assert_array_equal(chosen, textbook(graph, labelled, 4, weights))


def test_conditioning_equals_the_covariance_with_one_more_label():
    graph = random_graph(np.random.default_rng(3), 12)
    before = GroundedCovariance(graph, np.array([0]))
    before.condition_on(4)  # node 5
    after = GroundedCovariance(graph, np.array([0, 5]))
    others = np.delete(np.arange(11), 4)
    np.testing.assert_allclose(before.variances[others], after.variances, atol=1e-6)
    np.testing.assert_allclose(before.row_sums[others], after.row_sums, atol=1e-6)
    assert before.variances[4] == 0


def test_conditioning_twice_on_a_point_changes_nothing():
    covariance = GroundedCovariance(path(7), np.array([0]))
    covariance.condition_on(3)
    variances, sums = covariance.variances, covariance.row_sums
    covariance.condition_on(3)
    np.testing.assert_allclose(covariance.variances, variances, atol=1e-12)
    np.testing.assert_allclose(covariance.row_sums, sums, atol=1e-12)


def test_the_middle_of_a_path_between_two_labels_comes_first():
    np.testing.assert_array_equal(sigma_optimality(path(9), [0, 8], 1), [4])


def test_a_component_without_any_label_is_asked_first():
    two_paths = np.zeros((9, 9))
    two_paths[:5, :5] = np.eye(5, k=1)
    two_paths[5:, 5:] = np.eye(4, k=1)
    chosen = sigma_optimality(Graph.from_affinity(two_paths), [0], 1)
    assert chosen[0] in range(5, 9)


def test_two_components_without_a_label_share_a_batch_of_two():
    W = np.kron(np.eye(3), np.ones((4, 4)))
    chosen = sigma_optimality(Graph.from_affinity(W), [0], 2)
    assert sorted(np.array(chosen) // 4) == [1, 2]


def test_a_weight_of_zero_is_asked_last():
    weights = np.ones(7)
    weights[3] = 0
    chosen = sigma_optimality(path(7), [0], 6, weights=weights)
    assert chosen[-1] == 3


def test_no_point_is_chosen_twice_nor_a_labelled_one():
    chosen = sigma_optimality(path(8), [2, 5], 100)
    assert sorted(chosen.tolist()) == [0, 1, 3, 4, 6, 7]


def test_all_weights_zero_still_chooses_distinct_points():
    chosen = sigma_optimality(path(6), [0], 3, weights=np.zeros(6))
    assert len(set(chosen.tolist())) == 3


def test_without_any_label_or_edge_points_are_still_chosen():
    chosen = sigma_optimality(Graph.from_affinity(np.zeros((4, 4))), [], 2)
    assert len(set(chosen.tolist())) == 2


@pytest.mark.parametrize("n", [300, 1000])
def test_without_any_label_a_large_float32_graph_is_no_trouble(n):
    # rounding the degrees to float32 would make the Laplacian indefinite
    graph = knn_graph(np.random.default_rng(n).normal(size=(n, 3)), n_neighbors=12)
    chosen = sigma_optimality(graph, [], 10)
    assert len(set(chosen.tolist())) == 10


@pytest.mark.parametrize(("labelled", "n_points"), [([0], 0), (range(5), 3)])
def test_nothing_to_choose_gives_an_empty_array(labelled, n_points):
    chosen = sigma_optimality(path(5), list(labelled), n_points)
    assert chosen.shape == (0,)
    assert chosen.dtype == np.intp


@pytest.mark.parametrize(
    ("labelled", "options", "message"),
    [
        ([9], {}, "from 0 to 4"),
        ([-1], {}, "from 0 to 4"),
        ([[0]], {}, "one-dimensional"),
        ([True, False, False, False, False], {}, "flatnonzero"),
        ([0], {"n_points": -1}, "n_points"),
        ([0], {"weights": [1.0]}, "each of the 5 nodes"),
        ([0], {"weights": [1, 1, -1, 1, 1]}, "not negative"),
        ([0], {"weights": [1, 1, np.nan, 1, 1]}, "finite"),
    ],
)
def test_bad_input_is_refused(labelled, options, message):
    with pytest.raises(InvalidInputError, match=message):
        sigma_optimality(path(5), labelled, **options)


def test_a_covariance_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 100)
    with pytest.raises(NotEnoughMemoryError, match="covariance of 4 unlabelled points"):
        sigma_optimality(path(5), [0], 1)
