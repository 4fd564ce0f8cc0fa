"""The gate before everything else: what isn't asked for by our own page is turned away.

It reads the raw request (no framework has rewritten paths, hosts or methods yet), and knows
nothing of what is behind it. A route can't forget to ask it.
"""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fewlabels.web._access import Access

_PATH = re.compile(rb"/[a-z0-9_.-]*(/[a-z0-9_.-]+)*\Z")
_LONGEST_QUERY = 4_096
_LONGEST_HEADERS = 16_384
_BODY = 64 * 1024
# A selection on the map: up to 100,000 points of up to seven digits.
_LONG_BODY = 1024 * 1024
_LONG_BODIES = frozenset({"/api/confirm"})

# Nothing from elsewhere, nothing inline, no text that becomes markup or code.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"cache-control", b"no-store"),
]

_NO_KEY = "This page needs the whole address that fewlabels printed, with its token."
# Where another site's page led here, the browser holds the new cookie back until the next click.
_NO_KEY_PAGE = f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>fewlabels</title>
<h1>fewlabels</h1><p>{_NO_KEY}</p><p><a href="/">I have just opened it: go on</a></p></html>
"""


class _RefusedError(Exception):
    """The request goes no further."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Guard:
    """Let through what our own page asks, and give each response its headers.

    In this order: the kind of connection, one known Host, a known method, a known Origin where
    there is one (and always where something is changed), not sent by another site's page, a
    path without any trick, the token or the cookie, a small body of JSON.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = {name for name, _ in _HEADERS}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in ours]
                message = {**message, "headers": [*kept, *_HEADERS]}
            await send(message)

        try:
            landing = self._check(scope)
        except _RefusedError as refused:
            await _refuse(send_with_headers, scope["path"], refused)
            return
        if landing:
            cookie = self.access.set_cookie(_Headers(scope["headers"]).one(b"host") or b"")
            headers = [(b"location", b"/"), (b"set-cookie", cookie.encode())]
            await _answer(send_with_headers, 303, b"", headers)
            return
        limited = _Limited(receive, _limit_of(scope["path"]))
        await self.app(scope, limited, send_with_headers)

    def _check(self, scope: Scope) -> bool:
        """Raise unless the request is ours; True for the address with the token."""
        headers = _Headers(scope["headers"])
        if sum(len(name) + len(value) for name, value in headers.pairs) > _LONGEST_HEADERS:
            raise _RefusedError(431, "The headers are too long.")
        if headers.one(b"host") not in self.access.hosts:
            raise _RefusedError(421, "This server does not answer to that name.")
        method = scope["method"]
        if method not in {"GET", "POST"}:
            raise _RefusedError(405, "Only GET and POST are known here.")
        origin = headers.one(b"origin") or b""
        if origin not in self.access.origins and (origin or method == "POST"):
            raise _RefusedError(403, "Another site may not ask.")
        path = _plain_path(scope)
        landing = path == "/" and self._holds_token(method, scope["query_string"])
        if landing:
            return True
        # A link elsewhere may lead to the page, which holds no data; nothing else is for others.
        site = headers.one(b"sec-fetch-site") or b"none"
        if site not in {b"same-origin", b"none"} and path != "/":
            raise _RefusedError(403, "Another site may not ask.")
        if not self.access.grants_cookie(headers.one(b"cookie") or b""):
            raise _RefusedError(401, _NO_KEY)
        _check_body(method, headers, _limit_of(path))
        return False

    def _holds_token(self, method: str, query: bytes) -> bool:
        # One parameter and no other, so that nothing else can travel with the token.
        shown = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
        return (
            method == "GET"
            and len(shown) == 1
            and shown[0][0] == "token"
            and self.access.grants_token(shown[0][1])
        )


class _Headers:
    """Headers by name, of which each may come once."""

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self.pairs = [(name.lower(), value) for name, value in pairs]

    def one(self, name: bytes) -> bytes | None:
        """Give the header of that name, None where there is none."""
        found = [value for key, value in self.pairs if key == name]
        if len(found) > 1:
            raise _RefusedError(400, f"There are {len(found)} headers {name.decode()}.")
        return found[0] if found else None


def _plain_path(scope: Scope) -> str:
    """Give the path, if it is one that we could have given out: no escapes, dots or doubled /."""
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    segments = raw.split(b"/")
    if not _PATH.match(raw) or any(part.startswith(b".") for part in segments):
        raise _RefusedError(404, "There is no such page.")
    if scope.get("root_path") or scope["path"].encode("utf-8", "replace") != raw:
        raise _RefusedError(404, "There is no such page.")
    if len(scope["query_string"]) > _LONGEST_QUERY:
        raise _RefusedError(414, "The address is too long.")
    return str(scope["path"])


def _limit_of(path: str) -> int:
    return _LONG_BODY if path in _LONG_BODIES else _BODY


def _check_body(method: str, headers: _Headers, most: int) -> None:
    """Refuse a body by what is said of it, before any of it is read."""
    for name in (b"transfer-encoding", b"content-encoding"):
        if headers.one(name) is not None:
            raise _RefusedError(411, "Send the body plainly, with its length.")
    length = headers.one(b"content-length")
    if method == "GET":
        if length not in {None, b"0"}:
            raise _RefusedError(400, "A GET has no body.")
        return
    if headers.one(b"content-type") != b"application/json":
        raise _RefusedError(415, "Only application/json is read.")
    if length is None or not length.isdigit() or len(length) > 12:
        raise _RefusedError(411, "The body's length is missing.")
    if int(length) > most:
        raise _RefusedError(413, f"The body is longer than {most} bytes.")


class _Limited:
    """Receive, but never more than was allowed, whatever was said of it."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.receive = receive
        self.left = most

    async def __call__(self) -> Message:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            return {"type": "http.disconnect"}
        return message


async def _refuse(send: Send, path: str, refused: _RefusedError) -> None:
    if path.startswith("/api/"):
        body, kind = json.dumps({"error": refused.why}).encode(), b"application/json"
    elif path == "/" and refused.status == 401:
        body, kind = _NO_KEY_PAGE.encode(), b"text/html; charset=utf-8"
    else:
        body, kind = refused.why.encode(), b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"connection", b"close")]
    await _answer(send, refused.status, body, headers)


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
