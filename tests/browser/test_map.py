"""The map in a browser: drawn by software, selected by lasso, by box, by cluster, by keys."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageColor
from playwright.sync_api import Page, expect

from tests.browser.sitting import Sitting
from tests.web import double

Sit = Callable[..., Sitting]


class Mapped(double.Double):
    """Points in clusters on a plane, and what the map shows of them."""

    def lay_out(self, places: np.ndarray, label: np.ndarray, prediction: np.ndarray) -> Mapped:
        self.places, self.label, self.prediction = places.astype("<f4"), label, prediction
        return self

    def known(self, point: int) -> int:
        return point

    def item(self, who: str, point: int) -> dict[str, Any]:
        """Give what a point is: one of few things, again and again."""
        return super().item(who, point % len(self.items))

    def map(self) -> dict[str, Any]:
        doubt = np.zeros(len(self.places), dtype=np.uint8)
        doubt[::2] = 255
        return {
            "version": self.version,
            "n": len(self.places),
            "positions": self.places.tobytes(),
            "label": self.label.astype("<i2").tobytes(),
            "prediction": self.prediction.astype("<i2").tobytes(),
            "doubt": doubt.tobytes(),
        }


def clustered(n: int, *, seed: int = 0) -> Mapped:
    """Three round clusters of equal size, at three corners."""
    rng = np.random.default_rng(seed)
    found = double.digits()
    source = Mapped(
        found.kind,
        found.vectors,
        found.items,
        [entry["name"] for entry in found.classes],
        name=found.name,
        pictures=found.pictures,
    )
    source.truth = found.truth
    of = np.arange(n) % 3
    centres = np.array([[0, 0], [100, 0], [0, 100]])
    places = centres[of] + rng.normal(scale=8, size=(n, 2))
    label = np.where(np.arange(n) % 50 == 7, of, -1)
    return source.lay_out(places, label, np.where(rng.random(n) < 0.9, of, -1))


def opened(sitting: Sitting) -> Page:
    sitting.expected += ("GPU stall",)  # said where the screen is drawn by software
    sitting.go("map")
    expect(sitting.page.locator("canvas[data-drawn]")).to_be_visible()
    return sitting.page


def place_of(page: Page, source: Mapped, x: float, y: float) -> tuple[float, float]:
    """Where a place of the plane is on the screen while all is shown."""
    low, high = source.places.min(axis=0), source.places.max(axis=0)
    box = page.locator("canvas").bounding_box()
    assert box is not None
    middle, extent = (low + high) / 2, high - low
    scale = min(box["width"] / extent[0], box["height"] / extent[1]) * 0.94 / 1.002
    at_x = box["x"] + box["width"] / 2 + (x - middle[0]) * scale
    at_y = box["y"] + box["height"] / 2 - (y - middle[1]) * scale
    return float(at_x), float(at_y)


def drag(page: Page, places: list[tuple[float, float]]) -> None:
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_lasso_selects_what_is_within_and_a_million_points_are_drawn(sit: Sit) -> None:
    source = clustered(1_000_000)
    sitting = sit(source)
    page = opened(sitting)
    page.get_by_role("button", name="Lasso").click()
    corners = [(-40, 50), (50, 50), (50, 160), (-40, 160)]
    drag(page, [place_of(page, source, *corner) for corner in corners])
    chosen = source.places[(np.abs(source.places - [0, 100]) < [45, 50]).all(axis=1)]
    text = page.locator(".map-chosen strong").inner_text()
    n = int(text.split()[0].replace(",", ""))
    assert abs(n - len(chosen)) < 0.001 * len(chosen)
    page.get_by_role("button", name="Move", exact=True).click()
    took = []
    canvas = page.locator("canvas")
    for step in range(12):
        x, y = place_of(page, source, 50, 50)
        drag(page, [(x, y), (x + (20 if step % 2 else -20), y)])
        took.append(float(canvas.get_attribute("data-took") or 0))
    n_drawn = canvas.get_attribute("data-drawn")
    print(f"a million points, frames of a pan: {took} ms, {n_drawn} drawn")  # noqa: T201


def test_a_box_by_two_clicks_selects_what_is_within(sit: Sit) -> None:
    source = clustered(3000)
    page = opened(sit(source))
    page.get_by_role("button", name="Box").click()
    page.mouse.click(*place_of(page, source, 50, source.places[:, 1].min() - 1))
    page.mouse.click(*place_of(page, source, source.places[:, 0].max() + 1, 48))
    expect(page.locator(".map-chosen strong")).to_have_text("1,000 points selected")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".map-chosen")).to_be_empty()


def test_the_list_of_clusters_selects_and_labels_without_a_pointer(sit: Sit) -> None:
    source = clustered(300)
    sitting = sit(source)
    page = opened(sitting)
    clusters = page.locator(".map-cluster")
    expect(clusters).to_have_count(3)
    clusters.first.focus()
    sitting.press("Enter")
    expect(page.locator(".map-chosen strong")).to_have_text("100 points selected")
    page.get_by_role("button", name="Label", exact=True).last.focus()
    sitting.press("Enter")
    page.get_by_role("dialog").get_by_role("button").nth(1).click()
    expect(page.locator("#count")).to_have_text("100 labels")
    assert set(source.labels()) == {
        i for i in range(300) if i % 3 == next(iter(source.labels())) % 3
    }


def test_a_large_selection_is_labelled_in_parts(sit: Sit) -> None:
    source = clustered(120_000)
    sitting = sit(source)
    page = opened(sitting)
    page.get_by_role("button", name="Lasso").click()
    low, high = source.places.min(axis=0) - 9, source.places.max(axis=0) + 9
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]
    box = page.locator("canvas").bounding_box()
    assert box is not None
    places = [place_of(page, source, *corner) for corner in corners]
    left, top = box["x"] + 2, box["y"] + 2
    right, bottom = left + box["width"] - 4, top + box["height"] - 4
    within = [(min(max(x, left), right), min(max(y, top), bottom)) for x, y in places]
    drag(page, within)
    expect(page.locator(".map-chosen strong")).to_have_text("120,000 points selected")
    page.get_by_role("button", name="Label", exact=True).last.click()
    page.get_by_role("dialog").get_by_role("button").nth(2).click()
    expect(page.locator("#count")).to_have_text("120,000 labels")
    assert [len(event["points"]) for event in source.events] == [50_000, 50_000, 20_000]
    assert set(source.labels().values()) == {1}


def test_a_point_shows_what_it_is_and_leads_on(sit: Sit) -> None:
    source = clustered(300)
    page = opened(sit(source))
    point = int(np.argmax(source.places[:, 0]))
    place = place_of(page, source, *source.places[point])
    page.mouse.move(*place)
    expect(page.locator(".map-card img")).to_have_attribute("src", f"/api/picture/{point}?size=192")
    page.mouse.click(*place)
    expect(page.locator(".map-chosen strong")).to_have_text("1 point selected")
    page.get_by_role("button", name="Similar to this").click()
    page.wait_for_url(f"**/#search/like/{point}")


def test_keys_move_zoom_and_clear(sit: Sit) -> None:
    source = clustered(3000)
    page = opened(sit(source))
    canvas = page.locator("canvas")
    page.locator(".map-cluster").first.click()
    canvas.focus()
    page.keyboard.press("0")
    expect(canvas).to_have_attribute("data-drawn", "3000")
    for _ in range(6):
        page.keyboard.press("+")
    # A function: an expression would be evaluated anew each time, which the page's policy forbids.
    page.wait_for_function("() => +document.querySelector('canvas').dataset.drawn < 1500")
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    expect(canvas).to_have_attribute("data-drawn", "0")
    page.keyboard.press("Escape")
    expect(page.locator(".map-chosen")).to_be_empty()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_map_looks_like_its_classes(sit: Sit, scheme: str) -> None:
    source = clustered(3000)
    page = opened(sit(source, color_scheme=scheme))
    expect(page.locator("canvas")).to_have_attribute("data-drawn", "3000")
    shot = Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB")
    seen = Counter(map(tuple, np.asarray(shot).reshape(-1, 3).tolist()))
    names = [f"--class-{number}" for number in range(4)]
    wanted = page.evaluate(
        "names => names.map(n => getComputedStyle(document.documentElement).getPropertyValue(n))",
        names,
    )
    colours = [seen[ImageColor.getrgb(colour.strip())] for colour in wanted]
    assert min(colours[:3]) > 300
    assert colours[3] == 0


def test_without_webgl_the_map_is_drawn_by_hand(sit: Sit) -> None:
    source = clustered(300)
    sitting = sit(source)
    sitting.page.evaluate(
        """() => {
          const had = HTMLCanvasElement.prototype.getContext;
          HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
            return kind === "webgl2" ? null : had.call(this, kind, ...more);
          };
        }"""
    )
    page = opened(sitting)
    expect(page.locator("canvas")).to_have_attribute("data-drawn", "300")
    shot = Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB")
    assert len({*map(tuple, np.asarray(shot).reshape(-1, 3).tolist())}) > 3
