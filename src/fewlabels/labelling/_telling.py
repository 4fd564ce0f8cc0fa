"""What has changed is told: a number that grows, and those who wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Telling:
    """What tells that something has changed, to threads that wait and to functions that are called.

    Attributes
    ----------
    version : int
        Grows with each change.
    lock : RLock
        Of `version`, and of all that may be read by those who are told.
    """

    def __init__(self) -> None:
        self.version = 0
        self.lock = threading.RLock()
        self._changed = threading.Condition(self.lock)
        self._listeners: list[Callable[[int], None]] = []

    def change(self) -> None:
        """Grow the version, and tell who listens."""
        with self._changed:
            self.version += 1
            version, listeners = self.version, list(self._listeners)
            self._changed.notify_all()
        for callback in listeners:
            callback(version)

    def wait(self, version: int, timeout: float | None) -> int:
        """Wait until the version is another."""
        with self._changed:
            self._changed.wait_for(lambda: self.version != version, timeout)
            return self.version

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Call `callback(version)` after each change; return what ends that."""
        with self.lock:
            self._listeners.append(callback)

        def end() -> None:
            with self.lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return end
