"""What the README tells a newcomer to type works, and what it shows is what the package does."""

from __future__ import annotations

import re
import runpy
import shlex
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from matplotlib.image import imread
from PIL import Image
from sklearn.datasets import load_digits

from fewlabels.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def write_data(folder: Path) -> None:
    """Write the files that the README speaks of."""
    rng = np.random.default_rng(0)
    words = {"billing": ["invoice", "refund", "price", "card"], "access": ["login", "password"]}
    teams = [list(words)[row % 2] for row in range(60)]
    tickets = pd.DataFrame(
        {
            "message": [f"my {' '.join(rng.choice(words[team], 3))} {team}" for team in teams],
            "plan": rng.choice(["free", "paid", None], 60),
            "opened": pd.date_range("2026-01-01", periods=60).astype(str),
            "team": [team if row < 20 else None for row, team in enumerate(teams)],
        }
    )
    tickets.to_csv(folder / "tickets.csv", index=False)
    tickets.to_excel(folder / "tickets.xlsx", index=False)
    tickets.drop(columns="team").iloc[::-1].to_csv(folder / "new.csv", index=False)
    X, digit = load_digits(return_X_y=True)
    np.savez(folder / "images.npz", images=X, digit=np.where(np.arange(len(X)) < 100, digit, -1))
    for row in range(80):
        place = folder / "photos" / (str(digit[row]) if row < 60 else "unsorted")
        place.mkdir(parents=True, exist_ok=True)
        pixels = (X[row].reshape(8, 8) * 15).astype(np.uint8)
        Image.fromarray(pixels).save(place / f"{row}.png")


@pytest.mark.long
def test_the_python_lines_run_and_read_most_digits(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    names: dict[str, object] = {}
    points = []
    for code in blocks("python"):
        for line in re.split(r"(?m)^(?=model = )", code):  # each model, as it was fitted
            exec(compile(line, "README.md", "exec"), names)  # noqa: S102 - our own README
            if line.startswith("model = "):
                points.append(names["model"].points_)
    first, *others = capsys.readouterr().out.splitlines()
    share, rest = first.split("%")
    assert int(share) > 90
    assert rest == " of 1,747 digits read right"
    assert others[0].startswith("point 60: ")
    assert [point.kind for point in points] == ["array", "table", "texts", "images"]
    teams = points[1].transformer.columns_
    assert [column.kind for column in teams] == ["text", "category", "date"]
    assert names["model"].classes_.tolist() == [str(digit) for digit in range(10)]


@pytest.mark.long
@pytest.mark.parametrize(
    "line", [line for block in blocks("sh") for line in block.splitlines() if "spread" in line]
)
def test_each_spread_command_runs(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    arguments = shlex.split(line, comments=True)[1:]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert Path(arguments[arguments.index("-o") + 1]).stat().st_size > 0


def test_make_targets_that_the_readme_names_exist():
    named = set(re.findall(r"\bmake (\w+)", README))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert named == {"demo", "test", "site", "bench"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in named)


@pytest.mark.long
def test_the_picture_is_the_one_that_the_demo_draws(tmp_path):
    done = CliRunner().invoke(main, ["demo", "--shuffles", "0", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    drawn = imread(tmp_path / "out" / "accuracy_by_labels.png")
    shown = imread(ROOT / "docs" / "images" / "accuracy_by_labels.png")
    assert drawn.shape == shown.shape
    # Other versions of the font renderer move edges by a shade; other numbers move letters.
    assert np.mean(np.abs(drawn - shown) > 0.25) < 0.002
    for figure in ("99.7 %", "99.4 %", "94.7 %", "94.0 %"):
        assert figure in README
        assert figure in done.output


def test_on_an_index_no_link_of_the_readme_is_relative(monkeypatch):
    told = {}
    monkeypatch.setattr("setuptools.setup", told.update)
    monkeypatch.chdir(ROOT)
    runpy.run_path("setup.py")
    targets = re.findall(r"\]\(([^)\s]+)\)", told["long_description"])
    assert len(targets) == len(re.findall(r"\]\(([^)\s]+)\)", README)) > 30
    assert all(target.startswith("https://") for target in targets)
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", told["long_description"])
    assert all("/blob/" not in picture for picture in shown)


def test_badges_say_what_the_project_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"[![License: {project['license']}]" in README
    assert f"[![Python {project['requires-python'].removeprefix('>=')} and later]" in README
    workflow = re.search(r"actions/workflows/(\w+\.yml)/badge\.svg", README)
    assert workflow is not None
    assert (ROOT / ".github" / "workflows" / workflow[1]).is_file()
