"""Warnings that are left unsaid for a while, in one thread alone.

`warnings.catch_warnings` changes the filters of the whole process: of two threads that use it at
once, one puts back what the other had set.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

_unsaid: ContextVar[frozenset[type[Warning]]] = ContextVar("_unsaid", default=frozenset())


@contextlib.contextmanager
def unsaid(*categories: type[Warning]) -> Iterator[None]:
    """Leave the package's own warnings of these categories unsaid within the block."""
    token = _unsaid.set(_unsaid.get().union(categories))
    try:
        yield
    finally:
        _unsaid.reset(token)


def is_unsaid(category: type[Warning]) -> bool:
    """Tell whether warnings of this category are to be left out here."""
    return category in _unsaid.get()
