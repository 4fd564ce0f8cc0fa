"""Intervals for a mean that hold at every look."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from fewlabels.exceptions import InvalidInputError
from fewlabels.stopping import log_wealth, mean_interval

N_RUNS = 1_000
N_DRAWS = 200
ALPHA = 0.05

# So many of 1,000 runs may miss at 95 % before chance (0.1 %) can't explain it.
MOST_MISSES = int(binom.ppf(0.999, N_RUNS, ALPHA))


def means_that_move(kind):
    """The expected values of N_DRAWS draws."""
    steps = np.arange(1, N_DRAWS + 1)
    return {
        "constant": np.full(N_DRAWS, 0.95),
        "half": np.full(N_DRAWS, 0.5),
        "learning": 1 - 0.4 * steps**-0.5,
        "by turns": np.where(steps % 2, 0.99, 0.6),
        "anything": np.random.default_rng(19).random(N_DRAWS),
    }[kind]


@pytest.mark.parametrize("kind", ["constant", "half", "learning", "by turns", "anything"])
def test_looking_after_every_draw_misses_no_more_often_than_promised(kind):
    means = means_that_move(kind)
    rng = np.random.default_rng(20)
    totals = np.cumsum(rng.random((N_RUNS, N_DRAWS)) < means, axis=1)
    n = np.arange(1, N_DRAWS + 1)
    running = np.cumsum(means) / n
    # of every total at every n, once
    every = np.minimum(np.arange(N_DRAWS + 1), n[:, None])
    refuted = log_wealth(every, n[:, None], running[:, None]) >= np.log(1 / ALPHA)
    assert refuted[n - 1, totals].any(axis=1).sum() <= MOST_MISSES
    # ... and looking so often does cost: the interval for one look misses far more often
    one_look = [binom.cdf(every, n[:, None], running[:, None]) < ALPHA / 2]
    one_look.append(binom.sf(every - 1, n[:, None], running[:, None]) < ALPHA / 2)
    if kind in ("constant", "half"):
        assert np.logical_or(*one_look)[n - 1, totals].any(axis=1).sum() > 2 * MOST_MISSES


def test_a_mean_that_answers_to_the_draws_is_covered_too():
    """An adversary who lets the mean fall after every right answer, and rise after a wrong one."""
    rng = np.random.default_rng(21)
    mean = np.full(N_RUNS, 0.8)
    total, sum_of_means = np.zeros(N_RUNS), np.zeros(N_RUNS)
    missed = np.zeros(N_RUNS, dtype=bool)
    for n in range(1, 101):
        drawn = rng.random(N_RUNS) < mean
        total += drawn
        sum_of_means += mean
        missed |= log_wealth(total, n, sum_of_means / n) >= np.log(1 / ALPHA)
        mean = np.clip(mean + np.where(drawn, -0.1, 0.15), 0.05, 0.95)
    assert missed.sum() <= MOST_MISSES


def test_draws_without_replacement_from_a_small_pool_are_covered():
    rng = np.random.default_rng(22)
    pool = np.tile(np.arange(60) < 51, (N_RUNS, 1))
    drawn = rng.permuted(pool, axis=1)[:, :59]
    before = np.cumsum(drawn, axis=1) - drawn
    n = np.arange(1, 60)
    means = (51 - before) / (61 - n)
    running = np.cumsum(means, axis=1) / n
    wealth = log_wealth(np.cumsum(drawn, axis=1), n, running)
    assert (wealth >= np.log(1 / ALPHA)).any(axis=1).sum() <= MOST_MISSES


@pytest.mark.parametrize("mean", [0.02, 0.3, 0.97])
def test_the_wealth_of_a_bet_against_the_truth_is_1_on_average(mean):
    n = 25
    totals = np.arange(n + 1)
    expected = np.exp(log_wealth(totals, n, mean)) @ binom.pmf(totals, n, mean)
    assert expected == pytest.approx(1, abs=1e-9)


@given(
    means=st.lists(st.floats(0.01, 0.99), min_size=1, max_size=6),
)
def test_where_the_means_differ_the_wealth_is_1_on_average_at_most(means):
    """Over all outcomes, the running mean in the place of each draw's own."""
    expected = 0.0
    for outcome in np.ndindex(*(2,) * len(means)):
        hits = np.array(outcome)
        chance = np.where(hits, means, 1 - np.array(means)).prod()
        expected += chance * np.exp(log_wealth(hits.sum(), len(means), np.mean(means)))
    assert expected <= 1 + 1e-9


@given(
    n=st.integers(1, 5_000),
    share=st.floats(0, 1),
    confidence=st.sampled_from([0.5, 0.8, 0.95, 0.999]),
)
def test_the_interval_is_where_the_wealth_stays_below_the_limit(n, share, confidence):
    total = share * n
    low, high = mean_interval(total, n, confidence=confidence)
    limit = -np.log1p(-confidence)
    assert 0 <= low <= total / n + 1e-12
    assert total / n - 1e-12 <= high <= 1
    inside = np.linspace(low, high, 7)[1:-1]
    assert (log_wealth(total, n, inside) < limit + 1e-6).all()
    for end in (low - 1e-6, high + 1e-6):
        if 0 <= end <= 1:
            assert log_wealth(total, n, end) >= limit - 1e-3


def test_right_and_wrong_mirror_each_other():
    low, high = mean_interval([3, 17.0], 20)
    assert low[0] == pytest.approx(1 - high[1], abs=1e-12)
    assert high[0] == pytest.approx(1 - low[1], abs=1e-12)


def test_more_draws_and_less_confidence_make_it_narrower():
    low, high = mean_interval(np.array([9, 90, 900, 9000]), np.array([10, 100, 1000, 10_000]))
    assert (np.diff(high - low) < 0).all()
    less, more = mean_interval(90, 100, confidence=0.8), mean_interval(90, 100, confidence=0.99)
    assert more[0] < less[0] < 0.9 < less[1] < more[1]


def test_it_is_as_narrow_as_that_of_the_beta_binomial_mixture():
    """Robbins' mixture with a uniform prior, for a mean that stands still."""
    grid = np.linspace(0.0005, 0.9995, 2_000)
    for total, n in [(20, 20), (57, 60), (95, 100), (190, 200), (475, 500)]:
        wealth = -np.log(n + 1) - binom.logpmf(total, n, grid)
        inside = grid[wealth < np.log(1 / ALPHA)]
        low, high = mean_interval(total, n)
        assert high - low < 1.03 * (inside[-1] - inside[0])


def test_without_a_draw_anything_is_possible():
    low, high = mean_interval(0, 0)
    assert (low, high) == (0, 1)


@pytest.mark.parametrize(("total", "n"), [(-1, 5), (6, 5), (np.nan, 5), (3, np.inf)])
def test_what_is_no_sum_of_draws_is_refused(total, n):
    with pytest.raises(InvalidInputError, match="total must be from 0 to n"):
        mean_interval(total, n)


@pytest.mark.parametrize("confidence", [0, 1, -0.5, np.nan])
def test_a_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(InvalidInputError, match="confidence must be"):
        mean_interval(1, 2, confidence=confidence)
