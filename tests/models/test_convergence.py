"""What is said of an answer that did not converge, and what the fitted attributes then hold."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning

from fewlabels import HarmonicRegressor, LabelPropagation, LabelSpreading, PoissonClassifier
from fewlabels.solvers import METHODS
from tests import textbook
from tests.gallery import ESTIMATORS_AND_SOLVERS, clustered, path_graph


def path_labels(n: int) -> np.ndarray:
    y = np.full(n, -1)
    y[[0, -1]] = 0, 1
    return y


@pytest.mark.parametrize("solver", ["auto", "sweeps", "cg"])
def test_an_end_by_max_iter_is_a_warning_that_states_the_residual(estimator, solver) -> None:
    graph = path_graph(np.ones(59))
    with pytest.warns(ConvergenceWarning) as caught:
        model = estimator(solver=solver, max_iter=1, tol=1e-9).fit(graph, path_labels(60))
    message = str(caught[0].message)
    assert "max_iter=1 was reached without convergence to tol=1e-09" in message
    assert f"is {model.residual_.max():.1e}, relative" in message
    assert "Raise max_iter" in message
    assert model.residual_.max() > 0
    assert model.n_iter_ == 1
    np.testing.assert_allclose(model.label_distributions_.sum(axis=1), 1)
    assert np.isfinite(model.label_distributions_).all()


def test_rounding_that_ends_the_solve_is_said_and_direct_named() -> None:
    graph = clustered(600, 1e-14)
    y = np.full(1200, -1)
    y[[3, 7]] = 0, 1
    with pytest.warns(ConvergenceWarning, match=r'rounding ended the solve.*"direct"'):
        LabelPropagation(solver="cg").fit(graph, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LabelPropagation(solver="direct").fit(graph, y)
    np.testing.assert_allclose(
        model.label_distributions_[600:], model.label_distributions_[[0] * 600], atol=1e-9
    )


@pytest.mark.parametrize("solver", METHODS)
def test_the_residual_is_that_of_the_paper_for_each_class(solver) -> None:
    graph = path_graph(np.linspace(1, 2, 29))
    y = path_labels(30)
    y[[10, 11]] = 2
    model = LabelPropagation(solver=solver, max_iter=20_000).fit(graph, y)
    W = textbook.dense(graph.affinity)
    u, labelled = y < 0, y >= 0
    A = (np.diag(W.sum(axis=1)) - W)[np.ix_(u, u)]
    B = W[np.ix_(u, labelled)] @ (y[labelled][:, None] == [0, 1, 2])
    left = np.linalg.norm(B - A @ model.label_distributions_[u], axis=0)
    # the published rows are divided by their sums, which are 1 up to tol
    np.testing.assert_allclose(model.residual_, left / np.linalg.norm(B, axis=0), atol=2e-3)


@pytest.mark.parametrize("link", [1e-12, 1e-30, 1e-107])
@pytest.mark.parametrize("model", [LabelPropagation, HarmonicRegressor], ids=lambda m: m.__name__)
def test_the_residual_of_an_exact_answer_is_none_however_weak_the_links(model, link) -> None:
    """The cluster of the points between the labels is tied to either by a weight of `link`."""
    graph = path_graph([link, *np.ones(5), link])
    y = np.array([0.0, *[np.nan] * 6, 1.0])
    fitted = model(solver="direct").fit(graph, y)
    np.testing.assert_allclose(fitted.transduction_[[0, -1]], [0, 1])
    if model is LabelPropagation:
        np.testing.assert_allclose(fitted.label_distributions_[1:-1], 0.5, atol=10 * link)
    assert np.max(fitted.residual_) == 0


def test_the_residual_of_poisson_learning_is_none_however_weak_the_link() -> None:
    graph = path_graph([1, 1, 1e-90, 1, 1])
    y = [0, -1, -1, -1, -1, 1]
    fitted = PoissonClassifier(iterations="converged", solver="direct").fit(graph, y)
    assert fitted.transduction_.tolist() == [0, 0, 0, 1, 1, 1]
    assert fitted.residual_.max() == 0


def test_a_converged_answer_is_silent_and_within_the_tolerance(estimator) -> None:
    graph = path_graph(np.ones(59))
    exact = estimator(solver="direct").fit(graph, path_labels(60)).label_distributions_
    for solver in [solver for kind, solver in ESTIMATORS_AND_SOLVERS if kind is estimator]:
        model = estimator(solver=solver, max_iter=20_000, tol=1e-4).fit(graph, path_labels(60))
        np.testing.assert_allclose(model.label_distributions_, exact, atol=1e-4)


def test_a_change_of_labels_warns_like_a_fit(estimator) -> None:
    graph = path_graph(np.ones(1199))
    y = path_labels(1200)
    model = estimator(max_iter=5000, solver="cg").fit(graph, y)
    model.set_params(max_iter=3, tol=1e-12)
    with pytest.warns(ConvergenceWarning, match="max_iter=3 was reached"):
        model.add_labels([600], [1])
    assert model.n_iter_ <= 3


def test_auto_eliminates_where_too_few_iterations_lead_nowhere() -> None:
    graph = path_graph(np.ones(1199))
    model = LabelPropagation(max_iter=3).fit(graph, path_labels(1200))
    exact = LabelPropagation(solver="direct").fit(graph, path_labels(1200))
    np.testing.assert_allclose(model.label_distributions_, exact.label_distributions_, atol=1e-9)


def test_far_ends_of_a_long_graph_are_answered_within_the_iterations_allowed() -> None:
    # Two moons, so long that their ends are some hundred steps from the labels.
    X, truth = make_moons(4000, noise=0.05, random_state=0)
    y = np.full(4000, -1)
    for c in (0, 1):
        y[np.flatnonzero(truth == c)[:3]] = c
    model = LabelSpreading(kernel="knn").fit(X, y)
    exact = LabelSpreading(kernel="knn", solver="direct").fit(X, y)
    assert model.n_iter_ <= model.max_iter
    assert model.reached_.all()
    assert set(model.transduction_) == {0, 1}
    np.testing.assert_allclose(model.label_distributions_, exact.label_distributions_, atol=2e-3)


@pytest.mark.parametrize(("n", "alpha"), [(20_000, 0.99), (3_000, 0.2)])
def test_the_end_of_a_chain_is_exact_within_the_iterations_allowed(n, alpha) -> None:
    """Beyond the first points there is no difference any more; 1e-300 is reached in no time."""
    y = np.full(n, -1)
    y[:2] = 0, 1
    graph = path_graph(np.ones(n - 1))
    model = LabelSpreading(alpha=alpha, max_iter=1000).fit(graph, y)
    assert model.n_iter_ <= 1000
    near = LabelSpreading(alpha=alpha, solver="direct").fit(path_graph(np.ones(499)), y[:500])
    # far from both labels, what comes past point 1 is shared in one proportion
    far = near.label_distributions_[250]
    np.testing.assert_allclose(
        model.label_distributions_[:250], near.label_distributions_[:250], atol=1e-3
    )
    np.testing.assert_allclose(
        model.label_distributions_[250:], np.tile(far, (n - 250, 1)), atol=1e-3
    )


@pytest.mark.parametrize("solver", ["sweeps", "cg", "chebyshev"])
def test_no_more_iterations_are_made_than_allowed_and_answers_so_far_are_right(solver) -> None:
    y = np.full(1500, -1)
    y[:2] = 0, 1
    graph = path_graph(np.ones(1499))
    with pytest.warns(ConvergenceWarning) as caught:
        model = LabelSpreading(solver=solver, max_iter=700).fit(graph, y)
    assert model.n_iter_ == 700
    answered = model.transduction_ != -1
    assert 300 < answered.sum() < 1000
    message = str(caught[0].message)
    assert message.startswith("max_iter=700 was reached without convergence")
    assert f"{1500 - answered.sum()} points that labels reach have no answer yet" in message
    exact = LabelSpreading(solver="direct").fit(graph, y).label_distributions_
    np.testing.assert_allclose(model.label_distributions_[answered], exact[answered], atol=1e-3)


def test_a_point_that_no_evidence_got_to_in_time_is_marked_and_counted() -> None:
    graph = path_graph(np.ones(49))
    y = np.full(50, -1)
    y[:2] = [1, 0]
    with pytest.warns(ConvergenceWarning, match="41 points that labels reach have no answer yet"):
        model = LabelSpreading(solver="sweeps", max_iter=8).fit(graph, y)
    assert model.reached_.all()
    np.testing.assert_array_equal(model.transduction_[9:], -1)
    np.testing.assert_array_equal(model.label_distributions_[9:], 0.5)


@pytest.mark.parametrize("solver", ["cg", "auto"])
@pytest.mark.parametrize("alpha", [0.5, 0.99, 0.9999])
@pytest.mark.parametrize("link", [1.0, 1e-4, 1e-9])
def test_spreading_over_weakly_linked_halves_is_right_where_it_is_silent(
    solver, alpha, link
) -> None:
    graph = clustered(550, link, seed=3)
    y = np.full(1100, -1)
    y[[3, 7, 9]] = 0, 1, 1
    exact = LabelSpreading(alpha=alpha, solver="direct", max_iter=1000).fit(graph, y)
    model = LabelSpreading(alpha=alpha, solver=solver, max_iter=5000).fit(graph, y)
    np.testing.assert_allclose(model.label_distributions_, exact.label_distributions_, atol=1e-3)
    # evidence behind the link is as small as the link, and as accurate as the rest
    np.testing.assert_allclose(model.evidence_, exact.evidence_, rtol=2e-3)
