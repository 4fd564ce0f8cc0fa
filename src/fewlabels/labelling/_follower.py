"""A mind that follows the log of a desk."""

from __future__ import annotations

from collections.abc import Mapping

from fewlabels._typing import Json
from fewlabels.labelling._desk import Desk, Fed
from fewlabels.labelling._mind import Mind, encoded, with_labels
from fewlabels.labelling._points import Prepared
from fewlabels.session._events import Event


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

    def own(self, fed: Fed) -> None:
        """Take a row that follows from what this mind knows, whatever came meanwhile."""
        self._own.add(fed.row.seq)
        self._take(fed)

    def encoded(self, event: Event) -> Json:
        """Return an event as the log holds it."""
        return encoded(event, self.numbers)

    def _take(self, fed: Fed) -> None:
        events = [with_labels(event, self.names) for event in fed.events]
        self.mind.take(events, drawn=fed.row.kind == "drawn")

    def _name(self, names: Mapping[int, str]) -> None:
        self.names = dict(names)
        self.numbers = {name: number for number, name in names.items()}
