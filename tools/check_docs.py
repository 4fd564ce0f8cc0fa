"""Fail on dead links, anchors and images in the documentation, and on pages nobody links to.

Reads README.md, CHANGELOG.md and docs/**/*.md. A link into the repository has to lead to a file
that is there, and to a heading of it if it names one; a link out of it has to be https (it isn't
visited); every file under docs/ has to be reachable from README.md, by links or by the site's
tables of contents (`toctree`, in Markdown or reStructuredText). What the site's build writes and is
made of (docs/gallery, docs/_*, conf.py, ...) is left to that build. Each finding is one line,
`file:line: what is wrong`.

Usage: python tools/check_docs.py [FOLDER]
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token

ALWAYS = ("README.md", "CHANGELOG.md")
# Folders that the site's build fills, and files that make it.
GENERATED = ("docs/gallery", "docs/reference/generated")
OF_THE_BUILD = re.compile(r"docs/(_.*|conf\.py|sg_execution_times\.rst)$")
PARSER = MarkdownIt("commonmark").enable("table")
TOCTREE = re.compile(r"^\.\. toctree::\n((?:[ \t]+.*\n|\n)*)", flags=re.MULTILINE)
# What is left in the text of a reference whose definition is missing: [text][name].
UNDEFINED_REFERENCE = re.compile(r"\[[^\[\]]+\]\[[^\[\]]*\]")


class Link(NamedTuple):
    """Where a page points: a link's href or an image's src."""

    line: int
    target: str


class Page(NamedTuple):
    """What the checks need to know of a Markdown file."""

    links: list[Link]
    anchors: set[str]
    undefined: list[Link]


class _Html(HTMLParser):
    """Collect the targets and the anchors of raw HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[tuple[int, str]] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name in {"href", "src"} or (name == "srcset" and " " not in value)):
                self.targets.append((self.getpos()[0] - 1, value))
            elif value and (name == "id" or (tag == "a" and name == "name")):
                self.anchors.add(value)


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def read_page(text: str) -> Page:
    """Parse Markdown into its links, its anchors and its references without a definition."""
    page = Page([], set(), [])
    tokens = PARSER.parse(text)
    line = 1
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.map:
            line = token.map[0] + 1
        if token.type == "html_block":
            _add_html(page, line, token.content)
        elif token.type == "fence" and token.info.strip() == "{toctree}":
            page.links.extend(_entries(token.content, line + 1))
        elif token.type == "inline":
            _add_inline(page, line, token.children or [])
            if before is not None and before.type == "heading_open":
                _add_heading(page, token.children or [])
    return page


def _entries(body: str, line: int) -> Iterator[Link]:
    """Yield the pages that a toctree names, as links without a suffix; options begin with ":"."""
    for offset, entry in enumerate(body.splitlines()):
        name = re.sub(r"^.*<(.*)>$", r"\1", entry.strip())
        if name and not name.startswith(":"):
            yield Link(line + offset, name)


def _add_heading(page: Page, children: list[Token]) -> None:
    words = "".join(child.content for child in children if child.type in {"text", "code_inline"})
    anchor = name = slug(words)
    repeats = 0
    while anchor in page.anchors:  # GitHub numbers the later ones of equal headings
        repeats += 1
        anchor = f"{name}-{repeats}"
    page.anchors.add(anchor)


def _add_inline(page: Page, line: int, children: list[Token]) -> None:
    words = ""
    for child in children:
        if child.type in {"softbreak", "hardbreak"}:
            _add_undefined(page, line, words)
            line, words = line + 1, ""
        elif child.type == "link_open":
            page.links.append(Link(line, str(child.attrs["href"])))
        elif child.type == "image":
            page.links.append(Link(line, str(child.attrs["src"])))
        elif child.type == "html_inline":
            _add_html(page, line, child.content)
        elif child.type == "text":
            words += child.content
    _add_undefined(page, line, words)


def _add_undefined(page: Page, line: int, words: str) -> None:
    page.undefined.extend(Link(line, found) for found in UNDEFINED_REFERENCE.findall(words))


def _add_html(page: Page, line: int, text: str) -> None:
    html = _Html()
    html.feed(text)
    page.links.extend(Link(line + offset, target) for offset, target in html.targets)
    page.anchors.update(html.anchors)


class Checker:
    """Check the documentation of one folder; pages are parsed once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.pages: dict[Path, Page] = {}

    def page(self, path: Path) -> Page:
        """Return the parsed page at `path`."""
        if path not in self.pages:
            self.pages[path] = read_page(path.read_text(encoding="utf-8"))
        return self.pages[path]

    def problems(self) -> list[str]:
        """Return every finding, in the order of the files and their lines."""
        found = [
            f"{name}:1: the file is missing" for name in ALWAYS if not (self.root / name).is_file()
        ]
        for path in self._documents():
            page = self.page(path)
            here = path.relative_to(self.root).as_posix()
            lines = [(link.line, self._fault(path, link.target)) for link in page.links]
            lines += [
                (link.line, f"reference without a definition: {link.target}")
                for link in page.undefined
            ]
            found += [f"{here}:{line}: {fault}" for line, fault in sorted(lines) if fault]
        return found + self._unreachable()

    def _documents(self) -> list[Path]:
        top = [self.root / name for name in ALWAYS]
        pages = [path for path in sorted((self.root / "docs").rglob("*.md")) if self._is_own(path)]
        return [path for path in [*top, *pages] if path.is_file()]

    def _is_generated(self, path: Path) -> bool:
        return any(path.is_relative_to(self.root / folder) for folder in GENERATED)

    def _is_own(self, path: Path) -> bool:
        """Return whether a file under docs/ is one that people wrote, and read."""
        name = path.relative_to(self.root).as_posix()
        return not self._is_generated(path) and OF_THE_BUILD.match(name) is None

    def _fault(self, source: Path, target: str) -> str:
        """Return what is wrong with a link, or nothing."""
        parts = urlsplit(target)
        if parts.scheme:
            if parts.scheme == "mailto" or (parts.scheme == "https" and parts.netloc):
                return ""
            return f"not an https link: {target}"
        if parts.netloc or parts.path.startswith("/"):
            return f"not relative to this file: {target}"
        path = self._resolve(source, parts.path)
        if not path.is_relative_to(self.root):
            return f"leads out of the repository: {target}"
        if self._is_generated(path):
            return ""
        if not path.exists():
            return f"dead link: {target}"
        if parts.fragment and path.suffix == ".md":
            anchors = self.page(path).anchors
            if unquote(parts.fragment) not in anchors:
                return f"no such heading: {target}"
        return ""

    def _resolve(self, source: Path, path: str) -> Path:
        if not path:
            return source
        found = (source.parent / unquote(path)).resolve()
        pages = [found.with_name(found.name + suffix) for suffix in (".md", ".rst")]
        return next((page for page in pages if page.is_file()), found)  # of a toctree

    def _linked_files(self, source: Path) -> Iterator[Path]:
        for link in self.page(source).links:
            parts = urlsplit(link.target)
            if not parts.scheme and not parts.netloc:
                yield self._resolve(source, parts.path)

    def _unreachable(self) -> list[str]:
        """Return a finding for each file under docs/ that no path of links leads to."""
        reached: set[Path] = set()
        waiting = [self.root / "README.md"]
        while waiting:
            path = waiting.pop()
            if path in reached or not path.is_file() or not path.is_relative_to(self.root):
                continue
            reached.add(path)
            if path.suffix == ".md":
                waiting.extend(self._linked_files(path))
            elif path.suffix == ".rst":
                for body in TOCTREE.findall(path.read_text(encoding="utf-8")):
                    waiting.extend(self._resolve(path, link.target) for link in _entries(body, 1))
        return [
            f"{path.relative_to(self.root).as_posix()}:1: no link leads here from README.md"
            for path in sorted((self.root / "docs").rglob("*"))
            if path.is_file() and path not in reached and self._is_own(path)
        ]


def main() -> int:
    """Print the findings; return the exit code."""
    checker = Checker(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
    found = checker.problems()
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"documentation: {len(checker.pages)} pages, every link leads somewhere")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
