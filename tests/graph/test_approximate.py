"""The approximate search: as good as it says, and the same whatever the number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import faiss
import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, _parallel, find_neighbors, knn_graph
from fewlabels.graph.search import _approximate, _lists, _points

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


def test_neighbours_neighbours_are_looked_at_more_widely_where_few_bring_no_more(monkeypatch):
    X = np.random.default_rng(0).normal(size=(3000, 24))
    looks = []
    refine = _lists.Lists.refine

    def recorded(lists, report, looked_at):
        looks.append(looked_at)
        refine(lists, report, looked_at)

    monkeypatch.setattr(_lists.Lists, "refine", recorded)
    monkeypatch.setattr(_approximate, "_FIRST_LOOK", 0.3)
    monkeypatch.setattr(_approximate, "_LEAST_GAIN", 0.5)
    one, two = (find_neighbors(X, 30, exact=False, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert set(looks) == {16, 32}
    assert one.recall >= 0.98
    exact = find_neighbors(X, 30, exact=True)
    reach = exact.distances[:, -1:] * (1 + 1e-5)
    assert np.mean(one.distances <= reach) == pytest.approx(one.recall, abs=0.02)
    np.testing.assert_array_equal(one.indices, two.indices)
    looks.clear()
    assert find_neighbors(X, 5, exact=False, min_recall=0.9).recall >= 0.9
    assert set(looks) <= {16}  # lists are no longer than that


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


def sparse_sheets(n: int, d: int) -> sparse.csr_array:
    """Points near curved sheets that have few of many features each."""
    rng = np.random.default_rng(0)
    inner, bend = rng.uniform(-1, 1, size=(n, 3)), rng.normal(size=(3, d))
    shift = rng.uniform(0, 6, size=(4, d))[rng.integers(4, size=n)]
    return sparse.csr_array(np.maximum(np.sin(0.6 * inner @ bend + shift) - 0.8, 0))


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product"])
def test_sparse_features_are_found_as_well_as_claimed(metric):
    X = sparse_sheets(2500, 300)
    X.data[X.indptr[4] : X.indptr[5]] = 0
    found = find_neighbors(X, K, metric=metric, exact=False, min_recall=0.95)
    assert 0.95 <= found.recall <= 1
    assert found.recall == pytest.approx(true_recall(found, X, metric), abs=0.02)
    assert np.all(found.indices != np.arange(2500)[:, None])


def test_sparse_features_are_never_dense_as_a_whole(monkeypatch):
    X = sparse_sheets(2500, 300)
    largest = 0
    to_dense = sparse.csr_array.toarray

    def watched(self, *args, **kwargs):
        nonlocal largest
        largest = max(largest, self.shape[0] * self.shape[1])
        return to_dense(self, *args, **kwargs)

    monkeypatch.setattr(sparse.csr_array, "toarray", watched)
    wide = sparse.hstack([X, sparse.csr_array((2500, 10_000_000))], format="csr")
    found = find_neighbors(wide, K, exact=False, min_recall=0.9)
    assert found.recall >= 0.9
    assert largest < 25_000_000


def test_sparse_features_with_nothing_in_them_have_neighbours_at_zero():
    found = find_neighbors(sparse.csr_array((1500, 40)), K, exact=False)
    np.testing.assert_array_equal(found.distances, 0)


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1, -2])
def test_the_number_of_jobs_is_honoured_and_changes_nothing(n_jobs, monkeypatch):
    X = curved(2000, 20)
    expected = knn_graph(X, exact=False)
    asked = []

    class Counted(_parallel.ThreadPoolExecutor):
        def __init__(self, n_threads, **settings):
            asked.append(n_threads)
            super().__init__(n_threads, **settings)

    monkeypatch.setattr(_parallel, "ThreadPoolExecutor", Counted)
    graph = knn_graph(X, exact=False, n_jobs=n_jobs)
    assert (graph.affinity != expected.affinity).nnz == 0
    allowed = faiss.omp_get_max_threads()
    assert asked == [n_jobs if n_jobs > 0 else max(1, allowed + 1 + n_jobs)]


@pytest.mark.parametrize("scale", [1e-120, 1e-30, 1e30, 1e140])
def test_features_beyond_float32_are_scaled(scale):
    X = curved(2000, 20)
    expected = find_neighbors(X, K, exact=False, min_recall=0.9)
    found = find_neighbors(X * scale, K, exact=False, min_recall=0.9)
    assert found.recall >= 0.9
    assert true_recall(found, X * scale) > 0.88
    np.testing.assert_allclose(
        np.median(found.distances) / scale, np.median(expected.distances), rtol=1e-2
    )


def test_a_cloud_of_duplicates_is_joined_without_comparing_all():
    X = np.vstack([np.zeros((6000, 20)), curved(1000, 20)])
    found = find_neighbors(X, K, exact=False)
    np.testing.assert_array_equal(found.distances[:6000], 0)
    assert found.recall >= 0.98


def test_progress_never_falls_and_ends_with_all():
    shares = []
    knn_graph(curved(2000, 20), exact=False, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("when", [1, 3, 7])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_the_progress_function_raises_ends_the_search_and_restores_threads(error, when):
    before = [(lib["filepath"], lib["num_threads"]) for lib in threadpool_info()]
    running = threading.active_count()
    calls = 0

    def stop(share):
        nonlocal calls
        calls += 1
        if calls == when:
            raise error

    with pytest.raises(error):
        knn_graph(curved(4000, 40), exact=False, progress=stop)
    after = [(lib["filepath"], lib["num_threads"]) for lib in threadpool_info()]
    assert set(before) <= set(after)
    assert threading.active_count() == running


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signal to one process")
def test_ctrl_c_ends_the_search_and_leaves_the_process_whole():
    code = """
import os, signal, sys, threading
import numpy as np, faiss
from fewlabels.graph import knn_graph
X = np.random.default_rng(0).normal(size=(20_000, 30)).astype(np.float32)
threads = faiss.omp_get_max_threads()
seen = []
def progress(share):
    if not seen:
        seen.append(share)
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    knn_graph(X, exact=False, progress=progress)
except KeyboardInterrupt:
    assert faiss.omp_get_max_threads() == threads
    assert threading.active_count() <= 2
    graph = knn_graph(X[:1500], exact=False)
    print("ended, and works on:", graph.n_nodes)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.stdout == "ended, and works on: 1500\n", ended.stderr
    assert ended.returncode == 0


def test_more_jobs_than_cores_can_use_are_not_started():
    assert _parallel.thread_count(10**9) <= 4 * (os.cpu_count() or 1)


def test_very_many_features_are_projected_without_their_covariance():
    X = curved(1200, 1600)
    found = find_neighbors(X, K, exact=False, min_recall=0.9)
    assert found.recall >= 0.9
    assert true_recall(found, X) > 0.88


@pytest.mark.parametrize("k", [1, 40, 999])
def test_lists_of_any_length_are_filled(k):
    X = curved(1000, 20)
    found = find_neighbors(X, k, exact=False, min_recall=0.3)
    ordered = np.sort(found.indices, axis=1)
    assert ordered.min() >= 0
    assert np.all(np.diff(ordered, axis=1) > 0)
    assert np.all(found.indices != np.arange(1000)[:, None])


@pytest.mark.parametrize("sparsely", [False, True])
def test_an_outlier_beyond_float32_does_not_make_all_others_one(sparsely):
    X = curved(1200, 20)
    X[7] = 1e23
    found = find_neighbors(sparse.csr_array(X) if sparsely else X, K, exact=False)
    np.testing.assert_allclose(
        np.delete(found.distances, 7, axis=0),
        np.delete(find_neighbors(X, K, exact=True).distances, 7, axis=0),
        rtol=1e-5,
        atol=1e-6,
    )


def test_true_neighbours_are_found_where_more_are_asked_for_than_bound_them(monkeypatch):
    monkeypatch.setattr(_points, "_BOUND_FROM", 16)
    X = curved(500, 20)
    with _parallel.Workers(1) as workers:
        points = _points.DensePoints(X, "euclidean", workers)
        queries = np.arange(0, 500, 50)
        found = points.true_nearest(queries, 490, workers)
    exact = find_neighbors(X, 490, exact=True).indices[queries]
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(exact, axis=1))
