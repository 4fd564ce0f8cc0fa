"""Requests that a hostile page, network or row of data may lead to: none succeeds.

In groups by how such tools were broken into before. Each is sent over a socket, byte for byte,
and where it says nothing else with the right Host, cookie and Origin: what is tried is the only
thing that is wrong with it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import pytest

from tests.web import double
from tests.web.served import Reply, Served, serving

SECRET = "SECRET-OF-A-ROW"
Attack = Callable[[Served], Reply]
ATTACKS: dict[str, Attack] = {}

READS = [
    "/api/state",
    "/api/questions",
    "/api/item/0",
    "/api/picture/0",
    "/api/why/0",
    "/api/similar/0",
    "/api/neighbourhood",
    "/api/suspects",
    "/api/doubtful",
    "/api/answers",
    "/api/search?text=a",
    "/api/progress",
    "/api/people",
    "/api/disagreements",
    "/api/map",
    "/api/export?format=csv",
    "/api/events",
]
WRITES = {
    "answer": {"point": 1, "class_id": 0},
    "relabel": {"point": 1, "class_id": 0},
    "confirm": {"points": [1, 2], "class_id": 0},
    "skip": {"point": 1},
    "later": {"point": 1},
    "undo": {},
    "redo": {},
    "class": {"name": "hacked"},
    "settings": {"settings": {"suggestions": False}},
}
ANSWER = {**WRITES["answer"], "key": "hostile"}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    source = double.texts(20, more=[f"{SECRET} <script>alert(1)</script>"])
    source.name = "</script><script>alert(1)</script>"
    source.answer("ann", "first", 0, 1)
    with serving(source) as made:
        yield made


def gets(group: str, targets: list[str], **headers: str | None) -> None:
    for target in targets:
        name = f"{group}: GET {target} {headers or ''}"
        ATTACKS[name] = lambda at, target=target: at.get(target, **headers)


def posts(group: str, **headers: str | None) -> None:
    for path, body in WRITES.items():
        name = f"{group}: POST {path} {headers}"
        ATTACKS[name] = lambda at, path=path, body=body: at.post(
            f"/api/{path}", {**body, "key": "hostile"}, **headers
        )


def each(group: str, attacks: dict[str, Attack]) -> None:
    ATTACKS.update({f"{group}: {name}": attack for name, attack in attacks.items()})


def with_port(text: str) -> Callable[[Served], str]:
    return lambda at: text.replace("PORT", str(at.listener.port))


# 1 Any origin, and a route by path
EVIL = "https://evil.example"
gets("1 another origin", ["/api/state", "/api/export?format=csv", "/page/main.js"], Origin=EVIL)
gets("1 sent by another site", ["/api/state", "/page/main.js"], **{"Sec-Fetch-Site": "cross-site"})
gets("1 sent by a neighbour", ["/api/state"], **{"Sec-Fetch-Site": "same-site"})
posts("1 another origin", Origin=EVIL)
each(
    "1 preflight",
    {
        path: lambda at, path=path: at.request(
            "OPTIONS",
            f"/api/{path}",
            headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"},
        )
        for path in WRITES
    },
)
gets(
    "1 a route by path",
    [
        "/media?filepath=/etc/passwd",
        "/file/etc/passwd",
        "/api/file?path=/etc/passwd",
        "/etc/passwd",
    ],
)

# 2 DNS rebinding, 3 Host checks passed by
HOSTS = [
    "evil.example:PORT",
    "127.0.0.1.nip.io:PORT",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.1:PORT",
    "0.0.0.0:PORT",
    "2130706433:PORT",
    "0x7f.0.0.1:PORT",
    "[::1]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "localhost.:PORT",
    "localhost.evil.example:PORT",
    "evil-localhost:PORT",
    "localhostXPORT",
    "127x0y0z1:PORT",
    "127.0.0.1:PORT@evil.example",
    "evil.example#127.0.0.1:PORT",
    "127.0.0.1:PORT.evil.example",
    "127.0.0.1:PORT, evil.example",
    "127.0.0.1:PORT evil.example",
    "127.0.0.1:0PORT",
    "",
]
for host in HOSTS:
    named = with_port(host)
    each(
        "2 a false Host",
        {
            f"{host!r} {what}": lambda at, named=named, send=send: send(at, named(at))
            for what, send in {
                "reads": lambda at, name: at.get("/api/state", Host=name),
                "writes": lambda at, name: at.post("/api/answer", ANSWER, Host=name),
            }.items()
        },
    )


def head(at: Served, *lines: str, first: str = "GET /api/state HTTP/1.1") -> bytes:
    return "\r\n".join([first, *lines, f"Cookie: {at.cookie}", "", ""]).encode()


each(
    "3 Host",
    {
        "twice, good first": lambda at: at.raw(head(at, f"Host: {at.host}", "Host: evil.example")),
        "twice, good last": lambda at: at.raw(head(at, "Host: evil.example", f"Host: {at.host}")),
        "twice, the same": lambda at: at.raw(head(at, f"Host: {at.host}", f"Host: {at.host}")),
        "none": lambda at: at.raw(head(at)),
        "none, HTTP/1.0": lambda at: at.raw(head(at, first="GET /api/state HTTP/1.0")),
        "a space before the colon": lambda at: at.raw(head(at, f"Host : {at.host}")),
        "folded": lambda at: at.raw(head(at, "Host: evil.example\r\n " + at.host)),
        "absolute address": lambda at: at.raw(
            head(at, f"Host: {at.host}", first="GET http://evil.example/api/state HTTP/1.1")
        ),
        "absolute address, ours": lambda at: at.raw(
            head(at, "Host: evil.example", first=f"GET http://{at.host}/api/state HTTP/1.1")
        ),
    },
)
FORWARDED = ["X-Forwarded-Host", "X-Host", "X-Original-Host", "Forwarded", "X-Forwarded-Server"]
for header in FORWARDED:
    each(
        "3 a forwarded name",
        {
            header: lambda at, header=header: at.get(
                "/api/state", Host="evil.example", **{header: at.host}
            )
        },
    )
gets(
    "3 a rewritten path",
    ["/nothing"],
    **{"X-Original-URL": "/api/state", "X-Rewrite-URL": "/api/state"},
)

# 4 Patterns of origins
ORIGINS = [
    "http://127.0.0.1:PORT.evil.example",
    "http://evil.example/http://127.0.0.1:PORT",
    "http://evil127.0.0.1:PORT",
    "http://127.0.0.1:PORT@evil.example",
    "http://evil.example?127.0.0.1:PORT",
    "http://127.0.0.1",
    "http://127.0.0.1:PORT/",
    "https://127.0.0.1:PORT",
    "http://127.0.0.1:PORT1",
    "http://127a0b0c1:PORT",
    "http://localhost:PORT.evil.example",
    "http://sub.localhost:PORT",
    "HTTP://127.0.0.1:PORT",
    "file://",
    "null",
    "*",
]
for origin in ORIGINS:
    named = with_port(origin)
    each(
        "4 an origin like ours",
        {origin: lambda at, named=named: at.post("/api/answer", ANSWER, Origin=named(at))},
    )
posts("4 no origin", Origin=None)
each(
    "4 origins",
    {
        "two": lambda at: at.post("/api/answer", ANSWER, Origin=f"http://{at.host} {EVIL}"),
        "two lines": lambda at: at.raw(
            head(
                at,
                f"Host: {at.host}",
                f"Origin: http://{at.host}",
                f"Origin: {EVIL}",
                "Content-Type: application/json",
                "Content-Length: 2",
                first="POST /api/undo HTTP/1.1",
            )
            + b"{}"
        ),
    },
)

# 5 A WebSocket without a login
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
gets("5 a WebSocket", ["/api/events", "/terminal/ws", "/ws", "/"], **UPGRADE, Cookie=None)

# 6, 7 and 9: what comes back is never markup made of data; settings are never reflected
gets("7 reflected", ["/?x=<script>", "/%3Cscript%3E", "/api/%3Csvg%20onload=alert(1)%3E"])
gets("7 reflected", ["/api/questions?callback=alert", "/api/state?jsonp=x", "/page/main.js/x"])

# 8 Uploads, and markup as pictures
each(
    "8 upload",
    {
        kind: lambda at, kind=kind: at.post(
            "/api/answer", b'{"key":"hostile","point":1,"class_id":0}', **{"Content-Type": kind}
        )
        for kind in [
            "text/html",
            "image/svg+xml",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=utf-16",
            "application/jsonp",
        ]
    },
)
gets("8 markup as a picture", ["/api/picture/0", "/api/picture/0?size=svg", "/api/picture/0.svg"])

# 10 A path in a field that an export reads
gets(
    "10 export",
    [
        "/api/export?format=../../etc/passwd",
        "/api/export?format=folders",
        "/api/export?format=csv&path=/tmp/x",
        "/api/export?target=/tmp/x",
        "/api/export?format=csv&format=json",
        "/api/export?format=",
    ],
)

# 11 and 12: neighbouring folders, links, backslashes, escapes
gets(
    "11 a neighbour of the folder",
    [
        "/page/../_app.py",
        "/pages/main.js",
        "/page-old/main.js",
        "/page",
        "/page/",
        "//page/main.js",
    ],
)
gets(
    "12 another way to write a path",
    [
        "/page/..%2f_app.py",
        "/page/%2e%2e/_app.py",
        "/page/%252e%252e%252f_app.py",
        "/page/..\\_app.py",
        "/page/..%5c_app.py",
        "/page/%5c%5cevil.example%5cshare",
        "/page/\\\\evil.example\\share",
        "/page/....//_app.py",
        "/page/./main.js",
        "/page/.",
        "/page/..",
        "/page/.hidden",
        "/page/main.js%00.css",
        "/page/main.js;x=1",
        "/page/%c0%ae%c0%ae/_app.py",
        "/page/MAIN.JS",
        "/page/main.js.map",
        "/page/page",
        "/page/C:/windows/win.ini",
        "/page//etc/passwd",
        "/page/~root",
        "/%70age/main.js",
        "/api/state/",
        "/api//state",
        "/API/state",
    ],
)

# 13 An address in the data, fetched by the server
gets(
    "13 fetching",
    [
        "/api/picture/http://169.254.169.254/",
        "/api/picture/0?url=http://169.254.169.254/",
        "/api/picture/file:///etc/passwd",
        "/api/item/-1",
        "/api/item/1e3",
        "/api/item/0x10",
        "/api/item/99999999999999999999999",
        "/api/item/20",
        "/api/proxy?url=http://127.0.0.1:22/",
    ],
)

# 14 Filters that leak
gets(
    "14 a filter",
    [
        "/api/answers?who__startswith=a",
        "/api/answers?token=a",
        "/api/answers?order_by=session",
        "/api/answers?class_id=0%20OR%201=1",
        "/api/answers?offset=-1",
        "/api/answers?n=100000",
        "/api/search?text=a&fields=token",
        "/api/search",
        "/api/state?who=",
        "/api/state?who=%00",
    ],
)

# 15 Secrets by default
WORDS = [
    "",
    "admin",
    "token",
    "secret",
    "fewlabels",
    "undefined",
    "null",
    "0",
    "é",
    "*",
    "a" * 4000,
]
for word in WORDS:
    each(
        "15 a default secret",
        {
            f"token {word[:9]!r}": lambda at, word=word: at.get(f"/?token={word}", Cookie=None),
            f"cookie {word[:9]!r}": lambda at, word=word: at.get(
                "/api/state", Cookie=f"{at.listener.access.cookie}={word}"
            ),
        },
    )
gets("15 no cookie", [*READS, "/", "/page/main.js", "/page/page.css"], Cookie=None)
posts("15 no cookie", Cookie=None)
each(
    "15 a secret in the wrong place",
    {
        "the token as cookie": lambda at: at.get(
            "/api/state", Cookie=f"{at.listener.access.cookie}={at.listener.access.token}"
        ),
        "the cookie as token": lambda at: at.get(
            f"/?token={at.listener.access.session}", Cookie=None
        ),
        "the token, half of it": lambda at: at.get(
            f"/?token={at.listener.access.token[:20]}", Cookie=None
        ),
        "the token, in another letter case": lambda at: at.get(
            f"/?token={at.listener.access.token.swapcase()}", Cookie=None
        ),
        "the token for a route": lambda at: at.get(
            f"/api/state?token={at.listener.access.token}", Cookie=None
        ),
        "the token for a write": lambda at: at.post(
            f"/api/undo?token={at.listener.access.token}", {"key": "hostile"}, Cookie=None
        ),
        "the token twice": lambda at: at.get(
            f"/?token={at.listener.access.token}&token=x", Cookie=None
        ),
        "a header": lambda at: at.get(
            "/api/state", Cookie=None, Authorization=f"Bearer {at.listener.access.token}"
        ),
        "the cookie under another name": lambda at: at.get(
            "/api/state", Cookie=f"session={at.listener.access.session}"
        ),
        "two cookies": lambda at: at.get("/api/state", Cookie=f"{at.cookie}; {at.cookie}"),
        "two lines of cookies": lambda at: at.raw(
            head(at, f"Host: {at.host}", f"Cookie: {at.cookie}")
        ),
    },
)

# 16 Pickle
PICKLE = pickle.dumps({"key": "hostile"})
each(
    "16 pickle",
    {
        "as JSON": lambda at: at.post("/api/undo", PICKLE),
        "by its name": lambda at: at.post(
            "/api/undo", PICKLE, **{"Content-Type": "application/x-pickle"}
        ),
        "as bytes": lambda at: at.post(
            "/api/undo", PICKLE, **{"Content-Type": "application/octet-stream"}
        ),
    },
)

# 17 An open proxy
each(
    "17 a proxy",
    {
        "CONNECT": lambda at: at.raw(head(at, f"Host: {at.host}", first="CONNECT a:22 HTTP/1.1")),
        "a path": lambda at: at.get("/proxy/22/"),
        "a path with a name": lambda at: at.get("/proxy/evil.example:80/"),
    },
)

# 18 Bodies, forms, archives and numbers that exhaust
LONG = str(10**10)


def body(text: str | bytes, **headers: str | None) -> Attack:
    sent = text if isinstance(text, bytes) else text.encode()
    return lambda at: at.post("/api/answer", sent, **headers)


each(
    "18 a body",
    {
        "longer than allowed": body(b" " * 70_000),
        "said to be long": body("{}", **{"Content-Length": LONG}),
        "of negative length": body("{}", **{"Content-Length": "-1"}),
        "of a length with a sign": body("{}", **{"Content-Length": "+2"}),
        "of no length": body("{}", **{"Content-Length": None}),
        "in chunks": body(
            "2\r\n{}\r\n0\r\n\r\n", **{"Content-Length": None, "Transfer-Encoding": "chunked"}
        ),
        "with both lengths": body("0\r\n\r\n", **{"Transfer-Encoding": "chunked"}),
        "zipped": body("{}", **{"Content-Encoding": "gzip"}),
        "nested": body("[" * 20_000),
        "nested objects": body('{"key":' * 5_000),
        "a huge number": body('{"key":"hostile","point":1' + "0" * 5_000 + ',"class_id":0}'),
        "not a number": body('{"key":"hostile","point":NaN,"class_id":0}'),
        "true as a number": body('{"key":"hostile","point":true,"class_id":0}'),
        "a float as a number": body('{"key":"hostile","point":1.0,"class_id":0}'),
        "text as a number": body('{"key":"hostile","point":"1","class_id":0}'),
        "a row that is not there": body('{"key":"hostile","point":20,"class_id":0}'),
        "a class that is not there": body('{"key":"hostile","point":1,"class_id":9}'),
        "no key": body('{"point":1,"class_id":0}'),
        "an empty key": body('{"key":"","point":1,"class_id":0}'),
        "a long key": body('{"key":"' + "k" * 81 + '","point":1,"class_id":0}'),
        "a field more": body('{"key":"hostile","point":1,"class_id":0,"__class__":"x"}'),
        "half a letter": body(b'{"key":"hostile\xff","point":1,"class_id":0}'),
        "a surrogate": body('{"key":"\\ud800","point":1,"class_id":0}'),
        "a list": body("[]"),
        "null": body("null"),
        "nothing": body(""),
        "a GET with one": lambda at: at.request("GET", "/api/state", b"{}"),
    },
)
each(
    "18 much",
    {
        "points": lambda at: at.post(
            "/api/confirm", {"key": "hostile", "points": list(range(100_001)), "class_id": 0}
        ),
        "no points": lambda at: at.post(
            "/api/confirm", {"key": "hostile", "points": [], "class_id": 0}
        ),
        "a body for many points": lambda at: at.post("/api/confirm", b" " * 1_100_000),
        "settings": lambda at: at.post(
            "/api/settings", {"key": "hostile", "settings": {"x": "y" * 9_000}}
        ),
        "a name": lambda at: at.post("/api/class", {"key": "hostile", "name": "x" * 101}),
        "a name with control signs": lambda at: at.post(
            "/api/class", {"key": "hostile", "name": "a\u001b[31m\u0000"}
        ),
        "query": lambda at: at.get("/api/search?text=" + "a" * 5_000),
        "text": lambda at: at.get("/api/search?text=" + "a" * 201),
        "fields": lambda at: at.get("/api/search?" + "&".join(f"a{i}=1" for i in range(500))),
        "headers": lambda at: at.get("/api/state", **{"X-Long": "a" * 70_000}),
        "size": lambda at: at.get("/api/picture/0?size=100000"),
    },
)

# 20 Redirects
each(
    "20 a redirect",
    {
        target: lambda at, target=target: at.get(target)
        for target in [
            "//evil.example",
            "//evil.example/%2e%2e",
            "/\\evil.example",
            "/%5cevil.example",
            "/%2f%2fevil.example",
            "/api/",
            "/login?next=//evil.example",
        ]
    },
)
each(
    "20 the token, and a way on",
    {
        more: lambda at, more=more: at.get(
            f"/?token={at.listener.access.token}&{more}", Cookie=None
        )
        for more in ["next=//evil.example", "redirect=https://evil.example", "x"]
    },
)

# 21 Methods by name
METHODS = ["HEAD", "PUT", "DELETE", "PATCH", "TRACE", "get", "post", "__init__", "SEND", "lifespan"]
each(
    "21 a method",
    {
        f"{method} {path}": lambda at, method=method, path=path: at.request(method, path)
        for method in METHODS
        for path in ["/api/state", "/api/undo"]
    },
)
gets("21 a write by GET", [f"/api/{path}" for path in WRITES])
each(
    "21 a read by POST",
    {
        path: lambda at, path=path: at.post(path, {"key": "hostile"})
        for path in ["/api/state", "/api/export", "/", "/page/main.js"]
    },
)

# 22 Acts without asking
posts("22 sent by another site", **{"Sec-Fetch-Site": "cross-site"})
posts("22 sent by a neighbour", **{"Sec-Fetch-Site": "same-site"})
posts("22 as a form", **{"Content-Type": "text/plain"})


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_request_gets_nothing_and_changes_nothing(served: Served, attack: str) -> None:
    before = (served.source.version, list(served.source.calls), dict(served.source.settings))
    reply = ATTACKS[attack](served)
    # Status 0 is a closed connection. The picture of a row that has none is an error, too.
    assert reply.status == 0 or 400 <= reply.status < 500, reply
    assert SECRET.encode() not in reply.body
    assert b"<script" not in reply.body
    names = {name for name, _ in reply.headers}
    assert not {name for name in names if name.startswith("access-control-")}
    assert "set-cookie" not in names
    assert "location" not in names
    for secret in (served.listener.access.token, served.listener.access.session):
        assert secret.encode() not in reply.body
    assert (served.source.version, served.source.calls, served.source.settings) == before


def test_there_are_many_attacks_of_every_kind() -> None:
    groups = {int(name.split(" ")[0]) for name in ATTACKS}
    # 6, 9 and 19 are no requests: they are tested by what is sent and written.
    assert groups == set(range(1, 23)) - {6, 9, 19}
    assert len(ATTACKS) > 250


def test_the_page_holds_no_data(served: Served) -> None:
    """Nothing of the data is in markup or in a script, whatever it is."""
    for path in ("/", "/page/main.js"):
        reply = served.get(path)
        assert reply.status == 200
        assert SECRET.encode() not in reply.body
        assert b"alert(1)" not in reply.body


def test_data_come_as_json_whatever_is_asked_for(served: Served) -> None:
    reply = served.get("/api/item/0", Accept="text/html,image/svg+xml")
    assert reply.json()["text"].startswith(SECRET)
    assert reply.header("x-content-type-options") == "nosniff"


def test_ranges_are_not_known(served: Served) -> None:
    ranges = ",".join(f"{at}-" for at in range(500))
    reply = served.get("/page/main.js", Range=f"bytes={ranges}")
    assert reply.status == 200
    assert reply.header("content-range") is None
    assert reply.body == served.get("/page/main.js").body


def test_a_file_name_in_a_header_holds_nothing_of_the_data_but_letters(served: Served) -> None:
    reply = served.get("/api/export?format=csv")
    name = 'attachment; filename="script-script-alert-1-script-labels.csv"'
    assert reply.header("content-disposition") == name
