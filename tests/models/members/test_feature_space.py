"""Points as the kernels see them: plain and smoothed, in at most 64 dimensions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from fewlabels.exceptions import InvalidInputError
from fewlabels.graph import Graph, knn_graph
from fewlabels.models._members import FeatureSpace, Projection, Ranking

RNG = np.random.default_rng(0)
NARROW = RNG.normal(size=(60, 5)) * [1, 10, 0.1, 3, 2] + 7
WIDE = RNG.normal(size=(90, 8)) @ RNG.normal(size=(8, 200)) + 3
GRAPH = knn_graph(NARROW, 8)


def distances(points: np.ndarray) -> np.ndarray:
    points = points.astype(np.float64)
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def total_variance(points: np.ndarray) -> float:
    return float(points.astype(np.float64).var(axis=0).sum())


def textbook_smooth(plain: np.ndarray, graph: Graph) -> np.ndarray:
    W = graph.affinity.toarray().astype(np.float64)
    P = W / np.where(graph.degrees > 0, graph.degrees, 1)[:, None]
    X = plain.astype(np.float64)
    smooth = X.copy()
    for _ in range(15):
        smooth = 0.9 * P @ smooth + 0.1 * X
    smooth -= smooth.mean(axis=0)
    return smooth / np.sqrt(smooth.var(axis=0).sum())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_points_are_centred_with_a_total_variance_of_one(dtype) -> None:
    space = FeatureSpace(NARROW.astype(dtype), GRAPH)
    for points in (space.plain, space.smooth):
        assert points.shape == (60, 5)
        assert points.dtype == np.float32
        np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-5)
        assert total_variance(points) == pytest.approx(1, rel=1e-4)
    scaled = (NARROW - NARROW.mean(axis=0)) / np.sqrt(NARROW.var(axis=0).sum())
    np.testing.assert_allclose(space.plain, scaled, atol=1e-5)


def test_smoothed_points_are_means_over_the_graph() -> None:
    space = FeatureSpace(NARROW, GRAPH)
    np.testing.assert_allclose(space.smooth, textbook_smooth(space.plain, GRAPH), atol=1e-4)


@pytest.mark.parametrize("scale", [1e-100, 1e-30, 1e-6, 1e6, 1e30, 1e100])
def test_the_unit_of_the_features_is_of_no_account(scale: float) -> None:
    expected, found = FeatureSpace(NARROW, GRAPH), FeatureSpace(NARROW * scale, GRAPH)
    np.testing.assert_allclose(found.plain, expected.plain, atol=1e-5)
    np.testing.assert_allclose(found.smooth, expected.smooth, atol=1e-4)


def test_columns_far_from_zero_keep_their_differences() -> None:
    # seconds since 1970, say, of which float32 knows no difference
    found = FeatureSpace(NARROW + 1.7e9, GRAPH)
    np.testing.assert_allclose(found.plain, FeatureSpace(NARROW, GRAPH).plain, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e100])
def test_more_than_64_features_keep_their_distances_where_few_directions_hold_them(scale) -> None:
    space = FeatureSpace(WIDE * scale, knn_graph(WIDE, 8))
    assert space.plain.shape == (90, 8)  # others hold nothing but rounding
    expected = distances(WIDE) / np.sqrt(WIDE.var(axis=0).sum())
    np.testing.assert_allclose(distances(space.plain), expected, atol=1e-3)


def test_features_of_64_columns_are_left_as_they_are() -> None:
    X = RNG.normal(size=(50, 64))
    space = FeatureSpace(X, knn_graph(X, 5))
    np.testing.assert_allclose(
        distances(space.plain), distances(X) / np.sqrt(X.var(axis=0).sum()), atol=1e-4
    )


@pytest.mark.parametrize("X", [NARROW, WIDE], ids=["narrow", "wide"])
def test_sparse_features_lie_as_dense_ones_do(X) -> None:
    graph = knn_graph(X, 8)
    dense = FeatureSpace(X, graph)
    found = FeatureSpace(sparse.csr_matrix(X), graph)
    np.testing.assert_allclose(distances(found.plain), distances(dense.plain), atol=2e-3)
    assert isinstance(found.plain, np.ndarray)


def test_constant_columns_add_nothing_and_constant_points_are_zeros() -> None:
    more = np.column_stack([NARROW, np.full(60, 1e6)])
    space = FeatureSpace(more, GRAPH)
    np.testing.assert_allclose(space.plain[:, -1], 0, atol=1e-6)
    np.testing.assert_allclose(space.plain[:, :-1], FeatureSpace(NARROW, GRAPH).plain, atol=1e-5)
    same = FeatureSpace(np.full((60, 3), 5.0), GRAPH)
    np.testing.assert_array_equal(same.plain, np.zeros((60, 3)))
    np.testing.assert_array_equal(same.smooth, np.zeros((60, 3)))


def test_points_without_a_neighbour_keep_a_tenth_of_what_they_are() -> None:
    W = np.zeros((5, 5))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = 1
    X = np.arange(10.0).reshape(5, 2)
    graph = Graph.from_affinity(W)
    space = FeatureSpace(X, graph)
    np.testing.assert_allclose(space.smooth, textbook_smooth(space.plain, graph), atol=1e-5)


@pytest.mark.parametrize("X", [NARROW, WIDE, sparse.csr_matrix(NARROW), sparse.csr_matrix(WIDE)])
def test_new_points_at_fitted_ones_lie_where_these_do(X) -> None:
    dense = X.toarray() if sparse.issparse(X) else X
    graph = knn_graph(dense, 8)
    space = FeatureSpace(X, graph)
    inverse = 1 / graph.degrees
    around = (graph.affinity @ space.smooth) * inverse[:, None]
    found = space.of_new(X, around)
    np.testing.assert_allclose(found.plain, space.plain, atol=1e-6)
    # one round more than the fitted points had: they move as little as the last round moved them
    moved = np.linalg.norm(found.smooth - space.smooth, axis=1).mean()
    assert moved < 0.3 * np.linalg.norm(space.smooth, axis=1).mean()
    assert found.plain.dtype == found.smooth.dtype == found.columns().dtype == np.float32
    np.testing.assert_array_equal(found.columns(), space.at(slice(None)).columns())
    n_features = 64 if sparse.issparse(X) else X.shape[1]
    assert found.columns().shape[1] == min(n_features, X.shape[1])


def test_a_space_is_the_same_each_time() -> None:
    X = sparse.csr_matrix(WIDE)
    graph = knn_graph(WIDE, 8)
    first, second = FeatureSpace(X, graph), FeatureSpace(X, graph)
    np.testing.assert_array_equal(first.plain, second.plain)
    np.testing.assert_array_equal(first.smooth, second.smooth)


@pytest.mark.parametrize("rank", [1, 20])
@pytest.mark.parametrize("shape", [(300, 280), (280, 300), (20, 100)])
def test_new_points_are_placed_alike_each_time_where_features_depend_on_each_other(
    rank: int, shape: tuple[int, int]
) -> None:
    X = np.outer(np.arange(shape[0]), np.ones(shape[1]))
    if rank > 1:
        rng = np.random.default_rng(1)
        X = rng.normal(size=(shape[0], rank)) @ rng.normal(size=(rank, shape[1]))
    new = np.random.default_rng(2).normal(size=(5, shape[1]))
    placed = Projection(X).of(new)
    assert placed.shape == (5, min(rank, shape[0] - 1))
    for _ in range(3):
        np.testing.assert_array_equal(Projection(X).of(new), placed)


@pytest.mark.parametrize("shape", [(400, 300), (300, 400)])
def test_directions_are_the_principal_ones(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(3).normal(size=shape) * np.linspace(1, 9, shape[1]) + 5
    centred = X - X.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ directions[:64].T
    expected /= np.sqrt(expected.var(axis=0).sum())
    np.testing.assert_allclose(distances(Projection(X).of(X)), distances(expected), atol=1e-5)


@pytest.mark.parametrize("value", [0.1, 1.1e60, 1e149])
def test_equal_points_are_zeros_whatever_their_size(value: float) -> None:
    X = np.full((31, 3), value)
    np.testing.assert_array_equal(Projection(X).of(X), np.zeros((31, 3)))


def test_a_new_point_too_far_away_for_float32_is_refused_by_its_row() -> None:
    projection = Projection(NARROW)
    assert np.isfinite(projection.of(NARROW * 1e25)).all()
    new = NARROW[:4].copy()
    new[2, 1] = -1e120
    with pytest.raises(InvalidInputError, match=r"from one another: 2 \(counted from 0\)"):
        projection.of(new)


# Ranks


def test_ranks_are_shares_of_points_below_and_equal_values_share_the_middle() -> None:
    points = np.array([[3.0], [1.0], [2.0], [2.0]])
    np.testing.assert_allclose(Ranking(points).of(points)[:, 0], [0.875, 0.125, 0.5, 0.5])
    new = np.array([[-5.0], [2.5], [9.0]])
    np.testing.assert_allclose(Ranking(points).of(new)[:, 0], [0, 0.75, 1])


def test_an_increasing_function_of_a_column_moves_no_rank() -> None:
    points = np.random.default_rng(0).normal(size=(80, 3))
    np.testing.assert_array_equal(
        Ranking(np.exp(5 * points)).of(np.exp(5 * points)), Ranking(points).of(points)
    )


def test_many_features_of_many_points_are_ranked_as_they_are_projected(monkeypatch) -> None:
    graph = knn_graph(WIDE, 8)
    assert FeatureSpace(WIDE, graph).ranks.shape == WIDE.shape
    monkeypatch.setattr("fewlabels.models._members.feature_space._MOST_RANKED", WIDE.size - 1)
    space = FeatureSpace(WIDE, graph)
    assert space.ranks.shape == space.plain.shape
    around = (graph.affinity @ space.smooth) / graph.degrees[:, None]
    np.testing.assert_allclose(space.of_new(WIDE, around).ranks, space.ranks)


def test_new_points_are_smoothed_about_the_same_middle() -> None:
    X = np.vstack([NARROW, NARROW[:20] + RNG.normal(size=(20, 5))])  # so that degrees differ
    graph = knn_graph(X, 8)
    space = FeatureSpace(X, graph)
    W = graph.affinity.toarray().astype(np.float64)
    plain = space.plain.astype(np.float64)
    means = plain.copy()
    for _ in range(15):
        means = 0.9 * W @ means / graph.degrees[:, None] + 0.1 * plain
    middle = means.mean(axis=0)
    assert np.abs(middle).max() > 0.01
    size = np.sqrt(means.var(axis=0).sum())
    found = space.of_new(X[:7], space.smooth[:7]).smooth
    np.testing.assert_allclose(
        found, (0.9 * means[:7] + 0.1 * plain[:7] - middle) / size, atol=1e-4
    )
