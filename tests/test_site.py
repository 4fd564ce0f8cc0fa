"""The site's own tools: what the build relies on, without a build."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tools import check_docs, rooms

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"


def extension(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / "_ext" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def public_names() -> ModuleType:
    return extension("public_names")


def described() -> list[str]:
    """Return the full names that the reference's lists hold."""
    found = []
    for page in sorted(REFERENCE.glob("*.rst")):
        module = ""
        for line in page.read_text(encoding="utf-8").splitlines():
            if line.startswith(".. currentmodule:: "):
                module = line.split()[-1]
            elif re.fullmatch(r"   [A-Za-z_]\w*", line) and module:
                found.append(f"{module}.{line.strip()}")
    return found


def test_every_public_name_is_described_once(public_names):
    names, wanted = described(), set(public_names.homes().values())
    assert len(names) == len(set(names))
    assert set(names) == wanted, "the lists in docs/reference/*.rst are to name these"


def test_every_public_constant_is_described_by_what_it_is_for(public_names):
    constants = set()
    for full in set(public_names.homes().values()):
        package, _, name = full.rpartition(".")
        value = getattr(importlib.import_module(package), name)
        if not (isinstance(value, type) or inspect.isroutine(value)):
            constants.add(full)
    assert constants == set(public_names.CONSTANTS)


def test_every_public_name_has_an_example_that_runs(public_names):
    lacking = set()
    for full in set(public_names.homes().values()):
        package, _, name = full.rpartition(".")
        value = getattr(importlib.import_module(package), name)
        if isinstance(value, type) or inspect.isroutine(value):
            lacking |= set() if ">>> " in (inspect.getdoc(value) or "") else {name}
    assert lacking == set()


def test_figures_of_the_reference_say_in_words_what_they_show(public_names):
    drawn = set()
    for full in set(public_names.homes().values()):
        package, _, name = full.rpartition(".")
        doc = inspect.getdoc(getattr(importlib.import_module(package), name)) or ""
        for shown in re.findall(r"^\.\. plot::\n(.*)", doc, flags=re.MULTILINE):
            assert re.fullmatch(r" +:alt: .{20,}\.", shown), full
            drawn.add(name)
    assert drawn == {"Comparison", "LearningCurve", "layout"}


@pytest.mark.parametrize(
    ("named", "home"),
    [
        ("fewlabels.graph.Graph", "fewlabels.Graph"),
        ("Graph", "fewlabels.Graph"),
        ("Graph.diagnose", "fewlabels.Graph.diagnose"),
        ("fewlabels.graph.Graph.diagnose", "fewlabels.Graph.diagnose"),
        ("make_rule", "fewlabels.queries.make_rule"),
        ("no_such_name", None),
    ],
)
def test_a_name_leads_to_the_page_that_describes_it(public_names, named, home):
    assert public_names.home_of(named, public_names.homes()) == home


@pytest.mark.parametrize(
    ("named", "private"),
    [
        ("fewlabels._progress.reporting", True),
        ("checked_array", True),
        ("Graph", False),
        ("no_such_name", False),
    ],
)
def test_private_names_have_no_page_and_names_of_nothing_are_found(public_names, named, private):
    importlib.import_module("fewlabels._arrays")
    assert public_names.is_private(named) is private


def test_prose_of_docstrings_is_escaped_and_code_is_not(public_names):
    lines = [
        "Weights |i - j| of `graph_`, with n_features_in_, and ``a | b_``::",
        "",
        "    |A x| and name_",
        "",
        "After it, |x|.",
        ">>> model.classes_ | other",
    ]
    public_names.escape_prose(None, "class", "x", None, None, lines)
    assert lines == [
        r"Weights \|i - j\| of `graph_`, with n_features_in\_, and ``a | b_``::",
        "",
        "    |A x| and name_",
        "",
        r"After it, \|x\|.",
        ">>> model.classes_ | other",
    ]


def test_pages_at_the_top_are_copied_with_links_that_lead_somewhere(tmp_path):
    links = extension("repository_links")
    (tmp_path / "CHANGELOG.md").write_text("[a](docs/a.md#b) [c](SECURITY.md) [d](https://e.org)\n")
    page = "```{include} ../CHANGELOG.md\n:relative-docs: docs/\n```\n"
    home = "https://host.org/x"
    copied = links.copied(page, tmp_path / "docs", home)
    assert copied == "[a](a.md#b) [c](https://host.org/x/SECURITY.md) [d](https://e.org)\n"
    page = "[a](../CHANGELOG.md#b) [c](../../CONTRIBUTING.md) [d](../tests/e.py)"
    wanted = "[a](changelog.md#b) [c](../contributing.md) [d](../tests/e.py)"
    assert links.copied(page, tmp_path / "docs", home) == wanted


def test_pages_that_only_a_table_of_contents_names_are_reachable(tmp_path):
    docs = tmp_path / "docs"
    (docs / "reference" / "generated").mkdir(parents=True)
    (docs / "_static").mkdir()
    pages = {
        tmp_path / "README.md": "# Title\n\n[site](docs/index.md)\n",
        tmp_path / "CHANGELOG.md": "# Changes\n",
        docs / "index.md": "```{toctree}\n:hidden:\n\none\nNamed <reference/index>\n```\n",
        docs / "one.md": "",
        docs / "reference" / "index.rst": ".. toctree::\n   :maxdepth: 1\n\n   names\n",
        docs / "reference" / "names.rst": "",
        docs / "reference" / "lonely.rst": "",
        docs / "reference" / "generated" / "x.rst": "",
        docs / "_static" / "x.css": "",
        docs / "conf.py": "",
    }
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    found = check_docs.Checker(tmp_path).problems()
    assert found == ["docs/reference/lonely.rst:1: no link leads here from README.md"]
    (docs / "index.md").write_text("```{toctree}\n\none\nreference/index\ngone\n```\n")
    assert "docs/index.md:5: dead link: gone" in check_docs.Checker(tmp_path).problems()


def test_imports_that_a_longer_way_implies_are_not_drawn():
    edges = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert rooms.reduced(edges) == {"a": {"b"}, "b": {"c"}, "c": set()}


def test_the_drawing_names_each_floor_and_each_call(tmp_path):
    calls = [rooms.Call("fewlabels.models._base", "fit"), rooms.Call("fewlabels._csr", "in C")]
    floors = rooms.floors()
    svg = rooms.drawing(floors, {"models": {"systems"}}, calls)
    for room in ("models/", "systems/", "web/", rooms.SHARED, "fit", "in C"):
        assert f">{room}</text>" in svg


def test_a_stale_way_of_a_fit_is_found_and_rewritten(tmp_path, monkeypatch):
    calls = [rooms.Call("fewlabels.models._base", "fit")]
    page, picture = tmp_path / "page.md", tmp_path / "rooms.svg"
    page.write_text(f"before\n{rooms.BEGIN}old\n{rooms.END}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(rooms, "PAGE", page)
    monkeypatch.setattr(rooms, "PICTURE", picture)
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    monkeypatch.setattr(rooms, "way_of_a_fit", lambda: calls)
    monkeypatch.setattr(rooms, "floors", lambda: [["models"]])
    monkeypatch.setattr(rooms, "imports", lambda names: {"models": set()})

    def run(*options: str) -> int:
        monkeypatch.setattr(sys, "argv", ["rooms.py", *options])
        return rooms.main()

    assert run("--check") == 1
    assert run() == 0
    assert run("--check") == 0
    text = page.read_text(encoding="utf-8")
    assert "1. `fit` in `fewlabels.models._base`" in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
