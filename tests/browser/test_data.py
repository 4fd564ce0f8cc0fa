"""What data may look like: long, strange, hostile, huge, few, none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.sitting import Sitting
from tests.web import double

Sit = Callable[..., Sitting]
HOSTILE = [
    "<img src=x onerror=\"document.title='broken'\">",
    "</script><script>document.title='broken'</script>",
    "{{7*7}} ${7*7} javascript:alert(1)",
    "=cmd|'/c calc'!A1",
    "\u202egnp.exe \u2066 \u200f",
    "a\u0300" * 60,
]


def no_overflow(sitting: Sitting) -> None:
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert sitting.page.evaluate(wide) <= 0


def test_markup_in_data_is_only_text(sit: Sit) -> None:
    source = double.texts(more=HOSTILE)
    source.classes[0]["name"] = "<b>bold</b>"
    source.name = "<i>x</i>"
    sitting = sit(source)
    for text in HOSTILE:
        expect(sitting.page.locator(".reading")).to_have_text(text)
        expect(sitting.page.locator(".card img, .card script")).to_have_count(0)
        sitting.answer(0)
    sitting.stored(len(HOSTILE))
    sitting.press("p")
    expect(sitting.page.locator(".row").first).to_contain_text("<b>bold</b>")
    assert "broken" not in sitting.page.title()
    assert sitting.page.title().startswith("<i>x</i>")


def test_fifty_classes_have_their_place(sit: Sit) -> None:
    source = double.texts()
    names = [f"class number {n}" + " with a long name" * (n % 7 == 0) for n in range(50)]
    source.classes = [{"id": n, "name": name, "key": None} for n, name in enumerate(names)]
    for entry, (_, key) in zip(source.classes, double.keyed(names), strict=True):
        entry["key"] = key
    for width in (1280, 320):
        sitting = sit(source, width=width)
        expect(sitting.page.get_by_role("radio")).to_have_count(50)
        no_overflow(sitting)
    before = len(source.labels())
    sitting.press("n")
    sitting.page.get_by_role("combobox").fill("number 43")
    sitting.press("Enter")
    sitting.stored(before + 1)
    assert 43 in source.labels().values()


def test_long_texts_scroll_in_their_card(sit: Sit) -> None:
    long = " ".join(["word"] * 2_000)
    sitting = sit(double.texts(more=[long, "x" * 5_000]), height=700)
    for _ in range(2):
        scroll = sitting.page.locator(".card .scroll")
        assert scroll.evaluate("e => e.scrollHeight > e.clientHeight")
        assert scroll.evaluate("e => e.scrollWidth <= e.clientWidth")
        assert scroll.evaluate("e => e.scrollTop") == 0
        expect(sitting.page.get_by_role("radio").last).to_be_in_viewport()
        scroll.focus()
        sitting.press("End")
        sitting.answer(0)
    no_overflow(sitting)


def test_texts_run_in_their_own_direction(sit: Sit) -> None:
    emoji = "👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 ok"
    texts = ["مرحبا بالعالم، هذا نص", "שלום", emoji, "日本語の文章"]
    sitting = sit(double.texts(more=texts))
    directions = []
    for _ in range(4):
        text = sitting.page.locator(".reading")
        directions.append(text.evaluate("e => getComputedStyle(e).direction"))
        sitting.answer(0)
    assert directions == ["rtl", "rtl", "ltr", "ltr"]


def test_huge_pictures_fit_and_zoom(sit: Sit) -> None:
    source = double.digits(8)
    source.pictures = [Image.new("L", (8_000, 5_000), 128), *source.pictures[1:]]
    source.order.remove(0)
    source.order.insert(0, 0)
    sitting = sit(source)
    image = sitting.page.locator(".card img")
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate("e => e.naturalWidth") <= 1536
    frame = sitting.page.locator(".picture")
    assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")
    sitting.press("z")
    assert frame.evaluate("e => e.scrollWidth > e.clientWidth")
    sitting.page.get_by_role("button", name="Smaller").click()
    assert frame.evaluate("e => e.scrollWidth <= e.clientWidth")
    no_overflow(sitting)


def test_a_picture_stays_where_its_larger_one_does_not_come(sit: Sit) -> None:
    sitting = sit(double.digits(8))
    image = sitting.page.locator(".card img")
    expect(image).to_have_js_property("complete", True)
    sitting.expected = ("Failed to load resource",)
    sitting.context.route("**/api/picture/*size=3072", lambda route: route.abort(), times=1)
    with sitting.page.expect_event("requestfailed"):
        sitting.press("z")
    assert image.evaluate("e => e.naturalWidth") > 0
    expect(sitting.page.locator(".broken")).to_have_count(0)
    larger = sitting.page.locator(".card img[src*='size=3072']")
    sitting.until(lambda: sitting.press("z") or larger.count())  # the connection is back
    assert image.evaluate("e => e.naturalWidth") > 0


def test_a_picture_that_can_t_be_shown_is_named_and_suggests_nothing(sit: Sit) -> None:
    source = double.digits(12)
    sitting = sit(source)
    for _ in range(8):
        sitting.answer()
    sitting.stored(8)
    expect(sitting.page.locator(".suggestion")).to_be_visible()
    sitting.expected = ("Failed to load resource",)
    sitting.context.route("**/api/picture/**", lambda route: route.abort())
    sitting.page.reload()
    card = sitting.page.locator(".picture.broken")
    expect(card).to_contain_text(f"{source.items[sitting.shown()]['title']} can't be shown.")
    expect(sitting.page.locator(".suggestion, .suggested")).to_have_count(0)
    sitting.press("Enter")
    expect(sitting.page.locator("#status")).to_contain_text("There is no suggestion here")
    sitting.answer()
    sitting.stored(9)


def test_a_list_shows_the_first_column_of_a_row_and_then_what_differs(sit: Sit) -> None:
    source = double.table()
    for item in source.items:
        item["columns"].insert(0, {"name": "comment", "value": "word " * 60, "differs": False})
        for column in item["columns"][5:]:
            column["differs"] = True
    sitting = sit(source)
    expect(sitting.page.locator(".column.wide dt")).to_have_text("comment")
    sitting.answer()
    sitting.stored(1)
    sitting.go("review/past")
    facts = sitting.page.locator(".row .fact")
    expect(facts).to_have_count(4)
    expect(facts.first).to_have_text(f"comment {('word ' * 60)[:180].strip()} …")
    names = [column["name"] for column in source.items[0]["columns"]]
    expect(facts.nth(1)).to_contain_text(names[5])


def test_the_views_are_links_on_a_wide_screen_and_a_menu_on_a_narrow_one(sit: Sit) -> None:
    page = sit(double.table()).page
    expect(page.locator("#views")).to_be_visible()
    expect(page.locator("#views-button")).to_be_hidden()
    page.set_viewport_size({"width": 400, "height": 800})
    expect(page.locator("#views")).to_be_hidden()
    page.locator("#views-button").click()
    expect(page.locator("#views")).to_be_visible()


@pytest.mark.parametrize("columns", [1, 8])
def test_rows_of_any_width(sit: Sit, columns: int) -> None:
    sitting = sit(double.table(columns=columns), width=320, height=640)
    expect(sitting.page.locator(".column")).to_have_count(columns)
    no_overflow(sitting)


def test_the_last_row_is_followed_by_a_way_on(sit: Sit) -> None:
    sitting = sit(double.texts(4))
    for n in range(1, 5):
        sitting.answer()
        sitting.stored(n)
    expect(sitting.page.locator(".card")).to_contain_text("Every row has a label")
    sitting.press("1", "Enter", "x", "z", "w")
    assert len(sitting.source.labels()) == 4
    sitting.press("Backspace")
    sitting.stored(3)


def test_without_classes_the_first_answer_names_one(sit: Sit) -> None:
    source = double.texts()
    source.classes = []
    sitting = sit(source)
    expect(sitting.page.locator(".prompt")).to_contain_text("Type the name")
    sitting.press("n")
    sitting.page.get_by_role("combobox").fill("été 🌞")
    sitting.press("Enter")
    sitting.stored(1)
    assert source.classes[0]["name"] == "été 🌞"


def test_without_classes_typing_begins_the_name_of_the_first(sit: Sit) -> None:
    source = double.digits()
    source.classes = []
    sitting = sit(source)
    shown = sitting.shown()
    sitting.page.keyboard.type("xl six")
    expect(sitting.page.get_by_role("combobox")).to_have_value("xl six")
    sitting.press("Enter")
    sitting.stored(1)
    assert source.classes[0]["name"] == "xl six"
    assert set(source.labels()) == {shown}
    assert source.skipped() == set()
    # One label says nothing of how sure a suggestion is; from now on letters are commands.
    sitting.press("x")
    expect(sitting.page.get_by_role("combobox")).to_have_count(0)


def test_a_row_without_anything_is_still_a_question(sit: Sit) -> None:
    source = double.Double("table", np.zeros((3, 1)), [{}, {}, {}], ["a", "b"])
    sitting = sit(source)
    sitting.press("1")
    sitting.stored(1)


def test_what_the_server_refuses_is_said(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.expected = ("Failed to load resource",)
    sitting.source.classes.pop()  # behind the page's back
    sitting.press("3")
    expect(sitting.page.locator("#notice")).to_contain_text("There is no class 2.")
    sitting.answer(0)
    sitting.stored(1)
