"""Threads that share an estimator or a session change it one after the other."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

P = ParamSpec("P")
R = TypeVar("R")

# Beside the objects and not in them, so that copies and pickles of these know nothing of locks.
_locks: WeakKeyDictionary[object, threading.RLock] = WeakKeyDictionary()
_guard = threading.Lock()


def turn_of(held: object) -> threading.RLock:
    """Return the lock that a thread holds while it changes this estimator or session."""
    with _guard:
        return _locks.setdefault(held, threading.RLock())


def in_turn(method: Callable[P, R]) -> Callable[P, R]:
    """Let a method wait until no other thread is in one of those of the same object.

    Methods that are in turn may call each other.
    """

    @functools.wraps(method)
    def waiting(*args: P.args, **kwargs: P.kwargs) -> R:
        with turn_of(args[0]):
            return method(*args, **kwargs)

    return waiting


def _forget() -> None:
    """In a child of fork, the threads that held a lock do not exist."""
    global _guard  # which may be held, too
    _guard = threading.Lock()
    _locks.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget)
