"""What the README tells a newcomer to type works, and what it shows is what the package does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib.image import imread
from sklearn.datasets import load_digits, load_iris

from fewlabels.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_the_python_lines_run_and_read_most_digits(capsys):
    names: dict[str, object] = {}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - our own README
    first, *others = capsys.readouterr().out.splitlines()
    share, rest = first.split("%")
    assert int(share) > 90
    assert rest == " of 1,747 digits read right"
    assert others[0].startswith("point 60: ")
    assert set(np.flatnonzero(names["model"]._labels.labelled)) == {*range(50), 100, 200}


@pytest.mark.parametrize(
    "line", [line for block in blocks("sh") for line in block.splitlines() if "spread" in line]
)
def test_each_spread_command_runs(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    iris = load_iris(as_frame=True).frame
    iris["segment"] = iris.pop("target").map(str).where(iris.index % 10 == 0)
    iris.to_csv("customers.csv", index=False)
    X, digit = load_digits(return_X_y=True)
    np.savez("images.npz", images=X, digit=np.where(np.arange(len(X)) < 100, digit, -1))
    arguments = shlex.split(line, comments=True)[1:]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert Path(arguments[arguments.index("-o") + 1]).stat().st_size > 0


def test_make_targets_that_the_readme_names_exist():
    named = set(re.findall(r"\bmake (\w+)", README))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert named == {"demo", "test", "bench"}
    assert all(re.search(rf"^{target}:", makefile, flags=re.MULTILINE) for target in named)


def test_the_picture_is_the_one_that_the_demo_draws(tmp_path):
    done = CliRunner().invoke(main, ["demo", "--shuffles", "0", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    drawn = imread(tmp_path / "out" / "accuracy_by_labels.png")
    shown = imread(ROOT / "docs" / "images" / "accuracy_by_labels.png")
    assert drawn.shape == shown.shape
    # Other versions of the font renderer move edges by a shade; other numbers move letters.
    assert np.mean(np.abs(drawn - shown) > 0.25) < 0.002
    for figure in ("95.0 %", "98.9 %", "94.0 %"):
        assert figure in README
        assert figure in done.output
