"""A change of labels solves for as little as it may, and for all where it must."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fewlabels import Graph, LabelPropagation, LabelSpreading
from fewlabels.solvers import PreparedSolver
from tests.gallery import clustered, path_graph


@pytest.fixture
def columns_solved(monkeypatch) -> list[int]:
    """How many columns each solve was for."""
    counts: list[int] = []
    solve = PreparedSolver.solve

    def counted(self, B, **settings):
        counts.append(B.shape[1])
        return solve(self, B, **settings)

    monkeypatch.setattr(PreparedSolver, "solve", counted)
    return counts


def five_classes(n: int) -> np.ndarray:
    y = np.full(n, -1)
    y[:: n // 10] = np.arange(len(y[:: n // 10])) % 5
    return y


def assert_close_to_exact(model, y: np.ndarray, atol: float) -> None:
    exact = type(model)(**(model.get_params() | {"solver": "direct"})).fit(model.graph_, y)
    np.testing.assert_allclose(
        model.label_distributions_, exact.label_distributions_, atol=atol, rtol=0
    )
    np.testing.assert_array_equal(model.classes_, exact.classes_)


def test_one_more_label_takes_two_columns_of_a_harmonic_function(columns_solved) -> None:
    graph = clustered(600, 0.3)
    y = five_classes(1200)
    model = LabelPropagation(max_iter=3000).fit(graph, y)
    y[7] = 3
    model.add_labels([7], [3])
    y[[8, 9]] = [0, 1]
    model.add_labels([8, 9], [0, 1])
    assert columns_solved == [5, 2, 3]
    assert_close_to_exact(model, y, 2e-3)


def test_a_correction_and_a_class_never_seen_are_differences_too(columns_solved) -> None:
    graph = clustered(600, 0.3)
    y = five_classes(1200)
    model = LabelPropagation(max_iter=3000, tol=1e-5).fit(graph, y)
    changed = np.flatnonzero(y == 2)[:1]
    y[changed] = 4
    model.add_labels(changed, [4])
    y[33] = 9
    model.add_labels([33], [9])
    assert columns_solved == [5, 2, 2]
    assert_close_to_exact(model, y, 2e-5)
    assert model.residual_.shape == (6,)
    assert model.residual_.max() < 1e-4


def test_all_is_solved_for_again_before_the_differences_add_up(columns_solved) -> None:
    graph = clustered(600, 0.3)
    y = five_classes(1200)
    model = LabelPropagation(max_iter=3000).fit(graph, y)
    free = np.flatnonzero(y < 0)
    for step in range(20):
        y[free[step]] = step % 5
        model.add_labels([free[step]], [step % 5])
    assert columns_solved == [5] + [2] * 16 + [5] + [2] * 3
    assert_close_to_exact(model, y, 2e-3)


def test_a_removal_and_many_at_once_solve_for_every_class(columns_solved) -> None:
    graph = clustered(600, 0.3)
    y = five_classes(1200)
    model = LabelPropagation(max_iter=3000).fit(graph, y)
    model.add_labels([1, 2, 3, 4], [0, 1, 2, 3])
    model.remove_labels([1])
    assert columns_solved == [5, 5, 5]


def test_a_change_that_changes_nothing_solves_nothing(columns_solved) -> None:
    for estimator in (LabelPropagation, LabelSpreading):
        y = five_classes(1200)
        model = estimator(max_iter=3000).fit(clustered(600, 0.3), y)
        columns_solved.clear()
        before = model.label_distributions_.copy()
        model.add_labels(np.flatnonzero(y >= 0)[:3], y[y >= 0][:3])
        assert columns_solved == []
        np.testing.assert_array_equal(model.label_distributions_, before)


@pytest.mark.parametrize("link", [1.0, 1e-3, 1e-6])
def test_labels_on_either_side_of_a_weak_link(link: float) -> None:
    # The second cluster has no label at first: all that it knows came through the link.
    graph = clustered(600, link)
    y = np.full(1200, -1)
    y[[3, 7, 11]] = 0, 1, 2
    model = LabelPropagation(max_iter=5000, tol=1e-4).fit(graph, y)
    for point, label in ((20, 1), (700, 2), (30, 0), (800, 1)):
        y[point] = label
        model.add_labels([point], [label])
        assert_close_to_exact(model, y, 2e-4)


def test_the_first_label_of_a_component() -> None:
    blocks = np.kron(np.eye(2), np.ones((600, 600)))
    graph = Graph.from_affinity(blocks)
    y = np.full(1200, -1)
    y[:4] = [0, 1, 2, 3]
    with pytest.warns(UserWarning, match="600 of 1200"):
        model = LabelPropagation(max_iter=3000).fit(graph, y)
    model.add_labels([900], [3])
    np.testing.assert_allclose(model.label_distributions_[600:, 3], 1.0, atol=1e-3)
    np.testing.assert_allclose(model.label_distributions_[4:600], 0.25, atol=1e-3)


def test_spreading_solves_for_the_classes_touched(columns_solved) -> None:
    graph = clustered(600, 0.3)
    y = five_classes(1200)
    model = LabelSpreading(alpha=0.9, max_iter=300).fit(graph, y)
    model.add_labels([7], [3])
    model.remove_labels([7])  # taken back
    assert columns_solved == [5, 1, 1]
    assert_close_to_exact(model, y, 2e-3)
    columns_solved.clear()
    y[7] = 4
    model.add_labels([7], [3]).add_labels([7], [4])  # corrected
    assert columns_solved == [1, 2]
    assert_close_to_exact(model, y, 2e-3)


def test_spreading_solves_for_all_classes_where_a_row_lost_most_of_what_it_held(
    columns_solved,
) -> None:
    graph = path_graph(np.ones(1199))
    y = np.full(1200, -1)
    y[[0, 600, 1199]] = 0, 1, 2
    model = LabelSpreading(alpha=0.9, max_iter=3000, tol=1e-4).fit(graph, y)
    model.add_labels([200], [2])
    y[600] = -1
    model.remove_labels([200, 600])
    assert columns_solved[:3] == [3, 1, 1]  # class 1 went with its only point
    assert columns_solved[3:] == [2]
    assert_close_to_exact(model, y, 2e-4)


@pytest.mark.parametrize("estimator", [LabelPropagation, LabelSpreading])
def test_a_finer_tolerance_set_since_the_fit_holds_for_the_whole_answer(estimator) -> None:
    y = five_classes(1200)
    model = estimator(tol=1e-1, max_iter=9999).fit(clustered(600, 0.3), y)
    y[7] = 3
    model.set_params(tol=1e-7).add_labels([7], [3])
    assert_close_to_exact(model, y, 2e-7)


def test_a_change_repairs_a_fit_that_was_cut_short() -> None:
    y = five_classes(1200)
    model = LabelSpreading(max_iter=3, tol=1e-6)
    with pytest.warns(ConvergenceWarning):
        model.fit(clustered(600, 0.3), y)
    y[7] = 3
    model.set_params(max_iter=9999).add_labels([7], [3])
    assert_close_to_exact(model, y, 2e-6)


@pytest.mark.parametrize("max_iter", [1, 2, 3, 5, 10, 22, 23, 24])
def test_no_warning_means_a_right_answer_however_soon_it_ended(max_iter: int) -> None:
    W = np.zeros((1500, 1500))
    W[0, 1:] = W[1:, 0] = 1.0
    graph = Graph.from_affinity(W)
    y = np.full(1500, -1)
    y[[0, 750, 1499]] = 0, 1, 2
    for alpha in (0.99, 0.9999):
        model = LabelSpreading(alpha=alpha, tol=1e-2, max_iter=max_iter)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit(graph, y)
        if not caught:
            assert_close_to_exact(model, y, 1e-2)


def test_a_pickled_model_takes_more_labels_and_is_no_larger_than_its_graph() -> None:
    graph = clustered(3000, 0.3)  # large enough to be put into an order of its own
    y = five_classes(6000)
    model = LabelSpreading(alpha=0.9, max_iter=300).fit(graph, y)
    again = pickle.loads(pickle.dumps(model))
    assert len(pickle.dumps(model)) < len(pickle.dumps(graph)) + 6000 * 200
    model.add_labels([7], [3])
    again.add_labels([7], [3])
    np.testing.assert_array_equal(again.label_distributions_, model.label_distributions_)
