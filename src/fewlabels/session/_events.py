"""What happened in a session, one entry an act, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from fewlabels.exceptions import SessionFileError

Label: TypeAlias = str | int | bool
Kind: TypeAlias = Literal["asked", "told", "relabelled", "skipped", "undone"]


@dataclass(frozen=True)
class Audit:
    """A point that was drawn at random to check the model, and what the model said of it.

    Attributes
    ----------
    point : int
    predicted : str, int, bool or None
        The model's class for it when it was drawn; None where no label reached it.
    n_labels : int
        Labels that the model had then.
    n_drawn_from : int
        Points from which it was drawn, each as likely as the others.
    predicted_counts : tuple of (label, int)
        How many of these the model gave to each class.
    """

    point: int
    predicted: Label | None
    n_labels: int
    n_drawn_from: int
    predicted_counts: tuple[tuple[Label, int], ...]


@dataclass(frozen=True)
class Event:
    """One act in a session.

    Attributes
    ----------
    kind : {"asked", "told", "relabelled", "skipped", "undone"}
    indices : tuple of int
        The points; those that came back, for "undone".
    labels : tuple of str, int or bool
        The answers, for "told" and "relabelled".
    audits : tuple of Audit
        For "asked": the questions among `indices` that are random checks.
    owed : float
        For "asked": the share of a check that is left over for the questions to come.
    """

    kind: Kind
    indices: tuple[int, ...]
    labels: tuple[Label, ...] = ()
    audits: tuple[Audit, ...] = ()
    owed: float = 0.0


def event_to_json(event: Event) -> dict[str, Any]:
    """Return the event as JSON holds it; what is empty is left out."""
    entry: dict[str, Any] = {"kind": event.kind, "indices": list(event.indices)}
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
    return entry


def event_from_json(entry: Any) -> Event:
    """Return the event that :func:`event_to_json` wrote, or raise SessionFileError."""
    try:
        audits = tuple(
            Audit(
                point=_integer(audit["point"]),
                predicted=None if audit["predicted"] is None else _label(audit["predicted"]),
                n_labels=_integer(audit["n_labels"], minimum=1),
                n_drawn_from=_integer(audit["n_drawn_from"], minimum=1),
                predicted_counts=tuple(
                    (_label(label), _integer(count)) for label, count in audit["predicted_counts"]
                ),
            )
            for audit in entry.get("audits", [])
        )
        event = Event(
            kind=entry["kind"],
            indices=tuple(_integer(index) for index in entry["indices"]),
            labels=tuple(_label(label) for label in entry.get("labels", [])),
            audits=audits,
            owed=float(entry.get("owed", 0.0)),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SessionFileError(f"an event can't be read: {entry!r:.200}.") from error
    if event.kind not in get_args(Kind):
        raise SessionFileError(f"an event is of an unknown kind, {event.kind!r}.")
    if not {audit.point for audit in audits} <= set(event.indices):
        raise SessionFileError(f"an event checks points that it does not ask: {entry!r:.200}.")
    return event


def _integer(value: Any, minimum: int = 0) -> int:
    if type(value) is not int or value < minimum:
        raise ValueError(value)
    return value


def _label(value: Any) -> Label:
    if not isinstance(value, (str, int)):  # a bool is an int
        raise TypeError(value)
    return value
