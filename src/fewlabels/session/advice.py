"""Go on, check, or stop: what a session advises, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from fewlabels.session.audit import AccuracyEstimate, Checks
from fewlabels.stopping import ErrorCurve, mean_interval

Action: TypeAlias = Literal["continue", "check", "stop"]

# Fewer checks say nothing of how the error goes on falling.
FEWEST_CHECKS = 10
# The model counts as probably good enough from this probability on.
PROBABLY = 0.8
_QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Advice:
    """What to do next, and why.

    Attributes
    ----------
    action : {"continue", "check", "stop"}
        "stop": the accuracy wanted is proven (`estimate.low` reaches it), or nothing is left to
        ask. "check": it is probably reached, but random checks alone can prove that; ask with
        ``audit_share=1``. "continue": neither.
    wanted : float
        The accuracy asked for.
    estimate : AccuracyEstimate
        From the random checks; the only figure here that is guaranteed.
    accuracy_now : tuple of three floats, or None
        The accuracy of the model as it is now, by a learning curve through the checks: in 8 of 10
        cases between the first and the last; the middle one is as likely too high as too
        low. None: too early to say.
    labels_needed : tuple of three (int or None), or None
        About how many more labels bring the model to `wanted`, by the same curves: likely at
        least, about, likely at most. An entry is None where there are not so many points left.
        The whole is None where it is too early to say.
    checks_needed : int or None
        About how many more random checks prove it, if the model is right about as many of them
        as the middle of `accuracy_now`. None: too early to say, or it is not good enough, or
        there are not so many points left. `fewest_checks` are enough if it is right at them all.
    fewest_checks : int or None
        How many more random checks prove it if the model is right at every one; None where
        `checks_needed` is.
    reasons : tuple of str
        Sentences.
    nothing_to_predict : bool
        Whether every point has a label, so that no accuracy is in question.
    """

    action: Action
    wanted: float
    estimate: AccuracyEstimate
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
    n_left: int,
    n_points: int | None = None,
    remarks: tuple[str, ...] = (),
) -> Advice:
    """Weigh what the checks say.

    Parameters
    ----------
    wanted : float
        In (0, 1).
    estimate : AccuracyEstimate
    checks : Checks
    n_labels : int
        Labels that the model has now.
    n_left : int
        Points without a label that may be asked about, or are being asked.
    n_points : int, default=None
        All points. None: more than have a label.
    remarks : tuple of str
        What else there is to say.
    """
    proven = estimate.low >= wanted
    now = needed = to_check = fewest = None
    probable = 0.0
    if estimate.n_checks >= FEWEST_CHECKS:
        curve = ErrorCurve(checks.n_labels, checks.right)
        low, middle, high = curve.accuracy_at(n_labels, _QUANTILES)
        now = (low, middle, high)
        probable = curve.probability_of(wanted, n_labels)
        soon, about, late = (
            _within(total - n_labels, n_left) for total in curve.labels_for(wanted, _QUANTILES)
        )
        needed = (soon, about, late)
        to_check = 0 if proven else _checks_to_prove(wanted, middle, estimate, n_left)
        if to_check is not None:
            fewest = 0 if proven else _checks_to_prove(wanted, 1.0, estimate, to_check)
    if proven or n_left == 0:
        action: Action = "stop"
    elif probable >= PROBABLY and to_check is not None:
        action = "check"
    else:
        action = "continue"
    all_labelled = n_labels == n_points
    if all_labelled:
        reasons = [f"All {n_points} points have a label: nothing is left to predict."]
    else:
        reasons = [_of_action(action, estimate, wanted, probable, now, to_check, fewest)]
    if action == "continue":
        reasons.append(_of_more_labels(wanted, estimate, now, needed))
    said = (*reasons, *remarks)
    return Advice(action, wanted, estimate, now, needed, to_check, fewest, said, all_labelled)


def _within(n: float, most: int) -> int | None:
    if n > most:
        return None
    return max(0, math.ceil(n))


def _checks_to_prove(
    wanted: float, accuracy: float, estimate: AccuracyEstimate, most: int
) -> int | None:
    """Return how many more checks, right as often as `accuracy`, bring the low end to `wanted`."""
    if accuracy <= wanted or most < 1:
        return None
    more = np.unique(
        np.append(np.geomspace(1, most, 200).astype(int), np.arange(1, min(most, 1000) + 1))
    )
    right = estimate.accuracy * estimate.n_checks + accuracy * more
    n = estimate.n_checks + more
    low, _ = mean_interval(np.minimum(right, n), n, confidence=estimate.confidence)
    enough = np.flatnonzero(low >= wanted)
    return int(more[enough[0]]) if len(enough) else None


def _of_action(
    action: Action,
    estimate: AccuracyEstimate,
    wanted: float,
    probable: float,
    now: tuple[float, float, float] | None,
    n_checks: int | None,
    fewest: int | None,
) -> str:
    aim = f"{100 * wanted:g} %"
    if action == "check":
        assert now is not None  # noqa: S101 - of so few checks nothing is probable
        many = "" if n_checks == fewest else f"; about {n_checks} if {100 * now[1]:.1f} % are"
        return (
            f"The model probably reaches {aim} now ({100 * probable:.0f} % of the learning curves "
            f"that fit do). {fewest} more random checks would prove it if it is right at all of "
            f"them{many}: ask with audit_share=1. More labels of the rule's choice would not."
        )
    if action == "continue":
        return f"That it reaches {aim} is not shown yet."
    if estimate.low >= wanted:
        return (
            f"At the checks it was right about at least {100 * estimate.low:.1f} % of the open "
            f"points, more than the {aim} wanted."
            if estimate.low > wanted
            else f"At the checks it was right about at least {aim} of the open points."
        )
    return f"Nothing is left to ask, though {aim} is not proven."


def _of_more_labels(
    wanted: float,
    estimate: AccuracyEstimate,
    now: tuple[float, float, float] | None,
    needed: tuple[int | None, int | None, int | None] | None,
) -> str:
    if now is None or needed is None:
        return (
            f"It is too early to say how many more labels that takes: {estimate.n_checks} random "
            f"checks were answered, and {FEWEST_CHECKS} are the least."
        )
    soon, about, late = needed
    guess = (
        f"It seems to be right about {100 * now[1]:.1f} % of the open points now "
        f"({100 * now[0]:.1f} to {100 * now[2]:.1f} %)."
    )
    if soon is None:
        return f"{guess} More labels of this kind are unlikely to bring it to {100 * wanted:g} %."
    at_most = (
        "perhaps more than there are points left" if late is None else f"{late} likely at most"
    )
    if about == 0:
        return (
            f"{guess} It may be enough already, which random checks would show: ask with "
            "audit_share=1."
        )
    if about is None:
        return f"{guess} The rest may take {soon} more labels, or {at_most}."
    return f"{guess} About {about} more labels should do: {soon} likely at least, {at_most}."
