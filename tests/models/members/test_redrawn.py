"""What other labels would have said, and how sure that lets answers be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from fewlabels import FewLabelsClassifier
from fewlabels._labels import encode_labels
from fewlabels.graph import knn_graph
from fewlabels.models._members import ClassMeans
from fewlabels.models._members.redrawn import few_of, staying, usual_accuracy


def spread(X: np.ndarray) -> ClassMeans:
    y = np.full(len(X), -1)
    y[:3] = 0, 1, 2
    graph = knn_graph(X, 10)
    return ClassMeans(
        graph, encode_labels(y), solver="auto", tol=1e-8, max_iter=10_000, verbose=False
    )


BLOBS, CLUSTERS = make_blobs(150, centers=3, n_features=4, cluster_std=1.5, random_state=1)
CLOUD = np.random.default_rng(0).normal(size=(150, 4))


def test_of_clusters_that_are_answered_as_such_all_answers_stay():
    assert staying(spread(BLOBS), np.arange(150), CLUSTERS, 3) > 0.99


def test_of_answers_by_chance_as_many_stay_as_chance_has_it():
    chance = np.random.default_rng(1).integers(0, 3, 150)
    assert 0.28 < staying(spread(BLOBS), np.arange(150), chance, 3) < 0.38


def test_answers_stay_as_often_as_spreading_from_other_seeds_finds_them():
    member, points = spread(CLOUD), np.arange(0, 150, 2)
    answers = (CLOUD[points, 0] > 0).astype(int) + (CLOUD[points, 1] > 0)
    root = np.sqrt(member.graph.degrees)
    S = member.graph.affinity.toarray() / root[:, None] / root
    heard = np.linalg.inv(np.eye(150) - member.alpha * S)[np.ix_(points, points)] / root[points]
    rng, found = np.random.default_rng(7), []
    for _ in range(300):
        seeds = [rng.choice(np.flatnonzero(answers == code)) for code in range(3)]
        shares = heard[:, seeds] / root[points, None]
        shares /= shares.sum(axis=1, keepdims=True)
        said = (shares / shares.sum(axis=0)).argmax(axis=1)
        found.append((said == answers)[np.setdiff1d(np.arange(75), seeds)].mean())
    assert staying(member, points, answers, 3) == pytest.approx(np.mean(found), abs=0.06)


@pytest.mark.parametrize("answers", [np.zeros(9, dtype=int), np.arange(9)])
def test_of_one_class_or_of_single_points_nothing_is_told(answers):
    assert np.isnan(staying(spread(BLOBS), np.arange(9), answers, 9))


def test_few_points_are_all_and_many_a_part():
    assert few_of(np.arange(5), 5).tolist() == [0, 1, 2, 3, 4]
    assert len(few_of(np.arange(900), 1_000)) == 150
    assert len(few_of(np.arange(20_000), 20_000)) == 64


def test_accuracy_is_expected_to_grow_with_what_stays_and_never_below_chance():
    found = [usual_accuracy(stays, 2) for stays in np.linspace(0, 1, 11)]
    assert np.all(np.diff(found) >= 0)
    assert found[0] == pytest.approx(0.55)
    assert found[-1] < 0.9


@pytest.mark.parametrize("by_features", [True, False])
def test_with_one_label_a_class_clusters_are_answered_surer_than_a_cloud(by_features):
    y = np.full(150, -1)
    for code in range(3):
        y[np.flatnonzero(code == CLUSTERS)[0]] = code
    sure = []
    for X in (BLOBS, CLOUD):
        model = FewLabelsClassifier().fit(X if by_features else knn_graph(X, 10), y)
        sure.append(float(model.label_distributions_[y < 0].max(axis=1).mean()))
        assert "would stay the same if other points" in model.choices_["calibration"].why
    assert sure[0] > sure[1] + 0.1


def test_a_second_label_of_a_class_tells_more_than_what_would_stay():
    y = np.where(np.arange(150) < 12, CLUSTERS, -1)
    assert "would stay" not in FewLabelsClassifier().fit(BLOBS, y).choices_["calibration"].why
