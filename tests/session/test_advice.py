"""Go on, check or stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fewlabels.graph import Graph
from fewlabels.models import LabelPropagation
from fewlabels.session import Session
from fewlabels.session._events import Audit
from fewlabels.session.advice import FEWEST_CHECKS, advise
from fewlabels.session.audit import Checks, estimate_accuracy
from fewlabels.session.proof import SequenceChecks, confidence_of
from fewlabels.stopping import ErrorCurve, draws_to_prove


def checks_with(right, n_labels=None):
    """Checks of which the model got `right` right, at `n_labels` labels."""
    t = 10 + 5 * np.arange(len(right)) if n_labels is None else n_labels
    audits = tuple(
        Audit(i, "a" if hit else "b", int(n), 1_000, ())
        for i, (hit, n) in enumerate(zip(right, t, strict=True))
    )
    no = np.zeros(len(right), dtype=bool)
    return Checks(audits, ("a",) * len(right), np.arange(len(right)), no, no)


def sequence_with(right, n_points=10_000, n_labels=50, number=0, confidence=0.95, is_on=True):
    """Checks in a sequence that found `right` right."""
    return SequenceChecks(
        n_labels,
        n_points,
        ~np.asarray(right, dtype=bool),
        n_points - np.arange(len(right)),
        confidence_of(number, confidence),
        is_on,
    )


def advice_on(right, wanted, n_open=10_000, confidence=0.95, sequences=(), **others):
    checks = checks_with(right)
    estimate = estimate_accuracy(checks, confidence)
    n_labels = 15 + 5 * len(right)
    return advise(
        wanted, estimate, checks, n_labels=n_labels, n_open=n_open, sequences=sequences, **others
    )


def test_few_checks_are_too_few_to_say_anything():
    advice, turn = advice_on([True] * (FEWEST_CHECKS - 1), 0.9)
    assert (advice.action, turn, advice.proof) == ("continue", None, None)
    assert (advice.accuracy_now, advice.labels_needed, advice.checks_needed) == (None, None, None)
    assert "too early to say" in str(advice)


def test_what_a_proof_takes_is_said_from_the_start():
    advice, _ = advice_on([], 0.9, n_open=1_000)
    first = confidence_of(0, 0.95)
    n, n_98, n_96 = (
        draws_to_prove(100, wrong, 1_000, confidence=first) for wrong in (0, 0.02, 0.04)
    )
    assert advice.fewest_checks == n
    assert (
        f"To prove 90 % will take {n} random checks if the model is right at all of them, about "
        f"{n_98} if 98.0 % are, about {n_96} if 96.0 % are."
    ) in str(advice)
    few, _ = advice_on([], 0.99, n_open=20)
    assert few.fewest_checks == 20  # one wrong point of 20 is too many: all must be seen
    assert "too few points left to prove 99 %" not in str(few)


def test_a_sequence_begins_once_it_is_probably_enough_and_waiting_saves_nothing():
    turns = [advice_on([True] * n, 0.9)[1] for n in range(60)]
    first = turns.index("checks_began")
    assert FEWEST_CHECKS <= first < 40
    assert set(turns[:first]) == {None}
    advice, _ = advice_on([True] * first, 0.9)
    assert advice.action == "check"
    assert (advice.proof.n_points, advice.proof.n_checks, advice.proof.low) == (10_000, 0, 0)
    assert advice.proof.n_labels == 15 + 5 * first
    assert "ask returns nothing else until then" in str(advice)
    said = f"{advice.fewest_checks} more random checks prove it if all find the answer right"
    assert f"{said}, about {advice.checks_needed} if " in str(advice)
    assert advice.fewest_checks < advice.checks_needed


def test_past_checks_prove_nothing_and_those_of_the_sequence_do():
    """However many were right before: they were of another model."""
    assert advice_on([True] * 500, 0.9)[0].action == "check"
    actions = [
        advice_on([True] * (30 + n), 0.9, sequences=[sequence_with([True] * n)])[0].action
        for n in range(60)
    ]
    first = actions.index("stop")
    assert actions == ["check"] * first + ["stop"] * (60 - first)
    assert first == draws_to_prove(1_000, 0, 10_000, confidence=confidence_of(0, 0.95))
    advice, turn = advice_on([True] * 90, 0.9, sequences=[sequence_with([True] * first)])
    assert (advice.checks_needed, advice.fewest_checks, turn) == (0, 0, None)
    assert advice.proof.low >= 0.9
    assert f"at least {100 * advice.proof.low:.1f} % are right" in str(advice)


def test_more_confidence_takes_more_checks():
    n = draws_to_prove(1_000, 0, 10_000, confidence=confidence_of(0, 0.9))

    def action(confidence):
        sequences = [sequence_with([True] * n, confidence=confidence)]
        return advice_on([True] * 60, 0.9, confidence=confidence, sequences=sequences)[0].action

    assert [action(confidence) for confidence in (0.9, 0.95)] == ["stop", "check"]


def test_a_sequence_that_finds_too_many_wrong_ends_and_a_later_one_has_less_to_spend():
    right = [True, False] * 10
    advice, turn = advice_on([True] * 20 + right, 0.95, sequences=[sequence_with(right)])
    assert (advice.action, turn) == ("continue", "checks_ended")
    assert "10 of 20 checks found them right" in str(advice)
    ended = sequence_with(right, is_on=False)
    later, turn = advice_on([True] * 200, 0.9, sequences=[ended])
    assert turn == "checks_began"
    assert later.proof.confidence == confidence_of(1, 0.95) > confidence_of(0, 0.95)
    spent = sum(1 - confidence_of(number, 0.95) for number in range(50))
    assert spent == pytest.approx(0.05)


def test_checks_that_can_not_prove_it_any_more_end_though_all_were_right():
    right = [True] * 20
    within = 100 - np.arange(20)
    reach = sequence_with(right, n_points=100)
    lost = replace(reach, n_drawn_from=np.where(within > 95, within, within - 40))  # 40 labelled
    assert advice_on([True] * 30, 0.9, sequences=[reach])[1] is None
    advice, turn = advice_on([True] * 30, 0.9, sequences=[lost])
    assert (advice.action, turn) == ("continue", "checks_ended")
    assert "can't prove 90 % any more" in str(advice)


def test_what_was_proven_stays_proven():
    proven = sequence_with([True] * 60, is_on=False)
    advice, turn = advice_on([False] * 90, 0.9, sequences=[proven, sequence_with([], number=1)])
    assert (advice.action, turn, advice.proof) == ("stop", None, proven.proof())


def test_checks_that_the_points_left_do_not_allow_are_not_begun():
    advice, turn = advice_on([True] * 30 + [False], 0.9, n_open=5)
    assert (advice.checks_needed, turn) == (5, "checks_began")  # all of them
    assert advice_on([True] * 30, 0.9, n_open=0, n_pending=2)[0].action == "continue"


def test_nothing_left_to_ask_is_a_reason_to_stop_and_no_proof():
    advice, _ = advice_on([True, False] * 10, 0.99, n_open=0)
    assert advice.action == "stop"
    assert "Nothing is left to ask, though 99 % is not proven" in str(advice)


def test_a_falling_error_says_about_how_many_labels_are_missing():
    """Errors of 4 / sqrt(t): 10 % at 1,600 labels."""
    rng = np.random.default_rng(50)
    t = np.arange(20, 420, 2)
    right = rng.random(len(t)) >= 1.6 * t**-0.5
    checks = checks_with(right, t)
    advice, _ = advise(
        0.95,
        estimate_accuracy(checks),
        checks,
        n_labels=420,
        n_open=100_000,
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
    few, _ = advise(0.95, estimate_accuracy(checks), checks, n_labels=420, n_open=low)
    assert few.labels_needed == (low, None if about > low else low, None)


def test_an_error_that_stays_is_not_promised_away():
    advice, _ = advice_on([True, False] * 100, 0.99, n_open=500)
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


def test_where_every_point_has_a_label_no_accuracy_is_in_question(two_parts):
    session = Session(two_parts).tell(range(10), ["a"] * 5 + ["b"] * 5)
    advice = session.advice()
    assert (advice.action, advice.nothing_to_predict) == ("stop", True)
    assert str(advice) == "Stop.\nAll 10 points have a label: nothing is left to predict."
    assert not Session(two_parts).tell([0, 5], ["a", "b"]).advice().nothing_to_predict
