"""Both regressors: their equations, deviations, changes, and what they refuse."""

from __future__ import annotations

import copy
import pickle
import warnings
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_swiss_roll
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import (
    Graph,
    HarmonicRegressor,
    LabelPropagation,
    LabelSpreading,
    SpreadingRegressor,
    UnreachedWarning,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models import _regressor
from fewlabels.solvers import METHODS, METHODS_WITH_GROUND
from tests import textbook
from tests.gallery import clustered, path_graph
from tests.models.checks import expected_failed_checks
from tests.strategies import affinities

REGRESSORS_AND_SOLVERS = [
    *((SpreadingRegressor, solver) for solver in METHODS_WITH_GROUND),
    *((HarmonicRegressor, solver) for solver in METHODS),
]
TIGHT = {"tol": 1e-7, "max_iter": 50_000}
VALUES = st.sampled_from((-3.0, -1.0, 0.0, 0.5, 2.0, 2.0, 10.0))
ALPHA = 0.9


@pytest.fixture(params=[SpreadingRegressor, HarmonicRegressor])
def regressor(request: pytest.FixtureRequest):
    return request.param


@parametrize_with_checks(
    [SpreadingRegressor(), HarmonicRegressor(), SpreadingRegressor("rbf", gamma=1)],
    expected_failed_checks=expected_failed_checks,
)
def test_scikit_learns_own_checks(estimator, check) -> None:
    if check.func.__name__ == "check_array_api_input":
        # Needs an environment variable before SciPy is imported, and arrays that are not NumPy's;
        # no estimator here says that it takes them.
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


def textbook_weights(regressor, W: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """P with f = P y; the weights of the labels, 0 where unlabelled. NaN rows where unreached."""
    Y = np.diag(weights)
    is_spreading = regressor is SpreadingRegressor
    F = textbook.spreading(W, Y, ALPHA) if is_spreading else textbook.harmonic(W, Y)
    with np.errstate(invalid="ignore"):
        return F / F.sum(axis=1, keepdims=True)


def textbook_std(regressor, W: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Deviations of all nodes of a connected graph."""
    labelled = np.flatnonzero(~np.isnan(y))
    unknown = np.flatnonzero(np.isnan(y))
    laplacian = np.diag(W.sum(axis=1)) - W
    if regressor is HarmonicRegressor:
        inverse = np.linalg.inv(laplacian[np.ix_(unknown, unknown)])
        over = laplacian[np.ix_(labelled, unknown)]
        schur = laplacian[np.ix_(labelled, labelled)] - over @ inverse @ over.T
        sigma2 = y[labelled] @ schur @ y[labelled] / (len(labelled) - 1)
        variances = np.zeros(len(y))
        variances[unknown] = np.diag(inverse)
        return np.sqrt(max(sigma2, 0) * variances)  # rounding, where all labels are equal
    C = np.linalg.inv(np.diag(W.sum(axis=1)) - ALPHA * W)

    def squares(P: np.ndarray) -> np.ndarray:
        E = np.eye(len(y)) - P
        return np.diag(E @ C @ E.T)

    ratios = []
    for j in labelled:
        rest = ~np.isnan(y)
        rest[j] = False
        P = textbook_weights(regressor, W, rest.astype(float))
        error = y[j] - P[j] @ np.where(rest, y, 0)
        ratios.append(error**2 / squares(P)[j])
    P = textbook_weights(regressor, W, (~np.isnan(y)).astype(float))
    return np.sqrt(np.mean(ratios) * squares(P))


@st.composite
def partly_known(draw: st.DrawFn, n: int, *, least: int = 1) -> np.ndarray:
    y = np.full(n, np.nan)
    nodes = draw(st.permutations(range(n)))[: draw(st.integers(least, n))]
    for node in nodes:
        y[node] = draw(VALUES)
    return y


def new(regressor, **changes):
    settings_ = TIGHT | changes
    return regressor(**({"alpha": ALPHA} if regressor is SpreadingRegressor else {}), **settings_)


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize(("regressor", "solver"), REGRESSORS_AND_SOLVERS)
@settings(max_examples=15)
@given(W=affinities(min_nodes=2), data=st.data())
def test_fits_and_changes_follow_the_papers_equations(regressor, solver, W, data) -> None:
    n = len(W)
    y = data.draw(partly_known(n))
    weights = np.array(data.draw(st.lists(st.sampled_from([1.0, 2.0]), min_size=n, max_size=n)))
    model = new(regressor, solver=solver)
    model.fit(Graph.from_affinity(W, dtype=np.float64), y, sample_weight=weights)

    def check() -> None:
        known = ~np.isnan(y)
        P = textbook_weights(regressor, W, np.where(known, weights, 0))
        expected = P @ np.where(known, y, 0)
        reached = textbook.reached(W, known)
        np.testing.assert_array_equal(model.reached_, reached)
        mean = np.average(y[known], weights=weights[known])
        np.testing.assert_allclose(model.transduction_[reached], expected[reached], atol=1e-4)
        np.testing.assert_allclose(model.transduction_[~reached], mean, atol=1e-12)
        np.testing.assert_array_equal(model.evidence_ > 0, reached)

    check()
    rows = np.array(data.draw(st.permutations(range(n)))[:2])
    y[rows], weights[rows] = data.draw(VALUES), data.draw(st.sampled_from([1.0, 0.5]))
    model.add_labels(rows, y[rows], sample_weight=weights[rows])
    check()
    labelled = np.flatnonzero(~np.isnan(y))
    if len(labelled) > 1:
        y[labelled[0]] = np.nan
        model.remove_labels(labelled[:1])
        check()


@pytest.mark.parametrize("regressor", [SpreadingRegressor, HarmonicRegressor])
@pytest.mark.parametrize("solver", ["auto", "cg", "direct"])
@settings(max_examples=20)
@given(
    W=affinities(min_nodes=4, max_nodes=9, shapes=("path", "cycle", "star", "complete")),
    data=st.data(),
)
def test_deviations_are_those_of_the_dense_field(regressor, solver, W, data) -> None:
    n = len(W)
    W = W + 0.25 * (np.eye(n, k=1) + np.eye(n, k=-1))  # one piece
    y = data.draw(partly_known(n, least=2))
    model = new(regressor, solver=solver).fit(Graph.from_affinity(W, dtype=np.float64), y)
    expected = textbook_std(regressor, W, y)
    constant = np.nanmin(y) == np.nanmax(y)
    for chosen in (np.arange(n), np.array([2, 0])):
        with pytest.warns(UserWarning, match="are equal") if constant else nullcontext():
            found = model.posterior_std(chosen)
        np.testing.assert_allclose(found, expected[chosen], rtol=1e-3, atol=1e-4)


def test_a_path_between_two_labels_is_a_brownian_bridge() -> None:
    y = np.full(11, np.nan)
    y[0], y[10] = 0, 20
    model = HarmonicRegressor(tol=1e-9).fit(path_graph(np.ones(10)), y)
    t = np.arange(11) / 10
    np.testing.assert_allclose(model.transduction_, 20 * t, atol=1e-6)
    sigma2 = 20**2 / 10  # (difference)^2 over the resistance between the two, one degree of freedom
    np.testing.assert_allclose(model.posterior_std() ** 2, sigma2 * 10 * t * (1 - t), atol=1e-6)


def test_two_values_are_the_distributions_of_the_classifiers() -> None:
    graph, y = clustered(40, 0.2), np.full(80, np.nan)
    y[[0, 10, 50, 60]] = 0, 1, 1, 0
    codes = np.where(np.isnan(y), -1, y)
    for regression, classifier in (
        (SpreadingRegressor(alpha=0.9, **TIGHT), LabelSpreading(alpha=0.9, **TIGHT)),
        (HarmonicRegressor(**TIGHT), LabelPropagation(**TIGHT)),
    ):
        found = regression.fit(graph, y).transduction_
        expected = classifier.fit(graph, codes).label_distributions_[:, 1]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_values_move_and_stretch_with_the_labels(regressor) -> None:
    graph, rng = clustered(40, 0.2), np.random.default_rng(0)
    y = np.full(80, np.nan)
    y[::8] = rng.normal(size=10)
    plain = new(regressor).fit(graph, y)
    moved = new(regressor).fit(graph, 1e6 - 1e3 * y)
    np.testing.assert_allclose(moved.transduction_, 1e6 - 1e3 * plain.transduction_, rtol=1e-9)
    np.testing.assert_allclose(
        moved.posterior_std([3, 5]), 1e3 * plain.posterior_std([3, 5]), rtol=1e-6
    )


@pytest.mark.parametrize("scale", [1e-300, 1e300, 1.7e308])
def test_numbers_at_the_ends_of_float64_stay_numbers(regressor, scale) -> None:
    y = np.array([-scale, np.nan, np.nan, scale])
    model = regressor().fit(path_graph(np.ones(3)), y)
    assert np.isfinite(model.transduction_).all()
    assert (np.diff(model.transduction_) > 0).all()


def test_values_stay_within_the_range_of_the_labels(regressor) -> None:
    graph, rng = clustered(100, 1e-3), np.random.default_rng(0)
    y = np.full(200, np.nan)
    y[::17] = rng.normal(size=12)
    values = regressor().fit(graph, y).transduction_
    assert values.min() >= np.nanmin(y)
    assert values.max() <= np.nanmax(y)


def test_a_constant_target_is_its_own_answer(regressor) -> None:
    y = np.array([3.5, np.nan, np.nan, 3.5])
    model = regressor("rbf", gamma=0.1).fit(np.arange(4.0)[:, None], y)
    np.testing.assert_array_equal(model.transduction_, 3.5)
    for _ in range(2):  # whatever was asked for before
        with pytest.warns(UserWarning, match="all 2 labels are equal.*no reason to be sure"):
            np.testing.assert_array_equal(model.posterior_std(), 0)
        with pytest.warns(UserWarning, match="all 2 labels are equal"):
            values, std = model.predict([[1.5]], return_std=True)
        assert (values.tolist(), std.tolist()) == ([3.5], [0])


def test_a_single_label_is_everybodys_and_tells_no_deviation(regressor) -> None:
    model = regressor().fit(path_graph(np.ones(3)), [None, 7, None, None])
    np.testing.assert_allclose(model.transduction_, 7)
    with pytest.raises(InvalidInputError, match="nothing tells by how much"):
        model.posterior_std()
    model.add_labels([0], [9])
    assert model.posterior_std().max() > 0


@pytest.mark.parametrize("column", [list, np.array, pd.Series, pl.Series])
def test_a_regressor_is_warned_of_the_markers_of_classifiers(regressor, column) -> None:
    with pytest.warns(UserWarning, match=r"3 of 5 entries of y are -1.*NaN or None") as caught:
        model = regressor().fit(path_graph(np.ones(4)), column([-1, 4, -1, -1, 2]))
    assert len(caught) == 1
    assert caught[0].filename == __file__
    numbers = regressor().fit(path_graph(np.ones(4)), [-1.0, 4.0, -1.0, -1.0, 2.0])
    np.testing.assert_array_equal(model.transduction_, numbers.transduction_)


def test_decimals_are_numbers(regressor) -> None:
    y = [Decimal("1.5"), Decimal("NaN"), None, Decimal("3.5")]
    found = regressor().fit(path_graph(np.ones(3)), y)
    expected = regressor().fit(path_graph(np.ones(3)), [1.5, None, None, 3.5])
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)


def test_a_regressor_is_warned_of_what_minus_one_becomes_in_unsigned_integers(regressor) -> None:
    with pytest.warns(UserWarning, match=r"3 of 5 entries of y are 255, .*NaN or None"):
        regressor().fit(path_graph(np.ones(4)), np.array([255, 4, 255, 255, 2], dtype=np.uint8))


@pytest.mark.parametrize(
    "y", [[-1, 3, -1, 2], [-1.0, -1.0, -1.0, 2.0], [-1, -1, None, 2], [-2, -2, -2, 1]]
)
def test_minus_one_is_a_number_where_it_looks_like_one(regressor, y) -> None:
    regressor().fit(path_graph(np.ones(3)), y)  # warnings are errors


def test_what_no_label_reaches_has_the_mean_and_no_bounded_deviation(regressor) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(3), np.ones((3, 3))))
    y = [1, 5, None, 9, None, None, None, None, None]
    with pytest.warns(UnreachedWarning, match="3 of 9.*value is the mean of the labels"):
        model = regressor().fit(graph, y)
    np.testing.assert_array_equal(model.reached_, np.repeat([True, True, False], 3))
    np.testing.assert_allclose(model.transduction_[6:], 5)
    np.testing.assert_allclose(model.transduction_[4], 9)
    std = model.posterior_std()
    assert np.isinf(std[6:]).all()
    assert np.isfinite(std[:6]).all()


@pytest.mark.parametrize("kernel", ["rbf", "knn", "self-tuning"])
def test_new_points_are_kernel_means_with_their_deviations(regressor, kernel) -> None:
    X, _ = make_swiss_roll(150, random_state=0)
    X = X / X.std(axis=0)
    truth = X.sum(axis=1)  # smooth, where the roll has gaps at so few points
    y = np.where(np.arange(150) % 5 == 0, truth, np.nan)
    model = regressor(kernel, gamma=5, n_neighbors=8, **TIGHT).fit(X[:140], y[:140])
    values, std = model.predict(X[140:], return_std=True)
    np.testing.assert_array_equal(values, model.predict(X[140:]))
    weights = model._kernel.weigh(model.X_, X[140:], np.ones(140, dtype=bool)).toarray()
    weights /= weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(values, weights @ model.transduction_, rtol=1e-9)
    spread = np.abs(truth[140:] - np.nanmean(y)).mean()
    assert np.abs(values - truth[140:]).mean() < spread
    # A mean of the fitted points is at most as uncertain as they are on average.
    assert (std <= weights @ model.posterior_std() * (1 + 1e-3)).all()
    assert (std >= 0).all()


def test_a_point_far_from_all_others_has_the_mean_and_no_bounded_deviation(regressor) -> None:
    affinity = np.ones((4, 4))
    model = regressor("precomputed").fit(affinity, [1, 3, None, None])
    values, std = model.predict([[0, 0, 0, 0], [1, 0, 0, 0]], return_std=True)
    assert values[0] == 2
    assert np.isinf(std[0])
    assert np.isfinite(std[1])


def test_deviations_do_not_depend_on_the_blocks_they_are_solved_in(regressor, monkeypatch) -> None:
    graph, y = clustered(40, 0.2), np.full(80, np.nan)
    y[::8] = np.random.default_rng(0).normal(size=10)
    whole = new(regressor).fit(graph, y).posterior_std()
    monkeypatch.setattr(_regressor, "_MOST_COLUMNS", 3)
    np.testing.assert_allclose(new(regressor).fit(graph, y).posterior_std(), whole, rtol=1e-4)


def test_deviations_forget_the_labels_before_a_change(regressor) -> None:
    graph, y = clustered(40, 0.2), np.full(80, np.nan)
    y[::8] = np.random.default_rng(0).normal(size=10)
    model = new(regressor).fit(graph, y)
    model.posterior_std([1])
    model.add_labels([1], [5.0])
    y[1] = 5.0
    expected = new(regressor).fit(graph, y)
    np.testing.assert_allclose(
        model.posterior_std(), expected.posterior_std(), rtol=1e-4, atol=1e-9
    )


def test_weights_count_in_values_and_not_in_the_fields_own_variance() -> None:
    graph, y = clustered(40, 0.2), np.full(80, np.nan)
    y[::8] = np.random.default_rng(0).normal(size=10)
    weights = np.where(np.arange(80) % 16 == 0, 3.0, 1.0)
    plain = HarmonicRegressor(**TIGHT).fit(graph, y)
    weighted = HarmonicRegressor(**TIGHT).fit(graph, y, sample_weight=weights)
    assert np.abs(plain.transduction_ - weighted.transduction_).max() > 0.01
    np.testing.assert_allclose(weighted.posterior_std(), plain.posterior_std(), rtol=1e-4)


def test_deviations_that_did_not_converge_are_said() -> None:
    graph, y = clustered(800, 0.2), np.full(1600, np.nan)
    y[::100] = np.random.default_rng(0).normal(size=16)
    for model in (HarmonicRegressor(), SpreadingRegressor(alpha=0.99)):
        model.set_params(solver="sweeps", max_iter=10**6).fit(graph, y).set_params(max_iter=2)
        with pytest.warns(ConvergenceWarning, match="standard deviations did not converge"):
            std = model.posterior_std([1])
        assert std[0] > 0  # infinite, where no label was met


def said(model: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.posterior_std([1])
    return [str(warning.message).partition(" did not converge")[0] for warning in caught]


@pytest.mark.parametrize("weight", [None, 2.0])
def test_a_scale_that_did_not_converge_is_said_each_time_until_it_does(regressor, weight) -> None:
    graph, y = clustered(400, 0.2), np.full(800, np.nan)
    y[::100] = np.random.default_rng(0).normal(size=8)
    trust = {} if weight is None else {"sample_weight": np.full(800, weight)}
    whole = regressor(solver="sweeps", max_iter=10**6).fit(graph, y, **trust)
    model = copy.deepcopy(whole).set_params(max_iter=2)
    # of a fit without weights, the harmonic regressor's scale is solved for with the answers
    solved = regressor is HarmonicRegressor and weight is None
    scale = [] if solved else ["the scale of standard deviations"]
    for _ in range(2):
        assert said(model) == [*scale, "standard deviations"]
    model.set_params(max_iter=10**6)
    assert said(model) == []
    np.testing.assert_array_equal(model.posterior_std([1]), whole.posterior_std([1]))


def test_a_scale_read_off_answers_that_did_not_converge_is_said() -> None:
    graph, y = clustered(400, 0.2), np.full(800, np.nan)
    y[::100] = np.random.default_rng(0).normal(size=8)
    model = HarmonicRegressor(solver="sweeps", max_iter=2)
    with pytest.warns(ConvergenceWarning):
        model.fit(graph, y)
    model.set_params(max_iter=10**6)
    for _ in range(2):
        assert said(model) == ["the scale of standard deviations"]


@pytest.mark.parametrize("duplicate", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_copies_answer_and_change_alike(regressor, duplicate) -> None:
    X, t = make_swiss_roll(80, random_state=0)
    y = np.where(np.arange(80) % 8 == 0, t, np.nan)
    model = regressor("self-tuning", n_neighbors=12).fit(X, y)
    copied = duplicate(model)
    np.testing.assert_array_equal(copied.posterior_std([1, 2]), model.posterior_std([1, 2]))
    for each in (model, copied):
        each.add_labels([1, 2], t[1:3]).remove_labels([0])
    np.testing.assert_array_equal(copied.transduction_, model.transduction_)
    np.testing.assert_array_equal(copied.predict(X), model.predict(X))


def test_parameters_set_since_the_fit_count_at_the_next_change() -> None:
    graph, y = clustered(40, 0.2), np.full(80, np.nan)
    y[::8] = np.random.default_rng(0).normal(size=10)
    model = SpreadingRegressor(alpha=0.5, **TIGHT).fit(graph, y).set_params(alpha=0.99)
    model.add_labels([1], [2.0])
    y[1] = 2
    expected = SpreadingRegressor(alpha=0.99, **TIGHT).fit(graph, y)
    np.testing.assert_allclose(model.transduction_, expected.transduction_, atol=1e-5)


def test_a_grid_search_tunes_it() -> None:
    X, t = make_swiss_roll(80, random_state=0)
    search = GridSearchCV(SpreadingRegressor(), {"alpha": [0.5, 0.9]}, cv=3).fit(X, t)
    assert search.best_score_ > 0.5


@pytest.mark.parametrize(
    "y",
    [
        [1, None, None, 4],
        [1.0, np.nan, float("nan"), 4],
        pd.Series([1, pd.NA, pd.NA, 4], dtype="Int64"),
        pd.Series([1, None, None, 4]),
        pd.Series([1, None, None, 4], index=[3, 2, 1, 0]),
        pl.Series([1, None, None, 4]),
        np.array([1, None, pd.NA, 4], dtype=object),
    ],
)
def test_columns_and_lists_are_numbers(regressor, y) -> None:
    model = regressor().fit(path_graph(np.ones(3)), y)
    assert model.transduction_[0] < model.transduction_[1] < model.transduction_[3]
    assert model.transduction_.dtype == np.float64


def test_answers_have_the_precision_of_y_and_minus_one_is_a_number(regressor) -> None:
    graph = path_graph(np.ones(2))
    single = regressor().fit(graph, np.array([-1, np.nan, 1], dtype=np.float32))
    assert single.transduction_.dtype == np.float32
    assert single.transduction_[1] == pytest.approx(0, abs=1e-6)
    whole = regressor().fit_predict(path_graph(np.ones(3)), np.array([-1, -1, 1, 1]))
    assert whole.dtype == np.float64
    assert whole[1] < 0


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        ([np.nan] * 3, InvalidInputError, "holds no number: all 3 points"),
        ([1, np.inf, None], InvalidInputError, "infinity.*inf at row 1"),
        ([1, -np.inf, 2], InvalidInputError, "-inf at row 1"),
        ([1, 2], InvalidInputError, r"inconsistent numbers of samples: \[3, 2\]"),
        (["a", None, "b"], InvalidTypeError, "must hold numbers.*got 'a' at row 0"),
        (np.array(["a", "b", "c"]), InvalidTypeError, "dtype <U1"),
        (np.ones((3, 2)), InvalidInputError, r"one-dimensional.*\(3, 2\)"),
        ([[1, 2], [3], [4, 5]], InvalidInputError, "one-dimensional"),
        (np.array([1j, 2, 3]), InvalidTypeError, "complex"),
        (None, InvalidInputError, "requires y to be passed"),
    ],
)
def test_targets_that_cannot_be_used_are_refused(regressor, y, error, words) -> None:
    with pytest.raises(error, match=words):
        regressor().fit(path_graph(np.ones(2)), y)


def test_changes_that_cannot_be_made_change_nothing(regressor) -> None:
    model = regressor().fit(path_graph(np.ones(3)), [1, None, None, 4])
    before = model.transduction_.copy()
    for rows, labels, weight, words in (
        ([1], [np.nan], None, "label of point 1 is missing"),
        ([1, 2], [3], None, "1 labels for 2 indices"),
        ([7], [3], None, "from 0 to 3"),
        ([1], [np.inf], None, "infinity"),
        ([1], [3], -1, "at least 0"),
        ([0, 3], [3, 3], 0, "no label is left"),
    ):
        with pytest.raises(InvalidInputError, match=words):
            model.add_labels(rows, labels, sample_weight=weight)
    with pytest.raises(InvalidInputError, match="no label to remove"):
        model.remove_labels([1])
    with pytest.raises(InvalidInputError, match="no label would be left"):
        model.remove_labels([0, 3])
    np.testing.assert_array_equal(model.transduction_, before)


def test_graphs_place_no_new_points_and_disks_are_refused(regressor, tmp_path) -> None:
    model = regressor().fit(path_graph(np.ones(2)), [1, None, 2])
    with pytest.raises(InvalidInputError, match="Read transduction_, or fit on features"):
        model.predict([[1.0]])
    on_disk = write_graph(tmp_path / "graph", path_graph(np.ones(2)))
    with pytest.raises(InvalidTypeError, match="needs the graph in memory"):
        regressor().fit(on_disk, [1, None, 2])


def test_an_iteration_cut_short_says_so() -> None:
    y = np.full(1500, np.nan)
    y[[0, -1]] = 0, 1
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = HarmonicRegressor(max_iter=3, solver="sweeps").fit(path_graph(np.ones(1499)), y)
    assert [w.category for w in caught] == [ConvergenceWarning]
    assert np.isfinite(model.transduction_).all()


def test_one_label_alone_is_said_to_be_one():
    model = HarmonicRegressor().fit(Graph.from_affinity(1 - np.eye(3)), [1.0, np.nan, np.nan])
    with pytest.raises(InvalidInputError, match=r"there is one label only.*in its component"):
        model.posterior_std()


def test_errors_name_the_argument_that_is_wrong(regressor) -> None:
    with pytest.raises(InvalidInputError, match=r"^y is empty"):
        regressor().fit(np.empty((0, 2)), [])
    model = regressor().fit(path_graph(np.ones(3)), [1, None, None, 3])
    with pytest.raises(InvalidTypeError, match=r"^the labels must hold numbers.*FewLabelsClass"):
        model.add_labels([1], ["a"])
    with pytest.raises(InvalidInputError, match=r"^the labels must hold no infinity.*got inf at"):
        model.add_labels([1], [np.inf])
    with pytest.raises(InvalidTypeError, match=r"the labels came with dtype complex128"):
        model.add_labels([1], np.array([1j]))
