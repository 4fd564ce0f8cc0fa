"""Poisson learning, PoissonMBO, reweighted Laplace and p-Laplacian as estimators."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import Graph, UnreachedWarning, knn_graph, open_graph, write_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models import (
    LabelPropagation,
    PLaplacianClassifier,
    PoissonClassifier,
    PoissonMBOClassifier,
    ReweightedLaplaceClassifier,
)
from tests.gallery import clustered, two_cliques
from tests.models.checks import expected_failed_checks

METHODS = [
    PoissonClassifier,
    PoissonMBOClassifier,
    ReweightedLaplaceClassifier,
    PLaplacianClassifier,
]
CASES = [
    (PoissonClassifier, {"iterations": "mixing"}),
    (PoissonClassifier, {"iterations": "converged"}),
    (PoissonClassifier, {"iterations": 60}),
    (PoissonMBOClassifier, {}),
    (ReweightedLaplaceClassifier, {"weights": "poisson"}),
    (ReweightedLaplaceClassifier, {"weights": "wnll"}),
    (PLaplacianClassifier, {}),
]
every_method = pytest.mark.parametrize("method", METHODS)
every_case = pytest.mark.parametrize(("method", "settings"), CASES)

X, TRUTH = make_moons(120, noise=0.05, random_state=0)
Y = np.full(120, -1)
for _label in (0, 1):
    Y[np.flatnonzero(_label == TRUTH)[:2]] = _label


def failures_with_reasons(estimator: object) -> dict[str, str]:
    """Add to what no classifier on a graph can pass."""
    reasons = expected_failed_checks(estimator)
    if isinstance(estimator, ReweightedLaplaceClassifier):
        reasons["check_classifiers_multilabel_output_format_predict_proba"] = (
            "It asks for probabilities above 0. A harmonic function is 0 where no label of the "
            "class can be met before others."
        )
    return reasons


@parametrize_with_checks(
    [method() for method in METHODS], expected_failed_checks=failures_with_reasons
)
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    if check.func.__name__ == "check_array_api_input":
        # needs an environment variable before SciPy is imported; none says that it takes these
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


@every_case
def test_two_moons_are_told_apart_by_two_labels_each(method, settings) -> None:
    model = method(**settings).fit(X, Y)
    assert (model.transduction_ == TRUTH).mean() > 0.95
    assert (model.predict(X) == TRUTH).mean() > 0.95
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-9)
    assert (model.label_distributions_ >= 0).all()
    assert (model.evidence_ >= 0).all()
    np.testing.assert_array_equal(
        model.transduction_, model.classes_[model.label_distributions_.argmax(axis=1)]
    )


@every_case
def test_relabelling_comes_to_what_a_new_fit_does(method, settings) -> None:
    graph = knn_graph(X, 8)
    model = method(tol=1e-6, **settings).fit(graph, Y)
    changed = Y.copy()
    for points, label in (([7, 60], 0), ([80], 1), ([7], 1)):
        changed[points] = label
        model.add_labels(points, [label] * len(points))
        expected = method(tol=1e-6, **settings).fit(graph, changed)
        np.testing.assert_allclose(
            model.label_distributions_, expected.label_distributions_, atol=2e-5
        )
    changed[[60, 80]] = -1
    model.remove_labels([60, 80])
    changed[5] = 2
    model.add_labels([5], [2])
    expected = method(tol=1e-6, **settings).fit(graph, changed)
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=2e-5)


@every_case
def test_an_even_prior_evens_out_an_uneven_draw(method, settings) -> None:
    points, truth = make_blobs(300, centers=3, n_features=2, cluster_std=1.4, random_state=3)
    y = np.full(300, -1)
    for label, count in ((0, 12), (1, 1), (2, 1)):
        y[np.flatnonzero(truth == label)[:count]] = label
    graph = knn_graph(points, 10)
    model = method(class_prior="uniform", **settings).fit(graph, y)
    free = method(**settings).fit(graph, y)
    # PoissonMBO counts all points, as its paper does
    counted = np.ones(300, dtype=bool) if method is PoissonMBOClassifier else y < 0
    np.testing.assert_allclose(model.class_prior_, 1 / 3)
    if isinstance(model, (PoissonClassifier, PoissonMBOClassifier)):  # these hold to the sizes
        shares = np.bincount(model.transduction_[counted], minlength=3) / counted.sum()
        np.testing.assert_allclose(shares, 1 / 3, atol=0.01)
    else:  # and these come nearer to the masses
        mass, before = (m.label_distributions_[counted].mean(axis=0) for m in (model, free))
        assert np.abs(mass - 1 / 3).max() < np.abs(before - 1 / 3).max()


@every_case
def test_components_are_answered_by_their_own_labels(method, settings) -> None:
    W = np.zeros((17, 17))
    W[:12, :12] = two_cliques(6, 0.1)
    W[12:15, 12:15] = 1 - np.eye(3)  # all labels agree; 15 is labelled, and 16 not, and alone
    y = np.full(17, -1)
    y[[0, 11, 12, 15]] = [0, 1, 2, 1]
    with pytest.warns(UnreachedWarning, match="1 of 17"):
        model = method("precomputed", **settings).fit(W, y)
    assert model.transduction_.tolist() == [0] * 6 + [1] * 6 + [2] * 3 + [1, -1]
    np.testing.assert_allclose(model.label_distributions_[12:15], [[0, 0, 1]] * 3, atol=1e-9)
    np.testing.assert_allclose(model.label_distributions_[:12, 2], 0, atol=1e-9)
    prior = getattr(model, "class_prior_", None)
    expected = [0.25, 0.5, 0.25] if prior is None else prior
    np.testing.assert_allclose(model.label_distributions_[16], expected)
    assert not model.reached_[16]
    assert model.evidence_[16] == 0


@every_case
def test_a_label_of_weight_two_counts_more_and_one_of_weight_zero_not_at_all(
    method, settings
) -> None:
    graph = knn_graph(X, 8)
    weights = np.ones(120)
    weights[np.flatnonzero(Y == 1)] = 0.05
    even, uneven = (
        method(**settings).fit(graph, Y),
        method(**settings).fit(graph, Y, sample_weight=weights),
    )
    # in Poisson learning two classes are sources and sinks of one flow
    if method not in (PoissonClassifier, PoissonMBOClassifier):
        mass = (uneven.label_distributions_ - even.label_distributions_)[Y < 0, 1].mean()
        assert mass < 0
    y = Y.copy()
    y[np.flatnonzero(Y == 1)[0]] = -1
    weights = np.ones(120)
    weights[np.flatnonzero(Y == 1)[0]] = 0
    np.testing.assert_allclose(
        method(**settings).fit(graph, Y, sample_weight=weights).label_distributions_,
        method(**settings).fit(graph, y).label_distributions_,
        atol=1e-9,
    )


@every_case
def test_soft_labels_that_are_sure_are_labels(method, settings) -> None:
    rows = np.full((120, 2), np.nan)
    rows[Y >= 0] = np.eye(2)[Y[Y >= 0]]
    soft = method(**settings).fit(X, rows)
    hard = method(**settings).fit(X, Y)
    np.testing.assert_allclose(soft.label_distributions_, hard.label_distributions_, atol=1e-9)


@every_method
def test_a_graph_on_disk_is_refused_with_what_to_do(method, tmp_path) -> None:
    write_graph(tmp_path / "graph", knn_graph(X, 5))
    with pytest.raises(InvalidTypeError, match=r"graph.to_memory\(\)"):
        method().fit(open_graph(tmp_path / "graph"), Y)


@every_method
def test_copies_and_clones_answer_alike(method) -> None:
    model = method(n_neighbors=7).fit(X, Y)
    copied = pickle.loads(pickle.dumps(model))
    for each in (model, copied):
        each.add_labels([50], [1])
    np.testing.assert_array_equal(copied.label_distributions_, model.label_distributions_)
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize(
    ("method", "settings", "message"),
    [
        (PoissonClassifier, {"iterations": 0}, "iterations must be at least 1, got 0"),
        (PoissonClassifier, {"iterations": "soon"}, "'mixing', 'converged', or an integer"),
        (PoissonClassifier, {"iterations": 1.5}, "iterations must be an integer"),
        (PoissonClassifier, {"solver": "sweeps"}, "solver must be one of 'auto', 'cg', 'direct'"),
        (PoissonMBOClassifier, {"n_rounds": 0}, "n_rounds must be at least 1"),
        (PoissonMBOClassifier, {"n_steps": 0}, "n_steps must be at least 1"),
        (PoissonMBOClassifier, {"fidelity": -1}, "fidelity must be finite and at least 0"),
        (ReweightedLaplaceClassifier, {"weights": "heavy"}, "one of 'poisson', 'wnll'"),
        (PLaplacianClassifier, {"p": 1.5}, "p must be finite and at least 2 and at most 100"),
        (PLaplacianClassifier, {"p": np.inf}, "p must be finite"),
    ],
)
def test_settings_that_cannot_be_used_are_named(method, settings, message) -> None:
    with pytest.raises(InvalidInputError, match=message):
        method(**settings).fit(X, Y)


@pytest.mark.parametrize("method", [PoissonClassifier, PoissonMBOClassifier, PLaplacianClassifier])
def test_several_classes_a_point_are_refused(method) -> None:
    several = np.full((120, 2), -1)
    several[:3] = [[1, 1], [1, 0], [0, 1]]
    with pytest.raises(InvalidInputError, match="takes one class per point"):
        method().fit(X, several)


def test_several_classes_a_point_are_answered_by_the_reweighted_laplace() -> None:
    several = np.full((120, 2), -1)
    several[Y >= 0] = np.eye(2, dtype=int)[Y[Y >= 0]]
    model = ReweightedLaplaceClassifier().fit(X, several)
    one = ReweightedLaplaceClassifier().fit(X, Y)
    np.testing.assert_allclose(model.label_distributions_, one.label_distributions_, atol=2e-3)


def test_a_potential_is_zero_on_the_whole_and_a_class_without_share_is_never_decided_for() -> None:
    graph = clustered(40, 1.0)
    y = np.full(80, -1)
    y[[0, 30, 60]] = [0, 1, 2]
    model = PoissonClassifier(class_prior=[0.5, 0.5, 0], iterations="converged").fit(graph, y)
    np.testing.assert_allclose(model.potentials_.sum(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(graph.degrees @ model.potentials_, 0, atol=1e-9)
    unlabelled = y < 0
    assert set(model.transduction_[unlabelled]) == {0, 1}


def test_differences_are_solved_for_alone_and_stay_within_the_tolerance() -> None:
    graph = clustered(700, 0.3)
    y = np.full(1400, -1)
    y[[1, 500, 900]] = [0, 1, 2]
    settings: Any = {"iterations": "converged", "solver": "cg", "tol": 1e-4}
    model = PoissonClassifier(**settings).fit(graph, y)
    rng = np.random.default_rng(0)
    for point in rng.choice(np.flatnonzero(y < 0), 6, replace=False):
        y[point] = point % 3
        model.add_labels([point], [point % 3])
    exact = PoissonClassifier(iterations="converged", solver="direct").fit(graph, y)
    off = np.abs(model.potentials_ - exact.potentials_).sum(axis=1)
    assert off.max() <= 2e-4 * exact.evidence_.mean()


def test_sizes_that_are_not_given_are_those_of_poisson_learning() -> None:
    graph = knn_graph(X, 10)
    poisson = PoissonClassifier().fit(graph, Y)
    model = PoissonMBOClassifier().fit(graph, Y)
    shares = np.bincount(poisson.transduction_, minlength=2) / 120
    np.testing.assert_allclose(model.class_prior_, shares)
    sizes = np.bincount(model.transduction_, minlength=2) / 120
    np.testing.assert_allclose(sizes, shares, atol=1 / 120 + 1e-9)


def test_poisson_mbo_offers_nothing_that_needs_answers_linear_in_the_labels() -> None:
    graph = knn_graph(X, 8)
    poisson, model = PoissonClassifier().fit(graph, Y), PoissonMBOClassifier().fit(graph, Y)
    linear = {name for name in dir(poisson) if not name.startswith("_")}
    missing = {
        "calibrated_proba",
        "doubt",
        "doubt_",
        "explain",
        "influence",
        "loo_calibration_",
        "loo_label_distributions_",
        "loo_labelled_",
        "loo_score_",
        "predict_or_abstain",
        "predict_set",
        "suspect_labels",
    }
    assert missing <= linear
    # the potentials that it began with are not what it answers by
    assert linear - set(dir(model)) == missing | {"calibration", "potentials_"}


@pytest.mark.parametrize("prior", [[0, 0.5, 0.5], [1, 0, 0]])
def test_poisson_mbo_answers_points_near_labels_of_a_class_without_share(prior) -> None:
    rng = np.random.default_rng(0)
    blobs = [rng.normal([5 * i, 0], 0.3, size=(30, 2)) for i in range(3)]
    between = [[[2.5, 0.0]], [[7.5, 0.0]]]
    y = np.full(92, -1)
    y[[0, 30, 60]] = [0, 1, 2]
    model = PoissonMBOClassifier(n_neighbors=5, class_prior=prior)
    model.fit(np.vstack([*blobs, *between]), y)
    assert model.reached_.all()
    assert set(model.transduction_) == set(np.flatnonzero(prior))
    assert (model.evidence_ > 0).all()
    np.testing.assert_array_equal(model.label_distributions_.argmax(axis=1), model.transduction_)


def test_p_of_2_is_label_propagation() -> None:
    graph = knn_graph(X, 8)
    model = PLaplacianClassifier(p=2, tol=1e-6).fit(graph, Y)
    harmonic = LabelPropagation(tol=1e-6).fit(graph, Y)
    np.testing.assert_allclose(model.label_distributions_, harmonic.label_distributions_, atol=1e-5)


def test_factors_that_are_one_leave_the_harmonic_function() -> None:
    # every node labelled but one in each: nothing for wnll to raise but ratios of n to m
    graph = Graph.from_affinity(sparse.csr_array(two_cliques(4, 1.0)), dtype=np.float64)
    y = np.array([0, 0, 0, 0, 1, 1, 1, -1])
    model = ReweightedLaplaceClassifier(weights="wnll", tol=1e-9).fit(graph, y)
    np.testing.assert_allclose(model.factors_, [8 / 7] * 7 + [1])
    np.testing.assert_allclose(model.label_distributions_[7], [0, 1], atol=1e-9)
