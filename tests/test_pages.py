"""The pages for newcomers print what stands in them, word for word, and show what is drawn."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tools.page_images import NAMES, draw

DOCS = Path(__file__).parents[1] / "docs"
FENCE = re.compile(r"^```(python|text)\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)


def run_blocks(name: str) -> list[tuple[str, str, str]]:
    """Return each block's code, what it printed, and the text below it, "" where there is none."""
    names: dict[str, object] = {}
    found: list[tuple[str, str, str]] = []
    for language, body in FENCE.findall((DOCS / name).read_text(encoding="utf-8")):
        if language == "text":
            code, printed, below = found[-1]
            assert not below, "two texts below one block"
            found[-1] = (code, printed, body)
            continue
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(body, name, "exec"), names)  # noqa: S102 - our own page
        found.append((body, out.getvalue(), ""))
    return found


@pytest.mark.parametrize("name", ["trust.md", "guide.md"])
def test_every_block_prints_what_stands_below_it(name, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # the guide writes graphs
    blocks = run_blocks(name)
    assert len(blocks) == (DOCS / name).read_text(encoding="utf-8").count("```python\n") > 10
    for code, printed, below in blocks:
        assert printed == below, f"{name} shows another answer below\n{code}"


def test_the_pictures_are_those_that_the_example_draws(tmp_path) -> None:
    draw(tmp_path)
    for name in NAMES:
        drawn, shown = imread(tmp_path / name), imread(DOCS / "images" / name)
        assert drawn.shape == shown.shape
        # Other versions of the font renderer move edges by a shade; other numbers move letters.
        changed = np.mean(np.abs(drawn - shown) > 0.25)
        assert changed < 0.002, f"{name} is out of date: python tools/page_images.py"
