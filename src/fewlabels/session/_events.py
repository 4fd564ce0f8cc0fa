"""What happened in a session, one entry an act, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from fewlabels._typing import Cells, Json
from fewlabels.exceptions import SessionFileError
from fewlabels.session._labels import Label, checked_label

Kind: TypeAlias = Literal[
    "asked",
    "told",
    "relabelled",
    "skipped",
    "withdrawn",
    "dropped",
    "undone",
    "checks_began",
    "checks_ended",
]


@dataclass(frozen=True)
class Audit:
    """A point that was drawn at random to check the model, and the model's answer.

    Attributes
    ----------
    point : int
    predicted : str, int, bool or None
        The model's class for it, said before it was drawn, or, in a sequence of checks, when that
        began; None where no label reached it.
    n_labels : int
        Labels that the model had when it said so.
    n_drawn_from : int
        Points from which it was drawn, each as likely as the others.
    predicted_counts : tuple of (label, int)
        How many of these the model gave to each class.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from fewlabels import Session
    >>> X, truth = load_digits(return_X_y=True)
    >>> session = Session(X[:100], audit_share=0.5, random_state=0)
    >>> for _ in range(8):
    ...     asked = session.ask(2)
    ...     _ = session.tell(asked, truth[asked])
    >>> audits = [audit for event in session.history for audit in event.audits]
    >>> len(audits) > 0, all(audit.n_labels >= 10 for audit in audits)
    (True, True)
    """

    point: int
    predicted: Label | None
    n_labels: int
    n_drawn_from: int
    predicted_counts: tuple[tuple[Label, int], ...]


@dataclass(frozen=True)
class Event:
    """One action in a session.

    Attributes
    ----------
    kind : {"asked", "told", "relabelled", "skipped", "withdrawn", "dropped", "undone", \
"checks_began", "checks_ended"}
        "withdrawn": labels and skips are taken back; what had been asked is asked again.
        "dropped": questions that are no checks are taken back. The last two: a sequence of
        checks, which is to prove an accuracy, begins and ends.
    indices : tuple of int
        The points; those that came back, for "undone". None for the last two kinds.
    labels : tuple of str, int or bool
        The answers, for "told" and "relabelled".
    audits : tuple of Audit
        For "asked": the questions among `indices` that are random checks.
    owed : float
        For "asked": the share of a check that is left over for the questions to come.
    together : bool
        For "told" and "relabelled": whether one look gave all its labels, as to a grid of the
        labelling page. Those of "told" then count as three single ones at most. For "checks_began":
        whether such labels are checked, too. A check of one takes it back until it is answered.

    Examples
    --------
    >>> import numpy as np
    >>> from fewlabels import Session
    >>> X = np.random.default_rng(0).normal(size=(60, 2))
    >>> session = Session(X).tell([0, 1], ["a", "b"]).skip([2])
    >>> len(session.history)
    2
    """

    kind: Kind
    indices: tuple[int, ...]
    labels: tuple[Label, ...] = ()
    audits: tuple[Audit, ...] = ()
    owed: float = 0.0
    together: bool = False


def event_to_json(event: Event) -> Json:
    """Return the event as JSON holds it; what is empty is left out."""
    entry: Json = {"kind": event.kind, "indices": list(event.indices)}
    if event.labels:
        entry["labels"] = list(event.labels)
    if event.audits:
        entry["audits"] = [
            {
                "point": audit.point,
                "predicted": audit.predicted,
                "n_labels": audit.n_labels,
                "n_drawn_from": audit.n_drawn_from,
                "predicted_counts": [list(pair) for pair in audit.predicted_counts],
            }
            for audit in event.audits
        ]
    if event.owed:
        entry["owed"] = event.owed
    if event.together:
        entry["together"] = True
    return entry


def event_from_json(entry: object) -> Event:
    """Return the event that :func:`event_to_json` wrote, or raise SessionFileError."""
    try:
        return _event(entry)
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise SessionFileError(f"it can't be read: {reason} in {entry!r:.200}.") from error


# What an event of each kind holds beside its kind and its points.
_FIELDS: dict[str, set[str]] = {
    "asked": {"audits", "owed"},
    "told": {"labels", "together"},
    "relabelled": {"labels", "together"},
    "skipped": set(),
    "withdrawn": set(),
    "dropped": set(),
    "undone": set(),
    "checks_began": {"together"},
    "checks_ended": set(),
}
# The kinds that are about no point of their own.
_WITHOUT_POINTS = {"checks_began", "checks_ended"}


def _event(entry: object) -> Event:
    if not isinstance(entry, dict):
        raise TypeError("no event")
    kind = entry["kind"]
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise ValueError(f"an unknown kind, {kind!r:.80},")
    strange = sorted(set(entry) - {"kind", "indices"} - _FIELDS[kind])
    if strange:
        raise ValueError(f"{strange[0]!r:.80}, which an event of this kind does not have,")
    indices = tuple(_integer(index) for index in _list(entry["indices"]))
    if bool(indices) == (kind in _WITHOUT_POINTS):
        raise ValueError("points, which it is not about," if indices else "no point")
    audits = tuple(_audit(audit) for audit in _list(entry.get("audits", [])))
    checked = {audit.point for audit in audits}
    if len(checked) < len(audits) or not checked <= set(indices):
        raise ValueError("a check of a point that is not asked, or a second one")
    owed = entry.get("owed", 0.0)
    if type(owed) not in (int, float) or not -1 < owed < 1:
        raise ValueError(f"owed {owed!r:.80}, which is not between -1 and 1,")
    together = entry.get("together", False)
    if type(together) is not bool:
        raise ValueError(f"together {together!r:.80}, which is neither true nor false,")
    labels = tuple(_label(label) for label in _list(entry.get("labels", [])))
    return Event(cast(Kind, kind), indices, labels, audits, float(owed), together)


def _audit(entry: object) -> Audit:
    if not isinstance(entry, dict):
        raise TypeError(f"a check {entry!r:.80}")
    counts = tuple(_list(pair) for pair in _list(entry["predicted_counts"]))
    if any(len(pair) != 2 for pair in counts):
        raise ValueError("a count of predictions that is no pair")
    return Audit(
        point=_integer(entry["point"]),
        predicted=None if entry["predicted"] is None else _label(entry["predicted"]),
        n_labels=_integer(entry["n_labels"], minimum=1),
        n_drawn_from=_integer(entry["n_drawn_from"], minimum=1),
        predicted_counts=tuple((_label(label), _integer(count)) for label, count in counts),
    )


def _list(value: object) -> Cells:
    if not isinstance(value, list):
        raise TypeError(f"{value!r:.80} in the place of a list")
    return value


def _integer(value: object, minimum: int = 0) -> int:
    if type(value) is not int or value < minimum:
        raise ValueError(f"{value!r:.80} in the place of a whole number from {minimum}")
    return value


def _label(value: object) -> Label:
    if not isinstance(value, (str, int)):  # a bool is an int
        raise TypeError(f"{value!r:.80} in the place of a label")
    return checked_label(value, "there")
