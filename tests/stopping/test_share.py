"""Shares of classes from predictions and random checks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fewlabels.exceptions import InvalidInputError
from fewlabels.stopping import mean_interval, share_interval

N_RUNS = 1_000
N_CHECKS = 40
MOST_MISSES = int(binom.ppf(0.999, N_RUNS, 0.05))  # of 1,000 at 95 %, but for a chance of 0.1 %


@pytest.mark.parametrize("learns", [True, False])
def test_looking_after_every_check_misses_no_more_often_than_promised(learns):
    """3 of 10 points are of the class; the model misses some and mistakes others for it."""
    rng = np.random.default_rng(30)
    errors = 0.3 * np.arange(1, N_CHECKS + 1) ** (-0.5 if learns else -0.05)
    miss, mistake = 0.3 * errors, 0.7 * errors
    u = rng.random((N_RUNS, N_CHECKS))
    missed, mistaken = u < miss, (u >= miss) & (u < miss + mistake)
    predicted = np.broadcast_to(0.3 - miss + mistake, u.shape)
    wrong = np.zeros(N_RUNS, dtype=bool)
    for n in range(1, N_CHECKS + 1):
        _, low, high = share_interval(0.0, predicted[:, :n], missed[:, :n], mistaken[:, :n])
        wrong |= (low > 0.3) | (high < 0.3)
    assert wrong.sum() <= MOST_MISSES


def test_the_estimate_is_right_on_average_however_wrong_the_model():
    rng = np.random.default_rng(31)
    u = rng.random((4_000, 40))
    missed, mistaken = u < 0.2, u > 0.9  # truth 0.3, predicted 0.2
    share, _, _ = share_interval(0.0, np.full(u.shape, 0.2), missed, mistaken)
    assert share.mean() == pytest.approx(0.3, abs=4 * share.std() / np.sqrt(len(share)))


def test_a_good_model_makes_it_narrower_than_the_checks_alone():
    n = 100
    _, low, high = share_interval(0.0, np.full(n, 0.3), 0.0, 0.0)
    alone = mean_interval(0.3 * n, n)
    assert high - low < 0.6 * (alone[1] - alone[0])


@settings(max_examples=25)  # each takes four intervals
@given(
    n=st.integers(1, 30),
    known=st.floats(0, 1),
    hidden=st.floats(0, 1),
    seed=st.integers(0, 100),
)
def test_what_is_known_bounds_it(n, known, hidden, seed):
    rng = np.random.default_rng(seed)
    hidden *= 1 - known
    rest = 1 - known - hidden
    outcome = rng.integers(0, 3, n)
    share, low, high = share_interval(
        known * 0.5, rest * 0.4, rest * (outcome == 1), rest * (outcome == 2), unknown=hidden
    )
    assert known * 0.5 - 1e-12 <= low <= share <= high <= 1  # but for a mean's rounding
    if hidden > 0:
        _, same_low, narrower = share_interval(
            known * 0.5, rest * 0.4, rest * (outcome == 1), rest * (outcome == 2)
        )
        assert same_low == low
        assert narrower <= high


def test_where_all_is_known_nothing_is_left_open():
    share, _, _ = share_interval([0.25, 0.25], 0.0, 0.0, 0.0)
    assert share == 0.25


def test_no_check_is_refused():
    with pytest.raises(InvalidInputError, match="one check or more"):
        share_interval([], [], [], [])


def test_a_confidence_out_of_range_is_refused():
    with pytest.raises(InvalidInputError, match="confidence must be"):
        share_interval([0.1], [0.2], [0], [0], confidence=2)


def test_where_all_is_hidden_any_share_is_possible() -> None:
    share, low, high = share_interval([0.0] * 5, [0.0] * 5, [0] * 5, [0] * 5, unknown=[1.0] * 5)
    assert (share, low, high) == (0, 0, 1)
