"""The command and its page together: start, label, die, go on, export."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sklearn.datasets import load_digits

from tests.browser.sitting import new_context, press

N = 80


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for place, image in enumerate(load_digits().images[:N]):
        Image.fromarray((255 - image * 15.9).astype(np.uint8)).save(folder / f"{place:03d}.png")
    return folder


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "fewlabels", *map(str, words)]


@contextmanager
def labelling(photos: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = ("label", photos, "--classes", "0,1,2,3,4,5,6,7,8,9", "--who", "ann", "--no-browser")
    run = subprocess.Popen(
        command(*words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert run.stdout is not None
        yield run, run.stdout.readline().strip()
    finally:
        run.kill()
        run.communicate()


def answer(page: Page, n: int) -> list[str]:
    given = []
    for _ in range(n):
        point = page.locator(".card[data-point]").get_attribute("data-point")
        image = page.locator(".card img").get_attribute("alt")
        digit = load_digits().target[int(image.split()[-1].removesuffix(".png"))]
        right = page.get_by_role("radio", name=str(digit), exact=True)
        press(page, right.get_attribute("aria-keyshortcuts"))
        page.wait_for_function(
            "was => document.querySelector('.card').dataset.point !== was", arg=point
        )
        given.append(point)
    return given


def test_a_killed_server_loses_no_answer_and_the_open_page_goes_on(
    photos: Path, browser: Browser, tmp_path: Path
) -> None:
    context = new_context(browser)
    page = context.new_page()
    with labelling(photos) as (run, address):
        page.goto(address)
        answer(page, 12)
        expect(page.locator("#count")).to_have_text("12 labels")
        page.wait_for_function(
            "() => !Object.keys(localStorage).some((name) => name.includes('/act/'))"
        )
        run.kill()  # as the power failing would
        run.wait()
    answer(page, 1)  # the next question is in the page
    expect(page.locator("#notice")).to_contain_text("kept here")
    shown = page.locator(".card").get_attribute("data-point")
    with labelling(photos) as (run, again):
        assert again.partition("?")[0] == address.partition("?")[0]  # the same port
        other = context.new_page()
        other.goto(again)
        expect(other.locator("#count")).to_have_text("13 labels")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#count")).to_have_text("13 labels")
        assert page.locator(".card").get_attribute("data-point") == shown
        answer(page, 1)
        expect(other.locator("#count")).to_have_text("14 labels")
    context.close()
    out = tmp_path / "labels.csv"
    words = command("export", tmp_path / "photos.fewlabels", "-o", out, "--given-only")
    subprocess.run(words, check=True, capture_output=True)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = load_digits().target[:N].astype(str)
    assert len(rows) == N
    given = {place: row["label"] for place, row in enumerate(rows) if row["label"]}
    assert len(given) == 14
    assert given == {place: truth[place] for place in given}
