"""A page that is served, and requests to it, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from fewlabels.web import Listener, open_listener
from fewlabels.web._serving import Server

TIMEOUT = 180  # of a machine that does ten other things


@dataclass
class Reply:
    """What came back; status 0 where the connection was closed without an answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} came {len(found)} times"
        return found[0] if found else None

    def json(self) -> Any:
        assert self.header("content-type") == "application/json"
        return json.loads(self.body)


@dataclass
class Served:
    """A server that runs in a thread."""

    listener: Listener
    source: Any

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.listener.port}"

    @property
    def cookie(self) -> str:
        access = self.listener.access
        return f"{access.cookie}={access.session}"

    def raw(self, sent: bytes) -> Reply:
        """Send bytes as they are, and read what comes back until it is whole."""
        with socket.create_connection(("127.0.0.1", self.listener.port), TIMEOUT) as made:
            try:
                made.sendall(sent)
                return read_reply(made)
            except ConnectionError:
                return Reply(0, [], b"")

    def request(
        self,
        method: str,
        target: str,
        body: bytes | Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Reply:
        """Send what our own page would; headers replace its own, and None leaves one out."""
        usual: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie}
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if method == "POST":
            usual["Origin"] = f"http://{self.host}"
            usual["Content-Type"] = "application/json"
        if sent is not None:
            usual["Content-Length"] = str(len(sent))
        named = {name.lower() for name in headers or {}}
        kept = {name: value for name, value in usual.items() if name.lower() not in named}
        lines = [f"{method} {target} HTTP/1.1", "Connection: close"]
        for name, value in {**kept, **(headers or {})}.items():
            if value is not None:
                lines.append(f"{name}: {value}")
        head = "\r\n".join([*lines, "", ""]).encode("utf-8")
        return self.raw(head + (sent or b""))

    def get(self, target: str, **headers: str | None) -> Reply:
        return self.request("GET", target, headers=headers)

    def post(self, target: str, body: Any, **headers: str | None) -> Reply:
        return self.request("POST", target, body, headers)


def read_reply(made: socket.socket) -> Reply:
    held = b""
    while chunk := made.recv(65_536):
        held += chunk
        head, gap, rest = held.partition(b"\r\n\r\n")
        length = b"content-length: "
        at = head.lower().find(length)
        if gap and at >= 0 and len(rest) >= int(head[at + len(length) :].split(b"\r\n")[0]):
            break
    if not held:
        return Reply(0, [], b"")
    head, _, body = held.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(":") for line in lines]
    return Reply(int(first.split()[1]), [(k.lower(), v.strip()) for k, _, v in pairs], body)


@contextmanager
def serving(source: Any, who: str = "ann", **options: Any) -> Iterator[Served]:
    """Serve a labelling in a thread, and end it."""
    listener = open_listener(**options)
    ready = threading.Event()
    server = Server(listener, source, who, ready.set)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        assert ready.wait(TIMEOUT), "the server did not start"
        yield Served(listener, source)
    finally:
        server.should_exit = True
        thread.join(TIMEOUT)
        assert not thread.is_alive(), "the server did not end"
