"""A key means what its presser saw: nothing that comes by itself, nor what is still on its way."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Route, expect

from tests.browser.sitting import Sitting, head_for
from tests.browser.test_keys_and_access import labelled
from tests.web import double

Sit = Callable[..., Sitting]

# At the next question or grid, before anybody can have seen it: a key, and a click, if any.
HASTE = """([within, key, button]) => {
  const shown = () => document.querySelector(".card")?.dataset.point
    ?? document.querySelector(".tile")?.ariaLabel;
  const was = shown();
  const seen = new MutationObserver(() => {
    const now = shown();
    if (!now || now === was) return;
    seen.disconnect();
    setTimeout(() => {
      document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      if (button) document.querySelector(button).click();
      document.documentElement.dataset.tried = now;
    });
  });
  const changes = { subtree: true, childList: true, attributes: true };
  seen.observe(document.querySelector(within), changes);
}"""


def test_what_is_typed_before_the_search_is_there_is_searched_for(sit: Sit) -> None:
    sitting = sit(double.texts())
    page, held = sitting.page, []
    sitting.context.route("**/page/search.js", lambda route: held.append(route), times=1)
    page.keyboard.press("/")
    box = page.get_by_role("searchbox")
    expect(box).to_be_focused()
    page.keyboard.type("refund")
    expect(box).to_have_value("refund")
    sitting.until(lambda: held)
    held[0].continue_()
    expect(page.locator(".row").first).to_contain_text("refund")
    expect(box).to_have_value("refund")
    expect(box).to_be_focused()
    assert sitting.posts() == []


def test_keys_mean_nothing_while_a_dialog_is_on_its_way(sit: Sit) -> None:
    sitting = sit(double.texts())
    page = sitting.page
    # In one task, in which no module can come.
    page.evaluate(
        """() => {
          for (const key of ["?", "1", "x"])
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        }"""
    )
    expect(page.get_by_role("dialog")).to_be_visible()
    sitting.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert sitting.posts() == []
    sitting.answer()
    sitting.stored(1)


def test_keys_wait_for_a_dialog_though_a_question_comes_and_goes_meanwhile(sit: Sit) -> None:
    sitting = sit(double.texts())
    page, held = sitting.page, []
    main = page.locator("main")
    sitting.context.route("**/page/settings.js", lambda route: held.append(route), times=1)
    page.keyboard.press("?")
    sitting.until(lambda: held)
    # The question is answered in another tab; the next one is not to be answered at once.
    gone = sitting.shown()
    sitting.source.answer("ann", "elsewhere", gone, 0)
    expect(page.locator(".card")).not_to_have_attribute("data-point", str(gone))
    page.evaluate("() => new Promise((done) => setTimeout(done, 401))")  # its pause is over
    expect(main).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(main).not_to_have_attribute("aria-busy", "true")


def test_a_key_for_a_question_that_has_just_gone_answers_no_other(sit: Sit) -> None:
    sitting = sit(double.texts())
    first = sitting.page
    first.evaluate(HASTE, [".card", "2", ".class"])
    sitting.open()
    gone = sitting.answer()
    first.wait_for_selector("[data-tried]", state="attached")
    sitting.page = first
    shown = sitting.answer()
    sitting.stored(2)
    assert shown != gone
    truth = sitting.source.truth
    assert sitting.source.labels() == {gone: truth[gone], shown: truth[shown]}


def test_undo_and_redo_pressed_twice_quickly_are_both_done(sit: Sit) -> None:
    """The first brings a question by itself, and no other key is taken before that is seen."""
    sitting = sit(labelled(double.texts(), 6))  # in an earlier sitting: the page knows none
    page = sitting.page
    for key, left in (("u", 4), ("r", 6)):
        page.evaluate("delete document.documentElement.dataset.tried")
        page.evaluate(HASTE, [".card", key, None])
        sitting.press(key)
        page.wait_for_selector("[data-tried]", state="attached")
        sitting.stored(left)


def test_a_second_enter_confirms_no_grid_that_nobody_has_seen(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 60))
    page = sitting.page
    sitting.press("g")
    tiles = page.locator(".tile")
    expect(tiles.first).to_be_visible()
    n = tiles.count()
    page.evaluate(HASTE, [".tiles", "Enter", ".bar .main"])
    sitting.press("Enter")
    page.wait_for_selector("[data-tried]", state="attached")
    sitting.stored(60 + n)
    more = tiles.count()
    assert more
    sitting.press("Enter")
    sitting.stored(60 + n + more)


def past_answers_that_wait(sit: Sit, n: int, *, shown: int) -> tuple[Sitting, Locator, list[Route]]:
    """Open the past answers; return what is shown, and where the next list that is read waits."""
    sitting = sit(labelled(double.digits(), n))
    held: list[Route] = []
    sitting.go("review/past")
    rows = sitting.page.locator(".row")
    expect(rows).to_have_count(shown)
    sitting.context.route("**/api/answers?*", lambda route: held.append(route), times=1)
    return sitting, rows, held


def test_a_past_answer_that_was_chosen_is_no_other_one_when_the_list_moves_on(sit: Sit) -> None:
    sitting, rows, held = past_answers_that_wait(sit, 120, shown=100)
    page = sitting.page
    page.get_by_role("button", name="Earlier ones").click()
    sitting.press("1", "7")
    expect(page.locator(".row.chosen")).to_have_count(1)
    sitting.until(lambda: held)
    held[0].continue_()
    expect(rows).to_have_count(20)
    sitting.press("5")
    assert sitting.posts() == []


def test_a_list_is_of_what_was_asked_for_last_whatever_comes_first(sit: Sit) -> None:
    sitting, rows, held = past_answers_that_wait(sit, 40, shown=40)
    page = sitting.page
    which = page.get_by_role("combobox", name="Class", exact=True)
    which.select_option("zero")
    sitting.until(lambda: held)
    which.select_option("one")
    n = sum(label == 1 for label in sitting.source.labels().values())
    expect(rows).to_have_count(n)
    with page.expect_response(held[0].request.url) as late:
        held[0].continue_()
    late.value.finished()
    page.evaluate("() => fetch('/api/questions').then((reply) => reply.text())")
    expect(rows).to_have_count(n)
    for said in page.locator(".row-said").all():
        expect(said).to_contain_text("one")


def test_a_class_typed_for_a_question_that_is_gone_labels_no_other_row(sit: Sit) -> None:
    sitting = sit(double.texts())
    first = sitting.page
    sitting.press("n")
    expect(first.get_by_role("combobox")).to_be_focused()
    first.keyboard.type("other")
    sitting.open()
    gone = sitting.answer()
    first.wait_for_function(
        "point => document.querySelector('.card').dataset.point !== String(point)", arg=gone
    )
    shown = sitting.shown(first)
    first.keyboard.press("Enter")
    expect(first.locator(".classes").get_by_text("other")).to_be_visible()
    sitting.page = first
    sitting.answer()
    sitting.stored(2)
    assert sitting.source.labels() == {
        point: sitting.source.truth[point] for point in (gone, shown)
    }


def test_a_view_is_left_at_once(sit: Sit) -> None:
    sitting = sit(double.texts())
    held = []
    sitting.context.route("**/page/progress.js", lambda route: held.append(route), times=1)
    head_for(sitting.page, "progress")
    sitting.heading("Progress")
    expect(sitting.page.locator("main")).to_contain_text("Loading…")
    expect(sitting.page.locator(".card")).to_have_count(0)
    sitting.go("people")
    sitting.heading("People")
    sitting.until(lambda: held)
    held[0].continue_()
    sitting.go("ask")
    expect(sitting.page.locator(".card")).to_be_visible()
