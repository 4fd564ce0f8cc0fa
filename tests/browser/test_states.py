"""What the page shows where there is little to show, and the report: axe-core, and no overflow."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sklearn.datasets import load_digits

from fewlabels import FewLabelsClassifier
from fewlabels.report import write_report
from tests.browser.sitting import Sitting, go, new_context
from tests.browser.test_keys_and_access import LOOKS, RULES, labelled
from tests.web import double
from tests.web.served import serving

REVIEW = ["review/suspects", "review/doubtful", "review/past"]
VIEWS = ["ask", "grid", *REVIEW, "search", "map", "progress", "people"]
SHOWN = ".empty, .card, .tile, .row, .panel, canvas[data-drawn], .map p, main input"
PROBLEM = "The rows can't be compared: each is missing. Labelling goes on with random questions."


def check(page: Page, name: str) -> None:
    """Nothing for axe-core to say, and nothing to scroll to the side."""
    page.wait_for_load_state("load")
    if folder := os.environ.get("FEWLABELS_SHOTS"):
        page.screenshot(path=Path(folder, f"{name.replace('/', '-').replace(' ', '')}.png"))
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} overflows by {wide} px"


def no_classes() -> double.Double:
    """Nothing is known, not even which classes there are."""
    made = double.texts()
    made.classes.clear()
    return made


def all_labelled() -> double.Double:
    return labelled(double.digits(60), 60)


def others_hold() -> double.Double:
    """The last questions are with somebody else."""
    made = labelled(double.table(40), 38)
    made.answer("bob", "b", made.order[38], 0)
    made.questions = lambda who, n=3: []  # type: ignore[method-assign, assignment]
    return made


STATES: dict[str, tuple[Callable[[], double.Double], list[str]]] = {
    "no classes": (no_classes, VIEWS),
    "all labelled": (all_labelled, ["ask", "grid", *REVIEW]),
    "others hold": (others_hold, ["ask"]),
}


@pytest.fixture
def begin(browser: Browser) -> Iterator[Callable[[Any, str], Sitting]]:
    with ExitStack() as stack:

        def made(source: Any, look: str) -> Sitting:
            served = stack.enter_context(serving(source))
            context = new_context(browser, **LOOKS[look], reduced_motion="reduce", bypass_csp=True)
            stack.callback(context.close)
            return Sitting(served, context)

        yield made


@pytest.mark.parametrize(
    ("state", "look"),
    [
        ("no classes", "dark"),
        ("no classes", "320 px"),
        ("all labelled", "light"),
        ("all labelled", "320 px"),
        ("others hold", "200 %"),
    ],
)
def test_views_with_little_to_show(
    begin: Callable[[Any, str], Sitting], state: str, look: str
) -> None:
    source, views = STATES[state]
    sitting = begin(source(), look)
    sitting.expected += ("GPU stall",)
    page = sitting.open()
    for view in views:
        sitting.go(view)
        page.wait_for_selector(SHOWN)
        check(page, f"{state} {look} {view}")
    assert sitting.errors == []


@pytest.mark.parametrize("look", LOOKS)
def test_states_of_the_server(begin: Callable[[Any, str], Sitting], look: str) -> None:
    """At work, in trouble, proven, gone; and back."""
    source = labelled(double.digits(), 41)
    sitting = begin(source, look)
    sitting.expected += ("GPU stall", "ERR_INTERNET_DISCONNECTED", "Failed to load")
    page = sitting.open()
    source.stage = {"name": "graph", "share": 0.4}
    source.tell()
    expect(page.locator("#stage")).to_be_visible()
    check(page, f"stage {look}")
    source.stage = None
    source.problem = PROBLEM
    source.tell()
    expect(page.locator("#notice")).to_contain_text(PROBLEM)
    check(page, f"problem {look}")
    source.problem, source.proven = None, True
    source.tell()
    expect(page.locator("#notice")).to_contain_text("proven")
    check(page, f"news of a proof {look}")
    sitting.go("progress")
    sitting.heading("Proven")
    check(page, f"proven {look}")
    sitting.go("ask")
    expect(page.locator(".card")).to_be_visible()
    sitting.context.set_offline(True)
    while not page.locator(".card .empty").count():  # some lie ready
        page.locator(".class").first.click()
    expect(page.locator("#notice")).to_contain_text("kept here")
    expect(page.locator(".card .empty")).to_be_visible()
    check(page, f"away {look}")
    sitting.context.set_offline(False)
    expect(page.locator("#notice")).to_contain_text("Everything is stored")
    check(page, f"back {look}")
    assert sitting.errors == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_report(browser: Browser, tmp_path: Path, look: str) -> None:
    X, digits = load_digits(n_class=4, return_X_y=True)
    X, digits = X[:240], digits[:240]
    y = np.full(240, -1)
    y[:40] = digits[:40]
    y[3] = (y[3] + 1) % 4
    names = [f"a class with the long name number {digit}" for digit in range(4)]
    model = FewLabelsClassifier().fit(X, y)
    proven = "Of 240 rows 221 to 236 are right, with 95 % confidence."
    write_report(tmp_path / "report.html", model, X, title="digits", classes=names, proven=proven)
    context = new_context(browser, **LOOKS[look], reduced_motion="reduce", bypass_csp=True)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    check(page, f"report {look}")
    context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_the_top_of_a_narrow_page_holds_in_one_line(
    sit: Callable[..., Sitting], width: int
) -> None:
    source = labelled(double.digits(), 41)
    source.proven = True
    page = sit(source, width=width, height=640).page
    expect(page.locator(".count.proven")).to_be_visible()
    page.evaluate("document.getElementById('count').textContent = '10,000 labels'")
    for view in ("ask", "progress"):
        go(page, view)
        expect(page.locator("#views-button")).to_have_text({"ask": "Label"}.get(view, "Progress"))
        boxes = page.evaluate(
            """() => ['.mark', '#views-button', '#count', '#help'].map((name) => {
              const range = document.createRange();
              range.selectNodeContents(document.querySelector(name));
              const {left, right, top, bottom} = range.getBoundingClientRect();
              return [left, right, (top + bottom) / 2];
            })"""
        )
        for (_, right, here), (left, _, there) in itertools.pairwise(boxes):
            assert right < left, (view, boxes)
            assert abs(here - there) < 6, (view, boxes)
        tall = page.evaluate("document.documentElement.scrollHeight - innerHeight")
        assert view != "ask" or tall <= 0
