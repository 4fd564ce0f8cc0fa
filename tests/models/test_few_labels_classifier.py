"""FewLabelsClassifier: its equations, its choices, what it says of itself, and what it refuses."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import FewLabelsClassifier, Graph, UnreachedWarning, write_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import open_graph, shared_neighbor_graph
from tests import textbook
from tests.gallery import one_hot, two_cliques
from tests.models.checks import expected_failed_checks
from tests.strategies import affinities, partial_labels

TIGHT: dict[str, Any] = {"tol": 1e-9, "max_iter": 100_000}
ALPHA = 0.9

BLOBS, TRUTH = make_blobs(120, centers=3, n_features=4, cluster_std=3.5, random_state=1)
LABELS = np.full(120, -1)
for _class in range(3):
    LABELS[np.flatnonzero(_class == TRUTH)[:8]] = _class


@parametrize_with_checks([FewLabelsClassifier()], expected_failed_checks=expected_failed_checks)
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    if check.func.__name__ == "check_array_api_input":
        # needs an environment variable before SciPy is imported; none says that it takes these
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


# The equations


def roots(W: np.ndarray) -> np.ndarray:
    degrees = W.sum(axis=1)
    return np.sqrt(np.where(degrees > 0, degrees, 1))


def linear_scores(W: np.ndarray, Y: np.ndarray, alpha: float) -> np.ndarray:
    """F_ic = d_i^-1/2 sum_j R_ij d_j^-1/2 Y_jc / sum_j Y_jc, column by column."""
    root = roots(W)[:, None]
    return textbook.spreading(W, Y / root, alpha) / root / np.maximum(Y.sum(axis=0), 1e-300)


def massed(P: np.ndarray, points: np.ndarray, q: np.ndarray | None) -> np.ndarray:
    """Class-mass normalisation over `points`; a class without mass stays at 0."""
    if q is None or not points.any():
        return P
    mass = P[points].sum(axis=0)
    result = P.copy()
    weighed = P[points] * np.divide(q, mass, out=np.zeros_like(q), where=mass > 0)
    result[points] = weighed / weighed.sum(axis=1, keepdims=True)
    return result


def textbook_answer(
    W: np.ndarray, y: np.ndarray, q: np.ndarray | None, n_rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Distributions of the first two steps, and of the last round."""
    Y = one_hot(y, int(y.max()) + 1)
    prior = Y.sum(axis=0) / Y.sum() if q is None else q
    F = linear_scores(W, Y, ALPHA)
    answered = textbook.reached(W, y >= 0)
    unlabelled = answered & (y < 0)
    linear = massed(textbook.distributions(F, prior), unlabelled, q)
    Q, root = linear.copy(), roots(W)[:, None]
    for _ in range(n_rounds):
        Q[y >= 0] = Y[y >= 0]
        spread = textbook.spreading(W, np.where(answered[:, None], Q, 0) * root, 0.9) / root
        Q[answered] = spread[answered] / spread[answered].sum(axis=1, keepdims=True)
        Q = massed(Q, unlabelled, q)
    Q[y >= 0] = Y[y >= 0]
    return linear, Q


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@settings(max_examples=30)
@given(W=affinities(min_nodes=2), data=st.data())
def test_answers_are_those_of_the_equations(W, data) -> None:
    y = np.unique(data.draw(partial_labels(len(W))), return_inverse=True)
    codes = y[1] - (1 if y[0][0] == -1 else 0)
    uniform = data.draw(st.booleans())
    n_rounds = data.draw(st.integers(0, 2))
    q = np.full(codes.max() + 1, 1 / (codes.max() + 1)) if uniform else None
    model = FewLabelsClassifier(
        alpha=ALPHA,
        class_prior="uniform" if uniform else None,
        n_rounds=n_rounds,
        calibration=None,
        **TIGHT,
    )
    model.fit(Graph.from_affinity(W, dtype=np.float64), codes)
    linear, final = textbook_answer(W, codes, q, n_rounds)
    np.testing.assert_allclose(model.label_distributions_, final, atol=1e-6)
    np.testing.assert_allclose(model._linear_distributions, linear, atol=1e-6)
    np.testing.assert_array_equal(model.reached_, textbook.reached(W, codes >= 0))


def test_labels_repeated_on_twin_points_change_no_linear_share() -> None:
    # Nodes 0 and 1 are twins: with the same neighbours, and so the same share of every walk.
    W = two_cliques(5, 0.5)
    one = np.full(10, -1)
    one[0], one[9] = 0, 1
    both = one.copy()
    both[1] = 0
    graph = Graph.from_affinity(W, dtype=np.float64)
    settings_: dict[str, Any] = {"alpha": 0.99, "class_prior": None, "n_rounds": 0}
    models = [FewLabelsClassifier(calibration=None, **settings_, **TIGHT) for _ in range(2)]
    single, double = (m.fit(graph, y) for m, y in zip(models, (one, both), strict=True))
    elsewhere = np.arange(2, 9)  # what the twins hear of themselves differs
    np.testing.assert_allclose(
        single.label_distributions_[elsewhere], double.label_distributions_[elsewhere], atol=1e-6
    )


def test_evidence_is_one_where_walks_forget_their_start() -> None:
    graph = shared_neighbor_graph(BLOBS)
    model = FewLabelsClassifier(alpha=1 - 1e-7, solver="direct").fit(graph, LABELS)
    assert graph.n_components == 1
    np.testing.assert_allclose(model.evidence_, 1, rtol=1e-3)


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@settings(max_examples=50)
@given(W=affinities(min_nodes=2), data=st.data())
def test_the_unit_of_evidence_is_what_walks_hear_that_have_forgotten_their_start(W, data) -> None:
    y = np.unique(data.draw(partial_labels(len(W))), return_inverse=True)
    codes = y[1] - (1 if y[0][0] == -1 else 0)
    Y = one_hot(codes, int(codes.max()) + 1)
    model = FewLabelsClassifier(alpha=ALPHA, n_rounds=0, calibration=None, **TIGHT)
    model.fit(Graph.from_affinity(W, dtype=np.float64), codes)
    heard, forgotten = (linear_scores(W, Y, a).sum(axis=1) for a in (ALPHA, 1 - 1e-9))
    walked = textbook.reached(W, codes >= 0) & (W.sum(axis=1) > 0)
    expected = heard[walked] / forgotten[walked]
    np.testing.assert_allclose(model.evidence_[walked], expected, rtol=1e-4)
    assert not model.evidence_[~textbook.reached(W, codes >= 0)].any()


def test_evidence_is_that_of_each_component_by_itself() -> None:
    few, many = two_cliques(4, 0.3), two_cliques(9, 0.1)
    both = np.zeros((26, 26))
    both[:8, :8], both[8:, 8:] = few, many
    y_few, y_many = np.full(8, -1), np.full(18, -1)
    y_few[[0, 7]], y_many[[2, 12, 14]] = [0, 1], [2, 3, 3]
    found, *alone = (
        FewLabelsClassifier(alpha=ALPHA, **TIGHT).fit(Graph.from_affinity(W), y).evidence_
        for W, y in ((both, np.append(y_few, y_many)), (few, y_few), (many, y_many))
    )
    np.testing.assert_allclose(found, np.concatenate(alone), rtol=1e-5)


def test_labelled_points_keep_their_labels_and_light_ones_in_part() -> None:
    y = LABELS.copy()
    y[0] = (y[np.flatnonzero(y >= 0)[0]] + 1) % 3 if y[0] >= 0 else 2
    model = FewLabelsClassifier(calibration=None).fit(BLOBS, y)
    np.testing.assert_array_equal(model.transduction_[y >= 0], y[y >= 0])
    weights = np.ones(120)
    chosen = np.flatnonzero(y >= 0)[3]
    weights[chosen] = 0.25
    lighter = FewLabelsClassifier(calibration=None).fit(BLOBS, y, sample_weight=weights)
    assert model.label_distributions_[chosen, y[chosen]] == 1
    assert 0.25 <= lighter.label_distributions_[chosen, y[chosen]] < 1


def test_weights_of_a_scale_mean_nothing_and_a_vanishing_one_is_none() -> None:
    graph = shared_neighbor_graph(BLOBS)
    equal = FewLabelsClassifier(calibration=None, alpha=0.98, **TIGHT).fit(graph, LABELS)
    heavy = clone(equal).fit(graph, LABELS, sample_weight=np.full(120, 1e6))
    np.testing.assert_allclose(heavy.label_distributions_, equal.label_distributions_, atol=1e-7)
    without = LABELS.copy()
    chosen = np.flatnonzero(LABELS == 1)[2]
    without[chosen] = -1
    weights = np.ones(120)
    weights[chosen] = 1e-9
    nearly = clone(equal).fit(graph, LABELS, sample_weight=weights)
    fewer = clone(equal).fit(graph, without)
    # the class masses are taken over the unlabelled points, of which it is not one
    np.testing.assert_allclose(nearly.label_distributions_, fewer.label_distributions_, atol=0.02)


def test_soft_labels_that_are_certain_are_classes() -> None:
    rows = np.full((120, 3), np.nan)
    rows[LABELS >= 0] = np.eye(3)[LABELS[LABELS >= 0]]
    graph = shared_neighbor_graph(BLOBS)
    soft = FewLabelsClassifier(**TIGHT).fit(graph, rows)
    hard = FewLabelsClassifier(**TIGHT).fit(graph, LABELS)
    assert soft.alpha_ == hard.alpha_
    np.testing.assert_allclose(soft.label_distributions_, hard.label_distributions_, atol=1e-6)


# Labels that come and go


@pytest.mark.parametrize("solver", ["auto", "chebyshev"])
def test_relabelling_comes_to_what_a_new_fit_does(solver) -> None:
    graph = shared_neighbor_graph(BLOBS)
    changing: dict[str, Any] = {"alpha": 0.98, "tol": 1e-7, "max_iter": 10_000, "solver": solver}
    y = LABELS.copy()
    y[y == 2] = -1
    model = FewLabelsClassifier(**changing).fit(graph, y)
    steps: list[tuple[str, list[int], list[int]]] = [
        ("add", [100], [0]),
        ("add", [50, 51], [2, 2]),
        ("add", [100], [1]),
        ("remove", [50], []),
        ("add", [60, 61, 62, 63], [0, 1, 2, 0]),
        ("remove", [51, 62], []),
    ]
    for what, points, labels in steps:
        if what == "add":
            model.add_labels(points, labels)
            y[points] = labels
        else:
            model.remove_labels(points)
            y[points] = -1
        expected = FewLabelsClassifier(**changing).fit(graph, y)
        assert model.classes_.tolist() == expected.classes_.tolist()
        np.testing.assert_allclose(
            model._plain_distributions, expected._plain_distributions, atol=2e-5
        )
        np.testing.assert_allclose(
            model.label_distributions_, expected.label_distributions_, atol=2e-3
        )


def test_alpha_stays_when_labels_change() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    chosen, said = model.alpha_, model.choices_["alpha"]
    unlabelled = np.flatnonzero(LABELS < 0)
    model.add_labels(unlabelled, TRUTH[unlabelled])
    assert model.alpha_ == chosen
    assert model.choices_["alpha"] == said


def test_another_solver_is_taken_at_the_next_change() -> None:
    graph = shared_neighbor_graph(BLOBS)
    model = FewLabelsClassifier(alpha=0.9, tol=1e-8).fit(graph, LABELS)
    model.set_params(solver="direct").add_labels([100], [0])
    y = LABELS.copy()
    y[100] = 0
    expected = FewLabelsClassifier(alpha=0.9, tol=1e-8, solver="direct").fit(graph, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-5)


def test_a_failed_change_leaves_everything() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    before = model.label_distributions_.copy()
    with pytest.raises(InvalidInputError, match="no label to remove"):
        model.remove_labels([100])
    np.testing.assert_array_equal(model.label_distributions_, before)


# What it says of itself


def test_left_out_shares_are_those_of_a_fit_without_the_label() -> None:
    graph = shared_neighbor_graph(BLOBS)
    for prior in (None, "uniform"):
        model = FewLabelsClassifier(alpha=0.98, class_prior=prior, **TIGHT).fit(graph, LABELS)
        for place, node in enumerate(model.loo_labelled_[:6]):
            y = LABELS.copy()
            y[node] = -1
            other = FewLabelsClassifier(alpha=0.98, class_prior=prior, **TIGHT).fit(graph, y)
            found = model.loo_label_distributions_[place]
            # with a prior, all left-out points are counted among the unlabelled
            atol = 1e-5 if prior is None else 0.05
            np.testing.assert_allclose(found, other._linear_distributions[node], atol=atol)


def test_what_calibration_learns_from_is_the_exact_leave_one_out() -> None:
    graph = shared_neighbor_graph(BLOBS)
    model = FewLabelsClassifier(alpha=0.98, class_prior=None, **TIGHT).fit(graph, LABELS)
    rows, sampled = model._sampled_loo()
    exact = model._loo()
    np.testing.assert_array_equal(rows, np.arange(24))
    np.testing.assert_allclose(sampled.values, exact.values[rows], atol=1e-5)
    np.testing.assert_allclose(sampled.evidence, exact.evidence[rows], rtol=1e-4)


def test_shares_of_the_evidence_sum_to_the_linear_distribution() -> None:
    model = FewLabelsClassifier(class_prior=None, alpha=0.98, **TIGHT).fit(BLOBS, LABELS)
    for node in (0, 60, 119):
        explanation = model.explain(node)
        np.testing.assert_allclose(explanation.scores, model._linear_distributions[node], atol=1e-4)


def test_a_flipped_label_is_the_first_suspect() -> None:
    y = LABELS.copy()
    chosen = np.flatnonzero(y == 1)[0]
    y[chosen] = 0
    assert FewLabelsClassifier().fit(BLOBS, y).suspect_labels().nodes[0] == chosen


def test_influence_is_the_fit_without_the_label() -> None:
    graph = shared_neighbor_graph(BLOBS)
    fixed: dict[str, Any] = {"alpha": 0.9, "calibration": None, "tol": 1e-8}
    model = FewLabelsClassifier(**fixed).fit(graph, LABELS)
    node = int(model.loo_labelled_[0])
    y = LABELS.copy()
    y[node] = -1
    without = FewLabelsClassifier(**fixed).fit(graph, y).label_distributions_
    np.testing.assert_allclose(model.influence(node).without, without, atol=1e-5)
    assert LABELS[node] == model.transduction_[node]  # the model itself is as it was


def test_calibration_changes_no_answer() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[np.flatnonzero(truth == c)[:3]] = c
    graph = shared_neighbor_graph(X)
    model = FewLabelsClassifier().fit(graph, y)
    plain = FewLabelsClassifier(calibration=None).fit(graph, y)
    np.testing.assert_array_equal(model.transduction_, plain.transduction_)
    order = model.label_distributions_.astype(np.float64).argmax(axis=1)
    assert (model.classes_[order] == model.transduction_).mean() > 0.999  # ties in float32
    unlabelled = y < 0
    accuracy = (model.transduction_ == truth)[unlabelled].mean()
    sure = model.label_distributions_[unlabelled].max(axis=1).mean()
    said = plain.label_distributions_[unlabelled].max(axis=1).mean()
    assert abs(sure - accuracy) < abs(said - accuracy)
    assert accuracy > 0.93


def test_sets_hold_the_truth_about_as_often_as_asked() -> None:
    X, truth = make_blobs(600, centers=3, n_features=2, cluster_std=2.2, random_state=4)
    y = np.full(600, -1)
    drawn = np.random.default_rng(0).choice(600, 120, replace=False)
    y[drawn] = truth[drawn]
    model = FewLabelsClassifier().fit(X, y)
    held = model.predict_set(coverage=0.9)[np.arange(600), truth][y < 0].mean()
    assert 0.83 < held < 0.97
    assert model.predict_set(X[:5]).shape == (5, 3)


def test_over_many_draws_sets_hold_the_truth_as_often_as_asked() -> None:
    X, truth = load_digits(return_X_y=True)
    graph = shared_neighbor_graph(X)
    held = []
    for seed in range(12):
        y = np.full(len(truth), -1)
        drawn = np.random.default_rng(seed).choice(len(truth), 50, replace=False)
        y[drawn] = truth[drawn]
        model = FewLabelsClassifier(n_rounds=0).fit(graph, y)
        sets = np.zeros((len(truth), 10), dtype=bool)  # a class that was not drawn is in none
        sets[:, model.classes_] = model.predict_set(coverage=0.9)
        held.append(sets[np.arange(len(truth)), truth][y < 0].mean())
    # one draw of 50 labels has a standard deviation of about 0.05, and is 46 / 51 in the mean
    assert 0.87 < np.mean(held) < 0.94


def test_doubts_and_abstentions_go_by_the_final_answers() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    answers = model.predict_or_abstain(abstain_below=0.8)
    sure = model.doubt_ == "sure"
    np.testing.assert_array_equal(answers[sure], model.transduction_[sure])
    assert (answers[~sure] == -1).all()
    np.testing.assert_array_equal(sure, model.calibrated_proba().max(axis=1) >= 0.8)


def test_an_explanation_says_where_a_later_step_gave_another_answer() -> None:
    X, truth = make_blobs(300, centers=3, n_features=4, cluster_std=3.5, random_state=2)
    y = np.full(300, -1)
    for c, n in enumerate((3, 40, 3)):
        y[np.flatnonzero(truth == c)[:n]] = c
    y[np.flatnonzero(truth == 0)[3:6]] = 1  # of many of their class, and others are around them
    model = FewLabelsClassifier(alpha=0.995).fit(X, y)
    linear = FewLabelsClassifier(alpha=0.995, n_rounds=0, calibration=None).fit(X, y)
    massed = linear.label_distributions_.argmax(axis=1)
    steps = []
    for node in range(300):
        found = model.explain(node)
        largest = model.classes_[found.scores.argmax()]
        answer = model.transduction_[node]
        if largest == answer:
            step = ""
        elif y[node] == answer:
            step = "labelled points keep their label"
        elif massed[node] == answer:
            step = "brought nearer to their expected shares"
        else:
            step = "self-training settled on it"
        assert step in found.note
        assert bool(found.note) == bool(step)
        assert (f"but the answer is {answer}: after this" in str(found)) == bool(step)
        steps.append(step)
    assert len(set(steps)) == 4


# Choices


def test_choices_are_said_with_reasons() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    assert list(model.choices_) == ["graph", "alpha", "class_prior", "calibration"]
    assert model.choices_["graph"].figures["n_neighbors"] == 10
    assert model.choices_["alpha"].value == model.alpha_
    assert len(model.choices_["alpha"].figures) == 4
    assert model.choices_["calibration"].figures["sharpness"] > 0
    text = str(model.choices_)
    assert "few points are hubs" in text
    assert "24 labels left out" in text


def test_with_one_label_a_class_nothing_is_learned_from_labels() -> None:
    y = np.full(120, -1)
    for c in range(3):
        y[np.flatnonzero(c == TRUTH)[0]] = c
    model = FewLabelsClassifier().fit(BLOBS, y)
    assert model.alpha_ == 0.995
    assert "0 labels have others of their class" in model.choices_["alpha"].why
    assert "what is usual" in model.choices_["calibration"].why
    assert "3 of 3 classes have a single label: 0, 1, 2. A second" in model.choices_.notes[0]
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-6)


def test_where_some_classes_have_a_single_label_the_choices_say_which_labels_speak() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[np.flatnonzero(truth == c)[: 3 if c < 3 else 1]] = c
    choices = FewLabelsClassifier().fit(X, y).choices_
    assert "9 labels have others of their class that can speak for them" in str(choices)
    assert "fitted to 9 labels left out, each with another of its class" in str(choices)
    assert "7 of 10 classes have a single label: 3, 4, 5, 6, 7 and 2 more. A second" in str(choices)


def test_a_given_alpha_prior_and_graph_are_said_to_be_given() -> None:
    graph = shared_neighbor_graph(BLOBS)
    prior = [0.5, 0.25, 0.25]
    model = FewLabelsClassifier(alpha=0.5, class_prior=prior, calibration=None)
    model.fit(graph, LABELS)
    assert model.choices_["graph"].why.startswith("a graph came in place of features")
    assert model.choices_["alpha"].why == "as given"
    assert model.choices_["class_prior"].value == "given"
    assert model.choices_["calibration"].value is None
    assert model.graph_ is graph
    by_affinity = FewLabelsClassifier("precomputed").fit(graph.affinity, LABELS)
    assert "affinities came" in by_affinity.choices_["graph"].why


def test_a_single_class_is_noted_and_answered_everywhere() -> None:
    y = np.full(120, -1)
    y[:2] = 7
    model = FewLabelsClassifier().fit(BLOBS, y)
    assert "all labels are 7" in model.choices_.notes[0]
    assert (model.transduction_ == 7).all()


def test_unreached_points_get_the_prior_a_warning_and_a_note() -> None:
    W = np.zeros((6, 6))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = W[3, 4] = W[4, 3] = 1
    y = [0, -1, 1, -1, -1, -1]
    with pytest.warns(UnreachedWarning, match="3 of 6 points"):
        model = FewLabelsClassifier().fit(Graph.from_affinity(W), y)
    np.testing.assert_allclose(model.label_distributions_[3:], 0.5)
    assert model.transduction_[3:].tolist() == [-1, -1, -1]
    assert any("3 of 6 points can't be reached" in note for note in model.choices_.notes)


def test_rounds_that_end_too_early_are_warned_of() -> None:
    with pytest.warns(ConvergenceWarning) as caught:
        FewLabelsClassifier(max_iter=1, solver="sweeps").fit(BLOBS, LABELS)
    assert any("rounds of self-training" in str(each.message) for each in caught)


def test_two_moons_are_told_apart_from_a_table_and_by_name() -> None:
    X, truth = make_moons(300, noise=0.06, random_state=0)
    table = pd.DataFrame(X, columns=["x", "y"])
    y = pd.Series([None] * 300, dtype=object)
    for c, name in enumerate(("upper", "lower")):
        y[np.flatnonzero(truth == c)[:2]] = name
    model = FewLabelsClassifier().fit(table, y)
    named = np.array(["upper", "lower"])[truth]
    assert (model.transduction_ == named).mean() > 0.95
    assert (model.predict(table) == named).mean() > 0.95
    assert model.feature_names_in_.tolist() == ["x", "y"]


@pytest.mark.parametrize("fitted_on", ["features", "graph"])
def test_a_pickle_answers_and_learns_as_the_original(fitted_on) -> None:
    X = BLOBS if fitted_on == "features" else shared_neighbor_graph(BLOBS)
    model = FewLabelsClassifier(alpha=0.98).fit(X, LABELS)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.label_distributions_, model.label_distributions_)
    for each in (model, copied):
        each.add_labels([100], [0])
    np.testing.assert_allclose(copied.label_distributions_, model.label_distributions_, rtol=1e-6)


# What it refuses


@pytest.mark.parametrize(
    ("settings_", "error"),
    [
        ({"kernel": "rbf"}, InvalidInputError),
        ({"n_neighbors": 0}, InvalidInputError),
        ({"alpha": "best"}, InvalidInputError),
        ({"alpha": 1.0}, InvalidInputError),
        ({"alpha": None}, InvalidTypeError),
        ({"n_rounds": -1}, InvalidInputError),
        ({"n_rounds": 1.5}, InvalidTypeError),
        ({"calibration": "temperature"}, InvalidInputError),
        ({"class_prior": [0.5, 0.5]}, InvalidInputError),
        ({"solver": "magic"}, InvalidInputError),
        ({"tol": -1}, InvalidInputError),
        ({"max_iter": 0}, InvalidInputError),
        ({"n_jobs": 0}, InvalidInputError),
    ],
)
def test_settings_out_of_range_are_refused(settings_, error) -> None:
    with pytest.raises(error):
        FewLabelsClassifier(**settings_).fit(BLOBS, LABELS)


def test_several_classes_a_point_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="one class a point"):
        FewLabelsClassifier().fit(BLOBS, np.eye(3, dtype=int)[TRUTH])


def test_a_graph_on_disk_is_refused(tmp_path) -> None:
    write_graph(tmp_path / "graph", shared_neighbor_graph(BLOBS))
    with pytest.raises(InvalidTypeError, match="needs the graph in memory"):
        FewLabelsClassifier().fit(open_graph(tmp_path / "graph"), LABELS)


def test_what_is_read_before_a_fit_is_missing() -> None:
    assert not hasattr(FewLabelsClassifier(), "label_distributions_")
    assert not hasattr(FewLabelsClassifier(), "choices_")
