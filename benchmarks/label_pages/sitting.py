"""A sitting at a page: how long, how many bytes, requests and keys, and who else is served."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.label_pages.servers import Server
from benchmarks.label_pages.tools import Tool

_PATIENCE_MS = 60_000
# Graph and first model of a million points take minutes.
_SETTLES_SECONDS = 1_800
# Someone who is quick looks at a question for so long.
_LOOK_SECONDS = 0.3
_FOREIGN = "labels.example.com"
# Sizes of the document and of what belongs to the page and not to an item, unpacked.
_OF_PAGE = r"""() => [...performance.getEntriesByType("navigation"),
  ...performance.getEntriesByType("resource").filter(({ name }) =>
    /\.(m?js|css|woff2?|ttf|svg|ico)$/.test(new URL(name).pathname))
].map((entry) => entry.decodedBodySize)"""

# Seconds from a key to the frame in which the next item is there: what a frame shows was in the
# document when its callbacks ran, and a message is read after it was drawn.
_WATCH = """() => {{
  const read = () => {0};
  const seen = (window.__seen = []);
  let pressed = null;
  const look = () => {{
    const now = read();
    if (now === null || now === pressed.was) return requestAnimationFrame(look);
    const drawn = new MessageChannel();
    const began = pressed.at;
    pressed = null;
    drawn.port1.onmessage = () => seen.push([performance.now() - began, now]);
    drawn.port2.postMessage(0);
  }};
  addEventListener("keydown", (event) => {{
    if (pressed || event.key.toLowerCase() !== window.__key) return;
    pressed = {{ at: event.timeStamp, was: read() }};
    requestAnimationFrame(look);
  }}, true);
}}"""


@dataclass
class Sitting:
    """What was measured at one page.

    Attributes
    ----------
    first : float
        Seconds from the command to the first question.
    page_bytes, page_requests, requests_outside : int
        Of the document, scripts, styles, fonts and icons up to the first question, unpacked; and
        how many of all requests went to other machines.
    next_seconds, post_seconds : list of float
        From a key to the next question drawn; from request to reply, of each answer.
    requests_a_label, processor_a_label, processor_without_models : float
    false_host, false_origin : int
        What a request for the page under a foreign name got, and one that stores an answer and
        comes from a foreign page: the statuses; 0 where the connection was closed.
    back : float
        Seconds from the command to a question, after the server was killed.
    same : bool
        Whether it is the question that was on the screen.
    """

    first: float = 0.0
    page_bytes: int = 0
    page_requests: int = 0
    requests_outside: int = 0
    next_seconds: list[float] = field(default_factory=list)
    post_seconds: list[float] = field(default_factory=list)
    requests_a_label: float = 0.0
    processor_a_label: float = 0.0
    processor_without_models: float = 0.0
    false_host: int = 0
    false_origin: int = 0
    back: float = 0.0
    same: bool = False


def sit(
    tool: Tool, items: Any, folder: Path, browser: Any, *, n_answers: int, settled: bool
) -> Sitting:
    """Start a tool, open its page, answer, and look at what it took.

    Parameters
    ----------
    tool : Tool
    items : Items or Path
    folder : Path
        Empty; what the tool stores goes there.
    browser : playwright's Browser
    n_answers : int
    settled : bool
        Whether to wait for the first model before answering. Else it is made meanwhile.
    """
    found = Sitting()
    tool.prepare(folder)
    with _context(browser) as context, _patience():
        heard = _listen(context)
        began = time.perf_counter()
        with tool.start(folder, items) as server:
            page = tool.open(server, items, context)
            _question(tool, page)
            found.first = time.perf_counter() - began
            server.check_loopback()
            page.wait_for_load_state("load")
            _look_at_page(found, page, heard)
            if settled:
                _settle(tool, page)
            _answer(found, tool, items, server, page, heard, n_answers)
            shown = _question(tool, page)
            server.kill()
        _come_back(found, tool, items, folder, page, shown)
    return found


def _question(tool: Tool, page: Any) -> int:
    page.wait_for_function(f"() => {tool.shown} !== null", polling=10)
    return int(page.evaluate(f"() => {tool.shown}"))


def _come_back(found: Sitting, tool: Tool, items: Any, folder: Path, page: Any, shown: int) -> None:
    """Start it again where it was killed, look at the question, then ask as others would."""
    began = time.perf_counter()
    with tool.start(folder, items) as server:
        again = tool.again(server, page)
        found.same = _question(tool, again) == shown
        found.back = time.perf_counter() - began
        _knock(found, tool, server, again)


@contextmanager
def _patience() -> Iterator[None]:
    """Raise Python's own error where the browser waited too long."""
    from playwright.sync_api import TimeoutError as WaitedTooLongError

    try:
        yield
    except WaitedTooLongError as error:
        raise TimeoutError(str(error)) from error


@contextmanager
def _context(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(_PATIENCE_MS)
    try:
        yield context
    finally:
        context.close()


def _listen(context: Any) -> list[Any]:
    heard: list[Any] = []
    context.on("request", lambda request: heard.append(request))
    return heard


def _look_at_page(found: Sitting, page: Any, heard: list[Any]) -> None:
    sizes = page.evaluate(_OF_PAGE)
    found.page_bytes, found.page_requests = sum(sizes), len(sizes)
    hosts = {"127.0.0.1", "localhost", None}
    found.requests_outside = sum(urlsplit(each.url).hostname not in hosts for each in heard)


def _settle(tool: Tool, page: Any) -> None:
    """Wait until nothing is being made any more."""
    end = time.monotonic() + _SETTLES_SECONDS
    while not page.evaluate(tool.made):
        if time.monotonic() > end:
            raise TimeoutError(f"{tool.name} still makes something after {_SETTLES_SECONDS} s")
        time.sleep(_LOOK_SECONDS)


def _answer(
    found: Sitting,
    tool: Tool,
    items: Any,
    server: Server,
    page: Any,
    heard: list[Any],
    n_answers: int,
) -> None:
    page.evaluate(_WATCH.format(tool.shown))
    last = tool.keys[True][-1].rpartition("+")[2].lower()
    truth = getattr(items, "truth", None)
    n_heard, threads = len(heard), server.thread_seconds()
    all_before, first_before = server.seconds()
    for number in range(n_answers):
        page.wait_for_function(f"() => {tool.shown} !== null")
        time.sleep(_LOOK_SECONDS)
        shown = page.evaluate(f"() => {tool.shown}")
        keys = tool.keys[bool(truth[shown]) if truth is not None else shown % 2 == 0]
        page.evaluate("key => { window.__key = key; }", keys[-1].rpartition("+")[2].lower() or last)
        for key in keys:
            page.keyboard.press(key)
        page.wait_for_function("n => window.__seen.length > n", arg=number)
    time.sleep(_LOOK_SECONDS)
    all_after, first_after = server.seconds()
    of_models = 0.0
    if tool.models == "thread":
        now = server.thread_seconds()
        of_models = max((now[thread] - threads.get(thread, 0.0) for thread in now), default=0.0)
    found.processor_a_label = (all_after - all_before) / n_answers
    found.processor_without_models = (first_after - first_before - of_models) / n_answers
    found.next_seconds = [seconds / 1000 for seconds, _ in page.evaluate("() => window.__seen")]
    sent = heard[n_heard:]
    found.requests_a_label = len(sent) / n_answers
    found.post_seconds = [
        (timing["responseStart"] - timing["requestStart"]) / 1000
        for request in sent
        if request.method in ("POST", "PUT") and tool.stores in request.url
        for timing in (request.timing,)
        if timing["responseStart"] > 0
    ]


def _knock(found: Sitting, tool: Tool, server: Server, page: Any) -> None:
    """Ask as a page of another site would, with the cookies that a browser sends along."""
    kept = page.context.cookies()
    cookies = "; ".join(f"{each['name']}={each['value']}" for each in kept)
    path = urlsplit(page.url).path
    found.false_host = _status(server, "GET", path, {"Host": _FOREIGN, "Cookie": cookies})
    hostile = tool.hostile(server, page, _question(tool, page))  # a row without an answer
    found.false_origin = _status(
        server,
        "POST",
        hostile.path,
        {
            "Host": f"127.0.0.1:{server.port}",
            "Origin": f"http://{_FOREIGN}",
            "Cookie": cookies,
            "Content-Type": hostile.media_type,
            **hostile.more,
        },
        hostile.body,
    )


def _status(
    server: Server, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile; NaN of nothing."""
    if not seconds:
        return float("nan"), float("nan")
    return float(np.percentile(seconds, 50)), float(np.percentile(seconds, 95))
