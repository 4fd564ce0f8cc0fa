"""The thread that keeps up: points, graph and models, and questions before they are needed."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from fewlabels.exceptions import FewLabelsError, InvalidInputError, LabellingError
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._snapshot import Reasons, Snapshot

if TYPE_CHECKING:
    from fewlabels.labelling._follower import Follower
    from fewlabels.labelling._points import Prepared, Stage

T = TypeVar("T")

_log = logging.getLogger(__name__)

# While answers keep coming, questions go first; but what the models answer is no older than this.
_OLDEST_SECONDS = 1.0
# Models that take longer than that leave as much time to questions as they took.
_LONG_SECONDS = 1.0
_FORGET = 0.8
# Questions that are ready for each person; more where the models take long.
_READY, _MOST_MORE = 3, 12
_REASONS_KEPT = 200
# What is under way may take long, and ends with the process.
_PATIENCE = 5.0


class Keeper:
    """One thread beside those of the people; see :meth:`run`.

    Attributes
    ----------
    stage : tuple of (str, float or None), or None
        What is being made, and the share that is done.
    problem : str
        Why there are no models; empty where there are, or will be.
    prepared : Prepared or None
    snapshot : Snapshot or None
    """

    def __init__(self, desk: Desk, prepare: Callable[[Stage], Prepared], seed: int) -> None:
        self._desk = desk
        self._prepare = prepare
        self._seed = seed
        self.stage: tuple[str, float | None] | None = ("points", None)
        self.problem = ""
        self.prepared: Prepared | None = None
        self.snapshot: Snapshot | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._idle = threading.Event()
        self._seconds = 0.0  # that the models took when they spoke last
        self._wanted: dict[int, None] = {}
        self._reasons: dict[int, Reasons] = {}
        self._tasks: deque[tuple[Callable[[Any], Any], Future[Any]]] = deque()
        self._ended = False
        self._thread = threading.Thread(target=self.run, name="fewlabels-keeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for the step that is under way, but not for long."""
        self._stopped = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def wake(self) -> None:
        """Say that there may be something to do."""
        self._idle.clear()
        self._wake.set()

    def settle(self, timeout: float) -> bool:
        """Wait until all is done that there is to do; return whether it is. For tests."""
        return self._idle.wait(timeout)

    def ask(self, task: Callable[[Any], T]) -> Future[T]:
        """Have a task done with the model that answers, between what else there is to do."""
        future: Future[T] = Future()
        self._tasks.append((task, future))
        if self._ended:
            self._refuse()
        self.wake()
        return future

    def reasons(self, point: int) -> Reasons | None:
        """Return why a point has its answer, or None and find out."""
        found, snapshot = self._reasons.get(point), self.snapshot
        if snapshot is None or (found is not None and found.seq == snapshot.seq):
            return found
        self._wanted[point] = None
        self.wake()
        return None

    def run(self) -> None:
        """Prepare, then keep up until stopped. Never raises."""
        try:
            self.prepared = self._prepare(self._at_stage)
            self._at_stage("model", None)
            while not self._stopped:
                try:
                    self._keep_up(self.prepared)
                except LabellingError as error:  # a full disk may be mended
                    self._fail(str(error))
                    self._wake.clear()
                    if not self._stopped:
                        self._wake.wait()
        except FewLabelsError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - labelling goes on without models
            _log.exception("the models of the label file can't be kept up")
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._ended = True
            self._refuse()

    def _keep_up(self, prepared: Prepared) -> None:
        """Follow the log from its beginning, until stopped or until a class has another name."""
        # what learns takes a second to load, and the first question does not wait for it
        from fewlabels.labelling._follower import Follower

        follower = Follower(self._desk, prepared, self._seed)
        chosen_at: object = None
        said_at: object = None
        due = 0.0
        while not self._stopped:
            self._wake.clear()
            if not follower.follow():
                return  # to begin anew with the names of now
            began = time.monotonic()
            if not self._choose(follower, stale=chosen_at != follower.mind.n_changes):
                continue  # somebody was quicker
            chosen_at = follower.mind.n_changes
            now = time.monotonic()
            if self._desk.last_seq > follower.seq and now - due < _OLDEST_SECONDS:
                continue
            if self._desk.settle():
                continue  # labels have changed
            news = (follower.mind.n_changes, self._goal())
            if said_at != news:
                if now < due:
                    self._wake.wait(due - now)
                    continue
                self._say(follower, *news[1])
                said_at = (follower.mind.n_changes, news[1])
                due = self._due_after(began)
                if chosen_at != follower.mind.n_changes:
                    continue  # checks begin or end: other questions are due
            self._explain(follower)
            self._do(follower)
            if not self._wake.is_set():
                self._idle.set()
                self._wake.wait()

    def _due_after(self, began: float) -> float:
        """Return when the models may speak again: where that is long, questions have their turn."""
        now = time.monotonic()
        # a choice with a check in it takes as long, for it needs the same models
        self._seconds = max(now - began, _FORGET * self._seconds)
        return now + (self._seconds if self._seconds > _LONG_SECONDS else 0.0)

    def _choose(self, follower: Follower, *, stale: bool) -> bool:
        """Choose questions if some are needed; False if that has to be done again."""
        # so many that they last while the models are at work, at a second an answer
        ready = _READY + min(int(self._seconds), _MOST_MORE)
        n_new, replaceable = self._desk.needs(ready)
        if n_new == 0 and not (stale and replaceable):
            return True
        choice = follower.mind.choose(n_new, replaceable if stale else ())
        if choice.asked is None and not choice.dropped:
            return True
        fed = self._desk.keep(choice.asked, choice.dropped, follower.seq, follower.encoded)
        if fed is None:
            return False
        follower.own(fed)
        self._desk.change()
        return True

    def _say(self, follower: Follower, accuracy: float, confidence: float) -> None:
        """Bring the models to the labels, and publish what they say."""
        model = follower.mind.answering()
        if model is None:
            self.snapshot = None
        else:
            advice, turn = follower.mind.advice(accuracy, confidence)
            if turn is not None:
                follower.own(self._desk.turn(turn, follower.seq), taken=True)
            self.snapshot = follower.snapshot(model, advice)
        self.stage, self.problem = None, ""
        self._desk.change()

    def _explain(self, follower: Follower) -> None:
        """Find out why, for the points that were asked about."""
        if not self._wanted or self.snapshot is None:
            return
        model = follower.mind.answering()
        while self._wanted and not self._stopped:
            point, _ = self._wanted.popitem()  # in one step: others ask meanwhile
            self._reasons[point] = follower.reasons(model, point, self.snapshot)
        while len(self._reasons) > _REASONS_KEPT:
            del self._reasons[next(iter(self._reasons))]
        self._desk.change()

    def _do(self, follower: Follower) -> None:
        """Do what others want of the model."""
        while self._tasks and not self._stopped:
            model = follower.mind.answering()
            task, future = self._tasks.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if model is None:
                    raise InvalidInputError("There is no label left to learn from.")
                future.set_result(task(model))
            except Exception as error:  # noqa: BLE001 - for whoever asked
                future.set_exception(error)

    def _refuse(self) -> None:
        """Tell whoever waits for the model that there is none any more."""
        while self._tasks:
            _, future = self._tasks.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(LabellingError(self.problem or "The label file was closed."))

    def _goal(self) -> tuple[float, float]:
        settings = self._desk.ledger.settings
        return settings["accuracy"], settings["confidence"]

    def _at_stage(self, name: str, share: float | None) -> None:
        before, self.stage = self.stage, (name, share)
        if self._stopped:
            raise LabellingError("the label file was closed.")
        if (
            before is None
            or before[0] != name
            or round(50 * (before[1] or 0)) != round(50 * (share or 0))
        ):
            self._desk.change()

    def _fail(self, problem: str) -> None:
        if not self._stopped:
            self.stage, self.problem = None, problem
            self._desk.change()
        self._idle.set()
