"""``fewlabels spread``: the everyday job, and everything that can be wrong with its input."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import fewlabels.io
from fewlabels.cli import main

GROUPS = ("ant", "bee", "cow")
ADDED = ("label", "confidence", "evidence", "reached", "second", "doubt", "possible")
N = 60  # rows, in three groups that no method could confuse; two rows of each have a label


def points() -> tuple[np.ndarray, list[str]]:
    rng = np.random.default_rng(0)
    kinds = [GROUPS[i % 3] for i in range(N)]
    centres = {"ant": (0.0, 0.0), "bee": (9.0, 1.0), "cow": (1.0, 9.0)}
    return np.array([centres[kind] for kind in kinds]) + rng.normal(size=(N, 2)), kinds


def labels(kinds: list[str]) -> list[str]:
    return [kind if i < 6 else "" for i, kind in enumerate(kinds)]


def rows(label: str = "kind") -> list[dict[str, Any]]:
    x, kinds = points()
    return [
        {"id": f"{i:03}", "x": repr(float(a)), "y": repr(float(b)), label: given}
        for i, ((a, b), given) in enumerate(zip(x, labels(kinds), strict=True))
    ]


def write_csv(path: Path, content: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, content[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(content)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments: object) -> click.testing.Result:
    return CliRunner().invoke(main, ["spread", *map(str, arguments)])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "in.csv", rows())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.csv"


def test_every_row_is_labelled_and_what_came_is_untouched(table: Path, out: Path) -> None:
    result = run(table, "--label", "kind", "-o", out)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    answers = read_csv(out)
    assert [row["label"] for row in answers] == points()[1]
    assert [{name: row[name] for name in rows()[0]} for row in answers] == rows()
    assert all(0.5 < float(row["confidence"]) <= 1 for row in answers)
    assert all(float(row["evidence"]) > 0 and row["reached"] == "true" for row in answers)
    assert sorted(path.name for path in out.parent.iterdir()) == ["in.csv", "out.csv"]


def test_the_report_says_what_was_done(table: Path, out: Path) -> None:
    report = run(table, "--label", "kind", "-o", out).stdout
    for part in (
        f"{table}: 60 rows, 4 columns",
        "column 'kind': 6 of 60 rows labelled (10 %), 3 classes",
        "2 columns of numbers (2 features, standardised): x, y",
        "not used: id (an identifier, 60 different values in 60 rows)",
        "ant            2         18",
        "for 54 rows without a label",
        "for 6 rows with a label",
        str(out),
        "new columns: label, confidence, evidence, reached, second, doubt, possible",
    ):
        assert part in report


@pytest.mark.parametrize(
    "option", [["--method", "propagation"], ["--method", "spreading", "--alpha", "0.5"]]
)
def test_methods_and_settings(table: Path, out: Path, option: list[str]) -> None:
    result = run(table, "--label", "kind", "-o", out, "--neighbors", 5, *option)
    assert result.exit_code == 0, result.output
    assert [row["label"] for row in read_csv(out)] == points()[1]


def test_small_tables_get_few_neighbours_unless_told_otherwise(tmp_path: Path, out: Path) -> None:
    source = write_csv(tmp_path / "in.csv", rows()[:18])
    call = (source, "--label", "kind", "-o", out, "--exclude", "id", "--force")
    assert "connected to the 3 most similar" in run(*call).stdout
    assert [row["label"] for row in read_csv(out)] == points()[1][:18]
    cut = run(*call, "--neighbors", 99)
    assert "connected to the 17 most similar" in cut.stdout
    assert "--neighbors 99 is more than there are: 18 rows have 17 others each" in cut.stderr


def test_quiet_prints_nothing(table: Path, out: Path) -> None:
    result = run(table, "--label", "kind", "-o", out, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert out.exists()


def test_a_label_column_named_label_stays_and_the_answers_stand_beside_it(
    tmp_path: Path, out: Path
) -> None:
    source = write_csv(tmp_path / "in.csv", rows(label="label"))
    result = run(source, "--label", "label", "-o", out)
    assert (
        "new columns: predicted_label, confidence, evidence, reached, second, doubt, possible"
        in result.stdout
    )
    answers = read_csv(out)
    assert [row["label"] for row in answers] == labels(points()[1])
    assert [row["predicted_label"] for row in answers] == points()[1]


def test_its_own_output_can_be_its_input_and_answers_are_no_features(
    table: Path, out: Path
) -> None:
    run(table, "--label", "kind", "-o", out)
    again = out.with_name("again.csv")
    result = run(out, "--label", "kind", "-o", again)
    assert result.exit_code == 0
    earlier = "label, confidence, evidence, reached, second, doubt, possible"
    assert f"not used: {earlier} (added by an earlier run)" in result.stdout
    third = out.with_name("third.csv")
    run(again, "--label", "kind", "-o", third)
    assert list(read_csv(third)[0])[4:] == [
        *ADDED,
        *(f"predicted_{name}" for name in ADDED),
        *(f"predicted_{name}_2" for name in ADDED),
    ]
    first, last = read_csv(out), read_csv(third)
    assert [row["confidence"] for row in first] == [row["predicted_confidence_2"] for row in last]


def test_all_formats_give_the_same_answers(tmp_path: Path) -> None:
    x, kinds = points()
    given = labels(kinds)
    content = [
        {"x": a, "y": b, "kind": kind or None} for (a, b), kind in zip(x, given, strict=True)
    ]
    write_csv(tmp_path / "in.csv", [{**row, "kind": row["kind"] or ""} for row in content])
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in content))
    pq.write_table(pa.Table.from_pylist(content), tmp_path / "in.parquet")
    np.savez(tmp_path / "in.npz", x=x[:, 0], y=x[:, 1], kind=np.array(given))
    for source in ("csv", "jsonl", "parquet", "npz"):
        for target in ("csv", "tsv", "jsonl", "parquet", "npz", "csv.gz"):
            out = tmp_path / f"{source}-{target}.{target}"
            result = run(tmp_path / f"in.{source}", "--label", "kind", "-o", out)
            assert result.exit_code == 0, result.output
            back = fewlabels.io.read_table(out)
            assert back.names == ("x", "y", "kind", *ADDED)
            assert back.values("label") == kinds
            assert np.allclose([float(a) for a in back.values("x")], x[:, 0], rtol=1e-15)


def test_rows_that_no_label_reaches_stay_empty_and_are_named(tmp_path: Path, out: Path) -> None:
    far = [{"id": f"f{i}", "x": str(900 + i), "y": "900.5", "kind": ""} for i in range(12)]
    source = write_csv(tmp_path / "in.csv", rows() + far)
    result = run(source, "--label", "kind", "-o", out, "--neighbors", 5)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    assert "12 rows not reached by any label: rows 61, 62" in result.stdout
    assert "1 part without a label (12 rows): label a row in each" in result.stdout
    answers = read_csv(out)
    assert [row["label"] for row in answers] == points()[1] + [""] * 12
    assert [(row["confidence"], row["evidence"], row["reached"]) for row in answers[60:]] == [
        ("0", "0", "false")
    ] * 12
    assert {(row["second"], row["doubt"]) for row in answers[60:]} == {("", "unreached")}
    archive = out.with_suffix(".npz")
    run(source, "--label", "kind", "-o", archive, "--neighbors", 5)
    with np.load(archive, allow_pickle=False) as arrays:
        assert arrays["label"][-1] == ""
        assert np.isfinite(arrays["confidence"]).all()


def test_labelled_rows_with_another_answer_are_named(tmp_path: Path, out: Path) -> None:
    x, kinds = points()
    given = [kind if i < 30 else "" for i, kind in enumerate(kinds)]
    given[9] = "bee"  # an ant
    content = [{"x": a, "y": b, "kind": g} for (a, b), g in zip(x, given, strict=True)]
    source = write_csv(tmp_path / "in.csv", content)
    result = run(source, "--label", "kind", "-o", out)
    assert "check these labels, which differ from the answers: row 10" in result.stdout
    assert read_csv(out)[9]["kind"] == "bee"
    assert read_csv(out)[9]["label"] == "ant"
    run(source, "--label", "kind", "-o", out, "--method", "propagation", "--force")
    assert read_csv(out)[9]["label"] == "bee"


def test_each_row_has_its_second_best_class_and_its_doubt_in_a_word(table: Path, out: Path) -> None:
    run(table, "--label", "kind", "-o", out)
    answers = read_csv(out)
    assert all(row["second"] in GROUPS and row["second"] != row["label"] for row in answers)
    assert {row["doubt"] for row in answers} <= {
        "sure",
        "too few labels",
        "classes disagree",
        "little evidence",
    }


def test_where_one_class_has_all_the_evidence_there_is_no_second(table: Path, out: Path) -> None:
    run(table, "--label", "kind", "-o", out, "--method", "spreading")  # three islands
    assert {(row["second"], row["confidence"]) for row in read_csv(out)} == {("", "1")}


def test_by_default_columns_that_tell_nothing_do_not_spoil_the_answers(
    tmp_path: Path, out: Path
) -> None:
    rng = np.random.default_rng(0)
    n = 400
    shared = rng.normal(size=n)
    told = rng.normal(size=n)
    kinds = np.where(told > 0, "ant", "bee")
    content = [
        {"a": a, "b": b, **{f"noise_{j}": rng.normal() for j in range(8)}, "kind": kind}
        for a, b, kind in zip(shared + 0.7 * told, shared - 0.7 * told, kinds, strict=True)
    ]
    for row in content[40:]:
        row["kind"] = ""
    source = write_csv(tmp_path / "in.csv", content)
    right = {}
    for method in ("recommended", "spreading"):
        run(source, "--label", "kind", "-o", out, "--force", "--method", method)
        right[method] = np.mean([row["label"] for row in read_csv(out)] == kinds)
    assert right["recommended"] > 0.8 > right["spreading"]


def test_a_labelled_row_is_answered_as_the_other_labels_have_it_if_its_class_has_another(
    tmp_path: Path, out: Path
) -> None:
    content = rows()
    content[0]["kind"] = "dog"  # among ants, and the only one
    source = write_csv(tmp_path / "in.csv", content)
    run(source, "--label", "kind", "-o", out)
    assert read_csv(out)[0]["label"] == "dog"


def test_features_of_an_array_file(tmp_path: Path, out: Path) -> None:
    x, kinds = points()
    source = write_csv(tmp_path / "in.csv", [{"kind": kind} for kind in labels(kinds)])
    np.save(tmp_path / "x.npy", x)
    result = run(source, "--label", "kind", "-o", out, "--features", tmp_path / "x.npy")
    assert result.exit_code == 0, result.output
    assert [row["label"] for row in read_csv(out)] == kinds
    assert "1 array (2 features, as they are)" in result.stdout


def test_choosing_columns(tmp_path: Path, out: Path) -> None:
    content = [{**row, "a,b": row["x"], "noise": i * i % 17} for i, row in enumerate(rows())]
    source = write_csv(tmp_path / "in.csv", content)
    call = (source, "--label", "kind", "-o", out, "--force")
    assert "2 columns of numbers (2 features, standardised): y, x\n" in (
        run(*call, "--features", "y, x").stdout
    )
    assert ": a,b, y\n" in run(*call, "--features", "a,b", "--features", "y").stdout
    result = run(*call, "--exclude", "a,b", "--exclude", "id,y", "--no-scale")
    assert "2 columns of numbers (2 features, as they are): x, noise\n" in result.stdout
    assert "not used: id, y, a,b (excluded)" in result.stdout
    result = run(*call, "--categorical", "noise")
    assert "1 column of categories (9 features, 0 or 1 for each value): noise" in result.stdout


def test_the_report_says_how_arrays_were_scaled_and_what_may_be_an_identifier(
    tmp_path: Path,
) -> None:
    x, _ = points()
    phone = 7 * np.arange(N) ** 2
    kind = np.array([0.0, 1.0, 2.0] * 2 + [np.nan] * (N - 6))
    source, target = tmp_path / "in.npz", tmp_path / "out.npz"
    np.savez(source, x=x, phone=phone, kind=kind)
    report = run(source, "--label", "kind", "-o", target).stdout
    assert "1 array (2 features, centred and scaled as a whole): x\n" in report
    assert "note: whole numbers, different in every row, used as numbers: phone; if" in report
    assert "\n          0              2" in report  # not 0.0
    assert fewlabels.io.read_table(target).values("label")[:3] == [0, 1, 2]


def test_hubs_are_explained(tmp_path: Path, out: Path) -> None:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(300, 40))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    directions[0] = 0  # the row that is nearest to all others
    np.save(tmp_path / "x.npy", directions)
    source = write_csv(tmp_path / "in.csv", [{"kind": "ab"[i % 2 :][:1]} for i in range(300)])
    call = (source, "--label", "kind", "-o", out, "--features", tmp_path / "x.npy")
    report = run(*call, "--neighbors", 2).stdout
    assert "connected to more than ten times the usual number: row 1; check whether" in report


BAD: dict[str, tuple[str, list[str], str]] = {
    "missing file": ("", [], "in.csv does not exist. Check the path"),
    "empty file": ("EMPTY", [], "is empty"),
    "header only": ("kind,x\n", [], "no rows"),
    "unknown column": ("knid,x\na,1\nb,2\n", [], "did you mean 'knid'?"),
    "no labelled row": ("kind,x\n,1\n,2\n", [], "holds no label"),
    "one class only": ("kind,x\na,1\n,2\n", [], "one class only, 'a' (1 row)"),
    "infinity": ("kind,x\na,1\nb,inf\n,-inf\n", [], "infinity in rows 2 and 3"),
    "text": ("kind,x\na,1\nb,2\n,three\n", [], "text in row 3 (the first: 'three')"),
    "too few cells": ("kind,x\na,1\nb\n", [], "line 3: too few cells"),
    "too many cells": ("kind,x\na,1\nb,2,3\n", [], "line 3: too many cells"),
    "not UTF-8": ("kind,x\né\udce9,1\n", [], "line 2: byte 0xe9 is not UTF-8"),
    "text minus one": ("kind,x\na,1\n-1,2\n", [], '"-1" among labels that are text'),
    "no features": ("kind,x\na,1\nb,1\n", [], "no column of"),
    "unknown feature": ("kind,size\na,1\nb,2\n", ["--features", "sise"], "did you mean 'size'?"),
    "unknown exclude": ("kind,xx\na,1\nb,2\n", ["--exclude", "q"], "its columns are"),
    "empty choice": (
        "kind,x\na,1\nb,2\n",
        ["--features="],
        "--features names no column. Name some, or remove it.",
    ),
    "label as feature": ("kind,x\na,1\nb,2\n", ["--features", "kind"], "is the label"),
    "missing array": ("kind,x\na,1\nb,2\n", ["--features", "no.npy"], "no.npy (--features)"),
    "array and column": ("kind,x\na,1\n", ["--features", "a.npy", "--features", "x"], "not both"),
    "array and exclude": ("kind,x\na,1\n", ["--features", "a.npy", "--exclude", "x"], "Remove"),
    "alpha": ("kind,x\na,1\n", ["--method", "propagation", "--alpha", ".5"], "--alpha only works"),
}


@pytest.mark.parametrize("ending", ["jsonl", "npz"])
def test_half_of_a_surrogate_pair_is_refused(tmp_path: Path, ending: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / f"out.{ending}"
    lines = [{"kind": "a", "x": 1}, {"kind": "b", "x": 2}, {"kind": "\ud800", "x": 3}]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert_refused(run(source, "--label", "kind", "-o", target), "line 3: half of a surrogate")
    assert list(tmp_path.iterdir()) == [source]


def test_standard_input_needs_a_format(out: Path) -> None:
    message = "can't tell the format of standard input. Say which it is, such as --format csv"
    assert_refused(run("-", "--label", "kind", "-o", out), message)


@pytest.mark.parametrize(("content", "options", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input_gets_one_line_and_no_output(
    tmp_path: Path, out: Path, content: str, options: list[str], message: str
) -> None:
    source = tmp_path / "in.csv"
    if content:
        source.write_bytes(content.replace("EMPTY", "").encode(errors="surrogateescape"))
    result = run(source, "--label", "kind", "-o", out, *options)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"in.csv"}


def assert_refused(result: click.testing.Result, message: str) -> None:
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_output_that_cannot_be_written_is_found_before_the_input_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "none.csv"  # would be an error too, if it came to that
    call = (source, "--label", "kind", "-o")
    assert_refused(run(*call, tmp_path / "no" / "out.csv"), "there is no folder")
    assert_refused(run(*call, tmp_path / "out.doc"), "can't tell from the name")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("fewlabels.io._formats.part_file", denied)
    assert_refused(run(*call, tmp_path / "out.csv"), "you may not write there; choose another")
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_appears_during_the_work_is_not_replaced_without_force(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "out.csv"
    output.write_text("theirs")
    monkeypatch.setattr("fewlabels.cli._input.check_output", lambda *_, **__: None)  # not there yet
    call = (table, "--label", "kind", "-o", output)
    assert_refused(run(*call), "another file has appeared there, which was not replaced")
    assert output.read_text() == "theirs"
    assert run(*call, "--force").exit_code == 0
    assert output.read_text() != "theirs"


def test_values_that_the_output_cannot_hold_are_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.npz"
    kind, x = np.array(["a", "b"] + [""] * 10), np.sin(np.arange(12.0))
    np.savez(source, kind=kind, x=x, far=np.where(np.arange(12) == 7, np.inf, x))

    def work(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    call = (source, "--label", "kind", "--exclude", "far", "-o")
    with monkeypatch.context() as patched:
        patched.setattr("fewlabels.graph.knn_graph", work)
        refused = run(*call, tmp_path / "out.jsonl")
    assert_refused(refused, "column 'far' of")
    assert_refused(refused, "holds an infinite number (row 8), which JSON does not know")
    assert run(*call, tmp_path / "out.csv").exit_code == 0


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_folder_without_permission(table: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    result = run(table, "--label", "kind", "-o", locked / "out.csv")
    assert_refused(result, "you may not write there; choose another")


def test_the_input_is_never_the_output(table: Path, tmp_path: Path) -> None:
    before = table.read_bytes()
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    for target in (table, link):
        assert_refused(run(table, "--label", "kind", "-o", target, "--force"), "is the input")
    assert table.read_bytes() == before


def test_an_existing_output_is_replaced_only_by_force(table: Path, out: Path) -> None:
    out.write_text("mine")
    out.chmod(0o640)
    assert_refused(run(table, "--label", "kind", "-o", out), "exists. Use another name")
    assert out.read_text() == "mine"
    assert run(table, "--label", "kind", "-o", out, "--force").exit_code == 0
    assert len(read_csv(out)) == N
    assert stat.S_IMODE(out.stat().st_mode) == 0o640


def test_a_new_output_has_the_usual_permissions(table: Path, out: Path) -> None:
    run(table, "--label", "kind", "-o", out)
    (out.parent / "plain").touch()
    assert out.stat().st_mode == (out.parent / "plain").stat().st_mode


def test_a_link_to_an_output_stays_a_link(table: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    assert run(table, "--label", "kind", "-o", link, "--force").exit_code == 0
    assert link.is_symlink()
    assert len(read_csv(target)) == N


def test_a_full_disk_leaves_nothing_behind(
    table: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    out.write_text("old")
    result = run(table, "--label", "kind", "-o", out, "--force")
    assert_refused(result, "can't be written: the disk is full; free some")
    assert out.read_text() == "old"
    assert sorted(path.name for path in out.parent.iterdir()) == ["in.csv", "out.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_in_the_middle_of_writing_leaves_nothing_behind(table: Path, out: Path) -> None:
    code = (
        "import os, signal\n"
        "import fewlabels.io._write as module\n"
        "write = module.write_text\n"
        "def interrupted(file, *rest, **settings):\n"
        "    file.write(b'half a table')\n"
        "    file.flush()\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    write(file, *rest, **settings)\n"
        "module.write_text = interrupted\n"
        "from fewlabels.cli import main\n"
        f"main(['spread', {str(table)!r}, '--label', 'kind', '-o', {str(out)!r}])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr == "Interrupted.\n"
    assert [path.name for path in out.parent.iterdir()] == ["in.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_progress_is_shown_on_a_terminal_and_only_there(table: Path, out: Path) -> None:
    code = "from fewlabels.cli import main; main()"
    command = [sys.executable, "-c", code, "spread", table, "--label", "kind", "-o", out]
    ours, theirs = os.openpty()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # what Linux says when the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(ours)
        report = process.stdout.read() if process.stdout else ""
    assert process.returncode == 0
    for stage in (b"reading the table", b"spreading the labels", b"writing the table"):
        assert stage in shown
    assert report.startswith("Table")
    assert "\x1b" not in report


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NotInstalled:
        def find_spec(self, name: str, *_: object) -> None:
            if name.split(".")[0] == "pyarrow":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NotInstalled(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "fewlabels.io._parquet", raising=False)
    monkeypatch.delattr(fewlabels.io, "_parquet", raising=False)
    result = run(table, "--label", "kind", "-o", tmp_path / "out.parquet")
    assert_refused(result, "pip install 'fewlabels[cli]'")
    assert run(table, "--label", "kind", "-o", tmp_path / "out.csv").exit_code == 0


def test_what_the_solver_warns_of_is_said_even_when_quiet(
    table: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fewlabels.cli.spread._MAX_ITER", 1)
    result = run(table, "--label", "kind", "-o", out, "--quiet", "--method", "spreading")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert result.stderr.startswith("Warning: ")


@pytest.mark.parametrize("taken", ["{}", "fewlabels_{}", "fewlabels_{}_2"])
def test_answers_of_an_export_are_refused_as_labels_whatever_names_were_taken(
    out: Path, tmp_path: Path, taken: str
) -> None:
    names = list(map(taken.format, ("label", "confidence", "evidence", "given")))
    cells = [["a", 1, 0, "true"], ["b", 1, 0, "true"], ["b", 0.5, 0, "false"]]
    content = [{"x": row, **dict(zip(names, line, strict=True))} for row, line in enumerate(cells)]
    result = run(write_csv(tmp_path / "e.csv", content), "--label", names[0], "-o", out)
    assert result.exit_code == 2
    assert f"{names[0]!r} contains 1 prediction besides the labels" in result.stderr


def test_an_export_with_the_models_answers_among_its_labels_is_refused(
    out: Path, tmp_path: Path
) -> None:
    def exported(given_only: bool) -> Path:
        content = [
            {
                **{name: row[name] for name in ("id", "x", "y")},
                "label": row["kind"] or ("" if given_only else "ant"),
                "confidence": "1" if row["kind"] else "0.5",
                "evidence": "0",
                "given": str(bool(row["kind"])).lower(),
                "second": "",
                "doubt": "given" if row["kind"] else "unreached",
            }
            for row in rows()
        ]
        return write_csv(tmp_path / f"{given_only}.csv", content)

    result = run(exported(False), "--label", "label", "-o", out)
    assert result.exit_code == 2
    assert "'label' contains 54 predictions besides the labels" in result.stderr
    assert "Export with --given-only" in result.stderr
    result = run(exported(True), "--label", "label", "-o", out)
    assert result.exit_code == 0
    assert "not used: confidence, evidence, given, second, doubt (added by an earlier run)" in (
        result.stdout
    )
    assert [row["predicted_label"] for row in read_csv(out)] == points()[1]
    labels_of = ("--labels", exported(False), "--key", "id", "--label", "label")
    bare = write_csv(tmp_path / "bare.csv", [{k: r[k] for k in ("id", "x", "y")} for r in rows()])
    result = run(bare, *labels_of, "-o", tmp_path / "joined.csv")
    assert result.exit_code == 2
    assert "predictions besides the labels" in result.stderr
