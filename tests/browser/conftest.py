"""A browser for the tests of the page: Debian's chromium, driven by Playwright."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.sitting import Sitting, new_context
from tests.web.served import serving

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
WHY_NOT = (
    "needs a browser: `make test-page` runs these tests"
    if CHROMIUM
    else "no browser found: `apt-get install chromium`, and `make test-page`"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave them out of other runs, which they would slow down, and say how to run them."""
    if CHROMIUM and os.environ.get("FEWLABELS_BROWSER") == "1":
        return
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.skip(reason=WHY_NOT))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Tests run as root in containers, where its sandbox can't be had.
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture(autouse=True)
def _same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first questions are drawn at random: here with the same seed in every run."""
    monkeypatch.setattr(secrets, "randbits", lambda n_bits: 7)


@pytest.fixture
def sit(browser: Browser) -> Iterator[Callable[..., Sitting]]:
    """Serve a labelling and open its page; at the end no error was logged in any of them."""
    with ExitStack() as stack:
        opened: list[Sitting] = []

        def begin(source: Any, *, width: int = 1280, height: int = 800, **options: Any) -> Sitting:
            served = stack.enter_context(serving(source))
            viewport = {"width": width, "height": height}
            context = new_context(browser, viewport=viewport, **options)
            stack.callback(context.close)
            sitting = Sitting(served, context)
            opened.append(sitting)
            sitting.open()
            return sitting

        yield begin
        for sitting in opened:
            assert sitting.errors == []


@pytest.fixture
def page_of(sit: Callable[..., Sitting]) -> Callable[..., Page]:
    return lambda *given, **options: sit(*given, **options).page
