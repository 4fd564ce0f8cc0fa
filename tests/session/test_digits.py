"""The published recipe against its plain NumPy version, and the draws."""

from functools import cache

import numpy as np
import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.features import make_points
from fewlabels.graph import rbf_graph
from fewlabels.models import recommended_models
from fewlabels.session.simulation.digits import (
    ACTIVE_30,
    draw_digits,
    pixels,
    recommended_points,
    run_as_recommended,
)
from fewlabels.session.simulation.published_recipe import PublishedRecipe


def published_update(X, y, labelled, *, gamma=0.25, alpha=0.2, max_iter=5, tol=1e-3):
    """The update of the examples' time, as plainly as can be."""
    squares = ((X[:, None, :] - X[None, :, :]) ** 2).sum(axis=2)
    W = np.exp(-gamma * squares)
    np.fill_diagonal(W, 0)
    root = np.sqrt(W.sum(axis=1))  # not the root of d_i d_j, which may vanish
    S = W / root[:, None] / root[None, :]
    classes = np.unique(y[labelled])
    F0 = np.zeros((len(X), len(classes)))
    F0[labelled] = y[labelled][:, None] == classes
    c = np.full((len(X), 1), alpha)
    c[labelled] = 1
    F = F0
    for _ in range(max_iter - 1):
        before, F = F, c * (S @ F) + (1 - alpha) * F0
        if np.abs(F - before).sum() <= tol:
            break
    return classes, F / F.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("n_labelled", [10, 30])
def test_published_fit_equals_the_plain_version(seed, n_labelled):
    digits = draw_digits(200, seed=seed)
    labelled = np.arange(n_labelled)
    fit = PublishedRecipe(rbf_graph(digits.X, gamma=0.25)).learn(labelled, digits.y[labelled])
    classes, expected = published_update(digits.X, digits.y, labelled)
    np.testing.assert_array_equal(fit.classes, classes)
    np.testing.assert_allclose(fit.distributions, expected, rtol=1e-6, atol=1e-12)


def test_published_recipe_adds_labels_to_those_of_before():
    digits = draw_digits(200)
    recipe = PublishedRecipe(rbf_graph(digits.X, gamma=0.25))
    recipe.learn(np.arange(10), digits.y[:10])
    fit = recipe.learn(np.arange(10, 30), digits.y[10:30])
    classes, expected = published_update(digits.X, digits.y, np.arange(30))
    np.testing.assert_array_equal(fit.classes, classes)
    np.testing.assert_allclose(fit.distributions, expected, rtol=1e-6, atol=1e-12)


def test_published_fit_stops_early_where_little_changes():
    digits = draw_digits(60)
    labelled = np.arange(20)
    graph = rbf_graph(digits.X, gamma=1e-3)
    for tol in (1e3, 0.0):
        fit = PublishedRecipe(graph, max_iter=40, tol=tol).learn(labelled, digits.y[labelled])
        _, expected = published_update(
            digits.X, digits.y, labelled, gamma=1e-3, max_iter=40, tol=tol
        )
        np.testing.assert_allclose(fit.distributions, expected, rtol=1e-6)


def test_a_point_that_no_evidence_reaches_gets_equal_shares():
    digits = draw_digits(30)
    graph = rbf_graph(digits.X * 100, gamma=0.25)  # every weight vanishes
    fit = PublishedRecipe(graph).learn(np.arange(10), digits.y[:10])
    np.testing.assert_array_equal(fit.distributions[10:], 1 / len(fit.classes))


def test_published_rule_asks_where_the_entropy_is_largest():
    digits = draw_digits(100)
    recipe = PublishedRecipe(rbf_graph(digits.X, gamma=0.25))
    p = recipe.learn(np.arange(10), digits.y[:10]).distributions
    h = -np.sum(np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0), axis=1)
    assert set(recipe.ask(5)) == set(np.argsort(h)[-5:])


def test_the_published_draw_is_the_one_that_was_published():
    digits = draw_digits()
    assert digits.X.shape == (330, 64)
    # the supports of the first published table, which are facts about the draw
    assert np.bincount(digits.y[30:]).tolist() == [23, 28, 29, 28, 25, 33, 36, 34, 29, 35]


def test_other_seeds_draw_otherwise():
    assert not np.array_equal(draw_digits(seed=1).y, draw_digits(seed=2).y)


@pytest.mark.parametrize("options", [{"n_points": 0}, {"n_points": 1798}, {"seed": -1}])
def test_draws_out_of_range_are_refused(options):
    with pytest.raises(InvalidInputError):
        draw_digits(**options)


def on_pixels(digits):
    return pixels(digits), digits.X


def on_pictures(digits):
    return recommended_points(digits), make_points(digits.X.reshape(-1, 8, 8))


@cache
def recommended_run(of):
    """The published digits, asked about as recommended."""
    digits = draw_digits()
    points, data = of(digits)
    return digits, data, run_as_recommended(digits, ACTIVE_30, points)


def test_the_recommended_rule_asks_five_different_unlabelled_points_a_round():
    for r in recommended_run(on_pictures)[2]:
        assert len(set(r.queried.tolist())) == 5
        assert not set(r.queried.tolist()) & set(r.labelled.tolist())
        np.testing.assert_allclose(r.fit.distributions.sum(axis=1), 1, rtol=1e-6)  # float32


@pytest.mark.parametrize("of", [on_pixels, on_pictures])
def test_labels_added_one_batch_after_the_other_give_what_a_refit_gives(of):
    digits, data, rounds = recommended_run(of)
    for r in rounds:
        y = np.full(len(digits.y), -1)
        y[r.labelled] = digits.y[r.labelled]
        refitted = recommended_models(330).answers.fit(data, y)
        np.testing.assert_allclose(
            r.fit.distributions, refitted.label_distributions_, atol=2 * refitted.tol
        )


def test_random_questions_depend_on_the_seed_and_on_nothing_else():
    digits = draw_digits(100)
    points = recommended_points(digits)
    asked = [
        run_as_recommended(digits, ACTIVE_30, points, query="random", random_state=seed)[
            -1
        ].labelled
        for seed in (1, 1, 2)
    ]
    assert asked[0].tolist() == asked[1].tolist() != asked[2].tolist()


def test_the_recommended_run_is_the_same_every_time():
    first = recommended_run(on_pictures)[2]
    digits = draw_digits()
    second = run_as_recommended(digits, ACTIVE_30, recommended_points(digits))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.queried, b.queried)
        np.testing.assert_array_equal(a.fit.predicted, b.fit.predicted)
