"""Renew the pictures of docs/labelling.md, or with --all take those of every view, to look at them.

With --tour, renew the animation of the README instead: some questions, two grids, the map, and
the proof.

A real sitting over 1,000 of scikit-learn's digits, each a picture file, answered rightly. Needs a
browser (Debian's chromium) and the extra [dev].

Usage: python tools/labelling_pictures.py [--all FOLDER | --tour]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from sklearn.datasets import load_digits

from fewlabels.labelling import Labelling
from fewlabels.web import open_listener
from fewlabels.web._serving import Server

IMAGES = Path(__file__).parent.parent / "docs" / "images"
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
N_PICTURES, N_LABELS = 1_000, 120
SHOWN = ("ask", "grid", "map")
VIEWS = ("ask", "grid", "map", "review/suspects", "review/past", "search", "progress", "people")
# A picture of the pressed key. The page allows no style attributes and no markup, but properties.
KEY_CAP = """key => {
    let cap = document.getElementById("key-cap");
    if (!cap) {
        cap = document.createElement("div");
        cap.id = "key-cap";
        Object.assign(cap.style, {
            position: "fixed", right: "24px", bottom: "20px", padding: "10px 18px", zIndex: 99,
            font: "600 26px system-ui", color: "#fff", background: "#1f2328", borderRadius: "10px",
            boxShadow: "0 3px 0 #6e7781",
        });
        document.body.append(cap);
    }
    cap.textContent = key;
    cap.hidden = !key;
}"""
LOOKS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "dark", "viewport": {"width": 400, "height": 800}},
}


def written(folder: Path) -> list[int]:
    """Write the pictures; return which digits they are, in the order of the files."""
    digits = load_digits()
    for place, image in enumerate(digits.images[:N_PICTURES]):
        path = folder / f"{place:04d}.png"
        Image.fromarray((255 - image * 15.9).astype(np.uint8)).save(path)
    return [int(digit) for digit in digits.target[:N_PICTURES]]


def labelled(labelling: Labelling, truth: list[int]) -> None:
    """Answer rightly, as quickly as the models keep up, and wait for all that is being made."""
    for place in range(N_LABELS):
        point = labelling.questions("ann", 1)[0]["point"]
        version = labelling.version
        labelling.answer("ann", f"picture-{place}", point, truth[point], seconds=1.4)
        labelling.wait(version, timeout=5)
        time.sleep(0.2)
    while labelling.state("ann")["stage"] is not None or labelling.map() is None:
        time.sleep(0.2)


def kept(picture: bytes, path: Path) -> None:
    """Write a screenshot as a small WebP."""
    with Image.open(BytesIO(picture)) as image:
        image.convert("RGB").save(path, "WEBP", quality=82, method=6)


def taken(page: Page, view: str, truth: list[int]) -> bytes:
    """Take a picture of a view when it has drawn all that it shows."""
    page.evaluate("view => { location.hash = view; }", view)
    page.wait_for_selector("main > *")
    page.wait_for_timeout(2_000)
    for _ in range(40 if view == "ask" else 0):
        if _is_clear(page, truth):
            break
        page.keyboard.press("l")
        page.wait_for_timeout(500)
    return page.screenshot()


class Tour:
    """The frames of an animation, each with the time in milliseconds for which it is shown."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def show(self, milliseconds: int, key: str = "") -> None:
        """Add what the page shows, and below it the key that is about to be pressed."""
        self.page.evaluate(KEY_CAP, key)
        with Image.open(BytesIO(self.page.screenshot())) as image:
            self.frames.append(image.convert("RGB"))
        self.times.append(milliseconds)
        if key:
            self.page.keyboard.press(key)

    def write(self, path: Path) -> None:
        """Write the animation."""
        first, *others = self.frames
        first.save(
            path,
            "WEBP",
            save_all=True,
            append_images=others,
            duration=self.times,
            loop=0,
            quality=70,
            method=6,
        )


def tour(page: Page, labelling: Labelling, truth: list[int]) -> Tour:
    """Answer some questions and confirm two grids by their keys; look at the map and the proof."""
    for press in (None, *range(10)):  # each digit its own key
        for digit in range(10) if press is None else (press,):
            key = None if press is None else str(press)
            labelling.set_key("ann", f"tour-key-{press}-{digit}", digit, key)
    shown = Tour(page)
    card = page.locator(".card[data-point]")
    page.wait_for_selector(".card[data-point] img")
    for _ in range(6):
        page.wait_for_timeout(500)
        point = int(card.get_attribute("data-point") or 0)
        shown.show(900, str(truth[point]))
    page.wait_for_timeout(2_000)
    shown.show(700, "g")
    for _ in range(2):
        page.wait_for_selector(".tile img")
        page.wait_for_timeout(1_500)
        shown.show(1_400, "Enter")
    page.wait_for_timeout(1_000)
    page.evaluate("location.hash = 'map'")
    page.wait_for_timeout(3_000)
    shown.show(2_200)
    labelling.set_settings("ann", "tour", {"accuracy": 0.9})
    n_answers = 0
    while labelling.settle() and not labelling.progress()["proven"]:
        for question in labelling.questions("ann", 1):
            n_answers += 1
            point = question["point"]
            labelling.answer("ann", f"tour-{n_answers}", point, truth[point], seconds=1.4)
    print(f"proven after {n_answers} more answers")
    labelling.settle()
    page.evaluate("location.hash = 'progress'")
    page.wait_for_selector("h1:text('Proven')")
    page.wait_for_timeout(1_000)
    shown.show(3_500)
    return shown


def _is_clear(page: Page, truth: list[int]) -> bool:
    """Whether there is a suggestion, and a digit that eight by eight dots draw well."""
    point = page.locator(".card[data-point]").get_attribute("data-point")
    return truth[int(point or 0)] in {0, 2, 3, 4, 7} and bool(page.locator(".suggestion").count())


def main() -> None:
    """Label, serve, and take the pictures."""
    folder = Path(sys.argv[2]) if sys.argv[1:2] == ["--all"] else None
    is_tour = sys.argv[1:2] == ["--tour"]
    looks = LOOKS if folder else {"light": LOOKS["light"]}
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        photos = Path(scratch, "digits")
        photos.mkdir()
        truth = written(photos)
        # More than so few labels reach: while a proof is on, questions come without a suggestion.
        labelling = Labelling.open(photos, classes=NAMES, accuracy=0.99)
        labelled(labelling, truth)
        listener = open_listener()
        server = Server(listener, labelling, "ann")
        thread = threading.Thread(target=server.run)
        thread.start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        try:
            if is_tour:
                page = browser.new_context(
                    color_scheme="light", viewport={"width": 960, "height": 640}
                ).new_page()
                page.goto(listener.address)
                tour(page, labelling, truth).write(IMAGES / "labelling_tour.webp")
                return
            for look, options in looks.items():
                page = browser.new_context(**options).new_page()
                page.goto(listener.address)
                for view in VIEWS if folder else SHOWN:
                    picture = taken(page, view, truth)
                    if folder:
                        kept(picture, folder / f"{view.replace('/', '-')}-{look}.webp")
                    else:
                        kept(picture, IMAGES / f"labelling_{view}.webp")
        finally:
            browser.close()
            server.should_exit = True
            thread.join()
            labelling.close()


if __name__ == "__main__":
    main()
