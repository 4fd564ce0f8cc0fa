"""Soft labels and several labels a point: y with a column for each class."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.datasets import make_multilabel_classification

from fewlabels import Graph, LabelPropagation, LabelSpreading, UnreachedWarning, write_graph
from fewlabels.exceptions import InvalidInputError, InvalidTypeError
from fewlabels.models._base import GraphClassifier
from tests import textbook
from tests.gallery import ESTIMATORS_AND_SOLVERS, clustered, path_graph
from tests.strategies import affinities

TIGHT = {"tol": 1e-6, "max_iter": 20_000}
SHARES = st.sampled_from(([1, 0, 0], [0, 1, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5], [0.2, 0.3, 0.5]))
HOLDS = st.lists(st.integers(0, 1), min_size=3, max_size=3)


def solve_textbook(estimator, W: np.ndarray, Y: np.ndarray) -> np.ndarray:
    is_spreading = estimator is LabelSpreading
    return textbook.spreading(W, Y, 0.2) if is_spreading else textbook.harmonic(W, Y)


def expected_soft(estimator, W, y, weights) -> np.ndarray:
    known = ~np.isnan(y).any(axis=1)
    Y = np.where(known[:, None], y, 0) * weights[:, None]
    return textbook.distributions(solve_textbook(estimator, W, Y), Y.sum(axis=0) / Y.sum())


def expected_marginals(estimator, W, y, weights) -> np.ndarray:
    known = (y >= 0).all(axis=1)
    Y = np.column_stack([y, np.ones(len(y))]) * np.where(known, weights, 0)[:, None]
    F = solve_textbook(estimator, W, Y)
    prior = Y[:, :-1].sum(axis=0) / Y[:, -1].sum()
    return np.array([row[:-1] / row[-1] if row[-1] > 0 else prior for row in F])


@pytest.mark.filterwarnings("ignore::fewlabels.UnreachedWarning")
@pytest.mark.parametrize("kind", ["soft", "several"])
@pytest.mark.parametrize(("estimator", "solver"), ESTIMATORS_AND_SOLVERS)
@settings(max_examples=8)
@given(W=affinities(min_nodes=2), data=st.data())
def test_fits_and_changes_follow_the_papers_equations(estimator, solver, kind, W, data) -> None:
    n, soft = len(W), kind == "soft"
    entries, bare = (SHARES, np.nan) if soft else (HOLDS, -1)
    expected = expected_soft if soft else expected_marginals
    y = np.full((n, 3), bare, dtype=float if soft else int)
    weights = np.array(data.draw(st.lists(st.sampled_from([1.0, 2.0]), min_size=n, max_size=n)))
    nodes = data.draw(st.permutations(range(n)))
    for node in nodes[: data.draw(st.integers(1, n))]:
        y[node] = data.draw(entries)
    model = estimator(solver=solver, **TIGHT)
    model.fit(Graph.from_affinity(W, dtype=np.float64), y, sample_weight=weights)
    np.testing.assert_allclose(
        model.label_distributions_, expected(estimator, W, y, weights), atol=1e-5
    )
    for _ in range(2):
        rows = np.array(data.draw(st.permutations(range(n)))[:2])
        y[rows] = [data.draw(entries) for _ in rows]
        weights[rows] = data.draw(st.sampled_from([1.0, 0.5]))
        model.add_labels(rows, y[rows], sample_weight=weights[rows])
        labelled = np.flatnonzero(y[:, 0] >= 0)
        if len(labelled) > 1 and data.draw(st.booleans()):
            model.remove_labels(labelled[:1])
            y[labelled[:1]] = bare
        np.testing.assert_allclose(
            model.label_distributions_, expected(estimator, W, y, weights), atol=1e-5
        )


def test_a_soft_path_is_the_mixture_of_its_ends() -> None:
    y = np.full((5, 2), np.nan)
    y[0], y[4] = [0.75, 0.25], [0.25, 0.75]
    model = LabelPropagation().fit(path_graph(np.ones(4)), y)
    np.testing.assert_allclose(
        model.label_distributions_[:, 0], [0.75, 0.625, 0.5, 0.375, 0.25], atol=1e-12
    )
    assert model.classes_.tolist() == [0, 1]
    assert model.transduction_[[0, 1, 3, 4]].tolist() == [0, 0, 1, 1]  # the middle is a tie


def test_several_labels_on_a_path_fade_each_on_its_own() -> None:
    y = np.full((5, 3), -1)
    y[0], y[4] = [1, 1, 0], [0, 1, 0]
    model = LabelPropagation().fit(path_graph(np.ones(4)), y)
    t = np.arange(5) / 4
    expected = np.column_stack([1 - t, np.ones(5), np.zeros(5)])
    np.testing.assert_allclose(model.label_distributions_, expected, atol=1e-12)
    assert model.transduction_.tolist() == [[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert model.residual_.shape == (3,)
    np.testing.assert_allclose(model.evidence_, 1)


def test_one_hot_soft_labels_are_the_classes(estimator) -> None:
    graph, codes = clustered(40, 0.2), np.full(80, -1)
    codes[[0, 10, 50, 60]] = 0, 1, 1, 2
    y = np.where(codes[:, None] < 0, np.nan, np.eye(3)[codes])
    found, expected = estimator().fit(graph, y), estimator().fit(graph, codes)
    np.testing.assert_allclose(found.label_distributions_, expected.label_distributions_)
    np.testing.assert_array_equal(found.transduction_, expected.transduction_)


def test_each_class_of_several_is_fitted_as_if_alone(estimator) -> None:
    graph, rng = clustered(40, 0.2), np.random.default_rng(0)
    y = np.full((80, 4), -1)
    y[::9] = rng.integers(0, 2, (9, 4))
    together = estimator(**TIGHT).fit(graph, y)
    for c in range(4):
        alone = estimator(**TIGHT).fit(graph, y[:, c])
        ones = alone.label_distributions_[:, alone.classes_ == 1].sum(axis=1)
        np.testing.assert_allclose(together.label_distributions_[:, c], ones, atol=1e-5)


@pytest.mark.parametrize("kernel", ["rbf", "knn", "self-tuning"])
def test_new_points_have_marginals_and_several_answers(estimator, kernel) -> None:
    X, Y = make_multilabel_classification(120, n_features=4, n_classes=3, random_state=0)
    X = X / X.std(axis=0)
    y = Y.copy()
    y[40:] = -1
    model = estimator(kernel, gamma=1, n_neighbors=10, max_iter=1000).fit(X, y)
    P = model.predict_proba(X[100:])
    assert P.shape == (20, 3)
    assert ((P >= 0) & (P <= 1)).all()
    np.testing.assert_array_equal(model.predict(X[100:]), P > 0.5)
    assert model.predict(X).dtype == y.dtype
    assert model.transform(X).shape == (120, 3)
    baseline = (Y[40:] == (Y[:40].mean(axis=0) > 0.5)).mean()
    assert (model.transduction_[40:] == Y[40:]).mean() > baseline
    assert 0 <= model.score(X[:40], Y[:40]) <= 1


def test_columns_of_tables_name_the_classes(estimator) -> None:
    graph = path_graph(np.ones(2))
    soft = pd.DataFrame({"wolf": [1.0, None, 0.25], "dog": [0.0, None, 0.75]})
    model = estimator().fit(graph, soft)
    assert model.classes_.tolist() == ["wolf", "dog"]
    assert model.transduction_[[0, 2]].tolist() == ["wolf", "dog"]
    polars = estimator().fit(graph, pl.DataFrame(soft))
    np.testing.assert_array_equal(polars.label_distributions_, model.label_distributions_)
    numbered = estimator().fit(graph, pd.DataFrame([[1, 0], [-1, -1], [1, 1]], dtype="Int64"))
    assert numbered.classes_.tolist() == [0, 1]
    assert numbered.transduction_.tolist() == [
        [1, 0],
        [1, int(numbered.transduction_[1, 1])],
        [1, 1],
    ]


def test_what_no_label_reaches_is_marked_and_given_the_mean_of_the_labels(estimator) -> None:
    graph = Graph.from_affinity(np.kron(np.eye(2), np.ones((2, 2))))
    y = np.array([[1, 0, 1], [1, 1, 0], [-1, -1, -1], [-1, -1, -1]])
    with pytest.warns(UnreachedWarning):
        model = estimator().fit(graph, y)
    np.testing.assert_array_equal(model.label_distributions_[2:], [[1, 0.5, 0.5]] * 2)
    np.testing.assert_array_equal(model.transduction_[2:], -1)
    soft = np.where(y < 0, np.nan, [[0.5, 0.5, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]])
    with pytest.warns(UnreachedWarning):
        model.fit(graph, soft)
    np.testing.assert_array_equal(model.label_distributions_[2:], [[0.25, 0.75, 0]] * 2)
    np.testing.assert_array_equal(model.transduction_[2:], -1)


def test_a_prior_shares_soft_labels_out_and_is_refused_for_several(estimator) -> None:
    graph = clustered(40, 0.2)
    soft = np.full((80, 2), np.nan)
    soft[[0, 50]] = [0.9, 0.1], [0.6, 0.4]
    model = estimator(class_prior="labels").fit(graph, soft)
    np.testing.assert_allclose(model.class_prior_, [0.75, 0.25])
    free = np.isnan(soft[:, 0])
    plain = estimator().fit(graph, soft).label_distributions_[free]
    assert (model.label_distributions_[free, 0] != plain[:, 0]).all()
    with pytest.raises(InvalidInputError, match="class_prior must be None where several"):
        model.fit(graph, np.where(np.isnan(soft), -1, 1).astype(int))


def test_copies_and_changes_of_several_labels_agree(estimator) -> None:
    graph = clustered(40, 0.2)
    y = np.full((80, 2), -1)
    y[[0, 50]] = [1, 0], [1, 1]
    model = estimator().fit(graph, y)
    copied = pickle.loads(pickle.dumps(model))
    for each in (model, copied):
        each.add_labels([7], [0, 1]).add_labels([], []).remove_labels([50])
    np.testing.assert_array_equal(copied.label_distributions_, model.label_distributions_)
    y[[7, 50]] = [0, 1], [-1, -1]
    expected = estimator().fit(graph, y)
    np.testing.assert_allclose(model.label_distributions_, expected.label_distributions_, atol=5e-3)


@pytest.mark.parametrize(
    ("y", "error", "words"),
    [
        ([[0.5, 0.4], [0.5, 0.5], [np.nan] * 2], InvalidInputError, r"Row 0 is \[0.5, 0.4\]"),
        ([[0.5, 0.5], [1.5, -0.5], [np.nan] * 2], InvalidInputError, r"Row 1 is \[1.5, -0.5\]"),
        ([[0.5, 0.5], [np.nan, 1], [1, 0]], InvalidInputError, r"Row 1 is \[nan, 1.0\]"),
        ([[0.5, 0.5], [np.inf, 0], [1, 0]], InvalidInputError, r"Row 1 is \[inf, 0.0\]"),
        ([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]], InvalidInputError, r"y.astype\(int\)"),
        ([[0, 1], [0, 2], [-1, -1]], InvalidInputError, r"Row 1 is \[0, 2\]"),
        ([[0, 1], [0, 1], [-1, 0]], InvalidInputError, r"Row 2 is \[-1, 0\]"),
        ([[-1, -1]] * 3, InvalidInputError, "all 3 points are marked as unlabelled"),
        ([[np.nan, np.nan]] * 3, InvalidInputError, "in the whole row"),
        ([[0, 1], [1], [0, 1]], InvalidInputError, "must have the same length"),
        ([["a", "b"]] * 3, InvalidTypeError, "must hold numbers"),
        (sparse.csr_array(np.eye(3, dtype=int)), InvalidTypeError, "sparse"),
        (np.zeros((3, 2, 2)), InvalidInputError, "one-dimensional"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(estimator, y, error, words) -> None:
    with pytest.raises(error, match=words):
        estimator().fit(path_graph(np.ones(2)), y)


def test_rows_that_cannot_be_added_change_nothing(estimator) -> None:
    y = np.array([[1, 0], [-1, -1], [1, 1]])
    model = estimator().fit(path_graph(np.ones(2)), y)
    before = model.label_distributions_.copy()
    for rows, error, words in (
        ([[1, 0, 1]], InvalidInputError, r"\(1, 2\); got shape \(1, 3\)"),
        ([1], InvalidInputError, "rows of 2 entries"),
        ([[0.5, 0.5]], InvalidTypeError, "dtype float64"),
        ([[3, 0]], InvalidInputError, r"Row 0 is \[3, 0\]"),
        ([[-1, -1]], InvalidInputError, "the label of point 1 is missing"),
    ):
        with pytest.raises(error, match=words):
            model.add_labels([1], rows)
    with pytest.raises(InvalidInputError, match="no label would be left"):
        model.remove_labels([0, 2])
    np.testing.assert_array_equal(model.label_distributions_, before)


def test_a_graph_on_disk_takes_one_class_a_point(tmp_path) -> None:
    graph = write_graph(tmp_path / "graph", path_graph(np.ones(2)))
    with pytest.raises(InvalidInputError, match="needs the graph in memory"):
        LabelSpreading().fit(graph, [[1, 0], [-1, -1], [1, 1]])


def test_a_method_for_one_class_a_point_says_so(monkeypatch) -> None:
    monkeypatch.setattr(GraphClassifier, "_takes_multilabel", False)
    with pytest.raises(InvalidInputError, match="takes one class per point; y holds 2"):
        LabelSpreading().fit(path_graph(np.ones(2)), [[1, 0], [-1, -1], [1, 1]])
