"""What the classifiers say of their own answers, beside refits and the dense equations."""

from __future__ import annotations

import pickle
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_blobs
from sklearn.neighbors import NearestNeighbors

from fewlabels import (
    FewLabelsClassifier,
    LabelPropagation,
    LabelSpreading,
    UnreachedWarning,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph, open_graph
from fewlabels.insight import expected_calibration_error
from fewlabels.models import PoissonClassifier, ReweightedLaplaceClassifier, _doubt
from fewlabels.models._remoteness import usual_remoteness
from tests import textbook
from tests.gallery import complete, one_hot

MODELS = [
    pytest.param(lambda **more: LabelSpreading(alpha=0.8, tol=1e-8, max_iter=500, **more), id="ls"),
    pytest.param(lambda **more: LabelPropagation(tol=1e-8, **more), id="lp"),
]
# Left out as a refit has it: walks of so many steps, and not of as many as mix.
EXACT = [
    *MODELS,
    pytest.param(
        lambda **more: PoissonClassifier(iterations="converged", tol=1e-8, **more), id="poisson"
    ),
    pytest.param(lambda **more: PoissonClassifier(iterations=40, **more), id="poisson-walk"),
]
REWEIGHTED = pytest.param(lambda **more: ReweightedLaplaceClassifier(tol=1e-8, **more), id="rl")
EVERY = [*EXACT, REWEIGHTED]


def blobs() -> tuple[np.ndarray, np.ndarray, np.ndarray, Graph]:
    """60 points of 3 classes, 9 of them labelled; the classes overlap."""
    X, truth = make_blobs(60, centers=3, cluster_std=2.5, random_state=2)
    y = np.full(60, -1)
    for c in range(3):
        y[np.flatnonzero(truth == c)[:3]] = c
    return X, truth, y, knn_graph(X, 5)


def digits(per_class: int, seed: int) -> tuple[Graph, np.ndarray, np.ndarray]:
    graph, truth = all_digits()
    rng = np.random.default_rng(seed)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[rng.choice(np.flatnonzero(truth == c), per_class, replace=False)] = c
    return graph, truth, y


@cache
def all_digits() -> tuple[Graph, np.ndarray]:
    X, truth = load_digits(return_X_y=True)
    return knn_graph(X, 10), truth


@pytest.mark.parametrize("make", EXACT)
def test_left_out_distributions_are_those_of_refits(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    np.testing.assert_array_equal(model.loo_labelled_, np.flatnonzero(y >= 0))
    for node, row in zip(model.loo_labelled_, model.loo_label_distributions_, strict=True):
        rest = y.copy()
        rest[node] = -1
        refit = make().fit(graph, rest)
        np.testing.assert_allclose(row, refit.label_distributions_[node], atol=1e-4)


@pytest.mark.parametrize("make", EXACT)
def test_weights_and_soft_labels_are_left_out_with_the_label(make: Any) -> None:
    _, _, y, graph = blobs()
    weight = np.random.default_rng(0).uniform(0.2, 3, len(y))
    soft = np.full((len(y), 3), np.nan)
    soft[y >= 0] = 0.8 * np.eye(3)[y[y >= 0]] + 0.2 / 3
    for target, marker in ((y, -1), (soft, np.nan)):
        model = make().fit(graph, target, sample_weight=weight)
        node = model.loo_labelled_[4]
        rest = target.copy()
        rest[node] = marker
        refit = make().fit(graph, rest, sample_weight=weight)
        found = model.loo_label_distributions_[4]
        np.testing.assert_allclose(found, refit.label_distributions_[node], atol=1e-4)


@pytest.mark.parametrize("make", MODELS)
def test_several_classes_a_point_are_left_out_as_marginals(make: Any) -> None:
    _, _, y, graph = blobs()
    rows = np.full((len(y), 3), -1)
    rows[y >= 0] = np.eye(3, dtype=int)[y[y >= 0]]
    rows[y == 1, 2] = 1
    model = make().fit(graph, rows)
    node = model.loo_labelled_[2]
    rest = rows.copy()
    rest[node] = -1
    refit = make().fit(graph, rest)
    found = model.loo_label_distributions_[2]
    np.testing.assert_allclose(found, refit.label_distributions_[node], atol=1e-4)
    explained = model.explain(20)
    np.testing.assert_allclose(explained.scores, model.label_distributions_[20], atol=1e-4)
    assert explained.labels.shape == (9, 3)
    assert model.influence(int(node)).change.max() <= 1
    for refused in ("predict_set", "suspect_labels", "calibrated_proba", "doubt"):
        with pytest.raises(InvalidInputError, match="one class per point"):
            getattr(model, refused)()
    with pytest.raises(InvalidInputError, match="one class per point"):
        make(calibration="loo").fit(graph, rows)


@pytest.mark.parametrize("make", EVERY)
def test_a_class_prior_moves_left_out_points_as_it_moves_unlabelled_ones(make: Any) -> None:
    _, _, y, graph = blobs()
    even = make(class_prior="uniform").fit(graph, y).loo_label_distributions_
    tilted = make(class_prior=[0.8, 0.1, 0.1]).fit(graph, y).loo_label_distributions_
    np.testing.assert_allclose(tilted.sum(axis=1), 1)
    heard = (even > 1e-9).all(axis=1)
    assert heard.any()
    assert (tilted[heard, 0] > even[heard, 0]).all()


@pytest.mark.parametrize("make", EVERY)
def test_what_is_kept_is_dropped_when_labels_change(make: Any) -> None:
    _, truth, y, graph = blobs()
    model = make().fit(graph, y)
    before = model.loo_score_
    assert model.loo_score_ == before
    added = np.flatnonzero(y < 0)[:4]
    model.add_labels(added, truth[added])
    joined = y.copy()
    joined[added] = truth[added]
    refit = make().fit(graph, joined)
    assert model.loo_score_ != before
    assert model.loo_score_ == pytest.approx(refit.loo_score_, abs=1e-3)
    np.testing.assert_array_equal(model.loo_labelled_, np.flatnonzero(joined >= 0))


@pytest.mark.parametrize("make", EVERY)
def test_a_pickle_knows_what_the_model_knew(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    fresh = pickle.loads(pickle.dumps(model))  # before anything was asked
    assert fresh.loo_score_ == pytest.approx(model.loo_score_, abs=1e-6)
    again = pickle.loads(pickle.dumps(model))
    assert again.loo_score_ == model.loo_score_
    assert str(again.explain(30)) == str(model.explain(30))


def test_with_one_label_a_class_the_score_still_tells_graphs_apart() -> None:
    graph, truth, y = digits(1, 0)
    shuffled = np.random.default_rng(0).permutation(len(y))
    torn = graph.affinity[shuffled][:, shuffled]  # says nothing of these labels
    model = LabelSpreading(alpha=0.9, max_iter=300).fit(graph, y)
    blurred = Graph.from_affinity(0.3 * graph.affinity + 0.7 * torn)
    other = LabelSpreading(alpha=0.9, max_iter=300).fit(blurred, y)
    # every left-out class has no evidence at all
    assert (model.loo_label_distributions_[np.arange(10), truth[model.loo_labelled_]] == 0).all()
    assert np.isfinite([model.loo_score_, other.loo_score_]).all()
    assert model.loo_score_ > other.loo_score_
    assert model.loo_calibration_.n_points == 0


@pytest.mark.parametrize("make", MODELS)
def test_shares_sum_to_the_distribution_and_are_the_dense_response(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    W, Y = textbook.dense(graph.affinity), one_hot(y, 3)
    labelled = np.flatnonzero(y >= 0)
    single = np.zeros((60, 9))
    single[labelled] = np.eye(9)
    spread = isinstance(model, LabelSpreading)
    R = textbook.spreading(W, single, 0.8) if spread else textbook.harmonic(W, single)
    for node in (0, 17, int(labelled[3])):
        found = model.explain(node)
        expected = R[node][:, None] * Y[labelled]
        np.testing.assert_allclose(found.shares, expected / expected.sum(), atol=1e-4)
        np.testing.assert_allclose(found.scores, model.label_distributions_[node], atol=1e-4)
        assert found.labels.tolist() == y[labelled].tolist()


@pytest.mark.parametrize("make", EVERY)
def test_influence_is_the_fit_against_the_fit_without(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    node = int(model.loo_labelled_[4])
    found = model.influence(node)
    rest = y.copy()
    rest[node] = -1
    refit = make().fit(graph, rest)
    expected = np.abs(model.label_distributions_ - refit.label_distributions_).sum(axis=1) / 2
    np.testing.assert_allclose(found.change, expected, atol=1e-5)
    np.testing.assert_array_equal(found.flipped, model.transduction_ != refit.transduction_)
    assert f"point {node}" in str(found)


@pytest.mark.parametrize("make", EVERY)
def test_influence_is_of_the_fit_whatever_is_set_since(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    node = int(model.loo_labelled_[4])
    expected = model.influence(node)
    since: dict[str, Any] = {"alpha": 0.1, "iterations": 3, "weights": "wnll"}
    since = {name: value for name, value in since.items() if name in model.get_params()}
    model.set_params(class_prior=[0.8, 0.1, 0.1], tol=0.5, max_iter=1, **since)
    found = model.influence(node)
    np.testing.assert_allclose(found.without, expected.without, atol=1e-6)
    np.testing.assert_allclose(found.change, expected.change, atol=1e-6)
    assert all(model.get_params()[name] == value for name, value in since.items())


def test_influence_after_a_change_of_labels_is_of_its_settings() -> None:
    _, _, y, graph = blobs()
    model = LabelSpreading(alpha=0.8, tol=1e-8, max_iter=500).fit(graph, y)
    node = int(model.loo_labelled_[4])
    rest = y.copy()
    rest[node] = -1
    model.set_params(alpha=0.3).add_labels([node], [y[node]], 2.0)
    refit = LabelSpreading(alpha=0.3, tol=1e-8, max_iter=500).fit(graph, rest)
    found = model.influence(node).without
    np.testing.assert_allclose(found, refit.label_distributions_, atol=1e-6)


def test_influence_uses_the_fitted_system_and_leaves_what_is_kept(monkeypatch: Any) -> None:
    _, _, y, graph = blobs()
    models = [LabelSpreading().fit(graph, y), FewLabelsClassifier().fit(graph, y)]
    before = [model.loo_label_distributions_.copy() for model in models]
    system = models[0]._system
    for module in ("label_spreading", "_members.graph_member"):
        monkeypatch.setattr(f"fewlabels.models.{module}.SpreadingSystem", None)
    for model, rows in zip(models, before, strict=True):
        model.influence(int(model.loo_labelled_[4]))
        np.testing.assert_array_equal(model.loo_label_distributions_, rows)
    assert system is not None
    assert models[0]._system is system


def test_influence_of_the_last_label_of_a_class_and_of_a_component() -> None:
    W = np.zeros((5, 5))
    W[0, 1] = W[1, 0] = W[2, 3] = W[3, 2] = W[3, 4] = W[4, 3] = 1
    model = LabelSpreading().fit(Graph.from_affinity(W), [0, -1, 1, -1, 1])
    found = model.influence(0)
    assert found.unreached.tolist() == [True, True, False, False, False]
    assert found.flipped.tolist() == [True, True, False, False, False]
    np.testing.assert_allclose(found.without[:, 0], 0)
    np.testing.assert_allclose(found.change, [1, 1, 0, 0, 0], atol=1e-6)


def test_points_that_no_label_reaches_are_not_flipped_whatever_marks_them() -> None:
    W = np.zeros((5, 5))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = W[3, 4] = W[4, 3] = 1
    with pytest.warns(UnreachedWarning):
        model = LabelSpreading().fit(
            Graph.from_affinity(W), [1.0, np.nan, 2.0, np.nan, np.nan]
        )  # the marker is NaN, which is not equal to itself
    assert np.isnan(model.transduction_[3:]).all()
    assert model.influence(0).flipped.tolist() == [True, True, False, False, False]


def test_unreached_points_are_told_apart_and_explained() -> None:
    W = np.zeros((6, 6))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = W[3, 4] = W[4, 3] = 1
    with pytest.warns(UnreachedWarning):
        model = LabelSpreading().fit(Graph.from_affinity(W), [0, -1, 1, -1, -1, -1])
    assert (model.doubt_[3:] == "unreached").all()
    assert (model.doubt_[:3] != "unreached").all()
    assert model.predict_or_abstain(abstain_below=0.0).tolist()[3:] == [-1, -1, -1]
    assert model.predict_set(coverage=0.5)[3:].all()
    assert "no label reaches" in str(model.explain(4))


def test_little_evidence_is_told_from_disagreement() -> None:
    # A clique with two labels of either class; one with two of class 0 and a long arm; and one
    # with two of class 1, so that the calibration has points to learn from.
    W = np.zeros((48, 48))
    W[:8, :8] = complete(8)
    W[8:14, 8:14] = W[42:, 42:] = complete(6)
    for i in range(13, 41):
        W[i, i + 1] = W[i + 1, i] = 1
    y = np.full(48, -1)
    y[[0, 1, 2, 3, 8, 9, 42, 43]] = [0, 0, 1, 1, 0, 0, 1, 1]
    model = LabelSpreading(alpha=0.5, max_iter=1000, tol=1e-8).fit(Graph.from_affinity(W), y)
    doubt = model.doubt(abstain_below=0.75)
    assert set(doubt[4:8]) == {"classes disagree"}
    assert set(doubt[10:14]) == set(doubt[44:]) == {"sure"}
    assert set(doubt[38:42]) == {"little evidence"}


def test_abstaining_less_means_answering_more() -> None:
    graph, truth, y = digits(3, 1)
    model = LabelSpreading(alpha=0.9, max_iter=300).fit(graph, y)
    hidden = y < 0
    answered = []
    for least in (0.0, 0.6, 0.9):
        given = model.predict_or_abstain(abstain_below=least)
        known = given != -1
        np.testing.assert_array_equal(given[known], model.transduction_[known])
        assert known[hidden].any()
        answered.append((known[hidden].mean(), (given == truth)[hidden & known].mean()))
    shares, accuracies = zip(*answered, strict=True)
    assert shares[0] == 1
    assert list(shares) == sorted(shares, reverse=True)
    assert accuracies[2] > accuracies[0]


@pytest.mark.parametrize("alpha", [0.9, 0.99])
def test_calibrated_probabilities_mean_what_they_say(alpha: float) -> None:
    errors = []
    for seed in (7, 8, 9):
        graph, truth, y = digits(5, seed)
        model = LabelSpreading(alpha=alpha, max_iter=1000, calibration="loo").fit(graph, y)
        hidden = y < 0
        errors.append(expected_calibration_error(truth[hidden], model.label_distributions_[hidden]))
        np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(errors) <= 0.05


def test_calibration_moves_no_answer() -> None:
    X, _, y, _ = blobs()
    settings: dict[str, Any] = {"kernel": "self-tuning", "n_neighbors": 5, "max_iter": 500}
    plain = LabelSpreading(**settings).fit(X, y)
    loo = LabelSpreading(**settings, calibration="loo").fit(X, y)
    np.testing.assert_array_equal(plain.transduction_, loo.transduction_)
    new = X + 0.3
    np.testing.assert_array_equal(plain.predict(new), loo.predict(new))
    proba = loo.predict_proba(new)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_allclose(proba, plain.calibrated_proba(new), atol=1e-6)
    np.testing.assert_allclose(loo.label_distributions_, plain.calibrated_proba(), atol=1e-6)
    assert np.abs(proba - plain.predict_proba(new)).max() > 0.01
    assert loo.predict_set(new, coverage=0.8).shape == (60, 3)
    assert set(loo.doubt(new)) <= {"sure", "classes disagree", "little evidence"}


def test_sets_cover_the_truth_as_often_as_asked_for() -> None:
    graph, truth = all_digits()
    covered = []
    for seed in range(12):
        y = np.full(len(truth), -1)
        drawn = np.random.default_rng(seed).choice(len(truth), 80, replace=False)
        y[drawn] = truth[drawn]
        model = LabelSpreading(alpha=0.9, max_iter=300).fit(graph, y)
        sets = model.predict_set(coverage=0.9)
        # a class that was not drawn is no column, and not covered
        column = np.full(10, -1)
        column[model.classes_] = np.arange(len(model.classes_))
        inside = sets[np.arange(len(truth)), column[truth]] & (column[truth] >= 0)
        covered.append(inside[y < 0].mean())
    # one draw of 80 labels has a standard deviation of about 0.035
    assert 0.87 < np.mean(covered) < 0.94


@pytest.mark.parametrize("make", [LabelSpreading, FewLabelsClassifier])
def test_empty_sets_may_be_made_to_hold_the_likeliest_class(make: Any) -> None:
    _, _, y, graph = blobs()
    model = make().fit(graph, y)
    as_is = model.predict_set(coverage=0.1)
    kept = model.predict_set(coverage=0.1, allow_empty=False)
    empty = ~as_is.any(axis=1)
    assert empty.any()
    np.testing.assert_array_equal(kept[~empty], as_is[~empty])
    assert (kept[empty].sum(axis=1) == 1).all()


def test_too_few_labels_for_the_coverage_give_whole_sets() -> None:
    _, _, y, graph = blobs()
    assert LabelSpreading().fit(graph, y).predict_set(coverage=0.95).all()


@pytest.mark.parametrize("make", EVERY)
def test_flipped_labels_are_ranked_first(make: Any) -> None:
    graph, truth = all_digits()
    rng = np.random.default_rng(3)
    drawn = rng.choice(len(truth), 150, replace=False)
    y = np.full(len(truth), -1)
    y[drawn] = truth[drawn]
    wrong = rng.choice(drawn, 15, replace=False)
    y[wrong] = (y[wrong] + rng.integers(1, 10, 15)) % 10
    model = make().fit(graph, y)
    found = model.suspect_labels()
    assert np.isin(found.nodes[:15], wrong).mean() >= 0.8
    assert np.isin(wrong, found.nodes[: found.n_suspects]).mean() >= 0.8
    right = np.isin(found.nodes, wrong) & (found.suggested == truth[found.nodes])
    assert right.sum() >= 12
    np.testing.assert_array_equal(model.transduction_[found.rivals[:5]], found.suggested[:5])


def test_bad_questions_are_refused() -> None:
    _, _, y, graph = blobs()
    model = LabelSpreading().fit(graph, y)
    bare = int(np.flatnonzero(y < 0)[0])
    with pytest.raises(InvalidInputError, match="has no label"):
        model.influence(bare)
    with pytest.raises(InvalidInputError, match="from 0 to 59"):
        model.explain(60)
    with pytest.raises(InvalidTypeError, match="integer"):
        model.explain("a")
    with pytest.raises(InvalidInputError, match="abstain_below"):
        model.doubt(abstain_below=1.5)
    with pytest.raises(InvalidInputError, match="coverage"):
        model.predict_set(coverage=0)
    with pytest.raises(InvalidTypeError, match=r"got 0.9\. .* write coverage=0\.9"):
        model.predict_set(0.9)
    with pytest.raises(TypeError, match="positional"):
        model.predict_set(None, 0.9)
    for ask in (model.doubt, model.predict_or_abstain):
        with pytest.raises(InvalidTypeError, match=r"write abstain_below=1\."):
            ask(1)
    with pytest.raises(InvalidInputError, match="fitted on a Graph"):
        model.predict_set([[0.0, 0.0]])
    with pytest.raises(InvalidInputError, match="calibration must be one of 'loo', or None"):
        LabelSpreading(calibration="platt").fit(graph, y)
    one = np.full(60, -1)
    one[0] = 1
    with pytest.raises(InvalidInputError, match="no label would be left"):
        LabelSpreading().fit(graph, one).influence(0)
    soft = np.full((60, 2), np.nan)
    soft[0] = [0.5, 0.5]
    with pytest.raises(InvalidInputError, match="soft labels"):
        LabelSpreading().fit(graph, soft).predict_set()


def test_a_graph_on_disk_is_refused_by_name(tmp_path: Any) -> None:
    _, _, y, graph = blobs()
    write_graph(tmp_path / "graph", graph)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LabelSpreading().fit(open_graph(tmp_path / "graph"), y)
    with pytest.raises(InvalidTypeError, match="on disk"):
        model.explain(0)
    with pytest.raises(InvalidTypeError, match="on disk"):
        _ = model.loo_score_


def test_a_pickle_spreads_as_it_was_fitted_whatever_is_set_later() -> None:
    _, truth, y, graph = blobs()
    model = LabelSpreading(alpha=0.8, max_iter=500).fit(graph, y)
    fresh = pickle.loads(pickle.dumps(model)).set_params(alpha=0.1)
    np.testing.assert_allclose(fresh.loo_label_distributions_, model.loo_label_distributions_)
    assert str(fresh.explain(9)) == str(model.explain(9))
    # at the next change of labels, all classes follow the new alpha
    fresh.add_labels([20], [truth[20]])
    y[20] = truth[20]
    refit = LabelSpreading(alpha=0.1, max_iter=500).fit(graph, y)
    np.testing.assert_allclose(fresh.label_distributions_, refit.label_distributions_, atol=2e-3)


@pytest.mark.parametrize(
    "model",
    [
        FewLabelsClassifier(),
        LabelSpreading("self-tuning", alpha=0.95, max_iter=1000),
        LabelPropagation("knn", n_neighbors=7, max_iter=1000),
        PoissonClassifier("self-tuning"),
    ],
    ids=lambda model: type(model).__name__,
)
def test_new_points_far_from_all_others_are_unlike_them(model) -> None:
    X, truth = load_digits(return_X_y=True)
    rng = np.random.default_rng(7)
    order = rng.permutation(len(X))
    known, new = order[:900], X[order[900:1200]]
    y = np.full(900, -1)
    y[:50] = truth[known[:50]]
    model.fit(X[known], y)
    strange = np.vstack(
        [X[:1] + 1e6, rng.integers(0, 17, (50, 64)), rng.permuted(new[:50], axis=1)]
    )
    assert set(model.doubt(strange)) == {"unlike the rest"}
    for least in (0.8, 0.0):
        assert (model.predict_or_abstain(strange, abstain_below=least) == -1).all()
    assert np.mean(model.doubt(new) == "unlike the rest") < 0.01
    assert np.mean(model.doubt(new) == "sure") > 0.5


@pytest.mark.parametrize("model", [LabelSpreading("self-tuning"), PoissonClassifier("self-tuning")])
def test_the_neighbours_of_new_points_are_searched_for_once_a_question(monkeypatch, model) -> None:
    X, _, y, _ = blobs()
    model.set_params(n_neighbors=5, max_iter=500).fit(X, y)
    index = NearestNeighbors(n_neighbors=5).fit(X)
    searches = []

    def search(points, n_neighbors):
        searches.append(len(points))
        return index.kneighbors(points, n_neighbors)

    monkeypatch.setattr(model._kernel, "_index", SimpleNamespace(kneighbors=search))
    for ask in (model.doubt, model.predict_or_abstain, model.calibrated_proba, model.predict_set):
        ask(X[:3] + 0.1)
    assert searches == [3, 3, 3, 3]


def test_the_usual_remoteness_is_found_once_and_again_for_another_graph(monkeypatch) -> None:
    X, _, y, _ = blobs()
    asked = []

    def found(graph, scales):
        asked.append(usual_remoteness(graph, scales))
        return asked[-1]

    monkeypatch.setattr(_doubt, "usual_remoteness", found)
    model = LabelSpreading("self-tuning", n_neighbors=5, max_iter=500).fit(X, y)
    for _ in range(2):
        model.doubt(X[:3] + 0.1)
        model.predict_or_abstain(X[:3] + 0.1)
    scales, W = model.graph_.local_scales, model.graph_.affinity.toarray()
    ratios = [scales[i] / scales[W[i] > 0].mean() for i in range(60)]
    np.testing.assert_allclose(asked, [max(ratios)])  # of 60, all but one in 1000 are all
    model.fit(X**3, y).doubt(X[:3])
    assert len(asked) == 2
    assert asked[0] != asked[1]


def test_without_neighbours_no_new_point_is_known_to_be_unlike_the_rest() -> None:
    X, _, y, _ = blobs()
    for kernel in ("rbf", "precomputed"):
        given = X if kernel == "rbf" else np.exp(-((X[:, None] - X) ** 2).sum(axis=2))
        model = LabelSpreading(kernel, gamma=1.0, alpha=0.8, max_iter=500).fit(given, y)
        assert "unlike the rest" not in model.doubt(given[:1])


def test_points_in_one_place_have_no_distance_to_be_unlike_by() -> None:
    X = np.repeat(blobs()[0][::10], 10, axis=0)
    y = np.where(np.arange(60) % 10 == 0, np.arange(60) // 10 % 2, -1)
    model = LabelSpreading("self-tuning", n_neighbors=5, max_iter=500)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
    assert "unlike the rest" not in model.doubt(X)
    assert model.doubt(X[:1] + 1e3).tolist() == ["unlike the rest"]


def ring(n: int, radius: float = 1.0) -> np.ndarray:
    turn = 2 * np.pi * np.arange(n) / n
    return radius * np.column_stack([np.cos(turn), np.sin(turn)])


@pytest.mark.parametrize(
    ("remoteness", "word"), [(1.45, {"sure", "mixed", "faint"}), (1.55, {"unlike the rest"})]
)
def test_among_points_alike_one_half_as_remote_again_is_unlike_them(remoteness, word) -> None:
    """Every point of the ring has its two neighbours at the same distance, 1."""
    n = 300
    radius = 1 / (2 * np.sin(np.pi / n))
    points = ring(n, radius)
    y = np.where(np.arange(n) % 10 == 0, np.arange(n) // 150, -1)
    model = LabelSpreading("self-tuning", n_neighbors=2, alpha=0.9, max_iter=500).fit(points, y)
    # outside a point, the second nearest are its neighbours, at the distance that is wanted
    half = np.pi / n
    outward = np.sqrt(remoteness**2 - (radius * np.sin(2 * half)) ** 2) + radius * np.cos(2 * half)
    new = points[::20] * outward / radius
    nearest = np.sort(np.linalg.norm(new[0] - points, axis=1))
    np.testing.assert_allclose(nearest[1], remoteness)
    assert set(model.doubt(new)) <= word


def test_the_usual_remoteness_is_above_that_of_all_points_but_one_in_a_thousand() -> None:
    points = np.random.default_rng(0).normal(size=(3_000, 2))
    graph = knn_graph(points, 5)
    scales = graph.local_scales
    W = graph.affinity
    around = [scales[W.indices[W.indptr[i] : W.indptr[i + 1]]].mean() for i in range(3_000)]
    ratios = np.sort(scales / around)
    assert ratios[-5] < ratios[-4] < ratios[-3] < ratios[-2]
    found = usual_remoteness(graph, scales)
    np.testing.assert_allclose(found, ratios[-3], rtol=1e-6)
