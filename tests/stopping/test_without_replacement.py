"""How many points of a finite set are wrong at most, with a look after every draw."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom

from fewlabels.exceptions import InvalidInputError
from fewlabels.stopping import draws_to_prove, log_wealth_without_replacement, most_wrong

N_RUNS = 1_000
ALPHA = 0.05
MOST_MISSES = int(binom.ppf(0.999, N_RUNS, ALPHA))


def from_all(n_draws, n_points):
    """From how many points each is drawn where none leaves otherwise."""
    return n_points - np.arange(n_draws)


def mean_wealth(n_wrong, against, n_draws, n_points):
    """Over all outcomes of the draws, exactly."""
    mean = 0.0
    for outcome in itertools.product([False, True], repeat=n_draws):
        chance, found = 1.0, 0
        for j, is_wrong in enumerate(outcome):
            q = max(n_wrong - found, 0) / (n_points - j)
            chance *= q if is_wrong else 1 - q
            found += is_wrong
        if chance > 0:
            pool = from_all(n_draws, n_points)
            wealth = log_wealth_without_replacement(against, outcome, pool, n_points)
            mean += chance * np.exp(wealth[-1])
    return mean


@pytest.mark.parametrize(("n_wrong", "n_points"), [(1, 9), (4, 20), (30, 200)])
def test_the_wealth_of_a_bet_against_the_truth_is_1_on_average(n_wrong, n_points):
    assert mean_wealth(n_wrong, n_wrong, 6, n_points) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("n_wrong", "n_points"), [(5, 20), (8, 20), (60, 200)])
def test_where_more_are_wrong_it_is_less(n_wrong, n_points):
    assert mean_wealth(n_wrong, 4, 6, n_points) < 0.9


@pytest.mark.parametrize(("n_points", "n_wrong"), [(20, 3), (300, 31), (1_797, 91), (1_797, 500)])
def test_looking_after_every_draw_misses_no_more_often_than_promised(n_points, n_wrong):
    """All are drawn in the end, or 400; the bound is looked at after each."""
    rng = np.random.default_rng(30)
    n = min(n_points, 400)
    pool = from_all(n, n_points)
    missed = 0
    for _ in range(N_RUNS):
        wrong = rng.permutation(n_points)[:n] < n_wrong
        wealth = log_wealth_without_replacement(n_wrong, wrong, pool, n_points)
        missed += wealth.max() >= np.log(1 / ALPHA)
    assert missed <= MOST_MISSES


def test_somebody_who_takes_wrong_points_away_between_draws_gains_nothing():
    """As one does who labels what is seen to be wrong: what is left is better than it was."""
    rng = np.random.default_rng(31)
    missed = 0
    for _ in range(N_RUNS):
        left_wrong, left_right, wrong, pool = 31, 269, [], []
        for j in range(120):
            if j % 5 == 4 and left_wrong:
                left_wrong -= 1
            pool.append(left_wrong + left_right)
            wrong.append(rng.random() < left_wrong / pool[-1])
            left_wrong, left_right = left_wrong - wrong[-1], left_right - (not wrong[-1])
        missed += most_wrong(wrong, pool, 300) < 31
    assert missed <= MOST_MISSES


@pytest.mark.parametrize("seed", range(40))
def test_what_refutes_a_number_refutes_all_larger_ones(seed):
    rng = np.random.default_rng([34, seed])
    n = int(rng.integers(1, 31))
    wrong = rng.random(n) < rng.random()
    pool = from_all(n, 100) - np.cumsum(rng.integers(0, 3, size=n))
    against = range(int(wrong.sum()) + 1, 101)  # so many are wrong for certain
    wealth = [log_wealth_without_replacement(number, wrong, pool, 100) for number in against]
    largest = np.array([one.max() for one in wealth])
    for confidence in (0.5, 0.9, 0.99):
        most = most_wrong(wrong, pool, 100, confidence=confidence)
        refuted = largest >= -np.log1p(-confidence)
        assert refuted.tolist() == [number > most for number in against]


def test_the_last_draw_leaves_no_doubt():
    wrong = np.arange(40) % 10 == 3
    assert most_wrong(wrong, from_all(40, 40), 40, confidence=0.999) == 4
    assert most_wrong([False] * 38, from_all(38, 40), 40, confidence=0.999999) == 2
    assert most_wrong([True] * 5, from_all(5, 5), 5) == 5
    assert most_wrong([], [], 5) == 5


def test_so_many_draws_as_it_says_show_it():
    n = draws_to_prove(30, 0.0, 300)
    assert most_wrong([False] * n, from_all(n, 300), 300) <= 30
    assert most_wrong([False] * (n - 1), from_all(n - 1, 300), 300) > 30
    # ... and from what was drawn before
    wrong = [True] + [False] * 9
    more = draws_to_prove(30, 0.0, 300, wrong=wrong, n_drawn_from=from_all(10, 300))
    wrong += [False] * more
    assert most_wrong(wrong, from_all(10 + more, 300), 300) <= 30
    assert most_wrong(wrong[:-1], from_all(9 + more, 300), 300) > 30
    assert draws_to_prove(30, 0.0, 300, wrong=wrong, n_drawn_from=from_all(10 + more, 300)) == 0


def test_that_none_is_wrong_takes_all_the_draws_and_one_that_is_wrong_refutes_it():
    assert draws_to_prove(0, 0.0, 20) == 20
    assert draws_to_prove(0, 0.0, 20, wrong=[True], n_drawn_from=[20]) is None


@pytest.mark.parametrize("share", [0.02, 0.05])
def test_in_about_two_of_three_cases_so_many_draws_as_it_says_are_enough(share):
    rng = np.random.default_rng(32)
    said = draws_to_prove(1_000, share, 10_000)
    enough = 0
    for _ in range(300):
        wrong = rng.random(said) < share
        enough += most_wrong(wrong, from_all(said, 10_000), 10_000) <= 1_000
    assert 0.55 < enough / 300 < 0.8


def test_too_many_wrong_ones_are_never_shown_to_be_few():
    assert draws_to_prove(29, 0.1, 300) is None
    assert draws_to_prove(30, 0.1, 300) == 299  # when one is left, it can't matter any more
    assert draws_to_prove(300, 1.0, 300) == 0
    assert draws_to_prove(2, 0.0, 5, wrong=[True] * 3, n_drawn_from=[5, 4, 3]) is None


@pytest.mark.parametrize("n_wrong", [31, 91])
def test_it_needs_few_draws_more_than_the_best_bet(n_wrong):
    """Who knows how many are wrong, n_wrong in 3,000, and bets on that alone against 300."""
    rng = np.random.default_rng(33)
    pool = from_all(1_000, 3_000)
    ours, best = [], []
    for _ in range(200):
        wrong = rng.permutation(3_000)[:1_000] < n_wrong
        found = np.cumsum(wrong) - wrong
        q, p = (301 - found) / pool, (n_wrong - found) / pool
        steps = np.where(wrong, np.log(np.maximum(p, 1e-300) / q), np.log((1 - p) / (1 - q)))
        wealth = log_wealth_without_replacement(301, wrong, pool, 3_000)
        ours.append((wealth >= np.log(1 / ALPHA)).argmax() + 1)
        best.append((np.cumsum(steps) >= np.log(1 / ALPHA)).argmax() + 1)
    assert min(ours) > 1
    assert np.mean(ours) < 1.2 * np.mean(best)


@pytest.mark.parametrize(
    ("wrong", "pool", "n_points"),
    [
        ([0.5], [10], 10),
        ([False, True], [10], 10),
        ([False, True], [10, 10], 10),
        ([False], [11], 10),
        ([False], [0], 10),
        ([[False]], [[10]], 10),
    ],
)
def test_what_is_no_sequence_of_draws_is_refused(wrong, pool, n_points):
    with pytest.raises(InvalidInputError, match="wrong and n_drawn_from must hold an entry for"):
        most_wrong(wrong, pool, n_points)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(InvalidInputError, match="n_wrong must be"):
        log_wealth_without_replacement(11, [], [], 10)
    with pytest.raises(InvalidInputError, match="n_allowed must be"):
        draws_to_prove(-1, 0.0, 10)
    with pytest.raises(InvalidInputError, match="share_wrong must be"):
        draws_to_prove(1, 1.5, 10)
    with pytest.raises(InvalidInputError, match="confidence must be"):
        most_wrong([], [], 10, confidence=1.0)
