"""The state of a session: what its events add up to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fewlabels.exceptions import InvalidInputError, SessionFileError
from fewlabels.session._events import Audit, Event
from fewlabels.session._labels import Label, check_same_kind
from fewlabels.session._sequences import CheckSequence, DrawnAudit

# Labels that one look gave to many points count as so many single ones.
_TOGETHER = 3.0


@dataclass(frozen=True)
class _Undoable:
    """An event, and what its points were before.

    Plain values, not a function that undoes it: a copy of the state must undo on itself.
    """

    event: Event
    labels: tuple[Label | None, ...] = ()
    labelled_at: tuple[int | None, ...] = ()
    asked: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()
    together: tuple[int, ...] = ()


class SessionState:
    """What the events so far add up to. Changed by :meth:`take` alone.

    Parameters
    ----------
    n_points : int
    classes : tuple of labels, or None
        The only labels allowed.

    Attributes
    ----------
    events : list of Event
    labels : dict from point to label
        In the order in which they were given.
    labelled_at : dict from point to int
        The number of the event that gave each point a label.
    trust : dict from point to float
        How much the label of each point counts, in (0, 1]; of all points that ever had one. Those
        that were given together count as three at most. They are alike, and of points of which
        the model was sure: taken one by one they would tell it that it is right everywhere, and
        classes of which many were confirmed would take points from the others. The first word on a
        point decides, so that what the model said once can be computed again.
    pending : dict from point to None
        Asked and not answered, in the order of asking.
    skipped : dict from point to None
    together : set of int
        Points that have their label because many got it at one look: it may be wrong.
    audits : list of DrawnAudit
        In the order of drawing.
    owed : float
        Checks that are still owed, in (-1, 1).
    sequences : list of CheckSequence
        In the order in which they began.
    current : CheckSequence or None
        The last of them, while it is on.
    """

    def __init__(self, n_points: int, classes: tuple[Label, ...] | None) -> None:
        self.n_points = n_points
        self.classes = classes
        self.events: list[Event] = []
        self.labels: dict[int, Label] = {}
        self.labelled_at: dict[int, int] = {}
        self.trust: dict[int, float] = {}
        self.pending: dict[int, None] = {}
        self.skipped: dict[int, None] = {}
        self.together: set[int] = set()
        self._asked: set[int] = set()  # whatever became of it
        self.audits: list[DrawnAudit] = []
        self.owed = 0.0
        self.sequences: list[CheckSequence] = []
        self.current: CheckSequence | None = None
        self._undoable: list[_Undoable] = []

    @property
    def n_open(self) -> int:
        """Points that may still be asked about."""
        return self.n_points - len(self.labels) - len(self.pending) - len(self.skipped)

    @property
    def open_points(self) -> npt.NDArray[np.bool_]:
        """Which points may still be asked about, shape (n_points,)."""
        open_ = np.ones(self.n_points, dtype=bool)
        for taken in (self.labels, self.pending, self.skipped):
            open_[list(taken)] = False
        return open_

    @property
    def checkable_points(self) -> npt.NDArray[np.bool_]:
        """Which points the next check is drawn from, shape (n_points,)."""
        if self.current is None:
            return self.open_points
        found: npt.NDArray[np.bool_] = self._unasked(self.current.together) & self.current.members
        return found

    @property
    def n_together(self) -> int:
        """Labels that were given together, and that a check may be about."""
        return len(self.together - self._asked)

    def _unasked(self, together: bool) -> npt.NDArray[np.bool_]:
        """Return the open points, with those of labels that were given together or without.

        What was asked before is left out: a question has one answer, and was perhaps a check.
        """
        found = self.open_points
        if together:
            found[list(self.together - self._asked)] = True
        return found

    def was_asked(self, point: int) -> bool:
        """Tell whether a point was ever asked about, and the question not dropped."""
        return point in self._asked

    @property
    def last_undoable(self) -> Event | None:
        """The event that "undone" would take back."""
        return self._undoable[-1].event if self._undoable else None

    def take(self, event: Event) -> None:
        """Add an event, or raise and stay as it was."""
        self.check(event)
        number = len(self.events)
        self.events.append(event)
        if event.kind == "asked":
            sequence = None if self.current is None else self._drawn_from(self.current).number
            for point in self.together.intersection(event.indices):  # the check is to tell
                self.together.remove(point)
                del self.labels[point], self.labelled_at[point]
            self.pending.update(dict.fromkeys(event.indices))
            self._asked.update(event.indices)
            self.audits.extend(DrawnAudit(audit, number, sequence) for audit in event.audits)
            self.owed = event.owed
        elif event.kind == "checks_began":
            self.current = CheckSequence(
                len(self.sequences),
                number,
                self._unasked(event.together),
                dict(self.labels),
                event.together,
            )
            self.sequences.append(self.current)
        elif event.kind == "checks_ended":
            self.current = None
        elif event.kind == "dropped":
            for point in event.indices:
                del self.pending[point]
            self._asked.difference_update(event.indices)
        elif event.kind == "undone":
            self._take_back(self._undoable.pop())
        else:
            self._undoable.append(self._carried_out(event, number))

    def replay(self, events: Iterable[Event], source: object) -> None:
        """Take the events of a file, or raise SessionFileError where one contradicts another."""
        most_labels = len(self.labels)
        for number, event in enumerate(events):
            try:
                n_drawn_from = int(self.checkable_points.sum()) if event.audits else 0
                for place, audit in enumerate(event.audits):
                    self._check_audit(audit, n_drawn_from - place, most_labels)
                self.take(event)
                most_labels = max(most_labels, len(self.labels))
            except InvalidInputError as error:
                raise SessionFileError(
                    f"{source} is damaged: event {number} contradicts those before it: {error}"
                ) from error

    def _carried_out(self, event: Event, number: int) -> _Undoable:
        """Carry out an event that can be undone; return what undoes it."""
        if event.kind == "relabelled":
            done = _Undoable(
                event,
                labels=tuple(self.labels[point] for point in event.indices),
                labelled_at=tuple(self.labelled_at[point] for point in event.indices),
                together=tuple(self.together.intersection(event.indices)),
            )
            self.labels.update(zip(event.indices, event.labels, strict=True))
            self._see_if_together(event)
            for point in done.together:
                if point not in self.together:  # a label of its own, from now on
                    self.labelled_at[point] = number
            return done
        if event.kind == "withdrawn":
            return self._withdrawn(event)
        asked = tuple(point for point in event.indices if point in self.pending)
        passed = tuple(point for point in event.indices if point in self.skipped)
        for point in event.indices:
            self.pending.pop(point, None)
            self.skipped.pop(point, None)
        if event.kind == "told":
            self.labels.update(zip(event.indices, event.labels, strict=True))
            self.labelled_at.update(dict.fromkeys(event.indices, number))
            each = min(1.0, _TOGETHER / len(event.indices)) if event.together else 1.0
            for point in event.indices:
                self.trust.setdefault(point, each)
            self._see_if_together(event)
        else:
            self.skipped.update(dict.fromkeys(event.indices))
        return _Undoable(event, asked=asked, passed=passed)

    def _withdrawn(self, event: Event) -> _Undoable:
        """Take labels and skips back; what was asked is asked again, before the rest."""
        points = event.indices
        done = _Undoable(
            event,
            labels=tuple(self.labels.pop(point, None) for point in points),
            labelled_at=tuple(self.labelled_at.pop(point, None) for point in points),
            asked=tuple(point for point in points if point in self._asked),
            passed=tuple(point for point in points if point in self.skipped),
            together=tuple(self.together.intersection(points)),
        )
        self.together.difference_update(points)
        for point in done.passed:
            del self.skipped[point]
        self.pending = dict.fromkeys([*done.asked, *self.pending])
        return done

    def _see_if_together(self, event: Event) -> None:
        if event.together:
            self.together.update(event.indices)
        else:
            self.together.difference_update(event.indices)

    def _take_back(self, done: _Undoable) -> None:
        points = done.event.indices
        self.together.difference_update(points)
        # what one look gave is no answer to a check that was drawn since: it stays open
        checked = set(done.together).intersection(self.pending) - set(done.asked)
        self.together.update(set(done.together) - checked)
        if done.event.kind in ("relabelled", "withdrawn"):
            for point, label, at in zip(points, done.labels, done.labelled_at, strict=True):
                if label is not None and at is not None and point not in checked:
                    self.labels[point], self.labelled_at[point] = label, at
                    self.pending.pop(point, None)  # what was given alone answers its check
            if done.event.kind == "relabelled":
                return
            self.skipped.update(dict.fromkeys(done.passed))
            for point in points:
                if point not in checked:
                    self.pending.pop(point, None)
            return
        for point in done.event.indices:
            self.labels.pop(point, None)
            self.labelled_at.pop(point, None)
            self.skipped.pop(point, None)
        # what was asked is asked again, before the rest
        self.pending = dict.fromkeys([*done.asked, *self.pending])
        self.skipped.update(dict.fromkeys(done.passed))

    def _drawn_from(self, sequence: CheckSequence) -> CheckSequence:
        """Leave out of a sequence what got a label before its first draw."""
        if not any(drawn.sequence == sequence.number for drawn in reversed(self.audits)):
            sequence = replace(
                sequence, members=sequence.members & self._unasked(sequence.together)
            )
            self.sequences[-1] = self.current = sequence
        return sequence

    def check(self, event: Event) -> None:
        """Raise where :meth:`take` would."""
        if event.kind == "checks_began" and (self.current is not None or not self.labels):
            raise InvalidInputError(
                "checks can't begin before there is a label, nor twice without an end."
            )
        if event.kind == "checks_ended" and self.current is None:
            raise InvalidInputError("no checks have begun that could end.")
        if event.kind == "undone":
            last = self.last_undoable
            if last is None:
                raise InvalidInputError("there is no answer to undo.")
            if event.indices != last.indices:
                raise InvalidInputError(
                    f"the last answer was about {_listed(last.indices)}, not about "
                    f"{_listed(event.indices)}."
                )
            return
        outside = [point for point in event.indices if point >= self.n_points]
        if outside:
            raise InvalidInputError(
                f"there is no point {outside[0]}: the points are numbered from 0 to "
                f"{self.n_points - 1}."
            )
        if len(set(event.indices)) < len(event.indices):
            raise InvalidInputError(f"a point is named twice in {_listed(event.indices)}.")
        again: set[int] = set()  # which have a label, and it is this that is checked
        if event.audits and self.current is not None and self.current.together:
            again = self.together.intersection(audit.point for audit in event.audits) - self._asked
        for point in event.indices:
            if point not in again:
                self._check_point(event.kind, point)
        if event.kind in ("told", "relabelled"):
            if len(event.labels) != len(event.indices):
                raise InvalidInputError(
                    f"got {len(event.labels)} labels for {len(event.indices)} points."
                )
            self._check_labels(event)

    def _check_audit(self, audit: Audit, n_open: int, most_labels: int) -> None:
        """Raise if a check says otherwise than what was known when it was drawn."""
        known = self.labels if self.current is None else self.current.labels
        # Outside a sequence the answers may be older than the labels, some of which may have been
        # taken back since: the draw came after them.
        n_labels = audit.n_labels
        fits = n_labels == len(known) if self.current is not None else n_labels <= most_labels
        if not fits or audit.n_drawn_from != n_open:
            raise InvalidInputError(
                f"the check of point {audit.point} is said to be drawn from {audit.n_drawn_from} "
                f"points, with {audit.n_labels} labels, but {n_open} were open, with "
                f"{len(known)} labels."
            )
        counts = dict(audit.predicted_counts)
        n_unpredicted = n_open - sum(counts.values())
        n_like_it = counts.get(audit.predicted, 0) if audit.predicted is not None else n_unpredicted
        if len(counts) < len(audit.predicted_counts) or n_unpredicted < 0 or n_like_it < 1:
            raise InvalidInputError(
                f"the counts of predictions at the check of point {audit.point} don't fit what "
                f"was predicted of it, {audit.predicted!r}, among {n_open} open points."
            )
        for label in (*counts, *([] if audit.predicted is None else [audit.predicted])):
            check_same_kind(label, known.values())

    def _check_point(self, kind: str, point: int) -> None:
        if kind == "relabelled":
            if point not in self.labels:
                raise InvalidInputError(f"point {point} has no label to change; use tell.")
            return
        if kind == "withdrawn":
            if point not in self.labels and point not in self.skipped:
                raise InvalidInputError(
                    f"point {point} has no label and was not skipped: there is nothing to withdraw."
                )
            return
        if kind == "dropped":
            checks = any(drawn.audit.point == point for drawn in self.audits)
            if point not in self.pending or checks:
                raise InvalidInputError(
                    f"point {point} is not an open question, or is a random check: it can't be "
                    "dropped."
                )
            return
        if point in self.labels:
            advice = {
                "told": "To change it, use relabel.",
                "skipped": "To take the last answer back, use undo.",
            }
            raise InvalidInputError(
                f"point {point} has a label already, {self.labels[point]!r}. {advice.get(kind, '')}"
            )
        if kind == "asked" and (point in self.pending or point in self.skipped):
            raise InvalidInputError(f"point {point} was asked or skipped already.")
        if kind == "skipped" and point in self.skipped:
            raise InvalidInputError(f"point {point} was skipped already.")

    def _check_labels(self, event: Event) -> None:
        changed = set(event.indices)
        standing = next(
            (label for point, label in self.labels.items() if point not in changed), None
        )
        known = self.classes or (() if standing is None else (standing,))
        for label in event.labels:
            check_same_kind(label, known or event.labels[:1])
            if self.classes is not None and label not in self.classes:
                raise InvalidInputError(
                    f"there is no class {label!r}: the classes were fixed as "
                    f"{_listed(self.classes)}. Leave classes=None to let new ones appear."
                )


def _listed(values: tuple[Label, ...]) -> str:
    shown = ", ".join(repr(value) for value in values[:10])
    return shown + (f", ... ({len(values)} in all)" if len(values) > 10 else "")
