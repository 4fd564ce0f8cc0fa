"""Go on, check or stop."""

from __future__ import annotations

import numpy as np
import pytest

from fewlabels.graph import Graph
from fewlabels.models import LabelPropagation
from fewlabels.session import Session
from fewlabels.session._events import Audit
from fewlabels.session.advice import FEWEST_CHECKS, advise
from fewlabels.session.audit import Checks, estimate_accuracy
from fewlabels.stopping import ErrorCurve, mean_interval


def checks_with(right, n_labels=None):
    """Checks of which the model got `right` right, at `n_labels` labels."""
    t = 10 + 5 * np.arange(len(right)) if n_labels is None else n_labels
    audits = tuple(
        Audit(i, "a" if hit else "b", int(n), 1_000, ())
        for i, (hit, n) in enumerate(zip(right, t, strict=True))
    )
    return Checks(audits, ("a",) * len(right), np.arange(len(right)))


def advice_on(right, wanted, n_left=10_000, confidence=0.95, remarks=()):
    checks = checks_with(right)
    estimate = estimate_accuracy(checks, confidence)
    n_labels = 15 + 5 * len(right)
    return advise(wanted, estimate, checks, n_labels=n_labels, n_left=n_left, remarks=remarks)


def test_few_checks_are_too_few_to_say_anything():
    advice = advice_on([True] * (FEWEST_CHECKS - 1), 0.9)
    assert advice.action == "continue"
    assert (advice.accuracy_now, advice.labels_needed, advice.checks_needed) == (None, None, None)
    assert "too early to say" in str(advice)


def test_it_stops_once_the_low_end_reaches_what_is_wanted_and_not_before():
    actions = [advice_on([True] * n, 0.9).action for n in range(80)]
    first = actions.index("stop")
    assert set(actions[first:]) == {"stop"}
    assert mean_interval(first, first)[0] >= 0.9 > mean_interval(first - 1, first - 1)[0]
    assert advice_on([True] * first, 0.9).checks_needed == 0


def test_more_confidence_takes_more_checks():
    assert advice_on([True] * 60, 0.9, confidence=0.9).action == "stop"
    assert advice_on([True] * 60, 0.9, confidence=0.999999).action == "check"


def test_where_it_is_probably_enough_random_checks_are_advised():
    advice = advice_on([True] * 30, 0.9)
    assert advice.action == "check"
    assert "audit_share=1" in str(advice)
    low, _ = mean_interval(30 + advice.checks_needed, 30 + advice.checks_needed)
    assert low >= 0.9  # all of them right prove it; a few wrong ones are reckoned with
    assert advice.checks_needed < 60


def test_checks_that_the_points_left_do_not_allow_are_not_advised():
    advice = advice_on([True] * 30, 0.9, n_left=5)
    assert advice.checks_needed is None
    assert advice.action == "continue"


def test_nothing_left_to_ask_is_a_reason_to_stop_and_no_proof():
    advice = advice_on([True, False] * 10, 0.99, n_left=0)
    assert advice.action == "stop"
    assert "Nothing is left to ask, though 99 % is not proven" in str(advice)


def test_a_falling_error_says_about_how_many_labels_are_missing():
    """Errors of 4 / sqrt(t): 10 % at 1,600 labels."""
    rng = np.random.default_rng(50)
    t = np.arange(20, 420, 2)
    right = rng.random(len(t)) >= 1.6 * t**-0.5
    checks = checks_with(right, t)
    advice = advise(
        0.95,
        estimate_accuracy(checks),
        checks,
        n_labels=420,
        n_left=100_000,
        remarks=("And this.",),
    )
    assert advice.action == "continue"
    low, about, high = advice.labels_needed
    assert low <= about
    assert low < 604 < (np.inf if high is None else high)  # 1.6 / sqrt(1024) is 5 %
    assert advice.accuracy_now[0] < 1 - 1.6 * 420**-0.5 < advice.accuracy_now[2]
    assert advice.reasons[-1] == "And this."
    curve = ErrorCurve(t, right)
    assert advice.accuracy_now == curve.accuracy_at(420, (0.1, 0.5, 0.9))
    few = advise(0.95, estimate_accuracy(checks), checks, n_labels=420, n_left=low)
    assert few.labels_needed == (low, None if about > low else low, None)


def test_an_error_that_stays_is_not_promised_away():
    advice = advice_on([True, False] * 100, 0.99, n_left=500)
    assert advice.labels_needed == (None, None, None)
    assert "unlikely to bring it to 99 %" in str(advice)


@pytest.fixture
def two_parts():
    """Two components of five points."""
    return Graph.from_affinity(np.kron(np.eye(2), 1 - np.eye(5)))


def test_a_session_says_what_else_is_to_know(two_parts):
    session = Session(two_parts, ["a", "b", "c"], query="random", n_start=2)
    assert "No point has a label yet" in str(session.advice())
    session.tell(0, "a")
    text = str(session.advice())
    assert "All labels are of one class" in text
    assert "Without any label: b, c." in text
    assert "5 points have no prediction: no label reaches 1 component of the graph" in text
    assert "No random check was answered" in text
    session.tell([1, 5], ["a", "b"])
    assert "With one label only: b." in str(session.advice())
    session.ask(3, audit_share=1)
    assert "3 questions are open" in str(session.advice())
    session.skip(session.pending[0])
    text = str(session.advice())
    assert "2 questions are open" in text
    assert "1 random check was skipped" in text
    assert "no prediction" not in text


def test_a_label_that_its_surroundings_outvote_is_named(two_parts):
    session = Session(two_parts, query="random")
    session.tell([0, 1, 2, 3, 5, 6], ["a", "a", "a", "b", "b", "b"])
    assert "Look again at 3: the other labels near it speak for another class." in str(
        session.advice()
    )
    clamped = Session(two_parts, model=LabelPropagation(), query="random")
    clamped.tell([0, 1, 2, 3, 5, 6], ["a", "a", "a", "b", "b", "b"])
    assert "Look again" not in str(clamped.advice())


def test_advice_of_a_session_comes_from_its_own_checks(two_parts):
    session = Session(two_parts, query="random", n_start=2).tell([0, 5], ["a", "b"])
    asked = session.ask(4, audit_share=1)
    session.tell(asked, np.where(asked < 5, "a", "b"))
    advice = session.advice(0.3, confidence=0.9)
    assert advice.estimate == session.estimate(0.9)
    assert advice.estimate.accuracy == 1
    assert advice.action == "stop"
    assert advice.wanted == 0.3


def test_the_fewest_checks_are_those_that_prove_it_if_all_are_right():
    advice = advice_on([True] * 30, 0.9)
    enough = 30 + advice.fewest_checks
    assert mean_interval(enough, enough)[0] >= 0.9 > mean_interval(enough - 1, enough - 1)[0]
    assert advice.fewest_checks < advice.checks_needed
    said = f"{advice.fewest_checks} more random checks would prove it if it is right at all of them"
    assert f"{said}; about {advice.checks_needed} if {100 * advice.accuracy_now[1]:.1f} % are" in (
        str(advice)
    )
    assert advice_on([True] * 60, 0.9).fewest_checks == 0
    assert advice_on([True] * 5, 0.9).fewest_checks is None


def test_where_every_point_has_a_label_no_accuracy_is_in_question(two_parts):
    session = Session(two_parts).tell(range(10), ["a"] * 5 + ["b"] * 5)
    advice = session.advice()
    assert (advice.action, advice.nothing_to_predict) == ("stop", True)
    assert str(advice) == "Stop.\nAll 10 points have a label: nothing is left to predict."
    assert not Session(two_parts).tell([0, 5], ["a", "b"]).advice().nothing_to_predict
