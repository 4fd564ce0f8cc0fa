"""Who is asked what: each question goes to one person, who keeps it for a while."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from fewlabels.labelling._ledger import Ledger
from fewlabels.labelling._rows import Row
from fewlabels.session._state import SessionState

#: The questions of a person that stay as they are: the one on the screen, and the next.
FIXED = 2
# Questions of somebody who was not heard of for so long go to others.
_LEASE_SECONDS = 600.0
# What was put off comes again after so many acts of the same person.
_ACTS_LATER = 10
# While checks are on, nothing else can be asked meanwhile, and they are quickly drawn. Those that
# are ready when the accuracy is proven are asked for nothing.
_CHECKS_READY = 5


class Queues:
    """The open questions, and whose they are. In memory only: a new start hands them out anew.

    Parameters
    ----------
    state : SessionState
        Its `pending` are the open questions.
    ledger : Ledger
    seed : int
        Says which points are asked twice.
    clock : callable
        Seconds that never go back.

    Attributes
    ----------
    checks : set of int
        The points that were ever drawn as random checks.
    """

    def __init__(
        self,
        state: SessionState,
        ledger: Ledger,
        seed: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.checks: set[int] = set()
        self._state = state
        self._ledger = ledger
        self._seed = seed
        self._clock = clock
        self._queues: dict[str, list[int]] = {}
        self._seen: dict[str, float] = {}
        self._later: dict[
            str, dict[int, int]
        ] = {}  # by person: the number of acts at which it is due
        self._taken_out: set[int] = set()  # of grids, and asked about
        self._twice: dict[int, None] = {}  # answered by one person, to be asked once more

    def of(self, who: str) -> list[tuple[int, bool]]:
        """Return the questions of a person, and whether another answered each already."""
        return [(point, point in self._ledger.labels) for point in self._queues.get(who, ())]

    def refill(self, who: str, n: int) -> None:
        """Bring the queue of a person to `n` questions, if there are so many."""
        self._seen[who] = self._clock()
        self._end_leases()
        queue = self._queues.setdefault(who, [])
        queue[:] = [point for point in queue if self._is_open_to(point, who)]
        if len(queue) >= n:
            return
        later = self._later.get(who, {})
        n_acts = self._ledger.person(who).n_acts
        taken = {point for each in self._queues.values() for point in each}
        due = [p for p, at in later.items() if at <= n_acts and p not in taken]
        again = next((p for p in self._twice if p not in taken and self._is_open_to(p, who)), None)
        free = [p for p in self._state.pending if p not in taken and not self._is_later(p)]
        more = [*due, *([] if again is None else [again]), *free]
        if not self._state.n_open or self._state.current is not None:  # sooner than nothing
            more += [p for p in later if p not in due and p not in taken]
        for point in more[: n - len(queue)]:
            if self._is_open_to(point, who):
                queue.append(point)
                later.pop(point, None)

    def shortage(self, a_person: int) -> int:
        """Return how many questions are missing for each person who is here to have so many."""
        self._end_leases()
        if self._state.current is not None:
            a_person = _CHECKS_READY
        ready = sum(not self._is_later(point) for point in self._state.pending)
        return max(max(1, len(self._seen)) * (a_person + 1) - ready, 0)

    def replaceable(self) -> list[int]:
        """Return the open questions that nobody has on the screen, and that are no checks."""
        kept = {point for queue in self._queues.values() for point in queue[:FIXED]}
        if not self._queues:  # a new start: somebody will go on at the first
            kept.update(list(self._state.pending)[:FIXED])
        return [
            point
            for point in self._state.pending
            if point not in kept
            and point not in self.checks
            and point not in self._taken_out
            and not self._is_later(point)
        ]

    def note(self, row: Row, of: Row | None, now_for: str) -> None:
        """Follow a row that the state and the ledger have taken.

        Parameters
        ----------
        row : Row
        of : Row or None
            What it takes back, or does again.
        now_for : str
            Whose request it is; empty for what is read back.
        """
        if row.kind == "asked":
            self.checks.update(audit["point"] for audit in row.body.get("audits", ()))
            return
        if row.kind == "drawn":
            queue = self._queues.setdefault(now_for, []) if now_for else []
            if "taken_out" in row.body:  # what is on the screen, and next, stays
                self._taken_out.update(row.points)
                queue[FIXED:FIXED] = row.points
            else:
                queue.extend(row.points)
        if row.kind == "postponed":
            self._put_off(row)
        elif of is not None and of.kind == "postponed":
            if row.kind == "redone":
                self._put_off(of)
            else:
                self._later.get(of.who, {}).pop(of.points[0], None)
                self._head(of.who, of.points[0])
        elif row.kind == "undone" and of is not None and now_for and len(of.points) == 1:
            self._head(of.who, of.points[0])
        if row.kind in ("answered", "undone", "redone"):
            self._see_if_twice((row if of is None else of).points)

    def _put_off(self, row: Row) -> None:
        (point,) = row.points
        queue = self._queues.get(row.who, [])
        if point in queue:
            queue.remove(point)
        due = self._ledger.person(row.who).n_acts + _ACTS_LATER
        self._later.setdefault(row.who, {})[point] = due

    def _head(self, who: str, point: int) -> None:
        """Put a question that is open again before a person's others."""
        for queue in self._queues.values():
            if point in queue:
                queue.remove(point)
        if self._is_open_to(point, who):
            self._queues.setdefault(who, []).insert(0, point)

    def _is_open_to(self, point: int, who: str) -> bool:
        if point in self._state.pending:
            return True
        return point in self._twice and who not in self._ledger.words(point)

    def _is_later(self, point: int) -> bool:
        return any(point in each for each in self._later.values())

    def _see_if_twice(self, points: tuple[int, ...]) -> None:
        share = self._ledger.settings["overlap"]
        for point in points:
            words = self._ledger.words(point)
            once = len(words) == 1 and not any(word.batch for word in words.values())
            if share and once and _draw(self._seed, point) < share:
                self._twice[point] = None
            else:
                self._twice.pop(point, None)

    def _end_leases(self) -> None:
        """Take the questions of people who were not heard of for long."""
        now = self._clock()
        for who in [w for w, at in self._seen.items() if now - at > _LEASE_SECONDS]:
            del self._seen[who]
            self._queues.pop(who, None)
            self._later.pop(who, None)


def _draw(seed: int, point: int) -> float:
    """Return a number from 0 to 1 that only seed and point decide."""
    digest = hashlib.blake2b(f"{seed} {point}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
