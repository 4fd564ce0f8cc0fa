"""FewLabelsRegressor: what it takes, when, and that it is then no other than the method itself."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_swiss_roll
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from fewlabels import (
    FewLabelsRegressor,
    Graph,
    HarmonicRegressor,
    SpreadingRegressor,
    UnreachedWarning,
    write_graph,
)
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import open_graph, shared_neighbor_graph
from fewlabels.models import _method_choice
from fewlabels.models._method_choice import choose_method
from fewlabels.models._numbers import encode_numbers
from tests.models.checks import expected_failed_checks

X, VALUES = make_swiss_roll(300, noise=0.1, random_state=0)
NOISE = np.random.default_rng(0).normal(scale=3.0, size=300)
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


def test_smooth_values_take_the_harmonic_function_and_noisy_ones_do_not() -> None:
    smooth = FewLabelsRegressor().fit(GRAPH, known(VALUES, 60))
    noisy = FewLabelsRegressor().fit(GRAPH, known(VALUES + NOISE, 60))
    assert smooth.choices_["method"].value == "harmonic"
    assert isinstance(smooth.model_, HarmonicRegressor)
    assert isinstance(noisy.model_, SpreadingRegressor)
    assert len(smooth.choices_["method"].figures) == 4
    assert "60 labels left out" in smooth.choices_["method"].why
    many = FewLabelsRegressor().fit(GRAPH, known(VALUES, 150))
    assert "64 labels left out" in many.choices_["method"].why


def test_few_labels_or_equal_ones_choose_nothing() -> None:
    few = FewLabelsRegressor().fit(GRAPH, known(VALUES, 9))
    equal = FewLabelsRegressor().fit(GRAPH, known(np.full(300, 2.5), 40))
    for model in (few, equal):
        assert model.choices_["method"].value == "spreading, alpha 0.9"
        assert model.choices_["method"].why.startswith("the default")
    assert "all labels are equal" in equal.choices_.notes[0]
    np.testing.assert_allclose(equal.transduction_, 2.5)


def test_errors_are_those_of_fits_without_the_label(monkeypatch: pytest.MonkeyPatch) -> None:
    y = known(VALUES, 14)
    choice = choose_method(GRAPH, encode_numbers(y), "auto", 1e-8)
    span = np.nanmax(y) - np.nanmin(y)
    methods: dict[str, Any] = {
        "error of harmonic": HarmonicRegressor(tol=1e-8),
        **{
            f"error at {a:g}": SpreadingRegressor(alpha=a, tol=1e-8, max_iter=10_000)
            for a in (0.5, 0.9, 0.98)
        },
    }
    nodes = np.flatnonzero(~np.isnan(y))
    for name, method in methods.items():
        squares = []
        for j in nodes:
            rest = y.copy()
            rest[j] = np.nan
            low, high = np.nanmin(y), np.nanmax(y)
            found = np.clip(method.fit(GRAPH, rest).transduction_[j], low, high)
            squares.append(((found - y[j]) / span) ** 2)
        # the error of cutting the moments off is about a thousandth
        assert choice.figures[name] == pytest.approx(np.sqrt(np.mean(squares)), abs=2e-3)
    # in folds, the harmonic function does without some more
    monkeypatch.setattr(_method_choice, "_MOST_LEFT_OUT", 13)
    folded = choose_method(GRAPH, encode_numbers(y), "auto", 1e-8)
    assert folded.figures["error of harmonic"] == pytest.approx(
        choice.figures["error of harmonic"], rel=0.5
    )


@pytest.mark.parametrize(
    ("method", "same"), [("harmonic", HarmonicRegressor()), ("spreading", SpreadingRegressor())]
)
def test_it_is_the_method_itself_on_its_graph(method, same) -> None:
    y = known(VALUES, 30)
    model = FewLabelsRegressor(method=method).fit(X, y)
    same.fit(model.graph_, y)
    np.testing.assert_array_equal(model.transduction_, same.transduction_)
    np.testing.assert_array_equal(model.evidence_, same.evidence_)
    np.testing.assert_array_equal(model.posterior_std([0, 7, 9]), same.posterior_std([0, 7, 9]))
    values, std = model.predict(X[:4], return_std=True)
    assert values.shape == std.shape == (4,)
    assert (std >= 0).all()
    assert model.choices_["method"].why == "as given"


@pytest.mark.parametrize("method", ["harmonic", "spreading"])
def test_relabelling_comes_to_what_a_new_fit_does_and_keeps_the_method(method) -> None:
    y = known(VALUES, 30)
    model = FewLabelsRegressor(method=method, tol=1e-7, max_iter=10_000).fit(GRAPH, y)
    free = np.flatnonzero(np.isnan(y))[:3]
    model.add_labels(free, VALUES[free], sample_weight=[1.0, 2.0, 0.5])
    first = np.flatnonzero(~np.isnan(y))[0]
    model.remove_labels([first])
    y[free], y[first] = VALUES[free], np.nan
    weights = np.ones(300)
    weights[free] = [1.0, 2.0, 0.5]
    expected = FewLabelsRegressor(method=method, tol=1e-7, max_iter=10_000)
    expected.fit(GRAPH, y, sample_weight=weights)
    np.testing.assert_allclose(model.transduction_, expected.transduction_, atol=1e-4)
    np.testing.assert_allclose(model.posterior_std([5]), expected.posterior_std([5]), rtol=1e-3)


def test_a_failed_change_leaves_everything() -> None:
    model = FewLabelsRegressor().fit(GRAPH, known(VALUES, 30))
    before = model.transduction_.copy()
    with pytest.raises(InvalidInputError):
        model.add_labels([0], [np.nan])
    np.testing.assert_array_equal(model.transduction_, before)
    np.testing.assert_array_equal(model.model_.transduction_, before)


def test_a_table_a_pickle_and_affinities_do_as_well() -> None:
    y = pd.Series(known(VALUES, 30))
    table = pd.DataFrame(X, columns=["a", "b", "c"])
    model = FewLabelsRegressor().fit(table, y)
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict(table), model.predict(table))
    np.testing.assert_array_equal(copied.posterior_std([3]), model.posterior_std([3]))
    by_affinity = FewLabelsRegressor("precomputed").fit(model.graph_.affinity, y)
    np.testing.assert_allclose(by_affinity.transduction_, model.transduction_, atol=0.05)
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
        FewLabelsRegressor(method="spreading", max_iter=1, solver="sweeps").fit(
            GRAPH, known(VALUES, 30)
        )
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("settings_", "error"),
    [
        ({"kernel": "knn"}, InvalidInputError),
        ({"n_neighbors": 1.5}, InvalidTypeError),
        ({"method": "kriging"}, InvalidInputError),
        ({"method": None}, InvalidTypeError),
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
