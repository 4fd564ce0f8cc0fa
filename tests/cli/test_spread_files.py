"""``fewlabels spread`` of files as people have them: right answers, or one line that helps."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from fewlabels.cli import main
from fewlabels.report._page_numbers import commonest_unless_beaten

N = 120  # rows: 60 of "lost", then 60 of "loyal"; four of each have a label
NAMES = ["amount", "rate", "age", "segment"]
TRUTH = np.repeat(["lost", "loyal"], N // 2)


def rows(number: Callable[[float], str] = "{:.2f}".format) -> list[list[str]]:
    rng = np.random.default_rng(0)
    scales = np.array([1.0, 1000.0, 0.01])
    centres = np.where(TRUTH == "lost", 0.0, 4.0)[:, None]
    x = (centres + rng.normal(size=(N, 3))) * scales
    x[:, 1] = x[:, 1].round()
    labels = [name if i % 15 == 0 else "" for i, name in enumerate(TRUTH)]
    return [
        [number(a), f"{b:.0f}", f"{c:.4f}", label]
        for (a, b, c), label in zip(x, labels, strict=True)
    ]


def csv_text(content: list[list[str]], separator: str = ",", end: str = "\n") -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=separator, lineterminator=end).writerows([NAMES, *content])
    return file.getvalue()


def run(*arguments: object, stdin: bytes | None = None) -> click.testing.Result:
    return CliRunner().invoke(main, ["spread", *map(str, arguments)], input=stdin)


def accuracy(path: Path) -> float:
    with path.open(encoding="utf-8", newline="") as file:
        return float(np.mean([row["label"] for row in csv.DictReader(file)] == TRUTH))


def german(content: list[list[str]]) -> list[list[str]]:
    return [[cell.replace(".", ",") for cell in row] for row in content]


def with_gaps(content: list[list[str]], word: str = "") -> list[list[str]]:
    return [
        [word if (i + j) % 10 == 0 and j < 3 else cell for j, cell in enumerate(row)]
        for i, row in enumerate(content)
    ]


def in_words(content: list[list[str]]) -> list[list[str]]:
    words = ["NA", "n/a", "-", "unlabelled"]
    return [[*row[:3], row[3] or words[i % 4]] for i, row in enumerate(content)]


def with_units(content: list[list[str]]) -> list[list[str]]:
    return [[f"{a} EUR", f"{int(b):,}", f"{c}%", d] for a, b, c, d in content]


TEXTS: dict[str, tuple[bytes, list[str], str]] = {
    "plain": (csv_text(rows()).encode(), [], ""),
    "decimal commas": (csv_text(german(rows()), ";").encode(), [], ""),
    "decimal commas in quotes": (csv_text(german(rows())).encode(), [], ""),
    "units": (csv_text(with_units(rows())).encode(), [], ""),
    "gaps": (csv_text(with_gaps(rows())).encode(), [], ""),
    "gaps in words": (csv_text(with_gaps(rows(), "#N/A")).encode(), [], ""),
    "gaps in other words": (
        csv_text(with_gaps(rows(), "later")).encode(),
        ["--missing", "later"],
        "",
    ),
    "unlabelled in words": (
        csv_text(in_words(rows())).encode(),
        ["--missing", "NA,n/a,-,unlabelled"],
        "",
    ),
    "a spreadsheet's separator": (b"sep=;\r\n" + csv_text(rows(), ";", "\r\n").encode(), [], ""),
    "carriage returns": (csv_text(rows(), end="\r").encode(), [], ""),
    "UTF-16": (csv_text(rows()).encode("utf-16"), [], ""),
    "UTF-16 without a mark": (csv_text(rows(), "\t").encode("utf-16-le"), [], ""),
    "cp1252": (
        csv_text(rows()).replace("age", "Größe").encode("cp1252"),
        [],
        "read as cp1252, which is a guess. If letters look wrong, say what it is, such as "
        "--encoding cp1250",
    ),
    "cp1252 as said": (
        csv_text(rows()).replace("age", "Größe").encode("cp1252"),
        ["--encoding", "cp1252"],
        "",
    ),
    "a separator as said": (csv_text(rows(), "^").encode(), ["--sep", "^"], ""),
    "tabs as said": (csv_text(rows(), "\t").encode(), ["--sep", "tab"], ""),
}


@pytest.mark.parametrize(("content", "options", "warning"), TEXTS.values(), ids=TEXTS.keys())
def test_text_tables_are_answered_rightly(
    tmp_path: Path, content: bytes, options: list[str], warning: str
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(content)
    result = run(source, "--label", "segment", "-o", out, "-q", *options)
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert (warning in result.stderr) if warning else (result.stderr == "")
    assert accuracy(out) >= 0.95


def test_other_formats_are_answered_rightly(tmp_path: Path) -> None:
    content = rows()
    columns = {
        name: [float(row[j]) if j < 3 else row[j] or None for row in content]
        for j, name in enumerate(NAMES)
    }
    objects = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    book = openpyxl.Workbook()
    for cells in ([*columns], *zip(*columns.values(), strict=True)):
        book.active.append(list(cells))
    book.save(tmp_path / "in.xlsx")
    (tmp_path / "in.json").write_text(json.dumps(objects))
    lists = [{**row, "segment": [row["segment"]] if row["segment"] else []} for row in objects]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lists))
    with pa.ipc.new_file(str(tmp_path / "in.arrow"), pa.table(columns).schema) as writer:
        writer.write_table(pa.table(columns))
    in_bytes = [None if name is None else name.encode() for name in columns["segment"]]
    pq.write_table(pa.table({**columns, "segment": in_bytes}), tmp_path / "in.parquet")
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("in.csv", csv_text(content))
    connection = sqlite3.connect(tmp_path / "in.db")
    connection.execute("CREATE TABLE t (amount, rate, age, segment)")
    connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", zip(*columns.values(), strict=True))
    connection.commit()
    connection.close()
    sources = ["in.xlsx", "in.json", "in.jsonl", "in.arrow", "in.parquet", "in.zip", "in.db::t"]
    for name in sources:
        out = tmp_path / f"{name.replace(':', '')}.csv"
        result = run(tmp_path / name, "--label", "segment", "-o", out, "-q")
        assert (result.exit_code, result.output) == (0, ""), name
        assert accuracy(out) >= 0.95, name


def test_what_was_found_out_is_in_the_report(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(csv_text(with_gaps(german(rows()), "n/a"), ";"))
    report = run(source, "--label", "segment", "-o", tmp_path / "out.csv").stdout
    assert "          cells separated by semicolons\n" in report
    assert "read as numbers: amount, age (decimal comma; missing: 'n/a' (12 cells); 12 " in report
    assert "3 columns of numbers (6 features, standardised): amount, rate, age" in report


def test_words_that_may_mean_unlabelled_are_warned_of_also_when_quiet(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(csv_text(in_words(rows())))
    result = run(source, "--label", "segment", "-o", tmp_path / "out.csv", "-q")
    assert result.exit_code == 0
    assert result.stderr.startswith("Warning: in column 'segment', '-' (28 rows), 'NA' (")
    assert result.stderr.endswith("--missing=-,NA,n/a,unlabelled.\n")
    assert result.stderr.count("\n") == 1


def test_where_every_row_has_a_label_the_most_frequent_is_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(csv_text([[*row[:3], row[3] or "to do"] for row in rows()]))
    call = (source, "--label", "segment", "-q", "-o")
    result = run(*call, tmp_path / "out.csv")
    assert result.exit_code == 0
    assert result.stderr == (
        "Warning: every row has a label in 'segment', and the answers only check them. If the most "
        "frequent, 'to do' (112 rows), means that a row has none: --missing 'to do'.\n"
    )
    assert run(*call, tmp_path / "right.csv", "--missing", "to do").stderr == ""
    assert accuracy(tmp_path / "right.csv") >= 0.95


def test_minus_one_beside_empty_cells_names_both_ways_out(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    code = {"lost": "-1", "loyal": "1", "": ""}
    source.write_text(csv_text([[*row[:3], code[row[3]]] for row in rows()]))
    call = (source, "--label", "segment", "-o", tmp_path / "out.csv", "-q")
    result = run(*call)
    assert result.exit_code == 2
    assert "too: --missing=-1. If it is a class: --missing ''" in result.stderr
    assert run(*call, "--missing", "").exit_code == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        answers = [row["label"] for row in csv.DictReader(file)]
    assert np.mean(np.array(answers) == np.repeat(["-1", "1"], N // 2)) >= 0.95


def test_from_standard_input_to_standard_output(tmp_path: Path) -> None:
    call = ("-", "--format", "csv", "--label", "segment", "-o", "-")
    result = run(*call, stdin=csv_text(rows()).encode())
    assert result.exit_code == 0, result.output
    answers = list(csv.DictReader(io.StringIO(result.stdout)))
    assert np.mean([row["label"] for row in answers] == TRUTH) >= 0.95
    assert result.stderr.startswith("Table     standard input: 120 rows")
    assert run(*call, "-q", stdin=csv_text(rows()).encode()).stderr == ""
    source = tmp_path / "in.jsonl"
    objects = [dict(zip(NAMES, row, strict=True)) for row in rows()]
    source.write_text("".join(json.dumps(row) + "\n" for row in objects))
    result = run(source, "--label", "segment", "-o", "-", "-q")
    assert len([json.loads(line) for line in result.stdout.splitlines()]) == N


def test_labels_of_a_second_file(tmp_path: Path) -> None:
    content = rows()
    source, labels, out = tmp_path / "in.csv", tmp_path / "labels.csv", tmp_path / "out.csv"
    lines = [["amount", "code"], *([row[0], f"c{i}"] for i, row in enumerate(content))]
    source.write_text("".join(",".join(line) + "\n" for line in lines))
    known = [f"c{i};{row[3]}\n" for i, row in enumerate(content) if row[3]]
    labels.write_text("code;segment\n" + "".join(reversed(known)))
    call = (source, "--label", "segment", "-o", out)
    result = run(*call, "--labels", labels, "--key", "code")
    assert result.exit_code == 0, result.output
    assert "not used: code (excluded)" in result.stdout
    assert f"note: joined from {labels} by 'code'" in result.stdout
    assert accuracy(out) >= 0.9
    result = run(*call, "--labels", labels, "--force")
    assert result.exit_code == 2
    assert "--labels and --key must be used together" in result.stderr


def test_free_text_is_used_and_weighed_and_the_report_says_so(tmp_path: Path) -> None:
    words = {"small": ["card", "invoice"], "large": ["screen", "crash"]}
    texts = [
        f"my {words['large' if i % 2 else 'small'][i % 4 // 2]} number {i // 2} is broken"
        for i in range(N)
    ]
    source = tmp_path / "in.csv"
    lines = [f"{text},{'ab'[i % 2] if i < 8 else ''}" for i, text in enumerate(texts)]
    source.write_text("\n".join(["message,kind", *lines]) + "\n")
    call = (source, "--label", "kind", "-o", tmp_path / "out.csv", "--force")
    result = run(*call)
    assert result.exit_code == 0, result.output
    assert "1 column of texts (" in result.stdout
    assert "counts twice): message" in result.stdout
    answers = [
        row["label"] for row in csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    ]
    assert answers == ["ab"[i % 2] for i in range(N)]
    result = run(*call, "--categorical", "message")
    assert result.exit_code == 2
    assert "nearly every value differs" in result.stderr


def test_columns_are_what_the_options_say(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    days = [f"{1 + i % 12}/{1 + i % 9}/2026" for i in range(N)]
    lines = [f"{day},{i % 2 + i / 99},{'ab'[i % 2] if i < 9 else ''}" for i, day in enumerate(days)]
    source.write_text("\n".join(["day,x,kind", *lines]) + "\n")
    call = (source, "--label", "kind", "-o", tmp_path / "out.csv", "--force")
    asked = run(*call)
    assert "If the month is first: --column day=date:%m/%d/%Y" in asked.stderr
    told = run(*call, "--column", "day=date:%m/%d/%Y")
    assert told.stderr == ""
    assert "1 column of dates" in told.stdout
    assert "not used: day (excluded)" in run(*call, "--column", "day=drop").stdout
    assert "a column is one of use, drop" in run(*call, "--column", "day=nothing").stderr
    assert "--column is NAME=KIND" in run(*call, "--column", "day").stderr


def test_files_that_are_not_what_their_name_says_are_named(tmp_path: Path) -> None:
    workbook = tmp_path / "in.csv"
    openpyxl.Workbook().save(workbook)
    result = run(workbook, "--label", "kind", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "no text, but a workbook" in result.stderr
    assert "Rename it to in.xlsx" in result.stderr
    text = tmp_path / "in.xlsx"
    text.write_text("a,kind\n1,x\n")
    result = run(text, "--label", "kind", "-o", tmp_path / "out.csv")
    assert "no workbook, but text, as tables in CSV are. Rename it to in.csv." in result.stderr


def test_a_column_of_amounts_is_no_column_of_labels(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    lines = [f"{i % 7},{37 * i * i}" for i in range(300)]
    source.write_text("\n".join(["x,amount", *lines]) + "\n")
    result = run(source, "--label", "amount", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "300 different numbers from 0 to 3,307,837: amounts" in result.stderr
    names = [f"{i % 7},name {i}" for i in range(1001)]
    source.write_text("\n".join(["x,who", *names]) + "\n")
    result = run(source, "--label", "who", "-o", tmp_path / "out.csv")
    assert "holds 1,001 different labels in 1,001 rows" in result.stderr


def test_a_web_page_is_named_as_one(tmp_path: Path) -> None:
    for name in ("t.xls", "t.csv"):
        (tmp_path / name).write_text("<html><table><tr><td>x</td></tr></table></html>")
        result = run(tmp_path / name, "--label", "x", "-o", tmp_path / "out.csv")
        assert result.exit_code == 2
        assert "is a web page, not a table" in result.stderr


def test_the_report_says_how_many_labels_the_others_tell(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(csv_text(rows()))
    result = run(tmp_path / "in.csv", "--label", "segment", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"of \d+ labels, each left out in turn, \d+ were answered correctly", result.stdout
    )


def test_labels_that_the_features_do_not_tell_are_said_to_be_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [*np.where(rng.random(40) > 0.5, "heads", "tails").tolist(), *[""] * 20]
    lines = [f"{value},{label}" for value, label in zip(rng.normal(size=60), labels, strict=True)]
    (tmp_path / "in.csv").write_text("\n".join(["x,side", *lines]) + "\n")
    page = tmp_path / "page.html"
    options = ("--label", "side", "-o", tmp_path / "out.csv", "--report", page)
    result = run(tmp_path / "in.csv", *options)
    assert result.exit_code == 0, result.output
    for words in (result.stdout, page.read_text()):
        assert "not clearly more than always answering" in words


def test_labels_that_the_others_tell_are_more_than_the_commonest_class() -> None:
    codes = np.repeat([0, 1], [20, 10])
    assert commonest_unless_beaten(22, codes) == (0, 20)
    assert commonest_unless_beaten(29, codes) is None
    assert commonest_unless_beaten(4, codes[-4:]) is None


@pytest.mark.parametrize("amount", ["{},{:02d} \u20ac", "${}.{:02d}", "{}.{:02d} EUR"])
def test_amounts_with_a_currency_are_no_labels_either(tmp_path: Path, amount: str) -> None:
    price = [amount.format(100 + 7 * i, i % 90 + 5) if i < 50 else "" for i in range(60)]
    lines = ["x;price", *(f"{i * 0.5};{cell}" for i, cell in enumerate(price))]
    (tmp_path / "in.csv").write_text("\n".join(lines) + "\n")
    result = run(tmp_path / "in.csv", "--label", "price", "-o", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "holds measurements (50 different numbers in 50 rows" in result.stderr


def test_all_complaints_come_at_once(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine")
    options = ("--labels", tmp_path / "l.csv", "--key", "id", "--features", tmp_path / "x.npy")
    result = run(tmp_path / "nope.csv", "--label", "kind", "-o", out, *options)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    for part in (
        "nope.csv does not exist",
        "Also: " + str(tmp_path / "l.csv") + " does not exist",
        "x.npy (--features) does not exist",
        "out.csv exists. Use another name, or replace it with --force",
    ):
        assert part in result.stderr
    source = tmp_path / "in.csv"
    source.write_text(csv_text(rows()))
    options = ("--exclude", "agee", "--features", "amont", "--force")
    result = run(source, "--label", "segment", "-o", out, *options)
    assert "no column 'amont' (--features amont): did you mean 'amount'? Also: " in result.stderr
    assert "no column 'agee' (--exclude agee): did you mean 'age'?" in result.stderr


@pytest.mark.parametrize("command", ["spread", "simulate"])
def test_a_missing_file_is_an_error_before_anything_long_is_loaded(
    tmp_path: Path, command: str
) -> None:
    code = (
        "import sys\n"
        "from fewlabels.cli._errors import exit_code_of\n"
        "from fewlabels.cli import main\n"
        f"call = [{command!r}, 'nope.csv', '--label', 'a', '-o', 'out.csv']\n"
        "code = exit_code_of(lambda: main(call, standalone_mode=False))\n"
        "print(code, sorted({'numpy', 'scipy', 'sklearn', 'pyarrow', 'rich'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout == "2 []\n"
    assert "nope.csv does not exist" in done.stderr


def test_control_characters_of_files_are_made_visible(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    content = [[*row[:3], row[3].replace("loyal", "lo\x1b[31myal")] for row in rows()]
    source.write_text(csv_text(content).replace("age", "a\x07ge").replace("rate", "ra\u202ete"))
    result = run(source, "--label", "segment", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert result.stdout.replace("\n", "").isprintable()
    for shown in (r"lo\x1b[31myal", r"a\x07ge", r"ra\u202ete"):
        assert shown in result.stdout
    assert "lo\x1b[31myal" in (tmp_path / "out.csv").read_text()
    result = run(source, "--label", "seg\x1bment", "-o", tmp_path / "out.csv", "--force")
    assert result.exit_code == 2
    assert result.stderr.rstrip("\n").isprintable()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sep", "ab"], "--sep must be one character"),
        (["--decimal", "x"], "--decimal must be , or ."),
        (["--encoding", "utf-9"], "--encoding utf-9 is not known"),
        (["--format", "doc"], "there is no format 'doc'"),
    ],
)
def test_wrong_settings_are_named_as_options(
    tmp_path: Path, options: list[str], message: str
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(csv_text(rows()))
    result = run(source, "--label", "segment", "-o", tmp_path / "out.csv", *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_both_commands_warn_of_nearly_equal_classes(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    full = [[*row[:3], name] for row, name in zip(rows(), TRUTH, strict=True)]
    full[3][3], full[5][3] = "Lost", "lost "
    source.write_text(csv_text(full))
    simulated: Any = CliRunner().invoke(
        main,
        [
            *("simulate", str(source), "--label", "segment", "-o", str(tmp_path / "curves")),
            *("--budget", "6", "--repeats", "1", "--query", "random", "-q"),
        ],
    )
    for result in (run(source, "--label", "segment", "-o", tmp_path / "o.csv", "-q"), simulated):
        assert result.exit_code == 0, result.output
        assert "nearly equal names count as different ones: 'Lost' and 'lost'" in result.stderr


def test_labels_of_rows_with_the_same_features_are_named(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    content = [*rows(), *([*row[:3], "loyal"] for row in rows()[:16:15])]
    path.write_text(csv_text(content))
    result = run(path, "--label", "segment", "-q", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert result.stderr == (
        "Warning: 4 rows with a label have the same features, but different labels (rows 1 and "
        "121: 'lost', 'loyal'; rows 16 and 122: 'lost', 'loyal'). All of these labels count. If "
        "one is wrong, correct it; if all are right, no feature tells the rows apart.\n"
    )


def test_contradictions_in_a_table_of_few_different_rows_are_said_once(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    lines = [f"{'xyz'[i % 3]},{i % 2},{'ab'[i // 6 % 2]}" for i in range(60)]
    path.write_text("\n".join(["letter,digit,label", *lines, "x,0,", ""]))
    result = run(path, "--label", "label", "-q", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert (
        "Warning: 60 of 60 rows with a label have the same features as a row with another label: "
        "there are 6 different rows only."
    ) in result.stderr
    assert "(rows " not in result.stderr


def test_labels_of_texts_with_the_same_features_are_named(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    words = ["the parcel is late again", "a fine and quiet room", "the lamp came broken"]
    lines = [f"{words[i % 3]} {i // 3},{'ab'[i % 2]}" for i in range(30)]
    path.write_text("\n".join(["text,label", *lines, lines[0][:-1] + "b", lines[2] + "\n"]))
    result = run(path, "--label", "label", "-q", "-o", tmp_path / "out.csv")
    assert result.exit_code == 0
    assert "2 rows with a label have the same features" in result.stderr
    assert "(rows 1 and 31: 'a', 'b')" in result.stderr
