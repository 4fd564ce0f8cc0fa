"""add_labels and remove_labels: any sequence of them is a refit, within the tolerance."""

from __future__ import annotations

import copy
import datetime
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels import Graph, LabelPropagation, LabelSpreading, UnreachedWarning, knn_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._relabel import add_codes
from fewlabels.solvers import METHODS_WITH_GROUND
from tests.gallery import ESTIMATORS_AND_SOLVERS, clustered, path_graph
from tests.strategies import affinities, partial_labels

TOL = 1e-3
PUBLIC = ("classes_", "label_distributions_", "transduction_", "reached_", "evidence_")


def state(model) -> dict:
    return copy.deepcopy({name: getattr(model, name) for name in (*PUBLIC, "residual_", "n_iter_")})


def assert_same_state(model, before: dict) -> None:
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(model, name), value, err_msg=name)


def assert_as_refitted(model, refitted, tol: float = TOL) -> None:
    # Each is within tol of the truth. Columns that were not solved for again may be off by tol
    # of what their row held then, each class once.
    allowed = tol * (1 + len(refitted.classes_))
    for name in ("classes_", "reached_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(refitted, name))
        assert getattr(model, name).dtype == getattr(refitted, name).dtype
    found, expected = model.label_distributions_, refitted.label_distributions_
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, atol=allowed)
    np.testing.assert_allclose(model.evidence_, refitted.evidence_, rtol=2 * allowed)
    assert model.transduction_.dtype == refitted.transduction_.dtype
    top = np.sort(expected, axis=1)[:, -2:]
    clear = (top[:, -1] - top[:, 0] > 2 * allowed) | (expected.shape[1] == 1)
    np.testing.assert_array_equal(model.transduction_[clear], refitted.transduction_[clear])


def draw_change(data: st.DataObject, y: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    """One operation that keeps at least one label."""
    labelled = np.flatnonzero(y >= 0)
    removable = labelled[: len(labelled) - 1]
    if len(removable) and data.draw(st.booleans()):
        size = data.draw(st.integers(1, len(removable)))
        chosen = data.draw(st.permutations(labelled.tolist()))[:size]
        return "remove", np.array(chosen), np.full(size, -1)
    size = data.draw(st.integers(0, min(3, len(y))))
    chosen = data.draw(st.permutations(range(len(y))))[:size]
    labels = data.draw(st.lists(st.integers(0, 4), min_size=size, max_size=size))
    return "add", np.array(chosen, dtype=int), np.array(labels, dtype=int)


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize(("estimator", "solver"), ESTIMATORS_AND_SOLVERS)
@settings(max_examples=20)
@given(W=affinities(min_nodes=2), data=st.data())
def test_any_sequence_of_changes_equals_a_refit(estimator, solver, W, data) -> None:
    graph = Graph.from_affinity(W, dtype=np.float64)
    settings_ = {"solver": solver, "max_iter": 20_000, "tol": TOL}
    if estimator is LabelSpreading:
        settings_["alpha"] = data.draw(st.sampled_from([0.2, 0.9, 0.99]))
    y = data.draw(partial_labels(len(W)))
    model = estimator(**settings_).fit(graph, y)
    for _ in range(data.draw(st.integers(1, 4))):
        kind, rows, labels = draw_change(data, y)
        y[rows] = labels
        if kind == "add":
            model.add_labels(rows, labels)
        else:
            model.remove_labels(rows)
        assert_as_refitted(model, estimator(**settings_).fit(graph, y))


@pytest.mark.parametrize(("estimator", "solver"), ESTIMATORS_AND_SOLVERS)
def test_what_a_removed_label_had_drowned_comes_up_right(estimator, solver) -> None:
    # Beside the middle's label the ends' are nothing; without it they are all there is.
    graph = path_graph(np.ones(40))
    y = np.full(41, -1)
    y[[0, 40]] = 0, 2
    settings_ = {"solver": solver, "max_iter": 100_000}
    refitted = estimator(**settings_).fit(graph, y)
    y[20] = 1
    model = estimator(**settings_).fit(graph, y).remove_labels([20])
    assert_as_refitted(model, refitted)


@pytest.mark.parametrize("solver", METHODS_WITH_GROUND)
def test_rows_beyond_float64_stay_right_through_changes(solver) -> None:
    n = 720
    graph = path_graph(np.ones(n - 1))
    y = np.full(n, -1)
    y[[0, -1]] = 0, 1
    settings_ = {"solver": solver, "max_iter": 100_000}
    model = LabelSpreading(**settings_).fit(graph, y)
    for row, label in ((n // 2, 2), (n // 2, -1), (n - 1, -1)):
        y[row] = label
        if label >= 0:
            model.add_labels([row], [label])
        else:
            model.remove_labels([row])
        assert_as_refitted(model, LabelSpreading(**settings_).fit(graph, y))


@pytest.mark.parametrize("solver", METHODS_WITH_GROUND)
def test_a_slow_mode_does_not_hide_behind_what_other_classes_hold(solver) -> None:
    rng = np.random.default_rng(0)
    upper = np.triu(rng.random((400, 400)) < 8 / 400, 1).astype(float)
    graph = Graph.from_affinity(upper + upper.T)
    y = np.full(400, -1)
    y[:10] = 0
    model = LabelSpreading(alpha=0.999, tol=1e-2, solver=solver, max_iter=10**6).fit(graph, y)
    model.add_labels([10, 11, 12], [1] * 3)
    y[10:13] = 1
    refit = LabelSpreading(alpha=0.999, solver="direct").fit(graph, y)
    error = np.abs(model.label_distributions_ - refit.label_distributions_)[model.reached_]
    assert error.max() < 2e-2


@pytest.mark.parametrize("change", [{"alpha": 0.99}, {"solver": "direct"}])
def test_parameters_that_were_set_since_the_fit_count(change) -> None:
    W = np.eye(9, k=1) + np.eye(9, k=-1)
    y = [0, -1, -1, -1, -1, -1, -1, -1, 1]
    model = LabelSpreading(kernel="precomputed", alpha=0.5).fit(W, y).set_params(**change)
    model.add_labels([3], [1])
    y[3] = 1
    refit = LabelSpreading(kernel="precomputed", **({"alpha": 0.5} | change)).fit(W, y)
    np.testing.assert_allclose(model.label_distributions_, refit.label_distributions_, atol=3e-3)


def test_wrong_parameters_that_were_set_since_the_fit_are_refused() -> None:
    W = np.eye(9, k=1) + np.eye(9, k=-1)
    model = LabelSpreading(kernel="precomputed").fit(W, [0] + [-1] * 7 + [1])
    with pytest.raises(InvalidInputError, match="max_iter"):
        model.set_params(max_iter="x").add_labels([3], [1])


@pytest.mark.parametrize("solver", ["auto", "cg"])
@pytest.mark.parametrize("link", [1.0, 1e-3, 1e-6])
def test_a_cluster_that_loses_its_last_label_turns_to_its_neighbour(solver, link) -> None:
    graph = clustered(600, link)
    y = np.full(1200, -1)
    y[[3, 7]] = 0, 1
    refitted = LabelPropagation(solver="direct").fit(graph, y)
    y[[900, 901]] = 1, 0
    model = LabelPropagation(solver=solver, max_iter=3000).fit(graph, y)
    model.remove_labels([900, 901])
    assert_as_refitted(model, refitted)


@pytest.mark.parametrize("solver", ["auto", "cg"])
def test_large_graphs_take_many_changes(estimator, solver) -> None:
    rng = np.random.default_rng(0)
    graph = clustered(600, 0.5)
    y = np.full(1200, -1)
    y[rng.choice(1200, 12, replace=False)] = np.arange(12) % 3
    settings_ = {"solver": solver, "max_iter": 3000}
    model = estimator(**settings_).fit(graph, y)
    for _ in range(4):
        rows = rng.choice(1200, 5, replace=False)
        y[rows] = rng.integers(0, 4, 5)
        model.add_labels(rows, y[rows])
        drop = rng.choice(np.flatnonzero(y >= 0), 2, replace=False)
        y[drop] = -1
        model.remove_labels(drop)
        assert_as_refitted(model, estimator(solver="direct").fit(graph, y))


def test_a_component_gains_and_loses_its_only_label(estimator) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(2), np.ones((3, 3))))
    with pytest.warns(UnreachedWarning, match="3 of 6"):
        model = estimator().fit(graph, [0, 1, -1, -1, -1, -1])
    model.add_labels([4], [1])
    assert model.reached_.all()
    assert model.transduction_[3:].tolist() == [1, 1, 1]
    with pytest.warns(UnreachedWarning, match="3 of 6"):
        model.remove_labels([4])
    assert model.transduction_[3:].tolist() == [-1, -1, -1]
    np.testing.assert_array_equal(model.label_distributions_[3:], np.full((3, 2), 0.5))


def test_masks_and_empty_lists_are_indices_too(estimator) -> None:
    graph = path_graph(np.ones(4))
    model = estimator().fit(graph, [0, -1, -1, -1, 1])
    mask = np.array([False, True, False, True, False])
    model.add_labels(mask, [0, 1])
    assert_as_refitted(model, estimator().fit(graph, [0, 0, -1, 1, 1]))
    model.remove_labels(mask)
    before = state(model)
    model.add_labels([], []).remove_labels([])
    del before["n_iter_"]
    for name, value in before.items():
        np.testing.assert_allclose(getattr(model, name), value, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("dtype", "added", "expected"),
    [
        (np.int8, [5], np.int8),
        (np.int32, [5], np.int32),
        (np.int64, [5.0], np.int64),
        (np.int8, [300], np.int64),
        (np.float32, [5], np.float32),
        (np.float64, np.array([5], dtype=np.int8), np.float64),
    ],
)
def test_number_labels_keep_their_dtype_while_it_holds_the_new_ones(
    estimator, dtype, added, expected
) -> None:
    y = np.array([0, -1, -1, -1, 1], dtype=dtype)
    model = estimator().fit(path_graph(np.ones(4)), y).add_labels([2], added)
    assert model.classes_.dtype == expected
    assert model.transduction_.dtype == expected
    assert model.classes_.tolist() == [0, 1, added[0]]


@pytest.mark.parametrize(
    ("y", "added", "classes"),
    [
        (["b", None, None, None, "d"], ["a"], ["a", "b", "d"]),
        (["b", None, None, None, "d"], np.array(["longer"]), ["b", "d", "longer"]),
        (np.array(["b", "d", "d", "b", "d"]), ["longer"], ["b", "d", "longer"]),
        (np.array(["b", "d", "d", "b", "d"]), [("a", 1)], [("a", 1), "b", "d"]),
        ([True, None, None, None, True], [False], [False, True]),
        (np.array([True, True, True, True, True]), np.array([False], dtype=object), [False, True]),
        ([("a", 1), None, None, None, ("b", 2)], [("a", 2)], [("a", 1), ("a", 2), ("b", 2)]),
        ([1, None, None, None, "x"], [2], [1, 2, "x"]),
        (
            np.array(["2020", "NaT", "NaT", "NaT", "2022"], "M8[D]"),
            np.array(["2021"], "M8[D]"),
            [datetime.date(2020, 1, 1), datetime.date(2021, 1, 1), datetime.date(2022, 1, 1)],
        ),
    ],
)
def test_other_labels_are_joined_with_new_ones(estimator, y, added, classes) -> None:
    model = estimator().fit(path_graph(np.ones(4)), y)
    model.add_labels([2], added)
    assert sorted(model.classes_.tolist(), key=str) == sorted(classes, key=str)
    assert model.transduction_[2] == added[0]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([9], [0]), InvalidInputError, "from 0 to 4, the fitted points; got 9"),
        (([-1], [0]), InvalidInputError, "from 0 to 4, the fitted points; got -1"),
        (([1, 1], [0, 0]), InvalidInputError, "point 1 appears twice"),
        (([1, 2], [0]), InvalidInputError, "got 1 labels for 2 indices"),
        (([1], [-1]), InvalidInputError, "label of point 1 is missing.*remove_labels"),
        (([1], ["a"]), InvalidTypeError, "those have dtype int64"),
        (([1], [True]), InvalidTypeError, "those have dtype int64"),
        (([1], [0.5]), InvalidInputError, "Unknown label type: continuous"),
        (([1.0], [0]), InvalidTypeError, "integers or a mask, got dtype float64"),
        (([[1]], [0]), InvalidInputError, r"one-dimensional, got shape \(1, 1\)"),
        ((np.array([True, False]), [0]), InvalidInputError, r"shape \(5,\); got \(2,\)"),
    ],
)
def test_errors_of_adding_leave_the_estimator_as_it_was(estimator, arguments, error, words) -> None:
    model = estimator().fit(path_graph(np.ones(4)), [0, -1, -1, -1, 1])
    before = state(model)
    with pytest.raises(error, match=words):
        model.add_labels(*arguments)
    assert_same_state(model, before)
    assert_as_refitted(model.add_labels([1], [1]), estimator().fit(model.graph_, [0, 1, -1, -1, 1]))


@pytest.mark.parametrize(
    ("indices", "words"),
    [
        ([1, 0], "1 of the points have no label to remove, the first is point 1"),
        ([0, 4], "no label would be left"),
        ([7], "from 0 to 4"),
    ],
)
def test_errors_of_removing_leave_the_estimator_as_it_was(estimator, indices, words) -> None:
    model = estimator().fit(path_graph(np.ones(4)), [0, -1, -1, -1, 1])
    before = state(model)
    with pytest.raises(InvalidInputError, match=words):
        model.remove_labels(indices)
    assert_same_state(model, before)


@pytest.mark.parametrize(
    ("method", "arguments"), [("add_labels", ([10], [2])), ("remove_labels", ([30],))]
)
def test_an_interruption_leaves_the_estimator_as_it_was(
    estimator, method, arguments, monkeypatch
) -> None:
    y = np.full(60, -1)
    y[[0, 30, 59]] = 0, 1, 0
    graph = path_graph(np.ones(59))
    model = estimator(solver="cg", max_iter=1000).fit(graph, y)
    before = state(model)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fewlabels.solvers.Accuracy.report", interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, method)(*arguments)
    assert_same_state(model, before)
    y[10] = 2
    assert_as_refitted(
        model.add_labels([10], [2]), estimator(solver="cg", max_iter=1000).fit(graph, y)
    )


def test_a_change_does_not_alter_arrays_that_were_handed_out(estimator) -> None:
    model = estimator().fit(path_graph(np.ones(4)), [0, -1, -1, -1, 1])
    handed_out = {name: getattr(model, name) for name in PUBLIC}
    before = state(model)
    model.add_labels([2], [7]).remove_labels([0])
    for name, value in handed_out.items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)


def test_predictions_follow_the_change(estimator) -> None:
    X = np.arange(6.0)[:, None]
    model = estimator(gamma=1).fit(X, [0, -1, -1, -1, -1, 1])
    model.add_labels([2], [5])
    assert model.predict([[2.1]]).tolist() == [5]
    refitted = estimator(gamma=1).fit(X, [0, -1, 5, -1, -1, 1])
    np.testing.assert_allclose(model.predict_proba(X), refitted.predict_proba(X), atol=4 * TOL)


def test_a_warning_of_a_change_points_at_the_caller(estimator) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(2), np.ones((3, 3))))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = estimator().fit(graph, [0, 1, -1, -1, -1, -1])
        model.add_labels([2], [0])
        model.fit_predict(graph, [0, 1, -1, -1, -1, -1])
    assert [warning.filename for warning in caught] == [__file__] * 3


def exact_responses(graph, alpha) -> np.ndarray:
    """(1 - alpha) (I - alpha S)^-1."""
    W = graph.affinity.toarray().astype(float)
    root = np.sqrt(np.where(graph.degrees > 0, graph.degrees, np.inf))
    return (1 - alpha) * np.linalg.inv(np.eye(len(W)) - alpha * W / root[:, None] / root)


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize("solver", METHODS_WITH_GROUND)
@settings(max_examples=20)
@given(W=affinities(min_nodes=2), data=st.data())
def test_however_rough_the_responses_the_change_equals_a_refit(solver, W, data) -> None:
    graph = Graph.from_affinity(W, dtype=np.float64, layout="csr")
    alpha = data.draw(st.sampled_from([0.2, 0.9, 0.99]))
    settings_ = {"solver": solver, "max_iter": 20_000, "tol": TOL, "alpha": alpha}
    y = data.draw(partial_labels(len(W)))
    model = LabelSpreading(**settings_).fit(graph, y)
    exact = exact_responses(graph, alpha)
    for _ in range(data.draw(st.integers(1, 3))):
        _, rows, labels = draw_change(data, np.full(len(y), -1))
        y[rows] = labels
        rng = np.random.default_rng(data.draw(st.integers(0, 99)))
        rough = data.draw(st.sampled_from([0.0, 1e-3, 1.0, 100.0]))
        responses = exact[:, rows] * (1 + rough * rng.normal(size=(len(W), len(rows))))
        model.add_labels(rows, labels, responses=responses)
        assert_as_refitted(model, LabelSpreading(**settings_).fit(graph, y))


def test_known_responses_save_steps() -> None:
    graph = knn_graph(np.random.default_rng(0).random((1_500, 2)), n_neighbors=8)
    y = np.full(1_500, -1)
    y[::150] = np.arange(10) % 3
    settings_ = {"alpha": 0.99, "max_iter": 1_000}
    rows, labels = [7, 13, 1_201], [0, 1, 3]
    plain = LabelSpreading(**settings_).fit(graph, y).add_labels(rows, labels)
    told = LabelSpreading(**settings_).fit(graph, y)
    told.add_labels(rows, labels, responses=exact_responses(graph, 0.99)[:, rows])
    assert told.n_iter_ < 0.8 * plain.n_iter_
    assert_as_refitted(told, plain)


@pytest.mark.parametrize("weights", [None, [2.0, 0.0, 0.5]])
@pytest.mark.parametrize("kind", ["classes", "soft", "indicators"])
def test_what_is_expected_of_a_change_is_what_it_does(kind, weights) -> None:
    graph = path_graph(np.ones(20))
    classes = np.full(21, -1)
    classes[[0, 4, 20]] = 0, 2, 1
    # one is new, one changes its class, and one is labelled as it was
    rows, labels = np.array([9, 4, 20]), np.array([3, 1, 1])
    if kind != "classes":
        one_hot = np.vstack([np.eye(4), np.full(4, np.nan)])
        one_hot[:4] = 0.1 + 0.6 * one_hot[:4] if kind == "soft" else one_hot[:4]
        if kind == "indicators":
            one_hot[4] = -1
        one_hot = one_hot.astype(int if kind == "indicators" else float)
        classes, labels = one_hot[classes], one_hot[labels]
    exact = {"alpha": 0.9, "solver": "direct"}
    model = LabelSpreading(**exact).fit(graph, classes)
    change = add_codes(model._labels, rows, labels, weights)
    expected = change.with_responses(
        model._labels, rows, exact_responses(graph, 0.9)[:, rows]
    ).expected
    before = model._scores.select(change.old_columns, n_iter=0).true_values()
    after = model.add_labels(rows, labels, weights)._scores.true_values()
    assert expected.shape == (21, len(change.touched))
    difference = np.zeros_like(after)
    difference[:, change.touched] = expected
    np.testing.assert_allclose(after - before, difference, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("responses", "error", "words"),
    [
        (np.zeros((5, 2)), InvalidInputError, r"shape \(5, 1\); got \(5, 2\)"),
        (np.zeros(5), InvalidInputError, r"shape \(5, 1\); got \(5,\)"),
        (np.zeros((5, 1), dtype=int), InvalidTypeError, "must be floats, got dtype int64"),
        (np.full((5, 1), np.nan), InvalidInputError, "must be finite"),
    ],
)
def test_wrong_responses_leave_the_estimator_as_it_was(responses, error, words) -> None:
    model = LabelSpreading().fit(path_graph(np.ones(4)), [0, -1, -1, -1, 1])
    before = state(model)
    with pytest.raises(error, match=words):
        model.add_labels([2], [1], responses=responses)
    assert_same_state(model, before)


@pytest.mark.parametrize("solver", ["sweeps", "cg", "auto"])
@pytest.mark.parametrize("tol", [1e-1, 1e-2, 1e-4])
def test_sixteen_new_labels_together_add_no_more_than_the_tolerance(solver, tol) -> None:
    """Each may add a sixteenth of tol to the exact change; what the fit was off by remains."""
    n = 80
    y = np.full(n, -1)
    y[:20] = np.arange(20)  # so many classes that a change solves for the labels, and not for them
    y[-1] = 0
    graph = path_graph(np.ones(n - 1))
    settings = {"tol": tol, "max_iter": 100_000}
    # from an exact start, all error is that of the changes
    model = LabelPropagation(solver="direct", **settings).fit(graph, y)
    model.set_params(solver=solver)
    for k, added in enumerate(range(24, 72, 3)):
        model.add_labels([added], [k])
        y[added] = k
        exact = LabelPropagation(solver="direct").fit(graph, y).label_distributions_
        off = np.abs(model.label_distributions_ - exact).sum(axis=1).max()
        assert off <= (k + 1) / 16 * tol


@pytest.mark.parametrize("model", [LabelPropagation, LabelSpreading])
def test_what_was_solved_for_roughly_is_solved_for_anew_by_a_narrower_tol(model) -> None:
    graph = knn_graph(np.random.default_rng(0).random((400, 2)), n_neighbors=8)
    y = np.full(400, -1)
    y[:5] = range(5)
    settings_ = {"solver": "cg", "max_iter": 20_000}
    changed = model(**settings_, tol=TOL).fit(graph, y)
    changed.set_params(tol=1e2).add_labels([300], [1])
    changed.set_params(tol=TOL).add_labels([301], [2])
    y[[300, 301]] = 1, 2
    assert_as_refitted(changed, model(**settings_, tol=TOL).fit(graph, y))
