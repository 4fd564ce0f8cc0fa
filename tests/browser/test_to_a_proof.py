"""From nothing to a proven accuracy in the page, with the real engine behind it."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import expect
from sklearn.datasets import load_digits

from fewlabels.labelling import Labelling
from tests.browser.sitting import PATIENCE, Sitting

N, CLASSES = 120, ("zero", "one")
FIRST = 12  # answers before the first grid


def pictures(folder: Path) -> list[str]:
    """Write pictures of two digits, each told from the other by its neighbours; return which."""
    images, digits = load_digits(n_class=2, return_X_y=True)
    folder.mkdir()
    for place in range(N):
        pixels = (255 - images[place].reshape(8, 8) * 15.9).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{place:03d}.png")
    return [CLASSES[digit] for digit in digits[:N]]


def confirm_grids(sitting: Sitting, truth: list[str]) -> None:
    """Confirm grids as long as there are some, without what does not belong."""
    page = sitting.page
    sitting.press("g")
    while True:
        page.wait_for_selector("main.view-ask:not([aria-busy]), main:not([aria-busy]) .tile")
        tiles = page.locator(".tile")
        if page.locator("main.view-ask").count():
            return
        wanted = re.search("“(.*)”", page.get_by_role("heading", level=1).inner_text())
        assert wanted
        for tile in tiles.all():
            row = re.search(r"(\d+)\.png", tile.get_attribute("aria-label") or "")
            assert row
            if truth[int(row[1])] != wanted[1] and tile.get_attribute("aria-pressed") == "true":
                tile.click()
        sitting.press("Enter")
        sitting.sent()


def test_pictures_are_labelled_to_a_proof_that_is_true(
    sit: Callable[..., Sitting], tmp_path: Path
) -> None:
    truth = pictures(tmp_path / "pictures")
    with Labelling.open(
        tmp_path / "pictures", classes=CLASSES, accuracy=0.9, cache=tmp_path / "cache"
    ) as labelling:
        sitting = sit(labelling)
        page = sitting.page
        keys = {each["name"]: each["key"] for each in labelling.state("ann")["classes"]}
        n_answers = 0
        while True:
            if n_answers == FIRST:
                assert labelling.settle(PATIENCE / 1000)  # there are grids from now on
            if n_answers >= FIRST and n_answers % 4 == 0:
                confirm_grids(sitting, truth)
            page.wait_for_selector(".card[data-point], #count.proven")
            if page.locator("#count.proven").count():
                break
            point = sitting.shown()
            sitting.press(keys[truth[point]])
            sitting.sent()
            n_answers += 1
            page.wait_for_function(
                "p => document.querySelector('.card').dataset.point !== String(p)", arg=point
            )
        assert n_answers < N
        proof = labelling.progress()["proof"]
        assert proof is not None
        assert proof["low"] >= 0.9
        sitting.go("progress")
        sitting.heading("Proven")
        said = page.locator(".lead-sentence")
        expect(said).to_contain_text("95 % confidence")
        low = re.search(r"(\d+) to", said.inner_text())
        assert low
        assert int(low[1]) > 0.8 * N  # a limit of two
        with page.expect_download() as download:
            page.get_by_role("link", name="Export the labels").click()
        with download.value.path().open(newline="") as file:
            labels = [row["label"] for row in csv.DictReader(file)]
        assert sum(map(str.__eq__, labels, truth)) >= int(low[1])
