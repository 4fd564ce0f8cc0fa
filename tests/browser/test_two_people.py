"""Two people at one label file at once, each in a browser of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from sklearn.datasets import load_digits

from fewlabels.labelling import Labelling
from tests.browser.sitting import go, new_context, press
from tests.web.served import serving

N = 60


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    path = tmp_path / "digits.npy"
    np.save(path, (load_digits(n_class=3).images[:N] * 15.9).astype(np.uint8))
    return path


@contextmanager
def two(browser: Browser, path: Path, **settings: float) -> Iterator[tuple[Labelling, Page, Page]]:
    """Ann and Bob, who have given their names, at the same question list."""
    with ExitStack() as stack:
        cache = path.parent / "cache"
        labelling = Labelling.open(path, classes=["zero", "one", "two"], cache=cache, **settings)
        stack.callback(labelling.close)
        served = stack.enter_context(serving(labelling))
        pages = []
        for name in ("ann", "bob"):
            context = new_context(browser)
            stack.callback(context.close)
            context.add_init_script(f"localStorage.setItem('fewlabels/who', '{name}')")
            page = context.new_page()
            page.goto(served.listener.address)
            page.wait_for_selector(".card[data-point]")
            pages.append(page)
        yield labelling, pages[0], pages[1]


def shown(page: Page) -> int:
    return int(page.locator(".card[data-point]").get_attribute("data-point") or -1)


def answer(page: Page, key: str) -> int:
    """Answer what is shown, and wait until that is stored and another question is shown."""
    point = shown(page)
    press(page, key)
    page.wait_for_function(
        "was => { const now = document.querySelector('.card').dataset.point;"
        " return now && now !== String(was); }",
        arg=point,
    )
    page.wait_for_function("() => !Object.keys(localStorage).some(k => k.includes('/act/'))")
    return point


def counts(page: Page, n: int) -> None:
    expect(page.locator("#count")).to_have_text(f"{n} labels")


def test_no_question_goes_to_both_and_each_takes_back_their_own(
    browser: Browser, pictures: Path
) -> None:
    with two(browser, pictures) as (labelling, ann, bob):
        said: dict[str, list[int]] = {"ann": [], "bob": []}
        for _ in range(5):
            assert shown(ann) != shown(bob)
            said["ann"].append(answer(ann, "1"))
            said["bob"].append(answer(bob, "2"))
        for page in (ann, bob):
            counts(page, 10)
        assert not set(said["ann"]) & set(said["bob"])
        press(bob, "Backspace")
        for page in (ann, bob):
            counts(page, 9)
        rows = labelling.answers()["rows"]
        assert {row["point"] for row in rows if row["who"] == "ann"} == set(said["ann"])
        assert {row["point"] for row in rows if row["who"] == "bob"} == set(said["bob"][:-1])
        assert shown(bob) == said["bob"][-1]
        press(bob, "Shift+Backspace")
        for page in (ann, bob):
            counts(page, 10)


def test_what_both_answer_differently_stands_side_by_side_and_one_decides(
    browser: Browser, pictures: Path
) -> None:
    with two(browser, pictures, overlap=1.0) as (labelling, ann, bob):
        mine = [answer(ann, "1") for _ in range(3)]
        asked = set()
        for _ in range(12):  # what ann answered comes to bob, without her word
            if asked >= set(mine):
                break
            if shown(bob) in mine:
                expect(bob.locator(".suggestion")).to_have_count(0)
            asked.add(answer(bob, "2"))
        assert asked >= set(mine)
        go(bob, "people")
        rows = bob.locator(".row")
        expect(rows).to_have_count(3)
        expect(rows.first).to_contain_text("ann")
        expect(rows.first).to_contain_text("bob")
        expect(rows.first).to_contain_text("zero")
        expect(rows.first).to_contain_text("one")
        rows.first.get_by_role("button", name="zero").click()
        expect(rows.first).to_contain_text("decided")
        go(bob, "ask")
        bob.wait_for_selector(".card[data-point]")
        go(bob, "people")
        expect(bob.locator(".row")).to_have_count(2)
        assert len(labelling.disagreements()) == 2
