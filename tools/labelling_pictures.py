"""Renew the pictures of docs/labelling.md, and with --all those of every view, to be looked at.

A real sitting: the sentences by which scikit-learn describes its data sets, answered rightly. Needs
a browser (Debian's chromium) and the extra [dev].

Usage: python tools/labelling_pictures.py [--all FOLDER]
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
import tempfile
import threading
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from sklearn import datasets

from fewlabels.labelling import Labelling
from fewlabels.web import open_listener
from fewlabels.web._serving import Server

IMAGES = Path(__file__).parent.parent / "docs" / "images"
SETS = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
N_LABELS = 60
VIEWS = ("ask", "grid", "review/suspects", "review/past", "map", "search", "progress", "people")
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "dark", "viewport": {"width": 400, "height": 800}},
}


def sentences() -> list[tuple[str, str]]:
    """Give each sentence of the descriptions, and the name of its data set."""
    found = []
    for name in SETS:
        text = re.sub(r"\s+", " ", getattr(datasets, f"load_{name}")().DESCR)
        found.extend(
            (sentence.strip(), name.replace("_", " "))
            for sentence in re.split(r"(?<=[.:;]) ", text)
            if 50 <= len(sentence) <= 400 and re.search(r"[a-z]{3} [a-z]{2}", sentence)
        )
    return found


def kept(picture: bytes, path: Path) -> None:
    """Write a screenshot as a small WebP."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(path, "WEBP", quality=82, method=6)


def answer(page: Page, truth: list[str], n: int) -> None:
    """Answer what is shown, rightly."""
    for _ in range(n):
        point = page.locator(".card[data-point]").get_attribute("data-point")
        page.get_by_role("radio", name=truth[int(point or 0)], exact=True).click()
        page.wait_for_function(
            "was => document.querySelector('.card').dataset.point !== was", arg=point
        )


def main() -> None:
    """Serve, label, and take the pictures."""
    folder = Path(sys.argv[2]) if sys.argv[1:2] == ["--all"] else None
    rows = sentences()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        data = Path(scratch) / "descriptions.csv"
        with data.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("sentence",), *((text,) for text, _ in rows)])
        classes = [name.replace("_", " ") for name in SETS]
        labelling = Labelling.open(data, text="sentence", classes=classes)
        listener = open_listener()
        server = Server(listener, labelling, "ann")
        thread = threading.Thread(target=server.run)
        thread.start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        try:
            for look, options in LOOKS.items():
                page = browser.new_context(**options).new_page()
                page.goto(listener.address)
                page.wait_for_selector(".card[data-point]")
                if look == "light":
                    answer(page, [name for _, name in rows], N_LABELS)
                    expect(page.locator("#stage")).to_be_hidden(timeout=60_000)
                    while not page.locator(".suggestion").count():
                        answer(page, [name for _, name in rows], 1)
                for view in VIEWS:
                    page.evaluate("view => { location.hash = view; }", view)
                    page.wait_for_selector("main > *")
                    page.wait_for_timeout(1_500)
                    picture = page.screenshot()
                    if folder is not None:
                        kept(picture, folder / f"{view.replace('/', '-')}-{look}.webp")
                    elif look == "light" and view in {"ask", "grid", "progress"}:
                        kept(picture, IMAGES / f"labelling_{view}.webp")
        finally:
            browser.close()
            server.should_exit = True
            thread.join()
            labelling.close()


if __name__ == "__main__":
    main()
