"""What people want of the model that answers: reasons, and work with the model itself."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from fewlabels._typing import Function, Package
from fewlabels.exceptions import LabellingError
from fewlabels.labelling._snapshot import Reasons

if TYPE_CHECKING:
    from fewlabels.labelling._speaker import Speaker

T = TypeVar("T")

_REASONS_KEPT = 200


class Errands:
    """What waits for the model that answers. Threads may ask; the keeper alone hands it on.

    Parameters
    ----------
    no_model : callable
        Returns what is told to those who wait where there is no model.
    """

    def __init__(self, no_model: Callable[[], LabellingError]) -> None:
        self._no_model = no_model
        self._wanted: dict[int, None] = {}
        self._reasons: dict[int, Reasons] = {}
        self._tasks: deque[tuple[Function, Future[Package]]] = deque()
        self._lock = threading.Lock()
        self._ended = False

    def ask(self, task: Callable[[object], T]) -> Future[T]:
        """Have a task done with the model, in its own thread."""
        future: Future[T] = Future()
        with self._lock:
            ended = self._ended
            if not ended:
                self._tasks.append((task, future))
        if ended:
            future.set_exception(self._no_model())
        return future

    def reasons(self, point: int) -> Reasons | None:
        """Return the reasons that were found last, if any."""
        return self._reasons.get(point)

    def explain(self, point: int) -> None:
        """Have reasons found, or found anew."""
        self._wanted[point] = None

    def found(self, reasons: list[tuple[int, Reasons]]) -> None:
        """Keep reasons, of many the last ones."""
        self._reasons.update(reasons)
        while len(self._reasons) > _REASONS_KEPT:
            del self._reasons[next(iter(self._reasons))]

    def hand_on(self, speaker: Speaker) -> None:
        """Begin with all that is wanted, once there is a model."""
        while self._wanted and speaker.heard is not None:
            point, _ = self._wanted.popitem()  # in one step: others ask meanwhile
            speaker.explain(point)
        while self._tasks and speaker.heard is not None:
            speaker.lend(speaker.heard.lesson, *self._tasks.popleft())

    def refuse(self) -> None:
        """Tell whoever waits that there is no model."""
        while self._tasks:
            _, future = self._tasks.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(self._no_model())

    def end(self) -> None:
        """Refuse, from now on."""
        with self._lock:
            self._ended = True
        self.refuse()
