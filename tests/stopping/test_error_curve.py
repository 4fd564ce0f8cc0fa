"""How the error goes on falling, by the checks so far."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.stopping import ErrorCurve

QUANTILES = (0.1, 0.5, 0.9)


def test_of_curves_drawn_from_the_prior_8_of_10_lie_in_the_range():
    """What a Bayesian interval promises, over curves as likely as it takes them to be."""
    rng = np.random.default_rng(40)
    t = np.arange(10, 210, 10)
    now, need = [], []
    n_curves = 150
    for _ in range(n_curves):
        first, exponent = rng.random(), rng.uniform(0, 1.5)
        floor = first * rng.choice([0, 0.1, 0.25, 0.5, 0.75], p=[0.5, 0.1, 0.15, 0.15, 0.1])
        errors = floor + (first - floor) * (t / 10.0) ** -exponent
        curve = ErrorCurve(t, rng.random(len(t)) >= errors)
        at_200 = curve.accuracy_at(200, QUANTILES)
        now.append(at_200[0] <= 1 - errors[-1] <= at_200[2])
        aim = 1 - (floor + (first - floor) * 40.0**-exponent)  # reached with 400 labels
        low, _, high = curve.labels_for(min(aim, 1 - 1e-9), QUANTILES)
        need.append(low <= 400 * 1.02 and high * 1.02 >= 400)
    allowance = 3 * np.sqrt(0.8 * 0.2 / n_curves)
    # The grid rounds a little; labels needed are a tail of it, where that shows most.
    assert abs(np.mean(now) - 0.8) < allowance + 0.02
    assert np.mean(need) > 0.8 - allowance - 0.02


@given(
    hits=st.lists(st.booleans(), min_size=1, max_size=60),
    aim=st.floats(0.05, 0.99),
)
def test_quantiles_are_in_order_and_agree_with_each_other(hits, aim):
    t = 10 + 5 * np.arange(len(hits))
    curve = ErrorCurve(t, hits)
    now, later = curve.accuracy_at(t[-1], QUANTILES), curve.accuracy_at(10 * t[-1], QUANTILES)
    assert 0 <= now[0] <= now[1] <= now[2] <= 1
    assert all(after >= before for before, after in zip(now, later, strict=True))
    needed = curve.labels_for(aim, QUANTILES)
    assert t[0] <= needed[0] <= needed[1] <= needed[2]
    for share, n in zip(QUANTILES, needed, strict=True):
        if np.isfinite(n):
            assert curve.probability_of(aim - 1e-6, n * (1 + 1e-6)) >= share - 1e-9
            if n > t[0]:  # with fewer, not so many of the curves have got there
                assert curve.probability_of(aim + 1e-6, n * (1 - 1e-6)) < share + 1e-9
    assert curve.probability_of(0, t[-1]) == pytest.approx(1)


def test_many_checks_find_the_curve():
    rng = np.random.default_rng(41)
    t = np.arange(10, 20_010)
    errors = 0.4 * (t / 10) ** -0.5
    curve = ErrorCurve(t[::5], rng.random(4_000) >= errors[::5])
    low, _, high = curve.accuracy_at(10_000, QUANTILES)
    assert low - 0.004 < 1 - errors[9_990] < high + 0.004
    assert high - low < 0.02


def test_one_check_says_little():
    curve = ErrorCurve([10], [True])
    low, _, high = curve.accuracy_at(10, QUANTILES)
    assert high - low > 0.4
    soon, _, late = curve.labels_for(0.95, QUANTILES)
    assert soon < 100
    assert np.isinf(late)


def test_errors_that_do_not_fall_are_never_overcome():
    hits = np.arange(400) % 2 == 0
    curve = ErrorCurve(np.arange(10, 4_010, 10), hits)
    assert np.isinf(curve.labels_for(0.99, [0.5])[0])
    assert curve.probability_of(0.99, 4_000) < 1e-6


@pytest.mark.parametrize(
    ("n_labels", "right"), [([], []), ([1, 2], [True]), ([0], [True]), ([[1]], [[True]])]
)
def test_checks_that_do_not_fit_are_refused(n_labels, right):
    with pytest.raises(InvalidInputError, match="one or more checks"):
        ErrorCurve(n_labels, right)
