"""The dense graph of the radial basis function kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewlabels.exceptions import InvalidInputError, InvalidTypeError, NotEnoughMemoryError
from fewlabels.graph import rbf_graph
from tests.strategies import features


def _kernel(X: Any, gamma: float) -> np.ndarray:
    X = np.asarray(X, dtype=np.float64)
    weights = np.array([[np.exp(-gamma * np.sum((x - y) ** 2)) for y in X] for x in X])
    np.fill_diagonal(weights, 0)
    return weights


@given(X=features(), gamma=st.sampled_from([0.0, 1e-3, 0.25, 1.0, 20.0]))
def test_weights_are_those_of_the_formula(X: np.ndarray, gamma: float) -> None:
    graph = rbf_graph(X, gamma)
    weights = graph.affinity
    assert graph.is_dense
    assert weights.dtype == np.float64
    # squared distances of up to 1e5 are rounded by 1e-11, and gamma is up to 20
    np.testing.assert_allclose(weights, _kernel(X, gamma), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(weights, weights.T)
    assert not weights.diagonal().any()
    assert graph.build_info["gamma"] == gamma
    assert graph.build_info["asymmetry"] == 0


def test_gamma_zero_joins_all_with_weight_one() -> None:
    graph = rbf_graph([[0.0], [3.0], [100.0]], gamma=0)
    np.testing.assert_array_equal(graph.affinity, 1 - np.eye(3))


def test_one_point_has_no_neighbour() -> None:
    graph = rbf_graph([[1.0]])
    np.testing.assert_array_equal(graph.affinity, [[0]])
    assert graph.n_edges == 0


def test_gamma_is_20_by_default() -> None:
    assert rbf_graph([[0.0], [0.1]]).affinity[0, 1] == pytest.approx(np.exp(-0.2))


@pytest.mark.parametrize(
    ("given_dtype", "asked", "held"),
    [
        (np.float32, None, np.float32),
        (np.float64, None, np.float64),
        (np.int64, None, np.float64),
        (np.float16, None, np.float64),
        (np.float64, np.float32, np.float32),
        (np.float32, "float64", np.float64),
    ],
)
def test_the_dtype_is_that_of_the_features_or_the_one_asked_for(
    given_dtype: type, asked: Any, held: type
) -> None:
    X = np.array([[0, 1], [1, 1], [2, 0]])
    graph = rbf_graph(X.astype(given_dtype), 0.5, dtype=asked)
    assert graph.dtype == held
    np.testing.assert_allclose(graph.affinity, _kernel(X, 0.5), rtol=1e-6)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.coo_matrix, pd.DataFrame, list])
def test_every_kind_of_features_gives_the_same_graph(container: Any) -> None:
    X = np.array([[0.0, 1], [1, 1], [2, 0]])
    found = rbf_graph(container(X.tolist() if container is list else X), 0.5)
    np.testing.assert_allclose(found.affinity, _kernel(X, 0.5), rtol=1e-14)


@pytest.mark.parametrize("offset", [1e6, 1e8])
def test_moving_all_points_far_away_changes_no_weight(offset: float) -> None:
    X = np.round(np.random.default_rng(0).normal(size=(40, 10)) * 2**10) / 2**10
    # what is left is the rounding of X + offset, which these numbers don't have
    np.testing.assert_allclose(rbf_graph(X + offset, 0.5).affinity, _kernel(X, 0.5), rtol=1e-11)


def test_far_points_of_one_class_do_not_blur_duplicates() -> None:
    X = np.vstack([np.random.default_rng(0).normal(size=(5, 20))] * 2)
    weights = rbf_graph(X, 1.0).affinity
    np.testing.assert_allclose(weights[np.arange(5), np.arange(5, 10)], 1, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_too_small_for_their_dtype_are_zero(dtype: type) -> None:
    graph = rbf_graph(np.array([[0.0], [9.35], [26.8]], dtype=dtype), 1.0)
    smallest = graph.affinity[graph.affinity > 0].min(initial=1)
    assert smallest >= np.finfo(dtype).tiny
    assert graph.n_edges == (0 if dtype is np.float32 else 2)


def test_the_matrix_is_refused_before_it_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fewlabels._memory.available_memory", lambda: 10**9)
    X = np.zeros((10**6, 1))
    with pytest.raises(NotEnoughMemoryError, match=r"1,000,000 points needs 16 TB.*Use knn_graph"):
        rbf_graph(X)
    with pytest.raises(MemoryError, match="8 TB"):
        rbf_graph(X.astype(np.float32))


def test_the_weights_refuse_to_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        rbf_graph([[0.0], [1.0]]).affinity[0, 1] = 2


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"gamma": -1}, InvalidInputError, "gamma must be finite and at least 0, got -1.0"),
        ({"gamma": float("inf")}, InvalidInputError, "gamma must be finite"),
        ({"gamma": "scale"}, InvalidTypeError, "gamma must be a number"),
        ({"dtype": np.int32}, InvalidInputError, "float32, float64 or None, got int32"),
        ({"dtype": "no dtype"}, InvalidTypeError, "float32, float64 or None"),
        ({"X": [[np.nan], [1.0]]}, InvalidInputError, "counted from 0: 0"),
        ({"X": [[1e200], [1.0]]}, InvalidInputError, "Scale them"),
        ({"X": rbf_graph([[1.0]])}, InvalidTypeError, "Graph already"),
    ],
)
def test_what_cannot_be_used_is_refused(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        rbf_graph(**({"X": [[0.0], [1.0]]} | settings))
