"""Go on, check, or stop: what a session advises, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fewlabels.session._advice_text import (
    cost_of_a_proof,
    of_checks,
    of_more_labels,
    of_no_proof,
    of_what_was_checked,
    of_what_was_proven,
)
from fewlabels.session._outlook import FEWEST_CHECKS, Outlook
from fewlabels.session.audit import AccuracyEstimate, Checks
from fewlabels.session.proof import Proof, SequenceChecks, confidence_of
from fewlabels.stopping import ErrorCurve

Action: TypeAlias = Literal["continue", "check", "stop"]
Turn: TypeAlias = Literal["checks_began", "checks_ended"]

_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Advice:
    """What to do next, and why.

    Attributes
    ----------
    action : {"continue", "check", "stop"}
        "stop": the accuracy wanted is proven (`proof.low` reaches it), or nothing is left to
        ask. "check": it is probably reached, and random checks are to prove that; a sequence of
        them is on, in which :meth:`Session.ask` returns nothing else. "continue": neither.
    wanted : float
        The accuracy asked for.
    estimate : AccuracyEstimate
        From all random checks since the first: the mean of the past.
    proof : Proof or None
        What the sequence of checks says that proves `wanted`, or else the last one; None before
        the first. It and `estimate` are the only figures here that are guaranteed.
    accuracy_now : tuple of three floats, or None
        The accuracy of the model as it is now, by a learning curve through the checks: in 8 of 10
        cases between the first and the last; the middle one is as likely too high as too
        low. None: too early to say.
    labels_needed : tuple of three (int or None), or None
        About how many more labels bring the model to `wanted`, by the same curves: likely at
        least, about, likely at most. An entry is None where there are not so many points left.
        The whole is None where it is too early to say.
    checks_needed : int or None
        About how many more random checks prove it, if the answers are right as often as the
        learning curve says. None: too early to say, or they are not good enough, or there are not
        so many points left.
    fewest_checks : int or None
        How many more random checks prove it if the answers are right at every one; None where
        there are not so many points left.
    reasons : tuple of str
        Sentences.
    nothing_to_predict : bool
        Whether every point has a label, so that no accuracy is in question.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> session = Session(X).tell([0, 1], ["a", "b"])
    >>> session.advice(accuracy=0.9).action
    'continue'
    """

    action: Action
    wanted: float
    estimate: AccuracyEstimate
    proof: Proof | None
    accuracy_now: tuple[float, float, float] | None
    labels_needed: tuple[int | None, int | None, int | None] | None
    checks_needed: int | None
    fewest_checks: int | None
    reasons: tuple[str, ...]
    nothing_to_predict: bool = False

    def __str__(self) -> str:
        if self.nothing_to_predict:
            return "\n".join(["Stop.", *self.reasons])
        heading = {"continue": "Go on", "check": "Check", "stop": "Stop"}[self.action]
        return "\n".join([f"{heading}. Accuracy at the checks: {self.estimate}.", *self.reasons])


def advise(
    wanted: float,
    estimate: AccuracyEstimate,
    checks: Checks,
    *,
    n_labels: int,
    n_open: int,
    n_pending: int = 0,
    n_together: int = 0,
    n_points: int | None = None,
    n_unread: int = 0,
    sequences: Sequence[SequenceChecks] = (),
    remarks: tuple[str, ...] = (),
) -> tuple[Advice, Turn | None]:
    """Weigh what the checks say.

    Parameters
    ----------
    wanted : float
        In (0, 1).
    estimate : AccuracyEstimate
        Its confidence is that of the proof, too.
    checks : Checks
    n_labels : int
        Labels that the model has now.
    n_open, n_pending : int
        Points without a label that may be asked about, and that are being asked.
    n_together : int
        Labels that were given together, and that may be checked.
    n_points : int, default=None
        All points. None: more than have a label.
    n_unread : int
        Of those that may be asked about, how many have no answer that is told.
    sequences : sequence of SequenceChecks
        All so far, the last one last.
    remarks : tuple of str
        What else there is to say.

    Returns
    -------
    advice : Advice
    turn : {"checks_began", "checks_ended"} or None
        The event that follows from it: the advice is what holds after it.
    """
    outlook = Outlook.of(checks)
    n_left = n_open + n_pending
    now, needed = _forecast(outlook.curve, wanted, n_labels, n_left)
    last = sequences[-1] if sequences else None
    on = last if last is not None and last.is_on else None
    new = SequenceChecks.of_none(
        n_labels,
        n_open + n_together,
        confidence_of(len(sequences), estimate.confidence),
        n_together,
        n_unread,
        len(sequences),
    )
    proving = next((checked for checked in sequences if checked.proves(wanted)), None)
    action: Action = "stop"
    turn: Turn | None = None
    if proving is None and n_left + n_together > 0:
        action, turn = _step(outlook, wanted, on, new, n_left)
    current = on if turn is None else {"checks_began": new, "checks_ended": None}[turn]

    # What a proof takes: of the checks that are on, or that could begin now.
    checked = current or new
    guess = outlook.accuracy(checked) if outlook.is_clear(checked) else None
    fewest = checked.draws_to_prove(wanted, 0.0)
    to_check: int | None = None
    if guess is not None and guess > wanted:
        to_check = checked.draws_to_prove(wanted, 1 - guess)
    if proving is not None:
        fewest = to_check = 0

    all_labelled = n_labels == n_points and n_together == 0
    if all_labelled:
        reasons = [f"All {n_points} points have a label: nothing is left to predict."]
    elif proving is not None:
        reasons = [of_what_was_proven(proving.proof(), wanted)]
    elif action == "stop":
        reasons = [of_no_proof(wanted, n_together)]
    elif action == "check":
        reasons = [of_checks(checked.proof(), wanted, guess, fewest, to_check)]
    else:
        reasons = [
            of_what_was_checked(turn == "checks_ended", last, wanted),
            of_more_labels(wanted, estimate.n_checks, FEWEST_CHECKS, now, needed),
            cost_of_a_proof(new, wanted, guess),
        ]
    shown = proving or current or last
    advice = Advice(
        action,
        wanted,
        estimate,
        None if shown is None else shown.proof(),
        now,
        needed,
        to_check,
        fewest,
        (*reasons, *remarks),
        all_labelled,
    )
    return advice, turn


def _step(
    outlook: Outlook, wanted: float, on: SequenceChecks | None, new: SequenceChecks, n_left: int
) -> tuple[Action, Turn | None]:
    """Return what to do while nothing is proven, and whether checks begin or end by it.

    Parameters
    ----------
    outlook : Outlook
    wanted : float
    on, new : SequenceChecks
        The sequence that is on, if one is, and one that would begin now.
    n_left : int
        Points that may still get a label.
    """
    otherwise: Action = "continue" if n_left else "stop"
    if on is None:
        if outlook.is_time_to_check(new, wanted, n_left):
            return "check", "checks_began"
        return otherwise, None
    if outlook.is_hopeless(on, wanted):
        return otherwise, "checks_ended"
    return "check", None


def _forecast(
    curve: ErrorCurve | None, wanted: float, n_labels: int, n_left: int
) -> tuple[tuple[float, float, float] | None, tuple[int | None, int | None, int | None] | None]:
    """Return the accuracy now, and how many more labels bring it to what is wanted."""
    if curve is None:
        return None, None
    low, middle, high = curve.accuracy_at(n_labels, _QUANTILES)
    soon, about, late = (
        _within(total - n_labels, n_left) for total in curve.labels_for(wanted, _QUANTILES)
    )
    return (low, middle, high), (soon, about, late)


def _within(n: float, most: int) -> int | None:
    if n > most:
        return None
    return max(0, math.ceil(n))
