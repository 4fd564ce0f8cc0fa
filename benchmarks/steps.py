"""Where the time goes: look at what the main thread does, a hundred times a second.

Each look finds the innermost function of fewlabels, and gives its step the time since the look
before. Native code that holds the lock of Python delays a look; its caller is given the time then.
"""

from __future__ import annotations

import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Self

_SECONDS_BETWEEN = 0.01
OTHER = "the rest"
# Modules (by the start of their name, the longest that fits) and the step that they do. None: what
# they do is done for the caller, and is its step.
STEPS: dict[str, str | None] = {
    "fewlabels": None,
    "fewlabels.graph": "graph: neighbour search",
    "fewlabels.graph._build": "graph: weights and matrix",
    "fewlabels.graph._weights": "graph: weights and matrix",
    "fewlabels.graph._graph": "graph: weights and matrix",
    "fewlabels.graph._components": "graph: components",
    "fewlabels.graph._diagnosis": "graph: components",
    "fewlabels._progress": None,
    "fewlabels.graph._parallel": None,
    "fewlabels.systems": "fit: the system and its scale",
    "fewlabels.solvers": "fit: solve",
    "fewlabels.solvers._threads": None,
    "fewlabels.solvers._matrix": None,
    "fewlabels.models": "fit: check, and write the answers",
}


class Sampler:
    """Watch the thread that enters the context."""

    def __init__(self) -> None:
        self._watched = threading.get_ident()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each step, the longest first."""
        return dict(sorted(self._seconds.items(), key=lambda step: -step[1]))

    def _watch(self) -> None:
        before = time.perf_counter()
        while not self._ended.wait(_SECONDS_BETWEEN):
            step = step_of(sys._current_frames().get(self._watched))
            now = time.perf_counter()
            self._seconds[step] = self._seconds.get(step, 0.0) + now - before
            before = now


def step_of(frame: FrameType | None) -> str:
    """Return the step that the innermost frame of fewlabels belongs to."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        while name:
            if STEPS.get(name):
                return str(STEPS[name])
            if name in STEPS:
                break
            name = name.rpartition(".")[0]
        frame = frame.f_back
    return OTHER
