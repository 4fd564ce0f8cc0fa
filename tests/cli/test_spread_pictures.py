"""``fewlabels spread`` of a folder of pictures: a table, sorted pictures, or a line that helps."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import click.testing
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from sklearn.datasets import load_digits

from fewlabels.cli import main
from tests.features.onnx_models import picture_model

N = 150
TRUTH = load_digits().target[:N].astype(str)
IS_LABELLED = np.arange(N) < 50


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which some pictures are sorted; one file is damaged, one no picture."""
    root = tmp_path_factory.mktemp("data") / "photos"
    root.mkdir()
    for number, image in enumerate(load_digits().images[:N]):
        folder = root / TRUTH[number] if IS_LABELLED[number] else root
        folder.mkdir(exist_ok=True)
        Image.fromarray((image * 15.9).astype(np.uint8)).save(folder / f"{number:03d}.png")
    (root / "broken.png").write_bytes(b"?")
    (root / "notes.txt").write_text("bring more")
    return root


def run(*arguments: object) -> click.testing.Result:
    return CliRunner().invoke(main, ["spread", *map(str, arguments)])


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def number_of(path: str) -> int:
    return int(Path(path).stem[:3])


def share_right(rows: list[dict[str, str]]) -> float:
    readable = [row for row in rows if "broken" not in row["path"]]
    return float(np.mean([row["label"] == TRUTH[number_of(row["path"])] for row in readable]))


def test_folders_are_labels_and_the_rest_is_answered_in_one_command(
    digits: Path, tmp_path: Path
) -> None:
    done = run(digits, "-o", tmp_path / "out.csv", "--sort-into", tmp_path / "sorted")
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "out.csv")
    assert list(rows[0])[:4] == ["path", "folder", "label", "confidence"]
    assert len(rows) == N + 1
    assert share_right(rows) > 0.9
    (broken,) = (row for row in rows if row["path"] == "broken.png")
    assert [broken[name] for name in ("label", "confidence", "reached", "doubt")] == [
        *("", "0", "false", "unreached")
    ]
    for part in (
        "10 folders, 101 pictures in none of them",
        "skipped: 1 .txt, no pictures by their names",
        "151 pictures: where edges run",
        "1 of 151 pictures can't be read",
        "without any neighbour: broken.png\n",
        "1 row not reached by any label: broken.png\n",
        f"Sorted    {tmp_path / 'sorted'}: copies in 11 folders (0 ",
    ):
        assert part in done.output
    sorted_ = sorted((tmp_path / "sorted").rglob("*.png"))
    assert len(sorted_) == N + 1
    assert (tmp_path / "sorted" / "unsorted" / "broken.png").read_bytes() == b"?"
    of_row = {row["path"].split("/")[-1]: row for row in rows}
    for path in sorted_:
        row = of_row[path.name]
        assert path.parent.name == (row["folder"] or row["label"] or "unsorted")


def test_labels_may_be_in_a_table(digits: Path, tmp_path: Path) -> None:
    paths = sorted(path for path in digits.rglob("*.png") if path.name != "broken.png")
    labels = tmp_path / "labels.csv"
    with labels.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "note"])
        for path in paths[::3]:
            key = path.relative_to(digits).as_posix()
            writer.writerow([key, TRUTH[number_of(path.name)], "x"])
    done = run(digits, "--labels", labels, "-o", tmp_path / "out.csv")
    assert done.exit_code == 0, done.output
    rows = rows_of(tmp_path / "out.csv")
    assert share_right(rows) > 0.8
    said = run(
        *(digits, "--labels", labels, "--key", "path", "--label", "label"),
        *("-o", tmp_path / "said.csv", "--quiet"),
    )
    assert said.exit_code == 0
    assert rows_of(tmp_path / "said.csv") == rows


def test_labels_may_spell_paths_otherwise(digits: Path, tmp_path: Path) -> None:
    paths = sorted(path for path in digits.rglob("*.png") if path.name != "broken.png")[::3]
    lines = [f"{path},{TRUTH[number_of(path.name)]}" for path in paths[::2]]
    lines += [f"{path.name},{TRUTH[number_of(path.name)]}" for path in paths[1::2]]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label", *lines, "lost.png,0", ""]))
    done = run(digits, "--labels", tmp_path / "labels.csv", "-o", tmp_path / "out.csv")
    assert done.exit_code == 0, done.output
    assert share_right(rows_of(tmp_path / "out.csv")) > 0.8
    flat = " ".join(done.output.split())
    assert f"{len(paths)} of 151 rows labelled" in flat
    assert "joined from" in flat
    assert "by another spelling, such as" in flat
    assert "1 label of" in flat
    assert "without a row in" in flat
    assert "'lost.png'" in flat


def test_a_report_calls_pictures_by_their_files(digits: Path, tmp_path: Path) -> None:
    done = run(digits, "-o", tmp_path / "out.csv", "--report", tmp_path / "r.html", "-q")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    doubtful = page[page.index("Doubtful rows") :]
    assert re.search(r'class="where" dir="auto">\d\d\d\.png<', doubtful)
    assert not re.search(r">row \d", doubtful)


def test_pictures_may_be_linked(digits: Path, tmp_path: Path) -> None:
    done = run(digits, "-o", tmp_path / "out.csv", "--sort-into", tmp_path / "s", "--link", "-q")
    assert done.exit_code == 0
    assert all(path.is_symlink() for path in (tmp_path / "s").rglob("*.png"))


def test_complaints_come_together_before_any_work(digits: Path, tmp_path: Path) -> None:
    out, target = tmp_path / "out.csv", tmp_path / "there"
    out.write_text("mine")
    target.mkdir()
    (target / "mine").write_text("mine")
    done = run(digits, "-o", out, "--sort-into", target)
    assert done.exit_code == 2
    assert f"{out} exists" in done.output
    assert f"Also: {target} exists, and nothing in it is replaced" in done.output
    inside = run(digits, "-o", tmp_path / "new.csv", "--sort-into", digits / "sorted")
    assert "lies in" in inside.output
    assert inside.exit_code == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sep", ";"], "--sep: INPUT is a folder of pictures"),
        (["--exclude", "path"], "are about columns, but INPUT is a folder of pictures"),
        (["--label", "species"], "has no column 'species'"),
        (["--link"], "--link only works with --sort-into"),
    ],
)
def test_options_of_tables_are_refused(
    digits: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    done = run(digits, "-o", tmp_path / "out.csv", *options)
    assert done.exit_code == 2
    assert message in done.output
    assert list(tmp_path.iterdir()) == []


def test_tables_are_not_sorted_and_need_a_label(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x,label\n1,a\n2,b\n")
    done = run(table, "--label", "label", "-o", tmp_path / "o.csv", "--sort-into", tmp_path / "s")
    assert done.exit_code == 2
    assert "--sort-into sorts a folder of pictures" in done.output
    done = run(table, "-o", tmp_path / "o.csv")
    assert done.exit_code == 2
    assert "Missing option '--label'" in done.output


def test_folders_without_labels_or_pictures_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = run(tmp_path / "in", "-o", tmp_path / "o.csv")
    assert done.exit_code == 2
    assert "holds no picture" in done.output
    Image.new("L", (8, 8)).save(tmp_path / "in" / "a.png")
    done = run(tmp_path / "in", "-o", tmp_path / "o.csv")
    assert done.exit_code == 2
    assert "and there is none. Put some pictures into a folder for each class, or" in done.output
    (tmp_path / "in" / "all" / "cat").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "in" / "all" / "cat" / "a.png")
    done = run(tmp_path / "in", "-o", tmp_path / "o.csv")
    assert done.exit_code == 2
    hint = "there is only one, 'all'. If the folders in 'all' are the classes, name that folder."
    assert hint in done.output


def test_if_the_table_can_not_be_written_nothing_is_sorted(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fewlabels import io
    from fewlabels.exceptions import DataFileError

    def fail(*_: object, **__: object) -> None:
        raise DataFileError("the disk is full")

    monkeypatch.setattr(io, "write_table", fail)
    done = run(digits, "-o", tmp_path / "out.csv", "--sort-into", tmp_path / "sorted")
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_network_of_the_users_is_one_option(digits: Path, tmp_path: Path) -> None:
    network = picture_model(tmp_path / "network")
    options = ("--embeddings", f"onnx:{network}", "--cache", tmp_path / "cache")
    done = run(digits, "-o", tmp_path / "a.csv", *options, "--save-model", tmp_path / "m.model")
    assert done.exit_code == 0, done.output
    assert "1 picture can't be read" in done.output
    (kept,) = (tmp_path / "cache").rglob("*.npz")
    written = kept.stat().st_mtime_ns
    again = run(digits, "-o", tmp_path / "b.csv", *options, "-q")
    assert again.exit_code == 0, again.output
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert kept.stat().st_mtime_ns == written
    (broken,) = (row for row in rows_of(tmp_path / "a.csv") if row["path"] == "broken.png")
    assert broken["reached"] == "false"
    new = CliRunner().invoke(
        main,
        ["predict", str(tmp_path / "m.model"), str(digits), "-o", str(tmp_path / "c.csv")],
        env={"FEWLABELS_CACHE": str(tmp_path / "cache")},
    )
    assert new.exit_code == 0, new.output
    (broken,) = (row for row in rows_of(tmp_path / "c.csv") if row["path"] == "broken.png")
    assert (broken["label"], broken["reached"]) == ("", "false")
