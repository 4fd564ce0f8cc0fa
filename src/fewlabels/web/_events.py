"""Server-sent events: what changed, told to each open page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

from fewlabels.web._questions import open_page
from fewlabels.web._source import Source

# More than people have tabs; each stream holds a connection.
_MOST_STREAMS = 32
# Proxies and laptops' networks forget a connection on which nothing is said for a minute.
_QUIET = 20.0
# Changes that come faster than this are told together.
_PAUSE = 0.05


class TooManyStreamsError(Exception):
    """No further page can be kept up to date at once."""


class Events:
    """The open streams; one subscription to the labelling serves them all."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._changed: set[asyncio.Event] = set()
        self._closed = False
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Listen to the labelling, from inside the running loop."""
        loop = asyncio.get_running_loop()

        def tell(_: int) -> None:
            # The labelling changes in threads of its own, and may do so after the loop's end.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self._unsubscribe = self._source.subscribe(tell)

    def close(self) -> None:
        """End all streams, so that the server can stop."""
        self._closed = True
        self._wake()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()

    def open(self, who: str) -> AsyncIterator[bytes]:
        """Open a stream of what one person's page shows, beginning with how it stands now."""
        if self._closed or len(self._changed) >= _MOST_STREAMS:
            raise TooManyStreamsError
        return self._stream(who)

    async def _stream(self, who: str) -> AsyncIterator[bytes]:
        told = b""
        changed = asyncio.Event()
        # Here, not in `open`: what was never begun, as where a page is closed at once, never ends.
        self._changed.add(changed)
        try:
            while not self._closed:
                changed.clear()
                page = await run_in_threadpool(open_page, self._source, who)
                now = json.dumps(page, separators=(",", ":")).encode()
                if now != told:
                    told = now
                    yield b"data: " + now + b"\n\n"
                await asyncio.sleep(_PAUSE)
                try:
                    await asyncio.wait_for(changed.wait(), _QUIET)
                except TimeoutError:
                    yield b":\n\n"
        finally:
            self._changed.discard(changed)
