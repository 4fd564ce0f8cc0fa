"""The nearest neighbours against every distance computed one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from threadpoolctl import threadpool_limits

from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Neighbors, find_neighbors
from tests.graph import brute_force
from tests.strategies import features

METRICS = ("euclidean", "cosine", "inner_product", "manhattan")


def _normal(n_samples: int, n_features: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_samples, n_features))


def _assert_valid(found: Neighbors, n_samples: int, k: int) -> None:
    assert found.indices.shape == found.distances.shape == (n_samples, k)
    assert found.indices.dtype == np.intp
    assert found.distances.dtype == np.float64
    for i, row in enumerate(found.indices):
        assert len(set(row.tolist()) - {i}) == k  # others, each of them once
    assert (np.diff(found.distances, axis=1) >= 0).all()
    tied = np.diff(found.distances, axis=1) == 0
    assert (np.diff(found.indices, axis=1)[tied] > 0).all()


@pytest.mark.parametrize("n_features", [2, 20])
@pytest.mark.parametrize("layout", ["dense", "csr"])
@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_are_those_of_the_definition(metric: str, layout: str, n_features: int) -> None:
    X = _normal(60, n_features)
    expected_indices, expected_distances = brute_force.nearest(X, 7, metric)
    found = find_neighbors(sparse.csr_array(X) if layout == "csr" else X, 7, metric=metric)
    _assert_valid(found, 60, 7)
    np.testing.assert_array_equal(found.indices, expected_indices)
    # relative to 1: the cosine is a difference of numbers of that size
    np.testing.assert_allclose(found.distances, expected_distances, rtol=1e-12, atol=1e-14)


@given(
    X=features(min_samples=2, integers=True),
    k=st.integers(1, 5),
    metric=st.sampled_from(METRICS),
    layout=st.sampled_from(["dense", "csr"]),
)
def test_distances_are_the_smallest_even_among_ties_and_duplicates(
    X: np.ndarray, k: int, metric: str, layout: str
) -> None:
    k = min(k, len(X) - 1)
    found = find_neighbors(sparse.csr_array(X) if layout == "csr" else X, k, metric=metric)
    _assert_valid(found, len(X), k)
    _, expected = brute_force.nearest(X, k, metric)
    # of integers all is exact, but 1 - cos, which is rounded relative to 1
    tolerance = {"rtol": 1e-13, "atol": 1e-14 if metric == "cosine" else 0}
    np.testing.assert_allclose(found.distances, expected, **tolerance)
    all_distances = brute_force.distances(X, metric)
    of_pairs = np.take_along_axis(all_distances, found.indices, axis=1)
    np.testing.assert_allclose(found.distances, of_pairs, **tolerance)


@given(X=features(min_samples=2), metric=st.sampled_from(["euclidean", "cosine"]))
def test_exact_duplicates_are_at_exactly_zero(X: np.ndarray, metric: str) -> None:
    doubled = np.vstack([X, X])
    found = find_neighbors(doubled, 1, metric=metric)
    np.testing.assert_array_equal(found.distances, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [1e6, 1e8])
@pytest.mark.parametrize("n_features", [2, 20, 100])
def test_far_from_the_origin_duplicates_stay_duplicates(
    offset: float, n_features: int, dtype: type
) -> None:
    X = _normal(60, n_features) * 100
    X = (np.vstack([X, X]) + offset).astype(dtype)
    found = find_neighbors(X, 1)
    np.testing.assert_array_equal(found.indices[:, 0], np.roll(np.arange(120), 60))
    np.testing.assert_array_equal(found.distances, 0)


@pytest.mark.parametrize("n_features", [2, 20, 100])
def test_moving_all_points_far_away_changes_no_neighbour(n_features: int) -> None:
    X = np.round(_normal(80, n_features) * 2**20) / 2**20  # exact after the move, too
    near, far = find_neighbors(X, 5), find_neighbors(X + 2.0**27, 5)
    np.testing.assert_array_equal(near.indices, far.indices)
    np.testing.assert_array_equal(near.distances, far.distances)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e140])
def test_directions_do_not_depend_on_the_lengths(scale: float) -> None:
    X = _normal(30, 3)
    expected = find_neighbors(X, 4, metric="cosine")
    scaled = find_neighbors(X * scale, 4, metric="cosine")
    np.testing.assert_array_equal(scaled.indices, expected.indices)
    np.testing.assert_allclose(scaled.distances, expected.distances, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("layout", ["dense", "csr"])
def test_zero_rows_are_at_cosine_distance_one_from_others_and_zero_from_each_other(
    layout: str,
) -> None:
    X = np.array([[0.0, 0], [1, 0], [0, 0], [0, 2], [-3, 0]])
    found = find_neighbors(sparse.csr_array(X) if layout == "csr" else X, 4, metric="cosine")
    np.testing.assert_array_equal(found.indices[0], [2, 1, 3, 4])
    # the length of a difference, squared and halved
    np.testing.assert_allclose(found.distances[0], [0, 1, 1, 1], rtol=1e-15)
    np.testing.assert_array_equal(found.indices[1], [0, 2, 3, 4])
    np.testing.assert_allclose(found.distances[1], [1, 1, 1, 2], rtol=1e-15)


def test_the_largest_products_are_nearest() -> None:
    X = np.array([[1.0, 0], [3, 0], [0, 2], [2, 2]])
    found = find_neighbors(X, 2, metric="inner_product")
    np.testing.assert_array_equal(found.indices, [[1, 3], [3, 0], [3, 0], [1, 2]])
    np.testing.assert_allclose(found.distances[0] ** 2, [2 * (9 - 3), 2 * (9 - 2)])


def test_a_function_of_two_points_is_a_metric() -> None:
    def largest_difference(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.abs(x - y).max())

    X = _normal(30, 3)
    by_function = find_neighbors(X, 4, metric=largest_difference)
    by_name = find_neighbors(X, 4, metric="chebyshev")
    np.testing.assert_array_equal(by_function.indices, by_name.indices)
    np.testing.assert_allclose(by_function.distances, by_name.distances, rtol=1e-14)


@pytest.mark.parametrize("n_features", [2, 20])
@pytest.mark.parametrize("metric", METRICS)
def test_ties_do_not_depend_on_jobs_or_threads(metric: str, n_features: int) -> None:
    largest = 12 if n_features == 2 else 2
    X = np.random.default_rng(0).integers(0, largest, size=(1500, n_features)).astype(float)
    results = []
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads):
            results += [find_neighbors(X, 5, metric=metric, n_jobs=jobs) for jobs in (None, 2)]
    for result in results[1:]:
        np.testing.assert_array_equal(result.indices, results[0].indices)
        np.testing.assert_array_equal(result.distances, results[0].distances)


@pytest.mark.parametrize("metric", METRICS)
def test_more_points_than_are_searched_at_once(
    metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X = _normal(50, 3)
    whole = find_neighbors(X, 4, metric=metric)
    monkeypatch.setattr("fewlabels.graph.search._exact._ROWS_AT_ONCE", 7)
    monkeypatch.setattr("fewlabels.graph.search._exact._BYTES_AT_ONCE", 8 * 50 * 3)
    in_blocks = find_neighbors(X, 4, metric=metric)
    np.testing.assert_array_equal(in_blocks.indices, whole.indices)
    np.testing.assert_allclose(in_blocks.distances, whole.distances, rtol=1e-12)


@pytest.mark.parametrize("metric", METRICS)
def test_progress_goes_to_standard_error_only(
    metric: str, capsys: pytest.CaptureFixture[str]
) -> None:
    X = _normal(20, 3)
    silent = find_neighbors(X, 2, metric=metric)
    assert capsys.readouterr() == ("", "")
    shown = find_neighbors(X, 2, metric=metric, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "neighbours" in err
    assert "20/20" in err
    np.testing.assert_array_equal(shown.indices, silent.indices)


@pytest.mark.parametrize(
    ("X", "metric", "message"),
    [
        ([[1.0, 1, 1], [1, 2, 3], [3, 1, 0]], "correlation", "NaN or infinite, first at row 0"),
        ([[1.0, 1, 1], [1, 2, 3], [3, 1, 0]], "haversine", "'haversine' can't be used on this X"),
    ],
)
def test_a_metric_that_does_not_fit_the_points_is_an_error(
    X: Any, metric: str, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        find_neighbors(np.array(X), 1, metric=metric)


def test_a_metric_without_a_sparse_form_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="'chebyshev' can't be used on this X"):
        find_neighbors(sparse.csr_array(np.eye(4)), 1, metric="chebyshev")


def test_an_error_of_the_users_own_metric_is_passed_on() -> None:
    def broken(x: np.ndarray, y: np.ndarray) -> float:
        raise ValueError("my own mistake")

    with pytest.raises(ValueError, match="my own mistake") as caught:
        find_neighbors(_normal(5, 2), 1, metric=broken)
    assert not isinstance(caught.value, (InvalidInputError, InvalidTypeError))


@pytest.mark.parametrize("metric", ["euclidean", "inner_product", "manhattan"])
@pytest.mark.parametrize("exact", [True, False])
def test_a_function_is_told_the_share_that_is_done(metric, exact) -> None:
    X = np.random.default_rng(0).normal(size=(5000, 20)) @ np.ones((20, 20))
    shares: list[float] = []
    find_neighbors(X, 3, metric=metric, exact=exact, progress=shares.append)
    assert len(shares) >= 1
    assert shares == sorted(shares)
    assert shares[-1] == 1
