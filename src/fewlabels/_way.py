"""Long work that lets more urgent work of another thread go first."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

T = TypeVar("T")

_of_thread = threading.local()


def give_way() -> None:
    """Let others go first, if this thread was told to; between steps of some milliseconds.

    Examples
    --------
    >>> from fewlabels._way import give_way
    >>> give_way()  # nobody was told to: it goes on
    """
    wait = getattr(_of_thread, "wait", None)
    if wait is not None:
        wait()


@contextlib.contextmanager
def giving_way(wait: Callable[[], object]) -> Iterator[None]:
    """Have what this thread computes call `wait` now and then, which returns when it may go on."""
    before = getattr(_of_thread, "wait", None)
    _of_thread.wait = wait
    try:
        yield
    finally:
        _of_thread.wait = before


class _EndedError(Exception):
    """What was under way is not wanted any more."""


def unless(due: Callable[[], bool], work: Callable[[], T]) -> T | None:
    """Return what `work` does; None if something else was due, and it ended early.

    It ends at a step at which it would let others go first, as if it had raised there.

    Examples
    --------
    >>> from fewlabels._way import give_way, unless
    >>> unless(lambda: True, give_way) is None
    True
    """

    def look() -> None:
        if due():
            raise _EndedError

    try:
        with giving_way(look):
            return work()
    except _EndedError:
        return None
