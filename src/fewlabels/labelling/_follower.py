"""A mind that follows the log of a desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fewlabels.labelling._desk import Desk, Fed
from fewlabels.labelling._mind import Mind, encoded, with_labels
from fewlabels.labelling._points import Prepared
from fewlabels.labelling._saying import snapshot_of
from fewlabels.labelling._snapshot import Reasons, Snapshot
from fewlabels.session._events import Event
from fewlabels.session._points import quiet_blas
from fewlabels.session.advice import Advice

_REASONS = 12


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

    def own(self, fed: Fed, *, taken: bool = False) -> None:
        """Take a row that this mind has made; `taken` if it did so by itself."""
        self._own.add(fed.row.seq)
        if not taken:
            self._take(fed)

    def snapshot(self, model: Any, advice: Advice) -> Snapshot:
        """Return what the models say; `model` is that of :meth:`Mind.answering`."""
        with quiet_blas(self.mind.graph):
            return snapshot_of(self.mind, model, advice, self.seq, self.numbers)

    def reasons(self, model: Any, point: int, snapshot: Snapshot) -> Reasons:
        """Return the labelled points that an answer comes from."""
        class_id = int(snapshot.codes[point])
        explain = getattr(model, "explain", None)
        if explain is None or class_id < 0:
            return Reasons(snapshot.seq, None if class_id < 0 else class_id, ())
        with quiet_blas(self.mind.graph):
            top = explain(point).top(_REASONS)
        shares = tuple((node, share, self.numbers[label]) for node, label, share in top)
        return Reasons(snapshot.seq, class_id, shares)

    def encoded(self, event: Event) -> dict[str, Any]:
        """Return an event as the log holds it."""
        return encoded(event, self.numbers)

    def _take(self, fed: Fed) -> None:
        events = [with_labels(event, self.names) for event in fed.events]
        self.mind.take(events, drawn=fed.row.kind == "drawn")

    def _name(self, names: Mapping[int, str]) -> None:
        self.names = dict(names)
        self.numbers = {name: number for number, name in names.items()}
