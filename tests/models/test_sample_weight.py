"""sample_weight: how much each label is trusted, in fits and in changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels import Graph, LabelPropagation, LabelSpreading, PoissonClassifier, write_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from tests import textbook
from tests.gallery import ESTIMATORS_AND_SOLVERS, clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

WEIGHTS = st.sampled_from((0.0, 0.25, 0.5, 1.0, 1.0, 2.0, 3.0))
TIGHT = {"tol": 1e-6, "max_iter": 20_000}


def expected_distributions(estimator, W, y, weights, alpha) -> np.ndarray:
    y = np.where(weights > 0, y, -1)
    classes = np.unique(y[y >= 0])
    codes = np.where(y >= 0, np.searchsorted(classes, y), -1)
    Y = one_hot(codes, len(classes)) * np.where(codes >= 0, weights, 0)[:, None]
    is_spreading = estimator is LabelSpreading
    F = textbook.spreading(W, Y, alpha) if is_spreading else textbook.harmonic(W, Y)
    return textbook.distributions(F, Y.sum(axis=0) / Y.sum())


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize(("estimator", "solver"), ESTIMATORS_AND_SOLVERS)
@settings(max_examples=20)
@given(W=affinities(min_nodes=2), data=st.data())
def test_each_label_counts_by_its_weight_in_fits_and_changes(estimator, solver, W, data) -> None:
    y = data.draw(partial_labels(len(W)))
    weights = np.array(data.draw(st.lists(WEIGHTS, min_size=len(y), max_size=len(y))))
    weights[np.flatnonzero(y >= 0)[0]] = 1.5
    model = estimator(solver=solver, **TIGHT)
    alpha = 0.2
    model.fit(Graph.from_affinity(W, dtype=np.float64), y, sample_weight=weights)
    P = expected_distributions(estimator, W, y, weights, alpha)
    np.testing.assert_allclose(model.label_distributions_, P, atol=1e-5)
    kept = np.flatnonzero((y >= 0) & (weights > 0))[0]
    others = np.setdiff1d(np.arange(len(y)), [kept])
    rows = np.array(data.draw(st.permutations(others.tolist()))[:2])
    labels = np.array([1, 2])[: len(rows)]
    added = np.array(data.draw(st.lists(WEIGHTS, min_size=len(rows), max_size=len(rows))))
    model.add_labels(rows, labels, sample_weight=added)
    y[rows], weights[rows] = labels, added
    P = expected_distributions(estimator, W, y, weights, alpha)
    np.testing.assert_allclose(model.label_distributions_, P, atol=1e-5)


def test_a_path_between_two_labels_is_shared_out_by_weight() -> None:
    y = [0, -1, -1, -1, 1]
    model = LabelPropagation().fit(path_graph(np.ones(4)), y, sample_weight=[1, 0, 0, 0, 3])
    t = np.arange(5) / 4
    np.testing.assert_allclose(model.label_distributions_[:, 1], 3 * t / (3 * t + 1 - t))
    np.testing.assert_allclose(model.evidence_, 3 * t + 1 - t)


def test_equal_weights_of_any_size_change_no_distribution(estimator) -> None:
    graph, y = clustered(40, 0.2), np.full(80, -1)
    y[[0, 10, 50, 60]] = 0, 1, 1, 2
    plain = estimator(**TIGHT).fit(graph, y)
    for weight in (1e-12, 7.0, 1e200):
        weighted = estimator(**TIGHT).fit(graph, y, sample_weight=np.full(80, weight))
        np.testing.assert_allclose(
            weighted.label_distributions_, plain.label_distributions_, atol=1e-6
        )
    ones = estimator(**TIGHT).fit(graph, y, sample_weight=np.ones(80))
    np.testing.assert_array_equal(ones.label_distributions_, plain.label_distributions_)


def test_weight_zero_is_no_label_at_all(estimator) -> None:
    graph, y = clustered(40, 0.2), np.full(80, -1)
    y[[0, 10, 50, 60]] = 0, 1, 1, 2
    weights = np.ones(80)
    weights[[10, 60]] = 0
    bare = y.copy()
    bare[[10, 60]] = -1
    found, expected = estimator().fit(graph, y, sample_weight=weights), estimator().fit(graph, bare)
    assert found.classes_.tolist() == [0, 1]
    np.testing.assert_array_equal(found.label_distributions_, expected.label_distributions_)
    found.add_labels([10], [1]).add_labels([10], [1], sample_weight=0)
    np.testing.assert_allclose(found.label_distributions_, expected.label_distributions_, atol=3e-3)


def test_a_label_of_little_weight_is_right_beside_heavy_ones(estimator) -> None:
    # On its own side of a weak link, a light label must be as accurate as a heavy one.
    graph, y = clustered(60, 1e-9), np.full(120, -1)
    y[[5, 70, 90]] = 0, 1, 2
    weights = np.ones(120)
    weights[70:] = 1e-3
    for solver in ("auto", "cg"):
        found = estimator(solver=solver, tol=1e-4, max_iter=5000).fit(
            graph, y, sample_weight=weights
        )
        exact = estimator(solver="direct").fit(graph, y, sample_weight=weights)
        np.testing.assert_allclose(
            found.label_distributions_, exact.label_distributions_, atol=1e-4
        )


def test_entries_of_unlabelled_points_are_not_read(estimator) -> None:
    graph = path_graph(np.ones(3))
    found = estimator().fit(graph, [0, -1, -1, 1], sample_weight=[2, np.nan, -5, 1])
    expected = estimator().fit(graph, [0, -1, -1, 1], sample_weight=[2, 0, 0, 1])
    np.testing.assert_array_equal(found.label_distributions_, expected.label_distributions_)


def test_a_label_given_again_without_weight_has_weight_one(estimator) -> None:
    graph = clustered(40, 0.2)
    y = np.full(80, -1)
    y[[0, 10, 50, 60]] = 0, 1, 1, 2
    model = estimator(**TIGHT).fit(graph, y, sample_weight=np.where(y >= 0, 5.0, 0))
    model.add_labels([0, 10, 50, 60], [0, 1, 1, 2])
    expected = estimator(**TIGHT).fit(graph, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-5)
    model.add_labels([0, 10], [0, 1], sample_weight=2)
    expected.fit(graph, y, sample_weight=np.where(np.arange(80) <= 10, 2.0, 1))
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=1e-5)


def test_a_graph_on_disk_weighs_as_one_in_memory(tmp_path) -> None:
    graph = clustered(50, 0.5)
    y = np.where(np.arange(100) % 20 == 0, np.arange(100) // 50, -1)
    weights = 1 + np.arange(100) % 3.0
    on_disk = write_graph(tmp_path / "graph", graph)
    settings_ = {"alpha": 0.9, "max_iter": 500, "tol": 1e-6}
    found = LabelSpreading(**settings_).fit(on_disk, y, sample_weight=weights)
    expected = LabelSpreading(**settings_).fit(graph, y, sample_weight=weights)
    np.testing.assert_allclose(found.label_distributions_, expected.label_distributions_, atol=1e-5)
    for weight in (0.5, 4.0):
        for model in (found, expected):
            model.add_labels([20, 33], [1, 0], sample_weight=weight)
        np.testing.assert_allclose(
            found.label_distributions_, expected.label_distributions_, atol=1e-5
        )


@pytest.mark.parametrize("form", [list, np.array, pd.Series, lambda w: np.array(w, np.float32)])
def test_lists_arrays_and_columns_are_weights(form) -> None:
    weights = [2.0, 1.0, 1.0, 1.0]
    found = LabelSpreading().fit(
        path_graph(np.ones(3)), [0, -1, -1, 1], sample_weight=form(weights)
    )
    assert found.label_distributions_[1, 0] > 0.9
    assert LabelSpreading().fit_predict(
        path_graph(np.ones(3)), [0, -1, -1, 1], sample_weight=form(weights)
    ).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("weights", "error", "words"),
    [
        ([1, 0, 0], InvalidInputError, r"shape \(4,\); got shape \(3,\)"),
        ([[1, 1, 1, 1]], InvalidInputError, r"got shape \(1, 4\)"),
        ([1, 0, 0, -1], InvalidInputError, "got -1.0 at row 3, and 1 in all"),
        ([np.inf, 0, 0, 1], InvalidInputError, "got inf at row 0"),
        ([1, 0, 0, np.nan], InvalidInputError, "got nan at row 3"),
        ([1, 0, 0, 1e-310], InvalidInputError, r"from 1e-250 to 1e\+250, .*got 1e-310 to 1\."),
        ([1e300, 0, 0, 1], InvalidInputError, r"got 1 to 1e\+300\. Divide by the largest"),
        ([0, 1, 1, 0], InvalidInputError, "is zero, so that no label is left"),
        (["a", "b", "c", "d"], InvalidTypeError, "must hold numbers"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(estimator, weights, error, words) -> None:
    graph = path_graph(np.ones(3))
    model = estimator()
    with pytest.raises(error, match=words):
        model.fit(graph, [0, -1, -1, 1], sample_weight=weights)


def test_weights_that_cannot_be_added_change_nothing(estimator) -> None:
    model = estimator().fit(path_graph(np.ones(3)), [0, -1, -1, 1])
    before = model.label_distributions_.copy()
    for weights, words in (([1, 2], "got shape"), ([-1], "at least 0"), ([np.nan], "finite")):
        with pytest.raises(InvalidInputError, match=words):
            model.add_labels([1], [0], sample_weight=weights)
    with pytest.raises(InvalidInputError, match="no label is left"):
        model.add_labels([0, 3], [0, 1], sample_weight=0)
    np.testing.assert_array_equal(model.label_distributions_, before)


def test_small_weights_are_added_as_they_are_fitted() -> None:
    graph, y = clustered(40, 0.2), np.full(80, -1)
    y[[0, 10, 50, 60]] = 0, 1, 1, 2
    for weight in (0.01, 100.0):
        weights = np.full(80, weight)
        found = PoissonClassifier(iterations="converged", tol=1e-9).fit(
            graph, y, sample_weight=weights
        )
        found.add_labels([5, 70], [0, 2], sample_weight=weight)
        more = y.copy()
        more[[5, 70]] = 0, 2
        anew = PoissonClassifier(iterations="converged", tol=1e-9).fit(
            graph, more, sample_weight=weights
        )
        np.testing.assert_allclose(found.label_distributions_, anew.label_distributions_, atol=1e-6)


def test_where_all_are_labelled_left_out_probabilities_do_not_depend_on_the_unit_of_weights() -> (
    None
):
    graph, y = clustered(20, 0.3), np.arange(40) // 20
    y[[3, 30]] = 1, 0
    fitted = [
        LabelSpreading(alpha=0.9, calibration="loo", tol=1e-9)
        .fit(graph, y, sample_weight=np.full(40, weight))
        .loo_calibration_
        for weight in (1e-4, 1e4)
    ]
    assert fitted[1].reference == pytest.approx(1e8 * fitted[0].reference, rel=1e-5)
    assert fitted[1].sharpness == pytest.approx(fitted[0].sharpness, rel=1e-3)
