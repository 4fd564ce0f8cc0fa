"""The pages for newcomers print what stands in them, word for word, and show what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.image import imread

from tools.pages import DOCS, PAGES, PICTURES, draw, renewed


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_every_block_prints_what_stands_below_it(name, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)  # the guide writes graphs
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page.count("```python\n") > (10 if name in ("trust.md", "guide.md") else 0)
    assert renewed(page).splitlines() == page.splitlines(), "renew it: python tools/pages.py"


def test_output_that_no_text_shows_is_refused_and_text_is_renewed() -> None:
    block, text = "```python\nprint(6 * 7)\n```\n", "```text\n{}\n```\n"
    assert renewed(block + text.format("41")) == block + text.format("42")
    for page in (block, block + block + text.format("42"), text.format("42")):
        with pytest.raises(ValueError, match="text"):
            renewed(page)


@pytest.mark.long
def test_the_pictures_are_those_that_the_example_draws(tmp_path) -> None:
    draw(tmp_path)
    for name in PICTURES:
        drawn, shown = imread(tmp_path / name), imread(DOCS / "images" / name)
        assert drawn.shape == shown.shape
        # Other versions of the font renderer move edges by a shade; other numbers move letters.
        changed = np.mean(np.abs(drawn - shown) > 0.25)
        assert changed < 0.002, f"{name} is out of date: python tools/pages.py"
