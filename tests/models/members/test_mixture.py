"""Several members as one model: their weights, and what is said of points and of labels."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.linear_model import LogisticRegression

from fewlabels._labels import encode_labels
from fewlabels.graph import Graph, knn_graph
from fewlabels.models._members import (
    Absorbing,
    ClassMeans,
    FeatureSpace,
    ForestMember,
    KernelMember,
    Mixture,
    Taught,
)
from fewlabels.models._members.settling import settled
from tests.gallery import clustered, one_hot

X, TRUTH = make_blobs(150, centers=3, n_features=4, cluster_std=2.5, random_state=1)
SETTINGS: dict[str, Any] = {"solver": "auto", "tol": 1e-8, "max_iter": 10_000, "verbose": False}
GRAPH = knn_graph(X, 10)


def labels_of(n_each: int) -> np.ndarray:
    y = np.full(150, -1)
    for c in range(3):
        y[np.flatnonzero(c == TRUTH)[:n_each]] = c
    return y


def mixed(
    y: np.ndarray,
    *,
    graph: Graph = GRAPH,
    features: Any = X,
    equal_masses: bool = True,
    prior: Any = None,
) -> Mixture:
    labels = encode_labels(y)
    nodes = np.flatnonzero(labels.labelled)
    Y = labels.label_matrix(nodes=nodes)
    taught, members = Taught.of(Y, 96), []
    if features is not None:
        given = FeatureSpace(features, graph), nodes, Y, np.ones(len(nodes)), taught
        members = [KernelMember(*given), ForestMember(*given)]
    n_classes = len(labels.classes)
    return Mixture(
        [ClassMeans(graph, labels, **SETTINGS), Absorbing(graph, labels, **SETTINGS)],
        members,
        Y,
        taught,
        np.flatnonzero(~labels.labelled),
        np.full(n_classes, 1 / n_classes) if prior is None else prior,
        equal_masses=equal_masses,
    )


def of_features(mixture: Mixture) -> float:
    """What the members that listen to features weigh together."""
    return mixture.weights["features"] + mixture.weights["forest"]


@pytest.mark.parametrize("n_each", [1, 3, 10, 50])
@pytest.mark.parametrize("features", [X, None], ids=["features", "graph alone"])
def test_answers_are_distributions_and_weights_sum_to_one(n_each: int, features: Any) -> None:
    mixture = mixed(labels_of(n_each), features=features)
    found = mixture.distributions()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert (found > 0).all()
    assert sum(mixture.weights.values()) == pytest.approx(1)
    assert ("features" in mixture.weights) == (features is not None)
    assert bool(mixture.kinds()) == (features is not None)


def test_without_labels_to_leave_out_weights_are_the_prior_ones() -> None:
    first = mixed(labels_of(1))
    other = labels_of(1)
    swapped = [np.flatnonzero(c == other)[0] for c in (0, 1)]
    other[swapped] = other[swapped[::-1]]  # two labels are wrong, and nothing can tell
    assert first.weights == mixed(other).weights
    assert first.left_out().shape == (3, 3)


def test_a_member_that_is_right_gains_weight_and_one_that_is_wrong_loses() -> None:
    y = labels_of(15)
    nothing = np.random.default_rng(0).normal(size=(150, 4))
    good, bad = of_features(mixed(y)), of_features(mixed(y, features=nothing))
    assert good > bad + 0.2
    # a graph of points that have nothing to do with the classes
    blind = of_features(mixed(y, graph=knn_graph(nothing, 10)))
    assert blind > good
    assert blind > 0.8


def test_members_on_the_graph_speak_twice_only_where_masses_are_made_equal() -> None:
    assert any("equal classes" in name for name in mixed(labels_of(2)).weights)
    without = mixed(labels_of(2), equal_masses=False).weights
    assert not any("equal classes" in name for name in without)


def test_where_no_label_reaches_features_alone_answer_or_else_the_prior() -> None:
    W = np.zeros((150, 150))
    dense = GRAPH.affinity.toarray()
    W[:140, :140] = dense[:140, :140]
    graph = Graph.from_affinity(W)
    y = labels_of(4)
    y[140:] = -1
    prior = np.array([0.5, 0.3, 0.2])
    alone = mixed(y, graph=graph, features=None, prior=prior)
    np.testing.assert_allclose(alone.distributions()[145], prior)
    both = mixed(y, graph=graph, prior=prior)
    assert not both.graph_part[140:].any()
    answers = both.distributions()[140:].argmax(axis=1)
    assert (answers == TRUTH[140:]).mean() > 0.7


def test_left_out_answers_are_distributions_that_do_not_know_their_labels() -> None:
    y = labels_of(5)
    node = np.flatnonzero(y == 0)[0]
    wrong = y.copy()
    wrong[node] = 2
    place = int(np.searchsorted(np.flatnonzero(y >= 0), node))
    found, other = mixed(y).left_out(), mixed(wrong).left_out()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert found[place].argmax() == other[place].argmax() == 0


def test_what_labels_say_sums_over_the_members_by_their_weights() -> None:
    mixture = mixed(labels_of(5))
    graph_only = mixed(labels_of(5), features=None)
    np.testing.assert_allclose(graph_only.say(100).sum(), 1, rtol=1e-3)
    said = mixture.say(100)
    assert said.shape == (15,)
    assert np.isfinite(said).all()
    weights = graph_only.left_out_weights()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    assert not np.diagonal(mixture.left_out_weights()).any()


def test_a_mixture_is_the_same_each_time_and_after_a_pickle() -> None:
    first, second = mixed(labels_of(5)), mixed(labels_of(5))
    np.testing.assert_array_equal(first.distributions(), second.distributions())
    copied = pickle.loads(pickle.dumps(first))
    np.testing.assert_array_equal(copied.distributions(), first.distributions())
    np.testing.assert_array_equal(copied.left_out(), first.left_out())


def test_more_labels_than_members_are_weighed_among(monkeypatch) -> None:
    monkeypatch.setattr("fewlabels.models._members.among._MOST_LABELS", 150)
    monkeypatch.setattr("fewlabels.models._members.kernel_member.MOST_LABELS", 250)
    points, truth = make_blobs(700, centers=2, n_features=3, cluster_std=2.0, random_state=0)
    graph = knn_graph(points, 8)
    y = np.where(np.arange(700) < 400, truth, -1)
    mixture = mixed(y, graph=graph, features=points)
    found = mixture.distributions()[400:]
    peer = LogisticRegression().fit(points[:400], truth[:400])
    right = (found.argmax(axis=1) == truth[400:]).mean()
    assert right > peer.score(points[400:], truth[400:]) - 0.02
    left_out = mixture.left_out()
    assert left_out.shape == (400, 2)
    np.testing.assert_allclose(left_out.sum(axis=1), 1, rtol=1e-6)


# Self-training of many points


def test_few_points_are_left_as_they_are() -> None:
    Q = np.random.default_rng(0).dirichlet(np.ones(3), 150)
    found = settled(GRAPH, Q.copy(), np.array([0]), np.eye(3)[:1], 0.5)
    np.testing.assert_array_equal(found, Q)


def test_many_points_agree_with_those_around_them_and_are_as_sure_as_before() -> None:
    size = 5_500
    graph = clustered(size, 1.0)
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], size)
    strength = rng.normal(0.7, 1.0, 2 * size)
    Q = np.where(one_hot(truth, 2) > 0, 1, 0) * strength[:, None]
    Q = np.exp(Q) / np.exp(Q).sum(axis=1, keepdims=True)
    before = Q.copy()
    nodes = np.array([0, size])
    found = settled(graph, Q, nodes, np.eye(2), 0.0)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(found[nodes], np.eye(2))
    right, was = ((each.argmax(axis=1) == truth).mean() for each in (found, before))
    assert right > was + 0.1
    rest = np.setdiff1d(np.arange(2 * size), nodes)
    assert found[rest].max(axis=1).mean() == pytest.approx(before.max(axis=1).mean(), abs=0.02)


def test_of_many_points_those_that_nothing_was_said_of_stay_silent() -> None:
    graph = clustered(5_500, 1.0)
    Q = np.tile([0.6, 0.4], (11_000, 1))
    Q[7] = 0
    found = settled(graph, Q, np.array([0]), np.array([[1.0, 0.0]]), 1.0)
    assert not found[7].any()
    assert np.isfinite(found).all()
