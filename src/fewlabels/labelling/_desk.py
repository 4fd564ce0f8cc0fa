"""What people see at once: answers stored, questions handed out, all without the models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fewlabels._typing import Json, Loaded
from fewlabels.exceptions import InvalidInputError
from fewlabels.labelling._file import LabelFile, New
from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._people import Said, probable_of, said_by, settled_by
from fewlabels.labelling._queues import FIXED, Queues
from fewlabels.labelling._rows import (
    OF_KEEPER,
    Kind,
    Row,
    check_row,
    events_of_program,
    reading_back,
)
from fewlabels.labelling._telling import Telling
from fewlabels.session._events import Event
from fewlabels.session._state import SessionState

# Rows after which the same is predicted as before.
_OF_NO_LABEL = frozenset(("asked", "drawn", "postponed", "class added", "class changed"))


@dataclass(frozen=True)
class Fed:
    """A row, and what follows from it for the session, with class numbers for labels."""

    row: Row
    events: tuple[Event, ...]


class Desk(Telling):
    """The label file, and what its log adds up to at this moment.

    Threads may share it. What is stored is stored under one lock, `_writing`, which the disk is
    waited for with; what is read is read under another, `lock`, which nobody holds for long.

    Parameters
    ----------
    file : LabelFile
    n_points : int
    seed : int
        Of the questions drawn at random before there is a model.
    """

    def __init__(self, file: LabelFile, n_points: int, seed: int) -> None:
        super().__init__()
        self.file = file
        self.n_points = n_points
        self.ledger = Ledger()
        self._seed = seed
        self._state = SessionState(n_points, None)
        self._queues = Queues(self._state, self.ledger, seed)
        self._fed: list[Fed] = []
        self._replies: dict[str, int] = {}
        self._reopened: set[int] = set()  # rows of checks that took labels back
        self._said: Said | None = None  # whose agreement was looked at last, and what it says
        self._probable: dict[int, int] = {}
        self._writing = threading.Lock()
        for row in file.rows():
            with reading_back(row, file.path):
                check_row(row, n_points, self.ledger.classes)
                self._take(row)

    # Reading, with the lock held or for a moment

    @property
    def last_seq(self) -> int:
        """The number of the last row."""
        return len(self._fed)

    @property
    def pending(self) -> Mapping[int, None]:
        """The points that were asked and not answered."""
        return self._state.pending

    def is_open_check(self, point: int) -> bool:
        """Tell whether a point is a random check that waits for its answer."""
        return point in self._state.pending and point in self._queues.checks

    def fed_after(self, seq: int) -> list[Fed]:
        """Return the rows after row `seq`, in order."""
        with self.lock:
            return self._fed[seq:]

    def replay(self) -> list[Fed]:
        """Return all rows in the order in which a session takes them."""
        with self.lock:
            return sorted(self._fed, key=lambda fed: fed.row.place)

    def mark(self, upto: int) -> str:
        """Return what tells the labels and checks up to a row from those of any other log.

        What is predicted follows from them, and from the data.
        """
        with self.lock:
            rows = (fed.row for fed in reversed(self._fed[:upto]))
            changing = (r for r in rows if r.kind not in _OF_NO_LABEL or r.seq in self._reopened)
            last = next(changing, None)
        if last is None:
            return f"{self._seed}"
        # copies of a file share the seed, and keys of what the program did; not the time
        return f"{self._seed} {last.seq} {last.at} {last.key}"

    def class_names(self) -> dict[int, str]:
        """Return the name of each class."""
        with self.lock:
            return self.ledger.classes.names

    def needs(self, ready: int) -> tuple[int, list[int]]:
        """Return how many new questions are needed, and those that better ones may replace.

        Parameters
        ----------
        ready : int
            How many are to be ready for each person.
        """
        with self.lock:
            return self._queues.shortage(ready), self._queues.replaceable()

    # Acts

    def act(
        self,
        who: str,
        key: str,
        prepare: Callable[[], tuple[Kind, Mapping[str, object]] | None],
        seconds: float | None = None,
    ) -> tuple[Row | None, bool]:
        """Store an act, and return its row and whether it is new.

        Parameters
        ----------
        who : str
        key : str
            Of the client. One that was stored already gives the row of then.
        prepare : callable
            Returns what is to be stored, or None for nothing, or raises; called with the lock.
        seconds : float, default=None

        Raises
        ------
        LabellingError
            If it could not be stored: then nothing has changed.
        """
        with self._writing:
            with self.lock:
                if key in self._replies:
                    return self._fed[self._replies[key] - 1].row, False
                prepared = prepare()
            if prepared is None:
                return None, False
            kind, body = prepared
            self._store([New(key, who, kind, body, seconds)], who)
            row = self._fed[-1].row
        self.change()
        return row, True

    def undo(self, who: str, key: str, *, again: bool) -> tuple[Row | None, Row | None]:
        """Take an act back, or do it again; return the row of that, and the act's."""

        def prepare() -> tuple[Kind, Loaded] | None:
            person = self.ledger.person(who)
            stack = person.undone if again else person.done
            return (("redone" if again else "undone"), {"of": stack[-1]}) if stack else None

        row, _ = self.act(who, key, prepare)
        return row, None if row is None else self.ledger.act(row.body["of"])

    # Questions

    def questions(
        self, who: str, n: int, *, draw: bool, alone: bool = False
    ) -> list[tuple[int, bool]]:
        """Return the next points for a person, and whether another answered each already.

        Parameters
        ----------
        who : str
        n : int
        draw : bool
            Whether points may be drawn at random where too few questions are ready. Where not
            even the one on the screen and the next are, they are in any case.
        alone : bool, default=False
            Whether nobody else will choose. While checks are on, nothing else is asked otherwise.
        """
        with self.lock:
            self._queues.refill(who, n)
            ready = self._queues.of(who)
            on_checks = self._state.current is not None and not alone
            least = n if draw else min(n, FIXED)
            if len(ready) >= least or on_checks or not self._state.n_open:
                return ready[:n]
        with self._writing:
            with self.lock:
                self._queues.refill(who, n)
                drawn = self._drawn(least - len(self._queues.of(who)))
            if drawn:
                key = f"drawn {self.last_seq + 1}"
                self._store([New(key, "", "drawn", {"points": drawn})], who)
        with self.lock:
            self._queues.refill(who, n)
            return self._queues.of(who)[:n]

    def ask(self, who: str, points: Sequence[int]) -> None:
        """Ask a person about points that were taken out of a grid, where they are open.

        While checks are on, nothing else is asked.
        """
        with self._writing:
            with self.lock:
                open_ = [point for point in points if self._is_open(point)]
                if not open_ or self._state.current is not None:
                    return
            key = f"drawn {self.last_seq + 1}"
            self._store([New(key, "", "drawn", {"points": open_, "taken_out": True})], who)
        self.change()

    def _is_open(self, point: int) -> bool:
        state = self._state
        return not (point in state.labels or point in state.pending or point in state.skipped)

    def _drawn(self, n: int) -> list[int]:
        """Draw open points, each as likely as another."""
        count = min(n, self._state.n_open)
        if count <= 0:
            return []
        rng = np.random.default_rng([self._seed, 1, self.last_seq])
        drawn: list[int] = []
        while len(drawn) < count:
            if 2 * self._state.n_open < self.n_points:
                open_ = np.flatnonzero(self._state.open_points)
                return [int(point) for point in rng.choice(open_, count, replace=False)]
            point = int(rng.integers(self.n_points))
            if point not in drawn and self._is_open(point):
                drawn.append(point)
        return drawn

    # The keeper

    def keep(
        self,
        asked: Event | None,
        dropped: Sequence[int],
        upto: int,
        encode: Callable[[Event], Json],
    ) -> Fed | None:
        """Store questions that were chosen by what was known up to a row, or refuse.

        Parameters
        ----------
        asked : Event or None
            Labels are class numbers.
        dropped : sequence of int
            Questions that these replace; those that were meanwhile handed out stay.
        upto : int
        encode : callable
            Returns an event as JSON holds it.

        Returns
        -------
        Fed or None
            None: somebody has meanwhile said something of these points, or, where checks were
            drawn, of any that they were drawn from: a draw that is refused because of what it
            drew would leave the others more likely.
        """
        with self._writing:
            with self.lock:
                touched = {p for fed in self._fed[upto:] for p in self._points_of(fed.row)}
                if asked is not None:
                    crossed = touched.intersection(asked.indices)
                    if asked.audits:
                        crossed |= {p for p in touched if not self._state.was_asked(p)}
                    if crossed:
                        return None
                may = set(self._queues.replaceable()) - touched
                body: Json = {"upto": upto}
                body["dropped"] = [point for point in dropped if point in may]
                if asked is not None:
                    body |= encode(asked)
                    body["points"] = body.pop("indices")
                    del body["kind"]
            self._store([New(f"asked {self.last_seq + 1}", "", "asked", body)])
            return self._fed[-1]

    def settle(self) -> bool:
        """Store what people's agreement says of points on which they differ; True if it is news."""
        with self.lock:
            said = said_by(self.ledger, list(self.ledger.shared))
        if said != self._said:  # takes long where they are many: nobody waits for it
            self._said, self._probable = said, probable_of(said)
        if not self._probable:
            return False
        with self._writing:
            with self.lock:
                labels = settled_by(self.ledger, self._probable)
                body = {"points": list(labels), "classes": list(labels.values())}
            if not labels:
                return False
            self._store([New(f"settled {self.last_seq + 1}", "", "settled", body)])
        self.change()
        return True

    def turn(self, turn: str, upto: int) -> Fed:
        """Store that a sequence of checks begins or ends by what was known up to a row."""
        with self._writing:
            body: Json = {"turn": turn, "upto": upto}
            if turn == "checks_began":
                body["together"] = True
            self._store([New(f"turned {self.last_seq + 1}", "", "turned", body)])
            return self._fed[-1]

    def _points_of(self, row: Row) -> Iterable[int]:
        if row.kind in ("undone", "redone"):
            return self.ledger.act(row.body["of"]).points
        return (*row.points, *row.body.get("dropped", ()))

    # What is stored is taken

    def _store(self, new: Sequence[New], who: str = "") -> None:
        for each in new:
            if each.kind in OF_KEEPER or each.kind == "drawn":
                # what people do was checked already: it follows from the labels that there are
                with self.lock:
                    for event in events_of_program(each.kind, each.body):
                        self._state.check(event)
        rows = self.file.append(new, self.last_seq)
        with self.lock:
            for row in rows:
                self._take(row, who)

    def _take(self, row: Row, now_for: str = "") -> None:
        """Take a row; `now_for` is whose request it is, and empty for what is read back."""
        if row.kind in OF_KEEPER or row.kind == "drawn":
            events = events_of_program(row.kind, row.body)
            checks = self._state.current
            asks_again = "audits" in row.body and checks is not None and checks.together
            if asks_again and self.ledger.reopen(row):
                self._reopened.add(row.seq)
        else:
            events = self.ledger.apply(row)
        if row.kind == "drawn":
            events = [replace(event, owed=self._state.owed) for event in events]
        for event in events:
            self._state.take(event)
        self._queues.note(row, self._acted(row), now_for)
        self._replies[row.key] = row.seq
        self._fed.append(Fed(row, tuple(events)))

    def _acted(self, row: Row) -> Row | None:
        """Return the act that a row takes back or does again, if it does."""
        return self.ledger.act(row.body["of"]) if row.kind in ("undone", "redone") else None


def checked_point(point: object, n_points: int) -> int:
    """Return a point's number, or raise."""
    if type(point) is not int or not 0 <= point < n_points:
        raise InvalidInputError(
            f"there is no point {point!r:.40}: the points are numbered from 0 to {n_points - 1}."
        )
    return point
