"""The forest: what its trees say, of labels left out, and of which labels it comes from."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from fewlabels.graph import knn_graph
from fewlabels.models._members import FeatureSpace, ForestMember, Taught
from tests.gallery import one_hot

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 6))
TRUTH = (X[:, 0] > 0) ^ (X[:, 1] > 0.2)  # columns that tell nothing by themselves
TRUTH = TRUTH.astype(int) + 2 * (X[:, 2] > 1)
GRAPH = knn_graph(X, 10)
NODES = np.sort(RNG.choice(300, 60, replace=False))


def forest(
    nodes: Any = NODES,
    points: Any = X,
    codes: Any = None,
    trust: Any = None,
    n_classes: int = 4,
    most: int = 96,
) -> ForestMember:
    Y = one_hot(TRUTH[nodes] if codes is None else codes, n_classes)
    trust = np.ones(len(nodes)) if trust is None else trust
    space = FeatureSpace(points, GRAPH)
    taught = Taught.of(Y * trust[:, None], most)
    return ForestMember(space, np.asarray(nodes), Y, trust, taught)


def test_distributions_sum_to_one_and_columns_that_tell_only_together_are_heard() -> None:
    found = forest().distributions(slice(None))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    hidden = np.delete(np.arange(300), NODES)
    right = (found.argmax(axis=1) == TRUTH)[hidden].mean()
    line = LogisticRegression().fit(X[NODES], TRUTH[NODES])
    assert right > line.score(X[hidden], TRUTH[hidden]) + 0.05


def test_what_labels_say_are_shares_that_make_the_answer() -> None:
    member = forest()
    Y = one_hot(TRUTH[NODES], 4)
    answers = member.distributions(slice(None))
    for node in range(0, 300, 15):
        said = member.say(node)
        assert said.sum() == pytest.approx(1)
        assert (said >= 0).all()
        shares = 0.95 * (said @ Y) + 0.05 * member.prior
        expected = shares**member.sharpness
        np.testing.assert_allclose(answers[node], expected / expected.sum(), rtol=1e-6)


def test_labels_are_left_out_by_trees_that_did_not_see_them() -> None:
    member = forest()
    weights = member.left_out_weights()
    assert not np.diagonal(weights).any()
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    shares = 0.95 * (weights @ one_hot(TRUTH[NODES], 4)) + 0.05 * member.prior
    expected = shares**member.sharpness
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(member.left_out(), expected, rtol=1e-6)


def test_labels_left_out_are_as_often_right_as_points_without_a_label() -> None:
    member = forest()
    left_out = (member.left_out().argmax(axis=1) == TRUTH[NODES]).mean()
    hidden = np.delete(np.arange(300), NODES)
    answers = member.distributions(hidden)
    assert abs(left_out - (answers.argmax(axis=1) == TRUTH[hidden]).mean()) < 0.15


def test_the_order_of_points_and_the_names_of_classes_make_no_other_trees() -> None:
    expected = forest().distributions(slice(None))
    order = np.random.default_rng(1).permutation(300)
    points, truth = X[order], TRUTH[order]
    nodes = np.flatnonzero(np.isin(order, NODES))
    renamed = np.array([2, 0, 3, 1])
    found = forest(nodes, points, renamed[truth[nodes]]).distributions(slice(None))
    np.testing.assert_allclose(found[:, renamed], expected[order], rtol=1e-9)


def test_the_unit_of_the_features_makes_no_other_trees() -> None:
    expected = forest().distributions(slice(None))
    found = forest(points=X * 1024).distributions(slice(None))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_forest_is_the_same_each_time_and_after_a_pickle() -> None:
    expected = forest().distributions(slice(None))
    np.testing.assert_array_equal(forest().distributions(slice(None)), expected)
    copied = pickle.loads(pickle.dumps(forest()))
    np.testing.assert_array_equal(copied.distributions(slice(None)), expected)


def test_a_label_that_is_hardly_trusted_says_little() -> None:
    trust = np.ones(60)
    trust[0] = 1e-9
    member = forest(trust=trust)
    said = np.array([member.say(node) for node in range(0, 300, 10)])
    assert said[:, 0].mean() < 0.25 * said[:, 1:].mean()  # here and there it is alone in a leaf


def test_one_class_and_one_label_are_answered() -> None:
    for nodes in ([4], [4, 9]):
        member = forest(np.array(nodes), codes=[0] * len(nodes), n_classes=1)
        np.testing.assert_allclose(member.distributions(slice(None)), 1)
        np.testing.assert_allclose(member.left_out(), 1)


def test_more_features_than_are_projected_are_seen_column_by_column() -> None:
    wide = np.hstack([X, np.random.default_rng(2).normal(size=(300, 70))])
    assert FeatureSpace(wide, GRAPH).at(slice(None)).columns().shape == wide.shape
    found = forest(points=wide).distributions(slice(None))
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_of_many_labels_those_that_it_never_saw_are_answered_as_all_others(monkeypatch) -> None:
    monkeypatch.setattr("fewlabels.models._members.forest_member.MOST_LABELS", 40)
    member = forest(most=30)
    weights, found = member.left_out_weights(), member.left_out()
    unseen = ~weights.any(axis=0)
    assert unseen.sum() >= 20
    never = ~weights.any(axis=1)
    np.testing.assert_allclose(found[never], member.distributions(NODES[never]))


def test_blocks_of_rows_are_of_no_account(monkeypatch) -> None:
    expected = forest().distributions(slice(None))
    monkeypatch.setattr("fewlabels.models._forest._BLOCK_NUMBERS", 7 * 6)
    np.testing.assert_array_equal(forest().distributions(slice(None)), expected)


@pytest.mark.parametrize("r", [1.0, 2, 5, 20])
def test_a_forest_is_trusted_the_more_labels_a_class_has(r: float) -> None:
    nodes = np.arange(int(4 * r))
    assert forest(nodes, codes=nodes % 4).prior_weight == pytest.approx(1.4 * (r - 1) / (r + 3))


def test_a_class_of_little_trust_has_its_part_of_the_prior() -> None:
    codes = np.repeat([0, 1], 30)
    codes[:2] = 3
    trust = np.where(codes == 3, 0.2, 1.0)
    found = forest(codes=codes, trust=trust).prior
    expected = np.array([28 + 1, 30 + 1, 0, 0.4 + 1])
    np.testing.assert_allclose(found, expected / expected.sum())
