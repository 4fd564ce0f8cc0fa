"""Walks that labels absorb and that give up: beside the dense equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.graph import Graph
from fewlabels.solvers import METHODS_WITH_GROUND
from fewlabels.systems import AbsorbingSystem, HarmonicSystem, absorbed
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

ALPHA = 0.9
TIGHT = {"tol": 1e-10, "max_iter": 100_000}


def textbook_absorbing(W: np.ndarray, Y: np.ndarray, alpha: float) -> np.ndarray:
    """F_u = ((1 + c) D_uu - W_uu)^-1 W_ul Y_l with c = (1 - alpha) / alpha; 0 at lonely nodes."""
    labelled = Y.any(axis=1)
    unknown = ~labelled & (W.sum(axis=1) > 0)
    matrix = np.diag(W.sum(axis=1) / alpha) - W
    F = Y.copy()
    F[unknown] = np.linalg.solve(
        matrix[np.ix_(unknown, unknown)], W[np.ix_(unknown, labelled)] @ Y[labelled]
    )
    return F


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_scores_are_those_of_the_dense_equations(data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=2))
    Y = one_hot(data.draw(partial_labels(len(W))), 3)
    alpha = data.draw(st.sampled_from((0.3, 0.9, 0.995)))
    graph = Graph.from_affinity(W, dtype=np.float64)
    answer = AbsorbingSystem(graph, Y.any(axis=1), alpha).solve(Y, **TIGHT)
    expected = textbook_absorbing(W, Y, alpha)
    np.testing.assert_allclose(answer.scores, expected, rtol=1e-6, atol=1e-12)
    np.testing.assert_array_equal(answer.reached, textbook.reached(W, Y.any(axis=1)))


@pytest.mark.parametrize("method", METHODS_WITH_GROUND)
def test_every_solver_comes_to_the_same_scores(method) -> None:
    graph = clustered(300, 0.5)
    Y = np.zeros((600, 2))
    Y[[3, 400], [0, 1]] = 1
    answer = AbsorbingSystem(graph, Y.any(axis=1), ALPHA, method).solve(Y, **TIGHT)
    expected = textbook_absorbing(textbook.dense(graph.affinity), Y, ALPHA)
    np.testing.assert_allclose(answer.scores, expected, rtol=1e-6)


def test_scores_are_probabilities_of_meeting_a_label_before_giving_up() -> None:
    graph = clustered(40, 0.5)
    Y = np.zeros((80, 2))
    Y[[3, 50], [0, 1]] = 1
    scores = AbsorbingSystem(graph, Y.any(axis=1), ALPHA).solve(Y, **TIGHT).scores
    assert (scores >= 0).all()
    unknown = ~Y.any(axis=1)
    assert scores[unknown].sum(axis=1).max() < 1
    # from the neighbour of a lone label on a path of two edges: alpha / 2 of the steps meet it
    path = AbsorbingSystem(path_graph([1.0, 1.0]), np.array([True, False, True]), ALPHA)
    ends = np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(path.solve(ends, **TIGHT).scores[1], ALPHA / 2)


def test_without_the_leak_they_are_harmonic_functions() -> None:
    graph = clustered(60, 0.5)
    Y = np.zeros((120, 2))
    Y[[3, 50, 70], [0, 0, 1]] = 1
    labelled = Y.any(axis=1)
    harmonic = HarmonicSystem(graph, labelled).solve(Y, tol=1e-12, max_iter=100_000).scores
    leaks = (0.99, 0.9999, 1 - 1e-9)
    gaps = [
        np.abs(AbsorbingSystem(graph, labelled, a).solve(Y, **TIGHT).scores - harmonic).max()
        for a in leaks
    ]
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-6


def test_a_start_near_the_answer_changes_nothing() -> None:
    graph = clustered(60, 0.5)
    Y = np.zeros((120, 2))
    Y[[3, 70], [0, 1]] = 1
    system = AbsorbingSystem(graph, Y.any(axis=1), ALPHA, "cg")
    cold = system.solve(Y, **TIGHT)
    warm = system.solve(Y, start=cold.scores * 1.001, **TIGHT)
    np.testing.assert_allclose(warm.scores, cold.scores, rtol=1e-7)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_the_inverse_among_labels_leaves_each_out_as_a_solve_without_it(
    data: st.DataObject,
) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W), min_labelled=2))
    nodes = np.flatnonzero(y >= 0)
    Y = one_hot(y, 3)
    response = textbook.spreading(W, np.eye(len(W)), ALPHA)[np.ix_(nodes, nodes)]
    H = absorbed(response, W.sum(axis=1)[nodes])
    for place, node in enumerate(nodes):
        rest = Y.copy()
        rest[node] = 0
        expected = textbook_absorbing(W, rest, ALPHA)[node]
        others = np.arange(len(nodes)) != place
        found = -(H[place, others] / H[place, place]) @ Y[nodes[others]]
        np.testing.assert_allclose(found, expected, atol=1e-9)
    off_diagonal = H[~np.eye(len(nodes), dtype=bool)]
    assert (off_diagonal <= 1e-9 * np.abs(H).max()).all()


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_the_response_among_labels_gives_the_scores_of_all_others(data: st.DataObject) -> None:
    W = data.draw(affinities(min_nodes=2))
    y = data.draw(partial_labels(len(W)))
    nodes, others = np.flatnonzero(y >= 0), np.flatnonzero(y < 0)
    Y, degrees = one_hot(y, 3), W.sum(axis=1)
    R = textbook.spreading(W, np.eye(len(W)), ALPHA)
    H = absorbed(R[np.ix_(nodes, nodes)], degrees[nodes])
    root = np.sqrt(np.where(degrees > 0, degrees, 1))
    G = R[np.ix_(others, nodes)] / root[others, None] / root[nodes]
    expected = textbook_absorbing(W, Y, ALPHA)[others]
    np.testing.assert_allclose(G @ H @ Y[nodes], expected, atol=1e-9)
