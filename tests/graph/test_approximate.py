"""The approximate search: as good as it says, and the same whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, find_neighbors, knn_graph

K = 10


def curved(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Points near curved sheets of four dimensions in d, as measurements often lie."""
    rng = np.random.default_rng(seed)
    inner = rng.normal(size=(n, 4))
    bend = rng.normal(size=(4, d))
    sheet = rng.integers(5, size=n)[:, None]
    return np.sin(inner @ bend) + 3 * sheet + 0.05 * rng.normal(size=(n, d))


def true_recall(found, X, metric="euclidean"):
    exact = find_neighbors(X, K, metric=metric, exact=True)
    reach = exact.distances[:, -1:] * (1 + 1e-5) + 1e-6
    return np.mean(found.distances <= reach)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product"])
@pytest.mark.parametrize("d", [20, 200])
def test_the_recall_is_reached_and_what_it_claims(metric, d):
    X = curved(4000, d)
    found = find_neighbors(X, K, metric=metric, exact=False, min_recall=0.95)
    assert 0.95 <= found.recall <= 1
    assert found.recall == pytest.approx(true_recall(found, X, metric), abs=0.02)


@pytest.mark.parametrize("min_recall", [0.5, 0.9, 0.99])
def test_more_recall_is_had_by_asking(min_recall):
    X = curved(4000, 40)
    assert find_neighbors(X, K, exact=False, min_recall=min_recall).recall >= min_recall


def test_full_recall_is_an_exact_search():
    X = curved(2000, 40)
    found = find_neighbors(X, K, exact=False, min_recall=1.0)
    assert true_recall(found, X) == 1


def test_noise_without_structure_falls_back_to_an_exact_search():
    X = np.random.default_rng(0).normal(size=(1500, 300))
    found = find_neighbors(X, K, exact=False, min_recall=0.999)
    assert found.recall == 1
    np.testing.assert_array_equal(found.indices, find_neighbors(X, K, exact=True).indices)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product"])
def test_neighbours_are_sorted_distinct_and_never_the_point_itself(metric):
    found = find_neighbors(curved(3000, 150), K, metric=metric, exact=False)
    assert np.all(np.diff(found.distances, axis=1) >= 0)
    assert np.all(found.indices != np.arange(3000)[:, None])
    assert np.all(np.diff(np.sort(found.indices, axis=1), axis=1) > 0)


def test_distances_are_those_of_all_features():
    X = curved(3000, 150)
    found = find_neighbors(X, K, exact=False)
    difference = X[:, None] - X[found.indices]
    np.testing.assert_allclose(found.distances, np.linalg.norm(difference, axis=2), rtol=1e-4)


@pytest.mark.parametrize("d", [20, 150])
def test_the_same_seed_gives_the_same_graph_on_any_number_of_threads(d):
    X = curved(3000, d)
    with threadpool_limits(1):
        one = knn_graph(X, K, exact=False, random_state=3)
    two = knn_graph(X, K, exact=False, random_state=3)
    assert (one.affinity != two.affinity).nnz == 0
    assert one.recall_ == two.recall_


def test_no_seed_is_a_fixed_seed():
    X = curved(2000, 20)
    assert (knn_graph(X, exact=False).affinity != knn_graph(X, exact=False).affinity).nnz == 0


def test_the_generator_that_is_passed_is_used():
    X = curved(2000, 20)
    state = np.random.RandomState(5)
    before = state.get_state()[2]
    knn_graph(X, exact=False, random_state=state)
    assert state.get_state()[2] != before


def test_more_duplicates_than_neighbours_are_at_zero():
    X = np.repeat(curved(150, 20), 20, axis=0)
    found = find_neighbors(X, K, exact=False)
    np.testing.assert_array_equal(found.distances, 0)
    graph = knn_graph(X, K, exact=False)
    assert np.isfinite(graph.affinity.data).all()
    assert graph.n_components == 150


def test_points_far_from_the_origin_and_constant_columns_do_no_harm():
    X = np.hstack([curved(3000, 20), np.full((3000, 3), 7.0)])
    near = find_neighbors(X, K, exact=False, min_recall=0.95)
    far = find_neighbors(X + 1e4, K, exact=False, min_recall=0.95)
    assert true_recall(near, X) > 0.93
    assert true_recall(far, X) > 0.93


def test_small_tables_few_features_and_other_metrics_are_searched_exactly():
    for X, metric in (
        (curved(500, 40), "euclidean"),
        (curved(2000, 10), "euclidean"),
        (curved(1200, 20), "manhattan"),
    ):
        found = find_neighbors(X, 5, metric=metric, exact=False)
        assert found.recall == 1
        expected = find_neighbors(X, 5, metric=metric, exact=True)
        np.testing.assert_array_equal(found.indices, expected.indices)


def test_what_is_quick_is_exact_by_itself():
    assert knn_graph(curved(3000, 40)).recall_ == 1


def test_large_inputs_are_approximated_by_themselves():
    X = curved(12_000, 300).astype(np.float32)
    graph = knn_graph(X)
    assert 0.98 <= graph.recall_ < 1


def test_the_recall_is_saved_with_the_graph(tmp_path):
    graph = knn_graph(curved(2000, 20), exact=False)
    graph.save(tmp_path / "graph.npz")
    assert Graph.load(tmp_path / "graph.npz").recall_ == graph.recall_
    assert Graph.from_affinity(np.ones((3, 3))).recall_ is None


@pytest.mark.parametrize("min_recall", [0, -0.5, 1.01, np.nan, np.inf])
def test_a_recall_out_of_range_is_refused(min_recall):
    with pytest.raises(InvalidInputError, match="min_recall must be"):
        knn_graph(curved(100, 5), min_recall=min_recall)


@pytest.mark.parametrize("min_recall", ["high", None, True])
def test_a_recall_that_is_no_number_is_refused(min_recall):
    with pytest.raises(InvalidTypeError, match="min_recall must be a number"):
        knn_graph(curved(100, 5), min_recall=min_recall)


@pytest.mark.parametrize("seed", ["nonsense", 1.5, True, -1, 2**32])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InvalidInputError, match="random_state must be"):
        knn_graph(curved(100, 5), random_state=seed)


def test_progress_goes_to_standard_error_only(capsys):
    knn_graph(curved(2000, 20), exact=False, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "neighbours" in captured.err
