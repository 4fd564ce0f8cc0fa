"""What CONTRIBUTING and the page on extending tell a newcomer to type works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import pytest
import yaml

import fewlabels.queries
from fewlabels import Graph

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def blocks(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    pattern = r"^<!-- the tests run this -->\n```python\n(.*?)^```"
    return re.findall(pattern, text, flags=re.MULTILINE | re.DOTALL)


def run(code: str, page: str, names: dict[str, object]) -> dict[str, object]:
    exec(compile(code, page, "exec"), names)  # noqa: S102 - our own pages
    return names


@pytest.mark.long
def test_the_toy_rule_of_contributing_passes_its_own_test(monkeypatch):
    rule, test = blocks("CONTRIBUTING.md")
    made = run(rule, "CONTRIBUTING.md", {"__name__": "best_connected"})["BestConnected"]
    monkeypatch.setattr(fewlabels.queries, "BestConnected", made, raising=False)
    names = run(test, "CONTRIBUTING.md", {})
    [check] = [value for name, value in names.items() if name.startswith("test_")]
    check()
    star = Graph.from_affinity([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    assert made().query(star).tolist() == [0]  # as its example says


def test_files_that_contributing_names_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:src|tests|tools|docs|\.github)/[\w/.]+)`", text))
    made_by_the_reader = {
        "src/fewlabels/queries/best_connected.py",
        "tests/queries/test_best_connected.py",
    }
    assert made_by_the_reader < named
    assert [name for name in named - made_by_the_reader if not (ROOT / name).exists()] == []
    targets = set(re.findall(r"\bmake ([a-z-]+)`", text))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in targets)


@pytest.mark.long
def test_the_page_on_extending_runs_from_top_to_bottom(capsys, monkeypatch):
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    names: dict[str, object] = {}
    try:
        for code in blocks("docs/extending.md"):
            run(code, "docs/extending.md", names)
    finally:
        plt.close("all")
    compared = names["compared"]
    assert compared.datasets == ("iris", "wine")
    tests = compared.compare("ours, margin")
    assert set(tests) == {"ours, random", "forest, margin", "forest, random"}
    assert all(test.difference < 0 for name, test in tests.items() if name.startswith("forest"))
    table = capsys.readouterr().out
    assert all(f"| {name} |" in table for name in ("ours, margin", *tests))
    assert "unsure_of_hubs" in names["curve"].queries or names["curve"].queries == ("random",)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_call_targets_that_exist_and_keep_no_secrets(path: Path):
    text = path.read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    assert loaded["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for job in loaded["jobs"].values():
        assert job["timeout-minutes"] <= 180
        for step in job["steps"]:
            for target in re.findall(r"make ([a-z-]+)", step.get("run", "")):
                assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
