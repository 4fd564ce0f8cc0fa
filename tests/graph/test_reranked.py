"""Graphs of neighbours that features find, and a finer distance puts into order."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.features import ImageDistortion, OrientedGradients, Points
from fewlabels.graph import _reranked, find_neighbors, knn_graph, shared_neighbor_graph
from fewlabels.graph._reranked import CANDIDATES, find_reranked

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
HIDDEN = RNG.normal(size=(150, 2))


class Hidden:
    """Distances of what the features don't show."""

    def __init__(self, points: np.ndarray = HIDDEN) -> None:
        self.points = points

    def between(self, rows, candidates) -> np.ndarray:
        return np.linalg.norm(self.points[rows][:, None] - self.points[candidates], axis=2)


class Returning:
    def __init__(self, found: object) -> None:
        self.found = found

    def between(self, rows, candidates) -> object:
        return self.found


def by_definition(k: int, n_candidates: int) -> np.ndarray:
    """Return the k nearest by the hidden distance of the nearest by features."""
    by_features = np.linalg.norm(X[:, None] - X, axis=2)
    np.fill_diagonal(by_features, np.inf)
    found = np.empty((len(X), k), dtype=int)
    for i, row in enumerate(by_features):
        candidates = np.sort(np.argsort(row)[:n_candidates])
        found[i] = candidates[
            np.argsort(np.linalg.norm(HIDDEN[candidates] - HIDDEN[i], axis=1))[:k]
        ]
    return found


@pytest.mark.parametrize(("k", "n_candidates"), [(5, CANDIDATES), (40, 80), (149, 149)])
def test_neighbours_are_the_nearest_of_the_nearest(k, n_candidates) -> None:
    found, by_features = find_reranked(X, k, Hidden())
    np.testing.assert_array_equal(found.indices, by_definition(k, n_candidates))
    rows = np.arange(len(X))
    np.testing.assert_allclose(found.distances, Hidden().between(rows, found.indices))
    np.testing.assert_allclose(by_features[:, :k], find_neighbors(X, k).distances)


def test_a_distance_says_how_many_it_compares() -> None:
    few = Hidden()
    few.n_candidates = 20
    found, _ = find_reranked(X, 5, few)
    np.testing.assert_array_equal(found.indices, by_definition(5, 20))
    found, _ = find_reranked(X, 15, few)  # of twice as many as asked for at least
    np.testing.assert_array_equal(found.indices, by_definition(15, 30))


def test_without_a_distance_neighbours_are_those_of_the_features() -> None:
    found, by_features = find_reranked(X, 5, None)
    np.testing.assert_array_equal(found.indices, find_neighbors(X, 5).indices)
    np.testing.assert_array_equal(by_features, found.distances)


def test_blocks_change_nothing(monkeypatch) -> None:
    whole, _ = find_reranked(X, 5, Hidden())
    monkeypatch.setattr(_reranked, "_PAIRS", 7 * CANDIDATES)
    parts, _ = find_reranked(X, 5, Hidden())
    np.testing.assert_array_equal(whole.indices, parts.indices)
    np.testing.assert_array_equal(whole.distances, parts.distances)


@pytest.mark.parametrize("make", [knn_graph, shared_neighbor_graph])
def test_a_distance_that_is_that_of_the_features_changes_no_graph(make) -> None:
    plain, found = make(X, 10), make(X, 10, distance=Hidden(X))
    np.testing.assert_array_equal(found.affinity.indices, plain.affinity.indices)
    np.testing.assert_allclose(found.affinity.data, plain.affinity.data, rtol=1e-5)
    np.testing.assert_allclose(found.local_scales, plain.local_scales)
    assert found.build_info["distance"] == "Hidden"
    assert "distance" not in plain.build_info


@pytest.mark.parametrize("make", [knn_graph, shared_neighbor_graph])
def test_edges_and_weights_are_by_the_distance_and_scales_by_the_features(make) -> None:
    # Of 50 points all the others are candidates, so that features have no say.
    found, plain = make(X[:50], 5, distance=Hidden(HIDDEN[:50])), make(HIDDEN[:50], 5)
    np.testing.assert_array_equal(found.affinity.indices, plain.affinity.indices)
    np.testing.assert_allclose(found.affinity.data, plain.affinity.data, rtol=1e-5)
    np.testing.assert_allclose(found.local_scales, make(X[:50], 5).local_scales)


@pytest.mark.parametrize("make", [knn_graph, shared_neighbor_graph])
def test_points_bring_their_distance_and_one_that_is_given_counts(make) -> None:
    points = Points(X, "array", distance=Hidden())
    expected = make(X, 5, distance=Hidden()).affinity
    assert (make(points, 5).affinity != expected).nnz == 0
    other = make(points, 5, distance=Hidden(X)).affinity
    assert (other != make(X, 5, distance=Hidden(X)).affinity).nnz == 0
    assert (make(Points(X, "array"), 5).affinity != make(X, 5).affinity).nnz == 0


@pytest.mark.parametrize("make", [knn_graph, shared_neighbor_graph])
def test_progress_never_falls_and_ends_at_1(make) -> None:
    told: list[float] = []
    make(X, 5, distance=Hidden(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_single_point_has_no_neighbours() -> None:
    assert knn_graph(X[:1], distance=Hidden()).n_edges == 0
    assert shared_neighbor_graph(X[:1], distance=Hidden()).n_edges == 0


@pytest.mark.parametrize("make", [knn_graph, shared_neighbor_graph])
def test_what_compares_nothing_is_refused(make) -> None:
    with pytest.raises(InvalidTypeError, match=r"between\(rows, candidates\).*'cosine'"):
        make(X, distance="cosine")


@pytest.mark.parametrize(
    "found",
    [
        np.ones((150, 3)),
        np.ones((150, CANDIDATES), dtype=int),
        np.full((150, CANDIDATES), -1.0),
        np.full((150, CANDIDATES), np.nan),
    ],
)
def test_what_are_no_distances_is_refused(found) -> None:
    with pytest.raises(InvalidInputError, match=r"Returning.between must return .* returned"):
        knn_graph(X, distance=Returning(found))


def test_digits_are_read_better_and_new_ones_by_their_features() -> None:
    images, truth = load_digits(return_X_y=True)
    features = OrientedGradients().fit_transform(images[:700])
    graph = shared_neighbor_graph(features[:600], distance=ImageDistortion().fit(images[:600]))
    y = np.where(np.arange(600) < 30, truth[:600], -1)
    model = FewLabelsClassifier()
    plain = np.mean(model.fit(features[:600], y).transduction_ == truth[:600])
    finer = model.fit(features[:600], y, graph=graph)
    assert np.mean(finer.transduction_ == truth[:600]) > plain
    assert np.mean(finer.predict(features[600:]) == truth[600:700]) > 0.9
    assert np.mean(finer.doubt(features[600:]) == "unlike the rest") < 0.1
