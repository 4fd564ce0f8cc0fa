"""Decisions of which the class sizes are given."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from fewlabels.graph import Graph
from fewlabels.systems import PoissonSystem, poisson_mbo, volume_offsets
from tests.gallery import one_hot, two_cliques


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_classes", [2, 3, 7])
def test_the_classes_get_their_shares_with_the_largest_sum_of_scores(seed, n_classes) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((210, n_classes)) * rng.random(n_classes)
    sizes = np.full(n_classes, 210 // n_classes)
    sizes[0] += 210 - sizes.sum()
    offsets = volume_offsets(scores, sizes / 210, tol=0)
    decided = np.argmax(scores + offsets, axis=1)
    assert np.abs(np.bincount(decided, minlength=n_classes) - sizes).max() <= 1
    places = np.repeat(np.arange(n_classes), sizes)
    rows, columns = linear_sum_assignment(-scores[:, places])
    best = scores[rows, places[columns]].sum()
    gap = scores.max() - scores.min()
    assert scores[np.arange(210), decided].sum() == pytest.approx(best, abs=n_classes * gap)
    dual = (scores + offsets).max(axis=1).sum() - sizes @ offsets
    assert dual >= best - 1e-9
    assert dual <= best + n_classes * 0.1


def test_far_unequal_shares_are_met() -> None:
    scores = np.random.default_rng(0).standard_normal((5000, 3)) * [1e-4, 1e-4, 1e-4]
    shares = np.array([0.9, 0.09, 0.01])
    decided = np.argmax(scores + volume_offsets(scores, shares), axis=1)
    np.testing.assert_allclose(np.bincount(decided) / 5000, shares, atol=1e-3)


def test_points_that_can_be_of_one_class_only_stay_there() -> None:
    scores = np.random.default_rng(0).standard_normal((300, 2))
    scores[:100, 1] = -np.inf
    offsets = volume_offsets(scores, np.array([0.5, 0.5]))
    decided = np.argmax(scores + offsets, axis=1)
    assert (decided[:100] == 0).all()
    assert decided.sum() == pytest.approx(150, abs=1)


@pytest.mark.parametrize(
    "scores", [np.zeros((0, 3)), np.zeros((4, 1)), np.zeros((5, 2)), np.array([[0.0, -np.inf]])]
)
def test_where_there_is_nothing_to_decide_offsets_are_finite(scores) -> None:
    m = scores.shape[1]
    assert np.isfinite(volume_offsets(scores, np.full(m, 1 / m))).all()


def test_offsets_that_are_near_lead_to_the_same_decisions() -> None:
    scores = np.random.default_rng(1).standard_normal((4000, 4))
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    first = volume_offsets(scores, shares)
    again = volume_offsets(scores, shares, start=first + 0.05)
    sizes = np.bincount(np.argmax(scores + again, axis=1)) / 4000
    np.testing.assert_allclose(sizes, shares, atol=1e-3)


def test_a_step_of_diffusion_is_that_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    W = np.triu(rng.random((9, 9)) < 0.5, 1).astype(float)
    W += W.T
    Y, u = one_hot([0, 1] + [-1] * 7, 2), rng.random((9, 2))
    degrees = W.sum(axis=1)
    B = np.zeros_like(Y)
    B[:2] = Y[:2] - 0.5
    expected = u.copy()
    for _ in range(3):
        gradient = degrees[:, None] * expected - W @ expected
        expected = expected - (gradient - 0.7 * B) / degrees.max()
    found = PoissonSystem(Graph.from_affinity(W, dtype=np.float64)).diffuse(u, Y, 3, 0.7)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_partition_of_two_cliques_is_the_cliques_whatever_it_began_with() -> None:
    size = 20
    graph = Graph.from_affinity(two_cliques(size, 0.1), dtype=np.float64)
    Y = one_hot([0] + [-1] * (2 * size - 2) + [1], 2)
    codes = np.arange(2 * size) % 2
    codes[:12] = 0
    found = poisson_mbo(
        PoissonSystem(graph),
        Y,
        codes,
        np.ones(2 * size, dtype=bool),
        np.full(2, 0.5),
        n_rounds=20,
        n_steps=40,
        fidelity=1.0,
    )
    decided = np.argmax(found.values + found.offsets, axis=1)
    np.testing.assert_array_equal(decided, np.repeat([0, 1], size))
    assert found.n_rounds < 20
