"""Labels that were foreseen are added without a solve, and the answer is that of a refit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels import Graph, LabelSpreading, knn_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.graph import write_graph
from fewlabels.systems import SpreadingSystem
from tests.gallery import path_graph
from tests.models.test_relabelling import assert_as_refitted, draw_change
from tests.strategies import affinities, partial_labels

TOL = 1e-3
N = 1_500
X = np.random.default_rng(0).random((N, 2))
GRAPH = knn_graph(X, n_neighbors=8)
TRUTH = (3 * X[:, 0]).astype(int)


def spreading(**settings_):
    return LabelSpreading(**{"alpha": 0.99, "max_iter": 20_000, "tol": TOL} | settings_)


def fitted(n_labels=9, **settings_):
    y = np.full(N, -1)
    y[:n_labels] = TRUTH[:n_labels]
    return spreading(**settings_).fit(GRAPH, y), y


@pytest.fixture
def solved(monkeypatch):
    """How many columns each solve was for."""
    counts = []
    plain = SpreadingSystem.solve

    def solve(self, Y, **settings_):
        counts.append(Y.shape[1])
        return plain(self, Y, **settings_)

    monkeypatch.setattr(SpreadingSystem, "solve", solve)
    return counts


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@settings(max_examples=25)
@given(W=affinities(min_nodes=2), data=st.data())
def test_any_changes_of_labels_of_which_some_were_foreseen_are_a_refit(W, data) -> None:
    graph = Graph.from_affinity(W, dtype=np.float64, layout="csr")
    solver = data.draw(st.sampled_from(["auto", "chebyshev"]))
    settings_ = {"solver": solver, "alpha": data.draw(st.sampled_from([0.2, 0.9, 0.99]))}
    y = data.draw(partial_labels(len(W)))
    model = spreading(**settings_).fit(graph, y)
    for _ in range(data.draw(st.integers(1, 4))):
        model.foresee(np.flatnonzero(data.draw(st.lists(st.booleans(), max_size=len(W)))))
        kind, rows, labels = draw_change(data, y)
        if kind == "remove":
            model.remove_labels(rows)
        else:
            model.add_labels(rows, labels)
        y[rows] = labels
        assert_as_refitted(model, spreading(**settings_).fit(graph, y))


def test_labels_that_were_foreseen_are_not_solved_for(solved) -> None:
    model, y = fitted()
    new = np.arange(20, 26)
    y[new] = [*TRUTH[new[:-1]], 7]  # one is of a class that is new
    refitted = spreading(tol=1e-9).fit(GRAPH, y)
    del solved[:]
    model.foresee(new)
    assert solved == [1] * 6
    model.add_labels(new, y[new])
    assert solved == [1] * 6
    assert_as_refitted(model, refitted)
    assert model.classes_.tolist() == [0, 1, 2, 7]
    assert (model.residual_ < 1e-2).all()
    model.foresee(new)  # they have a label now
    assert solved == [1] * 6


@pytest.mark.parametrize("kind", ["indicators", "distributions"])
def test_so_are_rows_of_several_classes(kind, solved) -> None:
    if kind == "indicators":
        rows, missing = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1]]), -1
    else:
        rows, missing = np.array([[0.5, 0.5, 0.0], [0.1, 0.9, 0.0], [0.2, 0.0, 0.8]]), np.nan
    y = np.full((N, 3), missing, dtype=rows.dtype)
    y[:6] = rows[TRUTH[:6]]
    model = spreading().fit(GRAPH, y)
    y[[30, 31]] = rows[TRUTH[[30, 31]]]
    refitted = spreading(tol=1e-9).fit(GRAPH, y)
    del solved[:]
    model.foresee([30, 31]).add_labels([30, 31], y[[30, 31]])
    assert solved == [1, 1]
    assert_as_refitted(model, refitted)


def test_weights_count(solved) -> None:
    model, y = fitted()
    weights = np.where(y >= 0, 1.0, 0.0)
    weights[[30, 31]] = 2.5, 0.25
    y[[30, 31]] = TRUTH[[30, 31]]
    refitted = spreading(tol=1e-9).fit(GRAPH, y, sample_weight=weights)
    del solved[:]
    model.foresee([30, 31]).add_labels([30, 31], y[[30, 31]], [2.5, 0.25])
    assert solved == [1, 1]
    assert_as_refitted(model, refitted)


@pytest.mark.parametrize("ends", [[0, 1], [0, 0]])
def test_rows_beyond_the_range_of_floats_are_added_to_on_scales_of_their_own(ends, solved) -> None:
    graph = path_graph(np.ones(2_000))
    y = np.full(2_001, -1)
    y[[0, -1]] = ends
    settings_ = {"alpha": 0.2, "solver": "chebyshev"}
    model = spreading(**settings_).fit(graph, y)
    assert model._scores.log_scale.min() < -500
    model.foresee([900])
    del solved[:]
    model.add_labels([900], [2])
    assert solved == []
    y[900] = 2
    refitted = spreading(**settings_).fit(graph, y)
    assert_as_refitted(model, refitted)
    np.testing.assert_allclose(
        model._scores.log_totals(), refitted._scores.log_totals(), atol=4 * TOL
    )
    assert model.transduction_[[440, 460, 1_440, 1_460]].tolist() == [ends[0], 2, 2, ends[1]]


def test_a_class_is_solved_for_anew_before_many_additions_make_it_inaccurate(solved) -> None:
    model, y = fitted(3)
    for point in range(50, 84):
        del solved[:]
        model.foresee([point]).add_labels([point], [1])
        assert len(solved) == (2 if point == 82 else 1)  # 32 of them may be off by a half of tol
        y[point] = 1
    assert_as_refitted(model, spreading(tol=1e-9).fit(GRAPH, y))


def test_where_one_was_not_foreseen_all_that_came_with_it_are_solved_for(solved) -> None:
    model, y = fitted()
    del solved[:]
    model.foresee([30]).add_labels([30, 31], [0, 0])
    assert solved == [1, 1]
    y[[30, 31]] = 0
    assert_as_refitted(model, spreading(tol=1e-9).fit(GRAPH, y))


def test_what_was_foreseen_is_forgotten_where_a_label_is_taken_back(solved) -> None:
    model, _ = fitted()
    model.foresee([30]).remove_labels([0])
    del solved[:]
    model.add_labels([30], [0])
    assert solved == [1]


def test_it_begins_where_it_is_told_to_and_ends_at_the_same() -> None:
    model, _ = fitted()
    other, _ = fitted()
    rough = other.foresee([30]).add_labels([30], [0])._scores.values[:, [0]]
    model.foresee([30], responses=rough).add_labels([30], [0])
    assert_as_refitted(model, other)


def test_copies_know_nothing_of_it_and_answer_the_same(solved) -> None:
    model, _ = fitted()
    model.foresee([30])
    copy = pickle.loads(pickle.dumps(model))
    assert len(pickle.dumps(model)) < len(pickle.dumps(fitted()[0])) + 1_000
    del solved[:]
    assert_as_refitted(copy.add_labels([30], [2]), model.add_labels([30], [2]))
    assert solved == [1]  # the copy alone


def test_only_the_last_ones_are_kept(solved) -> None:
    model, _ = fitted()
    model.foresee(np.arange(20, 37))
    del solved[:]
    model.add_labels([36], [0]).add_labels([20], [0])
    assert solved == [1]


def test_too_few_iterations_foresee_nothing(solved) -> None:
    model, y = fitted()
    model.set_params(max_iter=20)
    model.foresee([30])
    model.set_params(max_iter=20_000).add_labels([30], [0])
    y[30] = 0
    assert len(solved) == 3
    assert_as_refitted(model, spreading(tol=1e-9).fit(GRAPH, y))


def test_columns_are_as_accurate_as_the_scores_are_whatever_tol_was_meanwhile(solved) -> None:
    model, y = fitted()
    model.set_params(tol=1e2).foresee([300])
    del solved[:]
    model.set_params(tol=TOL).add_labels([300], [1])
    assert solved == []
    y[300] = 1
    assert_as_refitted(model, spreading(tol=1e-9).fit(GRAPH, y))


def test_a_class_that_was_solved_for_roughly_is_solved_for_anew_by_a_narrower_tol(solved) -> None:
    model, y = fitted()
    model.set_params(tol=1e2).add_labels([300], [1])
    del solved[:]
    model.set_params(tol=TOL).foresee([400]).add_labels([400], [0])
    assert solved == [3]
    y[[300, 400]] = 1, 0
    assert_as_refitted(model, spreading(tol=1e-9).fit(GRAPH, y))


def test_one_weight_of_more_than_32_is_solved_for(solved) -> None:
    model, _ = fitted()
    model.foresee([30])
    del solved[:]
    model.add_labels([30], [0], [33.0])
    assert solved == [1]


def test_what_was_foreseen_is_given_up_by_a_fit_on_a_graph_on_disk(tmp_path) -> None:
    model, y = fitted()
    model.foresee([30])
    model.fit(write_graph(tmp_path / "graph", [GRAPH.affinity.toarray()], N), y)
    assert not hasattr(model, "_ahead")


def test_parameters_are_checked_first() -> None:
    with pytest.raises(InvalidInputError, match="alpha"):
        fitted()[0].set_params(alpha=2.0).foresee([30])


@pytest.mark.parametrize(
    ("points", "responses", "error", "words"),
    [
        ([N], None, InvalidInputError, "from 0 to 1499"),
        ([3, 3], None, InvalidInputError, "appears twice"),
        ([0.5], None, InvalidTypeError, "must be integers or a mask"),
        ([30], np.zeros((N, 2)), InvalidInputError, r"shape \(1500, 1\); got \(1500, 2\)"),
        ([30], np.full((N, 1), np.nan), InvalidInputError, "must be finite"),
    ],
)
def test_what_can_not_be_used_is_refused(points, responses, error, words) -> None:
    with pytest.raises(error, match=words):
        fitted()[0].foresee(points, responses=responses)
