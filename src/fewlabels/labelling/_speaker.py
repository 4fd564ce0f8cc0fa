"""The model that answers, in a thread of its own: it learns longer than anybody waits."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TypeVar

from fewlabels._way import giving_way
from fewlabels.graph import Graph
from fewlabels.labelling._mind import Opinion
from fewlabels.labelling._saying import Reviewed, Said, reviewed_by_model, said_by_model
from fewlabels.labelling._snapshot import Reasons
from fewlabels.session._labels import Label
from fewlabels.session._learner import ModelLearner
from fewlabels.session._points import quiet_blas
from fewlabels.session._questions import Answers

T = TypeVar("T")

_REASONS = 12
# Rounds that take longer than that leave as much time to others as they took.
_LONG_SECONDS = 1.0
# While labels keep coming, they are reviewed no more often than that, nor for a tenth of the time.
_REVIEW_SECONDS, _REVIEW_SHARE = 10.0, 0.1
_PATIENCE = 5.0


@dataclass(frozen=True, eq=False)
class Lesson:
    """Labels that are to be learned.

    Attributes
    ----------
    labels : dict from point to label
    then : Opinion
        Of the model that asks, by these labels.
    at_change : int
        Says which labels they are.
    seq : int
        The row of the log up to which they are.
    numbers : dict from class name to class number
    """

    labels: dict[int, Label]
    then: Opinion
    at_change: int
    seq: int
    numbers: dict[str, int]


@dataclass(frozen=True, eq=False)
class Heard:
    """What was said, and what it comes from."""

    said: Said
    lesson: Lesson


class Speaker:
    """The model that answers. The keeper alone calls it; one thread works.

    Parameters
    ----------
    learner : ModelLearner
        Of its models the one that answers is used here alone.
    graph : Graph
    done : callable
        Called when something that was begun has ended.

    Attributes
    ----------
    heard : Heard or None
        What was said last.
    reviewed : Reviewed
        What was said last of the labels themselves.
    """

    def __init__(self, learner: ModelLearner, graph: Graph, done: Callable[[], None]) -> None:
        self._learner = learner
        self._graph = graph
        self._done = done
        self.heard: Heard | None = None
        self.reviewed = Reviewed(0)
        self._learned: Heard | None = None  # last; of the worker alone
        self._round: Future[Heard] | None = None
        self._review: Future[Reviewed] | None = None
        self._reasons: list[tuple[int, Future[Reasons]]] = []
        self._due = 0.0
        self._review_due = 0.0
        self._may_go_on = threading.Event()  # nobody waits for the keeper
        self._may_go_on.set()
        self._began = self._waited = 0.0  # of the job, and how long for the keeper; of the worker
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # It may be in a long solve when the process ends, which must not wait for it.
        self._thread = threading.Thread(target=self._work, name="fewlabels-speaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; waits for what is under way, but not for long."""
        self.go_on()
        self._jobs.put(None)
        self._thread.join(_PATIENCE)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        return self._round is None and self._review is None and not self._reasons

    def hold(self) -> None:
        """Let the keeper go first, for whom somebody waits: they share the cores."""
        self._may_go_on.clear()

    def go_on(self) -> None:
        """Nobody waits for the keeper any more."""
        self._may_go_on.set()

    def collect(self) -> list[tuple[int, Reasons]]:
        """Take what has ended, and return the reasons that were found; raise what went wrong."""
        if self._round is not None and self._round.done():
            ended, self._round = self._round, None
            self.heard = ended.result()
        if self._review is not None and self._review.done():
            ended_review, self._review = self._review, None
            self.reviewed = ended_review.result()
        found = [(point, job) for point, job in self._reasons if job.done()]
        self._reasons = [each for each in self._reasons if not each[1].done()]
        return [(point, job.result()) for point, job in found]

    def learn(self, lesson: Callable[[], Lesson]) -> float | None:
        """Begin to learn, if it is time; return the seconds till it may be, or None.

        None: it has begun, or what is under way says when it has ended.
        """
        if self._round is not None:
            return None
        wait = self._due - time.monotonic()
        if wait > 0:
            return wait
        self._round = self._learning(lesson())
        return None

    def learn_now(self, lesson: Lesson) -> Heard:
        """Learn, and wait for it."""
        self.go_on()
        self.heard = self._learning(lesson).result()
        self._round = None
        return self.heard

    def answers_at(self, labels: Mapping[int, Label]) -> Answers:
        """Return what the model said with the labels of another time; waits for it."""
        self.go_on()
        given = dict(labels)
        return self._submit(lambda: Answers.of(self._learner.answering(given), len(given))).result()

    def review(self, *, is_quiet: bool) -> None:
        """Begin to look at the labels that were learned last, if it is time.

        Parameters
        ----------
        is_quiet : bool
            Whether no label came since.
        """
        if self.heard is None or self._review is not None:
            return
        lesson = self.heard.lesson
        is_time = is_quiet or time.monotonic() >= self._review_due
        if self.reviewed.seq == lesson.seq or not is_time:
            return

        def look() -> Reviewed:
            began = time.monotonic()
            model = self._learner.answering(lesson.labels)
            with quiet_blas(self._graph):
                found = reviewed_by_model(
                    model, self._graph, lesson.labels, lesson.seq, lesson.numbers
                )
            now = time.monotonic()
            self._review_due = now + max(_REVIEW_SECONDS, (now - began) / _REVIEW_SHARE)
            return found

        self._review = self._submit(look)

    def explain(self, point: int) -> None:
        """Begin to find the labelled points that the last answer to a point comes from."""
        heard = self.heard
        if heard is None:
            return

        def find() -> Reasons:
            last = self._learned or heard  # what is learned by then is the news
            said, lesson = last.said, last.lesson
            # others may have had it learn the labels of another time
            model = self._learner.answering(lesson.labels)
            class_id = int(said.predicted.codes[point])
            if class_id < 0 or not hasattr(model, "explain"):
                return Reasons(said.seq, None if class_id < 0 else class_id, ())
            with quiet_blas(self._graph):
                top = model.explain(point).top(_REASONS)
            shares = tuple((node, share, lesson.numbers[label]) for node, label, share in top)
            return Reasons(said.seq, class_id, shares)

        self._reasons.append((point, self._submit(find)))

    def lend(self, lesson: Lesson, task: Callable[[object], T], future: Future[T]) -> None:
        """Have something done with the model as a lesson left it, or a later one; tell a future."""

        def work() -> T:
            last = self._learned  # by then, what was under way is learned
            return task(self._learner.answering((last.lesson if last else lesson).labels))

        self._queue(work, future)

    def _learning(self, lesson: Lesson) -> Future[Heard]:
        def learn() -> Heard:
            began = time.monotonic()
            model = self._learner.answering(lesson.labels)
            with quiet_blas(self._graph):
                said = said_by_model(model, len(lesson.labels), lesson.seq, lesson.numbers)
            said = replace(said, predicted=said.predicted.without_unread(self._graph))
            self._learned = Heard(said, lesson)
            now = time.monotonic()
            self._due = 2 * now - began if now - began > _LONG_SECONDS else now
            return self._learned

        return self._submit(learn)

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._queue(work, future)
        return future

    def _queue(self, work: Callable[[], T], future: Future[T]) -> None:
        def job() -> None:
            if not future.set_running_or_notify_cancel():
                return  # whoever asked has gone
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is asked for
                future.set_exception(error)

        self._jobs.put(job)

    def _work(self) -> None:
        with giving_way(self._give_way):
            while (job := self._jobs.get()) is not None:
                self._began, self._waited = time.monotonic(), 0.0
                job()
                self._done()

    def _give_way(self) -> None:
        """Wait while the keeper is at work, in all no longer than this job has worked."""
        if self._may_go_on.is_set():
            return
        now = time.monotonic()
        left = now - self._began - 2 * self._waited
        if left > 0:
            self._may_go_on.wait(left)
            self._waited += time.monotonic() - now
