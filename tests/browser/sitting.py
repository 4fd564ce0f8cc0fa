"""Someone who sits at the page: what they see, and what they press."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.web.served import Served

# Of a machine that does ten other things; only a test that fails waits so long.
PATIENCE = 180_000
expect.set_options(timeout=PATIENCE)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Begin a browser of its own, with patience."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context


def ready(page: Page) -> None:
    """Wait until keys are taken: the view is there, and what came by itself could be seen."""
    page.wait_for_selector("main[class^=view-]:not([aria-busy])")


def press(page: Page, *keys: str) -> None:
    """Press keys, each once what it is meant for is there; and wait for what the last one opens."""
    for key in keys:
        ready(page)
        page.keyboard.press(key)
    ready(page)


def head_for(page: Page, view: str) -> None:
    """Go to a view, as a link does, without waiting for it."""
    page.evaluate(
        """view => new Promise((done) => {
          if (location.hash === `#${view}`) return done();
          addEventListener("hashchange", () => done(), { once: true });
          location.hash = view;
        })""",
        view,
    )


def go(page: Page, view: str) -> None:
    """Go to a view, and wait until it shows all that it has."""
    head_for(page, view)
    ready(page)
    page.wait_for_function("() => !document.querySelector('main').innerText.includes('Loading…')")


class Sitting:
    """An open page, its server, and what went on between them."""

    def __init__(self, served: Served, context: BrowserContext) -> None:
        self.served = served
        self.source: Any = served.source
        self.context = context
        self.errors: list[str] = []
        self.requests: list[Request] = []
        # What software that stands in for a graphics card says of its own speed.
        self.expected: tuple[str, ...] = ("GL Driver Message",)
        self.page: Page = None  # type: ignore[assignment]
        context.on("request", lambda request: self.requests.append(request))
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(
            word in message.text for word in self.expected
        ):
            self.errors.append(message.text)

    def open(self, address: str | None = None) -> Page:
        """Open the printed address in a new tab."""
        self.page = self.context.new_page()
        self.page.goto(address or self.served.listener.address)
        ready(self.page)
        return self.page

    def posts(self) -> list[str]:
        return [entry.url for entry in self.requests if entry.method == "POST"]

    def shown(self, page: Page | None = None) -> int:
        """The row on the card; three answers in no time have to wait for the server."""
        return int((page or self.page).locator(".card[data-point]").get_attribute("data-point"))

    def press(self, *keys: str) -> None:
        press(self.page, *keys)

    def key_of(self, class_id: int) -> str:
        return str(self.source.classes[class_id]["key"])

    def answer(self, class_id: int | None = None) -> int:
        """Answer what is shown, rightly where nothing else is said."""
        point = self.shown()
        wanted = self.source.truth[point] if class_id is None else class_id
        self.press(self.key_of(wanted))
        return point

    def answer_with_care(self) -> str:
        """Take the suggestion where it is right, as people do; give the pressed key."""
        point = self.shown()
        right = self.source.classes[self.source.truth[point]]
        suggestion = self.page.locator(".suggestion .chip")
        taken = suggestion.count() and suggestion.inner_text().strip() == right["name"]
        key = "Enter" if taken else right["key"]
        self.press(key)
        return str(key)

    def stored(self, n: int) -> None:
        """Wait until the server has this many labels and the page shows it."""
        word = "label" if n == 1 else "labels"
        expect(self.page.locator("#count")).to_have_text(f"{n} {word}")
        self.sent()
        assert len(self.source.labels()) == n

    def sent(self) -> None:
        """Wait until nothing that was done is on its way to the server."""
        self.page.wait_for_function(
            "() => !Object.keys(localStorage).some(k => k.includes('/act/'))"
        )

    def until(self, met: Callable[[], object]) -> None:
        """Wait for what happens on this side, while the browser is heard."""
        end = time.monotonic() + PATIENCE / 1000
        while not met():
            assert time.monotonic() < end
            self.page.wait_for_timeout(10)

    def go(self, view: str) -> None:
        go(self.page, view)

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)
