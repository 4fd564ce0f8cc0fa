"""The thread that keeps up: points, graph and models, and questions before they are needed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from fewlabels._way import giving_way
from fewlabels.exceptions import FewLabelsError, LabellingError
from fewlabels.labelling._desk import Desk
from fewlabels.labelling._errands import Errands
from fewlabels.labelling._queues import FIXED
from fewlabels.labelling._snapshot import PREDICTED, Predicted, Reasons, Snapshot

if TYPE_CHECKING:
    from fewlabels.labelling._follower import Follower
    from fewlabels.labelling._mind import Opinion
    from fewlabels.labelling._points import Prepared, Stage
    from fewlabels.labelling._speaker import Heard, Speaker
    from fewlabels.session._questions import Answers

T = TypeVar("T")

_log = logging.getLogger(__name__)

_FORGET = 0.8
# Questions that are ready for each person; more where they take long to choose.
_READY, _MOST_MORE = 3, 12
# What is predicted, and until when: labels, what was said, and the row that was learned.
_Told: TypeAlias = "tuple[tuple[int, Heard | None], Predicted, int]"
# What is under way may take long, and ends with the process.
_PATIENCE = 5.0


class Keeper:
    """One thread beside those of the people, which follows the log; see :meth:`run`.

    It chooses questions and publishes what is known as soon as an answer has come. The model whose
    answers count learns it meanwhile, in a thread of its own (`Speaker`); until it has, what it
    said is moved as far as the quick model that asks has moved.

    Parameters
    ----------
    desk : Desk
    prepare : callable
        Makes points and graph.
    seed : int
    keep : callable
        Called with what was predicted, and the mark of the log from which it follows, whenever
        nothing is left to do.

    Attributes
    ----------
    stage : tuple of (str, float or None), or None
        What is being made, and the share that is done.
    problem : str
        Why there are no models; empty where there are, or will be.
    prepared : Prepared or None
    snapshot : Snapshot or None
    reflected : int
        The row of the log up to which predictions and questions are.
    """

    def __init__(
        self,
        desk: Desk,
        prepare: Callable[[Stage], Prepared],
        seed: int,
        keep: Callable[[Predicted, str], object],
    ) -> None:
        self._desk = desk
        self._prepare = prepare
        self._seed = seed
        self._keep = keep
        self._kept = ""
        self._spoken: object = None
        self._told: _Told | None = None
        self.stage: tuple[str, float | None] | None = ("points", None)
        self.problem = ""
        self.prepared: Prepared | None = None
        self.snapshot: Snapshot | None = None
        self.reflected = 0
        self._wake = threading.Event()
        self._stopped = False
        self._idle = threading.Event()
        self._lock = threading.Lock()  # of `_wake` and `_idle` together
        self._seconds = 0.0  # that it took to choose questions, lately
        self._errands = Errands(self._no_model)
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
        with self._lock:
            self._idle.clear()
            self._wake.set()

    def settle(self, timeout: float) -> bool:
        """Wait until all is done that there is to do; return whether it is. For tests."""
        return self._idle.wait(timeout)

    def ask(self, task: Callable[[object], T]) -> Future[T]:
        """Have a task done with the model that answers, in its own thread."""
        future = self._errands.ask(task)
        self.wake()
        return future

    def reasons(self, point: int) -> Reasons | None:
        """Return why a point has its answer, or None and find out."""
        found, snapshot = self._errands.reasons(point), self.snapshot
        if snapshot is None or (found is not None and found.seq == snapshot.learned):
            return found
        self._errands.explain(point)
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
                    self._wake.clear()
                    self._fail(str(error))
                    self._errands.refuse()
                    if not self._stopped:
                        self._wake.wait()
        except FewLabelsError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - labelling goes on without models
            _log.exception("the models of the label file can't be kept up")
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._errands.end()

    def _keep_up(self, prepared: Prepared) -> None:
        """Follow the log from its beginning, until stopped or until a class has another name."""
        # what learns takes a second to load, and the first question does not wait for it
        from fewlabels.labelling._follower import Follower
        from fewlabels.labelling._speaker import Speaker

        follower = Follower(self._desk, prepared, self._seed)
        speaker = Speaker(follower.mind.learner, prepared.graph, self.wake)
        try:
            self._follow(follower, speaker)
        finally:
            speaker.stop()

    def _follow(self, follower: Follower, speaker: Speaker) -> None:
        chosen_at: object = None
        self._spoken = self._told = None
        while not self._stopped:
            self._wake.clear()
            speaker.hold()
            if not follower.follow():
                return  # to begin anew with the names of now
            self._collect(speaker)
            if self._desk.needs(FIXED)[0] == 0:
                self._tell(follower, speaker)  # nobody waits for a question
            began, changes, seq = time.monotonic(), follower.mind.n_changes, follower.seq
            if not self._choose(follower, speaker, stale=chosen_at != changes):
                continue  # somebody was quicker
            chosen_at = changes
            self._seconds = max(time.monotonic() - began, _FORGET * self._seconds)
            if self._desk.settle():
                continue  # labels have changed
            if not follower.follow():  # what was told of meanwhile
                return
            self._tell(follower, speaker)
            self.reflected = seq
            changes = follower.mind.n_changes
            self._speak(follower, speaker)
            if changes != follower.mind.n_changes:
                continue  # checks begin or end: other questions are due
            speaker.go_on()
            wait = self._learn(follower, speaker)
            self._errands.hand_on(speaker)
            due = self._wake.is_set
            while not due() and follower.mind.foresee(due):
                pass  # the next answers are reflected sooner
            if not self._wake.is_set():
                if wait is None and speaker.is_idle:
                    self._keep_predictions(follower.seq)
                    self._rest()
                self._wake.wait(wait)

    def _collect(self, speaker: Speaker) -> None:
        """Take what the model that answers has done."""
        found = speaker.collect()
        if found:
            self._errands.found(found)
            self._desk.change()

    def _rest(self) -> None:
        """Say that all is done, unless something came meanwhile."""
        with self._lock:
            if not self._wake.is_set():
                self._idle.set()

    def _choose(self, follower: Follower, speaker: Speaker, *, stale: bool) -> bool:
        """Choose questions if some are needed; False if that has to be done again."""
        # so many that they last while they are chosen, at a second an answer
        ready = _READY + min(int(self._seconds), _MOST_MORE)
        n_new, replaceable = self._desk.needs(ready)
        if n_new == 0 and not (stale and replaceable):
            return True
        checked = self._checked(follower, speaker)
        proven = follower.mind.is_proven(*self._goal())
        follower.mind.opinion()  # it is not to change while it is asked
        upto = follower.seq
        with giving_way(lambda: self._tell_between(follower, speaker)):
            choice = follower.mind.choose(
                n_new, replaceable if stale else (), checked, is_proven=proven
            )
        if choice.asked is None and not choice.dropped:
            return True
        fed = self._desk.keep(choice.asked, choice.dropped, upto, follower.encoded)
        if fed is None:
            return False
        follower.own(fed)
        self._desk.change()
        return True

    def _tell_between(self, follower: Follower, speaker: Speaker) -> None:
        """Publish what is predicted by answers that come while questions are chosen.

        What the choice goes by is not touched: the mind takes these answers after it, and the model
        sets new arrays.
        """
        if self.snapshot is None or self._desk.last_seq <= self.snapshot.seq:
            return
        came = follower.answers_since()
        if came is None:
            return
        with giving_way(lambda: None):
            told = self._predict(
                speaker, follower.mind.opinion_by(came.labels), came.at_change, follower.numbers
            )
        self._publish(told, came.seq, len(came.labels))

    def _checked(self, follower: Follower, speaker: Speaker) -> Answers | None:
        """Return the answers that random checks are about; None before there are any."""
        sequence = follower.mind.state.current
        if sequence is None:
            return None if speaker.heard is None else speaker.heard.said.answers
        return follower.mind.held.of(sequence, speaker.answers_at)

    def _predict(
        self, speaker: Speaker, now: Opinion, at_change: int, numbers: dict[str, int]
    ) -> _Told:
        """Return what is predicted now, and the row that the model that answers has learned."""
        # with all that learns, which the first question does not wait for
        from fewlabels.labelling._saying import first_said, moved

        heard = speaker.heard
        if self._told is not None and self._told[0] == (at_change, heard):
            return self._told
        if heard is None:
            predicted, learned = first_said(now, numbers), 0
        else:
            predicted, learned = heard.said.predicted, heard.said.seq
            if heard.lesson.at_change != at_change:
                predicted = moved(heard.said, heard.lesson.then, now, numbers)
        self._told = ((at_change, heard), predicted, learned)
        return self._told

    def _tell(self, follower: Follower, speaker: Speaker) -> None:
        """Publish what is predicted now; what the checks say follows when the next question is."""
        before, mind = self._told, follower.mind
        now = mind.opinion()
        if self.snapshot is None or now is None:
            self._speak(follower, speaker)
            return
        told = self._predict(speaker, now, mind.n_changes, follower.numbers)
        if told is not before:
            self._publish(told, follower.seq, len(mind.state.labels))

    def _publish(self, told: _Told, seq: int, n_labels: int) -> None:
        if self.snapshot is None:
            return
        _, predicted, learned = told
        self.snapshot = replace(
            self.snapshot,
            **{name: getattr(predicted, name) for name in PREDICTED},
            seq=seq,
            learned=learned,
            n_labels=n_labels,
        )
        self._desk.change()

    def _speak(self, follower: Follower, speaker: Speaker) -> None:
        """Publish what the models and the checks say now, where that is news."""
        from fewlabels.labelling._saying import snapshot_of

        mind, heard, reviewed = follower.mind, speaker.heard, speaker.reviewed
        goal = self._goal()
        news = (mind.n_changes, goal, heard, reviewed)
        if news == self._spoken:
            return
        now = mind.opinion()
        if now is None:
            self.snapshot = None
        else:
            told = self._predict(speaker, now, mind.n_changes, follower.numbers)
            _, predicted, learned = told
            if mind.to_hold is not None:
                mind.held.of(mind.to_hold, speaker.answers_at)
            advice, turn = mind.advice(*goal, reviewed.remarks)
            if turn == "checks_began":  # they are about the answers by all labels of now
                heard = speaker.learn_now(follower.lesson(now))
            if turn is not None:
                follower.own(self._desk.turn(turn, follower.seq))
            if turn == "checks_began" and heard is not None and mind.state.current is not None:
                mind.held.keep(mind.state.current, heard.said.answers)
            proven, held = mind.proven_sequence(advice), None
            if proven is not None:
                held = mind.standing(proven, mind.held.of(proven, speaker.answers_at))
            self.snapshot = snapshot_of(
                mind,
                predicted,
                reviewed,
                advice,
                seq=follower.seq,
                learned=learned,
                held=held,
                numbers=follower.numbers,
            )
        self._spoken = news
        self.stage, self.problem = None, ""
        self._desk.change()

    def _learn(self, follower: Follower, speaker: Speaker) -> float | None:
        """Let the model that answers learn what is new; return the seconds till it may, or None."""
        mind, heard = follower.mind, speaker.heard
        now = mind.opinion()
        if now is None:
            return None
        is_quiet = heard is not None and heard.lesson.at_change == mind.n_changes
        wait = None
        if not is_quiet:
            wait = speaker.learn(lambda: follower.lesson(now))
        speaker.review(is_quiet=is_quiet)
        return wait

    def _keep_predictions(self, seq: int) -> None:
        """Keep what is predicted by the log up to a row: an export then needs no models."""
        if self.snapshot is None:
            return
        mark = self._desk.mark(seq)
        if mark != self._kept:
            self._keep(self.snapshot, mark)
            self._kept = mark

    def _no_model(self) -> LabellingError:
        return LabellingError(self.problem or "The label file was closed.")

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
