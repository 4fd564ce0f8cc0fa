"""The page about features shows what the package does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "features.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_example_of_the_page_runs_and_reads_most_digits(capsys) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    exec(compile(code, "features.md", "exec"), {})  # noqa: S102 - our own page
    share = int(re.match(r"(\d+)% of the others are read right", capsys.readouterr().out)[1])
    assert share > 90
