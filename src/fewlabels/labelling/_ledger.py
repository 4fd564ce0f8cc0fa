"""What people's acts add up to: a word for each point, and what each person can take back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from fewlabels._typing import Json, Loaded
from fewlabels.labelling._classes import ClassBook, class_from_json
from fewlabels.labelling._rows import UNDOABLE, Row
from fewlabels.session._events import Event

#: In the place of a class: somebody couldn't say.
SKIPPED = -1
#: Settings of the file; all others are a person's own.
OF_FILE = {"accuracy": 0.9, "confidence": 0.95, "overlap": 0.0}


@dataclass(frozen=True)
class Word:
    """What one person says of one point.

    Attributes
    ----------
    row : Row
        The act.
    class_id : int
        `SKIPPED` for none.
    """

    row: Row
    class_id: int

    @property
    def who(self) -> str:
        """Who said it."""
        return self.row.who

    @property
    def batch(self) -> bool:
        """Whether the point was seen among others, or its label came with the data."""
        return self.row.kind in ("confirmed", "given")


@dataclass
class _Person:
    done: list[int] = field(default_factory=list)  # acts that stand, and can be undone
    undone: list[int] = field(default_factory=list)  # acts that can be done again
    n_acts: int = 0
    settings: Json = field(default_factory=dict)


class Ledger:
    """The acts of people, and what they add up to. Changed by :meth:`apply` alone.

    Each person has one word on a point, the last that stands. The word of a review decides; else,
    where people differ, what their agreement elsewhere makes most probable ("settled" rows); else
    the word of most, and of as many the one that came first.

    Attributes
    ----------
    classes : ClassBook
    labels : dict from point to class number
    skipped : dict from point to None
        Points without a label of which somebody couldn't say.
    settings : dict
        Of the file.
    shared : dict from point to None
        Points on which two people or more have a word.
    """

    def __init__(self) -> None:
        self.classes = ClassBook()
        self.labels: dict[int, int] = {}
        self.skipped: dict[int, None] = {}
        self.settings: Loaded = dict(OF_FILE)
        self.shared: dict[int, None] = {}
        self._settled: dict[int, int] = {}
        self._acts: dict[int, Row] = {}
        self._taken_back: set[int] = set()
        self._at: dict[int, list[Row]] = {}
        self._people: dict[str, _Person] = {}
        self._counts: Counter[int] = Counter()

    @property
    def people(self) -> list[str]:
        """Who did something, in the order of their first act."""
        return [who for who in self._people if who]  # what the program did has no name

    def person(self, who: str) -> _Person:
        """Return what is known of a person."""
        return self._people.get(who) or _Person()

    def count(self, class_id: int) -> int:
        """Return how many points have this label."""
        return self._counts[class_id]

    def act(self, seq: int) -> Row:
        """Return an act that can be undone."""
        return self._acts[seq]

    def words(self, point: int) -> dict[str, Word]:
        """Return the word of each person on a point, in the order in which they came."""
        return self._heard(point)[0]

    def decided(self, point: int) -> bool:
        """Tell whether a review decided this point's label."""
        return self._heard(point)[1] is not None

    def heard_points(self) -> Iterator[int]:
        """Yield the points of which somebody ever said something, in that order."""
        yield from self._at

    def standing(self) -> Iterator[Row]:
        """Yield the acts that stand, the latest first."""
        for seq in reversed(self._acts):
            if seq not in self._taken_back:
                yield self._acts[seq]

    def apply(self, row: Row) -> list[Event]:
        """Take an act of a person; return what follows for the session, with class numbers."""
        if row.kind in ("class added", "class changed"):
            self.classes.put(class_from_json(row.body))
            return []
        if row.kind == "settings":
            self._set(row)
            return []
        if row.kind in UNDOABLE:
            person = self._people.setdefault(row.who, _Person())
            person.n_acts += 1
            person.done.append(row.seq)
            person.undone.clear()
        elif row.kind in ("undone", "redone"):
            return self._turn_back(row)
        elif row.kind == "settled":
            return self._changed(row, self._settle)
        return self._changed(row, self._note)

    def _settle(self, row: Row) -> None:
        self._settled.update(zip(row.body["points"], row.body["classes"], strict=True))

    def _note(self, row: Row) -> None:
        self._acts[row.seq] = row
        if row.kind != "postponed":
            for point in row.points:
                self._at.setdefault(point, []).append(row)

    def _turn_back(self, row: Row) -> list[Event]:
        person = self._people.setdefault(row.who, _Person())
        act = self._acts[row.body["of"]]
        if row.kind == "undone":
            person.done.remove(act.seq)
            person.undone.append(act.seq)
            return self._changed(act, lambda act: self._taken_back.add(act.seq))
        person.undone.remove(act.seq)
        person.done.append(act.seq)
        return self._changed(act, lambda act: self._taken_back.discard(act.seq))

    def _set(self, row: Row) -> None:
        own = self._people.setdefault(row.who, _Person()).settings
        for name, value in row.body.items():
            (self.settings if name in OF_FILE else own)[name] = value

    def _changed(self, row: Row, change: Callable[[Row], None]) -> list[Event]:
        """Carry out a change that concerns the points of a row; return what follows from it.

        That a label is now seen alone, or no longer, is news although it is the same: only what was
        given at a glance is checked.
        """
        glanced = [self._at_a_glance(point, self._status(point)) for point in row.points]
        change(row)
        if row.kind == "postponed":
            return []
        # by whether nobody who gives a point this label saw it alone
        told: dict[bool, dict[int, int]] = {False: {}, True: {}}
        relabelled: dict[bool, dict[int, int]] = {False: {}, True: {}}
        withdrawn: list[int] = []
        skipped: list[int] = []
        for point, was_together in zip(row.points, glanced, strict=True):
            before, now = self._status(point), self._judged(point)
            together = self._at_a_glance(point, now)
            if before == now and was_together == together:
                continue
            if before != now:
                self._put(point, before, now)
            if now is None or (now == SKIPPED and before is not None):
                withdrawn.append(point)
            if now == SKIPPED:
                skipped.append(point)
            elif now is not None:
                has_label = before is not None and before != SKIPPED
                groups = relabelled if has_label else told
                groups[together][point] = now
        events = []
        if withdrawn:
            events.append(Event("withdrawn", tuple(withdrawn)))
        if skipped:
            events.append(Event("skipped", tuple(skipped)))
        kinds: tuple[tuple[Literal["told", "relabelled"], dict[bool, dict[int, int]]], ...]
        kinds = (("told", told), ("relabelled", relabelled))
        for kind, groups in kinds:
            for together, labels in groups.items():
                if labels:
                    given = tuple(labels.values())
                    events.append(Event(kind, tuple(labels), given, together=together))
        return events

    def reopen(self, row: Row) -> bool:
        """Forget what was said of points that a random check is about; True if labels are lost.

        Nor does it count when it is done again. What follows for the session, it knows from the
        question.
        """
        lost = False
        for point in (audit["point"] for audit in row.body["audits"]):
            if point in self._at:
                before = self._status(point)
                self._at[point].append(row)
                self._put(point, before, None)
                self.shared.pop(point, None)
                lost = lost or before is not None
        return lost

    def _at_a_glance(self, point: int, label: int | None) -> bool:
        """Tell whether there is a label, and only from acts about many points at a glance."""
        if label is None or label == SKIPPED:
            return False
        words, decided = self._heard(point)
        so = [word for word in words.values() if word.class_id == label]
        return decided is None and all(word.row.kind == "confirmed" for word in so)

    def _status(self, point: int) -> int | None:
        return self.labels.get(point, SKIPPED if point in self.skipped else None)

    def _put(self, point: int, before: int | None, now: int | None) -> None:
        if before == SKIPPED:
            del self.skipped[point]
        elif before is not None:
            del self.labels[point]
            self._counts[before] -= 1
        if now == SKIPPED:
            self.skipped[point] = None
        elif now is not None:
            self.labels[point] = now
            self._counts[now] += 1

    def _judged(self, point: int) -> int | None:
        """Return the class that a point's words give it, SKIPPED, or None."""
        words, decided = self._heard(point)
        if decided is not None:
            return decided
        said = Counter(word.class_id for word in words.values() if word.class_id != SKIPPED)
        if len(words) > 1:
            self.shared[point] = None
        else:
            self.shared.pop(point, None)
        if len(said) > 1 and self._settled.get(point) in said:
            return self._settled[point]
        if said:
            return said.most_common(1)[0][0]  # of as many, the first
        return SKIPPED if words else None

    def _heard(self, point: int) -> tuple[dict[str, Word], int | None]:
        """Return the word of each person that stands, and what a review decided."""
        words: dict[str, Word] = {}
        decided: int | None = None
        for row in self._at.get(point, ()):
            if row.seq in self._taken_back:
                continue
            if row.kind == "asked" or (row.kind == "decided" and row.body["class"] is None):
                words, decided = {}, None
                continue
            if row.kind == "decided":
                decided = row.body["class"]
            word = Word(row, _class_in(row))
            if row.who in words and words[row.who].class_id != word.class_id:
                del words[row.who]  # another word, after those that others have said by now
            words[row.who] = word
        return words, decided


def _class_in(row: Row) -> int:
    if row.kind == "skipped":
        return SKIPPED
    return int(row.body["class"])
