"""Answers worked out by hand: paths, stars, complete graphs, two cliques, a cycle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fewlabels.graph import Graph
from fewlabels.solvers import METHODS, METHODS_WITH_GROUND
from fewlabels.systems import HarmonicSystem, SpreadingSystem
from tests.gallery import complete, one_hot, path_graph, star, two_cliques

Solve = Callable[..., np.ndarray]
TIGHT = {"tol": 1e-10, "max_iter": 100_000}
CLOSE = {"rtol": 1e-9, "atol": 1e-10}


def graph(W: np.ndarray) -> Graph:
    return Graph.from_affinity(W, dtype=np.float64)


@pytest.fixture(params=METHODS_WITH_GROUND)
def spread(request: pytest.FixtureRequest) -> Solve:
    """F of label spreading, by each method."""

    def solve(on: Graph, labels: list[int], alpha: float) -> np.ndarray:
        system = SpreadingSystem(on, alpha, request.param)
        answer = system.solve(one_hot(labels, max(labels) + 1), **TIGHT)
        assert answer.converged.all()
        return answer.scores

    return solve


@pytest.fixture(params=METHODS)
def harmonic(request: pytest.FixtureRequest) -> Solve:
    """The harmonic function, by each method."""

    def solve(on: Graph, labels: list[int]) -> np.ndarray:
        system = HarmonicSystem(on, np.array(labels) >= 0, request.param)
        answer = system.solve(one_hot(labels, max(labels) + 1), **TIGHT)
        assert answer.converged.all()
        return answer.scores

    return solve


def test_harmonic_on_a_path_is_linear(harmonic: Solve) -> None:
    F = harmonic(path_graph(np.ones(6)), [0, -1, -1, -1, -1, -1, 1])
    np.testing.assert_allclose(F[:, 1], np.arange(7) / 6, **CLOSE)


def test_harmonic_on_a_weighted_path_divides_by_resistances(harmonic: Solve) -> None:
    weights = np.array([4.0, 1.0, 0.5, 2.0])
    distance = np.concatenate([[0], np.cumsum(1 / weights)])  # 0, 1/4, 5/4, 13/4, 15/4
    F = harmonic(path_graph(weights), [0, -1, -1, -1, 1])
    np.testing.assert_allclose(F[:, 1], distance / distance[-1], **CLOSE)


def test_harmonic_beyond_the_last_label_of_a_path_is_constant(harmonic: Solve) -> None:
    F = harmonic(path_graph(np.ones(5)), [0, -1, 1, -1, -1, -1])
    np.testing.assert_allclose(F[:, 1], [0, 0.5, 1, 1, 1, 1], **CLOSE)


def test_harmonic_hub_of_a_star_is_the_weighted_mean_of_the_labelled_leaves(harmonic) -> None:
    F = harmonic(graph(star([1.0, 2.0, 5.0, 7.0])), [-1, 0, 1, 1, -1])
    np.testing.assert_allclose(F[[0, 4], 0], 1 / 8, **CLOSE)  # of 1 + 2 + 5


def test_harmonic_on_a_complete_graph_is_the_share_of_each_class(harmonic: Solve) -> None:
    F = harmonic(graph(complete(9)), [0, 0, 1, 2, 2, 2, -1, -1, -1])
    np.testing.assert_allclose(F[6:], np.tile([2 / 6, 1 / 6, 3 / 6], (3, 1)), **CLOSE)


@pytest.mark.parametrize("bridge", [1.0, 0.2])
def test_harmonic_on_two_cliques_is_a_circuit_in_series(harmonic: Solve, bridge: float) -> None:
    # Between two nodes of a complete graph of m lies the resistance 2 / m; the others of a clique
    # lie midway between its labelled node and the bridge's end.
    m = 5
    resistance = 2 / m + 1 / bridge + 2 / m
    F = harmonic(graph(two_cliques(m, bridge)), [0, *[-1] * (2 * m - 2), 1])
    end = (2 / m) / resistance
    near = [0, end / 2, end / 2, end / 2, end]
    np.testing.assert_allclose(F[:, 1], [*near, *(1 - np.array(near[::-1]))], **CLOSE)


@pytest.mark.parametrize("weight", [1.0, 1e-3])
def test_spreading_over_one_edge_is_a_geometric_series(spread: Solve, weight: float) -> None:
    F = spread(path_graph([weight]), [0, -1], 0.4)
    np.testing.assert_allclose(F[:, 0], [1 / 1.4, 0.4 / 1.4], **CLOSE)


def test_spreading_on_a_complete_graph(spread: Solve) -> None:
    # I - alpha S = a I - b 1 1', a = 1 + b, b = alpha / (n - 1), of which the inverse is
    # (I + b 1 1' / (1 - alpha)) / a.
    n, alpha = 6, 0.7
    b = alpha / (n - 1)
    everyone = b / (1 + b)
    own = (1 - alpha) / (1 + b)
    F = spread(graph(complete(n)), [0, 1, 1, -1, -1, -1], alpha)
    expected = np.tile([everyone, 2 * everyone], (n, 1))
    expected[0, 0] += own
    expected[[1, 2], 1] += own
    np.testing.assert_allclose(F, expected, **CLOSE)


@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [1.0, 2.0, 6.0]])
def test_spreading_on_a_star(spread: Solve, weights: list[float]) -> None:
    # s_j = sqrt(w_j / sum w), with sum s_j^2 = 1. From the hub: F_0 = 1 / (1 + alpha) and
    # F_j = alpha s_j F_0. From leaf 1: F_0 = alpha s_1 / (1 + alpha), and the leaf keeps 1 - alpha.
    alpha = 0.3
    s = np.sqrt(np.array(weights) / np.sum(weights))
    F = spread(graph(star(weights)), [0, 1, -1, -1], alpha)
    hub = np.array([1.0, alpha * s[0]]) / (1 + alpha)
    leaves = alpha * np.outer(s, hub)
    leaves[0, 1] += 1 - alpha
    np.testing.assert_allclose(F, np.vstack([hub, leaves]), **CLOSE)


@pytest.mark.parametrize("alpha", [0.2, 0.9])
def test_spreading_around_a_cycle_decays_both_ways(spread: Solve, alpha: float) -> None:
    # On a line of equal nodes F_d = k r^d with r + 1 / r = 2 / alpha; around the cycle its images
    # add up to k (r^d + r^(n - d)) / (1 - r^n), k = (1 - alpha) / sqrt(1 - alpha^2).
    n = 7
    W = np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)
    r = (1 - np.sqrt(1 - alpha**2)) / alpha
    k = (1 - alpha) / np.sqrt(1 - alpha**2)
    d = np.arange(n)
    F = spread(graph(W), [0, *[-1] * (n - 1)], alpha)
    np.testing.assert_allclose(F[:, 0], k * (r**d + r ** (n - d)) / (1 - r**n), **CLOSE)


def test_spreading_down_a_path(spread: Solve) -> None:
    # G = D^-1/2 F obeys 2 cosh(t) G_i = G_(i-1) + G_(i+1), cosh(t) = 1 / alpha, and so
    # G_i = c cosh((n - 1 - i) t) / (sinh(t) sinh((n - 1) t)), c = (1 - alpha) / alpha.
    n, alpha = 9, 0.6
    t = np.arccosh(1 / alpha)
    G = np.cosh((n - 1 - np.arange(n)) * t) / (np.sinh(t) * np.sinh((n - 1) * t))
    degrees = np.array([1, *[2] * (n - 2), 1])
    F = spread(path_graph(np.ones(n - 1)), [0, *[-1] * (n - 1)], alpha)
    np.testing.assert_allclose(F[:, 0], (1 - alpha) / alpha * np.sqrt(degrees) * G, **CLOSE)


def test_spreading_on_two_cliques_is_symmetric_and_follows_the_bridge(spread: Solve) -> None:
    apart = spread(graph(two_cliques(5, 1e-12)), [0, *[-1] * 8, 1], 0.9)
    joined = spread(graph(two_cliques(5, 1.0)), [0, *[-1] * 8, 1], 0.9)
    np.testing.assert_allclose(apart[::-1, ::-1], apart, **CLOSE)
    np.testing.assert_allclose(joined[::-1, ::-1], joined, **CLOSE)
    alone = spread(graph(complete(5)), [0, -1, -1, -1, -1], 0.9)
    np.testing.assert_allclose(apart[:5, :1], alone, rtol=1e-9, atol=1e-6)
    assert (joined[:5, 1] > 1e-3).all()


def test_an_isolated_node_keeps_its_own_label_only(spread: Solve) -> None:
    F = spread(graph(np.zeros((3, 3))), [0, 1, -1], 0.2)
    np.testing.assert_allclose(F, [[0.8, 0], [0, 0.8], [0, 0]], **CLOSE)
