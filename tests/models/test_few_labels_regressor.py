"""FewLabelsRegressor: what speaks in it and when, and that its answers and deviations hold."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import make_swiss_roll
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import (
    FewLabelsRegressor,
    Graph,
    UnreachedWarning,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import open_graph, shared_neighbor_graph
from fewlabels.models import _fitted_numbers, few_labels_regressor
from fewlabels.models._number_members.feature_kernels import relevances
from fewlabels.models._number_members.number_mixture import Rows
from tests.models.checks import expected_failed_checks

X, VALUES = make_swiss_roll(300, noise=0.1, random_state=0)
GRAPH = shared_neighbor_graph(X)


def known(values: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    y = np.full(len(values), np.nan)
    chosen = np.random.default_rng(seed).choice(len(values), n, replace=False)
    y[chosen] = values[chosen]
    return y


@parametrize_with_checks([FewLabelsRegressor()], expected_failed_checks=expected_failed_checks)
def test_scikit_learn_finds_nothing_wrong(estimator: Any, check: Any) -> None:
    if check.func.__name__ == "check_array_api_input":
        # needs an environment variable before SciPy is imported; none says that it takes these
        assert not estimator.__sklearn_tags__().array_api_support
        return
    check(estimator)


def tables(n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Ten columns, of which two tell of the numbers, on a line."""
    rng = np.random.default_rng(1)
    columns = rng.standard_normal((n, 10))
    return columns, 3 * columns[:, 0] - 2 * columns[:, 1] + 0.3 * rng.standard_normal(n)


def error(model: FewLabelsRegressor, truth: np.ndarray) -> float:
    """Root mean square error at points without a label, in standard deviations of the truth."""
    free = ~model._labels.labelled
    off = model.transduction_[free] - truth[free]
    return float(np.sqrt(np.mean(off**2)) / truth.std())


def test_a_bent_surface_is_left_to_the_graph_and_a_line_to_the_features() -> None:
    bent = FewLabelsRegressor().fit(X, known(VALUES, 30))
    columns, line = tables()
    straight = FewLabelsRegressor().fit(columns, known(line, 30))
    on_graph = {"graph", "graph and linear"}
    assert sum(w for k, w in bent.choices_["members"].figures.items() if k in on_graph) > 0.9
    assert straight.choices_["members"].figures.get("graph", 0.0) < 0.01
    assert "30 labels left out" in straight.choices_["members"].why
    for model, truth, most in ((bent, VALUES, 0.25), (straight, line, 0.2)):
        assert sum(model.choices_["members"].figures.values()) == pytest.approx(1)
        assert error(model, truth) < most


def test_it_is_better_than_a_ridge_regression_where_there_is_no_line() -> None:
    columns, _ = tables()
    truth = np.sin(2 * columns[:, 0]) + 0.5 * columns[:, 1]
    y = known(truth, 60)
    labelled = ~np.isnan(y)
    ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(columns[labelled], y[labelled])
    off = ridge.predict(columns[~labelled]) - truth[~labelled]
    assert error(FewLabelsRegressor().fit(columns, y), truth) < np.sqrt(np.mean(off**2)) / (
        truth.std()
    )


def test_columns_that_tell_nothing_count_little() -> None:
    columns, line = tables()
    y = known(line, 60)
    labelled = np.flatnonzero(~np.isnan(y))
    found = relevances(columns[labelled], line[labelled], columns.var(axis=0))
    assert found[:2].min() > 1.4 * found[2:].max()
    assert found @ columns.var(axis=0) == pytest.approx(columns.var(axis=0).sum())
    np.testing.assert_array_equal(relevances(columns[:3], line[:3], columns.var(axis=0)), 1)


@pytest.mark.parametrize("n_labels", [10, 30, 100])
def test_two_of_three_true_numbers_lie_within_a_deviation(n_labels) -> None:
    columns, line = tables()
    within = []
    for seed in range(8):
        model = FewLabelsRegressor().fit(columns, known(line, n_labels, seed))
        free = np.flatnonzero(~model._labels.labelled)[:100]
        off = np.abs(model.transduction_ - line)[free] / model.posterior_std(free)
        within.append([np.mean(off < 1), np.mean(off < 2)])
    one, two = np.mean(within, axis=0)
    assert 0.6 < one < 0.82
    assert two > 0.9


def test_where_features_are_not_known_the_graph_alone_speaks() -> None:
    model = FewLabelsRegressor().fit(GRAPH, known(VALUES, 9))
    assert set(model.choices_["members"].figures) == {"graph"}
    assert "no features are known" in model.choices_["members"].why


def test_too_many_points_for_features_leave_the_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few_labels_regressor, "_MOST_POINTS", 299)
    model = FewLabelsRegressor().fit(X, known(VALUES, 9))
    assert set(model.choices_["members"].figures) == {"graph"}
    assert "too many points" in model.choices_["members"].why
    np.testing.assert_allclose(model.predict(X[:5]), model.transduction_[:5], atol=1.5)


def test_equal_labels_and_a_single_one_are_all_answers() -> None:
    equal = FewLabelsRegressor().fit(X, known(np.full(300, 2.5), 40))
    assert "all labels are equal" in equal.choices_.notes[0]
    np.testing.assert_allclose(equal.transduction_, 2.5)
    with pytest.warns(UserWarning, match="all 40 labels are equal"):
        assert equal.posterior_std([0, 1]).tolist() == [0, 0]
    single = FewLabelsRegressor().fit(X, known(VALUES, 1))
    np.testing.assert_allclose(single.transduction_, single.loo_predictions_[0])
    assert "nothing can be told" in single.choices_["members"].why
    assert np.isnan(single.loo_score_)
    with pytest.raises(InvalidInputError, match="one label only"):
        single.posterior_std([0])
    two = FewLabelsRegressor().fit(X, known(VALUES, 2))
    assert np.isfinite(two.transduction_).all()
    assert np.isfinite(two.posterior_std([0])).all()


def test_of_many_labels_some_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fitted_numbers, "_MOST_LABELS", 50)
    model = FewLabelsRegressor().fit(X, known(VALUES, 200))
    assert "of 200 labels, 50 are learned from" in model.choices_.notes
    assert len(model.loo_predictions_) == 200
    found = model.explain(0)
    assert (found.shares != 0).sum() == 50
    assert found.shares @ found.labels == pytest.approx(model.transduction_[0])
    assert error(model, VALUES) < 0.3


@pytest.mark.parametrize("points", [X, GRAPH], ids=["features", "graph"])
def test_relabelling_comes_to_what_a_new_fit_does(points) -> None:
    y = known(VALUES, 30)
    model = FewLabelsRegressor().fit(points, y)
    free = np.flatnonzero(np.isnan(y))[:3]
    model.add_labels(free, VALUES[free], sample_weight=[1.0, 2.0, 0.5])
    first = np.flatnonzero(~np.isnan(y))[0]
    model.remove_labels([first])
    y[free], y[first] = VALUES[free], np.nan
    weights = np.ones(300)
    weights[free] = [1.0, 2.0, 0.5]
    expected = FewLabelsRegressor().fit(points, y, sample_weight=weights)
    np.testing.assert_allclose(model.transduction_, expected.transduction_, rtol=1e-12)
    np.testing.assert_allclose(model.posterior_std([5]), expected.posterior_std([5]), rtol=1e-12)
    assert str(model.choices_) == str(expected.choices_)


def test_a_trusted_label_is_met_more_closely() -> None:
    columns, line = tables()
    y = known(line, 30)
    off = int(np.flatnonzero(~np.isnan(y))[4])
    y[off] += 5
    weights = np.ones(300)
    errors = []
    for weight in (0.1, 1.0, 10.0):
        weights[off] = weight
        model = FewLabelsRegressor().fit(columns, y, sample_weight=weights)
        errors.append(abs(model.transduction_[off] - y[off]))
    assert errors[0] > errors[1] > errors[2]


@pytest.mark.parametrize("points", [X, GRAPH], ids=["features", "graph"])
@pytest.mark.parametrize("unit", [1e-300, 1e-9, 1e9, 1e300])
def test_the_unit_of_the_numbers_changes_nothing(points, unit) -> None:
    y = known(VALUES, 20)
    expected = FewLabelsRegressor().fit(points, y)
    model = FewLabelsRegressor().fit(points, y * unit)
    np.testing.assert_allclose(model.transduction_ / unit, expected.transduction_, rtol=1e-6)
    np.testing.assert_allclose(
        model.posterior_std([3]) / unit, expected.posterior_std([3]), rtol=1e-6
    )


def test_numbers_stay_finite_at_the_end_of_the_range() -> None:
    columns, line = tables()
    largest = line / np.abs(line).max() * np.finfo(np.float64).max
    model = FewLabelsRegressor().fit(columns, known(largest, 20))
    assert np.isfinite(model.transduction_).all()


def test_precision_follows_the_numbers_and_a_second_fit_is_the_same() -> None:
    y = known(VALUES, 30).astype(np.float32)
    model = FewLabelsRegressor().fit(X.astype(np.float32), y)
    again = FewLabelsRegressor().fit(X.astype(np.float32), y)
    assert model.transduction_.dtype == np.float32
    assert model.predict(X[:4].astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(model.transduction_, again.transduction_)


def test_new_points_have_what_fitted_ones_at_their_place_have() -> None:
    columns, line = tables()
    for points, truth, far in ((columns, line, 0.3), (X, VALUES, 1.0)):
        model = FewLabelsRegressor().fit(points, known(truth, 40))
        values, std = model.predict(points[:20], return_std=True)
        assert np.abs(values - model.transduction_[:20]).mean() < far
        assert (std > 0).all()
        assert std.mean() == pytest.approx(model.posterior_std(np.arange(20)).mean(), rel=0.5)


def test_sparse_features_do_as_dense_ones() -> None:
    columns, line = tables()
    y = known(line, 30)
    dense = FewLabelsRegressor().fit(columns, y)
    thin = FewLabelsRegressor().fit(sparse.csr_array(columns), y)
    np.testing.assert_allclose(thin.transduction_, dense.transduction_, rtol=1e-4, atol=1e-4)


def test_a_failed_change_leaves_everything() -> None:
    model = FewLabelsRegressor().fit(GRAPH, known(VALUES, 30))
    before, left_out = model.transduction_.copy(), model.loo_predictions_.copy()
    with pytest.raises(InvalidInputError):
        model.add_labels([0], [np.nan])
    np.testing.assert_array_equal(model.transduction_, before)
    np.testing.assert_array_equal(model.loo_predictions_, left_out)


def test_a_table_a_pickle_and_affinities_do_as_well() -> None:
    y = pd.Series(known(VALUES, 30))
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    model = FewLabelsRegressor().fit(table, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(table), model.predict(table))
    np.testing.assert_array_equal(copied.posterior_std([3]), model.posterior_std([3]))
    by_affinity = FewLabelsRegressor("precomputed").fit(model.graph_.affinity, y)
    on_graph = FewLabelsRegressor().fit(model.graph_, y)
    np.testing.assert_allclose(by_affinity.transduction_, on_graph.transduction_, atol=0.05)
    assert "affinities came" in by_affinity.choices_["graph"].why
    assert "hubs" in model.choices_["graph"].why


def test_each_warning_comes_once_and_from_here() -> None:
    W = np.zeros((6, 6))
    W[0, 1] = W[1, 0] = W[1, 2] = W[2, 1] = W[3, 4] = W[4, 3] = 1
    y = [0.0, None, 1.0, None, None, None]
    with pytest.warns(UnreachedWarning, match="3 of 6 points") as caught:
        model = FewLabelsRegressor().fit(Graph.from_affinity(W), y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert any("3 of 6 points can't be reached" in note for note in model.choices_.notes)
    with pytest.warns(ConvergenceWarning) as caught:
        FewLabelsRegressor(max_iter=1, solver="sweeps").fit(GRAPH, known(VALUES, 30))
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("settings_", "error"),
    [
        ({"kernel": "knn"}, InvalidInputError),
        ({"n_neighbors": 1.5}, InvalidTypeError),
        ({"solver": "magic"}, InvalidInputError),
        ({"tol": -1}, InvalidInputError),
        ({"max_iter": 0}, InvalidInputError),
        ({"n_jobs": 0}, InvalidInputError),
    ],
)
def test_settings_out_of_range_are_refused(settings_, error) -> None:
    with pytest.raises(error):
        FewLabelsRegressor(**settings_).fit(X, known(VALUES, 30))


def test_a_graph_on_disk_is_refused(tmp_path) -> None:
    write_graph(tmp_path / "graph", GRAPH)
    with pytest.raises(InvalidTypeError, match="needs the graph in memory"):
        FewLabelsRegressor().fit(open_graph(tmp_path / "graph"), known(VALUES, 30))


def test_the_kernel_of_several_members_is_the_mean_of_theirs() -> None:
    rng = np.random.default_rng(0)
    rows = {name: rng.normal(size=(3, 4)) for name in "abc"}
    own = {name: rng.normal(size=3) for name in "abc"}
    found = Rows(rows, own, None).of(("a", "c", "b"))
    np.testing.assert_allclose(found[0], (rows["a"] + rows["b"] + rows["c"]) / 3)
    np.testing.assert_allclose(found[1], (own["a"] + own["b"] + own["c"]) / 3)
