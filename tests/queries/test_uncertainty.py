"""Rules that look at the predictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fewlabels.exceptions import InvalidInputError
from fewlabels.queries import entropy, least_margin, most_uncertain


@st.composite
def distributions(draw):
    n, k = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    masses = draw(arrays(float, (n, k), elements=st.floats(0, 1)))
    masses[:, 0] += 0.1
    return masses / masses.sum(axis=1, keepdims=True)


@given(distributions())
def test_entropy_is_between_zero_and_log_of_the_number_of_classes(p):
    scores = entropy(p)
    assert scores.shape == (len(p),)
    assert (scores >= 0).all()
    assert (scores <= np.log(p.shape[1]) + 1e-12).all()


@given(distributions())
def test_entropy_equals_the_textbook_sum(p):
    expected = [-sum(v * np.log(v) for v in row if v > 0) for row in p]
    np.testing.assert_allclose(entropy(p), expected, atol=1e-12)


@given(distributions(), st.randoms())
def test_scores_do_not_depend_on_the_order_of_the_classes(p, random):
    order = list(range(p.shape[1]))
    random.shuffle(order)
    np.testing.assert_allclose(entropy(p[:, order]), entropy(p), atol=1e-12)
    np.testing.assert_array_equal(least_margin(p[:, order]), least_margin(p))


@given(distributions())
def test_least_margin_is_one_minus_the_lead_of_the_best_class(p):
    if p.shape[1] == 1:
        expected = np.zeros(len(p))
    else:
        ranked = np.sort(p, axis=1)
        expected = 1 - (ranked[:, -1] - ranked[:, -2])
    np.testing.assert_array_equal(least_margin(p), expected)


def test_certainty_scores_zero_and_not_minus_zero():
    score = entropy([[0.0, 1.0]])[0]
    assert score == 0
    assert not np.signbit(score)


def test_float32_rows_are_accepted():
    p = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    assert np.isfinite(entropy(p / p.sum(axis=1, keepdims=True))).all()


@pytest.mark.parametrize("rule", [entropy, least_margin])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([0.5, 0.5], "shape"),
        (np.empty((3, 0)), "one class or more"),
        ([[0.5, 0.5], [0.5, 0.6]], "row 1"),
        ([[1.5, -0.5]], "non-negative"),
        ([[np.nan, 1.0]], "row 0"),
    ],
)
def test_what_is_no_distribution_is_refused(rule, bad, message):
    with pytest.raises(InvalidInputError, match=message):
        rule(bad)


def test_most_uncertain_comes_first_and_ties_go_to_the_lower_index():
    np.testing.assert_array_equal(most_uncertain([0.1, 0.9, 0.5, 0.9], 3), [1, 3, 2])


def test_more_points_than_there_are_gives_them_all():
    np.testing.assert_array_equal(most_uncertain([1.0, 2.0], 5), [1, 0])


@pytest.mark.parametrize(
    ("scores", "n", "message"),
    [([[1.0]], 1, "one-dimensional"), ([1.0, np.nan], 1, "index 1"), ([1.0], -1, "n_points")],
)
def test_bad_scores_are_refused(scores, n, message):
    with pytest.raises(InvalidInputError, match=message):
        most_uncertain(scores, n)
