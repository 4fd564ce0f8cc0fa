"""What a label does in Poisson learning, and leaving it out, beside the dense equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.graph import Graph
from fewlabels.systems import PoissonLeftOut, PoissonResponse, PoissonSystem
from tests import textbook
from tests.gallery import clustered, one_hot, path_graph
from tests.strategies import affinities, partial_labels

FloatArray = np.ndarray
STEPS = (None, 1, 6, 60)


def drawn(data: st.DataObject, *, min_labelled: int = 1) -> tuple[FloatArray, FloatArray]:
    """Weights of a graph, and labels of three classes with weights of their own."""
    W = data.draw(affinities(min_nodes=2))
    Y = one_hot(data.draw(partial_labels(len(W), min_labelled=min_labelled)), 3)
    sizes = data.draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=len(W), max_size=len(W)))
    return W, Y * np.array(sizes)[:, None]


def potentials(W: FloatArray, Y: FloatArray, n_steps: int | None) -> FloatArray:
    """u, centred by degree whichever way it was found."""
    u = textbook.poisson(W, Y) if n_steps is None else textbook.poisson_walk(W, Y, n_steps)
    d = W.sum(axis=1)
    for nodes in textbook.components_of(W):
        if d[nodes].any():
            u[nodes] -= d[nodes] @ u[nodes] / d[nodes].sum()
    return u


def response_of(
    W: FloatArray, Y: FloatArray, n_steps: int | None, method: str = "direct"
) -> PoissonResponse:
    system = PoissonSystem(Graph.from_affinity(W, dtype=np.float64), method)  # type: ignore[arg-type]
    labelled = np.flatnonzero(Y.any(axis=1))
    return PoissonResponse(system, labelled, Y[labelled], potentials(W, Y, n_steps), n_steps, 1e-9)


def without(Y: FloatArray, node: int) -> FloatArray:
    rest = Y.copy()
    rest[node] = 0
    return rest


@pytest.mark.parametrize("n_steps", STEPS)
@given(data=st.data())
def test_rows_times_the_labels_are_the_potentials(n_steps, data) -> None:
    W, Y = drawn(data)
    response = response_of(W, Y, n_steps)
    u = potentials(W, Y, n_steps)
    for node in range(len(W)):
        row, log_scale = response.row(node)
        assert log_scale == 0
        found = row @ Y[response.labelled]
        np.testing.assert_allclose(found, u[node], atol=1e-8 * (1 + np.abs(u).max()))


@pytest.mark.parametrize("n_steps", STEPS)
@given(data=st.data())
def test_left_out_potentials_and_units_are_those_without_the_label(n_steps, data) -> None:
    W, Y = drawn(data, min_labelled=2)
    response = response_of(W, Y, n_steps)
    labelled = response.labelled
    left_out = response.left_out()
    found = left_out.scores(Y[labelled])
    np.testing.assert_allclose(left_out.weights @ Y[labelled], found, atol=1e-9)
    for j, node in enumerate(labelled):
        u = potentials(W, without(Y, node), n_steps)
        size = 1e-7 * (1 + np.abs(u).max())
        np.testing.assert_allclose(found[j], u[node], atol=size)
        np.testing.assert_allclose(left_out.units[j], textbook.poisson_unit(W, u)[node], atol=size)


@given(data=st.data())
def test_labels_of_other_weights_are_balanced_anew(data) -> None:
    W, Y = drawn(data, min_labelled=2)
    response = response_of(W, Y, None)
    labelled = response.labelled
    left_out = response.left_out()
    trust = np.array(
        data.draw(
            st.lists(
                st.sampled_from([0.25, 1.0, 2.0]), min_size=len(labelled), max_size=len(labelled)
            )
        )
    )
    other = Y.copy()
    other[labelled] *= trust[:, None]
    found = left_out.scores(other[labelled])
    for j, node in enumerate(labelled):
        u = textbook.poisson(W, without(other, node))
        np.testing.assert_allclose(found[j], u[node], atol=1e-7 * (1 + np.abs(u).max()))


@pytest.mark.parametrize("n_steps", [None, 80])
def test_conjugate_gradients_and_walks_leave_out_more_labels_than_a_block_holds(n_steps) -> None:
    graph = clustered(300, 0.5, seed=3)
    W = textbook.dense(graph.affinity)
    y = np.full(600, -1)
    y[::12] = np.arange(50) % 3
    Y = one_hot(y, 3)
    labelled = np.flatnonzero(y >= 0)
    system = PoissonSystem(graph, "cg")
    u = potentials(W, Y, n_steps)
    left_out = PoissonResponse(system, labelled, Y[labelled], u, n_steps, 1e-6).left_out()
    found = left_out.scores(Y[labelled])
    for j in (0, 7, 33, 49):
        expected = potentials(W, without(Y, labelled[j]), n_steps)
        unit = textbook.poisson_unit(W, expected)[labelled[j]]
        assert np.abs(found[j] - expected[labelled[j]]).sum() < 1e-4 * unit
        np.testing.assert_allclose(left_out.units[j], unit, rtol=1e-4)


def test_on_a_path_the_left_out_middle_is_where_the_line_between_the_ends_passes() -> None:
    # The two ends are a source and a sink of 1/2: u falls by 1/2 an edge, and is 0 in the middle.
    graph = path_graph(np.ones(8))
    Y = one_hot([0, -1, -1, 1, -1, -1, -1, -1, 1], 2)
    labelled = np.array([0, 3, 8])
    system = PoissonSystem(graph)
    u = system.solve(Y, tol=1e-9, max_iter=10).values
    left_out = PoissonResponse(system, labelled, Y[labelled], u, tol=1e-9).left_out()
    np.testing.assert_allclose(left_out.scores(Y[labelled])[1], [0.5, -0.5], atol=1e-9)
    # |u| is 4 to 0 half edges from the middle; the ends have degree 1, all others 2
    unit = (2 * 2 + 2 * 2 * (1.5 + 1 + 0.5)) / 16
    assert left_out.units[1] == pytest.approx(unit)
    np.testing.assert_allclose(left_out.weights[1], [0.5, 0, -0.5], atol=1e-9)


def test_without_another_label_in_the_component_nothing_is_heard() -> None:
    W = np.zeros((6, 6))
    W[0, 1] = W[1, 0] = W[2, 3] = W[3, 2] = 1
    Y = one_hot([0, -1, 1, 2, -1, 1], 3)
    response = response_of(W, Y, None)
    left_out = response.left_out()
    assert isinstance(left_out, PoissonLeftOut)
    np.testing.assert_array_equal(left_out.scores(Y[response.labelled])[[0, 3]], 0)
    np.testing.assert_array_equal(left_out.weights[[0, 3]], 0)
    expected = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 0]]
    np.testing.assert_array_equal(left_out.candidates(Y[response.labelled]), expected)
    np.testing.assert_array_equal(left_out.units[[0, 3]], 0)
    np.testing.assert_array_equal(response.row(4)[0], 0)  # isolated
