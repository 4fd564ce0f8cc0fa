"""What the random checks of a session say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom
from sklearn.datasets import load_digits

from fewlabels import LabelSpreading, knn_graph
from fewlabels.session import Session
from fewlabels.session._events import Audit, Event
from fewlabels.session._state import SessionState
from fewlabels.session.audit import checks_of, estimate_accuracy, estimate_shares

N_RUNS = 40
MOST_MISSES = int(binom.ppf(0.999, N_RUNS, 0.05))


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return knn_graph(X[:250]), y[:250]


def state_with(audits, answers, n_points=20, classes=None):
    """A state in which `audits` were asked one by one, and `answers` told."""
    state = SessionState(n_points, classes)
    for audit in audits:
        state.take(Event("asked", (audit.point,), audits=(audit,)))
    for point, label in answers.items():
        state.take(Event("told", (point,), (label,)))
    return state


def audit_of(point, predicted, n_drawn_from=20, counts=()):
    return Audit(point, predicted, 5, n_drawn_from, counts)


@pytest.mark.long
def test_sessions_on_digits_are_covered_at_every_look(digits):
    """Margin's questions are the hard ones; the checks among them still tell the truth."""
    graph, y = digits
    every = np.bincount(y) / len(y)
    accuracy_missed = shares_missed = n_looks = 0
    asked_right, checked_right = [], []
    for run in range(N_RUNS):
        session = Session(
            graph,
            model=LabelSpreading(alpha=0.9, class_prior="uniform", solver="direct"),
            query="margin",
            audit_share=0.5,
            n_start=6,
            random_state=run,
        )
        first = session.ask(10)
        session.tell(first, y[first])
        sum_of_accuracies, n_checks = 0.0, 0
        missed = shares_off = False
        for _ in range(8):
            right = session.predictions().labels == y
            open_ = np.ones(len(y), dtype=bool)
            open_[session.labelled] = False
            asked = session.ask(4)
            for audit in session.history[-1].audits:  # each is drawn from what is left
                sum_of_accuracies += right[open_].mean()
                open_[audit.point] = False
                assert audit.n_drawn_from == open_.sum() + 1
            checked = [audit.point for audit in session.history[-1].audits]
            checked_right += right[checked].tolist()
            asked_right += right[np.setdiff1d(asked, checked)].tolist()
            session.tell(asked, y[asked])
            estimate = session.estimate()
            n_checks += len(checked)
            assert estimate.n_checks == n_checks
            if n_checks:
                mean = sum_of_accuracies / n_checks
                missed |= not estimate.low <= mean <= estimate.high
                n_looks += 1
        for digit, share in session.class_shares().items():
            shares_off |= not share.low <= every[digit] <= share.high
        accuracy_missed += missed
        shares_missed += shares_off
    assert n_looks > 6 * N_RUNS
    assert accuracy_missed <= MOST_MISSES
    assert shares_missed <= 3 * MOST_MISSES  # ten intervals a run
    # Had the rule's questions counted, the model would seem worse than it is.
    assert np.mean(asked_right) < np.mean(checked_right) - 0.1


@pytest.mark.long
def test_a_check_is_any_open_point_as_likely_as_another(digits):
    """Over many seeds; the points that a rule would choose are not spared."""
    graph, y = digits
    drawn = []
    for seed in range(150):
        session = Session(graph, query=lambda model, points: -points, random_state=seed, n_start=2)
        session.tell(range(50), y[:50])
        session.ask(4, audit_share=0.5)
        drawn += [audit.point for audit in session.history[-1].audits]
    drawn = np.array(drawn)
    assert len(drawn) == 300
    assert drawn.min() >= 50
    # 4 of the 200 are the rule's favourites
    counts = np.histogram(drawn, bins=np.arange(50, 251, 50))[0]
    assert (np.abs(counts - 75) < 4 * np.sqrt(75 * 0.75)).all()
    assert (drawn < 54).sum() >= 1


def test_only_checks_count_by_the_prediction_at_the_time_of_asking():
    state = state_with(
        [audit_of(3, "a"), audit_of(4, "b"), audit_of(5, None)], {3: "a", 4: "a", 5: "a", 9: "b"}
    )
    estimate = estimate_accuracy(checks_of(state))
    assert estimate.n_checks == 3
    assert estimate.accuracy == pytest.approx(1 / 3)  # no prediction is a wrong one


def test_answers_after_an_open_check_wait_for_it():
    audits = [audit_of(point, "a") for point in (1, 2, 3)]
    state = state_with(audits, {1: "b", 3: "a"})
    assert checks_of(state).right.tolist() == [False]
    state.take(Event("told", (2,), ("a",)))
    assert checks_of(state).right.tolist() == [False, True, True]


def test_a_skipped_check_is_left_out_and_holds_nothing_up():
    state = state_with([audit_of(1, "a"), audit_of(2, "a")], {})
    state.take(Event("skipped", (1,)))
    state.take(Event("told", (2,), ("a",)))
    assert checks_of(state).right.tolist() == [True]


def test_a_check_counts_by_the_last_word_and_an_undone_one_not_at_all():
    state = state_with([audit_of(1, "a")], {1: "b"})
    state.take(Event("relabelled", (1,), ("a",)))
    assert checks_of(state).right.tolist() == [True]
    state.take(Event("undone", (1,)))
    assert checks_of(state).right.tolist() == [False]
    state.take(Event("undone", (1,)))
    assert len(checks_of(state).audits) == 0


def test_without_checks_nothing_is_known():
    estimate = estimate_accuracy(checks_of(state_with([], {1: "a"})))
    assert np.isnan(estimate.accuracy)
    assert (estimate.low, estimate.high, estimate.n_checks) == (0, 1, 0)
    assert "no random check" in str(estimate)


def test_shares_follow_the_formula():
    """By hand: 20 points, 4 labelled before the check; then one check of 16, mistaken for b."""
    state = SessionState(20, None)
    state.take(Event("told", (0, 1, 2, 3), ("a", "a", "a", "b")))
    audit = Audit(9, "b", 4, 16, (("a", 6), ("b", 10)))
    state.take(Event("asked", (9,), audits=(audit,)))
    state.take(Event("told", (9,), ("a",)))
    shares = estimate_shares(state, checks_of(state))
    # a: (3 + 6 + 16) / 20 is more than 1, and b: (1 + 10 - 16) / 20 below what is known
    assert shares["a"].share == pytest.approx(19 / 20)
    assert shares["b"].share == pytest.approx(1 / 20)
    assert (shares["b"].low, shares["a"].high) == (1 / 20, 19 / 20)


def test_shares_of_a_perfect_model_are_the_true_ones():
    counts = (("a", 9), ("b", 6))
    state = SessionState(20, ("a", "b", "c"))
    state.take(Event("told", (0, 1, 2, 3, 4), ("a", "a", "a", "b", "b")))
    for point in range(10, 14):
        taken = point - 10  # a's all
        audit = Audit(point, "a", 5, 15 - taken, (("a", 9 - taken), ("b", 6)))
        state.take(Event("asked", (point,), audits=(audit,)))
        state.take(Event("told", (point,), ("a",)))
    shares = estimate_shares(state, checks_of(state))
    assert counts[0][1] + 3 == 12
    assert shares["a"].share == pytest.approx(12 / 20)
    assert shares["b"].share == pytest.approx(8 / 20)
    assert shares["c"].share == 0
    assert shares["a"].low <= 0.6 <= shares["a"].high


def test_shares_without_checks_are_bounded_by_the_labels():
    shares = estimate_shares(*(lambda s: (s, checks_of(s)))(state_with([], {1: "a", 2: "b"})))
    assert np.isnan(shares["a"].share)
    assert (shares["a"].low, shares["a"].high) == (1 / 20, 19 / 20)
