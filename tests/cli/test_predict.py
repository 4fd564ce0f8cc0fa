"""``fewlabels predict``, and what ``spread`` writes beside its table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, ImageDraw

from fewlabels import Embeddings, FewLabelsClassifier
from fewlabels.cli import main
from tests.cli.test_spread import points, read_csv, rows, write_csv
from tests.features.onnx_models import text_model


def run(*arguments: object) -> click.testing.Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a table, its answers and the model of it."""
    folder = tmp_path_factory.mktemp("saved")
    table = write_csv(folder / "in.csv", rows())
    made = ("-o", folder / "out.csv", "--save-model", folder / "m.model")
    result = run("spread", table, "--label", "kind", *made)
    assert result.exit_code == 0, result.output
    assert f"Model     {folder / 'm.model'}" in result.stdout
    return folder


def new_rows(**changed: str) -> list[dict[str, Any]]:
    """Return rows near those of the table, without labels, columns in another order."""
    x, _ = points()
    return [
        {"y": repr(float(b) + 0.1), "note": "n", "x": repr(float(a))} | changed for a, b in x[10:40]
    ]


def test_new_rows_are_answered_as_the_model_in_python_does(saved: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path / "new.csv", new_rows())
    result = run("predict", saved / "m.model", table, "-o", tmp_path / "out.csv")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    answers = read_csv(tmp_path / "out.csv")
    assert list(answers[0]) == [
        *("y", "note", "x"),
        *("label", "confidence", "evidence", "reached", "second", "doubt", "possible"),
    ]
    assert [row["label"] for row in answers] == points()[1][10:40]
    model = FewLabelsClassifier.load(saved / "m.model")
    assert model.classes_.tolist() == ["ant", "bee", "cow"]
    data = {name: [float(row[name]) for row in new_rows()] for name in ("x", "y")}
    told = model.answers(data)
    assert [row["label"] for row in answers] == told.labels.tolist()
    sure = [float(row["confidence"]) for row in answers]
    np.testing.assert_allclose(sure, told.distributions.max(axis=1), rtol=1e-5)
    assert "3 classes of 'kind', 6 labels among 60 rows" in result.stdout


def test_the_fitted_rows_get_the_same_names_for_added_columns(saved: Path, tmp_path: Path) -> None:
    renamed = [row | {"label": "mine"} for row in new_rows()]
    table = write_csv(tmp_path / "new.csv", renamed)
    assert run("predict", saved / "m.model", table, "-o", tmp_path / "o.csv").exit_code == 0
    answers = read_csv(tmp_path / "o.csv")
    assert {row["label"] for row in answers} == {"mine"}
    assert [row["predicted_label"] for row in answers] == points()[1][10:40]


def test_rows_that_are_too_far_away_are_named_as_the_file_counts_them(
    saved: Path, tmp_path: Path
) -> None:
    new = new_rows()
    new[4]["x"] = "1e200"
    result = run("predict", saved / "m.model", write_csv(tmp_path / "n.csv", new), "-o", "-")
    assert result.exit_code == 2
    assert "Error: rows of the file lie over 1e+30 times as far" in result.stderr
    assert ": 5 (counted from 1). Give features" in result.stderr


def test_other_columns_are_refused_by_name(saved: Path, tmp_path: Path) -> None:
    without = [{name: row[name] for name in ("y", "note")} for row in new_rows()]
    table = write_csv(tmp_path / "new.csv", without)
    result = run("predict", saved / "m.model", table, "-o", tmp_path / "o.csv")
    assert result.exit_code == 2
    assert "lacks 'x'" in result.stderr
    assert not (tmp_path / "o.csv").exists()


def test_all_complaints_come_at_once_and_before_any_work(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("old")
    result = run("predict", tmp_path / "no", tmp_path / "none.csv", "-o", tmp_path / "o.csv")
    assert result.exit_code == 2
    for part in ("no does not exist", "none.csv does not exist", "o.csv exists", "--force"):
        assert part in result.stderr
    assert len(result.stderr.splitlines()) == 1
    damaged = tmp_path / "m.model"
    damaged.write_bytes((saved / "m.model").read_bytes()[:-200])
    table = write_csv(tmp_path / "new.csv", new_rows())
    result = run("predict", damaged, table, "-o", tmp_path / "p.csv")
    assert result.exit_code == 2
    assert "no model file that fewlabels saved" in result.stderr


def test_standard_input_and_output_work(saved: Path, tmp_path: Path) -> None:
    text = write_csv(tmp_path / "new.csv", new_rows()).read_bytes()
    command = ["predict", str(saved / "m.model"), "-", "--format", "csv", "-o", "-"]
    result = CliRunner().invoke(main, command, input=text)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0].endswith(",doubt,possible")
    assert result.stderr.startswith("Model")


def test_a_model_of_an_array_takes_an_array(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "in.csv", rows())
    np.save(tmp_path / "e.npy", points()[0])
    made = ("-o", tmp_path / "out.csv", "--save-model", tmp_path / "m")
    result = run("spread", table, "--label", "kind", "--features", tmp_path / "e.npy", *made)
    assert result.exit_code == 0, result.output
    result = run("predict", tmp_path / "m", table, "-o", tmp_path / "p.csv")
    assert result.exit_code == 2
    assert "an array of 2 features" in result.stderr
    assert "--features FILE.npy" in result.stderr
    features = ("--features", tmp_path / "e.npy")
    result = run("predict", tmp_path / "m", table, "-o", tmp_path / "p.csv", *features)
    assert result.exit_code == 0, result.output
    assert [row["label"] for row in read_csv(tmp_path / "p.csv")] == points()[1]


def test_a_model_and_a_report_are_never_written_over_anything_unasked(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "in.csv", rows())
    common = ("spread", table, "--label", "kind", "-o", tmp_path / "o.csv")
    (tmp_path / "m").write_text("old")
    result = run(*common, "--save-model", tmp_path / "m", "--report", tmp_path / "no" / "r.html")
    assert result.exit_code == 2
    assert "m exists" in result.stderr
    result = run(*common, "--report", tmp_path / "r.txt")
    assert "ends in .html" in result.stderr
    result = run(*common, "--save-model", tmp_path / "o.csv")
    assert "is also the file of the output" in result.stderr
    result = run(*common, "--save-model", tmp_path / "x", "--method", "spreading")
    assert "only works with the recommended model" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "m"]
    assert (tmp_path / "m").read_text() == "old"


def test_the_report_is_written_with_the_table(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "in.csv", rows())
    report = tmp_path / "r.html"
    result = run("spread", table, "--label", "kind", "-o", tmp_path / "o.csv", "--report", report)
    assert result.exit_code == 0, result.output
    assert f"Report    {report}" in result.stdout
    page = report.read_text(encoding="utf-8")
    assert '<h1 dir="auto">in.csv: kind</h1>' in page
    assert "columns of numbers" in page


def shape(kind: int, rng: Any) -> Image.Image:
    picture = Image.new("RGB", (32, 32), "white")
    draw = ImageDraw.Draw(picture)
    x, y = rng.integers(3, 9, 2).tolist()
    box = (x, y, x + 18, y + 18)
    if kind:
        draw.rectangle(box, outline="black", width=3)
    else:
        draw.line((*box[:2], *box[2:]), fill="black", width=3)
    return picture


def test_a_model_of_pictures_takes_a_folder(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(24):
        kind = number % 2
        place = ("line", "box")[kind] if number < 8 else "unlabelled"
        for folder in (tmp_path / "p" / place, *([tmp_path / "new"] if number > 15 else [])):
            folder.mkdir(parents=True, exist_ok=True)
            shape(kind, rng).save(folder / f"{number:02}.png")
    (tmp_path / "new" / "bad.png").write_bytes(b"bad")
    made = (
        "-o",
        tmp_path / "o.csv",
        "--save-model",
        tmp_path / "m",
        "--report",
        tmp_path / "r.html",
    )
    result = run("spread", tmp_path / "p", *made)
    assert result.exit_code == 0, result.output
    assert 'src="data:image/webp;base64,' in (tmp_path / "r.html").read_text(encoding="utf-8")
    result = run("predict", tmp_path / "m", tmp_path / "new", "-o", tmp_path / "p.csv")
    assert result.exit_code == 0, result.output
    assert "bad.png" in result.stderr
    answers = {row["path"]: (row["label"], row["doubt"]) for row in read_csv(tmp_path / "p.csv")}
    assert answers.pop("bad.png") == ("", "unreached")
    assert [label for label, _ in answers.values()] == ["line", "box"] * 4


# The cache.


def test_the_cache_is_shown_and_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEWLABELS_CACHE", str(tmp_path / "c"))
    assert run("cache").stdout == f"{tmp_path / 'c'}: empty\n"
    model = Embeddings(lambda texts: [[len(text)] for text in texts], name="lengths \x1b[31m")
    model.fit_transform(["a", "bb"])
    listed = run("cache").stdout.splitlines()
    assert listed[0].startswith(f"{tmp_path / 'c'}: 1 entry, ")
    assert "lengths" in listed[1]
    assert "just now" in listed[1]
    assert "\x1b" not in listed[1]
    (entry,) = (tmp_path / "c").iterdir()
    old = entry.stat().st_mtime - 3 * 86_400
    for path in (entry, *entry.iterdir()):
        os.utime(path, (old, old))
    assert "3 days ago" in run("cache", "--cache", tmp_path / "c").stdout
    assert "1 entry" in run("cache", "--clear").stdout
    assert list((tmp_path / "c").iterdir()) == []
    assert "nothing was kept" in run("cache", "--clear").stdout


def test_texts_are_compared_by_a_model_in_a_file(tmp_path: Path) -> None:
    text_model(tmp_path / "bag", name="bag.onnx")
    words = {"pets": ["cat", "dog", "kitten"], "money": ["stock", "share", "market"]}
    rng = np.random.default_rng(0)
    content = [
        {"message": " ".join(rng.choice(words[kind], 5)), "kind": kind if number < 8 else ""}
        for number in range(60)
        for kind in [("pets", "money")[number % 2]]
    ]
    table = write_csv(tmp_path / "in.csv", content)
    embed = ("--text", "message", "--embeddings", f"onnx:{tmp_path / 'bag' / 'bag.onnx'}")
    kept = ("--cache", tmp_path / "c", "--save-model", tmp_path / "m")
    result = run("spread", table, "--label", "kind", "-o", tmp_path / "o.csv", *embed, *kept)
    assert result.exit_code == 0, result.output
    assert "bag.onnx" in result.stdout
    assert "onnx:bag.onnx" in run("cache", "--cache", tmp_path / "c").stdout
    kinds = [("pets", "money")[number % 2] for number in range(60)]
    answers = [row["label"] for row in read_csv(tmp_path / "o.csv")]
    assert np.mean(np.array(answers) == kinds) > 0.9
    predicted = run("predict", tmp_path / "m", table, "-o", tmp_path / "p.csv")
    assert predicted.exit_code == 0, predicted.output
    again = [row["label"] for row in read_csv(tmp_path / "p.csv")]
    assert np.mean(np.array(again) == answers) > 0.9
    text_model(tmp_path / "bag", name="bag.onnx", outputs=["sentence_embedding"])
    predicted = run("predict", tmp_path / "m", table, "-o", tmp_path / "q.csv")
    assert predicted.exit_code == 2
    assert "is not what it was when the model was saved" in predicted.stderr


def test_a_model_of_rows_of_embeddings_takes_those_of_the_new_rows(tmp_path: Path) -> None:
    x, labels = points()
    np.save(tmp_path / "e.npy", np.asarray(x, dtype=np.float32))
    texts = [f"words of number {i} in {i * 7 % 5} here" for i in range(len(x))]
    kinds = [label if i % 4 == 0 else "" for i, label in enumerate(labels)]
    content = [{"text": t, "kind": k} for t, k in zip(texts, kinds, strict=True)]
    table = write_csv(tmp_path / "in.csv", content)
    made = ("--embeddings", tmp_path / "e.npy", "--save-model", tmp_path / "m.model")
    result = run("spread", table, "--label", "kind", "-o", tmp_path / "out.csv", *made)
    assert result.exit_code == 0, result.output
    call = ("predict", tmp_path / "m.model", table, "-o", tmp_path / "new.csv")
    without = run(*call)
    assert without.exit_code == 2
    assert "of column 'text' that came from an .npy file" in without.stderr
    result = run(*call, "--embeddings", tmp_path / "e.npy")
    assert result.exit_code == 0, result.output
    answers = read_csv(tmp_path / "new.csv")
    right = [row["label"] == label for row, label in zip(answers, labels, strict=True)]
    assert np.mean(right) > 0.9


def test_a_folder_that_is_not_there_keeps_no_embeddings(tmp_path: Path) -> None:
    result = run("cache", "--cache", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "there is no folder" in result.stderr
