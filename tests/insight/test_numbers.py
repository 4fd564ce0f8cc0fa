"""What the regressors say of their own answers, beside refits and the dense equations."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels import FewLabelsRegressor, HarmonicRegressor, SpreadingRegressor
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import Graph, knn_graph
from fewlabels.models._number_members import GraphKernel
from tests import textbook
from tests.gallery import path_graph
from tests.strategies import affinities

EXACT: dict[str, Any] = {"tol": 1e-8, "max_iter": 5000}
MAKERS = [
    pytest.param(lambda: HarmonicRegressor(**EXACT), id="harmonic"),
    pytest.param(lambda: SpreadingRegressor(alpha=0.8, **EXACT), id="spreading"),
]
FEW = pytest.param(lambda: FewLabelsRegressor(**EXACT), id="few")
EVERY = [*MAKERS, FEW]


def line() -> tuple[Graph, np.ndarray, np.ndarray]:
    """80 points on a line, 11 with a number, of different weights."""
    rng = np.random.default_rng(5)
    X = np.sort(rng.uniform(0, 3, 80))[:, None]
    y = np.full(80, np.nan)
    y[::8] = np.sin(2 * X[::8, 0]) + 0.1 * rng.standard_normal(10)
    y[3] = 2.0
    return knn_graph(X, 4), y, rng.uniform(0.3, 2, 80)


@pytest.mark.parametrize("make", MAKERS)
def test_left_out_numbers_are_those_of_refits(make) -> None:
    graph, y, weights = line()
    model = make().fit(graph, y, sample_weight=weights)
    np.testing.assert_array_equal(model.loo_labelled_, np.flatnonzero(np.isfinite(y)))
    for node, number in zip(model.loo_labelled_, model.loo_predictions_, strict=True):
        rest = y.copy()
        rest[node] = np.nan
        refit = make().fit(graph, rest, sample_weight=weights)
        assert number == pytest.approx(refit.transduction_[node], abs=1e-4)


@pytest.mark.parametrize("make", MAKERS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")
def test_shares_are_those_of_the_dense_response(make, data) -> None:
    W = data.draw(affinities(min_nodes=2))
    numbers = st.sampled_from([np.nan, -2.0, 0.0, 0.5, 7.0])
    y = np.array(data.draw(st.lists(numbers, min_size=len(W), max_size=len(W))))
    y[data.draw(st.integers(0, len(W) - 1))] = 3.0
    model = make().fit(Graph.from_affinity(W, dtype=np.float64), y)
    labelled = np.flatnonzero(np.isfinite(y))
    single = np.zeros((len(W), len(labelled)))
    single[labelled, np.arange(len(labelled))] = 1
    harmonic = isinstance(model, HarmonicRegressor)
    R = textbook.harmonic(W, single) if harmonic else textbook.spreading(W, single, 0.8)
    for node in range(len(W)):
        found = model.explain(node)
        assert found.value == pytest.approx(model.transduction_[node], abs=1e-4)
        expected = R[node] / (R[node].sum() or 1)
        np.testing.assert_allclose(found.shares, expected, atol=1e-4)
        assert bool(found.message) == (not model.reached_[node])


def test_on_a_path_a_number_comes_from_both_ends_by_their_distance() -> None:
    model = HarmonicRegressor().fit(path_graph(np.ones(4)), [10.0, None, None, None, 30.0])
    assert str(model.explain(1)).splitlines() == [
        "point 1: 15, the mean of",
        "   75.0%  point 0, labelled 10",
        "   25.0%  point 4, labelled 30",
    ]
    assert model.explain(4).top() == [(4, 30.0, 1.0)]
    np.testing.assert_allclose(model.loo_predictions_, [30, 10], rtol=1e-6)


@pytest.mark.parametrize("make", EVERY)
def test_influence_is_the_fit_less_the_fit_without(make) -> None:
    graph, y, weights = line()
    model = make().fit(graph, y, sample_weight=weights)
    before = model.transduction_.copy()
    found = model.influence(3)
    rest = y.copy()
    rest[3] = np.nan
    refit = make().fit(graph, rest, sample_weight=weights)
    np.testing.assert_allclose(found.change, model.transduction_ - refit.transduction_, atol=1e-5)
    np.testing.assert_allclose(found.without, refit.transduction_, atol=1e-5)
    np.testing.assert_array_equal(model.transduction_, before)
    assert "the label 2 of point 3 changed the numbers of 80 points" in str(found)
    with pytest.raises(InvalidInputError, match="has no label"):
        model.influence(1)


@pytest.mark.parametrize("make", EVERY)
def test_influence_is_of_the_fit_whatever_is_set_since(make) -> None:
    graph, y, weights = line()
    model = make().fit(graph, y, sample_weight=weights)
    expected = model.influence(3)
    alpha = {"alpha": 0.1} if "alpha" in model.get_params() else {}
    model.set_params(tol=0.5, max_iter=1, **alpha)
    np.testing.assert_allclose(model.influence(3).without, expected.without, atol=1e-6)
    assert model.tol == 0.5


def test_influence_and_changes_of_labels_use_the_fitted_system(monkeypatch) -> None:
    graph, y, _ = line()
    model = SpreadingRegressor().fit(graph, y)
    monkeypatch.setattr("fewlabels.models.spreading_regressor.SpreadingSystem", None)
    before = model.loo_predictions_.copy()
    model.influence(3)
    np.testing.assert_array_equal(model.loo_predictions_, before)
    model.remove_labels([3])
    assert 3 not in model.loo_labelled_


@pytest.mark.parametrize("make", EVERY)
def test_the_score_is_the_share_of_the_variance_and_is_dropped_when_labels_change(make) -> None:
    graph, y, weights = line()
    model = make().fit(graph, y, sample_weight=weights)
    known = model.loo_labelled_
    w = weights[known]
    residual = w @ (y[known] - model.loo_predictions_) ** 2
    total = w @ (y[known] - np.average(y[known], weights=w)) ** 2
    assert model.loo_score_ == pytest.approx(1 - residual / total)
    copied = pickle.loads(pickle.dumps(model))
    assert copied.loo_score_ == model.loo_score_
    assert str(copied.explain(20)) == str(model.explain(20))
    model.remove_labels([3])
    assert model.loo_score_ != copied.loo_score_
    assert 3 not in model.loo_labelled_


@pytest.mark.parametrize("make", MAKERS)
def test_what_the_others_do_not_reach_has_their_mean(make) -> None:
    W = np.zeros((5, 5))
    W[0, 1] = W[1, 0] = W[2, 3] = W[3, 2] = W[3, 4] = W[4, 3] = 1
    model = make().fit(Graph.from_affinity(W), [1.0, None, 5.0, None, 7.0])
    np.testing.assert_allclose(model.loo_predictions_, [6, 7, 5], rtol=1e-5)
    found = model.influence(0)
    assert found.unreached.tolist() == [True, True, False, False, False]
    np.testing.assert_allclose(found.without[:2], 6, rtol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")
def test_single_equal_and_unreaching_labels_have_documented_answers(make) -> None:
    path = path_graph(np.ones(3))
    alone = make().fit(path, [None, 4.0, None, None])
    assert alone.loo_predictions_.tolist() == [4.0]
    assert np.isnan(alone.loo_score_)
    with pytest.raises(InvalidInputError, match="no label would be left"):
        alone.influence(1)
    equal = make().fit(path, [4.0, 4.0, None, None])
    assert equal.loo_predictions_.tolist() == [4.0, 4.0]
    assert equal.loo_score_ == 1
    apart = make().fit(Graph.from_affinity(np.zeros((3, 3))), [1.0, 3.0, None])
    assert "no label reaches it, so that it gets the mean of all, 2" in str(apart.explain(2))
    with pytest.raises(InvalidInputError, match="from 0 to 3"):
        equal.explain(4)
    with pytest.raises(InvalidTypeError, match="integer"):
        equal.influence("a")


def test_a_pickle_spreads_as_it_was_fitted_whatever_is_set_later() -> None:
    graph, y, _ = line()
    model = SpreadingRegressor(alpha=0.8).fit(graph, y)
    fresh = pickle.loads(pickle.dumps(model)).set_params(alpha=0.1)
    np.testing.assert_allclose(fresh.loo_predictions_, model.loo_predictions_)
    np.testing.assert_allclose(fresh.posterior_std([1, 30]), model.posterior_std([1, 30]))
    assert str(fresh.explain(9)) == str(model.explain(9))


def test_an_explanation_is_a_table_of_as_many_labels_as_are_asked_for() -> None:
    y = np.array([0.0, np.nan, np.nan, 4.0])
    found = HarmonicRegressor(**EXACT).fit(path_graph(np.ones(3)), y).explain(1)
    assert found.table() == repr(found)
    assert found.table(n_rows=1).splitlines() == [*repr(found).splitlines()[:2], "  and 1 more"]
    with pytest.raises(InvalidInputError, match="n_rows must be at least 0"):
        found.table(n_rows=-1)


# The recommended regressor: several processes, weighed


def with_features() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The line's points themselves, and a column that tells nothing."""
    _, y, weights = line()
    rng = np.random.default_rng(5)
    X = np.column_stack([np.sort(rng.uniform(0, 3, 80)), rng.standard_normal(80)])
    return X, y, weights


@pytest.mark.parametrize("points", ["graph", "features"])
def test_shares_of_the_mixture_come_to_its_numbers(points) -> None:
    data, y, weights = line() if points == "graph" else with_features()
    model = FewLabelsRegressor(**EXACT).fit(data, y, sample_weight=weights)
    for node in (0, 3, 17, 50, 79):  # with a label and without
        found = model.explain(node)
        assert found.shares.sum() == pytest.approx(1)
        assert found.shares @ found.labels == pytest.approx(model.transduction_[node], abs=1e-5)
        assert found.value == pytest.approx(model.transduction_[node], abs=1e-5)
    assert str(model.explain(1)).startswith("point 1: ")


@pytest.mark.parametrize("points", ["graph", "features"])
def test_left_out_numbers_of_the_mixture_are_those_of_its_members_without_the_label(
    points,
) -> None:
    data, y, weights = line() if points == "graph" else with_features()
    model = FewLabelsRegressor(**EXACT).fit(data, y, sample_weight=weights)
    mixture, centred = model._fitted.mixture, model._fitted._centred
    for place in range(len(centred)):
        others = np.delete(np.arange(len(centred)), place)
        expected = 0.0
        for member in mixture._members:
            inverse = member.kriging._ridge.inverse(member.kriging.ground)
            covariance = np.linalg.inv(inverse)  # K + g T^-1
            rest = np.linalg.inv(covariance[np.ix_(others, others)])
            level = (rest.sum(axis=0) @ centred[others]) / rest.sum()
            found = covariance[place, others] @ rest @ (centred[others] - level) + level
            expected += member.weight * found
        if mixture._trees is not None:  # those that did not see the label
            said = mixture._trees.forest.left_out(np.zeros(1))
            expected += mixture._trees.weight * said[place, 0]
        assert mixture.left_out[place] == pytest.approx(expected, abs=1e-6)


def test_the_kernel_of_the_graph_is_the_covariance_of_its_field() -> None:
    graph, y, _ = line()
    nodes = np.flatnonzero(np.isfinite(y))
    kernel = GraphKernel(graph, nodes, "auto")
    W = graph.affinity.toarray().astype(float)
    laplacian = np.diag(W.sum(axis=1)) - W
    free = np.setdiff1d(np.arange(80), nodes)
    among = laplacian[np.ix_(nodes, nodes)] - laplacian[np.ix_(nodes, free)] @ np.linalg.solve(
        laplacian[np.ix_(free, free)], laplacian[np.ix_(free, nodes)]
    )
    tied = laplacian.copy()
    tied[nodes, nodes] += 1e-3 * np.diagonal(among).mean()  # to the level
    covariance = np.linalg.inv(tied)
    V = np.zeros((80, 3))
    V[[1, 30, nodes[2]], [0, 1, 2]] = 1
    rows, own, _ = kernel.rows(V, tol=1e-9, max_iter=5000)
    unit = covariance[nodes[0], nodes[0]] / kernel.gram[0, 0]
    np.testing.assert_allclose(rows * unit, V.T @ covariance[:, nodes], rtol=1e-3)
    np.testing.assert_allclose(own * unit, np.einsum("ij,ik,kj->j", V, covariance, V), rtol=1e-3)


@pytest.mark.filterwarnings("ignore::fewlabels.exceptions.UnreachedWarning")
def test_components_without_a_label_have_the_level_and_no_bound() -> None:
    W = np.zeros((7, 7))
    for i, j in ((0, 1), (1, 2), (2, 3), (4, 5), (5, 6)):
        W[i, j] = W[j, i] = 1
    model = FewLabelsRegressor(**EXACT).fit(
        Graph.from_affinity(W), [1.0, None, 2.0, 3, *[None] * 3]
    )
    assert model.reached_.tolist() == [True] * 4 + [False] * 3
    assert np.ptp(model.transduction_[4:]) == 0
    assert 1 < model.transduction_[4] < 3
    assert np.isinf(model.posterior_std()).tolist() == [False] * 4 + [True] * 3
    apart = FewLabelsRegressor().fit(Graph.from_affinity(np.zeros((3, 3))), [1.0, 3.0, None])
    assert apart.transduction_[2] == pytest.approx(2)
