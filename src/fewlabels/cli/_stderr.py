"""Standard error may be full, closed or a pipe that nobody reads: the work is done all the same."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO, cast


@contextlib.contextmanager
def forgiving_standard_error() -> Iterator[None]:
    """Let what is written to ``sys.stderr`` in the block be lost where it can't be written.

    Descriptors that are closed are given to the null device first: else the first files to be
    opened would get their numbers, and what a library writes to "standard error" would go there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the smallest number that is free
    before: TextIO | None = sys.stderr
    if before is None:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no path of ours
            sys.stderr = nowhere
            try:
                yield
            finally:
                sys.stderr = before
        return
    sys.stderr = cast(TextIO, _Forgiving(before))  # all of a TextIO but its class
    try:
        yield
    finally:
        sys.stderr = before


class _Forgiving:
    """A text stream whose `write` and `flush` never fail for the reason that the system gives."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with self._losing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._losing():
            self._stream.flush()

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._stream, name)
        return found

    @contextlib.contextmanager
    def _losing(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            with contextlib.suppress(OSError):
                # what is buffered is lost, or the interpreter would fail over it at the end
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, self._stream.fileno())
                os.close(nowhere)
