"""Sphinx extension: pages at the top of the repository have copies in the site.

docs/contributing.md includes CONTRIBUTING.md: here the text takes the place of that line, with its
links as they lead from docs/. Links from other pages to ../CONTRIBUTING.md lead to the copy, and
those to files that have no copy to the repository.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the tests of what is below need no Sphinx
    from sphinx.application import Sphinx

COPIES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
_INCLUDE = re.compile(r"```\{include\} \.\./(?P<name>[A-Z]+\.md)\n(?::.*\n)*```\n")
_UPWARD = re.compile(r"\]\((?P<up>(?:\.\./)*)\.\./(?P<name>[A-Z_]+\.md)(?=[)#])")
_INWARD = re.compile(r"\]\((?P<target>(?!https?:|#|mailto:)[^)\s]+)")


def led_to_copies(text: str, home: str) -> str:
    """Return Markdown of docs/ whose links to pages at the top lead to copies, or to `home`."""

    def lead(found: re.Match[str]) -> str:
        name = found["name"]
        return "](" + (found["up"] + COPIES[name] if name in COPIES else f"{home}/{name}")

    return _UPWARD.sub(lead, text)


def as_from_docs(text: str) -> str:
    """Return Markdown of the top of the repository with links as they lead from docs/."""

    def lead(found: re.Match[str]) -> str:
        target = found["target"]
        inside = target.removeprefix("docs/")
        return f"]({inside if inside != target else f'../{target}'}"

    return _INWARD.sub(lead, text)


def copied(text: str, docs: Path, home: str) -> str:
    """Return a page of docs/ as the site has it."""

    def include(found: re.Match[str]) -> str:
        return as_from_docs((docs.parent / found["name"]).read_text(encoding="utf-8"))

    return led_to_copies(_INCLUDE.sub(include, text), home)


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = copied(source[0], Path(app.srcdir), app.config.repository_files)


def _depend(
    app: Sphinx, env: object, added: set[str], changed: set[str], gone: set[str]
) -> list[str]:
    return [name.removesuffix(".md") for name in COPIES.values()]  # what they copy may have changed


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_config_value("repository_files", "", "env", str)
    app.connect("source-read", _read)
    app.connect("env-get-outdated", _depend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
