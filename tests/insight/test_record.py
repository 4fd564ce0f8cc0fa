from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewlabels.exceptions import InvalidInputError
from fewlabels.insight import sure_from


def textbook(confidence: list[float], right: list[int], asked: float) -> float:
    """The smallest of the confidences that has the record, tried one after the other."""
    least = asked + 0.35 * (1 - asked)
    lowest = least + (1 - least) * 10 / (10 + len(confidence))
    found = float("inf")
    tried = sorted({c for c in confidence if c >= lowest}, reverse=True)
    for threshold in tried:
        so_sure = [r for c, r in zip(confidence, right, strict=True) if c >= threshold]
        if (sum(so_sure) + 1) / (len(so_sure) + 2) >= least:
            found = lowest if threshold == tried[-1] else threshold
    return found


@given(
    st.lists(st.tuples(st.integers(60, 100), st.integers(0, 1)), max_size=40),
    st.floats(0, 1),
)
@settings(deadline=None)
def test_is_the_smallest_confidence_with_a_good_record(
    pairs: list[tuple[int, int]], asked: float
) -> None:
    confidence, right = [p[0] / 100 for p in pairs], [p[1] for p in pairs]
    assert sure_from(confidence, right, asked) == textbook(confidence, right, asked)


def test_five_labels_show_nothing_however_right_they_are() -> None:
    assert sure_from([1.0] * 5, [1] * 5, 0.8) == np.inf
    assert sure_from([1.0] * 6, [1] * 6, 0.8) < 1


def test_confident_answers_that_were_wrong_raise_the_bar() -> None:
    good = [0.99] * 20
    bad = [0.96] * 20
    assert sure_from(good + bad, [1] * 20 + [0, 1] * 10, 0.8) == 0.99
    assert sure_from(good + bad, [1] * 40, 0.8) < 0.96


def test_labels_count_as_much_as_they_stand_for() -> None:
    confidence, right = [0.99] * 8 + [0.98] * 4, [1] * 8 + [0] * 4
    assert sure_from(confidence, right, 0.8) == 0.99
    assert sure_from(confidence, right, 0.8, weights=[0.5] * 12) == 0.99  # their mean is made 1
    assert sure_from(confidence, right, 0.8, weights=[0.3] * 8 + [2.4] * 4) == np.inf
    assert sure_from(confidence, right, 0.8, weights=[1.0] * 8 + [0.0] * 4) < 0.98
    assert sure_from(confidence, right, 0.8, weights=[0.0] * 12) == np.inf


def test_weights_make_no_evidence_of_nothing() -> None:
    confidence, right = [0.99] * 7 + [0.5] * 7, [1] * 14
    weights = [1.98] * 7 + [0.02] * 7  # seven that would count as 13.9
    assert sure_from(confidence, right, 0.9) == np.inf
    assert sure_from(confidence, right, 0.9, weights=weights) == np.inf
    assert sure_from(confidence, right, 0.8, weights=weights) < 0.99  # here seven are enough
    # Fourteen of which seven hardly count are little more evidence than seven.
    assert sure_from([0.99] * 14, right, 0.9) < 0.99
    assert sure_from([0.99] * 14, right, 0.9, weights=weights) == np.inf


def textbook_weighed(rows: list[tuple[float, float, float]], asked: float) -> float:
    """As above; rows of confidence, whether right, and weight."""
    least = asked + 0.35 * (1 - asked)
    lowest = least + (1 - least) * 10 / (10 + len(rows))
    mean, found = sum(w for *_, w in rows) / len(rows), float("inf")
    tried = sorted({c for c, *_ in rows if c >= lowest}, reverse=True)
    for threshold in tried:
        so_sure = [(r, w / mean) for c, r, w in rows if c >= threshold]
        total = sum(w for _, w in so_sure)
        m = min(total, total**2 / sum(w**2 for _, w in so_sure))
        share = sum(r * w for r, w in so_sure) / total
        if (share * m + 1) / (m + 2) >= least:
            found = lowest if threshold == tried[-1] else threshold
    return found


def test_weighed_labels_follow_the_rule_written_out() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = int(rng.integers(1, 40))
        confidence = np.round(rng.uniform(0.85, 1, n), 2)
        right, weights = rng.random(n) < 0.95, rng.gamma(1.0, size=n)
        expected = textbook_weighed(list(zip(confidence, right, weights, strict=True)), 0.8)
        assert sure_from(confidence, right, 0.8, weights=weights) == pytest.approx(expected)


def test_without_labels_left_out_nothing_is_sure() -> None:
    assert sure_from([], [], 0.0) == np.inf


def test_a_share_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="abstain_below"):
        sure_from([0.9], [1], 1.5)
    with pytest.raises(InvalidInputError, match="weights"):
        sure_from([0.9], [1], 0.8, weights=[1.0, 1.0])
