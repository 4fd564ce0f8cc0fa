"""What Poisson learning and reweighted Laplacians say of themselves that other models don't."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits, make_blobs

from fewlabels.exceptions import InvalidInputError, UnreachedWarning
from fewlabels.graph import Graph, knn_graph
from fewlabels.insight import expected_calibration_error
from fewlabels.models import PoissonClassifier, ReweightedLaplaceClassifier
from fewlabels.systems import reweighted_graph
from tests import textbook
from tests.gallery import one_hot, path_graph, two_cliques
from tests.strategies import affinities, partial_labels

WEIGHTS = ("poisson", "wnll")


def blobs() -> tuple[np.ndarray, np.ndarray, np.ndarray, Graph]:
    X, truth = make_blobs(60, centers=3, cluster_std=2.5, random_state=2)
    y = np.full(60, -1)
    for c in range(3):
        y[np.flatnonzero(truth == c)[:3]] = c
    return X, truth, y, knn_graph(X, 5)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")
def test_left_out_distributions_are_those_of_refits_on_any_graph(data) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W), min_labelled=2))
    graph = Graph.from_affinity(W, dtype=np.float64)
    steps = data.draw(st.sampled_from(["converged", 3, 30]))
    model = PoissonClassifier(iterations=steps, tol=1e-8).fit(graph, y)
    for node, row in zip(model.loo_labelled_, model.loo_label_distributions_, strict=True):
        rest = y.copy()
        rest[node] = -1
        refit = PoissonClassifier(iterations=steps, tol=1e-8).fit(graph, rest)
        if not refit.reached_[node]:  # the prior, to which its own label still counts
            np.testing.assert_allclose(row, model._labels.shares())
            continue
        expected = np.zeros(len(model.classes_))
        expected[np.isin(model.classes_, refit.classes_)] = refit.label_distributions_[node]
        if len(refit.classes_) == len(model.classes_):  # the softmax is sharper with more classes
            np.testing.assert_allclose(row, expected, atol=1e-5)
        else:
            np.testing.assert_array_equal(row > 0, expected > 0)


def test_shares_sum_to_the_potentials_over_the_evidence() -> None:
    _, _, y, graph = blobs()
    weight = np.random.default_rng(1).uniform(0.3, 2, len(y))
    for iterations in ("converged", "mixing", 12):
        model = PoissonClassifier(iterations=iterations, tol=1e-7)
        model.fit(graph, y, sample_weight=weight)
        for node in (0, 17, int(model.loo_labelled_[3])):
            found = model.explain(node)
            expected = model.potentials_[node] / model.evidence_[node]
            np.testing.assert_allclose(found.scores, expected, atol=1e-4)
            assert found.scores[found.scores > 0].sum() == pytest.approx(1, abs=1e-3)
            # a label speaks for its own class, or against it, and says nothing of others
            own = y[found.labelled]
            others = found.shares.copy()
            others[np.arange(len(own)), own] = 0
            assert not others.any()


def test_a_label_speaks_against_its_class_where_it_is_farther_than_the_others() -> None:
    model = PoissonClassifier(iterations="converged").fit(
        path_graph(np.ones(4)), [0, -1, -1, -1, 1]
    )
    found = model.explain(1)
    np.testing.assert_allclose(found.shares, [[1, 0], [0, -1]], atol=1e-6)
    assert "point 1: 0 has 100.0% of the evidence" in str(found)


def test_labels_that_agree_are_said_to_and_stay_the_answer_when_calibrated() -> None:
    W = np.zeros((9, 9))
    W[:6, :6] = two_cliques(3, 1.0)
    W[6, 7] = W[7, 6] = W[7, 8] = W[8, 7] = 1
    y = [0, -1, -1, -1, -1, 1, 2, -1, 2]
    model = PoissonClassifier(iterations="converged").fit(Graph.from_affinity(W), y)
    found = model.explain(7)
    assert not found.shares.any()
    assert "of one class" in str(found)
    assert model.evidence_[7] == 0
    proba = model.calibrated_proba()
    assert proba[7].argmax() == 2
    assert model.doubt_[7] != "unreached"
    np.testing.assert_array_equal(model.loo_label_distributions_[[2, 3]], [[0, 0, 1]] * 2)
    with pytest.warns(UnreachedWarning):
        alone = PoissonClassifier().fit(Graph.from_affinity(np.zeros((3, 3))), [0, 1, -1])
    assert "no label reaches" in str(alone.explain(2))
    assert alone.doubt_[2] == "unreached"


def test_calibration_moves_no_answer_of_fitted_or_new_points() -> None:
    X, _, y, _ = blobs()
    plain = PoissonClassifier(n_neighbors=5).fit(X, y)
    loo = PoissonClassifier(n_neighbors=5, calibration="loo").fit(X, y)
    np.testing.assert_array_equal(plain.transduction_, loo.transduction_)
    np.testing.assert_allclose(loo.label_distributions_, plain.calibrated_proba(), atol=1e-6)
    new = X + 0.3
    np.testing.assert_array_equal(plain.predict(new), loo.predict(new))
    np.testing.assert_allclose(loo.predict_proba(new), plain.calibrated_proba(new), atol=1e-6)
    assert set(loo.doubt(new)) <= {"sure", "classes disagree", "little evidence"}
    assert loo.predict_set(new, coverage=0.8).shape == (60, 3)
    with pytest.raises(InvalidInputError, match="calibration must be one of 'loo', or None"):
        PoissonClassifier(calibration="platt").fit(X, y)


def between_cliques() -> tuple[np.ndarray, Graph]:
    """Labels in two cliques of different classes, and a path of 13 points from one to the other."""
    n = 13
    W = np.zeros((10 + n, 10 + n))
    W[:10, :10] = two_cliques(5, 0.0)
    chain = [0, *range(10, 10 + n), 9]
    for i, j in itertools.pairwise(chain):
        W[i, j] = W[j, i] = 1
    y = np.full(10 + n, -1)
    y[[1, 2, 7, 8]] = [0, 0, 1, 1]
    return y, Graph.from_affinity(W, dtype=np.float64)


def test_little_evidence_is_told_from_disagreement() -> None:
    # Far down the path hardly any potential is left, but all of it for the nearer class; in the
    # middle of it, none for either.
    y, graph = between_cliques()
    model = PoissonClassifier(iterations="converged").fit(graph, y)
    doubt = model.doubt(abstain_below=0.9)
    assert set(doubt[[3, 4, 5, 6]]) == {"sure"}
    assert doubt[15] == doubt[17] == "little evidence"
    assert doubt[16] == "classes disagree"


def test_more_evidence_does_not_make_the_prior_weigh_more() -> None:
    y, graph = between_cliques()
    model = PoissonClassifier(iterations="converged", class_prior=[0.6, 0.4]).fit(graph, y)
    free = y < 0
    plain, u = model.label_distributions_[free], model.potentials_[free]
    scaled = np.log(99) / 2 * u / np.average(model.evidence_, weights=graph.degrees)
    offsets = np.log(plain) - scaled
    offsets -= offsets.mean(axis=1, keepdims=True)
    assert np.ptp(offsets, axis=0).max() < 1e-9
    evidence = model.evidence_[free]
    with np.errstate(divide="ignore"):
        more = np.clip(np.median(evidence) / evidence, 1, 1000)
    expected = np.exp(scaled * more[:, None] + offsets)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model._well_heard(None)[free], expected, atol=1e-6)
    # of these the prior doubts what little there is of potential, which all is for one class
    assert set(model.doubt(abstain_below=0.8)[[18, 19]]) == {"little evidence"}
    # and here as much potential as others have would be no match for the prior
    model.set_params(class_prior=[0.7, 0.3]).fit(graph, y)
    assert set(model.doubt(abstain_below=0.9)[[20, 21]]) == {"classes disagree"}


def test_new_points_near_a_label_of_an_excluded_class_would_not_be_of_it_either() -> None:
    X, _, y, _ = blobs()
    model = PoissonClassifier(n_neighbors=5, class_prior=[0.6, 0.4, 0]).fit(X, y)
    heard = model._well_heard(model._placed(X + 0.01))
    assert not heard[:, 2].any()
    np.testing.assert_allclose(heard.sum(axis=1), 1)


def test_probabilities_of_five_labels_a_class_mean_what_they_say() -> None:
    X, truth = load_digits(return_X_y=True)
    graph = knn_graph(X, 10)
    errors = []
    for seed in (7, 8, 9):
        rng = np.random.default_rng(seed)
        y = np.full(len(truth), -1)
        for c in range(10):
            y[rng.choice(np.flatnonzero(truth == c), 5, replace=False)] = c
        model = PoissonClassifier().fit(graph, y)
        plain, calibrated = (
            expected_calibration_error(truth[y < 0], proba[y < 0])
            for proba in (model.label_distributions_, model.calibrated_proba())
        )
        assert calibrated < plain / 2
        errors.append(calibrated)
    assert np.mean(errors) <= 0.05


def test_fitted_answers_do_not_follow_later_settings() -> None:
    _, _, y, graph = blobs()
    model = PoissonClassifier(iterations="converged", solver="direct").fit(graph, y)
    expected, said = model.loo_label_distributions_, str(model.explain(20))
    fresh = pickle.loads(pickle.dumps(PoissonClassifier(**model.get_params()).fit(graph, y)))
    fresh.set_params(iterations=3, solver="cg")
    np.testing.assert_allclose(fresh.loo_label_distributions_, expected, atol=1e-9)
    assert str(fresh.explain(20)) == said
    heavy = ReweightedLaplaceClassifier().fit(graph, y)
    expected = heavy.loo_label_distributions_
    fresh = pickle.loads(pickle.dumps(ReweightedLaplaceClassifier().fit(graph, y)))
    fresh.set_params(weights="wnll")
    np.testing.assert_allclose(fresh.loo_label_distributions_, expected, atol=1e-9)


def test_insight_and_solves_share_one_system() -> None:
    _, _, y, graph = blobs()
    model = PoissonClassifier(iterations="converged", tol=1e-6).fit(graph, y)
    copied = pickle.loads(pickle.dumps(model))
    copied.explain(20)
    made = copied._system
    assert made is not None
    free = np.flatnonzero(y < 0)
    copied.add_labels(free[:1], [0])
    copied.suspect_labels()
    assert copied._system is made
    copied.set_params(solver="cg").add_labels(free[1:2], [1])
    made = copied._system
    assert made.method == "cg"
    copied.explain(20)
    assert copied._system is made
    later = y.copy()
    later[free[:2]] = [0, 1]
    exact = PoissonClassifier(iterations="converged", solver="direct").fit(graph, later)
    np.testing.assert_allclose(
        copied.explain(20).scores, exact.explain(20).scores, rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("weights", WEIGHTS)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")
def test_reweighted_laplacians_leave_out_with_the_weights_held(weights, data) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W), min_labelled=2))
    graph = Graph.from_affinity(W, dtype=np.float64)
    model = ReweightedLaplaceClassifier(weights=weights, tol=1e-7).fit(graph, y)
    heavier = textbook.dense(
        reweighted_graph(graph, model.factors_, product=weights == "poisson").affinity
    )
    Y = one_hot(np.where(y >= 0, np.searchsorted(model.classes_, y), -1), len(model.classes_))
    R = textbook.harmonic(heavier, Y)
    for node in range(len(W)):
        found = model.explain(node).scores
        total = R[node].sum()
        np.testing.assert_allclose(found, R[node] / (total or 1), atol=1e-4)
    for node, row in zip(model.loo_labelled_, model.loo_label_distributions_, strict=True):
        rest = Y.copy()
        rest[node] = 0
        expected = textbook.harmonic(heavier, rest)[node]
        if expected.any():
            np.testing.assert_allclose(row, expected / expected.sum(), atol=1e-4)
        else:
            np.testing.assert_allclose(row, model._labels.shares())


@pytest.mark.parametrize("weights", WEIGHTS)
def test_what_a_reweighted_label_changed_is_told_by_a_whole_refit(weights) -> None:
    _, _, y, graph = blobs()
    model = ReweightedLaplaceClassifier(weights=weights, tol=1e-8).fit(graph, y)
    node = int(model.loo_labelled_[4])
    rest = y.copy()
    rest[node] = -1
    refit = ReweightedLaplaceClassifier(weights=weights, tol=1e-8).fit(graph, rest)
    found = model.influence(node)
    np.testing.assert_allclose(found.without, refit.label_distributions_, atol=1e-6)
    held = model.loo_label_distributions_[4]
    assert 0 < np.abs(held - refit.label_distributions_[node]).sum() / 2 < 0.2


def test_several_classes_a_point_have_reasons_in_a_reweighted_laplacian() -> None:
    _, _, y, graph = blobs()
    rows = np.full((60, 3), -1)
    rows[y >= 0] = np.eye(3, dtype=int)[y[y >= 0]]
    model = ReweightedLaplaceClassifier(tol=1e-7).fit(graph, rows)
    np.testing.assert_allclose(model.explain(20).scores, model.label_distributions_[20], atol=1e-4)
    one = ReweightedLaplaceClassifier(tol=1e-7).fit(graph, y)
    np.testing.assert_allclose(
        model.loo_label_distributions_, one.loo_label_distributions_, atol=1e-4
    )
