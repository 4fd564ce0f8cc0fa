"""Keys, screen readers, and everybody's eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.browser.sitting import Sitting, new_context
from tests.web import double
from tests.web.served import Served, serving

Sit = Callable[..., Sitting]


def labelled(source: double.Double, n: int) -> double.Double:
    for place in range(n):
        point = source.order[place]
        wrong = place % 11 == 5
        source.answer(
            "ann", f"k{place}", point, (source.truth[point] + wrong) % len(source.classes)
        )
    return source


def to_question(sitting: Sitting, *, check: bool) -> None:
    while sitting.source.is_check(sitting.shown()) is not check:
        sitting.press("x")


def test_a_check_shows_no_suggestion_and_enter_answers_nothing(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    to_question(sitting, check=True)
    expect(sitting.page.locator(".suggestion, .class.suggested")).to_have_count(0)
    shown = sitting.shown()
    sitting.press("Enter")
    assert sitting.shown() == shown
    assert len(sitting.source.labels()) == 30


def test_enter_takes_the_suggestion_also_from_the_group(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    to_question(sitting, check=False)
    name = sitting.page.locator(".suggestion .chip").inner_text().strip()
    point = sitting.shown()
    sitting.press("Enter")
    sitting.stored(31)
    assert sitting.source.classes[sitting.source.labels()[point]]["name"] == name


def test_nothing_jumps_between_questions(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    boxes = []
    for check in (False, True, False):
        to_question(sitting, check=check)
        boxes.append([sitting.page.locator(name).bounding_box() for name in (".card", ".classes")])
    assert boxes[0] == boxes[1] == boxes[2]


def test_the_classes_are_a_radio_group_with_one_stop(sit: Sit) -> None:
    sitting = sit(double.digits())
    group = sitting.page.get_by_role("radiogroup")
    stops = group.locator('[tabindex="0"]')
    expect(stops).to_have_count(1)
    stops.focus()
    shown = sitting.shown()
    sitting.press("Enter")  # the focus alone leans to no class
    assert sitting.shown() == shown
    sitting.press("ArrowRight", "ArrowRight")
    expect(sitting.page.locator(":focus")).to_contain_text("two")
    expect(group.get_by_role("radio", checked=True)).to_have_count(1)
    assert sitting.shown() == shown
    sitting.press("Enter")
    sitting.stored(1)
    assert sitting.source.labels()[shown] == 2
    expect(group.locator(":focus")).to_have_count(1)


def test_a_click_leaves_nothing_for_enter_to_repeat(sit: Sit) -> None:
    sitting = sit(double.digits())
    sitting.page.get_by_role("radio", name="three").click()
    sitting.stored(1)
    shown = sitting.shown()
    sitting.press("Enter")
    assert sitting.shown() == shown


def test_a_tab_leaves_nothing_for_enter_to_repeat(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    to_question(sitting, check=False)
    tabs = sitting.page.get_by_role("navigation")
    tabs.get_by_role("link", name="Progress").click()
    sitting.heading("Progress")
    expect(sitting.page.locator("h1:focus")).to_have_count(1)
    for _ in range(2):  # also where one is already
        tabs.get_by_role("link", name="Label").click()
        expect(sitting.page.locator(".card")).to_be_visible()
    sitting.press("Enter")
    sitting.stored(31)


def test_a_suggestion_from_few_labels_says_no_share(
    sit: Sit, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = labelled(double.digits(), 30)
    few = source.item

    def item(who: str, point: int) -> double.Json:
        return few(who, point) | {"doubt": "too few labels"}

    monkeypatch.setattr(source, "item", item)
    sitting = sit(source)
    to_question(sitting, check=False)
    expect(sitting.page.locator(".suggestion")).not_to_contain_text("%")


def test_what_happened_is_said_to_screen_readers(sit: Sit) -> None:
    sitting = sit(double.digits())
    status = sitting.page.get_by_role("status").first
    sitting.press("3")
    expect(status).to_contain_text("two. Next: digit-")
    sitting.press("Backspace")
    expect(status).to_contain_text("Undone: two.")
    expect(sitting.page.get_by_role("radio", name="two")).to_have_attribute(
        "aria-keyshortcuts", "3"
    )


def test_held_and_composed_keys_answer_nothing(sit: Sit) -> None:
    sitting = sit(double.digits())
    for more in ("repeat: true", "isComposing: true", "ctrlKey: true", "metaKey: true"):
        sitting.page.evaluate(
            f"() => document.body.dispatchEvent(new KeyboardEvent('keydown', "
            f"{{key: '1', bubbles: true, cancelable: true, {more}}}))"
        )
    assert sitting.posts() == []
    assert len(sitting.source.labels()) == 0


def test_single_keys_can_be_switched_off(sit: Sit) -> None:
    sitting = sit(double.digits())
    sitting.press("?")
    sitting.page.get_by_role("switch", name="Single keys").uncheck()
    sitting.press("Escape")
    zero = sitting.page.get_by_role("radio", name="zero")
    expect(zero).to_have_attribute("aria-keyshortcuts", "Alt+1")
    shown = sitting.shown()
    sitting.press("1", "x", "u", "?")
    assert sitting.shown() == shown
    expect(sitting.page.get_by_role("dialog")).to_have_count(0)
    sitting.press("Alt+1")
    sitting.stored(1)
    sitting.page.reload()
    expect(zero).to_have_attribute("aria-keyshortcuts", "Alt+1")


def test_keys_can_be_given_anew(sit: Sit) -> None:
    sitting = sit(double.digits())
    page = sitting.page
    sitting.press("?")
    page.get_by_role("button", name="Change the key of Undo").click()
    sitting.press("1")
    expect(page.locator("#notice")).to_contain_text("already answers with a class")
    sitting.press("q")
    expect(page.get_by_role("button", name="Change the key of Undo, now q")).to_be_visible()
    page.get_by_role("button", name="Change the key of three").click()
    sitting.press("t")
    expect(page.get_by_role("button", name="Change the key of three, now t")).to_be_visible()
    sitting.press("Escape")
    point = sitting.shown()
    sitting.press("t")
    sitting.stored(1)
    assert sitting.source.labels()[point] == 3
    sitting.press("q")
    sitting.stored(0)


def test_classes_can_be_renamed(sit: Sit) -> None:
    sitting = sit(double.digits())
    sitting.press("?")
    field = sitting.page.get_by_label("Name of three")
    field.fill("trois")
    sitting.press("Enter", "Tab")
    expect(sitting.page.get_by_label("Name of trois")).to_be_visible()
    sitting.press("Escape")
    expect(sitting.page.get_by_role("radio", name="trois")).to_be_visible()


def test_suggestions_can_be_hidden(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    to_question(sitting, check=False)
    sitting.sent()
    sitting.press("h")
    expect(sitting.page.locator("#status")).to_have_text("Suggestions are hidden.")
    sitting.press("x")
    expect(sitting.page.locator(".suggestion")).to_have_count(0)


def test_every_view_works_by_touch(sit: Sit) -> None:
    sitting = sit(double.digits(), width=390, height=844, has_touch=True, is_mobile=True)
    sitting.page.get_by_role("radio", name="four").tap()
    sitting.stored(1)
    sitting.page.get_by_role("button", name="Undo").tap()
    sitting.stored(0)
    sitting.page.locator("#views-button").tap()
    sitting.page.get_by_role("link", name="Review").tap()
    sitting.heading("Review")
    assert sitting.page.evaluate("innerWidth") == 390


def test_the_first_class_is_named_by_touch(sit: Sit) -> None:
    source = double.texts()
    source.classes.clear()
    sitting = sit(source, width=390, height=844, has_touch=True, is_mobile=True)
    sitting.page.get_by_role("button", name="Type the name of its class.").tap()
    box = sitting.page.get_by_role("combobox")
    expect(box).to_be_focused()
    box.fill("login")
    sitting.page.get_by_role("option", name="New class login").tap()
    sitting.stored(1)
    expect(sitting.page.locator(".prompt")).to_have_text("Which class is it?")


# axe-core, WCAG 2.2 A and AA, in every view

VIEWS = [
    "ask",
    "grid",
    "review/suspects",
    "review/doubtful",
    "review/past",
    "search",
    "search/like/3",
    "progress",
    "map",
    "people",
    "help",
    "why",
    "class",
]
KINDS = {"pictures": double.digits, "texts": double.texts, "table": double.table}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    # At 200 % a page of 1280 by 800 has half of each.
    "200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}
# Each look with one kind of data, each kind with one look at least: axe-core takes its time.
SEEN_AS = {"pictures": ["light", "320 px"], "texts": ["dark"], "table": ["200 %"]}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]}


@pytest.fixture(scope="module", params=KINDS)
def full(request: pytest.FixtureRequest) -> Iterator[Served]:
    source = labelled(KINDS[request.param](), 41)
    point = source.order[0]
    source.answer("bob", "b", point, 0)
    source.answer("cleo", "c", point, 1)
    with serving(source) as made:
        yield made


@pytest.mark.parametrize(
    ("full", "look"),
    [(kind, look) for kind, looks in SEEN_AS.items() for look in looks],
    indirect=["full"],
)
def test_axe_finds_nothing(full: Served, browser: Browser, look: str) -> None:
    context = new_context(browser, **LOOKS[look], reduced_motion="reduce", bypass_csp=True)
    sitting = Sitting(full, context)
    sitting.expected += ("GPU stall",)
    page = sitting.open()
    axe = Axe()
    for view in VIEWS:
        sitting.go(view if view not in {"help", "why", "class"} else "ask")
        page.wait_for_selector(".card, .tile, .row, .panel, canvas[data-drawn], main input")
        if view == "grid":
            page.locator(".tile").first.click()  # taken out, beside those that are not
        elif view == "search":
            page.locator("input[type=search]").fill("a")
            page.wait_for_selector(".row, .empty")
        elif view == "help":
            sitting.press("?")
            page.wait_for_selector("dialog .key-list")
        elif view == "why":
            while not page.locator(".suggestion").count():
                sitting.press("l")
            sitting.press("w")
            page.wait_for_selector(".reason")
        elif view == "map":
            page.locator(".map-cluster").first.click()
            page.wait_for_selector(".map-chosen button")
        elif view == "class":
            sitting.press("n")
            page.wait_for_selector(".finder")
        page.wait_for_load_state("load")
        found = axe.run(page, options=RULES)
        assert found.violations_count == 0, f"{view}: {found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{view} overflows by {wide} px"
        sitting.press("Escape")
    full.source.proven = True
    sitting.go("progress")
    sitting.heading("Proven")
    found = axe.run(page, options=RULES)
    full.source.proven = False
    assert found.violations_count == 0, f"proven: {found.generate_report()}"
    context.close()
    assert sitting.errors == []


def tree_of(sitting: Sitting) -> list[tuple[str, str]]:
    """What a screen reader gets of the page: roles and names, in order."""
    session = sitting.context.new_cdp_session(sitting.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    told = []
    for node in nodes:
        if not node.get("ignored"):
            role, name = (node.get(part, {}).get("value", "") for part in ("role", "name"))
            told.append((str(role), str(name)))
    session.detach()
    return told


def test_a_screen_reader_s_tree_tells_the_whole_question(sit: Sit) -> None:
    sitting = sit(labelled(double.digits(), 30))
    to_question(sitting, check=False)
    tree = tree_of(sitting)
    name = sitting.page.locator(".suggestion .chip").inner_text().strip()
    title = sitting.source.items[sitting.shown()]["title"]
    assert ("main", "") in tree
    assert ("navigation", "Views") in tree
    assert ("region", "Question") in tree
    assert ("image", f"Picture: {title}") in tree
    assert ("radiogroup", "Classes") in tree
    classes = [told for role, told in tree if role == "radio"]
    assert classes == [entry["name"] for entry in sitting.source.classes]
    taken = [told for role, told in tree if role == "button"]
    assert any(told.startswith(f"Take the suggestion: {name}") for told in taken)
    assert {"Undo", "Redo", "Can't say", "Later"} <= set(taken)
    assert any(role == "status" for role, _ in tree)
    assert all(told for role, told in tree if role in {"button", "link", "radio", "image"})


def test_a_screen_reader_hears_the_result_and_the_next_question(sit: Sit) -> None:
    sitting = sit(double.texts())
    status = sitting.page.locator("#status")
    assert status.get_attribute("aria-live") == "polite"
    sitting.answer(1)
    following = sitting.source.items[sitting.shown()]["text"][:60]
    expect(status).to_contain_text(f"login. Next: {following}")
    sitting.press("x")
    expect(status).to_contain_text("Skipped. Next: ")
    sitting.press("Backspace", "Backspace")
    expect(status).to_contain_text("Undone: login. Next: ")


def test_the_whole_task_is_done_by_tab_and_enter_alone(sit: Sit) -> None:
    """With single keys off: label, undo, add a class, confirm a grid, and see how far one is."""
    source = labelled(double.digits(), 30)
    source.set_settings("ann", "off", {"single_keys": False})
    sitting = sit(source)
    page = sitting.page
    reach(sitting, "radio")
    sitting.press("ArrowRight", "Enter")
    sitting.stored(31)
    reach(sitting, "button", "Undo")
    sitting.press("Enter")
    sitting.stored(30)
    reach(sitting, "button", "Class…")
    sitting.press("Enter")
    page.keyboard.type("eleven")
    sitting.press("ArrowDown", "Enter")
    sitting.stored(31)
    assert "eleven" in {entry["name"] for entry in source.classes}
    reach(sitting, "link", "Grid")
    sitting.press("Enter")
    expect(page.locator(".tile").first).to_be_visible()
    reach(sitting, "button", "1: ")
    sitting.press("Space")
    n = page.locator('.tile[aria-pressed="true"]').count()
    reach(sitting, "button", f"{n} × ")
    sitting.press("Enter")
    sitting.stored(31 + n)
    reach(sitting, "link", "Progress")
    sitting.press("Enter")
    sitting.heading("Progress")


def reach(sitting: Sitting, role: str, name: str = "") -> None:
    """Press Tab until something of a role and a name has the focus."""
    focus = """() => { const e = document.activeElement;
      return [e.getAttribute('role') ?? {A: 'link', BUTTON: 'button'}[e.tagName] ?? '',
              (e.getAttribute('aria-label') ?? e.textContent).trim()]; }"""
    for _ in range(120):
        sitting.press("Tab")
        found = sitting.page.evaluate(focus)
        if found[0] == role and found[1].removeprefix("↵").startswith(name):
            return
    raise AssertionError(f"no {role} {name!r} was reached by Tab")


def test_targets_are_large_enough(full: Served, browser: Browser) -> None:
    """24 by 24 pixels at least, for all that can be pressed (WCAG 2.5.8)."""
    context = new_context(browser, viewport={"width": 320, "height": 640})
    sitting = Sitting(full, context)
    small = """() => [...document.querySelectorAll('button, a, select, input')]
      .filter(e => e.checkVisibility() && !e.closest('.unseen') && !e.matches('.skip-link'))
      .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
      .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
      .map(([html, box]) => `${html} ${box.width} x ${box.height}`)"""
    sitting.open()
    for view in ("ask", "grid", "review/past", "progress", "people", "map"):
        sitting.go(view)
        sitting.page.wait_for_selector(".card, .tile, .row, .panel, canvas[data-drawn]")
        assert sitting.page.evaluate(small) == [], view
    context.close()


def test_the_content_security_policy_is_enforced(sit: Sit) -> None:
    """What would be an attack, were some text made markup, is refused by the browser."""
    sitting = sit(double.digits())
    sitting.expected = ("Content Security Policy", "Trusted", "Refused", "blocked")
    for attack in (
        "document.body.innerHTML = '<b>x</b>'",
        "eval('1')",
        "new Function('return 1')()",
        "document.createElement('script').text = '1'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "new Worker('/page/main.js')",
    ):
        # In a task of the page's own: what drives the browser may do more than the page.
        tried = f"""() => new Promise((done) => setTimeout(() => {{
          try {{ {attack}; done("done"); }} catch {{ done("refused"); }}
        }}))"""
        assert sitting.page.evaluate(tried) == "refused", attack
    image = """() => new Promise((done) => {
      const image = new Image();
      image.onerror = () => done("refused");
      image.src = "https://evil.example/x.png";
    })"""
    assert sitting.page.evaluate(image) == "refused"
