"""How far the labelling is, for the page: figures, and a sentence that can be handed on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from fewlabels._typing import Json
from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._snapshot import Proven, Snapshot

if TYPE_CHECKING:
    from fewlabels.session.advice import Advice

_LAST = 200  # answers whose time is looked at
_LONGEST_PAUSE = 300.0
# A session's remark on its own books: on the page some questions always lie ready.
_IS_OPEN = re.compile(r"questions? (is|are) open\.$")


def progress_json(
    ledger: Ledger, snapshot: Snapshot | None, n_points: int, nouns: tuple[str, str]
) -> Json:
    """Return what :meth:`Labelling.progress` returns."""
    found: Json = {
        "n_labelled": len(ledger.labels),
        "n_skipped": len(ledger.skipped),
        "n_points": n_points,
        "counted": counted(len(ledger.labels), len(ledger.skipped), n_points, nouns),
        "seconds_a_label": _seconds_a_label(ledger),
        "accuracy": None,
        "now": None,
        "sentence": None,
        "advice": None,
        "proof": None,
        "proven": False,
        "curve": [],
        "shares": [],
    }
    if snapshot is None:
        return found
    advice = snapshot.advice
    estimate, proof = advice.estimate, advice.proof
    if estimate.n_checks:
        found["accuracy"] = {
            "share": estimate.accuracy,
            "low": estimate.low,
            "high": estimate.high,
            "n_checks": estimate.n_checks,
            "confidence": estimate.confidence,
        }
    found["now"] = None if advice.accuracy_now is None else list(advice.accuracy_now)
    if snapshot.proven is not None:
        found["sentence"] = sentence(snapshot.proven, n_points, nouns[1])
    found["advice"] = advice_json(advice)
    found["proven"] = is_proven(advice)
    if proof is not None:
        found["proof"] = {
            "n_labels": proof.n_labels,
            "n_points": proof.n_points,
            "n_checks": proof.n_checks,
            "n_right": proof.n_right,
            "low": proof.low,
            "confidence": proof.confidence,
            "is_on": proof.is_on,
        }
    found["curve"] = [{"n_labels": n, "share": share} for n, share in snapshot.curve]
    found["shares"] = [
        {
            "class_id": class_id,
            "share": share.share if share.n_checks else None,
            "low": share.low,
            "high": share.high,
        }
        for class_id, share in snapshot.shares.items()
        # by few checks it is mostly what the first models said, which knew few of the classes
        if advice.accuracy_now is not None
    ]
    return found


def is_proven(advice: Advice) -> bool:
    """Tell whether the accuracy wanted is proven, or nothing is left to predict."""
    if advice.nothing_to_predict:
        return True
    proof = advice.proof
    return advice.action == "stop" and proof is not None and proof.low >= advice.wanted


def reasons_of(advice: Advice) -> list[str]:
    """Return the sentences of an advice as people read them who know nothing of a session."""
    said, page = "ask returns nothing else until then", "nothing else is asked until then"
    told = [reason for reason in advice.reasons if not _IS_OPEN.search(reason)]
    return [reason.replace(said, page) for reason in told or advice.reasons]


def advice_json(advice: Advice) -> Json:
    """Return an advice as JSON holds it."""
    needed = advice.labels_needed
    return {
        "action": advice.action,
        "wanted": advice.wanted,
        "reasons": reasons_of(advice),
        "labels_needed": None if needed is None else list(needed),
        "checks_needed": advice.checks_needed,
        "fewest_checks": advice.fewest_checks,
    }


def counted(n_labelled: int, n_skipped: int, n_points: int, nouns: tuple[str, str]) -> str:
    """Say how many of all are labelled, and how many were skipped.

    Examples
    --------
    >>> counted(1_000, 2, 10_000, ("text", "texts"))
    '1,000 of 10,000 texts labelled, 2 skipped.'
    """
    skipped = f", {n_skipped:,} skipped" if n_skipped else ""
    return f"{n_labelled:,} of {n_points:,} {nouns[n_points != 1]} labelled{skipped}."


def sentence(proven: Proven, n_points: int, noun: str) -> str:
    """Say how many labels are right, for people who know nothing of how that was found.

    It is of all `n_points`; of which of them nothing is claimed, it says, too.

    Examples
    --------
    >>> from fewlabels.labelling._snapshot import Proven
    >>> sentence(Proven(10_000, 9_100, 9_600, 0.95, 120), 10_000, "texts")
    'Of 10,000 texts 9,100 to 9,600 are labelled right, with 95 % confidence (120 random checks).'
    >>> sentence(Proven(9_997, 9_100, 9_600, 0.95, 120), 10_000, "texts").partition("). ")[2]
    '3 are not counted: they were skipped, are open, or nothing is known of them.'
    """
    checks = "1 random check" if proven.n_checks == 1 else f"{proven.n_checks:,} random checks"
    said = (
        f"Of {n_points:,} {noun} {proven.low:,} to {proven.high:,} are labelled right, with "
        f"{100 * proven.confidence:g} % confidence ({checks})."
    )
    n_out = n_points - proven.n_points
    if not n_out:
        return said
    if n_out == 1:
        return f"{said} 1 is not counted: it was skipped, is open, or nothing is known of it."
    out = f"{n_out:,} are not counted"
    return f"{said} {out}: they were skipped, are open, or nothing is known of them."


def _seconds_a_label(ledger: Ledger) -> float | None:
    seconds = []
    for row in ledger.standing():
        if row.kind == "answered" and row.seconds is not None and 0 < row.seconds <= _LONGEST_PAUSE:
            seconds.append(row.seconds)
            if len(seconds) == _LAST:
                break
    return float(np.median(seconds)) if seconds else None
