"""The bank of kernel ridge classifiers: labels left out, reasons, and which columns count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from fewlabels._way import giving_way
from fewlabels.graph import knn_graph
from fewlabels.models._members import FeatureSpace, KernelMember, Taught, kernel_member
from fewlabels.models._members.kernel_member import relevances
from fewlabels.solvers import _threads
from tests.gallery import one_hot

X, TRUTH = make_blobs(150, centers=3, n_features=4, cluster_std=2.5, random_state=1)
SPACE = FeatureSpace(X, knn_graph(X, 10))
NODES = np.concatenate([np.flatnonzero(c == TRUTH)[:6] for c in range(3)])
NODES.sort()


def bank(
    nodes: Any = NODES, codes: Any = None, space: FeatureSpace = SPACE, n_classes: int = 3
) -> KernelMember:
    Y = one_hot(TRUTH[nodes] if codes is None else codes, n_classes)
    return KernelMember(space, np.asarray(nodes), Y, np.ones(len(nodes)), Taught.of(Y, 96))


def test_distributions_sum_to_one_and_mostly_hold_the_truth() -> None:
    found = bank().distributions(slice(None))
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert (found >= 0).all()
    assert (found.argmax(axis=1) == TRUTH).mean() > 0.9


def test_kinds_are_shares_of_the_bank() -> None:
    kinds = bank().kinds()
    assert sum(kinds.values()) == pytest.approx(1)
    assert all(share > 0 for share in kinds.values())


def test_labels_left_out_are_near_to_a_bank_without_them() -> None:
    member = bank()
    found = member.left_out()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    for place, node in enumerate(NODES[:6]):
        rest = np.delete(NODES, place)
        expected = bank(rest).distributions(np.array([node]))[0]
        # relevances, sharpness and weights are those of all labels
        np.testing.assert_allclose(found[place], expected, atol=0.25)
        assert found[place].argmax() == expected.argmax()


def test_what_labels_say_adds_up_to_scores_that_order_the_classes_alike() -> None:
    member = bank()
    Y = one_hot(TRUTH[NODES], 3)
    answers = member.distributions(slice(None))
    said = np.array([member.say(node) @ Y for node in range(150)])
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    assert (said.argmax(axis=1) == answers.argmax(axis=1)).mean() > 0.97


def test_left_out_weights_tell_what_left_out_answers_come_from() -> None:
    member, Y = bank(), one_hot(TRUTH[NODES], 3)
    weights = member.left_out_weights()
    assert not np.diagonal(weights).any()
    said = weights @ Y
    np.testing.assert_array_equal(said.argmax(axis=1), member.left_out().argmax(axis=1))


def test_a_class_without_a_label_is_no_answer() -> None:
    member = bank(n_classes=4)
    assert not member.distributions(slice(None))[:, 3].any()
    assert not member.left_out()[:, 3].any()


def test_one_class_and_one_label_are_answered() -> None:
    np.testing.assert_allclose(bank(np.array([4]), [0], n_classes=1).distributions(slice(None)), 1)
    np.testing.assert_allclose(bank(np.array([4, 9]), [0, 0], n_classes=1).left_out(), 1)


def test_of_many_labels_those_that_it_never_saw_are_answered_as_all_others(monkeypatch) -> None:
    monkeypatch.setattr("fewlabels.models._members.kernel_member.MOST_LABELS", 20)
    nodes = np.arange(60)
    Y = one_hot(TRUTH[nodes], 3)
    member = KernelMember(SPACE, nodes, Y, np.ones(60), Taught.of(Y, 10))
    found = member.left_out()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    weights = member.left_out_weights()
    assert weights.shape == (60, 60)
    unseen = ~weights.any(axis=0)
    assert unseen.sum() == 40
    np.testing.assert_allclose(found[unseen], member.distributions(nodes[unseen]))
    assert member.say(100).shape == (60,)
    assert not member.say(100)[unseen].any()


def test_blocks_of_rows_are_of_no_account(monkeypatch) -> None:
    member = bank()
    expected = member.distributions(slice(None))
    monkeypatch.setattr("fewlabels.models._members.kernel_member._BLOCK_NUMBERS", 7 * len(NODES))
    np.testing.assert_allclose(member.distributions(slice(None)), expected, rtol=1e-5)


def test_labels_that_are_trusted_less_say_less() -> None:
    Y, trust = one_hot(TRUTH[NODES], 3), np.ones(len(NODES))
    trust[0] = 1e-6
    member = KernelMember(SPACE, NODES, Y, trust, Taught.of(Y * trust[:, None], 96))
    said = np.abs(np.array([member.say(node) for node in range(0, 150, 10)]))
    assert said[:, 0].max() < 1e-3 * said[:, 1:].max()


def test_points_that_are_all_alike_and_a_single_column_are_answered() -> None:
    for same in (np.zeros((150, 3)), X[:, :1], np.repeat(X[:50], 3, axis=0)):
        space = FeatureSpace(same, knn_graph(X, 10))
        found = bank(space=space).distributions(slice(None))
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


# Which columns count


def test_columns_that_tell_the_classes_apart_count_for_more() -> None:
    rng = np.random.default_rng(0)
    codes = np.arange(60) % 2
    points = rng.normal(size=(60, 5))
    points[:, 0] += 6 * codes
    found = relevances(points, one_hot(codes, 2), points.var(axis=0))
    assert found[0] > 2 * found[1:].max()
    assert (found > 0).all()


def test_relevances_are_one_on_average_by_variance() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(30, 4)) * [1, 2, 3, 0.1]
    variances = points.var(axis=0)
    found = relevances(points, one_hot(np.arange(30) % 3, 3), variances)
    assert found @ variances == pytest.approx(variances.sum(), rel=1e-5)


def test_with_few_labels_all_columns_count_nearly_alike() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(4, 6))
    np.testing.assert_array_equal(
        relevances(points[:2], one_hot([0, 1], 2), np.ones(6)), np.ones(6)
    )
    few = relevances(points, one_hot([0, 0, 1, 1], 2), np.ones(6))
    assert few.max() / few.min() < 2.5


def test_constant_columns_have_a_finite_relevance() -> None:
    points = np.random.default_rng(3).normal(size=(20, 3))
    points[:, 1] = 4.0
    found = relevances(points, one_hot(np.arange(20) % 2, 2), points.var(axis=0))
    assert np.isfinite(found).all()
    everything = relevances(np.zeros((20, 3)), one_hot(np.arange(20) % 2, 2), np.zeros(3))
    assert np.isfinite(everything).all()


def test_one_class_around_another_is_told_apart_by_few_labels() -> None:
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 2
    points = rng.normal(size=(300, 12)) * np.where(truth, 1, 2)[:, None]
    nodes = np.arange(20)
    member = bank(nodes, truth[nodes], FeatureSpace(points, knn_graph(points, 10)), n_classes=2)
    answers = member.distributions(np.arange(20, 300)).argmax(axis=1)
    assert (answers == truth[20:]).mean() > 0.8


def test_it_gives_way_between_blocks_whose_number_of_cores_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    member, asked = bank(), []
    monkeypatch.setattr(kernel_member, "_BLOCK_NUMBERS", 30 * len(NODES))  # five blocks
    found = []
    for n_cores in (1, 2):
        del asked[:]
        monkeypatch.setattr(_threads, "_n_cores", lambda n=n_cores: n)
        with giving_way(lambda: asked.append(None)):
            found.append(member.distributions(slice(None)))
        assert len(asked) >= -(-5 // n_cores)
    np.testing.assert_array_equal(*found)
