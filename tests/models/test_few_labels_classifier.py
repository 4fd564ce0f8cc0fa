"""FewLabelsClassifier: its answers, its choices, what it says of itself, and what it refuses."""

from __future__ import annotations

import pickle
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits, make_blobs, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import FewLabelsClassifier, Graph, UnreachedWarning, write_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import knn_graph, open_graph, shared_neighbor_graph
from fewlabels.models.class_mass import offsets_to_shares, offsets_towards, with_offsets
from tests.models.checks import expected_failed_checks

TIGHT: dict[str, Any] = {"tol": 1e-9, "max_iter": 100_000}

BLOBS, TRUTH = make_blobs(120, centers=3, n_features=4, cluster_std=3.5, random_state=1)
LABELS = np.full(120, -1)
for _class in range(3):
    LABELS[np.flatnonzero(_class == TRUTH)[:8]] = _class
GRAPH = shared_neighbor_graph(BLOBS)
FREE = LABELS < 0

# Two groups far from each other: the second has no label where the first alone has some.
APART = np.vstack([BLOBS, BLOBS[:20] + 1e3])
WITHOUT_THE_GROUP = np.append(LABELS, np.full(20, -1))

SOURCES = pytest.mark.parametrize("source", [BLOBS, GRAPH], ids=["features", "graph"])


@pytest.mark.filterwarnings("ignore:all labels are")
@parametrize_with_checks([FewLabelsClassifier()], expected_failed_checks=expected_failed_checks)
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    if check.func.__name__ == "check_array_api_input":
        # needs an environment variable before SciPy is imported; none says that it takes these
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


# Answers


@SOURCES
@pytest.mark.parametrize("n_each", [1, 2, 8])
def test_answers_are_distributions_and_mostly_right(source, n_each: int) -> None:
    y = np.full(120, -1)
    for c in range(3):
        y[np.flatnonzero(c == TRUTH)[:n_each]] = c
    model = FewLabelsClassifier().fit(source, y)
    found = model.label_distributions_
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert (found >= 0).all()
    np.testing.assert_array_equal(model.transduction_[y < 0], found[y < 0].argmax(axis=1))
    np.testing.assert_array_equal(model.transduction_[y >= 0], y[y >= 0])
    assert (model.transduction_ == TRUTH)[y < 0].mean() > 0.6


@SOURCES
def test_a_fit_is_the_same_each_time(source) -> None:
    first, second = (FewLabelsClassifier().fit(source, LABELS) for _ in range(2))
    np.testing.assert_array_equal(first.label_distributions_, second.label_distributions_)
    np.testing.assert_array_equal(first.loo_label_distributions_, second.loo_label_distributions_)
    assert str(first.choices_) == str(second.choices_)


def test_the_order_of_the_points_is_of_no_account() -> None:
    order = np.random.default_rng(0).permutation(120)
    W = GRAPH.affinity[order][:, order]
    expected = FewLabelsClassifier(**TIGHT).fit(GRAPH, LABELS).label_distributions_
    found = FewLabelsClassifier(**TIGHT).fit(Graph.from_affinity(W), LABELS[order])
    np.testing.assert_allclose(found.label_distributions_, expected[order], atol=0.02)


def test_the_names_of_the_classes_are_of_no_account() -> None:
    names = np.array(["b", "c", "a"], dtype=object)
    y = np.where(FREE, None, names[LABELS])
    named = FewLabelsClassifier(**TIGHT).fit(BLOBS, y)
    expected = FewLabelsClassifier(**TIGHT).fit(BLOBS, LABELS)
    assert named.classes_.tolist() == ["a", "b", "c"]
    np.testing.assert_allclose(
        named.label_distributions_[:, [1, 2, 0]], expected.label_distributions_, atol=1e-5
    )


def test_the_unit_of_the_features_is_of_no_account() -> None:
    expected = FewLabelsClassifier(**TIGHT).fit(BLOBS, LABELS).label_distributions_
    for scale in (1e-6, 1e6):
        found = FewLabelsClassifier(**TIGHT).fit(BLOBS * scale, LABELS).label_distributions_
        np.testing.assert_allclose(found, expected, atol=1e-3)


def test_float32_points_get_float32_answers_near_those_of_float64() -> None:
    single = FewLabelsClassifier().fit(BLOBS.astype(np.float32), LABELS)
    double = FewLabelsClassifier().fit(BLOBS, LABELS)
    assert single.label_distributions_.dtype == np.float32
    assert single.predict_proba(BLOBS[:3].astype(np.float32)).dtype == np.float32
    assert double.label_distributions_.dtype == np.float64
    np.testing.assert_allclose(single.label_distributions_, double.label_distributions_, atol=0.01)


def test_sparse_points_are_answered_as_dense_ones() -> None:
    dense = FewLabelsClassifier().fit(BLOBS, LABELS)
    found = FewLabelsClassifier().fit(sparse.csr_matrix(BLOBS), LABELS)
    np.testing.assert_allclose(found.label_distributions_, dense.label_distributions_, atol=1e-3)
    new = BLOBS[:5] + 0.1
    np.testing.assert_allclose(
        found.predict_proba(sparse.csr_matrix(new)), dense.predict_proba(new), atol=1e-3
    )


@pytest.mark.parametrize(
    "points",
    [
        BLOBS[:, :1],
        np.repeat(BLOBS[:40], 3, axis=0),
        np.column_stack([BLOBS, np.full(120, 5.0)]),
        np.zeros((120, 2)),
        np.column_stack([BLOBS, np.random.default_rng(0).normal(size=(120, 80))]),
    ],
    ids=["one column", "duplicates", "a constant column", "all alike", "84 columns"],
)
@pytest.mark.filterwarnings("ignore::fewlabels.ScaleWarning")
def test_points_of_every_shape_are_answered(points) -> None:
    model = FewLabelsClassifier().fit(points, LABELS)
    for found in (model.label_distributions_, model.predict_proba(points[:7])):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert model.loo_label_distributions_.shape == (24, 3)
    assert len(model.suspect_labels()) == 24


@pytest.mark.filterwarnings("ignore:all labels are")
def test_a_single_class_is_noted_and_answered_everywhere() -> None:
    y = np.full(120, -1)
    y[:2] = 7
    model = FewLabelsClassifier().fit(BLOBS, y)
    assert "all labels are 7" in model.choices_.notes[0]
    assert (model.transduction_ == 7).all()
    np.testing.assert_allclose(model.predict_proba(BLOBS[:3]), 1)
    np.testing.assert_allclose(model.loo_label_distributions_, 1)


@SOURCES
def test_where_all_points_are_labelled_there_is_nothing_to_answer(source) -> None:
    model = FewLabelsClassifier().fit(source, TRUTH)
    np.testing.assert_array_equal(model.transduction_, TRUTH)
    assert np.isfinite(model.label_distributions_).all()
    assert (model.loo_label_distributions_.argmax(axis=1) == TRUTH).mean() > 0.8
    given_ = FewLabelsClassifier(class_prior=[0.2, 0.3, 0.5]).fit(source, TRUTH)
    np.testing.assert_array_equal(given_.transduction_, TRUTH)


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


def test_where_no_label_reaches_the_features_answer_with_a_warning_and_a_note() -> None:
    with pytest.warns(UnreachedWarning, match="20 of 140 points.* Their features alone answer"):
        model = FewLabelsClassifier().fit(APART, WITHOUT_THE_GROUP)
    assert (~model.reached_[120:]).all()
    assert np.isin(model.transduction_[120:], [0, 1, 2]).all()
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-6)
    assert not model.evidence_[120:].any()
    assert (model.doubt_[120:] == "unreached").all()
    assert (model.predict_or_abstain()[120:] == -1).all()
    assert "20 of 140 points can't be reached" in model.choices_.notes[-1]
    assert "answered by their features" in model.choices_.notes[-1]
    new = model.predict_proba(APART[125:130])
    np.testing.assert_allclose(new.sum(axis=1), 1, rtol=1e-6)
    assert (model.doubt(APART[125:130]) == "unreached").all()


def test_unreached_points_of_a_graph_get_the_prior_a_warning_and_a_note() -> None:
    W = np.zeros((6, 6))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = W[3, 4] = W[4, 3] = 1
    y = [0, -1, 1, -1, -1, -1]
    with pytest.warns(UnreachedWarning, match="3 of 6 points.*marks them as unlabelled"):
        model = FewLabelsClassifier().fit(Graph.from_affinity(W), y)
    np.testing.assert_allclose(model.label_distributions_[3:], 0.5)
    assert model.transduction_[3:].tolist() == [-1, -1, -1]
    note = next(note for note in model.choices_.notes if "3 of 6 points can't be" in note)
    assert "features" not in note
    assert "no label reaches it" in model.explain(4).message


def test_weights_of_a_scale_mean_nothing_and_a_vanishing_one_is_nearly_none() -> None:
    equal = FewLabelsClassifier(**TIGHT).fit(BLOBS, LABELS)
    heavy = clone(equal).fit(BLOBS, LABELS, sample_weight=np.full(120, 1e6))
    np.testing.assert_allclose(heavy.label_distributions_, equal.label_distributions_, atol=1e-6)
    np.testing.assert_allclose(heavy.loo_score_, equal.loo_score_, atol=1e-6)


@SOURCES
def test_a_wrong_label_that_is_hardly_trusted_says_little(source) -> None:
    y = LABELS.copy()
    chosen = np.flatnonzero(LABELS == 1)[2]
    y[chosen] = 0
    weights = np.ones(120)
    weights[chosen] = 1e-3
    light = FewLabelsClassifier(**TIGHT).fit(source, y, sample_weight=weights)
    heavy = FewLabelsClassifier(**TIGHT).fit(source, y)
    right = FewLabelsClassifier(**TIGHT).fit(source, LABELS)
    others = np.arange(120) != chosen
    moved, kept = (
        np.abs(m.label_distributions_ - right.label_distributions_)[others].sum()
        for m in (heavy, light)
    )
    assert kept < moved


@SOURCES
def test_soft_labels_that_are_certain_are_classes(source) -> None:
    rows = np.full((120, 3), np.nan)
    rows[~FREE] = np.eye(3)[LABELS[~FREE]]
    soft = FewLabelsClassifier(**TIGHT).fit(source, rows)
    hard = FewLabelsClassifier(**TIGHT).fit(source, LABELS)
    np.testing.assert_allclose(soft.label_distributions_, hard.label_distributions_, atol=1e-6)


@SOURCES
def test_soft_labels_are_answered_but_have_no_sets_and_no_suspects(source) -> None:
    rows = np.full((120, 3), np.nan)
    rows[~FREE] = 0.8 * np.eye(3)[LABELS[~FREE]] + 0.2 / 3
    model = FewLabelsClassifier().fit(source, rows)
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-6)
    assert (model.transduction_ == TRUTH)[FREE].mean() > 0.7
    assert model.loo_label_distributions_.shape == (24, 3)
    assert np.isfinite(model.loo_score_)
    for method in (model.predict_set, model.suspect_labels):
        with pytest.raises(InvalidInputError, match="soft labels"):
            method()


def test_more_labels_than_kernels_take_and_members_are_weighed_among() -> None:
    X, truth = make_blobs(1_350, centers=3, n_features=4, cluster_std=3.0, random_state=1)
    y = np.where(np.arange(1_350) < 1_050, truth, -1)
    model = FewLabelsClassifier().fit(X, y)
    assert (model.transduction_ == truth)[1_050:].mean() > 0.85
    assert model.loo_label_distributions_.shape == (1_050, 3)
    assert (model.loo_label_distributions_.argmax(axis=1) == truth[:1_050]).mean() > 0.85
    explained = model.explain(1_200)
    assert len(explained.labelled) == 1_050
    assert "learned from 96 labels" in model.choices_["members"].why


def test_memory_grows_with_points_times_classes_and_features_and_not_with_their_square() -> None:
    X, truth = make_blobs(4000, centers=3, n_features=4, random_state=1)
    y = np.where(np.arange(4000) < 60, truth, -1)
    model = FewLabelsClassifier().fit(X, y)
    graph = model.graph_
    tracemalloc.start()
    try:
        FewLabelsClassifier().fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    a_graph = graph.affinity.nnz * 12
    assert peak < 30 * a_graph + 8 * 4000 * (12 * 3 + 8 * 4 + 5 * 60)
    assert peak < 0.5 * 8 * 4000**2


@SOURCES
def test_no_floating_point_error_is_raised_where_all_are_asked_for(source) -> None:
    with np.errstate(all="raise"):
        model = FewLabelsClassifier().fit(source, LABELS)
        assert np.isfinite(model.loo_score_)
        assert model.predict_set().shape == (120, 3)
        assert len(model.suspect_labels()) == 24
        assert np.isfinite(model.explain(60).shares).all()
        assert np.isfinite(model.influence(int(model.loo_labelled_[0])).change).all()
        assert len(model.doubt_) == 120
        if source is BLOBS:
            far = np.vstack([BLOBS[:3], BLOBS[:3] + 1e6])
            assert np.isfinite(model.predict_proba(far)).all()
            assert len(model.doubt(far)) == 6


# Expected shares of the classes


UNEVEN, UNEVEN_TRUTH = make_blobs([200, 40, 40], n_features=4, cluster_std=3.5, random_state=3)
UNEVEN_LABELS = np.full(280, -1)
for _class in range(3):
    UNEVEN_LABELS[np.flatnonzero(_class == UNEVEN_TRUTH)[:3]] = _class
UNEVEN_FREE = UNEVEN_LABELS < 0


@pytest.mark.parametrize("prior", ["uniform", "labels", [0.7, 0.15, 0.15], {0: 0.7, 1: 0.3, 2: 0}])
def test_a_prior_brings_fitted_left_out_and_new_points_towards_its_shares_alike(prior) -> None:
    plain = FewLabelsClassifier(class_prior=None, **TIGHT).fit(UNEVEN, UNEVEN_LABELS)
    model = FewLabelsClassifier(class_prior=prior, **TIGHT).fit(UNEVEN, UNEVEN_LABELS)
    assert plain.class_prior_ is None
    shares = model.class_prior_
    assert shares.sum() == pytest.approx(1)
    before = plain.label_distributions_
    points = np.flatnonzero(UNEVEN_FREE)
    towards = offsets_towards if isinstance(prior, str) else offsets_to_shares
    offsets = towards(before, points, shares)
    for found, bare in (
        (model.label_distributions_[points], before[points]),
        (model.loo_label_distributions_, plain.loo_label_distributions_),
        (model.predict_proba(UNEVEN[:9] + 0.3), plain.predict_proba(UNEVEN[:9] + 0.3)),
    ):
        np.testing.assert_allclose(found, with_offsets(bare, offsets, shares), atol=2e-3)
    if towards is offsets_to_shares:
        missed = np.abs(model.label_distributions_[points].mean(axis=0) - shares).sum()
        assert missed < np.abs(before[points].mean(axis=0) - shares).sum()


def test_an_automatic_prior_is_none_that_shares_could_be_read_of() -> None:
    model = FewLabelsClassifier().fit(UNEVEN, UNEVEN_LABELS)
    assert model.class_prior_ is None
    assert model.choices_["class_prior"].value == "auto"
    assert any("equal classes" in name for name in model.choices_["members"].value.split(", "))
    plain = FewLabelsClassifier(class_prior=None).fit(UNEVEN, UNEVEN_LABELS)
    assert "equal classes" not in plain.choices_["members"].value


def test_a_class_with_share_0_has_no_answer_no_set_and_no_say_in_thresholds_and_score() -> None:
    model = FewLabelsClassifier(class_prior=[0.6, 0.4, 0]).fit(BLOBS, LABELS)
    new = BLOBS[:9] + 0.1
    for found in (
        model.label_distributions_[FREE],
        model.predict_proba(new),
        model.loo_label_distributions_,
    ):
        assert not found[:, 2].any()
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    assert not (model.transduction_[FREE] == 2).any()
    np.testing.assert_array_equal(model.transduction_[~FREE], LABELS[~FREE])
    for points in (None, new):
        for coverage in (0.5, 0.8, 0.99):
            sets = model.predict_set(points, coverage=coverage, allow_empty=False)
            assert not sets[:, 2].any()
            assert sets.any(axis=1).all()
    told = model.loo_labelled_[LABELS[model.loo_labelled_] < 2]
    rows = model.loo_label_distributions_[np.isin(model.loo_labelled_, told)]
    own = rows[np.arange(len(told)), LABELS[told]]
    assert model.loo_score_ == pytest.approx(np.log(own).mean(), abs=1e-6)


def test_only_labels_of_an_excluded_class_leave_no_score() -> None:
    rows = np.full((120, 2), np.nan)
    rows[[0, 60]] = [1.0, 0.0]
    assert np.isnan(FewLabelsClassifier(class_prior=[0, 1]).fit(BLOBS, rows).loo_score_)


# Labels that come and go


def relabelled(model: Any, y: np.ndarray, what: str, points: list[int], codes: list[int]) -> None:
    if what == "add":
        model.add_labels(points, codes)
        y[points] = codes
    else:
        model.remove_labels(points)
        y[points] = -1


def assert_as_refitted(model: Any, source: Any, y: np.ndarray) -> None:
    expected = clone(model).fit(source, y)
    assert model.classes_.tolist() == expected.classes_.tolist()
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-3)
    np.testing.assert_allclose(
        model.loo_label_distributions_, expected.loo_label_distributions_, atol=1e-3
    )
    np.testing.assert_allclose(model.evidence_, expected.evidence_, rtol=1e-3)
    np.testing.assert_array_equal(model.reached_, expected.reached_)


@SOURCES
@pytest.mark.parametrize("solver", ["auto", "chebyshev"])
def test_relabelling_comes_to_what_a_new_fit_does(source, solver) -> None:
    y = LABELS.copy()
    y[y == 2] = -1
    settings_: dict[str, Any] = {"tol": 1e-6, "max_iter": 10_000, "solver": solver}
    model = FewLabelsClassifier(**settings_).fit(source, y)
    steps: list[tuple[str, list[int], list[int]]] = [
        ("add", [100], [0]),
        ("add", [50, 51], [2, 2]),
        ("add", [100], [1]),
        ("remove", [50], []),
        ("add", [60, 61, 62, 63], [0, 1, 2, 0]),
        ("remove", [51, 62], []),
    ]
    for step in steps:
        relabelled(model, y, *step)
        assert_as_refitted(model, source, y)


@SOURCES
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_any_sequence_of_changes_comes_to_what_a_new_fit_does(source, data) -> None:
    y = LABELS.copy()
    model = FewLabelsClassifier(tol=1e-6, max_iter=10_000).fit(source, y)
    for _ in range(data.draw(st.integers(1, 4))):
        if data.draw(st.booleans()):
            points = sorted(data.draw(st.sets(st.integers(0, 119), min_size=1, max_size=4)))
            codes = [data.draw(st.integers(0, 3)) for _ in points]
            relabelled(model, y, "add", points, codes)
        else:
            known = st.sampled_from(np.flatnonzero(y >= 0).tolist())
            points = sorted(data.draw(st.sets(known, min_size=1, max_size=3)))
            relabelled(model, y, "remove", points, [])
    assert_as_refitted(model, source, y)


def test_at_the_default_tolerance_a_change_is_a_refit_within_it() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    y = LABELS.copy()
    for point in np.flatnonzero(FREE)[:5]:
        relabelled(model, y, "add", [int(point)], [int(TRUTH[point])])
    expected = FewLabelsClassifier().fit(BLOBS, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-3)


def test_settings_that_were_changed_are_taken_at_the_next_change_of_labels() -> None:
    model = FewLabelsClassifier(tol=1e-1).fit(GRAPH, LABELS)
    model.set_params(solver="cg", tol=1e-9, max_iter=10_000).add_labels([100], [0])
    y = LABELS.copy()
    y[100] = 0
    expected = FewLabelsClassifier(tol=1e-9, solver="direct").fit(GRAPH, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-5)


def test_a_failed_change_leaves_everything() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    before = model.label_distributions_.copy()
    with pytest.raises(InvalidInputError, match="no label to remove"):
        model.remove_labels([100])
    np.testing.assert_array_equal(model.label_distributions_, before)


# What it says of itself


def test_a_left_out_answer_is_near_that_of_a_fit_without_the_label() -> None:
    for source in (BLOBS, GRAPH):
        model = FewLabelsClassifier(**TIGHT).fit(source, LABELS)
        gaps = []
        for place, node in enumerate(model.loo_labelled_):
            y = LABELS.copy()
            y[node] = -1
            other = FewLabelsClassifier(**TIGHT).fit(source, y)
            found = model.loo_label_distributions_[place]
            gaps.append(np.abs(found - other.label_distributions_[node]).sum() / 2)
        # weights, sharpness and relevances are those of all labels
        assert np.mean(gaps) < 0.05
        assert np.max(gaps) < 0.25


def test_left_out_answers_do_not_know_the_labels() -> None:
    y = LABELS.copy()
    chosen = np.flatnonzero(y == 1)[0]
    y[chosen] = 0
    model = FewLabelsClassifier().fit(BLOBS, y)
    place = int(np.searchsorted(model.loo_labelled_, chosen))
    assert model.loo_label_distributions_[place].argmax() == 1


@SOURCES
def test_what_each_label_adds_sums_to_the_scores(source) -> None:
    model = FewLabelsClassifier(**TIGHT).fit(source, LABELS)
    for node in (0, 60, 119):
        found = model.explain(node)
        assert found.shares.shape == (24, 3)
        np.testing.assert_allclose(found.shares.sum(axis=0), found.scores)
        own = np.zeros((24, 3), dtype=bool)
        own[np.arange(24), LABELS[found.labelled]] = True
        assert not found.shares[~own].any()  # each speaks for its own class
    if source is GRAPH:
        np.testing.assert_allclose(model.explain(60).scores.sum(), 1, rtol=1e-3)


def test_where_labels_are_even_the_largest_score_is_nearly_always_the_answer() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    scores = np.array([model.explain(node).scores for node in range(120)])
    assert (scores.argmax(axis=1) == model.transduction_).mean() > 0.95


def test_an_explanation_says_where_the_answer_is_another_than_the_largest_score() -> None:
    X, truth = make_blobs(300, centers=3, n_features=4, cluster_std=3.5, random_state=2)
    y = np.full(300, -1)
    for c, n in enumerate((40, 40, 3)):
        y[np.flatnonzero(truth == c)[:n]] = c
    middle = np.linalg.norm(X - X[truth == 0].mean(axis=0), axis=1)
    wrong = [node for node in np.argsort(middle) if truth[node] == 0 and y[node] < 0][:2]
    y[wrong] = 1  # those of another class are all around them
    model = FewLabelsClassifier().fit(X, y)
    reasons = set()
    for node in range(300):
        found = model.explain(node)
        same = model.classes_[found.scores.argmax()] == model.transduction_[node]
        assert bool(found.note) != same
        if not same:
            assert f"but the answer is {model.transduction_[node]}: " in str(found)
            reasons.add(found.note.split(": ")[1])
    assert "labelled points keep their label" in reasons
    given_ = FewLabelsClassifier(class_prior=[0.9, 0.05, 0.05]).fit(X, y)
    notes = {given_.explain(node).note.split(": ")[-1] for node in np.flatnonzero(y < 0)}
    assert any("expected shares (class_prior)" in note for note in notes)


@SOURCES
@pytest.mark.parametrize("chosen", np.flatnonzero(LABELS >= 0)[::6])
def test_a_flipped_label_is_the_first_suspect(source, chosen) -> None:
    y = LABELS.copy()
    y[chosen] = (y[chosen] + 1) % 3
    suspects = FewLabelsClassifier().fit(source, y).suspect_labels()
    assert suspects.nodes[0] == chosen
    assert suspects.suggested[0] == LABELS[chosen]
    assert LABELS[suspects.rivals[0]] == LABELS[chosen]
    assert suspects.n_judged == 24


def test_the_only_label_of_a_class_is_not_judged() -> None:
    y = LABELS.copy()
    y[np.flatnonzero(y == 2)[1:]] = -1
    suspects = FewLabelsClassifier().fit(BLOBS, y).suspect_labels()
    assert suspects.n_judged == len(suspects) - 1
    assert suspects.labels[-1] == 2


@SOURCES
def test_influence_is_the_fit_without_the_label(source) -> None:
    model = FewLabelsClassifier(tol=1e-8, max_iter=10_000).fit(source, LABELS)
    node = int(model.loo_labelled_[0])
    y = LABELS.copy()
    y[node] = -1
    other = FewLabelsClassifier(tol=1e-8, max_iter=10_000).fit(source, y)
    found = model.influence(node)
    np.testing.assert_allclose(found.without, other.label_distributions_, atol=1e-5)
    np.testing.assert_array_equal(found.flipped, model.transduction_ != other.transduction_)
    assert LABELS[node] == model.transduction_[node]  # the model itself is as it was


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
def test_influence_counts_answers_that_features_alone_give() -> None:
    y = np.full(140, -1)
    y[[np.flatnonzero(c == TRUTH)[0] for c in range(3)]] = [0, 1, 2]
    model = FewLabelsClassifier().fit(APART, y)
    for node in model.loo_labelled_.tolist():
        rest = y.copy()
        rest[node] = -1
        expected = model.transduction_ != FewLabelsClassifier().fit(APART, rest).transduction_
        np.testing.assert_array_equal(model.influence(node).flipped, expected)
    # one class is left where it was the other's last label
    own = model.transduction_[120:]
    gone = next(n for n in model.loo_labelled_ if y[n] == own[0])
    assert model.influence(gone).flipped[120:].any()


@pytest.mark.filterwarnings("ignore:all labels are")
def test_a_point_without_a_label_and_the_only_label_influence_nothing_that_can_be_told() -> None:
    y = np.full(120, -1)
    y[3] = 0
    model = FewLabelsClassifier().fit(BLOBS, y)
    with pytest.raises(InvalidInputError, match="point 4 has no label"):
        model.influence(4)
    with pytest.raises(InvalidInputError):
        model.influence(3)


# Sets


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
        model = FewLabelsClassifier().fit(graph, y)
        sets = np.zeros((len(truth), 10), dtype=bool)  # a class that was not drawn is in none
        sets[:, model.classes_] = model.predict_set(coverage=0.9)
        held.append(sets[np.arange(len(truth)), truth][y < 0].mean())
    # one draw of 50 labels has a standard deviation of about 0.05, and is 46 / 51 in the mean
    assert 0.87 < np.mean(held) < 0.94


def test_sets_for_each_class_hold_each_and_a_class_of_few_labels_is_in_all() -> None:
    X, truth = make_blobs([500, 100, 100], n_features=3, cluster_std=3.0, random_state=1)
    held = []
    for seed in range(8):
        y = np.full(700, -1)
        drawn = np.random.default_rng(seed).choice(700, 250, replace=False)
        y[drawn] = truth[drawn]
        model = FewLabelsClassifier().fit(X, y)
        own = model.predict_set(coverage=0.9, per_class=True)[np.arange(700), truth]
        held.append([own[(y < 0) & (truth == c)].mean() for c in range(3)])
    assert (np.mean(held, axis=0) > 0.86).all()
    y[np.flatnonzero(y == 2)[5:]] = -1
    few = FewLabelsClassifier().fit(X, y)
    assert few.predict_set(per_class=True)[:, 2].all()


def test_classes_that_no_label_names_widen_sets_where_they_are_counted() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    drawn = np.random.default_rng(0).choice(len(truth), 20, replace=False)
    y[drawn] = truth[drawn]
    model = FewLabelsClassifier().fit(X, y)
    plain, counted = (
        model.predict_set(coverage=0.8),
        model.predict_set(coverage=0.8, count_unseen=True),
    )
    assert counted.sum() > plain.sum()
    assert (counted | ~plain).all()
    with pytest.raises(InvalidInputError, match="count_unseen is of no use with per_class"):
        model.predict_set(per_class=True, count_unseen=True)
    with pytest.raises(InvalidTypeError, match=r"coverage=0\.9"):
        model.predict_set(0.9)


# Doubt


def test_at_one_label_a_class_nothing_is_sure() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[np.flatnonzero(truth == c)[0]] = c
    model = FewLabelsClassifier().fit(X, y)
    assert not (model.doubt_[y < 0] == "sure").any()
    assert (model.predict_or_abstain()[y < 0] == -1).all()
    assert not (model.doubt(X[:50]) == "sure").any()


def test_words_of_doubt_part_the_points_and_abstentions_go_by_them() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    words = {"sure", "too few labels", "classes disagree", "little evidence", "unreached"}
    assert set(model.doubt_) <= words
    np.testing.assert_array_equal(model.doubt_, model.doubt())
    answers, sure = model.predict_or_abstain(abstain_below=0.8), model.doubt_ == "sure"
    assert sure.any()
    np.testing.assert_array_equal(answers[sure], model.transduction_[sure])
    assert (answers[~sure] == -1).all()
    assert (model.calibrated_proba().max(axis=1)[sure] >= 0.8).all()
    stricter = model.doubt(abstain_below=0.95) == "sure"
    assert (sure | ~stricter).all()
    assert stricter.sum() < sure.sum()
    with pytest.raises(InvalidTypeError, match=r"abstain_below=0\.5"):
        model.doubt(0.5)
    with pytest.raises(InvalidInputError, match="abstain_below"):
        model.doubt(abstain_below=1.1)


def test_labelled_points_keep_a_wrong_label_where_they_are_sure() -> None:
    X, truth = make_blobs(200, centers=2, n_features=3, random_state=0)
    y = np.where(np.arange(200) < 60, truth, -1)
    y[0] = 1 - truth[0]
    model = FewLabelsClassifier().fit(X, y)
    assert model.transduction_[0] == y[0]
    sure = model.doubt_ == "sure"
    np.testing.assert_array_equal(model.predict_or_abstain()[sure], model.transduction_[sure])


def test_sure_answers_are_right_more_often_than_asked_and_than_the_others() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[np.flatnonzero(truth == c)[:4]] = c
    model = FewLabelsClassifier().fit(X, y)
    right, free = model.transduction_ == truth, y < 0
    by_word = {w: right[free & (model.doubt_ == w)].mean() for w in set(model.doubt_[free])}
    assert by_word["sure"] > 0.95
    assert all(by_word["sure"] > share for w, share in by_word.items() if w != "sure")


def test_new_points_far_from_all_others_are_unlike_the_rest() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    assert (model.doubt(BLOBS + 1e4) == "unlike the rest").all()
    assert (model.predict_or_abstain(BLOBS + 1e4, abstain_below=0.0) == -1).all()
    assert not (model.doubt(BLOBS) == "unlike the rest").any()


# New points


def test_new_points_at_fitted_ones_are_answered_nearly_as_these() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    found = model.predict_proba(BLOBS[FREE])
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    same = found.argmax(axis=1) == model.transduction_[FREE]
    assert same.mean() > 0.9
    gaps = np.abs(found - model.label_distributions_[FREE]).sum(axis=1) / 2
    assert gaps.mean() < 0.1


def test_a_new_point_is_answered_the_same_alone_and_among_others() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    together = model.predict_proba(BLOBS[:30] + 0.2)
    alone = np.vstack([model.predict_proba(row[None] + 0.2) for row in BLOBS[:30]])
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_affinities_answer_for_new_points_by_the_graph_alone() -> None:
    W = GRAPH.affinity.toarray()
    model = FewLabelsClassifier("precomputed").fit(W, LABELS)
    assert "features" not in model.choices_["members"].figures
    by_graph = FewLabelsClassifier().fit(GRAPH, LABELS)
    np.testing.assert_allclose(model.label_distributions_, by_graph.label_distributions_, atol=1e-5)
    found = model.predict_proba(W[:5])
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    none = model.predict_proba(np.zeros((1, 120)))
    np.testing.assert_allclose(none, 1 / 3)
    with pytest.raises(InvalidInputError):
        by_graph.predict(BLOBS)


# Choices


def test_choices_are_said_with_reasons() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    assert list(model.choices_) == ["graph", "members", "class_prior", "calibration"]
    assert model.choices_["graph"].figures["n_neighbors"] == 10
    figures = model.choices_["members"].figures
    speakers = {name: w for name, w in figures.items() if not name.startswith("features: ")}
    kinds = {name: w for name, w in figures.items() if name.startswith("features: ")}
    assert sum(speakers.values()) == pytest.approx(1)
    assert sum(kinds.values()) == pytest.approx(1)
    assert {"class means", "harmonic functions", "features"} <= set(speakers)
    assert "sharpness" in model.choices_["calibration"].value
    text = str(model.choices_)
    assert "few points are hubs" in text
    assert "learned from 24 labels, each left out in turn" in text


def test_with_one_label_a_class_nothing_is_learned_from_labels() -> None:
    y = np.full(120, -1)
    for c in range(3):
        y[np.flatnonzero(c == TRUTH)[0]] = c
    model = FewLabelsClassifier().fit(BLOBS, y)
    assert "no class has a second label to learn from" in model.choices_["members"].why
    assert "would stay the same if other points" in model.choices_["calibration"].why
    assert "3 of 3 classes have a single label: 0, 1, 2. A second" in model.choices_.notes[0]


def test_where_some_classes_have_a_single_label_the_choices_say_which_labels_speak() -> None:
    X, truth = load_digits(return_X_y=True)
    y = np.full(len(truth), -1)
    for c in range(10):
        y[np.flatnonzero(truth == c)[: 3 if c < 3 else 1]] = c
    choices = FewLabelsClassifier().fit(X, y).choices_
    for name in ("members", "calibration"):
        assert choices[name].why == "learned from 9 labels, each left out in turn"
    assert "7 of 10 classes have a single label: 3, 4, 5, 6, 7 and 2 more. A second" in str(choices)


def test_a_given_prior_and_graph_are_said_to_be_given() -> None:
    model = FewLabelsClassifier(class_prior=[0.5, 0.25, 0.25]).fit(GRAPH, LABELS)
    assert model.choices_["graph"].why.startswith("a graph came in place of features")
    assert model.choices_["class_prior"].value == "given"
    assert "features" not in model.choices_["members"].value
    assert model.graph_ is GRAPH
    by_affinity = FewLabelsClassifier("precomputed").fit(GRAPH.affinity, LABELS)
    assert "affinities came" in by_affinity.choices_["graph"].why
    for prior, why in (("uniform", "equal shares"), ("labels", "shares of the labels")):
        choice = FewLabelsClassifier(class_prior=prior).fit(GRAPH, LABELS).choices_["class_prior"]
        assert why in choice.why
    assert (
        FewLabelsClassifier(class_prior=None).fit(GRAPH, LABELS).choices_["class_prior"].value
        is None
    )


def test_choices_are_those_of_the_fit_whatever_was_set_since() -> None:
    model = FewLabelsClassifier("precomputed").fit(GRAPH, LABELS)
    assert model.choices_["graph"].why.startswith("a graph came in place of features")
    said = str(model.choices_)
    assert str(model.set_params(class_prior="uniform", kernel="auto").choices_) == said


def test_a_graph_that_came_beside_features_is_said_to() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS, graph=knn_graph(BLOBS, 8))
    assert model.choices_["graph"].why == "a graph came beside the features, and is used as it is"


def test_affinities_are_said_to_come_in_place_of_features() -> None:
    model = FewLabelsClassifier("precomputed").fit(GRAPH.affinity, LABELS)
    why = "affinities came in place of features, and are used as they are"
    assert model.choices_["graph"].why == why


def test_a_solve_that_ends_too_early_is_warned_of() -> None:
    with pytest.warns(ConvergenceWarning, match="max_iter=1 was reached"):
        FewLabelsClassifier(max_iter=1, solver="sweeps").fit(BLOBS, LABELS)


@SOURCES
def test_a_pickle_answers_and_learns_as_the_original(source) -> None:
    model = FewLabelsClassifier().fit(source, LABELS)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.label_distributions_, model.label_distributions_)
    np.testing.assert_array_equal(copied.explain(60).shares, model.explain(60).shares)
    np.testing.assert_array_equal(copied.predict_set(), model.predict_set())
    if source is BLOBS:
        np.testing.assert_array_equal(copied.predict_proba(BLOBS), model.predict_proba(BLOBS))
    for each in (model, copied):
        each.add_labels([100], [0])
    np.testing.assert_allclose(copied.label_distributions_, model.label_distributions_, rtol=1e-6)


def test_a_pickle_holds_no_second_graph() -> None:
    X, truth = make_blobs(2000, centers=3, n_features=4, random_state=1)
    model = FewLabelsClassifier().fit(X, np.where(np.arange(2000) < 30, truth, -1))
    graph = len(pickle.dumps(model.graph_))
    assert len(pickle.dumps(model)) < graph + 16 * 8 * 2000 * 4 + 10**5


# What it refuses


@pytest.mark.parametrize(
    ("settings_", "error"),
    [
        ({"kernel": "rbf"}, InvalidInputError),
        ({"n_neighbors": 0}, InvalidInputError),
        ({"class_prior": [0.5, 0.5]}, InvalidInputError),
        ({"class_prior": "best"}, InvalidInputError),
        ({"class_prior": {0: 0.5, 1: 0.5, 9: 0.0}}, InvalidInputError),
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
    with pytest.raises(InvalidInputError, match="one class per point"):
        FewLabelsClassifier().fit(BLOBS, np.eye(3, dtype=int)[TRUTH])


def test_a_graph_on_disk_is_refused(tmp_path) -> None:
    write_graph(tmp_path / "graph", GRAPH)
    with pytest.raises(InvalidTypeError, match="needs the graph in memory"):
        FewLabelsClassifier().fit(open_graph(tmp_path / "graph"), LABELS)


def test_what_is_read_before_a_fit_is_missing() -> None:
    assert not hasattr(FewLabelsClassifier(), "label_distributions_")
    assert not hasattr(FewLabelsClassifier(), "choices_")


def test_predictions_change_no_attribute() -> None:
    model = FewLabelsClassifier().fit(BLOBS, LABELS)
    before = dict(vars(model))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(BLOBS)
        model.doubt(BLOBS)
        model.predict_set(BLOBS)
    assert vars(model) == before


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("weight", [1e-250, 1e-12, 1e200])
def test_equal_weights_of_any_size_change_no_answer(weight: float) -> None:
    plain = FewLabelsClassifier().fit(BLOBS, LABELS)
    model = FewLabelsClassifier().fit(BLOBS, LABELS, sample_weight=np.full(120, weight))
    np.testing.assert_allclose(model.label_distributions_, plain.label_distributions_, atol=1e-6)
    np.testing.assert_allclose(model.loo_score_, plain.loo_score_, rtol=1e-6)


@pytest.mark.filterwarnings("error")
def test_weights_of_every_size_give_distributions() -> None:
    weights = np.where(np.arange(120) % 2, 1e250, 1e-250)
    model = FewLabelsClassifier().fit(BLOBS, LABELS, sample_weight=weights)
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(model.loo_label_distributions_.sum(axis=1), 1, rtol=1e-12)
