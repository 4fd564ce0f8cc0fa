"""What changed is told to the open pages, and a page too many is turned away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any, cast

import pytest

from fewlabels.web import _events
from tests.web import double
from tests.web.served import TIMEOUT, Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving(double.digits(40)) as made:
        yield made


class Stream:
    """An open stream of events."""

    def __init__(self, served: Served, query: str = "") -> None:
        self.made = socket.create_connection(("127.0.0.1", served.listener.port), TIMEOUT)
        lines = [f"GET /api/events{query} HTTP/1.1", f"Host: {served.host}"]
        self.made.sendall("\r\n".join([*lines, f"Cookie: {served.cookie}", "", ""]).encode())
        self.held = self.made.makefile("rb")
        self.status = int(self.held.readline().split()[1])
        self.headers = b"".join(iter(self.held.readline, b"\r\n")).decode().lower()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: Any) -> None:
        self.held.close()
        self.made.close()

    def told(self) -> Any:
        """The next event, or None at the end."""
        for line in self.held:
            if line.startswith(b"data: "):
                return json.loads(line[6:])
        return None


def test_a_stream_begins_with_how_it_stands_and_tells_each_change(served: Served) -> None:
    with Stream(served) as stream:
        assert "text/event-stream" in stream.headers
        first = stream.told()
        assert first["state"]["n_labelled"] == 0
        assert len(first["questions"]) == 3
        served.source.answer("bob", "k", 5, 1)
        assert stream.told()["state"]["n_labelled"] == 1


def test_a_stream_is_of_one_person(served: Served) -> None:
    with Stream(served, "?who=bob") as stream:
        assert stream.told()["who"] == "bob"


def test_a_stream_too_many_is_refused_until_another_ends(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_events, "_MOST_STREAMS", 2)
    with Stream(served) as first, Stream(served) as second:
        assert first.told()
        assert second.told()
        with Stream(served) as third:
            assert third.status == 503
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        served.source.tell()  # a write to a closed connection is what shows that it is closed
        with Stream(served) as again:
            if again.status == 200:
                break
    assert again.status == 200


def test_a_page_that_is_closed_before_its_stream_begins_takes_no_place() -> None:
    events = _events.Events(double.digits(10))
    for _ in range(2 * _events._MOST_STREAMS):
        asyncio.run(cast(AsyncGenerator[bytes], events.open("ann")).aclose())
    assert not events._changed


def test_streams_end_with_the_server() -> None:
    with serving(double.digits(10)) as made:
        stream = Stream(made)
        assert stream.told()
    with stream:
        assert stream.told() is None
    assert not made.source.callbacks


def test_a_quiet_stream_is_kept_open(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_events, "_QUIET", 0.01)
    with Stream(served) as stream:
        stream.told()
        lines = [line for line in (stream.held.readline() for _ in range(6)) if line == b":\n"]
        assert lines
