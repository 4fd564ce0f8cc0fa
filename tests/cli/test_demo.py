"""``fewlabels demo``, as it is called."""

import copy
import functools
import json
import os
import subprocess
import sys
from importlib import resources

import jsonschema
import pytest
from click.testing import CliRunner

from fewlabels.cli import main
from fewlabels.report.demo import improve
from fewlabels.report.document import load_schema
from fewlabels.report.published import parse_published

FILES = {
    f"{name}.{ending}"
    for name in ("most_uncertain", "active_learning", "accuracy_by_labels", "learning_curves")
    for ending in ("png", "svg")
} | {"demo.txt", "demo.json"}


@pytest.fixture(scope="module", autouse=True)
def _improved_once():
    """Runs share the part that takes longest, and comes out the same every time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fewlabels.report.demo.improve", functools.cache(improve))
        yield


def run(*arguments):
    return CliRunner().invoke(main, ["demo", "--shuffles", "0", *map(str, arguments)])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "a folder"
    json_file = folder.parent / "printed.json"
    return run("--shuffles", 1, "--out", folder, "--json", json_file), folder, json_file


def test_it_succeeds_and_counts_equal_cells_after_each_table(finished):
    result, _, _ = finished
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    counts = [line for line in lines if line.startswith("published ") and "cells" in line]
    assert counts == [
        "published 125 cells, equal 125",
        "published 93 cells, equal 93",
        *["published 144 cells, equal 144"] * 4,
    ]
    assert "All tables together: published 794 cells, equal 794" in lines


def test_the_folder_holds_figures_text_and_data_and_nothing_else(finished):
    _, folder, json_file = finished
    assert {path.name for path in folder.iterdir()} == FILES
    assert (folder / "demo.json").read_bytes() == json_file.read_bytes()
    assert {path.name for path in folder.parent.iterdir()} == {folder.name, json_file.name}


def test_the_text_file_holds_what_was_printed(finished):
    result, folder, _ = finished
    text = (folder / "demo.txt").read_text(encoding="utf-8")
    assert result.stdout.startswith(text)


def test_the_data_fits_the_schema(finished):
    _, _, json_file = finished
    jsonschema.Draft202012Validator(load_schema()).validate(json.loads(json_file.read_text()))


def test_without_options_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run().exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_a_published_table_that_differs_gives_exit_code_1_and_names_the_cell(monkeypatch, tmp_path):
    path = resources.files("fewlabels.report").joinpath("published_digits.json")
    tables = copy.deepcopy(json.loads(path.read_text("utf-8")))
    tables["examples"][0]["iterations"][0]["confusion_matrix"][0][0] += 1
    monkeypatch.setattr(
        "fewlabels.report.published.load_published", lambda: parse_published(tables)
    )
    result = run("--json", tmp_path / "x.json")
    assert result.exit_code == 1
    assert "published 125 cells, equal 124" in result.stdout
    assert "confusion matrix, row 0, column 0: published 24, computed 23" in result.stdout
    assert result.stderr.count("\n") == 1
    document = json.loads((tmp_path / "x.json").read_text())
    assert document["equal"] == document["cells"] - 1
    iteration = document["examples"][0]["iterations"][0]
    assert iteration["equal"] == 124
    assert iteration["confusion_matrix"][0][0] == 23  # computed, not copied


@pytest.mark.parametrize(
    ("option", "place", "reason"),
    [
        ("--out", "file", "not a folder"),
        ("--out", "file/below", "not a folder"),
        ("--json", "file/below.json", "no folder"),
        ("--json", "missing/x.json", "no folder"),
        ("--json", ".", "is a folder"),
    ],
)
def test_a_place_that_can_not_be_written_to_is_one_line_and_exit_code_2_at_once(
    option, place, reason, tmp_path, monkeypatch
):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("fewlabels.report.demo.reproduce", None)  # it is not even called
    result = run(option, tmp_path / place)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "mine"


def test_help_shows_examples_and_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from fewlabels.cli import main\n"
        "result = CliRunner().invoke(main, ['demo', '--help'])\n"
        "assert result.exit_code == 0\n"
        "assert 'fewlabels demo --out demo-output' in result.stdout\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'matplotlib', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr


def test_matplotlib_is_not_imported_where_nothing_is_drawn():
    code = (
        "import sys\n"
        "import fewlabels.report, fewlabels.report.demo, fewlabels.report.document\n"
        "assert 'matplotlib' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr
