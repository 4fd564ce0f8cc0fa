"""Look at pages of the built site in a browser: pictures to look at, barriers, and overflow.

Takes each page wide, dark and on a phone into build/site-pictures, and runs axe-core (WCAG 2.2 A
and AA) on its content. Needs build/site (`make site`), Debian's chromium and the extra [dev].

Usage: python tools/look_at_site.py [PAGE ...]
A page is named as how-to/embeddings. Without one, some of each kind are looked at.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
SITE = ROOT / "build" / "site"
PICTURES = ROOT / "build" / "site-pictures"
PAGES = (
    "index",
    "trust",
    "tutorials/index",
    "tutorials/an-afternoon-of-labelling",
    "how-to/index",
    "how-to/uneven-classes",
    "explanation/the-one-idea",
    "explanation/rows-not-norms",
    "glossary",
    "architecture",
    "performance",
    "gallery/index",
    "gallery/published/plot_label_propagation_digits",
    "gallery/data/plot_messy_table",
    "reference/index",
    "reference/fewlabels",
    "reference/generated/fewlabels.FewLabelsClassifier",
    "search",
)
LOOKS = {
    "wide": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 400, "height": 800}, "color_scheme": "light"},
}
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }
}


def findings(page: Page, name: str, look: str) -> list[str]:
    """Return what axe finds on the content, and whether the page is wider than the window."""
    found = [
        f"{name} ({look}): {violation['id']}: {violation['help']}; {node['target']}"
        for violation in Axe().run(page, context="main", options=RULES).response["violations"]
        for node in violation["nodes"][:3]
    ]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append(f"{name} ({look}): wider than the window")
    return found


def main() -> int:
    """Take the pictures; print the findings; return the exit code."""
    if not (SITE / "index.html").is_file():
        raise SystemExit("there is no build/site: run `make site` first")
    n_findings = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for look, settings in LOOKS.items():
            context = browser.new_context(**settings)
            page = context.new_page()
            for name in sys.argv[1:] or PAGES:
                page.goto((SITE / f"{name}.html").as_uri())
                for line in findings(page, name, look):
                    n_findings += 1
                    print(line, file=sys.stderr, flush=True)
                path = PICTURES / look / f"{name.replace('/', '-')}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=path)
            context.close()
        browser.close()
    print(f"{PICTURES.relative_to(ROOT)}: {n_findings} findings")
    return int(n_findings > 0)


if __name__ == "__main__":
    sys.exit(main())
