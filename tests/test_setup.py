"""The project's own set-up: what is pinned, what an import costs, what the checks catch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from fewlabels import _products
from fewlabels.graph.search import _compiled
from tools import check_branches, check_docs, check_python, command_help, lock

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SLOW_TO_IMPORT = ("sklearn", "scipy", "matplotlib", "pyarrow", "pandas", "polars", "click", "rich")


def run_python(code: str, *, path: Path = ROOT / "src") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(path)},
        cwd=path.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def modules_loaded_by(code: str) -> set[str]:
    done = run_python(f"{code}\nimport sys\nprint('\\n' + '\\n'.join(sys.modules))")
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}


def pinned_versions(file: str = "constraints.txt") -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines)


def required_names(requirements: list[str]) -> set[str]:
    names = {re.match(r"[A-Za-z0-9._-]+", wanted)[0].lower() for wanted in requirements}
    return {re.sub(r"[-_.]+", "-", name) for name in names} - {"fewlabels"}


# What is pinned


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-oldest.txt"])
def test_constraints_hold_sorted_versions_and_nothing_else(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    lines = text.splitlines()
    assert text.endswith("\n")
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    names = [line.split("==")[0] for line in lines]
    assert names == sorted(set(names))


def test_every_requirement_is_pinned() -> None:
    project = PYPROJECT["project"]
    wanted = required_names(project["dependencies"] + PYPROJECT["build-system"]["requires"])
    for extra in project["optional-dependencies"].values():
        wanted |= required_names(extra)
    assert wanted - pinned_versions().keys() == set()


def test_the_oldest_versions_are_those_that_pyproject_allows() -> None:
    """What is needed at run time is pinned to its lower bound, so that a run proves the bound."""
    pinned = pinned_versions("constraints-oldest.txt")
    project = PYPROJECT["project"]
    wanted = project["dependencies"] + PYPROJECT["build-system"]["requires"]
    for name, extra in project["optional-dependencies"].items():
        wanted += [] if name in {"bench", "bench-label", "dev", "docs", "release"} else extra
    bounds = {}
    for requirement in wanted:
        name, _, bound = requirement.partition(">=")
        if not name.startswith("fewlabels"):
            bounds[re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()] = bound
    assert len(bounds) > 15
    later = {
        name: pinned[name]
        for name, bound in bounds.items()
        if not re.fullmatch(rf"{re.escape(bound)}(\.0)*", pinned[name])
    }
    assert later == {"setuptools": "77.0.1"}  # 77.0.0 was withdrawn


def test_the_lock_leaves_out_the_package_and_the_installer() -> None:
    installed = lock.installed_versions()
    assert installed["numpy"]
    assert list(installed) == sorted(installed)
    assert not {"fewlabels", "pip"} & installed.keys()


# What is compiled


@pytest.mark.skipif(
    shutil.which("cc") is None or not Path(sysconfig.get_path("include"), "Python.h").is_file(),
    reason="no compiler, or no headers of Python",
)
@pytest.mark.parametrize("compiled", [_products.compiled, _compiled.compare])
def test_it_was_compiled_where_that_is_possible(compiled) -> None:
    assert compiled is not None, "run `python setup.py build_ext --inplace`"


ANSWERS = """
import sys
import numpy as np
from fewlabels import LabelSpreading, _products, knn_graph
from fewlabels.graph.search import _compiled
rng = np.random.default_rng(0)
points = rng.normal(size=(2_000, 20)).astype(np.float32)
graph = knn_graph(points, 7, exact=False)
y = np.where(np.arange(2_000) < 40, np.arange(2_000) % 8, -1)
model = LabelSpreading(alpha=0.9, max_iter=1000).fit(graph, y)
arrays = graph.affinity.indices, graph.affinity.data, model.label_distributions_
print(_products.compiled is not None, _compiled.compare is not None)
print(hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest())
"""


@pytest.mark.long
def test_answers_are_the_same_without_the_compiled_parts(monkeypatch) -> None:
    answers = {}
    for switch in ("0", "1"):
        monkeypatch.setenv("FEWLABELS_COMPILED", switch)
        done = run_python("import hashlib" + ANSWERS)
        assert done.returncode == 0, done.stderr
        used, answers[switch] = done.stdout.splitlines()
        if switch == "0":
            assert used == "False False"
    assert answers["0"] == answers["1"]


# What an import costs


def test_importing_the_package_loads_nothing_slow() -> None:
    assert modules_loaded_by("import fewlabels").isdisjoint(SLOW_TO_IMPORT)


def test_help_loads_neither_the_numerical_packages_nor_matplotlib() -> None:
    loaded = modules_loaded_by(
        "import sys\nsys.argv = ['fewlabels', '--help']\n"
        "from fewlabels.cli import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code"
    )
    assert loaded.isdisjoint({"sklearn", "scipy", "numpy", "matplotlib", "pyarrow"})


def test_estimators_load_no_more_faces_than_scikit_learn_does() -> None:
    added = modules_loaded_by("from fewlabels import LabelSpreading")
    added -= modules_loaded_by("import sklearn.neighbors")  # loads pandas and rich by itself
    assert added.isdisjoint({"matplotlib", "click", "rich", "pyarrow", "polars"})


# Which way imports point


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    code = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    return run_python(code, path=folder / "src")


@pytest.fixture
def copied_package(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("exceptions.py", "from fewlabels import graph", "Imports point down only BROKEN"),
        ("graph/_late.py", "def f():\n    import fewlabels.models", "point down only BROKEN"),
        ("novelty/__init__.py", "", "Imports point down only BROKEN"),
        ("graph/_loud.py", "import rich", "click and rich BROKEN"),
        ("graph/_drawn.py", "def f():\n    import matplotlib.figure", "use matplotlib BROKEN"),
    ],
    ids=["up", "up-inside-a-function", "package-without-a-floor", "rich", "matplotlib"],
)
def test_the_import_contracts_catch(
    copied_package: Path, file: str, line: str, contract: str
) -> None:
    target = copied_package / "src/fewlabels" / file
    target.parent.mkdir(exist_ok=True)
    with target.open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")
    done = lint_imports(copied_package)
    assert done.returncode == 1
    assert contract in done.stdout


# What the documentation check catches


def documentation(folder: Path, readme: str, **pages: str) -> list[str]:
    (folder / "README.md").write_text(readme, encoding="utf-8")
    (folder / "CHANGELOG.md").write_text("# Changelog\n", encoding="utf-8")
    (folder / "docs").mkdir()
    for name, text in pages.items():
        (folder / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    return check_docs.Checker(folder).problems()


def test_good_documentation_has_no_findings(tmp_path: Path) -> None:
    (tmp_path / "plot.png").touch()
    readme = """\
# Title

![plot](plot.png) [guide](docs/guide.md#the-second-part) [top](#title) [x](https://example.org)
<img src="plot.png" alt=""> [changes](CHANGELOG.md) `a[i][j]`

| table |
| --- |
| [again](docs/guide.md#same-1 "a title") |
"""
    guide = "# Guide\n\n## The *second* part!\n\n## Same\n\n## Same\n\n[home](../README.md)\n"
    assert documentation(tmp_path, readme, guide=guide) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("[a](docs/gone.md)", "README.md:3: dead link: docs/gone.md"),
        ("words\n[a](gone.md#x)", "README.md:4: dead link: gone.md#x"),
        ("![a](gone.png)", "README.md:3: dead link: gone.png"),
        ("<p>\n<img src='gone.png'>\n</p>", "README.md:4: dead link: gone.png"),
        ("[a](#nowhere)", "README.md:3: no such heading: #nowhere"),
        ("[a](CHANGELOG.md#v9)", "README.md:3: no such heading: CHANGELOG.md#v9"),
        ("[a](http://example.org)", "README.md:3: not an https link: http://example.org"),
        ("[a](/docs/x.md)", "README.md:3: not relative to this file: /docs/x.md"),
        ("[a](../x.md)", "README.md:3: leads out of the repository: ../x.md"),
        ("[a][b]", "README.md:3: reference without a definition: [a][b]"),
        ("- one\n- [two][b]\n\n[b]: gone.md", "README.md:4: dead link: gone.md"),
    ],
)
def test_a_fault_is_found_with_its_line(tmp_path: Path, text: str, finding: str) -> None:
    assert documentation(tmp_path, f"# Title\n\n{text}\n") == [finding]


def test_a_page_that_no_link_leads_to_is_found(tmp_path: Path) -> None:
    found = documentation(
        tmp_path, "[one](docs/one.md)", one="[two](two.md)", two="", lonely="[one](one.md)"
    )
    assert found == ["docs/lonely.md:1: no link leads here from README.md"]


def test_missing_main_pages_are_found(tmp_path: Path) -> None:
    found = check_docs.Checker(tmp_path).problems()
    assert found == ["README.md:1: the file is missing", "CHANGELOG.md:1: the file is missing"]


# The other scripts


def test_commands_are_read_from_the_help_of_their_group() -> None:
    text = (
        "Usage: x\n\nOptions:\n  --help  Show.\n\nCommands:\n  demo    Run it.\n  spread  Do it.\n"
    )
    assert command_help.subcommands(text) == ["demo", "spread"]
    assert command_help.subcommands("Usage: x demo\n\nOptions:\n  --help  Show.\n") == []


def test_a_stale_page_of_command_help_is_found_and_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*options: str) -> int:
        monkeypatch.setattr(sys, "argv", ["command_help.py", *options])
        return command_help.main()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_help, "page", lambda: "as printed\n")
    assert run("--check") == 1
    assert run() == 0
    assert run("--check") == 0
    command_help.PAGE.write_text("typed by hand\n", encoding="utf-8")
    assert run("--check") == 1


@pytest.mark.parametrize(("taken", "code"), [(95, 0), (94, 1)])
def test_too_few_tested_branches_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int, code: int
) -> None:
    report = tmp_path / "coverage.json"
    report.write_text(f'{{"totals": {{"covered_branches": {taken}, "num_branches": 100}}}}')
    monkeypatch.setattr(sys, "argv", ["check_branches.py", str(report)])
    assert check_branches.main() == code


def test_an_old_python_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_python, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"needs Python 99\.0 or later.*make PYTHON="):
        check_python.main()


def test_an_installation_is_made_anew_when_any_compiled_source_has_changed() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (line,) = re.findall(r"^INSTALLED := (.*)$", makefile, flags=re.MULTILINE)
    patterns = re.findall(r"src/\S+?\[ch\]", line)
    named = {path for pattern in patterns for path in ROOT.glob(pattern)}
    assert set((ROOT / "src").rglob("*.[ch]")) == named
