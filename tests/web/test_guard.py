"""Who is let in, and what each response says of itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from fewlabels.exceptions import InvalidInputError
from fewlabels.web._access import Access, is_loopback, parse_origin
from fewlabels.web._guard import Guard
from tests.web import double
from tests.web.served import Served, serving


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(double.digits(20)) as made:
        yield made


def test_the_printed_address_gives_the_cookie_and_leads_to_the_page(served: Served) -> None:
    target = served.listener.address.removeprefix(served.listener.origin)
    reply = served.get(target, Cookie=None)
    assert reply.status == 303
    assert reply.header("location") == "/"
    kept = reply.header("set-cookie")
    assert kept == f"{served.cookie}; Path=/; HttpOnly; SameSite=Strict"
    assert served.get("/", Cookie=served.cookie).status == 200


def test_a_link_from_elsewhere_may_open_the_page(served: Served) -> None:
    target = served.listener.address.removeprefix(served.listener.origin)
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Cookie": None}
    assert served.get(target, **from_elsewhere).status == 303
    # The browser holds the strict cookie back on the way; one click on, it is sent.
    reply = served.get("/", **from_elsewhere)
    assert reply.status == 401
    assert b'<a href="/">' in reply.body


def test_localhost_is_the_same_machine(served: Served) -> None:
    name = f"localhost:{served.listener.port}"
    assert served.get("/api/state", Host=name).status == 200
    body = {"key": "k", "settings": {"suggestions": True}}
    assert served.post("/api/settings", body, Host=name, Origin=f"http://{name}").status == 200


@pytest.mark.parametrize(
    "target", ["/", "/page/main.js", "/api/state", "/api/picture/0", "/api/item/99", "/nothing"]
)
def test_every_response_is_kept_out_of_caches_and_other_pages(served: Served, target: str) -> None:
    reply = served.get(target)
    policy = reply.header("content-security-policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert reply.header("content-security-policy-report-only") is None
    assert reply.header("x-content-type-options") == "nosniff"
    assert reply.header("referrer-policy") == "no-referrer"
    assert reply.header("cross-origin-opener-policy") == "same-origin"
    assert reply.header("cross-origin-resource-policy") == "same-origin"
    assert reply.header("cache-control") == "no-store"
    assert reply.header("server") is None


def test_the_secrets_differ_and_are_long() -> None:
    made = [Access.of(["http://127.0.0.1:1"], 1) for _ in range(3)]
    secrets = {secret for access in made for secret in (access.token, access.session)}
    assert len(secrets) == 6
    assert min(map(len, secrets)) >= 43
    assert not any(secret in repr(made) for secret in secrets)


def test_the_token_is_in_no_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    target = served.listener.address.removeprefix(served.listener.origin)
    served.get(target, Cookie=None)
    served.raw(f"GET {target} HTTP/9.9\r\n\r\n".encode())
    assert served.listener.access.token not in caplog.text


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(shown: bytes, kept: bytes) -> bool:
        compared.append((shown, kept))
        return shown == kept

    monkeypatch.setattr("hmac.compare_digest", compare)
    access = Access.of(["http://127.0.0.1:1"], 1)
    assert access.grants_token(access.token)
    assert not access.grants_token("é")
    assert access.grants_cookie(f"{access.cookie}={access.session}".encode())
    assert len(compared) == 3


def answer(scope: dict[str, Any], messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the guard sends, before an application that would read the whole body."""
    access = Access.of(["http://127.0.0.1:1"], 1)
    sent: list[dict[str, Any]] = []
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            sent.append({"type": "read", "n": len(message["body"])})

    headers = [(b"host", b"127.0.0.1:1"), (b"origin", b"http://127.0.0.1:1")]
    cookie = f"{access.cookie}={access.session}".encode()
    headers += [(b"cookie", cookie), (b"content-type", b"application/json")]
    full = {
        "type": "http",
        "method": "POST",
        "path": "/api/undo",
        "raw_path": b"/api/undo",
        "query_string": b"",
        "headers": [*headers, (b"content-length", b"10")],
        **scope,
    }
    asyncio.run(Guard(app, access)(full, receive, send))
    return sent


def test_a_body_longer_than_it_said_ends_like_a_lost_connection() -> None:
    part = {"type": "http.request", "body": b" " * 40_000, "more_body": True}
    assert answer({}, [part, part, part]) == [{"type": "read", "n": 40_000}]


def test_only_http_is_let_in() -> None:
    closed = answer({"type": "websocket"}, [])
    assert closed == [{"type": "websocket.close", "code": 1008}]


def test_a_mounted_or_rewritten_path_is_refused() -> None:
    for scope in ({"root_path": "/x"}, {"path": "/api/state"}):
        assert answer(scope, [])[0]["status"] == 404


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("https://Label.Example.org", "https://label.example.org"),
        ("https://label.example.org:443/", "https://label.example.org"),
        ("https://label.example.org:8443", "https://label.example.org:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://10.0.0.7:8000", "https://10.0.0.7:8000"),
    ],
)
def test_origins_are_brought_to_the_form_that_browsers_send(text: str, parsed: str) -> None:
    assert parse_origin(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "label.example.org",
        "https://",
        "https://*.example.org",
        "https://label.example.org/path",
        "https://label.example.org?x",
        "https://me@label.example.org",
        "https://label.example.org:x",
        "https://label_.example.org",
        "https://.example.org",
        "ftp://label.example.org",
        "https://label.example.org https://evil.example",
        "https://[::1",
        "http://label.example.org",
        "http://10.0.0.7:8000",
    ],
)
def test_what_is_no_origin_or_travels_in_the_clear_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_origin(text)


def test_loopback_is_this_machine_only() -> None:
    for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"):
        assert is_loopback(host)
    for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.nip.io"):
        assert not is_loopback(host)
