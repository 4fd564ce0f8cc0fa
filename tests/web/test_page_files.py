"""The page as it is shipped: small, whole, and from nowhere else."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import fewlabels.web
from fewlabels.web._page_files import page_files

PAGE = Path(fewlabels.web.__file__).with_name("page")
SCRIPTS = sorted(PAGE.glob("*.js"))
ALL = sorted(path for path in PAGE.iterdir() if path.is_file())
# What is loaded before the first question is on the screen, beside the questions themselves.
FIRST = ["index.html", "page.css", "icon.svg", "main.js"]


def imported(script: Path) -> list[str]:
    return re.findall(r'^import .*? from "\./([a-z]+\.js)";', script.read_text(), re.MULTILINE)


def test_the_whole_page_is_small() -> None:
    assert sum(len(path.read_bytes()) for path in ALL) <= 150_000


def test_it_is_sent_whole_and_nothing_else_is() -> None:
    assert set(page_files()) == {path.name for path in ALL}
    assert {path.suffix for path in ALL} == {".css", ".html", ".js", ".svg"}


def test_a_wheel_holds_it_all() -> None:
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["setuptools"]["package-data"]["fewlabels.web"]
    assert sorted(packed) == sorted({f"page/*{path.suffix}" for path in ALL})


def test_ten_requests_bring_the_first_question() -> None:
    needed = set(FIRST)
    waiting = ["main.js"]
    while waiting:
        for name in imported(PAGE / waiting.pop()):
            if name not in needed:
                needed.add(name)
                waiting.append(name)
    assert len(needed) + 1 <= 10  # and the questions
    preloaded = re.findall(
        r'modulepreload" href="/page/([a-z]+\.js)"', (PAGE / "index.html").read_text()
    )
    assert set(preloaded) == {name for name in needed if name.endswith(".js")} - {"main.js"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    known = {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= known
    assert "//cdn" not in text
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_makes_markup_or_code_of_text(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                 "new Function", "DOMParser", "srcdoc", "setHTML", "createContextualFragment",
                 "Worker(", "importScripts", "javascript:"):  # fmt: skip
        assert word not in text, word


def test_the_markup_holds_no_script_and_no_style() -> None:
    text = (PAGE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]* src=)", text) == []
    assert "style=" not in text
    assert "<style" not in text
    assert re.findall(r"\son[a-z]+=", text) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_is_imported_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r'(?:from|import\()\s*"\./([a-z_]+\.js)"', text):
        assert (PAGE / name).is_file() or name == "map.js", name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_what_is_imported_is_used_and_no_other_thing_has_its_name(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    imports = r'^import \{([^}]*)\} from "[^"]*";'
    names = [name for some in re.findall(imports, text, re.MULTILINE) for name in some.split(",")]
    rest = re.sub(imports, "", text, flags=re.MULTILINE)
    for name in filter(None, map(str.strip, names)):
        assert re.search(rf"\b{name}\b", rest), name
        declared = rf"\b(const|let|function|class) ({name}\b|[\[{{][^=;]*\b{name}\b[^=;:]*[\]}}] =)"
        assert not re.search(declared, rest), name
