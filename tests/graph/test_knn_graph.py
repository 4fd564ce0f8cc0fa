"""Graphs of nearest neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph
from tests.graph import brute_force
from tests.strategies import features

WEIGHTS = ("self-tuning", "gaussian", "binary", "distance")
SYMMETRIZATIONS = ("mean", "union", "mutual")
LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


def _normal(n_samples: int, n_features: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_samples, n_features))


def _assert_contract(graph: Graph) -> np.ndarray:
    held = graph.affinity
    assert isinstance(held, sparse.csr_array)
    assert held.dtype == np.float32
    assert held.indices.dtype == held.indptr.dtype == np.int32
    assert held.has_canonical_format
    assert np.isfinite(held.data).all()
    assert (held.data > 0).all()
    dense = held.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    assert not dense.diagonal().any()
    return dense


@pytest.mark.parametrize("symmetrize", SYMMETRIZATIONS)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product", "manhattan"])
def test_the_graph_is_that_of_the_definition(metric: str, weights: Any, symmetrize: Any) -> None:
    X = _normal(40, 4)
    graph = knn_graph(X, 5, metric=metric, weights=weights, symmetrize=symmetrize)
    expected = brute_force.affinity(X, 5, metric, weights, symmetrize)
    # one rounding to float32 of each direction
    np.testing.assert_allclose(_assert_contract(graph), expected, rtol=3e-7)
    _, near = brute_force.nearest(X, 5, metric)
    np.testing.assert_allclose(graph.local_scales, near[:, -1], rtol=1e-12)
    assert graph.build_info["n_neighbors"] == 5
    assert graph.build_info["metric"] == metric
    assert graph.build_info["weights"] == weights
    assert graph.build_info["symmetrize"] == symmetrize


@given(
    X=features(),
    k=st.integers(1, 6),
    weights=st.sampled_from(WEIGHTS),
    symmetrize=st.sampled_from(SYMMETRIZATIONS),
    metric=st.sampled_from(["euclidean", "cosine", "manhattan", "inner_product"]),
)
def test_every_set_of_points_gives_a_graph(
    X: np.ndarray, k: int, weights: Any, symmetrize: Any, metric: str
) -> None:
    graph = knn_graph(X, k, weights=weights, symmetrize=symmetrize, metric=metric)
    _assert_contract(graph)
    assert graph.n_nodes == len(X)
    assert 0 <= graph.build_info["asymmetry"] <= 1
    if len(X) > 1 and symmetrize != "mutual":
        assert (graph.neighbor_counts >= min(k, len(X) - 1)).all()


def test_each_way_of_symmetrizing_follows_its_formula() -> None:
    # 0 and 1 have each other; 2 has 1, and 3 has 2, alone
    one_sided = {"mean": 0.5, "union": 1.0, "mutual": 0.0}
    for symmetrize, weight in one_sided.items():
        graph = knn_graph(LINE, 1, weights="binary", symmetrize=symmetrize)
        dense = _assert_contract(graph)
        assert (dense[0, 1], dense[1, 2], dense[2, 3]) == (1, weight, weight)
        assert graph.build_info["asymmetry"] == 1


def _containers() -> dict[str, Any]:
    X = np.array([[0, 1], [1, 3], [2, 2], [7, 0], [9, 1]])
    return {
        "list": X.tolist(),
        "list of tuples": [tuple(row) for row in X.tolist()],
        "integers": X,
        "small integers": X.astype(np.int8),
        "float16": X.astype(np.float16),
        "float32": X.astype(np.float32),
        "objects": X.astype(object),
        "in columns": np.asfortranarray(X, dtype=float),
        "read-only": np.frombuffer(X.astype(float).tobytes()).reshape(X.shape),
        "csr_array": sparse.csr_array(X),
        "csc_matrix": sparse.csc_matrix(X),
        "coo_array": sparse.coo_array(X),
        "float32 csr": sparse.csr_matrix(X.astype(np.float32)),
        "pandas": pd.DataFrame(X, columns=["a", "b"]),
        "pandas Int64": pd.DataFrame(X, columns=["a", "b"]).astype("Int64"),
        "polars": pl.DataFrame(X, schema=["a", "b"]),
    }


@pytest.mark.parametrize("container", _containers())
def test_every_kind_of_features_gives_the_same_graph(container: str) -> None:
    X = _containers()[container]
    expected = knn_graph(_containers()["in columns"].copy(), 2)
    graph = knn_graph(X, 2)
    np.testing.assert_array_equal(_assert_contract(graph), expected.affinity.toarray())


def test_features_are_not_modified() -> None:
    X = _normal(30, 20) + 5
    for metric in ("euclidean", "cosine", "inner_product"):
        before = X.copy()
        knn_graph(X, 3, metric=metric)
        np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "inner_product", lambda x, y: 1.0])
def test_one_point_has_no_neighbour(metric: Any) -> None:
    graph = knn_graph([[1.0, 2.0]], metric=metric)
    _assert_contract(graph)
    assert (graph.n_nodes, graph.n_edges, graph.n_components) == (1, 0, 1)
    np.testing.assert_array_equal(graph.local_scales, [0])
    assert (graph.diagnose().asymmetry, graph.diagnose().n_duplicates) == (0, 0)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_two_points_are_joined(weights: Any) -> None:
    expected = {"self-tuning": np.exp(-4), "gaussian": np.exp(-4), "binary": 1, "distance": 0.5}
    dense = _assert_contract(knn_graph([[0.0], [2.0]], weights=weights))
    assert dense[0, 1] == pytest.approx(expected[weights], rel=1e-6)


@pytest.mark.parametrize("k", [3, 4, 100])
def test_with_too_few_points_all_are_neighbours(k: int) -> None:
    graph = knn_graph(LINE, k)
    assert graph.n_edges == 6
    assert graph.build_info["n_neighbors"] == 3
    np.testing.assert_array_equal(graph.local_scales, [7, 6, 4, 7])


@pytest.mark.parametrize("n_features", [1, 20])
@pytest.mark.parametrize("symmetrize", SYMMETRIZATIONS)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_more_duplicates_than_neighbours_are_joined_with_weight_one(
    weights: Any, symmetrize: Any, n_features: int
) -> None:
    places = _normal(6, n_features)
    X = np.repeat(places, 40, axis=0)
    graph = knn_graph(X, 3, weights=weights, symmetrize=symmetrize)
    _assert_contract(graph)
    np.testing.assert_array_equal(graph.affinity.data, 1)
    np.testing.assert_array_equal(graph.component_labels, np.repeat(np.arange(6), 40))
    assert graph.build_info["n_duplicates"] == len(X)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_constant_features_give_one_component_of_weight_one(k: int) -> None:
    graph = knn_graph(np.full((200, 3), 7.0), k)
    np.testing.assert_array_equal(graph.affinity.data, 1)
    assert graph.n_components == 1


def test_a_point_beside_many_duplicates_is_joined_to_them() -> None:
    X = np.vstack([np.zeros((20, 1)), [[1.0]], [[1.5]]])
    dense = _assert_contract(knn_graph(X, 2, symmetrize="union"))
    assert dense[20].any()
    assert dense[20, 21] == pytest.approx(np.exp(-4 * 0.25 / (1 * 1.5)), rel=1e-6)
    # their scale is 0, so that the point's own, 1, stands for both
    assert dense[20, :20].max() == pytest.approx(np.exp(-4), rel=1e-6)


@pytest.mark.parametrize("symmetrize", ["mean", "union"])
@pytest.mark.parametrize("weights", WEIGHTS)
def test_a_far_outlier_keeps_its_edges(weights: Any, symmetrize: Any) -> None:
    X = np.vstack([_normal(50, 2), [[1e9, 0.0]]])
    graph = knn_graph(X, 5, weights=weights, symmetrize=symmetrize)
    _assert_contract(graph)
    assert graph.neighbor_counts[-1] == 5
    assert graph.affinity.data.min() >= np.finfo(np.float32).tiny


def test_weights_beyond_float32_stay_finite() -> None:
    graph = knn_graph(LINE, 2, weights=lambda d: np.full_like(d, 1e300))
    assert _assert_contract(graph).max() == np.finfo(np.float32).max
    near = knn_graph([[0.0], [1e-310], [1.0]], 1, weights="distance", metric="manhattan")
    assert _assert_contract(near).max() == np.finfo(np.float32).max


def test_a_function_that_gives_zero_leaves_the_edge_out() -> None:
    graph = knn_graph(LINE, 1, weights=lambda d: (d < 3).astype(float))
    np.testing.assert_array_equal(graph.neighbor_counts, [1, 2, 1, 0])
    assert graph.build_info["weights"] == "callable"


def test_a_function_is_a_metric() -> None:
    graph = knn_graph(LINE, 2, metric=lambda x, y: abs(float(x[0] - y[0])))
    by_name = knn_graph(LINE, 2)
    np.testing.assert_array_equal(graph.affinity.toarray(), by_name.affinity.toarray())
    assert graph.build_info["metric"] == "callable"


def test_settings_of_the_search_do_not_change_the_graph(
    capsys: pytest.CaptureFixture[str],
) -> None:
    X = np.random.default_rng(0).integers(0, 3, size=(200, 20))
    expected = knn_graph(X, 4).affinity
    assert capsys.readouterr() == ("", "")
    for settings in ({"n_jobs": 2}, {"exact": True}, {"exact": False}, {"random_state": 3}):
        found = knn_graph(X, 4, **settings).affinity
        np.testing.assert_array_equal(found.toarray(), expected.toarray())
    shown = knn_graph(X, 4, progress=True).affinity
    np.testing.assert_array_equal(shown.toarray(), expected.toarray())
    out, err = capsys.readouterr()
    assert out == ""
    assert "200/200" in err


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf, None])
@pytest.mark.parametrize("container", [np.array, pd.DataFrame, sparse.csr_array])
def test_features_that_are_not_finite_are_named_by_row(wrong: Any, container: Any) -> None:
    values = _normal(9, 2)
    values[[2, 5], [0, 1]] = np.nan if wrong is None else wrong
    X = values.astype(object) if wrong is None and container is np.array else values
    with pytest.raises(InvalidInputError, match=r"counted from 0: 2, 5 \(2 in all\)"):
        knn_graph(container(X))


def test_many_rows_that_are_not_finite_are_counted() -> None:
    with pytest.raises(InvalidInputError, match=r"0, 1, 2, 3, 4, \.\.\. \(9 in all\)"):
        knn_graph(np.full((9, 2), np.nan))


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([1.0, 2.0], InvalidInputError, "2D array"),
        (np.ones((2, 2, 2)), InvalidInputError, r"dim 3.* X.reshape\(len\(X\), -1\)"),
        (np.ones((0, 2)), InvalidInputError, r"0 sample.*shape=\(0, 2\)"),
        (np.ones((2, 0)), InvalidInputError, "0 feature"),
        ([["a"], ["b"]], InvalidInputError, "could not convert string to float: 'a'"),
        ([[1.0], [1.0, 2.0]], InvalidInputError, "inhomogeneous"),
        ([[10**400], [1]], InvalidInputError, "too large"),
        ([[0.0], [1e200]], InvalidInputError, r"at most 1e\+150 in size.*got 1e\+200"),
        (sparse.csr_array([[0.0], [-1e200]]), InvalidInputError, r"got 1e\+200"),
        ([[1j], [2]], (InvalidInputError, InvalidTypeError), "[Cc]omplex"),
        (None, InvalidInputError, "2D array"),
        (knn_graph(LINE), InvalidTypeError, "Graph already"),
    ],
)
def test_features_that_cannot_be_used_are_refused(X: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        knn_graph(X)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"n_neighbors": 0}, InvalidInputError, "n_neighbors must be at least 1, got 0"),
        ({"n_neighbors": 2.0}, InvalidTypeError, "n_neighbors must be an integer"),
        ({"metric": "hyperbolic"}, InvalidInputError, "one of euclidean, .*; got 'hyperbolic'"),
        ({"metric": "precomputed"}, InvalidInputError, "got 'precomputed'"),
        ({"metric": "seuclidean"}, InvalidInputError, "got 'seuclidean'"),
        ({"metric": None}, InvalidTypeError, "metric must be a callable or one of"),
        ({"weights": "cubic"}, InvalidInputError, "or a callable, got 'cubic'"),
        ({"weights": 1}, InvalidTypeError, "weights"),
        ({"symmetrize": "max"}, InvalidInputError, "symmetrize"),
        ({"exact": "yes"}, InvalidTypeError, "exact must be True, False or None, got 'yes'"),
        ({"exact": 1}, InvalidTypeError, "exact must be"),
        ({"exact": np.ones(2)}, InvalidTypeError, "exact must be"),
        ({"n_jobs": 0}, InvalidInputError, "n_jobs"),
        ({"weights": lambda d: d[0]}, InvalidInputError, "one weight per distance"),
        ({"weights": lambda d: d - 9}, InvalidInputError, "non-negative"),
    ],
)
def test_settings_out_of_range_are_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        knn_graph(LINE, **settings)


@pytest.mark.parametrize("symmetrize", ["mean", "union", "mutual"])
def test_the_weights_take_no_more_memory_than_their_number(symmetrize):
    X = np.random.default_rng(0).normal(size=(400, 3))
    affinity = knn_graph(X, 5, symmetrize=symmetrize).affinity
    for array in (affinity.data, affinity.indices):
        assert array.base is None or array.base.nbytes == array.nbytes
