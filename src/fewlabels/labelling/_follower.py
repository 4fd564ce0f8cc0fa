"""A mind that follows the log of a desk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fewlabels._typing import Json
from fewlabels.labelling._desk import Desk, Fed
from fewlabels.labelling._mind import Mind, Opinion, encoded, with_labels
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._speaker import Lesson
from fewlabels.session._events import Event
from fewlabels.session._labels import Label


@dataclass(frozen=True)
class Came:
    """Labels with those of answers that the mind has not taken yet.

    Attributes
    ----------
    labels : dict from point to label
    at_change : int
        What :attr:`Mind.n_changes` will be when it has.
    seq : int
        The row of the log up to which they are.
    """

    labels: dict[int, Label]
    at_change: int
    seq: int


class Follower:
    """A mind that follows the log of a desk.

    Attributes
    ----------
    mind : Mind
    seq : int
        The last row that it has taken.
    names, numbers : dict
        Of the classes, and back.
    """

    def __init__(self, desk: Desk, prepared: Prepared, seed: int) -> None:
        self._desk = desk
        self._own: set[int] = set()
        self.mind = Mind(prepared, seed)
        self.seq = 0
        all_fed = desk.replay()
        self._name(desk.class_names())  # after: they know all classes of these rows
        for fed in all_fed:
            self._take(fed)
            self.seq = max(self.seq, fed.row.seq)

    def follow(self) -> bool:
        """Take the rows that have come; False where a class was renamed since the beginning."""
        fed_now, names = self._desk.fed_after(self.seq), self._desk.class_names()
        if any(names[number] != name for number, name in self.names.items()):
            return False
        self._name(names)
        for fed in fed_now:
            if fed.row.seq not in self._own:
                self._take(fed)
            self.seq = fed.row.seq
        return True

    def answers_since(self) -> Came | None:
        """Return the labels with those that came since; None if nothing did, or anything else."""
        rows = [fed for fed in self._desk.fed_after(self.seq) if fed.row.seq not in self._own]
        events = [event for fed in rows for event in fed.events if event.kind != "asked"]
        known = all(label in self.names for event in events for label in event.labels)
        if not events or not known or any(event.kind != "told" for event in events):
            return None
        labels = dict(self.mind.state.labels)
        for event in events:
            names = [self.names[int(label)] for label in event.labels]
            labels.update(zip(event.indices, names, strict=True))
        return Came(labels, self.mind.n_changes + len(events), rows[-1].row.seq)

    def own(self, fed: Fed) -> None:
        """Take a row that follows from what this mind knows, whatever came meanwhile."""
        self._own.add(fed.row.seq)
        self._take(fed)

    def lesson(self, then: Opinion) -> Lesson:
        """Return the labels of now as a lesson; `then` is of the model that asks, by these."""
        mind = self.mind
        return Lesson(dict(mind.state.labels), then, mind.n_changes, self.seq, dict(self.numbers))

    def encoded(self, event: Event) -> Json:
        """Return an event as the log holds it."""
        return encoded(event, self.numbers)

    def _take(self, fed: Fed) -> None:
        events = [with_labels(event, self.names) for event in fed.events]
        self.mind.take(events, drawn=fed.row.kind == "drawn")

    def _name(self, names: Mapping[int, str]) -> None:
        self.names = dict(names)
        self.numbers = {name: number for number, name in names.items()}
