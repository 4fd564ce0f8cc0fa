"""clone, pickle, pipelines, searches and cross-validation around the estimators."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import make_blobs, make_moons
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fewlabels import LabelSpreading, knn_graph
from fewlabels.exceptions import InvalidInputError
from fewlabels.solvers import METHODS

X, TRUTH = make_blobs(60, centers=3, n_features=2, cluster_std=0.5, random_state=0)
Y = np.where(np.arange(60) % 6 == 0, TRUTH, -1)
KERNELS = ("rbf", "knn", "self-tuning")
ATTRIBUTES = ("label_distributions_", "transduction_", "evidence_", "residual_", "reached_")


def test_clone_copies_the_settings_and_forgets_the_fit(estimator) -> None:
    model = estimator("knn", n_neighbors=9, solver="cg", tol=1e-5).fit(X, Y)
    cloned = clone(model)
    assert cloned.get_params() == model.get_params()
    assert {name for name in vars(cloned) if name.endswith("_")} == set()


def test_set_params_takes_effect_at_the_next_fit(estimator) -> None:
    model = estimator("knn", n_neighbors=9).fit(X, Y)
    before = model.predict_proba(X)
    model.set_params(n_neighbors=3, kernel="rbf")
    np.testing.assert_array_equal(model.predict_proba(X), before)
    expected = estimator("rbf", n_neighbors=3).fit(X, Y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, Y).predict_proba(X), expected)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("duplicate", [lambda m: pickle.loads(pickle.dumps(m)), copy.deepcopy])
def test_copies_of_a_fitted_model_answer_and_change_alike(estimator, kernel, duplicate) -> None:
    model = estimator(kernel, n_neighbors=12, max_iter=1000).fit(X, Y)
    model.predict(X)
    copied = duplicate(model)
    for changed in (model, copied):
        changed.add_labels([1, 2], [0, 1]).remove_labels([0])
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(getattr(copied, name), getattr(model, name))
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))


def test_a_copy_changes_alone(estimator) -> None:
    model = estimator(gamma=1).fit(knn_graph(X, 20), Y)
    before = model.label_distributions_.copy()
    copy.deepcopy(model).add_labels([1], [7])
    np.testing.assert_array_equal(model.label_distributions_, before)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2])


def test_fitting_twice_gives_the_same_answer(estimator) -> None:
    first = estimator("self-tuning", n_neighbors=20).fit(X, Y)
    again = estimator("self-tuning", n_neighbors=20, n_jobs=2).fit(X, Y)
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))


def test_a_grid_search_finds_what_a_loop_finds(estimator) -> None:
    grid = {"gamma": [0.01, 1.0, 5.0], "kernel": ["rbf"], "solver": ["auto", "direct"]}
    search = GridSearchCV(estimator(), grid, cv=3).fit(X, TRUTH)
    assert search.best_score_ == 1
    assert search.predict(X).shape == (60,)


def test_precomputed_affinities_are_cut_both_ways_by_cross_validation(estimator) -> None:
    affinity = rbf_kernel(X, gamma=1)
    found = cross_val_predict(estimator("precomputed"), affinity, TRUTH, cv=4)
    expected = cross_val_predict(estimator("rbf", gamma=1), X, TRUTH, cv=4)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_a_pipeline_feeds_it_arrays_and_tables(estimator, output) -> None:
    pipeline = make_pipeline(StandardScaler(), estimator("self-tuning", n_neighbors=20))
    pipeline[0].set_output(transform=output)
    pipeline.fit(X, Y)
    assert pipeline.score(X, TRUTH) > 0.95
    np.testing.assert_allclose(pipeline.predict_proba(X).sum(axis=1), 1)
    assert hasattr(pipeline[1], "feature_names_in_") == (output != "default")


def test_tags_say_what_it_takes() -> None:
    tags = LabelSpreading().__sklearn_tags__()
    assert tags.estimator_type == "classifier"
    assert tags.input_tags.sparse
    assert not tags.input_tags.pairwise
    assert LabelSpreading("precomputed").__sklearn_tags__().input_tags.pairwise


@pytest.mark.parametrize("solver", METHODS)
def test_a_model_of_any_solver_and_size_can_be_pickled(solver) -> None:
    X, truth = make_moons(2100, noise=0.05, random_state=0)
    y = np.where(np.arange(2100) < 20, truth, -1)
    model = LabelSpreading(kernel="self-tuning", alpha=0.9, solver=solver, max_iter=2000)
    model.fit(X, y)
    copied = pickle.loads(pickle.dumps(model))
    for each in (model, copied):
        each.add_labels([100], [truth[100]])
    np.testing.assert_allclose(copied.label_distributions_, model.label_distributions_, atol=1e-9)


def test_a_refit_that_fails_leaves_the_estimator_as_it_was() -> None:
    X = np.arange(8.0).reshape(4, 2)
    model = LabelSpreading(gamma=0.1).fit(X, [0, -1, -1, 1])
    before = model.predict_proba(X)
    with pytest.raises(InvalidInputError, match="inconsistent"):
        model.fit(np.ones((3, 1)), [0, -1, -1, 1])
    np.testing.assert_array_equal(model.predict_proba(X), before)
