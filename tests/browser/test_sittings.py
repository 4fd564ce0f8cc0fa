"""Whole sittings at the page: label, change one's mind, confirm, review, export, go on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from fewlabels.exceptions import InvalidInputError
from tests.browser.sitting import Sitting, new_context
from tests.web import double
from tests.web.served import serving

Sit = Callable[..., Sitting]
KINDS = {"pictures": double.digits, "texts": double.texts, "table": double.table}


@pytest.mark.parametrize("kind", KINDS)
def test_a_whole_sitting(sit: Sit, kind: str) -> None:
    sitting = sit(KINDS[kind]())
    source, page = sitting.source, sitting.page
    seen = [sitting.shown()]
    for _ in range(30):
        sitting.answer_with_care()
        seen.append(sitting.shown())
    assert len(set(seen)) == 31
    sitting.stored(30)
    assert source.labels() == {point: source.truth[point] for point in seen[:30]}

    sitting.press(*["Backspace"] * 5)
    assert sitting.shown() == seen[25]
    sitting.stored(25)
    sitting.press("Shift+Backspace", "Shift+Backspace")
    sitting.stored(27)
    assert sitting.shown() == seen[27]

    sitting.press("n")
    page.get_by_role("combobox").fill("brand new")
    page.keyboard.press("Enter")
    sitting.stored(28)
    assert source.classes[-1]["name"] == "brand new"
    assert source.labels()[seen[27]] == len(source.classes) - 1
    expect(page.get_by_role("radio", name="brand new")).to_be_visible()

    skipped = sitting.shown()
    sitting.press("x")
    assert sitting.shown() != skipped
    later = sitting.shown()
    sitting.press("l")
    assert sitting.shown() not in {skipped, later}
    sitting.stored(28)
    assert source.skipped() == {skipped}

    sitting.press("g")
    tiles = page.locator(".tile")
    expect(tiles.first).to_be_visible()
    shown = tiles.count()
    sitting.press("2")
    expect(tiles.nth(1)).to_have_attribute("aria-pressed", "false")
    tiles.nth(2).click()
    sitting.press("Enter")
    sitting.stored(28 + shown - 2)
    assert source.events[-1]["kind"] == "confirm"

    sitting.go("review/past")
    rows = page.locator(".row")
    expect(rows.first).to_be_visible()
    with page.expect_request("**/api/relabel"):
        rows.first.get_by_role("combobox").select_option("0")
    expect(rows.first).to_contain_text("Decided")
    rows.nth(1).get_by_role("combobox").select_option(label="no label")
    expect(rows.nth(1)).to_contain_text("none")
    sitting.stored(28 + shown - 3)

    sitting.go("progress")
    sitting.heading("Progress")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.endswith("-labels.csv")

    sitting.press("Escape")
    expect(page.locator(".card")).to_be_visible()
    n = len(source.labels())
    sitting.answer(0)
    sitting.stored(n + 1)


def test_one_key_is_one_answer_and_one_request(sit: Sit) -> None:
    sitting = sit(double.texts())
    loaded = [entry.url for entry in sitting.requests]
    assert all(url.startswith(sitting.served.listener.origin) for url in loaded)
    # The address with its token and what it leads to are one; the stream stays open.
    assert len([url for url in loaded if "token" not in url and "events" not in url]) <= 10
    for n in range(1, 7):
        sitting.answer()
        sitting.stored(n)
    asked = [entry.url.rpartition("/")[2] for entry in sitting.requests if "/api/" in entry.url]
    assert sorted(asked) == [*["answer"] * 6, "events", "questions"]


def test_the_next_question_does_not_wait_for_the_server(sit: Sit) -> None:
    sitting = sit(double.digits())
    held = []
    sitting.context.route("**/api/answer", lambda route: held.append(route), times=1)
    first = sitting.answer()
    second = sitting.answer()
    third = sitting.shown()
    assert len({first, second, third}) == 3
    sitting.page.wait_for_function("() => document.querySelector('.card img').naturalWidth > 0")
    assert sitting.source.labels() == {}  # one at a time, in order
    sitting.until(lambda: held)
    held[0].continue_()
    sitting.stored(2)


def test_answers_without_a_connection_are_sent_later_and_once(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.expected = ("Failed to load resource",)
    sitting.answer()
    sitting.stored(1)
    sitting.context.route("**/api/**", lambda route: route.abort())
    given = [sitting.answer() for _ in range(3)]
    expect(sitting.page.locator("#notice")).to_contain_text("kept here")
    expect(sitting.page.locator(".card")).to_contain_text("Waiting for the server")
    # A reload in between loses nothing.
    sitting.page.reload()
    assert len(sitting.source.labels()) == 1
    sitting.context.unroute("**/api/**")
    sitting.stored(4)
    assert sitting.source.calls == ["answer"] * 4
    assert set(given) <= sitting.source.labels().keys()
    assert sitting.shown() not in sitting.source.labels()


def test_an_acknowledgement_that_is_lost_does_not_count_twice(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.expected = ("Failed to load resource",)

    def lose(route):
        route.fetch()  # it arrives, and is stored
        route.abort()

    sitting.context.route("**/api/answer", lose, times=1)
    sitting.answer()
    sitting.stored(1)
    sitting.answer()
    sitting.stored(2)
    assert sitting.source.calls == ["answer", "answer"]


def test_a_server_that_was_started_anew_goes_on_at_the_same_question(
    browser: Browser, tmp_path: Path
) -> None:
    source = double.digits()
    context = new_context(browser)
    expected = ("Failed to load resource", "ERR_", "401")
    with serving(source, preferred=tmp_path / "a") as served:
        sitting = Sitting(served, context)
        sitting.expected = expected
        sitting.open()
        sitting.answer()
        sitting.stored(1)
        port = served.listener.port
    sitting.answer()
    sitting.answer()
    kept = sitting.shown()
    assert len(source.labels()) == 1
    with serving(source, port=port) as served:
        # Its new address gives both tabs the new cookie, and what was kept is sent.
        old = sitting.page
        sitting.open(served.listener.address)
        sitting.stored(3)
        assert sitting.shown() == kept
        old.evaluate("dispatchEvent(new Event('online'))")
        old.wait_for_function(
            "n => document.querySelector('#count').textContent === n", arg="3 labels"
        )
        assert sitting.source.calls == ["answer"] * 3
        sitting.answer()
        sitting.stored(4)
        context.close()
    assert sitting.errors == []


def test_answers_wait_for_their_own_file_where_another_takes_its_place(
    browser: Browser, tmp_path: Path
) -> None:
    source, other = double.digits(), double.texts()
    context = new_context(browser)
    kept = "() => Object.keys(localStorage).filter((k) => k.includes('/act/')).length"
    with serving(source, preferred=tmp_path / "a") as served:
        sitting = Sitting(served, context)
        sitting.expected = ("Failed to load resource", "ERR_", "401", "421")
        old = sitting.open()
        sitting.answer()
        sitting.stored(1)
        port = served.listener.port
    given = [sitting.answer(), sitting.answer()]
    with serving(other, port=port) as served:
        sitting.open(served.listener.address)
        old.evaluate("dispatchEvent(new Event('online'))")
        # The page that was open becomes one of the other file, and takes nothing there.
        expect(old.locator(".reading")).to_be_visible()
        expect(old.locator("#count")).to_have_text("0 labels")
        assert other.labels() == {}
        assert sitting.page.evaluate(kept) == 2
    with serving(source, port=port) as served:
        sitting.open(served.listener.address)
        sitting.stored(3)
        assert set(given) <= source.labels().keys()
        assert sitting.page.evaluate(kept) == 0
        context.close()
    assert other.labels() == {}
    assert sitting.errors == []


def test_two_tabs_without_a_connection_lose_nothing_and_send_nothing_twice(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.expected = ("Failed to load resource",)
    first, second = sitting.page, sitting.open()
    sitting.context.route("**/api/**", lambda route: route.abort())
    for page, class_id in ((first, 0), (second, 1), (first, 2)):
        sitting.page = page
        page.bring_to_front()
        sitting.answer(class_id)
    assert sitting.source.labels() == {}
    sitting.context.unroute("**/api/**")
    # Both answered the same first question; the same person's later word stands.
    for page in (first, second):
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#count")).to_have_text("2 labels")
    sitting.stored(2)
    assert sitting.source.calls == ["answer"] * 3


def test_two_tabs_show_the_same_and_ask_nothing_twice(sit: Sit) -> None:
    sitting = sit(double.texts())
    first = sitting.page
    second = sitting.open()
    assert sitting.shown(first) == sitting.shown(second)
    asked = sitting.shown(second)
    sitting.answer()
    first.wait_for_function(
        "point => document.querySelector('.card').dataset.point !== String(point)", arg=asked
    )
    assert sitting.shown(first) == sitting.shown(second)
    sitting.page = first
    sitting.answer()
    sitting.stored(2)
    expect(second.locator("#count")).to_have_text("2 labels")
    assert len(sitting.source.labels()) == 2


def test_undo_reaches_back_before_this_page_was_opened(sit: Sit) -> None:
    source = double.texts()
    for place in range(8):
        source.answer("ann", f"k{place}", source.order[place], source.truth[source.order[place]])
    sitting = sit(source)
    sitting.press("Backspace")
    sitting.stored(7)
    sitting.page.wait_for_function(
        "point => document.querySelector('.card').dataset.point === String(point)",
        arg=source.order[7],
    )
    sitting.press("u")
    sitting.stored(6)
    sitting.press("r")
    sitting.stored(7)  # another question came with it, which takes no key at first
    sitting.press("r")
    sitting.stored(8)


def test_where_no_grid_is_ready_the_question_is_next(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = double.digits()
    sitting = sit(source)
    page, status = sitting.page, sitting.page.locator("#status")
    shown = sitting.shown()
    sitting.press("g")
    expect(status).to_have_text("No grid just now: some questions first.")
    assert page.evaluate("location.hash") == "#ask"
    assert sitting.shown() == shown
    for place in range(60):
        point = source.order[place]
        source.answer("ann", f"k{place}", point, source.truth[point])
    sitting.stored(60)  # no other question comes by itself, which would take no key at first
    sitting.press("g")
    expect(page.locator(".tile").first).to_be_visible()
    monkeypatch.setattr(source, "neighbourhood", lambda who, near=None, n=24: None)
    sitting.press("Enter")  # the last of them
    expect(page.locator("main")).to_have_class("view-ask")
    n = len(source.labels())
    assert n > 60
    sitting.answer()
    sitting.stored(n + 1)


def test_any_past_answer_is_three_keys_away(sit: Sit) -> None:
    source = double.digits()
    for place in range(40):
        source.answer("ann", f"k{place}", source.order[place], 0)
    sitting = sit(source)
    sitting.press("p")
    expect(sitting.page.locator(".row")).to_have_count(40)
    sitting.press("1", "7")
    point = source.order[40 - 1 - 17]
    expect(sitting.page.locator(".row.chosen")).to_contain_text("zero")
    with sitting.page.expect_request("**/api/relabel"):
        sitting.press("5")
    sitting.stored(40)
    assert source.labels()[point] == 4
    sitting.press("Escape")
    expect(sitting.page.locator(".card")).to_be_visible()


def test_a_suspect_label_is_changed_in_place(sit: Sit) -> None:
    source = double.digits()
    for place in range(60):
        point = source.order[place]
        source.answer("ann", f"k{place}", point, source.truth[point])
    wrong = source.order[5]
    source.answer("ann", "wrong", wrong, (source.truth[wrong] + 1) % 10)
    sitting = sit(source)
    sitting.go("review/suspects")
    row = sitting.page.locator(".row", has=sitting.page.locator(f'img[src*="/{wrong}?"]')).first
    expect(row).to_contain_text("labelled")
    row.get_by_role("button", name="Change to").click()
    sitting.stored(60)
    assert source.labels()[wrong] == source.truth[wrong]


def test_why_shows_the_labels_that_an_answer_comes_from(sit: Sit) -> None:
    source = double.digits()
    for place in range(20):
        point = source.order[place]
        source.answer("ann", f"k{place}", point, source.truth[point])
    sitting = sit(source)
    while not sitting.page.locator(".suggestion").count():
        sitting.press("x")
    sitting.press("w")
    dialog = sitting.page.get_by_role("dialog")
    expect(dialog.locator(".reason").first).to_contain_text("%")
    shown = sitting.shown()
    sitting.press("1")  # keys answer nothing behind a dialog
    sitting.press("Escape")
    expect(dialog).to_have_count(0)
    assert sitting.shown() == shown


def test_search_finds_rows_and_their_like(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.press("/")
    sitting.page.keyboard.type("refund")
    rows = sitting.page.locator(".row")
    expect(rows.first).to_contain_text("refund")
    rows.first.get_by_role("combobox").select_option("1")
    sitting.stored(1)
    rows.first.get_by_role("link", name="More like this").click()
    expect(sitting.page.locator(".soft[role=status]")).to_contain_text("Most similar to row")


def test_search_waits_for_its_index(sit: Sit) -> None:
    sitting = sit(double.texts())
    search = sitting.source.search
    sitting.source.search = lambda text, n: {"total": 0, "points": [], "ready": False}
    sitting.press("/")
    sitting.page.keyboard.type("refund")
    status = sitting.page.locator(".soft[role=status]")
    expect(status).to_have_text("Ready once the index is built.")
    expect(sitting.page.locator(".empty")).to_have_count(0)
    sitting.source.search = search
    expect(sitting.page.locator(".row").first).to_contain_text("refund")


def test_a_question_that_is_being_chosen_is_no_end(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = double.texts()
    source.answer("ann", "k", source.order[0], 0)
    monkeypatch.setattr(source, "questions", lambda who, n=3: [])
    sitting = sit(source)
    card = sitting.page.locator(".card")
    expect(card).to_have_text("The next question is being chosen…")
    for place in range(1, 110):
        source.answer("bob", f"k{place}", source.order[place], 0)
    expect(card).to_contain_text("The rest are with other people")


def test_two_people_see_where_they_differ(sit: Sit) -> None:
    source = double.texts()
    point = source.order[0]
    source.answer("bob", "b", point, 0)
    source.answer("cleo", "c", point, 1)
    sitting = sit(source)
    sitting.go("people")
    expect(sitting.page.locator("table").first).to_contain_text("bob")
    row = sitting.page.locator(".row")
    expect(row).to_contain_text("cleo")
    row.get_by_role("button", name="login").click()
    sitting.stored(1)
    sitting.page.get_by_label("Your name").fill("dora")
    sitting.page.get_by_role("button", name="Save").click()
    sitting.go("ask")
    sitting.answer()
    sitting.stored(2)
    assert source.events[-1]["who"] == "dora"


def test_what_is_proven_is_said(sit: Sit) -> None:
    source = double.digits()
    for place in range(20):
        source.answer("ann", f"k{place}", source.order[place], 0)
    source.proven = True
    sitting = sit(source)
    sitting.page.locator("#count").click()
    sitting.heading("Proven")
    expect(sitting.page.locator(".lead-sentence")).to_contain_text("95 % confidence")
    export = sitting.page.get_by_role("link", name="Export the labels")
    with sitting.page.expect_download() as kept:
        export.click()
    assert kept.value.suggested_filename == "digits-labels.csv"
    with sitting.page.expect_download() as kept:
        sitting.page.get_by_role("button", name="Write the report").first.click()
    assert kept.value.suggested_filename == "digits-report.html"
    assert "A report" in Path(kept.value.path()).read_text("utf-8")
    expect(sitting.page.get_by_role("button", name="Write the report").first).to_be_enabled()


def test_a_report_that_fails_is_said(sit: Sit, monkeypatch: pytest.MonkeyPatch) -> None:
    source = labelled_by_hand()
    sitting = sit(source)
    sitting.expected = ("Failed to load resource",)

    def refuse(_: object) -> None:
        raise InvalidInputError("Nothing has been learned yet.")

    monkeypatch.setattr(source, "with_model", refuse)
    sitting.go("progress")
    sitting.page.get_by_role("button", name="Write the report").first.click()
    expect(sitting.page.locator("#notice")).to_contain_text("Nothing has been learned yet.")


@pytest.mark.parametrize("view", ["review/past", "search/like/3", "people"])
def test_a_refused_change_is_not_shown_as_done(
    sit: Sit, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    source = labelled_by_hand()
    source.answer("bob", "b", source.order[0], 1)
    refused = []

    def refuse(who: str, key: str, point: int, class_id: int | None) -> None:
        refused.append(point)
        raise InvalidInputError("Answer the question when it comes.")

    monkeypatch.setattr(source, "relabel", refuse)
    sitting = sit(source)
    sitting.expected = ("Failed to load resource",)
    sitting.go(view)
    row = sitting.page.locator(".row").first
    said = row.locator(".row-do" if view == "people" else ".row-said")
    before = said.inner_text()
    if view == "people":
        row.get_by_role("button", name="zero").click()
    else:
        row.get_by_role("combobox").select_option("four")
    expect(sitting.page.locator("#notice")).to_contain_text("Answer the question when it comes.")
    expect(said).to_have_text(before, use_inner_text=True)
    expect(sitting.page.locator(".changed")).to_have_count(0)
    assert len(refused) == 1


def labelled_by_hand() -> double.Double:
    source = double.digits()
    for place in range(20):
        source.answer("ann", f"k{place}", source.order[place], 0)
    return source


def test_that_checks_begin_is_told(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.source.action = "check"
    sitting.answer()
    expect(sitting.page.locator("#notice")).to_contain_text("Only random checks now")


def test_a_proof_that_comes_while_one_labels_is_told(sit: Sit) -> None:
    sitting = sit(double.texts())
    sitting.source.proven = True
    sitting.answer()
    expect(sitting.page.locator("#notice")).to_contain_text("proven")
    expect(sitting.page.locator("#count")).to_have_class("count proven")


def test_stages_are_shown_while_one_labels(sit: Sit) -> None:
    source = double.texts()
    source.stage = {"name": "graph", "share": 0.4}
    sitting = sit(source)
    expect(sitting.page.locator("#stage")).to_contain_text("Linking similar rows")
    box = sitting.page.locator(".card").bounding_box()
    bar = sitting.page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "40")
    sitting.answer()
    source.stage = None
    source.tell()
    expect(sitting.page.locator("#stage")).to_be_hidden()
    assert sitting.page.locator(".card").bounding_box() == box  # nothing jumps
    sitting.stored(1)
