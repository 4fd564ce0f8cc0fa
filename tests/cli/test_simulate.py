"""``fewlabels simulate``, as it is called."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click.testing
import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread

from fewlabels._validation import check_integer
from fewlabels.cli import main
from fewlabels.cli.simulate import _HELP, _checked_rules
from fewlabels.queries import RULES
from fewlabels.report.simulation import load_simulation_schema

N = 60
FILES = ["curves.csv", "curves.json", "curves.png", "macro_recall.png", "runs.jsonl"]
FEW = ("--budget", 12, "--repeats", 2, "--batch-size", 4)


def write_table(path: Path, n_hidden: int = 10, n: int = N) -> Path:
    """Write three groups that no method could confuse; the first rows have no label."""
    rng = np.random.default_rng(0)
    kinds = ["ant", "bee", "cow"] * (n // 3)
    centres = {"ant": (0.0, 0.0), "bee": (9.0, 1.0), "cow": (1.0, 9.0)}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["x", "y", "kind"])
        for i, kind in enumerate(kinds):
            x, y = np.array(centres[kind]) + rng.normal(size=2)
            writer.writerow([x, y, "" if i < n_hidden else kind])
    return path


def run(*arguments: object) -> click.testing.Result:
    return CliRunner().invoke(main, ["simulate", *map(str, arguments)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "in.csv")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "curves of mine"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[click.testing.Result, Path]:
    folder = tmp_path_factory.mktemp("simulate")
    source = write_table(folder / "in.csv")
    rules = ("--query", "margin", "--query", "entropy,auto")
    return run(source, "--label", "kind", "-o", folder / "out", *rules, *FEW), folder / "out"


def test_the_folder_holds_curves_as_picture_table_and_data(finished):
    result, folder = finished
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert sorted(path.name for path in folder.iterdir()) == FILES
    for name in ("curves.png", "macro_recall.png"):
        assert imread(folder / name).shape[1] == 800
    with (folder / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["query", "repeat", "n_labels", "accuracy", "macro_recall", "seconds"]
    assert {row["query"] for row in rows} == {"margin", "entropy", "auto", "random"}
    assert {row["n_labels"] for row in rows} == {"3", "7", "11", "12"}
    assert {row["repeat"] for row in rows} == {"0", "1"}


def test_the_data_says_how_it_was_made(finished):
    _, folder = finished
    document = json.loads((folder / "curves.json").read_text(encoding="utf-8"))
    assert document["classes"] == ["ant", "bee", "cow"]
    assert document["labels"] == [3, 7, 11, 12]
    assert document["settings"] == {
        "input": str(folder.parent / "in.csv"),
        "label": "kind",
        "initial": "one per class",
        "batch_size": 4,
        "budget": 12,
        "repeats": 2,
        "random_state": 0,
        "method": "recommended",
        "neighbors": 10,
    }
    assert [rule["query"] for rule in document["rules"]] == ["margin", "entropy", "auto", "random"]


def test_rows_without_a_label_are_not_asked_about_and_the_report_says_so(finished):
    result, folder = finished
    assert "60 rows, of which 50 have a label in 'kind' (3 classes)" in result.stdout
    assert (
        "10 rows without a label: never asked about, and left out of every accuracy"
        in result.stdout
    )
    runs = [json.loads(line) for line in (folder / "runs.jsonl").read_text().splitlines()[1:]]
    assert len(runs) == 4 * 2
    assert min(point for run_ in runs for point in run_["points"]) >= 10


def document_of(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "curves.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(load_simulation_schema())
    return jsonschema.Draft202012Validator(load_simulation_schema())


@pytest.mark.parametrize("options", [(), ("--initial", 0, "--repeats", 1, "--batch-size", 1)])
def test_the_curves_fit_their_schema(table, out, validator, options):
    assert run(table, "--label", "kind", "-o", out, *FEW, *options).exit_code == 0
    validator.validate(document_of(out))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.update(version=2),
        lambda d: d.pop("classes"),
        lambda d: d.update(extra=1),
        lambda d: d["settings"].pop("budget"),
        lambda d: d["settings"].update(initial="two"),
        lambda d: d["rules"][0].pop("area"),
        lambda d: d["rules"][0]["accuracy"][0].append(1.5),
        lambda d: d["rules"][0]["first_seen"][0].append(0),
        lambda d: d["rules"][0]["labels_needed"].update(ninety=[1]),
        lambda d: d["rules"][0]["area"]["accuracy"].pop("low"),
    ],
)
def test_the_schema_notices_what_does_not_belong(finished, validator, spoil):
    document = document_of(finished[1])
    validator.validate(document)
    spoil(document)
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_every_field_that_is_written_is_documented(finished):
    page = (Path(__file__).parents[2] / "docs" / "curves-json.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`([a-z_]+)`", page))
    _, folder = finished
    document = document_of(folder)
    rule = document["rules"][0]
    written = {*document, *document["settings"], *rule, *rule["area"], *rule["area"]["accuracy"]}
    for line in (folder / "runs.jsonl").read_text(encoding="utf-8").splitlines()[:2]:
        written |= set(json.loads(line))
    written |= set((folder / "curves.csv").read_text(encoding="utf-8").splitlines()[0].split(","))
    assert written <= documented


def test_the_report_has_a_line_for_each_rule_and_names_the_files(finished):
    result, folder = finished
    for rule in ("margin", "entropy", "auto", "random"):
        assert re.search(rf"^{rule} +\d", result.stdout, flags=re.MULTILINE)
    assert f"wrote {folder / 'curves.png'}" in result.stdout


def test_a_second_call_takes_the_finished_runs(table, out, monkeypatch):
    call = (table, "--label", "kind", "-o", out, "--query", "margin", *FEW)
    first = run(*call)
    runs = (out / "runs.jsonl").read_bytes()
    (out / "curves.csv").unlink()
    monkeypatch.setattr("fewlabels.session.simulation._one_curve._run", None)  # not even called
    again = run(*call)
    assert again.exit_code == 0
    assert again.stdout == first.stdout
    assert (out / "runs.jsonl").read_bytes() == runs
    assert (out / "curves.csv").exists()


def test_other_settings_in_the_same_folder_are_refused_unless_forced(table, out):
    assert run(table, "--label", "kind", "-o", out, *FEW).exit_code == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    other = (table, "--label", "kind", "-o", out, *FEW, "--seed", 1)
    result = run(*other)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "random_state 0 (now 1)" in result.stderr
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert run(*other, "--force").exit_code == 0
    assert (out / "runs.jsonl").read_bytes() != before["runs.jsonl"]


def test_quiet_prints_nothing(table, out):
    result = run(table, "--label", "kind", "-o", out, *FEW, "--quiet")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        (("--initial", 0), [4, 8, 12]),
        (("--initial", 5), [5, 9, 12]),
        (("--method", "propagation"), [3, 7, 11, 12]),
        (("--neighbors", 5, "--features", "x,y", "--no-scale"), [3, 7, 11, 12]),
    ],
)
def test_settings(table, out, options, labels):
    result = run(table, "--label", "kind", "-o", out, *FEW, "--query", "typicality", *options)
    assert result.exit_code == 0, result.output
    assert json.loads((out / "curves.json").read_text())["labels"] == labels


def test_more_neighbours_than_there_are_rows_is_said(tmp_path, out):
    table = write_table(tmp_path / "in.csv", n_hidden=0, n=18)
    most = run(table, "--label", "kind", "-o", out, "--budget", 6, "--neighbors", 17, "--quiet")
    assert (most.exit_code, most.output) == (0, "")
    cut = run(table, "--label", "kind", "-o", out, "--budget", 6, "--neighbors", 18, "--force")
    assert cut.exit_code == 0, cut.output
    assert cut.stderr == (
        "Warning: --neighbors 18 is more than there are: 18 rows have 17 others each, and each row "
        "was joined to all of them.\n"
    )
    assert document_of(out)["settings"]["neighbors"] == 17


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--query", "guess"), "--query: there is no rule 'guess'. The rules are: auto, "),
        (
            ("--budget", 50),
            "Error: --budget must be less than 50, the number of points with a true label",
        ),
        (("--budget", 2), "Error: --budget counts the first labels too"),
        (("--initial", "two"), "--initial must be one-per-class or a whole number from 0 on"),
        (("--initial", 50), "Error: --initial must be from 0 to 49"),
        (("--repeats", 0), "--repeats"),
        (("--label", "colour"), "has no column 'colour'"),
        (("--features", "z"), "no column 'z'"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing_behind(table, out, options, reason):
    result = run(table, "--label", "kind", "-o", out, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Error: ")
    assert reason in result.stderr
    assert [path.name for path in table.parent.iterdir()] == ["in.csv"]


def test_an_error_of_a_setting_that_is_no_option_is_left_as_it_is(table, out, monkeypatch):
    def refuse(*_, **__):
        check_integer("n_neighbors", 0, minimum=1)

    monkeypatch.setattr("fewlabels.session.simulation._one_curve.simulate_one", refuse)
    result = run(table, "--label", "kind", "-o", out)
    assert result.stderr == "Error: n_neighbors must be at least 1, got 0.\n"


def test_an_error_of_a_setting_names_the_option_that_sets_it(table, out, monkeypatch):
    def refuse(*_, **__):
        check_integer("n_jobs", 0, minimum=1)

    monkeypatch.setattr("fewlabels.session.simulation._one_curve.simulate_one", refuse)
    result = run(table, "--label", "kind", "-o", out)
    assert result.stderr == "Error: --jobs must be at least 1, got 0.\n"


def test_an_unknown_rule_is_not_told_of_functions(table, out):
    result = run(table, "--label", "kind", "-o", out, "--query", "guess")
    assert "function" not in result.stderr


def test_runs_of_other_settings_are_refused_by_the_names_of_options(table, out):
    assert run(table, "--label", "kind", "-o", out, *FEW).exit_code == 0
    result = run(table, "--label", "kind", "-o", out, *FEW, "--batch-size", 5)
    assert result.exit_code == 2
    assert "Choose another folder (--out), or start again with --force." in result.stderr
    assert "delete" not in result.stderr


def test_a_place_that_is_no_folder_is_one_line_before_the_work(table):
    result = run("missing.csv", "--label", "kind", "-o", table)
    assert result.exit_code == 2
    assert "is not a folder" in result.stderr


def test_an_existing_folder_stays_where_the_settings_are_wrong(table, out):
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    assert run(table, "--label", "kind", "-o", out, "--budget", 50).exit_code == 2
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_all_names_each_rule_once():
    assert set(_checked_rules(None, ["margin", "all"])) == set(RULES) - {"auto"}


def test_help_names_every_rule_shows_examples_and_imports_nothing_heavy():
    listed = _HELP.partition("Rules (--query)")[2].partition("Examples:")[0]
    rules = re.findall(r"[a-z]+(?:-[a-z]+)*(?=[,:\n])", listed.partition("name:")[2])
    assert set(RULES) <= set(rules)
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from fewlabels.cli import main\n"
        "result = CliRunner().invoke(main, ['simulate', '--help'])\n"
        "assert result.exit_code == 0\n"
        "assert 'fewlabels simulate flowers.csv --label species -o curves' in result.stdout\n"
        "heavy = {'numpy', 'scipy', 'sklearn', 'matplotlib', 'pyarrow'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_keeps_the_finished_runs_and_the_same_command_goes_on(table, tmp_path, out):
    arguments = ["simulate", str(table), "--label", "kind", *map(str, FEW), "-o"]
    code = (
        "import os, signal\n"
        "import fewlabels.session.simulation._one_curve as module\n"
        "play, calls = module.play, []\n"
        "def interrupted(*given, **settings):\n"
        "    for round_ in play(*given, **settings):\n"
        "        calls.append(round_)\n"
        "        if len(calls) == 10:\n"  # of four rounds each: in the third run
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "        yield round_\n"
        "module.play = interrupted\n"
        "from fewlabels.cli import main\n"
        f"main({[*arguments, str(out)]!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    runs = out / "runs.jsonl"
    assert done.returncode == 130, done.stderr
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"The finished runs are in {runs}; the same command goes on from there.",
        "Interrupted.",
    ]
    assert [path.name for path in out.iterdir()] == ["runs.jsonl"]
    kept = runs.read_bytes().splitlines()
    assert len(kept) == 1 + 2
    whole = tmp_path / "not interrupted"
    for folder in (out, whole):
        assert CliRunner().invoke(main, [*arguments, str(folder)]).exit_code == 0
    assert runs.read_bytes().splitlines()[:3] == kept
    accuracies = []
    for folder in (out, whole):
        with (folder / "curves.csv").open(newline="") as file:
            accuracies.append([row[:-1] for row in csv.reader(file)])  # all but the seconds
    assert accuracies[0] == accuracies[1]


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_runs_in_other_processes_too(table, out):
    arguments = ["simulate", str(table), "--label", "kind", "-o", str(out), "--jobs", "2"]
    code = f"from fewlabels.cli import main\nmain({[*arguments, '--repeats', '5000']!r})\n"
    runs = out / "runs.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C goes to all the processes of a terminal's job
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        deadline = time.monotonic() + 300
        while not (runs.exists() and runs.read_bytes().count(b"\n") > 2):
            if time.monotonic() > deadline:
                os.killpg(process.pid, signal.SIGKILL)
                pytest.fail(f"no two runs in five minutes: {process.communicate()}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            assert process.returncode is None, process.communicate()
        os.killpg(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=180)
    assert process.returncode == 130, stderr
    assert stdout == ""
    # if interrupted, joblib's tracker may warn of semaphores, in two lines a warning
    of_tracker = ("resource_tracker.py:", "  warnings.warn(")
    said = [line for line in stderr.splitlines() if not any(part in line for part in of_tracker)]
    assert said == [
        f"The finished runs are in {runs}; the same command goes on from there.",
        "Interrupted.",
    ]
    assert [path.name for path in out.iterdir()] == ["runs.jsonl"]
    kept = [line for line in runs.read_bytes().splitlines(True) if line.endswith(b"\n")]
    result = run(table, "--label", "kind", "-o", out, "--repeats", 1)
    assert result.exit_code == 0, result.output
    lines = runs.read_bytes().splitlines(True)
    assert lines[: len(kept)] == kept
    wanted = {("auto", 0), ("random", 0)}
    assert played_in(lines[len(kept) :]) == sorted(wanted - set(played_in(kept[1:])))


def played_in(lines: list[bytes]) -> list[tuple[str, int]]:
    """Return which runs these lines of a file are, sorted."""
    return sorted((each["query"], each["repeat"]) for each in map(json.loads, lines))
